"""How shares and bands are written in sentences."""

from __future__ import annotations

import math

from smcollapse.inference.records import Interval

NBSP = "\u00a0"
MOST_DECIMALS = 12


def decimals_for(width: float) -> int:
    """Decimals of a per cent that an uncertainty of this width (a fraction) leaves: at least 1.

    >>> decimals_for(0.03), decimals_for(0.0001)
    (1, 3)
    """
    if not 0.0 < width < math.inf:
        return 1
    return min(max(math.ceil(-math.log10(50.0 * width)), 1), MOST_DECIMALS)


def per_cent(share: float, width: float = math.nan) -> str:
    """0.405 -> "40.5 %"; more decimals for a share known to a narrow ``width``.

    Without a width two digits that are not zero: 0.0004 -> "0.040 %".
    """
    size = abs(100.0 * share)
    decimals = decimals_for(width)
    if math.isnan(width) and 0.0 < size < 1.0:
        decimals = 1 - math.floor(math.log10(size))
    return f"{100.0 * share:.{decimals}f}{NBSP}%"


def short_per_cent(share: float) -> str:
    """A typed share with no more digits than it has: 0.35 -> "35 %"."""
    return f"{100.0 * share:.6g}{NBSP}%"


def share_words(band: Interval, gap: float = math.inf) -> str:
    """A band of shares ``gap`` apart: "95 % band 37.1 to 41.3 %"; an open side is named."""
    level = f"{100.0 * band.level:.3g}{NBSP}% band"
    lower, upper = (per_cent(limit, min(band.width, gap)) for limit in (band.lower, band.upper))
    if math.isinf(band.lower) and math.isinf(band.upper):
        return f"{level} open on both sides"
    if math.isinf(band.upper):
        return f"{level} {lower} or more, open above"
    if math.isinf(band.lower):
        return f"{level} up to {upper}, open below"
    return f"{level} {lower.removesuffix(f'{NBSP}%')} to {upper}"
