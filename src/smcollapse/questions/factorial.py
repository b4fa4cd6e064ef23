"""Main effects and interactions of crossed knobs: which of them moves the onset and the effects?

Every cell of a full factorial has the same replicates (common random numbers), so an effect is a
contrast of cells within each replicate. Effects on all measures, between the windows of the claim
and of rare recall also over the whole sweep, are one family for Romano & Wolf's step-down; shifts
of the benchmark share, between mean curves on common whole-replicate draws, are another.
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
    replicate_weights,
    romano_wolf,
    romano_wolf_draws,
)
from smcollapse.inference.effect_sizes.effects import window_masks
from smcollapse.inference.multiplicity.hypotheses import Hypothesis
from smcollapse.inference.onsets.benchmark import common_draws_of
from smcollapse.questions.claim import published_claim
from smcollapse.questions.conditions import REFERENCE, ConditionRows
from smcollapse.questions.contrasts import DRAWS, LOSS, OnsetShift, bound_of
from smcollapse.questions.contrasts import MEASURES as ALWAYS
from smcollapse.study import Study, value_at

WHOLE = "rare_recall over the whole sweep"
"""Rare recall from the smallest to the largest share, whatever the claim's windows leave out."""

RECALLS = ("rare_recall", "template_recall")
"""Measures whose onset is looked at, where a world has them. That of questions in the source's
phrasing may come before the windows of the claim, whose contrast would then miss it."""

WORDS = {"rare_recall": "real questions", "template_recall": "questions in the source's phrasing"}

FEWEST_REPLICATES = 3


@dataclass(frozen=True)
class FactorEffect(Record):
    """What the reference's value of a knob does, against the mean over its other values.

    An interaction of two knobs: half the difference between the effect of one where the other has
    the reference's value and where it has not.

    term    : knob, or two of them
    versus  : the reference's value and the others; empty for interactions
    changes : by measure, of the change between the claim's windows, and `WHOLE`; simultaneous
              intervals
    shifts  : of the benchmark share, by recall, for single knobs; simultaneous intervals
    """

    term: str
    versus: str
    changes: dict[str, Hypothesis]
    shifts: dict[str, OnsetShift]


@dataclass(frozen=True)
class Factorial(Record):
    """All effects of a full factorial at one family-wise error rate, 1 − ``level``, and all shifts
    of the onset at another.

    measures, recalls : names of the changes and of the shifts
    """

    rows: tuple[FactorEffect, ...]
    measures: tuple[str, ...]
    recalls: tuple[str, ...]
    n_replicates: int
    level: float
    method: str
    verdict: str


