"""The filter of `settings.Filter`: independent survival with the law's pass rates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smcollapse.laws import pass_rates
from smcollapse.settings import Filter
from smcollapse.worlds import Rows


def survivors(settings: Filter, rows: Rows, draws: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n,) whether each row survives, decided by its own uniform number in `draws` (n,).

    With the same numbers a stricter filter keeps a subset of what a weaker one
    keeps, and copies of a row are judged one by one.
    """
    rates = pass_rates(settings, rows.atypicality.astype(np.float64))
    chance = np.where(rows.label == rows.consensus, rates.agrees, rates.contradicts)
    return np.asarray(draws < chance)
