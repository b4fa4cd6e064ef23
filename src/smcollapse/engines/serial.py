"""One unit after the other, in this process: the engine of a GPU and of small studies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smcollapse.engines.base import Finished, compute
from smcollapse.store import Store
from smcollapse.units import Unit


def serial(store: Store, units: Sequence[Unit], workers: int) -> Iterator[Finished]:
    """Compute the units in order; `workers` is not used."""
    for unit in units:
        yield compute(store, unit)
