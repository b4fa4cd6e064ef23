"""What a search found: which targets can be met together, and by which worlds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from smcollapse.inference import Record
from smcollapse.questions.calibration.search import Points, Problem
from smcollapse.questions.calibration.space import SHARES, Knob
from smcollapse.questions.calibration.targets import Target
from smcollapse.theories import CATALOG
from smcollapse.theories.base import Floats

STRONG = 0.6
"""Rank correlations from this size on are reported."""


@dataclass(frozen=True)
class World(Record):
    """One world: the settings that were searched, outcomes and misses by target, doubts.

    misses : signed, in tolerances
    doubts : how it leaves the domain in which the theory was measured to hold
    """

    settings: dict[str, float | int]
    outcomes: dict[str, float]
    misses: dict[str, float]
    worst: float
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class Combination(Record):
    """Some of the targets together.

    met : whether a world was found that meets all of them
    share_of_box : share of the quasi-random worlds of the box that do
    miss    : the smallest largest miss of these targets, in tolerances
    closest : the world that has it
    """

    targets: tuple[str, ...]
    met: bool
    miss: float
    share_of_box: float
    closest: World


@dataclass(frozen=True)
class Extent(Record):
    """Range of one setting within the set of worlds that meet all targets.

    low, high       : smallest and largest value that was found: the set reaches at least so far
    q05, median, q95 : quantiles of the walk within the set
    width           : q95 − q05 over that of the box, on the scale of the search: 1 where the
                      targets say nothing about the setting, 0 where they settle it
    """

    path: str
    box: tuple[float, float]
    scale: str
    low: float
    q05: float
    median: float
    q95: float
    high: float
    width: float


@dataclass(frozen=True)
class Correlation(Record):
    """Rank correlation of two settings within the set."""

    first: str
    second: str
    value: float


def world_at(problem: Problem, points: Points, row: int) -> World:
    """One of the evaluated worlds."""
    names = [target.name for target in problem.targets]
    place = points.places[row]
    doubts = CATALOG[problem.theory].doubts(problem.box.scenario(place), SHARES)
    return World(
        settings=problem.box.settings(place),
        outcomes=dict(zip(names, points.outcomes[row].tolist(), strict=True)),
        misses=dict(zip(names, points.misses[row].tolist(), strict=True)),
        worst=float(points.worst[row]),
        doubts=doubts,
    )


def subsets(n: int) -> list[tuple[int, ...]]:
    """All combinations of n targets, from the largest to single ones."""
    return [subset for size in range(n, 0, -1) for subset in itertools.combinations(range(n), size)]


def combinations(problem: Problem, box: Points, everything: Points) -> tuple[Combination, ...]:
    """Every combination of targets: can it be met?

    box : the quasi-random worlds; everything : all worlds that were evaluated, those included
    """
    return tuple(_combination(problem, box, everything, s) for s in subsets(len(problem.targets)))


def _combination(
    problem: Problem, box: Points, everything: Points, subset: tuple[int, ...]
) -> Combination:
    columns = list(subset)
    worst = np.abs(everything.misses[:, columns]).max(axis=1)
    closest = int(np.argmin(worst))
    return Combination(
        targets=tuple(problem.targets[i].name for i in subset),
        met=bool(worst[closest] <= 1.0),
        miss=float(worst[closest]),
        share_of_box=float((np.abs(box.misses[:, columns]).max(axis=1) <= 1.0).mean()),
        closest=world_at(problem, everything, closest),
    )


def extents(knobs: Sequence[Knob], inside: Floats, walk: Floats) -> tuple[Extent, ...]:
    """Extent of every setting; inside (n, D) are all places of the set, walk (m, D) the walk's."""
    found = []
    for column, knob in enumerate(knobs):
        q05, median, q95 = np.quantile(walk[:, column], [0.05, 0.5, 0.95]).tolist()
        found.append(
            Extent(
                path=knob.path,
                box=(knob.lower, knob.upper),
                scale=knob.scale,
                low=knob.value(float(inside[:, column].min())),
                q05=knob.value(q05),
                median=knob.value(median),
                q95=knob.value(q95),
                high=knob.value(float(inside[:, column].max())),
                width=(q95 - q05) / 0.9,
            )
        )
    return tuple(found)


def correlations(knobs: Sequence[Knob], walk: Floats) -> tuple[Correlation, ...]:
    """Pairs of settings with a strong rank correlation in the walk (m, D), strongest first."""
    ranks = np.apply_along_axis(rankdata, 0, walk)
    moving = np.ptp(ranks, axis=0) > 0
    found = np.zeros((len(knobs), len(knobs)))
    found[np.ix_(moving, moving)] = np.atleast_2d(np.corrcoef(ranks[:, moving], rowvar=False))
    pairs = (
        Correlation(knobs[i].path, knobs[j].path, float(found[i, j]))
        for i, j in itertools.combinations(range(len(knobs)), 2)
        if abs(found[i, j]) >= STRONG
    )
    return tuple(sorted(pairs, key=lambda pair: -abs(pair.value)))


def table_rows(
    targets: Sequence[Target], knobs: Sequence[Knob], points: Points, stages: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Every world as a row: how it was found, settings, outcomes, largest miss."""
    for row, stage in enumerate(stages):
        places = zip(knobs, points.places[row], strict=True)
        outcomes = zip(targets, points.outcomes[row], strict=True)
        yield {
            "stage": stage,
            **{knob.path: knob.value(float(place)) for knob, place in places},
            **{target.name: float(value) for target, value in outcomes},
            "worst_miss": float(points.worst[row]),
        }
