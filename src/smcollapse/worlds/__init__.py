"""Worlds: where real data come from, one file each. To add one, add a file and a line below."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from smcollapse.errors import StudyError
from smcollapse.settings import TableWorld, WorldSettings
from smcollapse.worlds.base import World
from smcollapse.worlds.clusters import Clusters, consensus_class
from smcollapse.worlds.facts import Facts
from smcollapse.worlds.reading import fingerprint
from smcollapse.worlds.rows import Inputs, Rows
from smcollapse.worlds.table import Table

CATALOG: dict[str, Callable[[Any], World]] = {
    "facts": Facts,
    "clusters": Clusters,
    "table": Table,
}


MINIMUM_RARE = 5
"""Rare test rows, on average, below which rare recall says nothing."""


def world_of(settings: WorldSettings) -> World:
    """The world of those settings; a table is read and clustered once for as long as it stands.

    Raises
    ------
    DataError
        If a table cannot be used.
    StudyError
        If a test part holds too few rare rows.
    """
    content = fingerprint(settings.data) if isinstance(settings, TableWorld) else ""
    return _world(settings, content)


@lru_cache(maxsize=8)
def _world(settings: WorldSettings, content: str) -> World:
    world = CATALOG[settings.kind](settings)
    expected = world.test_size * world.rare_share
    if expected < MINIMUM_RARE:
        raise StudyError(
            f"rare contexts hold {world.rare_share:.2%} of the real rows: about {expected:.1f} of "
            f"{world.test_size} test rows, and {MINIMUM_RARE} are needed: write a larger "
            f"world.rare_mass or world.{'test_share' if content else 'test_size'}"
        )
    return world


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
