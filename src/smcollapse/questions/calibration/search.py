"""The search of a calibration: quasi-Monte Carlo over the box, refinement, a walk within the set.

Places are points of the unit cube (see `space.py`). Settings are rounded and whole numbers
step, so predictions are not smooth at the smallest scale: derivatives are differences over `STEP`.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from scipy.optimize import least_squares
from scipy.stats import qmc

from smcollapse.engines.processes import start_worker
from smcollapse.errors import TheoryError
from smcollapse.inference import Record
from smcollapse.questions.calibration.space import SHARES, Box
from smcollapse.questions.calibration.targets import Estimand, Target, misses, outcome
from smcollapse.theories import CATALOG, MEASURES
from smcollapse.theories.base import Floats

STEP = 0.01
ITERATIONS = 10
ARRIVED = 0.25
"""A descent ends where the largest miss is below this, in tolerances."""

CHUNK = 32


class _Arrived(Exception):
    """The descent has nothing left to do."""


@dataclass(frozen=True)
class Problem(Record):
    """What is searched: predictions of a theory over a box, against targets."""

    theory: str
    box: Box
    targets: tuple[Target, ...]
    estimand: Estimand


@dataclass(frozen=True, eq=False)
class Points:
    """Evaluated worlds: places (n, D), predicted measures (n, M, S), outcomes and misses (n, T)."""

    places: Floats
    measures: Floats
    outcomes: Floats
    misses: Floats

    @property
    def worst(self) -> Floats:
        """(n,) the largest |miss| of each world, in tolerances."""
        return np.asarray(np.abs(self.misses).max(axis=1))

    def __len__(self) -> int:
        return len(self.places)

    def take(self, rows: Sequence[int] | np.ndarray) -> Points:
        """Those rows."""
        return Points(
            self.places[rows], self.measures[rows], self.outcomes[rows], self.misses[rows]
        )


def joined(parts: Sequence[Points]) -> Points:
    """All points of all parts, in order."""
    return Points(
        np.concatenate([part.places for part in parts]),
        np.concatenate([part.measures for part in parts]),
        np.concatenate([part.outcomes for part in parts]),
        np.concatenate([part.misses for part in parts]),
    )


def predicted(theory: str, box: Box, places: Floats) -> Floats:
    """(n, M, S) measures of the worlds at those places, NaN where the theory does not apply."""
    found = np.full((len(places), len(MEASURES), len(SHARES)), np.nan)
    for row, place in enumerate(places):
        try:
            curve = CATALOG[theory].quick_curve(box.scenario(place), SHARES)
        except TheoryError:
            continue
        found[row] = [curve.measures[name] for name in MEASURES]
    return found


def judged(problem: Problem, places: Floats, measures: Floats) -> Points:
    """Those predictions against the problem's targets."""
    shares = np.array(SHARES)
    outcomes = np.array(
        [
            [outcome(target, shares, world, problem.estimand) for target in problem.targets]
            for world in measures
        ]
    )
    return Points(places, measures, outcomes, misses(problem.targets, outcomes))


def evaluated(problem: Problem, places: Floats) -> Points:
    """Predictions at those places (n, D) against the targets."""
    return judged(problem, places, predicted(problem.theory, problem.box, places))


def refined(problem: Problem, start: Floats, subset: tuple[int, ...], power: float = 1.0) -> Points:
    """All worlds on the way of a least-squares descent of the misses of some targets.

    Residuals are misses to that power, with their sign. The last row is where the descent ended.
    """
    seen: list[Points] = []
    columns = list(subset)

    def residuals(points: Points) -> Floats:
        found = points.misses[:, columns]
        return np.asarray(np.sign(found) * np.abs(found) ** power)

    def miss(place: Floats) -> Floats:
        seen.append(evaluated(problem, place[None]))
        if np.abs(seen[-1].misses[0, columns]).max() <= ARRIVED:
            raise _Arrived
        return np.asarray(residuals(seen[-1])[0])

    def slopes(place: Floats) -> Floats:
        steps = np.where(place > 0.5, -STEP, STEP)
        around = evaluated(problem, place + np.diag(steps))
        here = evaluated(problem, place[None])
        seen.append(around)
        change = residuals(around) - residuals(here)
        return np.asarray((change / steps[:, None]).T)

    inside = np.clip(start, 1e-3, 1.0 - 1e-3)
    with contextlib.suppress(_Arrived):
        found = least_squares(
            miss, inside, slopes, bounds=(0.0, 1.0), max_nfev=ITERATIONS, xtol=1e-4, ftol=1e-4
        )
        seen.append(evaluated(problem, found.x[None]))
    return joined(seen)


