"""What every engine does: compute units into a store, and say which are finished."""

from __future__ import annotations

import importlib.metadata
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from smcollapse.errors import DataError
from smcollapse.simulate import simulate
from smcollapse.store import Store
from smcollapse.units import Unit, data_contents, data_files
from smcollapse.versions import RESULTS_VERSION


@dataclass(frozen=True)
class Finished:
    """A unit whose part is in the store: its cells, seconds of work, peak memory in MiB."""

    n_cells: int
    seconds: float
    peak_mib: float


Engine = Callable[[Store, Sequence[Unit], int], Iterator[Finished]]
"""(store, units to do, number of workers) → the finished units, as they finish."""


def compute(store: Store, unit: Unit) -> Finished:
    """Simulate one unit and write its part.

    One thread a unit: sums are then added in the same order on any number of cores.

    Raises
    ------
    DataError
        If a user's file has changed since the unit was planned.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    start = time.perf_counter()
    try:
        with threadpool_limits(1):
            rows = simulate(unit)
    finally:
        torch.set_num_threads(threads)
    if data_contents(unit.cells) != unit.data:
        names = ", ".join(data_files(unit.cells))
        raise DataError(f"{names}: changed while the study was running: run it again")
    seconds = time.perf_counter() - start
    finished = Finished(len(unit.cells), seconds, _peak_mib())
    store.write(unit, rows, provenance(unit, finished))
    return finished


def provenance(unit: Unit, finished: Finished) -> dict[str, Any]:
    """Where the numbers of a part come from: enough to make them again."""
    packages = ("smcollapse", "numpy", "numba", "torch", "scipy", "scikit-learn")
    return {
        "results_version": RESULTS_VERSION,
        "versions": {name: _version(name) for name in packages},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "device_class": unit.device,
        "device": _device_name(unit.device),
        "seconds": finished.seconds,
        "peak_mib": finished.peak_mib,
        "cells": [
            {
                "scenario": cell.condition.scenario.describe(),
                "replicate": cell.replicate,
                "seed": cell.seed,
            }
            for cell in unit.cells
        ],
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"  # run from a source folder on the path


def _device_name(device: str) -> str:
    import torch

    return torch.cuda.get_device_name() if device == "cuda" else platform.processor() or "cpu"


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024.0 * (1024.0 if sys.platform == "darwin" else 1.0))
