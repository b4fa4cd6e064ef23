"""Where a theory holds and where it stops, against tolerances that are stated beforehand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from smcollapse.inference import Record
from smcollapse.inference.agreement import agreement
from smcollapse.theories import MEASURES

if TYPE_CHECKING:
    from smcollapse.questions.validation.compare import OnsetError

MEDIAN = {"rare_recall": 0.015, "mean_confidence": 0.015, "ece": 0.015}
"""Largest median absolute error with which a theory is said to hold, by measure."""

PERCENTILE_95 = {"rare_recall": 0.05}
"""Largest 95th percentile of the absolute error, by measure."""

ONSET = 0.02
"""Largest median absolute error of the benchmark share, in units of share."""

TOLERANCES = (
    "a theory holds where the median |error| of rare recall, mean confidence and ECE is at most "
    f"{MEDIAN['rare_recall']:g}, the 95th percentile of rare recall's at most "
    f"{PERCENTILE_95['rare_recall']:g}, and the median |error| of the benchmark share at most "
    f"{ONSET:g}"
)


@dataclass(frozen=True)
class Summary(Record):
    """Errors of one measure by one theory for one kind of model, over conditions and shares.

    r2 : median over conditions of the R² across shares, of the `r2_conditions` conditions whose
         trained means span at least .02; NaN where there are none
    """

    theory: str
    model: str
    measure: str
    points: int
    median_error: float
    p95_error: float
    largest_error: float
    largest_at: str
    median_z: float
    z_below_2: float
    r2: float
    r2_conditions: int


@dataclass(frozen=True)
class Miss(Record):
    """A condition in which a theory leaves a tolerance, worst first.

    changed : settings in which the condition differs from the first one
    doubts  : what the theory itself says of the condition
    """

    condition: str
    measure: str
    error: float
    tolerance: float
    changed: str
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class Verdict(Record):
    """Whether a theory holds for one kind of model, and where it stops."""

    theory: str
    model: str
    holds: bool
    text: str
    misses: tuple[Miss, ...]


def summaries(points: pd.DataFrame) -> tuple[Summary, ...]:
    """Errors by theory, kind of model and measure, in the order of the table and of `MEASURES`."""
    found = []
    for (theory, model), rows in points.groupby(["theory", "model"], sort=False):
        for measure in MEASURES:
            chosen = rows[rows["measure"] == measure]
            if len(chosen):
                found.append(_summary(str(theory), str(model), measure, chosen))
    return tuple(found)


def _summary(theory: str, model: str, measure: str, rows: pd.DataFrame) -> Summary:
    found = agreement(rows["trained"], rows["predicted"], rows["se"], rows["condition"].tolist())
    worst = rows.iloc[found.largest_at]
    return Summary(
        theory=theory,
        model=model,
        measure=measure,
        points=found.points,
        median_error=found.median_error,
        p95_error=found.p95_error,
        largest_error=found.largest_error,
        largest_at=f"{worst['condition']}, share {worst['share']:g}",
        median_z=found.median_z,
        z_below_2=found.z_below_2,
        r2=found.r2,
        r2_conditions=found.r2_curves,
    )


def verdicts(
    points: pd.DataFrame,
    onsets: Sequence[OnsetError],
    doubts: Mapping[tuple[str, str], tuple[str, ...]],
    changed: Mapping[str, str],
) -> tuple[Verdict, ...]:
    """One verdict per theory and kind of model; doubts by theory and condition."""
    found = []
    for (theory, model), rows in points.groupby(["theory", "model"], sort=False):
        shares = [
            one
            for one in onsets
            if (one.theory, one.model, one.estimand) == (theory, model, "benchmark share")
        ]
        over = [*_over(rows), *_onsets_over(shares)]
        missed = [
            Miss(
                condition,
                measure,
                error,
                tolerance,
                changed.get(condition, ""),
                doubts.get((str(theory), condition), ()),
            )
            for group, part in rows.groupby("condition", sort=False)
            for condition in [str(group)]
            for measure, error, tolerance in [
                *_over(part),
                *_onsets_over([one for one in shares if one.condition == condition]),
            ]
        ]
        missed.sort(key=lambda miss: -miss.error / miss.tolerance)
        labels = list(dict.fromkeys(rows["condition"]))
        doubted = [label for label in labels if doubts.get((str(theory), label))]
        text = _text(str(theory), str(model), over, missed, labels, doubted)
        found.append(Verdict(str(theory), str(model), not over, text, tuple(missed)))
    return tuple(found)


def _over(rows: pd.DataFrame) -> Iterator[tuple[str, float, float]]:
    """Measure, error and tolerance of every tolerance that these points leave."""
    for measure, tolerance in MEDIAN.items():
        errors = rows.loc[rows["measure"] == measure, "error"].abs()
        if not len(errors):
            continue
        limit = PERCENTILE_95.get(measure, math.inf)
        median, p95 = float(errors.median()), float(errors.quantile(0.95))
        if median > tolerance:
            yield measure, median, tolerance
        elif p95 > limit:
            yield f"{measure} (95th percentile)", p95, limit


def _onsets_over(onsets: Sequence[OnsetError]) -> Iterator[tuple[str, float, float]]:
    errors = [abs(one.error) for one in onsets if not math.isnan(one.error)]
    if errors and float(np.median(errors)) > ONSET:
        yield "benchmark share", float(np.median(errors)), ONSET


def _text(
    theory: str,
    model: str,
    over: Sequence[tuple[str, float, float]],
    missed: Sequence[Miss],
    labels: Sequence[str],
    doubted: Sequence[str],
) -> str:
    """The verdict in words: over all conditions, then condition by condition."""
    if over:
        left = ", ".join(f"{name} {error:.3f} (tolerance {limit:g})" for name, error, limit in over)
        said = f"{theory} does not hold for {model} over all conditions: {left}."
    else:
        said = f"{theory} holds for {model} over all conditions together."
    failing = list(dict.fromkeys(miss.condition for miss in missed))
    if not failing:
        return f"{said} It holds in each of the {len(labels)} conditions."
    said += f" It holds in {len(labels) - len(failing)} of {len(labels)} conditions and stops in "
    said += ", ".join(failing[:4]) + (f" and {len(failing) - 4} more" if len(failing) > 4 else "")
    foreseen = [label for label in failing if label in doubted]
    said += f"; it doubted {len(foreseen)} of these {len(failing)} itself"
    spared = len([label for label in doubted if label not in failing])
    return said + (f", and {spared} in which it holds." if spared else ".")
