"""Calibration of top-label confidence.

Confidence is the largest class probability, correct means that its class is the observed label.
All estimators below share that convention (Guo et al. 2017).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.special import ndtr

from smcollapse.kernels.calibration import fill_calibration_sums

Floats = NDArray[np.float64]

N_BINS = 15
SMOOTH_GRID = 1000


@dataclass(frozen=True)
class Reliability:
    """Equal-width bins of confidence: count, mean confidence and accuracy, each (n_bins,).

    Means of empty bins are 0.
    """

    count: Floats
    confidence: Floats
    accuracy: Floats

    @property
    def ece(self) -> float:
        """Expected calibration error: count-weighted mean of |accuracy − confidence|."""
        gaps = np.abs(self.accuracy - self.confidence)
        return float(np.average(gaps, weights=self.count))

    @property
    def ece_debiased(self) -> float:
        """ECE less its sampling bias, 0 where that is negative (Kumar, Liang & Ma 2019, §5).

        A bin's gap g is seen with normal noise of variance v = a(1−a)/n, so that |g| is too large
        by about E|g + √v Z| − |g|, the mean of a folded normal law; their resampling estimate of
        that bias is taken in closed form here.
        """
        used = self.count > 0
        count, accuracy = self.count[used], self.accuracy[used]
        gap = np.abs(accuracy - self.confidence[used])
        spread = np.sqrt(accuracy * (1.0 - accuracy) / count)
        z = np.minimum(gap / np.maximum(spread, 1e-12), 40.0)
        folded = spread * np.sqrt(2.0 / np.pi) * np.exp(-0.5 * z * z) + gap * (1 - 2 * ndtr(-z))
        return max(0.0, float(np.average(2.0 * gap - folded, weights=count)))


def reliability(confidence: Floats, correct: Floats, n_bins: int = N_BINS) -> Reliability:
    """Bins of confidence (n,) with correct (n,) of 0 and 1; confidence 1.0 is in the last bin."""
    sums = np.zeros((3, n_bins))
    fill_calibration_sums(confidence, correct, sums)
    count = sums[0]
    safe = np.maximum(count, 1.0)
    return Reliability(count, sums[1] / safe, sums[2] / safe)


def ece_mass(confidence: Floats, correct: Floats, n_bins: int = N_BINS) -> float:
    """Expected calibration error over bins of equal mass (Nguyen & O'Connor 2015).

    Rows of equal confidence are never split: a bin ends with the last of them, so the value does
    not depend on the order of the rows.
    """
    order = np.argsort(confidence, kind="stable")
    value, hit = confidence[order], correct[order]
    ends = np.searchsorted(
        value, value[np.arange(1, n_bins + 1) * len(value) // n_bins - 1], side="right"
    )
    edges = np.unique(np.concatenate([[0], ends]))
    gaps = [abs((hit[a:b] - value[a:b]).sum()) for a, b in itertools.pairwise(edges)]
    return float(sum(gaps) / len(value))


def ece_smooth(confidence: Floats, correct: Floats) -> float:
    """Smooth calibration error, smECE (Błasiok & Nakkiran 2023).

    Residuals are convolved with a reflected Gaussian kernel of bandwidth σ on a grid of 1000
    cells; the value is the fixed point smECE_σ = σ, found by bisection.
    """
    cell = np.minimum((confidence * SMOOTH_GRID).astype(np.int64), SMOOTH_GRID - 1)
    gaps = (correct - confidence) / len(confidence)
    residual = np.bincount(cell, weights=gaps, minlength=SMOOTH_GRID)

    def smoothed(bandwidth: float) -> float:
        spread = gaussian_filter1d(residual, bandwidth * SMOOTH_GRID, mode="reflect", truncate=5.0)
        return float(np.abs(spread).sum())

    lower, upper = 0.5 / SMOOTH_GRID, 1.0
    while upper - lower > 1e-4:
        middle = 0.5 * (lower + upper)
        if smoothed(middle) > middle:
            lower = middle
        else:
            upper = middle
    return 0.5 * (lower + upper)
