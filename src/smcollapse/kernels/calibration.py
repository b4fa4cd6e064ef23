"""Sums behind calibration errors: equal-width bins and the smoothed residual."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import jit
from smcollapse.kernels.elementary import exp64

Float64 = npt.NDArray[np.float64]


@jit
def fill_calibration_sums(confidence: Float64, correct: Float64, out: Float64) -> None:
    """Count, sum of confidence and sum of correct per bin, into ``out`` (3, n_bins).

    Bins are equal-width and closed on the right, (b / n_bins, (b + 1) / n_bins], as in Guo
    et al. (2017), arXiv:1706.04599; confidence 0 joins the first bin and 1 the last.  A value
    on an edge is placed by the rounded product confidence * n_bins.
    """
    n_bins = out.shape[1]
    for row in range(3):
        for b in range(n_bins):
            out[row, b] = 0.0
    for i in range(confidence.size):
        b = max(0, min(n_bins, int(np.ceil(confidence[i] * n_bins))) - 1)
        out[0, b] += 1.0
        out[1, b] += confidence[i]
        out[2, b] += correct[i]


@jit
def fill_smoothed_residual(
    confidence: Float64, correct: Float64, bandwidth: float, grid: Float64, out: Float64
) -> None:
    """Kernel-smoothed residual r(t) = mean_i (correct_i - confidence_i) K(t, confidence_i).

    K is the Gaussian density of standard deviation ``bandwidth`` > 0, reflected at 0 and 1,
    so that it integrates to 1 over t in [0, 1].  ``grid`` (g,) holds the points t, ``out``
    (g,) receives r; smooth ECE is the integral of abs(r).

    Source: Błasiok and Nakkiran (2023), arXiv:2309.12236, section 3.
    """
    for t in range(grid.size):
        out[t] = 0.0
    if confidence.size == 0:
        return
    # Nine standard deviations away the density is below 1e-17 of its peak: left out.
    reach = 9.0 * bandwidth
    images = int(np.ceil(0.5 * (1.0 + reach)))
    inverse = 1.0 / bandwidth
    height = inverse / np.sqrt(2.0 * np.pi) / confidence.size
    for i in range(confidence.size):
        weight = (correct[i] - confidence[i]) * height
        for image in range(-images, images + 1):
            for side in (1.0, -1.0):
                centre = 2.0 * image + side * confidence[i]
                if weight == 0.0 or centre < -reach or centre > 1.0 + reach:
                    continue
                for t in range(grid.size):
                    z = (grid[t] - centre) * inverse
                    out[t] += weight * exp64(-0.5 * z * z)
