"""How shares and bands are written in sentences: digits follow the width of the band."""

from __future__ import annotations

import math

from smcollapse.inference.records import Interval


def per_cent(share: float, decimals: int | None = None) -> str:
    """0.405 -> "40.5 %", 0.0004 -> "0.040 %": below 1 % two digits that are not zero."""
    size = abs(100.0 * share)
    if decimals is None:
        decimals = 1 if size >= 1.0 or size == 0.0 else 1 - math.floor(math.log10(size))
    return f"{100.0 * share:.{decimals}f} %"


def share_words(band: Interval) -> str:
    """A band of shares: "95 % band 37.1 to 41.3 %"; an open side is named."""
    level = f"{100.0 * band.level:.0f} % band"
    half = 50.0 * band.width
    decimals = 1
    if 0.0 < half < math.inf:
        decimals = min(max(math.ceil(-math.log10(half)), 1), 12)
    if math.isinf(band.lower) and math.isinf(band.upper):
        return f"{level} open on both sides"
    if math.isinf(band.upper):
        return f"{level} {per_cent(band.lower)} or more, open above"
    if math.isinf(band.lower):
        return f"{level} up to {per_cent(band.upper)}, open below"
    lower = per_cent(band.lower, decimals).removesuffix(" %")
    return f"{level} {lower} to {per_cent(band.upper, decimals)}"