class Workers:
    """Where predictions are computed: this process, or several of one machine."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        if self.n > 1:
            self.pool = ProcessPoolExecutor(
                self.n, multiprocessing.get_context("spawn"), initializer=start_worker
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.pool is not None:
            self.pool.shutdown(wait=error is None, cancel_futures=True)

    def predict(self, theory: str, box: Box, places: Floats) -> Floats:
        """`predicted`, in the order of the places whatever the number of workers."""
        if self.pool is None:
            return predicted(theory, box, places)
        size = max(1, min(CHUNK, math.ceil(len(places) / self.n)))
        chunks = [places[start : start + size] for start in range(0, len(places), size)]
        futures = [self.pool.submit(predicted, theory, box, chunk) for chunk in chunks]
        return np.concatenate([future.result() for future in futures])

    def refine(
        self, problem: Problem, starts: Floats, subset: tuple[int, ...], power: float = 1.0
    ) -> list[Points]:
        """`refined` from every start, in their order."""
        if self.pool is None:
            return [refined(problem, start, subset, power) for start in starts]
        futures = [self.pool.submit(refined, problem, start, subset, power) for start in starts]
        return [future.result() for future in futures]


def spread_places(dimension: int, n: int, seed: int) -> Floats:
    """(n, D) scrambled Halton points of the unit cube (Owen 2017)."""
    return np.asarray(qmc.Halton(dimension, scramble=True, rng=seed).random(n))


def walked(
    problem: Problem, members: Points, n: int, seed: int, predict: Callable[[Floats], Floats]
) -> tuple[Points, float]:
    """A walk of about n worlds within the set of worlds that meet all targets, and its acceptance.

    Differential-evolution Markov chains (ter Braak 2006) from those members, uniform over the
    set: a member moves along the difference of two others where the new world meets all targets.
    Rows are the states of all chains after each generation, repeated states included.
    """
    rng = np.random.default_rng(seed)
    chains, states, accepted = members, [members], 0
    size, dimension = members.places.shape
    generations = max(1, n // size)
    for _ in range(generations):
        # Differences of two others, at random scales: large ones cross the set, small ones fit it.
        others = np.array([rng.choice(size - 1, 2, replace=False) for _ in range(size)])
        others += others >= np.arange(size)[:, None]
        scale = 10.0 ** rng.uniform(-2.0, 0.0, (size, 1))
        jump = chains.places[others[:, 0]] - chains.places[others[:, 1]]
        # Without steps of its own a walk would stay in the span of the members it starts from.
        noise = rng.normal(0.0, 1.0, (size, dimension)) * 10.0 ** rng.uniform(-3.5, -1.5, (size, 1))
        trial = _reflected(chains.places + scale * jump + noise)
        found = judged(problem, trial, predict(trial))
        moved = found.worst <= 1.0
        accepted += int(moved.sum())
        rows = np.where(moved, size + np.arange(size), np.arange(size))
        chains = joined([chains, found]).take(rows)
        states.append(chains)
    return joined(states), accepted / (generations * size)


def _reflected(places: Floats) -> Floats:
    """Places outside the unit cube, mirrored at its walls."""
    folded = np.mod(places, 2.0)
    return np.asarray(np.where(folded > 1.0, 2.0 - folded, folded))
