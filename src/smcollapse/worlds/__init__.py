"""Worlds: where real data come from, one file each. To add one, add a file and a line below."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from smcollapse.settings import WorldSettings
from smcollapse.worlds.base import World
from smcollapse.worlds.clusters import Clusters, consensus_class
from smcollapse.worlds.facts import Facts
from smcollapse.worlds.rows import Inputs, Rows
from smcollapse.worlds.table import Table

CATALOG: dict[str, Callable[[Any], World]] = {
    "facts": Facts,
    "clusters": Clusters,
    "table": Table,
}


@lru_cache(maxsize=8)
def world_of(settings: WorldSettings) -> World:
    """The world of those settings; a table is read and clustered once."""
    return CATALOG[settings.kind](settings)


__all__ = [
    "CATALOG",
    "Clusters",
    "Facts",
    "Inputs",
    "Rows",
    "Table",
    "World",
    "consensus_class",
    "world_of",
]
