"""Descents of a calibration: towards all targets, and towards fewer where not all can be met."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from smcollapse.questions.calibration.found import subsets
from smcollapse.questions.calibration.search import Points, Problem, Workers, joined
from smcollapse.theories.base import Floats

STARTS = 48
"""Descents from the best worlds of the box towards all targets."""

ROUNDS = 3
"""Rounds of descents: of those that have not arrived, the nearest half goes on."""

SUBSET_STARTS = 4
"""Descents towards each combination of targets, where not all can be met."""


def descended(
    problem: Problem, box: Points, everyone: tuple[int, ...], pool: Workers
) -> tuple[Points, list[Points]]:
    """The worlds within tolerance where descents ended, and all worlds on their way."""
    starts = _best(box, everyone, STARTS)
    arrived, found = [], []
    for _ in range(ROUNDS):
        descents = pool.refine(problem, starts, everyone)
        found += descents
        ends = joined([descent.take([-1]) for descent in descents])
        inside = ends.worst <= 1.0
        arrived.append(ends.take(np.flatnonzero(inside)))
        left = np.flatnonzero(~inside)
        nearest_first = left[np.argsort(ends.worst[left], kind="stable")]
        starts = ends.places[nearest_first[: len(left) // 2]]
        if not len(starts):
            break
    return joined(arrived), found


def apart(problem: Problem, so_far: Points, pool: Workers) -> list[Points]:
    """Descents towards every combination of targets, where not all can be met together.

    They lower the largest miss: a high power of the misses stands for the largest. From single
    targets on upwards; what holds two that exclude each other is not tried again.
    """
    everyone = tuple(range(len(problem.targets)))
    found = [so_far]
    unmet: list[set[int]] = []
    for subset in [*reversed(subsets(len(everyone))[1:]), everyone]:
        holds_unmet = any(fewer < set(subset) for fewer in unmet)
        for power in (4.0,) if subset == everyone else () if holds_unmet else (1.0, 4.0):
            if not _met(found, subset):
                starts = _best(joined(found), subset, SUBSET_STARTS)
                found += pool.refine(problem, starts, subset, power)
        if not _met(found, subset):
            unmet.append(set(subset))
    return found[1:]


def _met(found: Sequence[Points], subset: tuple[int, ...]) -> bool:
    """Whether one of those worlds meets those targets."""
    columns = list(subset)
    return any((np.abs(part.misses[:, columns]).max(axis=1) <= 1.0).any() for part in found)


def _best(points: Points, subset: tuple[int, ...], n: int) -> Floats:
    """(n, D) places of the worlds with the smallest sum of squared misses of those targets."""
    size = (points.misses[:, list(subset)] ** 2).sum(axis=1)
    return np.asarray(points.places[np.argsort(size, kind="stable")[:n]])
