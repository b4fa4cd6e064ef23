"""The 15-bin calibration error that a report can be expected to show."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from smcollapse.theories.base import Floats

N_BINS = 15


def expected_ece(gap: Floats, variance: Floats) -> Floats:
    """Expected Σ_b |g_b| over bins (last axis), g_b ~ N(gap, variance).

    g_b is the mass of bin b times its accuracy less confidence, as found in one test set after one
    training: noise does not cancel under the absolute value, so a calibrated model reports more
    than 0. The folded normal mean is √(2v/π) e^(−g²/2v) + |g| (1 − 2Φ(−|g|/√v)).
    """
    size, spread = np.abs(gap), np.sqrt(variance)
    z = np.minimum(size / np.maximum(spread, 1e-300), 40.0)
    folded = spread * np.sqrt(2.0 / np.pi) * np.exp(-0.5 * z * z) + size * (1.0 - 2.0 * ndtr(-z))
    return np.asarray(folded.sum(axis=-1))
