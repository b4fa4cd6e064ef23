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


def used_ece(gap: Floats, variance: Floats, noise: Floats, used: Floats) -> Floats:
    """`expected_ece` of bins that are empty in some trainings: normal given that they are used.

    gap, variance : of each bin's gap over trainings, those in which it is empty (gap 0) included
    noise         : variance from the test set, mean over trainings
    used          : chance that there is anything in the bin
    """
    used = np.maximum(used, 1e-9)
    inside = gap / used
    spread = (np.maximum(variance, 0.0) + gap**2) / used - inside**2
    # A mean of folded normal laws is positively homogeneous: the chance to be used goes inside.
    variance = np.maximum(spread, 0.0) + np.maximum(noise, 0.0) / used
    return expected_ece(used * inside, used**2 * variance)


def skewness_of_ece(gap: Floats, square: Floats, n_test: int) -> float:
    """Expected ECE of these trainings less that of normal gaps with their moments.

    gap, square : (D, N_BINS) gap of each bin in each of D trainings; mean squared gap of a test row
    """
    noise = np.maximum(square - gap**2, 0.0) / n_test
    used = (square > 0.0).mean(axis=0)
    normal = used_ece(gap.mean(axis=0), gap.var(axis=0, ddof=1), noise.mean(axis=0), used)
    return float(expected_ece(gap, noise).mean() - normal)
