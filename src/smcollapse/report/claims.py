"""The ledger of claims in words: one line a claim, numbers as they are printed."""

from __future__ import annotations

import math

from smcollapse.inference import Estimate, Interval
from smcollapse.questions.ledgers.claims import ClaimsReport, GradedClaim, Outcome
from smcollapse.questions.ledgers.findings import Quantity
from smcollapse.questions.ledgers.ledger import limits_of
from smcollapse.report.wording import NBSP, decimals_for, estimate, measure_name, number

READINGS = {"share": "share", "points": "points", "relative": "relative", "rate": "share"}
"""How a unit is printed; the others are plain numbers."""

ROUNDING = 1e-9
"""Width below which an interval is a point: the number is counted or computed, not estimated."""

COLUMNS = ("claim", "reading", "grade", "evidence", "what decides it")


def quantity_text(quantity: Quantity) -> str:
    """A number with its interval: '−21.5 points [−22.0, −20.9]'; open sides in words."""
    lower, upper = limits_of(quantity)
    value = math.nan if quantity.value is None else quantity.value
    known = math.isfinite(lower) or math.isfinite(upper)
    if upper - lower < ROUNDING:
        return value_text(quantity)
    interval = Interval(lower, upper, quantity.level) if known else None
    if quantity.unit not in READINGS:
        text = _plain(value, interval)
        return text if interval is None else f"{text} {_plain_limits(interval)}"
    text = estimate(
        Estimate(quantity.term, value, math.nan, interval, "", 0), READINGS[quantity.unit]
    )
    if math.isnan(value) and math.isfinite(lower):
        text += f", above {number(100.0 * lower)}{NBSP}%"
    return text


def value_text(quantity: Quantity) -> str:
    """The number alone, with as many decimals as beside its interval."""
    if quantity.value is None:
        return "not reached"
    lower, upper = limits_of(quantity)
    bounded = ROUNDING < upper - lower < math.inf
    interval = Interval(lower, upper, quantity.level) if bounded else None
    if quantity.unit not in READINGS:
        return _plain(quantity.value, interval)
    signed = READINGS[quantity.unit] != "share"
    unit = " points" if quantity.unit == "points" else " %"
    fine = upper - lower < ROUNDING and abs(quantity.value) < 0.01
    decimals = 2 if fine else decimals_for(interval)
    text = number(100.0 * quantity.value, decimals, signed=signed)
    return text + unit.replace(" ", NBSP)


def outcome_text(outcome: Outcome) -> str:
    """The number that a test looks at, named, with its interval and the finding it is of."""
    term = ": ".join(measure_name(part) for part in outcome.quantity.term.split(": "))
    text = f"{term}: {quantity_text(outcome.quantity)}"
    if outcome.other is not None:
        text += f" against {quantity_text(outcome.other)}"
    return f"{text} ({outcome.finding})"


def evidence_text(claim: GradedClaim) -> str:
    """What the cited findings rest on."""
    quick = any(one.quick for one in claim.outcomes)
    return (", ".join(claim.evidence) or "–") + (" (reduced design)" if quick else "")


def claim_rows(report: ClaimsReport) -> list[tuple[str, ...]]:
    """A row a claim, in the columns of `COLUMNS`."""
    return [
        (
            claim.id,
            claim.reading,
            claim.grade or "no grade",
            evidence_text(claim),
            _deciding(claim),
        )
        for claim in report.claims
    ]


def _deciding(claim: GradedClaim) -> str:
    if claim.problems:
        return "; ".join(claim.problems)
    return "–" if claim.decisive is None else outcome_text(claim.decisive)


def _decimals(value: float, interval: Interval | None) -> int:
    """Digits down to half the width of the interval, two of a number without one."""
    size = abs(value) / 10.0 if interval is None else interval.width / 2.0
    if not 0.0 < size < math.inf:
        size = abs(value) / 10.0
    if math.isnan(size) or size == 0.0 or (interval is None and float(value).is_integer()):
        return 0
    return min(max(math.ceil(-math.log10(size)), 0), 5)


def _plain(value: float, interval: Interval | None) -> str:
    return "none" if math.isnan(value) else number(value, _decimals(value, interval))


def _plain_limits(interval: Interval) -> str:
    decimals = _decimals(max(map(abs, _finite(interval))), interval)
    ends = [
        "open" if math.isinf(end) else number(end, decimals)
        for end in (interval.lower, interval.upper)
    ]
    return f"[{', '.join(ends)}]"


def _finite(interval: Interval) -> list[float]:
    return [end for end in (interval.lower, interval.upper) if math.isfinite(end)]
