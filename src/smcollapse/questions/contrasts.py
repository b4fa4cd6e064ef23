"""What each condition of a study changes against its reference, corrected for how many are asked.

Conditions share replicates (common random numbers), so that differences are paired. Changes of all
measures in all conditions are one family for Romano & Wolf's step-down; shifts of the benchmark
share, evaluated on common whole-replicate draws, are another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

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
from smcollapse.inference.effect_sizes.effects import window_masks
from smcollapse.inference.multiplicity.hypotheses import Hypothesis, SimultaneousTests
from smcollapse.inference.onsets.benchmark import common_draws_of
from smcollapse.inference.resampling import Array
from smcollapse.questions.claim import published_claim
from smcollapse.questions.conditions import ConditionRows

MEASURES = ("rare_recall", "mean_confidence", "ece")
LOSS = 0.10
DRAWS = 999


Bound = Literal["", "at least", "at most", "unknown"]
"""What a shift is where one or both of two onsets lie beyond the shares; empty where none does."""


@dataclass(frozen=True)
class OnsetShift(Record):
    """Shift of the benchmark share against the reference, in units of the share.

    An onset that is not reached counts with the largest share. Where that is the condition's, the
    shift is a lower ``bound`` ("at least") and its interval open above; where it is the
    reference's, an upper one ("at most") and open below; where it is both, the shift is "unknown"
    and not a number. The interval is for it alone, its sides also open where the draws are.
    """

    label: str
    shift: float
    lower: float
    upper: float
    p_adjusted: float
    bound: Bound

    def words(self) -> str:
        """The shift in points of share: "+4.0", "at most -16.6"."""
        size = "" if self.bound == "unknown" else f"{100.0 * self.shift:+.1f}"
        return f"{self.bound} {size}".strip()


def bound_of(one_open: bool, other_open: bool) -> Bound:
    """What the onset of one less that of the other is, where either is not reached.

    >>> bound_of(True, False), bound_of(False, True)
    ('at least', 'at most')
    """
    if one_open and other_open:
        return "unknown"
    return "at least" if one_open else "at most" if other_open else ""


@dataclass(frozen=True)
class Contrast(Record):
    """One condition against the reference: changes by measure (simultaneous intervals), shift."""

    label: str
    changes: dict[str, Hypothesis]
    shift: OnsetShift | None


@dataclass(frozen=True)
class Contrasts(Record):
    """All conditions against the reference at one family-wise error rate, 1 - ``level``."""

    reference: str
    rows: tuple[Contrast, ...]
    level: float
    method: str
    verdict: str
    notes: tuple[str, ...]


def contrasts_of(
    conditions: list[ConditionRows], *, level: float = 0.95, seed: int = 0
) -> Contrasts | None:
    """Conditions against the first; None where there is none to compare, or no change to see."""
    reference, rest = conditions[0], conditions[1:]
    held = [_held(condition) for condition in conditions]
    if not rest or not held[0] or len(held[0][MEASURES[0]].replicates) < 2:
        return None
    base = held[0]
    notes: list[str] = []
    comparable = []
    for condition, found in zip(rest, held[1:], strict=True):
        if not found or any(
            found[name].replicates != base[name].replicates
            or not np.array_equal(found[name].shares, base[name].shares)
            for name in MEASURES
        ):
            notes.append(f"{condition.label}: not the reference's shares and replicates")
        else:
            comparable.append((condition.label, found))
    if not comparable:
        return None
    try:
        tests = _change_tests(base, comparable, level, seed)
    except InferenceError:  # the claim's windows hold none of the shares
        return None
    first = MEASURES[0]
    others = [(label, found[first]) for label, found in comparable]
    shifts = shifts_of(base[first], others, level, seed)
    rows = tuple(
        Contrast(label, changes, shifts.get(label))
        for (label, _), changes in zip(comparable, _by_condition(tests), strict=True)
    )
    return Contrasts(
        reference.label, rows, level, tests.method, _verdict(rows, level), tuple(notes)
    )


def _held(condition: ConditionRows) -> dict[str, Curves]:
    """Curves of the measures; empty where one cannot be had."""
    try:
        return {
            name: curves(condition.rows, name, replication=condition.replication)
            for name in MEASURES
        }
    except InferenceError:
        return {}


def _change_tests(
    base: dict[str, Curves],
    comparable: list[tuple[str, dict[str, Curves]]],
    level: float,
    seed: int,
) -> SimultaneousTests:
    """Differences of the change between the claim's windows, all measures and conditions."""
    claim = published_claim()
    columns, names = [], []
    for label, found in comparable:
        for name in MEASURES:
            first, second = window_masks(found[name], claim.before, claim.after)
            net = np.array(found[name].values) - np.array(base[name].values)
            columns.append(net[:, second].mean(axis=1) - net[:, first].mean(axis=1))
            names.append(f"{label}: {name}")
    replication = next(iter(base.values())).replication
    return romano_wolf(
        np.column_stack(columns), names, replication=replication, level=level, seed=seed
    )


