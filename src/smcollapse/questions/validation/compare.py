"""One condition of a run by one theory: trained means beside predictions, onsets beside onsets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from smcollapse.inference import (
    Curves,
    InferenceError,
    Record,
    benchmark_share,
    curves,
    smooth_transition,
)
from smcollapse.inference.agreement import z_scores
from smcollapse.inference.onsets.benchmark import benchmark_error
from smcollapse.questions.conditions import labels_of
from smcollapse.questions.onsets import Onsets, onsets_of
from smcollapse.scenario import Scenario
from smcollapse.store import Store
from smcollapse.theories import MEASURES, Theory
from smcollapse.theories.base import Floats

RESPONSE = "rare_recall"
LINE_POINTS = 41


@dataclass(frozen=True, eq=False)
class TrainedCondition:
    """One condition of a run, a control too: its scenario but for the share, and its rows."""

    label: str
    settings: dict[str, Any]
    scenario: Scenario
    rows: pd.DataFrame

    @property
    def shares(self) -> Floats:
        """(S,) shares with a trained model, ascending."""
        return np.unique(self.rows["share"].to_numpy(dtype=np.float64))


@dataclass(frozen=True, eq=False)
class Compared:
    """One condition by one theory.

    points : a row per measure and share: trained mean, s.e. over replicates, predicted, error, z
    line   : predicted measures at shares close together, to be drawn: (L,) and (L,) by measure
    doubts : how the condition leaves the theory's domain, and what its solver says
    """

    theory: str
    condition: TrainedCondition
    points: pd.DataFrame
    line_shares: Floats
    line: dict[str, Floats]
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class OnsetError(Record):
    """One onset of one condition, trained and predicted; None where it is not reached.

    estimand : `benchmark share` or `transition centre`
    se       : of the trained one, over replicates; NaN with one replicate
    error    : trained − predicted; one that is not reached counts as the largest share, so that
               the error is at least that large; NaN where neither is reached
    """

    theory: str
    model: str
    condition: str
    estimand: str
    trained: float | None
    se: float
    predicted: float | None
    error: float


def trained_conditions(store: Store, table: pd.DataFrame) -> Iterator[TrainedCondition]:
    """All conditions with rows in the table of that store, in the study's order."""
    paths = {p: c for p, c in store.study.varied().items() if p != "mixture.share"}
    columns = [column for column in paths.values() if column != "design"]
    scenarios = {
        (
            _plain(one.variant),
            *(_plain(dict(one.knobs)[column]) for column in columns),
            one.scenario.mixture.design,
        ): one.scenario
        for one in store.study.conditions()
    }
    keys = ["variant", *columns, "design"]
    groups = [
        (dict(zip(keys, map(_plain, key), strict=True)), rows)
        for key, rows in table.groupby(keys, sort=False, dropna=False)
    ]
    labels = labels_of([settings for settings, _ in groups], [*columns, "design"])
    for label, (settings, rows) in zip(labels, groups, strict=True):
        yield TrainedCondition(label, settings, scenarios[tuple(settings.values())], rows)


def compare(theory: Theory, condition: TrainedCondition) -> Compared:
    """The trained means of a condition beside the prediction. The theory applies."""
    shares = condition.shares
    close = np.linspace(shares[0], shares[-1], LINE_POINTS)
    line_shares = np.union1d(shares, close)
    curve = theory.curve(condition.scenario, line_shares)
    at = np.searchsorted(line_shares, shares)
    frames = []
    for measure in MEASURES:
        if measure not in condition.rows:
            continue
        by_share = condition.rows.groupby("share")[measure]
        trained = by_share.mean().to_numpy()
        se = by_share.sem().to_numpy()
        error = trained - curve.measures[measure][at]
        frames.append(
            pd.DataFrame(
                {
                    "theory": theory.name,
                    "model": condition.scenario.model.kind,
                    "condition": condition.label,
                    "measure": measure,
                    "share": shares,
                    "trained": trained,
                    "se": se,
                    "replicates": by_share.count().to_numpy(),
                    "predicted": curve.measures[measure][at],
                    "error": error,
                    "z": z_scores(error, se),
                }
            )
        )
    points = pd.concat(frames, ignore_index=True)
    doubts = (*theory.doubts(condition.scenario, shares), *curve.notes)
    return Compared(
        theory.name,
        condition,
        points.dropna(subset=["trained", "predicted"]),
        line_shares,
        dict(curve.measures),
        doubts,
    )


def _plain(value: Any) -> Any:
    """A setting as it compares equal whether it comes from a study or from a table."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return float(value) if isinstance(value, int | float | np.number) else value


def onset_errors(one: Compared) -> Iterator[OnsetError]:
    """Benchmark share and transition centre, from the same functionals on the same shares."""
    points = one.points[one.points["measure"] == RESPONSE].sort_values("share")
    try:
        measured = curves(one.condition.rows, RESPONSE)
    except InferenceError:
        return
    if not np.array_equal(measured.shares, points["share"].to_numpy()):
        return
    predicted = onsets_of(measured.shares, points["predicted"].to_numpy())
    for estimand, found in (
        ("benchmark share", _attempt(lambda: _benchmark(measured, predicted))),
        ("transition centre", _attempt(lambda: _centre(measured, predicted))),
    ):
        if found is None:
            continue
        trained, se, theory = found
        yield OnsetError(
            theory=one.theory,
            model=one.condition.scenario.model.kind,
            condition=one.condition.label,
            estimand=estimand,
            trained=trained,
            se=se,
            predicted=theory,
            error=_onset_error(trained, theory, float(measured.shares[-1])),
        )


def _onset_error(trained: float | None, predicted: float | None, largest: float) -> float:
    if trained is None and predicted is None:
        return math.nan
    return (largest if trained is None else trained) - (largest if predicted is None else predicted)


Found = tuple[float | None, float, float | None] | None
"""Trained onset, its s.e., predicted onset."""


def _attempt(function: Callable[[], Found]) -> Found:
    try:
        return function()
    except InferenceError:
        return None


def _benchmark(measured: Curves, predicted: Onsets) -> Found:
    if predicted.benchmark_share is not None and math.isnan(predicted.benchmark_share):
        return None
    trained = benchmark_share(measured)
    return trained.share, benchmark_error(measured), predicted.benchmark_share


def _centre(measured: Curves, predicted: Onsets) -> Found:
    """Centres where both curves show a transition; elsewhere they mean nothing."""
    if not (predicted.transition_shown and predicted.transition_centre is not None):
        return None
    trained = smooth_transition(measured)
    return (
        (trained.centre, trained.centre_se, predicted.transition_centre) if trained.shown else None
    )
