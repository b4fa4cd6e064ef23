"""How shares and bands are written in sentences."""

from __future__ import annotations

import math

from smcollapse.inference.records import Interval


def per_cent(share: float) -> str:
    """0.405 -> "40.5 %"."""
    return f"{100.0 * share:.1f} %"


def share_words(band: Interval) -> str:
    """A band of shares: "95 % band 37.1 to 41.3 %"; an open side is named."""
    level = f"{100.0 * band.level:.0f} % band"
    if math.isinf(band.lower) and math.isinf(band.upper):
        return f"{level} open on both sides"
    if math.isinf(band.upper):
        return f"{level} {100.0 * band.lower:.1f} % or more, open above"
    if math.isinf(band.lower):
        return f"{level} up to {100.0 * band.upper:.1f} %, open below"
    return f"{level} {100.0 * band.lower:.1f} to {100.0 * band.upper:.1f} %"