def _by_condition(tests: SimultaneousTests) -> list[dict[str, Hypothesis]]:
    size = len(MEASURES)
    found = tests.hypotheses
    return [
        dict(zip(MEASURES, found[start : start + size], strict=True))
        for start in range(0, len(found), size)
    ]


def shifts_of(
    base: Curves, others: list[tuple[str, Curves]], level: float, seed: int
) -> dict[str, OnsetShift]:
    """Shift of the benchmark share against ``base``, by label; empty where there is no share."""
    replicates = len(base.replicates)
    weights = replicate_weights(replicates, DRAWS, seed, base.spread_factor)

    try:
        own, own_draws, own_open = common_draws_of(base, weights, LOSS, True, "loss")
        found = {label: common_draws_of(one, weights, LOSS, True, "loss") for label, one in others}
    except InferenceError:
        return {}
    last = float(base.shares[-1])
    bounds = {label: bound_of(found[label][2], own_open) for label in found}
    known = [label for label in found if bounds[label] != "unknown"]
    shifts = {label: found[label][0] - own for label in known}
    adjusted = dict.fromkeys(found, 1.0)
    varying = [label for label in known if np.ptp(found[label][1] - own_draws) > 1e-12]
    if varying:
        tests = romano_wolf_draws(
            np.array([shifts[label] for label in varying]),
            np.column_stack([found[label][1] - own_draws for label in varying]),
            replicates,
            level=level,
            seed=seed,
        )
        adjusted |= {
            label: one.p_adjusted for label, one in zip(varying, tests.hypotheses, strict=True)
        }
    out = {}
    for label, (_, drawn, _) in found.items():
        lower, upper = open_band(drawn, own_draws, last, level)
        bound = bounds[label]
        out[label] = OnsetShift(
            label,
            shifts.get(label, math.nan),
            -math.inf if bound in ("at most", "unknown") else lower,
            math.inf if bound in ("at least", "unknown") else upper,
            adjusted[label],
            bound,
        )
    return out


def open_band(one: Array, other: Array, last: float, level: float) -> tuple[float, float]:
    """Limits of the onset of one less that of the other, of draws (B,) that end at ``last``.

    A draw in which an onset is not reached opens the side to which it may lie.
    """
    shift = one - other
    low, high = np.where(other >= last, -np.inf, shift), np.where(one >= last, np.inf, shift)
    return percentile_band(low, level).lower, percentile_band(high, level).upper


def _size(row: Contrast) -> float:
    """Sorts the largest shift first, and what is not known last."""
    known = row.shift is not None and math.isfinite(row.shift.shift)
    return -abs(row.shift.shift) if row.shift is not None and known else 0.0


def _verdict(rows: tuple[Contrast, ...], level: float) -> str:
    """Which conditions move the onset, and which change rare recall, in words."""
    alpha = 1.0 - level
    moved = [
        f"{row.label} ({row.shift.words()})"
        for row in sorted(rows, key=_size)
        if row.shift is not None and row.shift.p_adjusted <= alpha
    ]
    recall = [
        f"{row.label} ({100 * row.changes['rare_recall'].estimate:+.1f})"
        for row in sorted(rows, key=lambda row: -abs(row.changes["rare_recall"].estimate))
        if row.changes["rare_recall"].rejected
    ]
    onset = (
        f"the onset is moved, in points of share, by {', '.join(moved)}"
        if moved
        else ("no condition is shown to move the onset")
    )
    loss = (
        f"the change of rare recall, in points, by {', '.join(recall)}"
        if recall
        else ("none is shown to alter the change of rare recall")
    )
    return f"{onset}; {loss}"
