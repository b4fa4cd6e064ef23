"""An answer as rows of strings, for the page and the command line alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smcollapse.inference import Effect, Estimate, Interval
from smcollapse.inference.multiplicity.hypotheses import Hypothesis
from smcollapse.questions.answer import Answer, ClaimRow, ConditionAnswer
from smcollapse.questions.contrasts import OnsetShift
from smcollapse.report.wording import (
    MINUS,
    UNITS,
    estimate,
    limits,
    measure_name,
    number,
    percent_range,
    shift_words,
    short_percent,
)

NO_ESTIMATE = "no estimate"
NO_CONTROL = "no control"
KINDS = {
    "break": "break",
    "two breaks": "two breaks",
    "transition": "smooth transition",
    "no break": "none shown",
    "no change": "no change shown",
    "not learned": "rare cases not learned",
    "no noise": "not tested",
}
CONTRAST_MEASURES = ("rare_recall", "mean_confidence", "ece")
LEVELS_OFF = "†"
WEAK_TRANSITION = "‡"
_NOTES = {
    LEVELS_OFF: f"{LEVELS_OFF} at this knot the curve levels off: its steep part lies before it.",
    WEAK_TRANSITION: (
        f"{WEAK_TRANSITION} the logistic fits no better than a straight line, or its centre lies "
        "outside the shares: it means little."
    ),
}


@dataclass(frozen=True)
class Table:
    """A table as text: every row has one string per column."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def claim_table(answer: Answer) -> Table:
    """The claim beside the reference condition: both readings, net of removal, verdict."""
    reference = answer.conditions[0]
    rows = tuple(
        (
            _term(row),
            row.reading,
            _claimed(row),
            estimate(row.measured, row.reading) + _mark(row, reference),
            _net(row),
            row.verdict,
        )
        for row in answer.claim
    )
    return Table(
        title=f"The claim against condition “{reference.label}”",
        columns=(
            "quantity",
            "reading",
            "claimed",
            f"measured{_level(answer)}",
            "net of removal",
            "verdict",
        ),
        rows=rows,
        note=with_marks(
            "Changes are between the claim's windows of shares; points are percentage points, "
            "relative is in per cent of the level before. Net of removal: less the change of the "
            "same real rows trained alone.",
            rows,
        ),
    )


def condition_table(answer: Answer) -> Table:
    """Onset and effects of every condition."""
    rows = tuple(_condition_row(condition) for condition in answer.conditions)
    return Table(
        title="By condition",
        columns=(
            "condition",
            "benchmark share",
            "safe share",
            "knot",
            "transition centre",
            "rare recall, change",
            "rare recall, net",
            "ECE, change",
            "break?",
        ),
        rows=rows,
        note=with_marks(_estimands(answer), rows),
    )


def contrast_table(answer: Answer) -> Table | None:
    """Every condition against the reference, corrected for their number; None with one."""
    found = answer.contrasts
    if found is None:
        return None
    rows = tuple(
        (
            row.label,
            "no estimate" if row.shift is None else _shift(row.shift, found.level),
            *(_difference(row.changes[measure], found.level) for measure in CONTRAST_MEASURES),
        )
        for row in found.rows
    )
    return Table(
        title=f"Against condition “{found.reference}”",
        columns=(
            "condition",
            "benchmark share moves by",
            *(f"{measure_name(measure)}, change differs by" for measure in CONTRAST_MEASURES),
        ),
        rows=rows,
        note=(
            "In points; paired by replicate. Changes: simultaneous "
            f"{short_percent(found.level)} intervals over all measures and conditions; shifts: "
            "intervals of their own. * at corrected p ≤ "
            f"{1 - found.level:.2g} (Romano-Wolf). ≥: the condition does not reach the loss at any "
            "share; ≤: the reference does not; unknown: neither does."
        ),
    )


def _shift(found: OnsetShift, level: float) -> str:
    star = "*" if found.p_adjusted <= 1.0 - level else ""
    words = shift_words(found.shift, found.bound)
    if found.bound == "unknown":
        return words
    ends = limits(Interval(found.lower, found.upper, level), signed=True, beyond="open")
    return f"{words} {ends}{star}"


