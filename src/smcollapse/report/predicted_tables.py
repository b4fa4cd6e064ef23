"""Predictions as rows of strings, for the command line."""

from __future__ import annotations

import math

import numpy as np

from smcollapse.questions.phases.axes import Axis
from smcollapse.questions.phases.phase import PhaseDiagram
from smcollapse.questions.predict import Change, Predicted, Predictions
from smcollapse.report.predictions import setting_name
from smcollapse.report.tables import LEVELS_OFF, WEAK_TRANSITION, Table, with_marks
from smcollapse.report.wording import (
    UNITS,
    measure_name,
    number,
    percent,
    percent_range,
    short_percent,
)

CHANGES = ("rare_recall", "mean_confidence", "ece")
CURVE_MEASURES = (
    "rare_recall",
    "exception_recall",
    "head_recall",
    "accuracy",
    "mean_confidence",
    "ece",
    "brier",
)
SHORT_NAMES = {"ece": "ECE", "brier": "Brier, × 100", "mean_confidence": "confidence"}

ABSENT = "—"
MOST_SHARES = 15
MOST_CELLS = 7


def prediction_table(predictions: Predictions) -> Table:
    """Onsets and changes by theory and condition, the claim above them."""
    claim = predictions.claim
    onset = percent_range(*claim.onset)
    claimed = {effect.measure: effect.change for effect in claim.effects}
    rows = [
        (
            "claim",
            "",
            onset,
            onset,
            onset,
            ABSENT,
            *(_signed(claimed.get(name)) for name in CHANGES),
        ),
        *(_prediction_row(one) for one in predictions.found),
    ]
    before, after = percent_range(*claim.before), percent_range(*claim.after)
    return Table(
        title=f"{predictions.study}: predicted, nothing trained",
        columns=(
            "theory",
            "condition",
            "benchmark share",
            "knot",
            "transition centre",
            "majority flips",
            *(f"{SHORT_NAMES.get(name, measure_name(name))}, points" for name in CHANGES),
        ),
        rows=tuple(rows),
        note=with_marks(
            "Benchmark share: rare recall has lost 10 % of its value at the smallest share. "
            "Majority flips: half of the exceptions have lost the local majority. Points: change "
            f"from shares {before} to {after}. All are the estimates that `run` makes, of the "
            "predicted curve at the study's shares.",
            tuple(rows),
        ),
    )


def curve_table(one: Predicted) -> Table:
    """Every measure of one condition at the study's shares, or at some of many."""
    curve = one.curve
    step = math.ceil(curve.shares.size / MOST_SHARES)
    shown = [name for name in CURVE_MEASURES if np.isfinite(curve.measures[name]).any()]
    rows = tuple(
        (
            short_percent(float(curve.shares[i])),
            *(_value(float(curve.measures[name][i])) for name in shown),
        )
        for i in range(0, curve.shares.size, step)
    )
    note = f"Every {step}th of {curve.shares.size} shares." if step > 1 else ""
    return Table(
        title=f"Theory “{one.theory.name}”, condition “{one.label}”, in per cent",
        columns=("share", *(SHORT_NAMES.get(name, measure_name(name)) for name in shown)),
        rows=rows,
        note=note,
    )


def phase_table(diagram: PhaseDiagram) -> Table:
    """Onsets at some points of the grid: x to the right, y downwards from its largest value."""
    columns, lines = _some(diagram.x), _some(diagram.y)[::-1]
    name = setting_name(diagram.y.path)
    return Table(
        title=f"{diagram.study}: onset by theory “{diagram.theory.name}”, in per cent",
        columns=(
            f"{name} ↓  {setting_name(diagram.x.path)} →",
            *(_setting(diagram.x, i) for i in columns),
        ),
        rows=tuple(
            (_setting(diagram.y, j), *(_onset(float(diagram.onset[j, i])) for i in columns))
            for j in lines
        ),
        note=(
            f"Onset: the share at which 10 % of rare recall is lost; {ABSENT}: not lost up to "
            f"{short_percent(float(diagram.shares[-1]))}."
            + (" ?: no number." if np.isnan(diagram.onset).any() else "")
        ),
    )


def phase_sentences(diagram: PhaseDiagram) -> tuple[str, ...]:
    """What the diagram shows, in words: the study's own point, and the range."""
    onset, loss = diagram.own
    own = "has no onset there" if math.isnan(onset) else "does not lose 10 % of its rare recall"
    if math.isfinite(onset):
        own = f"loses 10 % of its rare recall at a share of {percent(onset)}"
    reached = diagram.onset[np.isfinite(diagram.onset)]
    n = diagram.onset.size
    text = f"At {reached.size} of {n} points"
    if reached.size:
        text += f" the onset lies between {percent(reached.min())} and {percent(reached.max())}"
    else:
        text += " there is an onset"
    safe = int(np.isinf(diagram.onset).sum())
    lost = f"; between the windows it loses {number(100.0 * loss)}{UNITS['points']}"
    return (
        f"The study itself {own}{lost if math.isfinite(loss) else ''}.",
        f"{text}; at {safe} the loss is not reached.",
    )


def _prediction_row(one: Predicted) -> tuple[str, ...]:
    onsets = one.onsets
    weak = "" if onsets.transition_shown or onsets.transition_centre is None else WEAK_TRANSITION
    return (
        one.theory.name,
        one.label,
        "not reached" if onsets.benchmark_share is None else _share(onsets.benchmark_share),
        _share(onsets.knot) + (LEVELS_OFF if onsets.levels_off else ""),
        _share(onsets.transition_centre) + weak,
        "never" if onsets.flip is None else _share(onsets.flip),
        *(_change(one.effects.get(name)) for name in CHANGES),
    )


def _share(value: float | None) -> str:
    return ABSENT if value is None or math.isnan(value) else percent(value)


def _change(change: Change | None) -> str:
    return ABSENT if change is None else _signed(change.points)


def _signed(change: float | None) -> str:
    return ABSENT if change is None else number(100.0 * change, signed=True)


def _value(value: float) -> str:
    return ABSENT if math.isnan(value) else number(100.0 * value)


def _onset(value: float) -> str:
    if math.isnan(value):
        return "?"
    return ABSENT if math.isinf(value) else number(100.0 * value)


def _some(axis: Axis) -> list[int]:
    """Numbers of at most `MOST_CELLS` points, evenly spread, both ends among them."""
    n = axis.points.size
    return sorted(set(np.linspace(0, n - 1, min(n, MOST_CELLS)).round().astype(int).tolist()))


def _setting(axis: Axis, point: int) -> str:
    value = float(axis.points[point])
    return f"{value:,.0f}".replace(",", "\u00a0") if axis.whole else f"{value:.3g}"
