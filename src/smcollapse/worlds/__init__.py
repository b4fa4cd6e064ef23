"""Worlds: where real data come from, one file each. To add one, add a file and a line below."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from smcollapse.errors import StudyError
from smcollapse.settings import CorpusWorld, TableWorld, WorldSettings
from smcollapse.worlds.base import World
from smcollapse.worlds.clusters import Clusters, consensus_class
from smcollapse.worlds.corpus import Corpus
from smcollapse.worlds.corpus_reading import corpus_fingerprint
from smcollapse.worlds.facts import Facts
from smcollapse.worlds.language import Language
from smcollapse.worlds.reading import fingerprint
from smcollapse.worlds.rows import Inputs, Rows, Tokens
from smcollapse.worlds.table import Table

CATALOG: dict[str, Callable[[Any], World]] = {
    "facts": Facts,
    "clusters": Clusters,
    "table": Table,
    "language": Language,
    "corpus": Corpus,
}


MINIMUM_RARE = 5
"""Rare test rows, on average, below which rare recall says nothing."""


def world_of(settings: WorldSettings) -> World:
    """The world of those settings; a user's data are read once for as long as they stand.

    Raises
    ------
    DataError
        If a table or text cannot be used.
    StudyError
        If a test part holds too few rare rows.
    """
    return _world(settings, content_of(settings))


def content_of(settings: WorldSettings) -> str:
    """Hash of the user's data that a world is made of; empty where there are none.

    Raises
    ------
    DataError
        If they cannot be read.
    """
    if isinstance(settings, TableWorld):
        return fingerprint(settings.data)
    return corpus_fingerprint(settings.data) if isinstance(settings, CorpusWorld) else ""


@lru_cache(maxsize=8)
def _world(settings: WorldSettings, content: str) -> World:
    world = CATALOG[settings.kind](settings)
    expected = world.test_size * world.rare_share
    if expected < MINIMUM_RARE:
        size = "test_share" if settings.kind == "table" else "test_size"
        raise StudyError(
            f"rare contexts hold {world.rare_share:.2%} of the real rows: about {expected:.1f} of "
            f"{world.test_size} test rows, and {MINIMUM_RARE} are needed: write a larger "
            f"world.rare_mass or world.{size}"
        )
    return world


__all__ = [
    "CATALOG",
    "Clusters",
    "Corpus",
    "Facts",
    "Inputs",
    "Language",
    "Rows",
    "Table",
    "Tokens",
    "World",
    "consensus_class",
    "content_of",
    "world_of",
]
