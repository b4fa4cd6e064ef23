"""What is trained for the verification, each study in a folder of its own, resumed if stopped."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

import pandas as pd

from smcollapse.run import run_study
from smcollapse.study import Study

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "results" / "verification"

_In = TypeVar("_In")
_Out = TypeVar("_Out")


def trained(study: Study, workers: int = 1) -> pd.DataFrame:
    """The tidy table of that study, of which only what is missing is trained, on the CPU."""
    folder = RESULTS / study.name.partition("-")[0] / study.name
    return run_study(study, folder, device="cpu", workers=workers).store.table()


def each(
    title: str, function: Callable[[_In], _Out], items: Sequence[_In], workers: int
) -> list[_Out]:
    """The function of every item, in that many processes; says how far it has come."""
    start, found = time.perf_counter(), []
    for value in _results(function, items, workers):
        found.append(value)
        minutes = (time.perf_counter() - start) / 60.0
        end = "\n" if len(found) == len(items) else ""
        text = f"\r{title}: {len(found)} of {len(items)}, {minutes:.1f} min"
        print(text, end=end, file=sys.stderr, flush=True)
    return found


def _results(function: Callable[[_In], _Out], items: Iterable[_In], workers: int) -> Iterator[_Out]:
    if workers == 1:
        yield from map(function, items)
        return
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(function, items)
