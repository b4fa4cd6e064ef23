"""Several processes on one machine, one thread each; a lost worker costs its own unit only."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess

from smcollapse.engines.base import Finished, compute
from smcollapse.errors import SmcollapseError
from smcollapse.store import Store
from smcollapse.store.files import remove_stale
from smcollapse.units import Unit

MAX_LOST = 3
"""Times that the pool is built again after a worker was lost."""


def processes(store: Store, units: Sequence[Unit], workers: int) -> Iterator[Finished]:
    """Compute the units in `workers` processes, in any order.

    Workers are spawned, never forked: a forked child of a process with running threads can hang.

    Raises
    ------
    SmcollapseError
        If workers are lost again and again, as happens when memory runs out.
    """
    lost = 0
    others = set(multiprocessing.active_children())
    while todo := [unit for unit in units if not store.part(unit.key).exists()]:
        broken = False
        pool = ProcessPoolExecutor(
            max_workers=min(workers, len(todo)),
            mp_context=multiprocessing.get_context("spawn"),
            initializer=start_worker,
        )
        try:
            futures = [pool.submit(compute, store, unit) for unit in dealt(todo, workers)]
            for future in as_completed(futures):
                try:
                    finished = future.result()
                except BrokenProcessPool:
                    broken = True
                else:
                    yield finished
        except BaseException:
            stop_workers(pool, others)
            raise
        pool.shutdown(wait=True, cancel_futures=True)
        if broken:
            remove_stale(store.folder)
        lost += broken
        if lost > MAX_LOST:
            raise SmcollapseError(
                f"worker processes were lost {lost} times (out of memory?): run again with "
                "fewer --workers; finished units are kept"
            )


def dealt(units: Sequence[Unit], workers: int) -> list[Unit]:
    """The units in an order in which a worker mostly meets one replicate after the other.

    What is fitted on a replicate's real data, such as a generator of text, is then mostly fitted
    once. Replicates are taken `workers` at a time, one unit of each in turn.
    """
    turn: dict[int, int] = {}
    numbered = []
    for unit in units:
        replicate = unit.cells[0].replicate
        turn[replicate] = turn.get(replicate, -1) + 1
        numbered.append(((replicate // workers, turn[replicate], replicate), unit))
    return [unit for _, unit in sorted(numbered, key=lambda item: item[0])]


def stop_workers(pool: ProcessPoolExecutor, others: set[BaseProcess]) -> None:
    """End the workers at once: what they have not finished will be done when resuming."""
    pool.shutdown(wait=False, cancel_futures=True)
    for child in set(multiprocessing.active_children()) - others:
        child.terminate()


def start_worker() -> None:
    """Leave Ctrl-C to the parent, and end with it however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
