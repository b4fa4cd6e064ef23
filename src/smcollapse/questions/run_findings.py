"""What a run concludes as a finding: the published claim against it, its curves, its numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from smcollapse.inference import Effect, Estimate
from smcollapse.questions.answer import Answer, ConditionAnswer
from smcollapse.questions.claim import published_claim
from smcollapse.questions.conditions import conditions_of
from smcollapse.questions.ledgers.findings import Finding, Grade, Kind, Quantity, Unit
from smcollapse.store import Store

NAMES = {
    "rare_recall": "rare recall",
    "mean_confidence": "mean confidence",
    "ece": "ECE",
    "head_recall": "head recall",
    "accuracy": "accuracy",
    "template_recall": "rare recall in the source's phrasing",
}
DRAWN = ("rare_recall", "mean_confidence", "ece")
SOMETIMES = ("template_recall",)
"""Drawn where a world has it."""
Columns = dict[str, list[float]]


def claim_finding(name: str, answer: Answer, store: Store, kind: Kind) -> Finding:
    """The published claim against the reference condition of a run."""
    reference, claim = answer.conditions[0], published_claim()
    words = [row.verdict for row in answer.claim]
    quantities = [*onset_quantities(reference)]
    for measure, found in reference.effects.items():
        quantities += effect_quantities(NAMES[measure], found)
    for measure, found in reference.net_effects.items():
        quantities += effect_quantities(f"{NAMES[measure]}, net of removal", found)
    said = (
        f"{NAMES.get(row.term, row.term)} ({row.reading}): {row.verdict}" for row in answer.claim
    )
    return Finding(
        name=name,
        title=f"The published claim in the study {name}",
        statement=f"Beyond an onset at {_range(claim.onset)} rare recall, confidence and "
        "calibration error change as published.",
        design=f"{answer.n_models} models; changes from shares of {_range(claim.before)} "
        f"to {_range(claim.after)}, paired by replicate",
        falsifier="An interval that holds nothing that rounds to the published number.",
        quantities=tuple(quantities),
        verdict=f"{reference.onset.verdict}; {'; '.join(said)}",
        grade=grade_of(
            all(word in ("agrees", "compatible") for word in words),
            any(word.startswith("contradicted") for word in words),
        ),
        kind=kind,
        models=answer.n_models,
        notes=answer.notes,
        details={"curves": mean_curves(store)},
    )


def _range(ends: tuple[float, float]) -> str:
    return f"{100.0 * ends[0]:.6g}–{100.0 * ends[1]:.6g} %"


def mean_curves(store: Store) -> dict[str, Columns]:
    """Means over replicates of the drawn measures by condition, and their standard errors."""
    table = store.table(complete=True)
    measures = [*DRAWN, *(name for name in SOMETIMES if name in table)]
    drawn: dict[str, Columns] = {}
    for condition in conditions_of(store, table):
        tables = {condition.label: condition.rows}
        if condition.is_reference and condition.control is not None:
            tables["real only"] = condition.control
        for label, rows in tables.items():
            groups = rows.groupby("share")[measures]
            means = groups.mean().join(groups.sem().add_suffix("_se")).round(5)
            drawn[label] = columns_of(means.reset_index())
    return drawn


def onset_quantities(condition: ConditionAnswer) -> Iterator[Quantity]:
    """Every onset estimand of a condition that there is."""
    found = condition.onset
    for part in (found.benchmark, found.break_point, found.transition):
        if part is not None:
            for estimate in part.estimates():
                yield quantity_of(estimate, "share")
    if found.benchmark is not None and (safe := found.benchmark.safe_share) is not None:
        yield Quantity("safe share", safe, safe, safe, "share", note="one-sided limit")


def effect_quantities(name: str, effect: Effect) -> Iterator[Quantity]:
    """An effect in points and relative to its level before."""
    yield quantity_of(effect.points, "points", f"{name}, points")
    yield quantity_of(effect.relative, "relative", f"{name}, relative")


def columns_of(table: pd.DataFrame) -> Columns:
    """The table by column, as JSON takes it."""
    return {str(name): table[name].tolist() for name in table.columns}


def quantity_of(estimate: Estimate, unit: Unit, term: str = "") -> Quantity:
    """An estimate as a quantity, under its own term or another."""
    interval = estimate.interval
    term = term or estimate.term
    if interval is None:
        return Quantity(term, estimate.value, None, None, unit, note=estimate.note)
    ends = (interval.lower, interval.upper)
    return Quantity(term, estimate.value, *ends, unit, interval.level, estimate.note)


def exact(term: str, value: float, unit: Unit = "number") -> Quantity:
    """A number that is counted or computed, not estimated: its interval is a point."""
    return Quantity(term, value, value, value, unit)


def is_below(quantity: Quantity) -> bool:
    """Whether the whole interval is below 0."""
    return quantity.upper is not None and quantity.upper < 0.0


def is_above(quantity: Quantity) -> bool:
    """Whether the whole interval is above 0."""
    return quantity.lower is not None and quantity.lower > 0.0


def grade_of(supported: bool, contradicted: bool) -> Grade:
    """Contradicted where anything contradicts, else supported or not shown."""
    if contradicted:
        return "contradicted"
    return "supported" if supported else "not shown"
