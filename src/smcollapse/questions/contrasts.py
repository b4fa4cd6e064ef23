"""What each condition of a study changes against its reference, corrected for how many are asked.

Conditions share replicates (common random numbers), so that differences are paired. Changes of all
measures in all conditions are one family for Romano & Wolf's step-down; shifts of the benchmark
share, evaluated on common whole-replicate draws, are another.
"""

from __future__ import annotations

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
from smcollapse.inference.effect_sizes.effects import window_masks
from smcollapse.inference.multiplicity.hypotheses import Hypothesis, SimultaneousTests
from smcollapse.inference.onsets.benchmark import common_draws_of
from smcollapse.questions.claim import published_claim
from smcollapse.questions.conditions import ConditionRows

MEASURES = ("rare_recall", "mean_confidence", "ece")
LOSS = 0.10
DRAWS = 999


@dataclass(frozen=True)
class OnsetShift(Record):
    """Shift of the benchmark share against the reference, in units of the share.

    ``band`` for it alone; ``censored``: one of the two does not reach the loss and counts with the
    largest share, so that the true shift is larger in size.
    """

    label: str
    shift: float
    lower: float
    upper: float
    p_adjusted: float
    censored: bool


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
    shifts = {label: value - own for label, (value, _, _) in found.items()}
    draws = np.column_stack([drawn - own_draws for _, drawn, _ in found.values()])
    adjusted = np.ones(len(shifts))
    varies = np.ptp(draws, axis=0) > 1e-12
    if varies.any():
        tests = romano_wolf_draws(
            np.array(list(shifts.values()))[varies],
            draws[:, varies],
            replicates,
            level=level,
            seed=seed,
        )
        adjusted[varies] = [one.p_adjusted for one in tests.hypotheses]
    out = {}
    for number, (label, shift) in enumerate(shifts.items()):
        band = percentile_band(draws[:, number], level)
        out[label] = OnsetShift(
            label,
            shift,
            band.lower,
            band.upper,
            float(adjusted[number]),
            own_open or found[label][2],
        )
    return out


def _verdict(rows: tuple[Contrast, ...], level: float) -> str:
    """Which conditions move the onset, and which change rare recall, in words."""
    alpha = 1.0 - level
    moved = [
        f"{row.label} ({'at least ' if row.shift.censored else ''}{100 * row.shift.shift:+.1f})"
        for row in sorted(rows, key=lambda row: -abs(row.shift.shift) if row.shift else 0.0)
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
