"""Main effects and interactions of crossed knobs: which of them moves the onset and the effects?

Every cell of a full factorial has the same replicates (common random numbers), so an effect is a
contrast of cells within each replicate. All effects on all measures are one family for Romano &
Wolf's step-down; shifts of the benchmark share, between the mean curves of the two halves of the
factorial on common whole-replicate draws, are another.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from smcollapse.inference import (
    Curves,
    InferenceError,
    Record,
    curves,
    percentile_band,
    replicate_weights,
    romano_wolf,
    romano_wolf_draws,
)
from smcollapse.inference.benchmark import common_draws_of
from smcollapse.inference.effects import window_masks
from smcollapse.inference.hypotheses import Hypothesis
from smcollapse.questions.claim import published_claim
from smcollapse.questions.conditions import REFERENCE, ConditionRows
from smcollapse.questions.contrasts import DRAWS, LOSS, OnsetShift
from smcollapse.questions.contrasts import MEASURES as ALWAYS
from smcollapse.study import Study, value_at

Window = tuple[float, float]

SOMETIMES = ("template_recall",)
"""Measures that only some worlds have."""

FEWEST_REPLICATES = 3


@dataclass(frozen=True)
class FactorEffect(Record):
    """What the reference's value of a knob does, against the mean over its other values.

    An interaction of two knobs: half the difference between the effect of one where the other has
    the reference's value and where it has not.

    term    : knob, or two of them
    versus  : the reference's value and the others; empty for interactions
    changes : by measure, of the change between the claim's windows; simultaneous intervals
    shift   : of the benchmark share, for single knobs
    """

    term: str
    versus: str
    changes: dict[str, Hypothesis]
    shift: OnsetShift | None


@dataclass(frozen=True)
class Factorial(Record):
    """All effects of a full factorial at one family-wise error rate, 1 − ``level``."""

    rows: tuple[FactorEffect, ...]
    measures: tuple[str, ...]
    n_replicates: int
    level: float
    method: str
    verdict: str


def factorial_of(
    study: Study,
    conditions: list[ConditionRows],
    *,
    windows: tuple[Window, Window] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Factorial | None:
    """Effects of a study's crossed axes; None unless two or more are crossed in full.

    windows : shares between which measures change, those of the claim if not given
    """
    crossed = {
        axis.path: len(axis.values)
        for axis in study.axes
        if axis.path != "mixture.share" and len(axis.values) > 1
    }
    knobs = {
        column: value_at(study.scenario, path)
        for path, column in study.varied().items()
        if path in crossed
    }
    cells = [one for one in conditions if one.settings["variant"] == REFERENCE]
    if len(knobs) < 2 or len(cells) != math.prod(crossed.values()):
        return None
    measures = ALWAYS + tuple(name for name in SOMETIMES if name in cells[0].rows)
    try:
        held = [
            {name: curves(one.rows, name, replication=one.replication) for name in measures}
            for one in cells
        ]
        signs = np.array(
            [[one.settings[knob] == base for knob, base in knobs.items()] for one in cells]
        )
        claim = published_claim()
        before, after = windows or (claim.before, claim.after)
        masks = window_masks(held[0][measures[0]], before, after)
        return _tested(knobs, cells, held, signs, measures, masks, level, seed)
    except InferenceError:
        return None


def _tested(
    knobs: Mapping[str, object],
    cells: list[ConditionRows],
    held: list[dict[str, Curves]],
    signs: np.ndarray,
    measures: tuple[str, ...],
    masks: tuple[np.ndarray, np.ndarray],
    level: float,
    seed: int,
) -> Factorial | None:
    names = list(knobs)
    first = held[0][measures[0]]
    if len(first.replicates) < FEWEST_REPLICATES or any(
        one.replicates != first.replicates or not np.array_equal(one.shares, first.shares)
        for found in held
        for one in found.values()
    ):
        return None
    weights: dict[tuple[str, ...], np.ndarray] = {
        (name,): half(signs[:, i]) for i, name in enumerate(names)
    }
    for i, j in itertools.combinations(range(len(names)), 2):
        product = half(signs[:, i]) * np.where(signs[:, j], 1.0, -1.0)
        weights[names[i], names[j]] = product - product.mean()
    columns = [
        weight @ np.stack([_change(found[name], *masks) for found in held])
        for weight in weights.values()
        for name in measures
    ]
    tests = romano_wolf(
        np.column_stack(columns),
        [f"{' × '.join(term)}: {name}" for term in weights for name in measures],
        replication=first.replication,
        level=level,
        seed=seed,
    )
    shifts = _shifts([found[measures[0]] for found in held], signs, names, level, seed)
    rows = []
    for number, term in enumerate(weights):
        start = number * len(measures)
        own = tests.hypotheses[start : start + len(measures)]
        versus = "" if len(term) > 1 else _versus(term[0], knobs[term[0]], cells)
        rows.append(
            FactorEffect(
                " × ".join(term),
                versus,
                dict(zip(measures, own, strict=True)),
                shifts.get(term[0]) if len(term) == 1 else None,
            )
        )
    return Factorial(
        tuple(rows),
        measures,
        len(first.replicates),
        level,
        tests.method,
        _verdict(rows, level),
    )


def half(own: np.ndarray) -> np.ndarray:
    """Weights (cells,) of the mean where a knob is the reference's less the mean elsewhere."""
    weights: np.ndarray = np.where(own, 1.0 / own.sum(), -1.0 / (~own).sum())
    return weights


