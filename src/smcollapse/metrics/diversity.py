"""Measures of the synthetic part of a mixture."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def mode_coverage(context: NDArray[np.int32], n_contexts: int) -> float:
    """Share of the K contexts that at least one of these synthetic rows visits; NaN for none."""
    return len(np.unique(context)) / n_contexts if len(context) else math.nan


def duplication_rate(example: NDArray[np.int64]) -> float:
    """1 − distinct/all of these synthetic rows (n,); NaN where there are none."""
    return 1.0 - len(np.unique(example)) / len(example) if len(example) else math.nan
