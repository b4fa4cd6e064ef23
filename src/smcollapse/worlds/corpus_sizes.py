"""How many rows every split of a corpus has, whichever documents it draws."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from smcollapse.errors import DataError
from smcollapse.settings import CorpusWorld

MINIMUM_WINDOWS = 100
"""Training windows, on which a network learns anything of a text."""

Longs = NDArray[np.int64]


def training_windows(sizes: Longs, settings: CorpusWorld, file: str) -> int:
    """Windows of every training part, of documents of so many tokens (D,).

    A test part is documents in a random order until they hold `test_share` of the windows: the
    last of them may hold so many more as the largest document does.

    Raises
    ------
    DataError
        If they are too few to train on, or some test part would have too few places.
    """
    count = sizes // (settings.length - 1)
    wanted = settings.test_share * count.sum()
    size: int = int(count.sum()) - math.ceil(wanted) - int(count.max()) + 1
    if size < MINIMUM_WINDOWS:
        raise DataError(
            f"{file}: {sizes.sum()} tokens hold {count.sum()} windows of {settings.length}, which "
            f"leave {max(size, 0)} to train on (at least {MINIMUM_WINDOWS}): give more text, or "
            "write a smaller world.length"
        )
    least = _fewest_places(sizes, count, wanted, settings.length - 1)
    if least < settings.test_size:
        raise DataError(
            f"{file}: a test part has {least} places with {settings.length - 2} tokens before "
            f"them, and world.test_size = {settings.test_size}: write a smaller test_size or a "
            "larger test_share, or give more text"
        )
    return size


def _fewest_places(sizes: Longs, count: Longs, wanted: float, step: int) -> int:
    """Places for test rows in documents with so many windows, if those with the fewest each do."""
    some = np.flatnonzero(count)
    places, windows = (sizes - step + 1)[some], count[some]
    order = np.argsort(places / windows, kind="stable")
    known, found = (np.concatenate([[0], np.cumsum(x[order])]) for x in (windows, places))
    return int(np.interp(wanted, known, found))
