"""Onset and loss at every point of a grid: row by row, in further processes if need be."""

from __future__ import annotations

import math
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from smcollapse.engines.processes import start_worker, stop_workers
from smcollapse.errors import SmcollapseError
from smcollapse.questions.onsets import onset_share
from smcollapse.questions.phases.axes import Axis
from smcollapse.questions.predict import RESPONSE, change_of
from smcollapse.scenario import Scenario
from smcollapse.study import replaced
from smcollapse.theories import Theory

PATIENCE = 5.0
"""Seconds of work that are left below which no other process is started."""

Floats = npt.NDArray[np.float64]
Windows = tuple[tuple[float, float], tuple[float, float]]
Progress = Callable[[int, int], None]
"""(rows of the grid done, rows in all)"""

INVALID, SILENT, NO_NUMBER = "not valid together", "outside the theory", "without a number"


@dataclass(frozen=True)
class Task:
    """What is worked out at every point of a grid; `base` is the own scenario as plain data."""

    theory: Theory
    base: dict[str, Any]
    x: Axis
    y: Axis
    shares: Floats
    windows: Windows


class Point(NamedTuple):
    """One point: as in `PhaseDiagram`; why it has no onset, as a kind and in words."""

    onset: float
    loss: float
    doubtful: bool
    missing: tuple[str, str] | None


Row = list[Point]


def point(task: Task, settings: dict[str, int | float]) -> Point:
    """Onset and loss of the study's own scenario with those settings changed."""
    try:
        scenario = Scenario.model_validate(replaced(task.base, settings))
    except ValidationError as error:
        message = str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
        return Point(math.nan, math.nan, False, (INVALID, message))
    if reasons := task.theory.applies(scenario):
        return Point(math.nan, math.nan, False, (SILENT, "; ".join(reasons)))
    values = _rare_recall(task.theory, scenario, task.shares)
    change = change_of(task.shares, values, *task.windows)
    onset = _onset(task.shares, values)
    return Point(
        onset=onset,
        loss=math.nan if change is None else -change.points,
        doubtful=bool(task.theory.doubts(scenario, task.shares)),
        missing=(NO_NUMBER, "the loss or the level it is lost from is unknown")
        if math.isnan(onset)
        else None,
    )


def _rare_recall(theory: Theory, scenario: Scenario, shares: Floats) -> Floats:
    """Rare recall at each share (S,), by the theory's short way where it has one."""
    short: Callable[[Scenario, Floats], Floats] | None = getattr(theory, "rare_recall_curve", None)
    if short is not None:
        return short(scenario, shares)
    return theory.curve(scenario, shares).measures[RESPONSE]


def _onset(shares: Floats, values: Floats) -> float:
    """Onset of what is known of a curve; not "not reached" where the rest is not known."""
    known = np.isfinite(values)
    if known.all():
        return onset_share(shares, values)
    if not known[0] or known.sum() < 3:
        return math.nan
    onset = onset_share(shares[known], values[known])
    return onset if math.isfinite(onset) else math.nan


def _row(task: Task, number: int) -> Row:
    """The points of one value of y, by its number."""
    below = {task.y.path: task.y.setting(task.y.points[number])}
    return [point(task, {task.x.path: task.x.setting(x), **below}) for x in task.x.points]


def all_rows(task: Task, workers: int, progress: Progress | None) -> list[Row]:
    """Every row: here, and in further processes once much work is seen to be left."""
    total = len(task.y.points)
    rows: list[Row] = []
    start = time.perf_counter()
    while len(rows) < total:
        rows.append(_row(task, len(rows)))
        if progress is not None:
            progress(len(rows), total)
        left = total - len(rows)
        if workers > 1 and left > 1:
            expected = (time.perf_counter() - start) / len(rows) * left
            if expected > PATIENCE:
                return rows + _in_processes(task, range(len(rows), total), workers, progress)
    return rows


def _in_processes(task: Task, numbers: range, workers: int, progress: Progress | None) -> list[Row]:
    """Those rows, in order, from spawned processes."""
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        max_workers=min(workers, len(numbers)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=start_worker,
    )
    try:
        futures = [pool.submit(_row, task, number) for number in numbers]
        for done, future in enumerate(as_completed(futures), start=numbers.start + 1):
            future.result()
            if progress is not None:
                progress(done, numbers.stop)
    except BrokenProcessPool:
        stop_workers(pool, others)
        raise SmcollapseError(
            "a worker process was lost (out of memory?): run again with --workers 1"
        ) from None
    except BaseException:
        stop_workers(pool, others)
        raise
    pool.shutdown()
    return [future.result() for future in futures]