def _change(found: Curves, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(R,) change of a measure between the windows in every replicate."""
    values = np.array(found.values)
    change: np.ndarray = values[:, after].mean(axis=1) - values[:, before].mean(axis=1)
    return change


def _shifts(
    held: list[Curves], signs: np.ndarray, names: list[str], level: float, seed: int
) -> dict[str, OnsetShift]:
    """Shift of the benchmark share of the mean curve, by knob."""
    first = held[0]
    values = np.stack([np.array(one.values) for one in held])
    weights = replicate_weights(len(first.replicates), DRAWS, seed, first.spread_factor)
    found: dict[str, tuple[float, np.ndarray, bool]] = {}
    for number, name in enumerate(names):
        own = signs[:, number]
        try:
            (a, drawn_a, open_a), (b, drawn_b, open_b) = (
                common_draws_of(
                    Curves(
                        first.shares,
                        values[side].mean(axis=0),
                        first.replicates,
                        first.response,
                        first.replication,
                    ),
                    weights,
                    LOSS,
                    True,
                    "loss",
                )
                for side in (own, ~own)
            )
        except InferenceError:
            continue
        found[name] = (a - b, drawn_a - drawn_b, open_a or open_b)
    varying = [name for name, (_, drawn, _) in found.items() if np.ptp(drawn) > 1e-12]
    adjusted = dict.fromkeys(found, 1.0)
    if varying:
        tests = romano_wolf_draws(
            np.array([found[name][0] for name in varying]),
            np.column_stack([found[name][1] for name in varying]),
            len(first.replicates),
            level=level,
            seed=seed,
        )
        adjusted |= {
            name: one.p_adjusted for name, one in zip(varying, tests.hypotheses, strict=True)
        }
    shifts = {}
    for name, (shift, drawn, censored) in found.items():
        band = percentile_band(drawn, level)
        shifts[name] = OnsetShift(
            name, shift, band.lower, band.upper, float(adjusted[name]), censored
        )
    return shifts


def _versus(knob: str, base: object, cells: list[ConditionRows]) -> str:
    others = [one.settings[knob] for one in cells if one.settings[knob] != base]
    listed = ", ".join(
        dict.fromkeys(f"{value:g}" if isinstance(value, float) else str(value) for value in others)
    )
    return f"{base:g} against {listed}" if isinstance(base, float) else f"{base} against {listed}"


def _verdict(rows: list[FactorEffect], level: float) -> str:
    """Which knobs deepen the loss of rare recall, which lessen it, which are not shown to."""
    single = [row for row in rows if row.shift is not None or row.versus]
    said = []
    for row in single:
        change = row.changes[ALWAYS[0]]
        size = f"{100.0 * change.estimate:+.1f} points"
        if not change.rejected:
            said.append(f"{row.term} ({row.versus}) is not shown to change the loss ({size})")
        elif change.estimate < 0.0:
            said.append(f"{row.term} ({row.versus}) deepens the loss of rare recall by {size}")
        else:
            said.append(f"{row.term} ({row.versus}) protects rare recall ({size})")
        if row.shift is not None and row.shift.p_adjusted <= 1.0 - level:
            bound = "at least " if row.shift.censored else ""
            said[-1] += (
                f", the onset moved by {bound}{100.0 * row.shift.shift:+.1f} points of share"
            )
    together = [
        f"{row.term} ({100.0 * row.changes[ALWAYS[0]].estimate:+.1f})"
        for row in rows
        if not row.versus and row.changes[ALWAYS[0]].rejected
    ]
    if together:
        said.append(f"interactions on rare recall, in points: {', '.join(together)}")
    return "; ".join(said)
