"""Sources: where synthetic data come from, one file each. To add one, add a file and a line."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from smcollapse.settings import SourceSettings
from smcollapse.sources.base import Source
from smcollapse.sources.consensus import ConsensusClusters, ConsensusFacts
from smcollapse.sources.file import File
from smcollapse.sources.phrases import Phrases
from smcollapse.sources.shrunken import Shrunken
from smcollapse.study import DeviceClass
from smcollapse.worlds import Clusters, Corpus, Facts, Language, Table, World


def _generated(
    settings: Any, seed: int, replicate: int, world: Any, device: DeviceClass = "cpu"
) -> Source:
    """Imported when it is used: it trains a network."""
    module: Any = import_module("smcollapse.sources.generated")
    source: Source = module.Generated(settings, seed, replicate, world, device)
    return source


CATALOG: dict[tuple[str, type[Any]], Callable[[Any, int, int, Any], Source]] = {
    ("consensus", Facts): ConsensusFacts,
    ("consensus", Clusters): ConsensusClusters,
    ("shrunken", Table): Shrunken,
    ("file", Table): File,
    ("phrases", Language): Phrases,
    ("generated", Corpus): _generated,
}


def fit(
    settings: SourceSettings,
    world: World,
    seed: int,
    replicate: int,
    device: DeviceClass = "cpu",
) -> Source:
    """The source of those settings, fitted on the real data of that replicate.

    device : where a source that is a network is trained and sampled
    """
    if settings.kind == "generated":
        return _generated(settings, seed, replicate, world, device)
    return CATALOG[settings.kind, type(world)](settings, seed, replicate, world)


__all__ = ["CATALOG", "Source", "fit"]