def factorial_of(
    study: Study, conditions: list[ConditionRows], *, level: float = 0.95, seed: int = 0
) -> Factorial | None:
    """Effects of a study's crossed axes; None unless two or more are crossed in full.

    None too where replicates are fewer than three, or shares do not reach the claim's windows.
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
    recalls = tuple(name for name in RECALLS if name in cells[0].rows)
    try:
        held = [
            {
                name: curves(one.rows, name, replication=one.replication)
                for name in dict.fromkeys((*ALWAYS, *recalls))
            }
            for one in cells
        ]
        signs = np.array(
            [[one.settings[knob] == base for knob, base in knobs.items()] for one in cells]
        )
        return _tested(knobs, cells, held, signs, recalls, level, seed)
    except InferenceError:
        return None


def _tested(
    knobs: Mapping[str, object],
    cells: list[ConditionRows],
    held: list[dict[str, Curves]],
    signs: np.ndarray,
    recalls: tuple[str, ...],
    level: float,
    seed: int,
) -> Factorial | None:
    names, first = list(knobs), held[0][ALWAYS[0]]
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
        product = half(signs[:, i]) * half(signs[:, j])
        weights[names[i], names[j]] = 0.5 * len(cells) * product
    claim = published_claim()
    windows = window_masks(first, claim.before, claim.after)
    ends = first.shares == first.shares[0], first.shares == first.shares[-1]
    changes = {
        **{name: [_change(found[name], *windows) for found in held] for name in ALWAYS},
        WHOLE: [_change(found[ALWAYS[0]], *ends) for found in held],
    }
    tests = romano_wolf(
        np.column_stack(
            [w @ np.stack(change) for w in weights.values() for change in changes.values()]
        ),
        [f"{' × '.join(term)}: {name}" for term in weights for name in changes],
        replication=first.replication,
        level=level,
        seed=seed,
    )
    shifts = _shifts({name: [one[name] for one in held] for name in recalls}, signs, level, seed)
    rows = []
    for number, term in enumerate(weights):
        own = tests.hypotheses[number * len(changes) : (number + 1) * len(changes)]
        single = len(term) == 1
        rows.append(
            FactorEffect(
                " × ".join(term),
                _versus(term[0], knobs[term[0]], cells) if single else "",
                dict(zip(changes, own, strict=True)),
                {
                    recall: shift
                    for (recall, knob), shift in shifts.items()
                    if single and names[knob] == term[0]
                },
            )
        )
    return Factorial(
        tuple(rows),
        tuple(changes),
        recalls,
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
    held: dict[str, list[Curves]], signs: np.ndarray, level: float, seed: int
) -> dict[tuple[str, int], OnsetShift]:
    """Shift of the benchmark share of the mean curve, by recall and number of the knob.

    None where neither half reaches the loss; where one does not, its share counts as the largest,
    and the end of the interval on that side is open.
    """
    found: dict[tuple[str, int], tuple[float, np.ndarray]] = {}
    unreached: dict[tuple[str, int], tuple[bool, bool]] = {}
    replicates = 0
    for recall, cells in held.items():
        first, values = cells[0], np.stack([np.array(one.values) for one in cells])
        replicates = len(first.replicates)
        weights = replicate_weights(replicates, DRAWS, seed, first.spread_factor)
        for knob in range(signs.shape[1]):
            sides = []
            for side in (signs[:, knob], ~signs[:, knob]):
                mean = values[side].mean(axis=0)
                one = Curves(
                    first.shares, mean, first.replicates, first.response, first.replication
                )
                sides.append(common_draws_of(one, weights, LOSS, True, "loss"))
            (own, own_drawn, own_open), (other, other_drawn, other_open) = sides
            drawn = own_drawn - other_drawn
            if not (own_open and other_open) and np.ptp(drawn) > 1e-12:
                found[recall, knob] = own - other, drawn
                unreached[recall, knob] = own_open, other_open
    if not found:
        return {}
    tests = romano_wolf_draws(
        np.array([shift for shift, _ in found.values()]),
        np.column_stack([drawn for _, drawn in found.values()]),
        replicates,
        level=level,
        seed=seed,
    )
    return {
        key: OnsetShift(
            f"{key[1]}: {key[0]}",
            one.estimate,
            -math.inf if unreached[key][1] else one.interval.lower,
            math.inf if unreached[key][0] else one.interval.upper,
            one.p_adjusted,
            bound_of(*unreached[key]),
        )
        for key, one in zip(found, tests.hypotheses, strict=True)
    }


def _versus(knob: str, base: object, cells: list[ConditionRows]) -> str:
    others = [one.settings[knob] for one in cells if one.settings[knob] != base]
    listed = ", ".join(
        dict.fromkeys(f"{value:g}" if isinstance(value, float) else str(value) for value in others)
    )
    return f"{base:g} against {listed}" if isinstance(base, float) else f"{base} against {listed}"


def _verdict(rows: list[FactorEffect], level: float) -> str:
    """Which knobs deepen the loss of rare recall, which lessen it, which are not shown to."""
    said = []
    for row in (row for row in rows if row.versus):
        change = row.changes[ALWAYS[0]]
        size = f"{100.0 * change.estimate:+.1f} points"
        if not change.rejected:
            said.append(f"{row.term} ({row.versus}) is not shown to change the loss ({size})")
        elif change.estimate < 0.0:
            said.append(f"{row.term} ({row.versus}) deepens the loss of rare recall by {size}")
        else:
            said.append(f"{row.term} ({row.versus}) protects rare recall ({size})")
        moved = [
            f"of {WORDS[recall]} {shift.words()}"
            for recall, shift in row.shifts.items()
            if shift.p_adjusted <= 1.0 - level
        ]
        if moved:
            said[-1] += f", the onset moved, in points of share, {' and '.join(moved)}"
    together = [
        f"{row.term} ({100.0 * row.changes[ALWAYS[0]].estimate:+.1f})"
        for row in rows
        if not row.versus and row.changes[ALWAYS[0]].rejected
    ]
    if together:
        said.append(f"interactions on rare recall, in points: {', '.join(together)}")
    return "; ".join(said)
