"""Numbers and names as they are printed: per cent, typographic minus signs, open limits in words.

Shares and measures are fractions in the records and per cent in print; a change of a measure is in
percentage points ("points") or relative to its level before (per cent).
"""

from __future__ import annotations

import math

from smcollapse.inference import Estimate, Interval

NBSP = "\u00a0"
MINUS = "\u2212"

MEASURE_NAMES = {
    "rare_recall": "rare recall",
    "exception_recall": "exception recall",
    "head_recall": "head recall",
    "accuracy": "accuracy",
    "mean_confidence": "mean confidence",
    "ece": "calibration error (ECE)",
    "brier": "Brier score",
    "template_recall": "rare recall in the source's phrasing",
    "perplexity": "perplexity on real text",
    "distinct_1": "distinct tokens (synthetic)",
    "distinct_2": "distinct pairs of tokens (synthetic)",
    "template_rate": "template rate (synthetic)",
}

UNITS = {"share": f"{NBSP}%", "points": f"{NBSP}points", "relative": f"{NBSP}%"}
"""What follows a number, by reading: a share, a change in points, a relative change."""


def measure_name(column: str) -> str:
    """Name of a measure or estimand in print."""
    return MEASURE_NAMES.get(column, column.replace("_", " "))


def number(value: float, decimals: int = 1, *, signed: bool = False) -> str:
    """Fixed-point number; zero has no sign, a minus sign is U+2212.

    >>> number(-0.04), number(-0.06), number(2.0, signed=True)
    ('0.0', '−0.1', '+2.0')
    """
    text = f"{value:{'+' if signed else ''}.{decimals}f}"
    if float(text) == 0.0:
        text = text.lstrip("+-")
    return text.replace("-", MINUS)


def percent(value: float, decimals: int = 1) -> str:
    """A fraction in per cent: 0.42 is '42.0 %'."""
    return number(100.0 * value, decimals) + UNITS["share"]


def short_percent(value: float) -> str:
    """A fraction in per cent with no more digits than it has: 0.35 is '35 %', 0.125 '12.5 %'."""
    return f"{100.0 * value:.6g}".replace("-", MINUS) + UNITS["share"]


def percent_range(lower: float, upper: float) -> str:
    """Two fractions in per cent: 0.38 and 0.42 are '38–42 %'."""
    return short_percent(lower).removesuffix(UNITS["share"]) + f"–{short_percent(upper)}"


def limits(interval: Interval, decimals: int = 1, *, signed: bool = False, beyond: str) -> str:
    """Limits in per cent or points; an open side is said in words (`beyond` for the upper one)."""
    lower, upper = interval.lower, interval.upper
    left = "open" if math.isinf(lower) else number(100.0 * lower, decimals, signed=signed)
    right = beyond if math.isinf(upper) else number(100.0 * upper, decimals, signed=signed)
    return f"[{left}, {right}]"


def estimate(measured: Estimate, reading: str) -> str:
    """An estimate with its interval: '−23.0 points [−25.2, −20.9]'.

    reading : 'share', 'points' or 'relative', see `UNITS`; all but shares carry a sign. A value
    that is not a number reads 'not reached', which is what a benchmark share then means.
    """
    if math.isnan(measured.value):
        return "not reached"
    signed = reading != "share"
    decimals = decimals_for(measured.interval)
    text = number(100.0 * measured.value, decimals, signed=signed) + UNITS[reading]
    if measured.interval is None:
        return f"{text} (no interval)"
    beyond = "not reached" if measured.term == "benchmark share" else "open"
    return f"{text} {limits(measured.interval, decimals, signed=signed, beyond=beyond)}"


def decimals_for(interval: Interval | None) -> int:
    """Decimals of a per cent: one, and more only for an interval narrower than ±0.1 per cent."""
    if interval is None or not 0.0 < interval.width < math.inf:
        return 1
    return min(max(math.ceil(-math.log10(50.0 * interval.width)), 1), 3)


def shortened(text: str, length: int = 32) -> str:
    """A user's label on one line, cut to that length."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
