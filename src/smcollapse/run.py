"""Do what is missing of a study."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from smcollapse.engines import CATALOG, Finished
from smcollapse.errors import DeviceError
from smcollapse.sources import fit
from smcollapse.store import MARKER, Store, create_store, open_store
from smcollapse.study import DeviceClass, Study
from smcollapse.worlds import world_of

Device = Literal["auto", "cpu", "cuda"]
Progress = Callable[[int, int, Finished | None], None]
"""(cells done, cells in all, the unit that just finished or None at the start)."""


@dataclass(frozen=True)
class Run:
    """What a run did.

    computed : models trained by this run; the others were in the store already
    peak_mib : largest memory of a worker process that this run saw, 0 if none was needed
    """

    store: Store
    computed: int
    seconds: float
    peak_mib: float


def run_study(
    study: Study,
    folder: Path,
    *,
    device: Device = "auto",
    workers: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Compute the missing units of a study into a folder; run it again to resume.

    Raises
    ------
    StoreError
        If the folder cannot be used.
    DeviceError
        If a CUDA device is asked for and there is none.
    StudyError, DataError
        If the study's data cannot be used.
    """
    chosen = device_class(device, folder)
    if not (folder / MARKER).exists():
        check_sources(study)
    store = create_store(folder, study, chosen)
    start = time.perf_counter()
    todo = store.missing()
    done, total = store.count()
    computed, peak = 0, 0.0
    if progress is not None:
        progress(done, total, None)
    if todo:
        n = min(workers or cores(), len(todo))
        serially = n == 1 or any(unit.device == "cuda" for unit in todo)
        for finished in CATALOG["serial" if serially else "processes"](store, todo, n):
            computed += finished.n_cells
            peak = max(peak, finished.peak_mib)
            if progress is not None:
                progress(done + computed, total, finished)
    return Run(store, computed, time.perf_counter() - start, peak)


def check_sources(study: Study) -> None:
    """Read every file of synthetic rows once, before a folder is made for the results.

    Raises
    ------
    DataError
        If one cannot be used with its table.
    """
    scenarios = [condition.scenario for condition in study.conditions()]
    files = [(s.source, s.world) for s in scenarios if s.source.kind == "file"]
    for source, world in dict.fromkeys(files):
        fit(source, world_of(world), study.seed, 0).sample(1)


def cores() -> int:
    """Number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def device_class(device: Device, folder: Path) -> DeviceClass:
    """The class of device to train on: as asked, or for `auto` that of the folder, or the best.

    Raises
    ------
    DeviceError
        If it is CUDA and there is none.
    """
    if device == "cpu":
        return "cpu"
    import torch

    available = torch.cuda.is_available()
    wanted: DeviceClass = "cuda" if device == "cuda" or available else "cpu"
    if device == "auto" and (folder / MARKER).exists():
        wanted = open_store(folder).device
    if wanted == "cuda" and not available:
        raise DeviceError("no CUDA device on this machine: write --device cpu and another --out")
    return wanted