def _difference(found: Hypothesis, level: float) -> str:
    ends = f"[{100 * found.interval.lower:+.1f}, {100 * found.interval.upper:+.1f}]"
    mark = "*" if found.p_adjusted <= 1.0 - level else ""
    return f"{100 * found.estimate:+.1f} {ends}{mark}".replace("-", MINUS)


def _condition_row(condition: ConditionAnswer) -> tuple[str, ...]:
    onset = condition.onset
    transition, knot = onset.transition, onset.break_point
    return (
        condition.label,
        _first(onset.benchmark),
        NO_ESTIMATE if onset.benchmark is None else onset.benchmark.safe_words,
        _first(knot) + _knot_mark(condition),
        _first(transition) + (WEAK_TRANSITION if _is_weak(condition) else ""),
        _points(condition.effects.get("rare_recall"), NO_ESTIMATE),
        _points(condition.net_effects.get("rare_recall"), NO_CONTROL),
        _points(condition.effects.get("ece"), NO_ESTIMATE),
        KINDS.get(onset.verdict_kind, onset.verdict_kind),
    )


def _estimands(answer: Answer) -> str:
    """What the columns of the table by condition are."""
    text = "Shares in per cent of the budget."
    for condition in answer.conditions:
        benchmark = condition.onset.benchmark
        if benchmark is None:
            continue
        size = number(100.0 * benchmark.loss, 0)
        loss = f"{size} % of its value" if benchmark.relative else f"{size} points"
        return (
            f"{text} Benchmark share: rare recall has lost {loss}, by lines between the means; its "
            "interval holds between tried shares where neighbouring gaps show nothing else. Safe "
            "share: the largest share that was tried up to which that loss is excluded (one-sided "
            f"{short_percent(benchmark.level)})."
        )
    return text


def _first(estimand: Any) -> str:
    """The leading estimate of an onset estimand."""
    return NO_ESTIMATE if estimand is None else estimate(estimand.estimates()[0], "share")


def _points(effect: Effect | None, absent: str) -> str:
    return absent if effect is None else estimate(effect.points, "points")


def _term(row: ClaimRow) -> str:
    return f"onset: {row.measured.term}" if row.reading == "share" else measure_name(row.term)


def _claimed(row: ClaimRow) -> str:
    lower, upper = row.claimed
    if row.reading == "share":
        return percent_range(lower, upper)
    sign = MINUS if lower < 0 else "+"
    size = f"{100.0 * abs(lower):.6g}"
    return f"{sign}{size}{UNITS[row.reading]}"


def _net(row: ClaimRow) -> str:
    if row.reading == "share":
        return "—"
    return NO_CONTROL if row.net is None else estimate(row.net, row.reading)


def _mark(row: ClaimRow, reference: ConditionAnswer) -> str:
    if row.term == "knot":
        return _knot_mark(reference)
    if row.term == "transition centre" and _is_weak(reference):
        return WEAK_TRANSITION
    return ""


def _knot_mark(condition: ConditionAnswer) -> str:
    """A knot after the steep part is where a fall (or rise) ends, not where it sets in."""
    knot = condition.onset.break_point
    if knot is None or abs(knot.slope_before) <= abs(knot.slope_after):
        return ""
    return LEVELS_OFF


def _is_weak(condition: ConditionAnswer) -> bool:
    transition = condition.onset.transition
    return transition is not None and not transition.shown


def _level(answer: Answer) -> str:
    """The level of the intervals, where there is one."""
    measured: list[Estimate] = [row.measured for row in answer.claim]
    levels = {e.interval.level for e in measured if e.interval is not None}
    return f" [{short_percent(levels.pop())} interval]" if len(levels) == 1 else ""


def with_marks(text: str, rows: tuple[tuple[str, ...], ...]) -> str:
    """The note, with a line for every mark that the rows carry."""
    cells = "".join(cell for row in rows for cell in row[1:])
    return " ".join([text, *(note for mark, note in _NOTES.items() if mark in cells)])
