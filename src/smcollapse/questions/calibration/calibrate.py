"""Which worlds give these numbers? The inverse of prediction, answered with a set of worlds.

One optimum would say little: several settings can compensate each other. So the box of worlds is
covered with quasi-random points, the best are refined, and where all targets can be met a walk
explores the set of worlds that meet them. Where they cannot, the answer is which of them exclude
each other, and by how much.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from smcollapse.errors import SmcollapseError, nearest
from smcollapse.inference import Record, to_plain
from smcollapse.questions.calibration.descents import apart, descended
from smcollapse.questions.calibration.found import (
    Combination,
    Correlation,
    Extent,
    World,
    combinations,
    correlations,
    extents,
    table_rows,
    world_at,
)
from smcollapse.questions.calibration.search import (
    Points,
    Problem,
    Workers,
    joined,
    judged,
    predicted,
    spread_places,
    walked,
)
from smcollapse.questions.calibration.space import BOXES, Box, study_of
from smcollapse.questions.calibration.targets import Estimand, Reading, Target, own_targets
from smcollapse.questions.calibration.words import identified_text, met_text, unmet_text
from smcollapse.run import cores
from smcollapse.scenario import Scenario
from smcollapse.study import Study
from smcollapse.theories.base import Floats

MIN_CHAINS = 8
"""A walk needs a few worlds to take differences of."""


@dataclass(frozen=True, eq=False)
class Calibration(Record):
    """The worlds of one theory's box that meet the targets, in one reading of them.

    combinations : every combination of targets, all of them together first
    n_inside     : evaluated worlds that meet all targets; 0: the set is empty as far as was seen
    best         : the world with the smallest largest miss, one without doubts if there is one
    undoubted    : share of the worlds of the walk about which the theory has no doubts
    acceptance   : of the walk, NaN without one
    inside       : the worlds that meet all targets, nearest first; `closest` the nearest of all
    best_measures : (M, S) predicted measures of the best world
    table        : every evaluated world as a row (not in the record's plain form)
    """

    theory: str
    reading: str
    estimand: str
    targets: tuple[Target, ...]
    box: Box
    n_points: int
    n_inside: int
    combinations: tuple[Combination, ...]
    best: World
    extents: tuple[Extent, ...]
    correlations: tuple[Correlation, ...]
    undoubted: float
    acceptance: float
    seconds: float
    text: str
    inside: Points
    closest: Points
    best_measures: Floats
    table: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Plain data, without the evaluated worlds."""
        left_out = ("inside", "closest", "best_measures", "table")
        names = [name for name in self.__dataclass_fields__ if name not in left_out]
        return {name: to_plain(getattr(self, name)) for name in names}

    @property
    def study(self) -> Study:
        """The study that trains the best world."""
        return study_of(
            Scenario.model_validate(self.box.fixed(self.best.settings).base),
            "calibrated",
            "A world whose predictions come closest to the targets",
            self.text,
        )


def calibrate(
    theory: str = "counts",
    readings: Sequence[Reading] = ("points", "relative"),
    *,
    values: Mapping[str, float] | None = None,
    tolerances: Mapping[str, float] | None = None,
    estimand: Estimand = "benchmark",
    fix: Mapping[str, Any] | None = None,
    points: int = 4000,
    seed: int = 1,
    workers: int | None = None,
) -> tuple[Calibration, ...]:
    """The worlds whose predictions meet the targets, one answer per reading.

    Parameters
    ----------
    values, tolerances : by target name; by default those of the published claim
    estimand : what is meant by the onset
    fix : settings that are given instead of searched, by path
    points : quasi-random worlds, and about as many steps of the walk

    Raises
    ------
    SmcollapseError
        For an unknown theory, target or setting.
    """
    if theory not in BOXES:
        raise SmcollapseError(
            f"no calibration for theory '{theory}'{nearest(theory, BOXES)}: "
            f"there is one for {', '.join(BOXES)}"
        )
    box = BOXES[theory]().fixed(fix or {})
    if not box.knobs:
        raise SmcollapseError("every setting is fixed: nothing is left to search")
    problems = {
        reading: Problem(
            theory, box, own_targets(reading, values or {}, tolerances or {}), estimand
        )
        for reading in readings
    }
    start = time.perf_counter()
    with Workers(workers or cores()) as pool:
        places = spread_places(len(box.knobs), points, seed)
        measures = pool.predict(theory, box, places)
        covered = time.perf_counter() - start
        return tuple(
            _calibration(problem, reading, judged(problem, places, measures), seed, pool, covered)
            for reading, problem in problems.items()
        )


def _calibration(
    problem: Problem, reading: str, box: Points, seed: int, pool: Workers, covered: float
) -> Calibration:
    start = time.perf_counter()
    everyone = tuple(range(len(problem.targets)))
    members, descents = descended(problem, box, everyone, pool)
    found, stages = [box, *descents], ["box", *["descent"] * len(descents)]
    walk, acceptance = members, float("nan")
    if len(members) >= MIN_CHAINS:
        states, acceptance = walked(
            problem,
            members,
            len(box),
            seed,
            lambda places: pool.predict(problem.theory, problem.box, places),
        )
        walk = states.take(np.arange(len(states) // 2, len(states)))
        found.append(states)
        stages.append("walk")
    elif not len(members):
        found += apart(problem, joined(found), pool)
        stages += ["descent"] * (len(found) - len(stages))
    return _summary(
        problem,
        reading,
        box,
        found,
        stages,
        walk,
        acceptance,
        covered + time.perf_counter() - start,
    )


def _summary(
    problem: Problem,
    reading: str,
    box: Points,
    found: Sequence[Points],
    stages: Sequence[str],
    walk: Points,
    acceptance: float,
    seconds: float,
) -> Calibration:
    """What was found, in figures and words; `stages` names the origin of each part of it."""
    everything, knobs = joined(found), problem.box.knobs
    named = [stage for stage, part in zip(stages, found, strict=True) for _ in range(len(part))]
    order = np.argsort(everything.worst, kind="stable")
    inside = everything.take(order[everything.worst[order] <= 1.0])
    best, undoubted = _chosen(problem, inside if len(inside) else everything.take(order[:1]), walk)
    together = combinations(problem, box, everything)
    went = "walk" in stages
    ranges = extents(knobs, inside.places, walk.places) if went else ()
    words = (
        [met_text(len(inside), best, problem.targets, undoubted), identified_text(ranges)]
        if len(inside)
        else [unmet_text(together, problem.targets)]
    )
    return Calibration(
        theory=problem.theory,
        reading=reading,
        estimand=problem.estimand,
        targets=problem.targets,
        box=problem.box,
        n_points=len(everything),
        n_inside=len(inside),
        combinations=together,
        best=best,
        extents=ranges,
        correlations=correlations(knobs, walk.places) if went else (),
        undoubted=undoubted,
        acceptance=acceptance,
        seconds=seconds,
        text=" ".join(text for text in words if text),
        inside=inside,
        closest=everything.take(order[:1]),
        best_measures=predicted(problem.theory, problem.box, _place_of(problem.box, best)[None])[0],
        table=pd.DataFrame(table_rows(problem.targets, knobs, everything, named)),
    )


def _place_of(box: Box, world: World) -> Floats:
    return np.array([knob.place(world.settings[knob.path]) for knob in box.knobs])


def _chosen(problem: Problem, ordered: Points, walk: Points) -> tuple[World, float]:
    """The first world without doubts, else the first; the undoubted share of the walk."""
    ends = walk.take(np.linspace(0, len(walk) - 1, min(len(walk), 200)).astype(int))
    shares = [not world_at(problem, ends, row).doubts for row in range(len(ends))]
    worlds = (world_at(problem, ordered, row) for row in range(min(len(ordered), 500)))
    first = world_at(problem, ordered, 0)
    best = next((world for world in worlds if not world.doubts), first)
    return best, float(np.mean(shares)) if shares else float(not first.doubts)
