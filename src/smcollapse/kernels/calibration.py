"""Sums behind calibration errors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import jit

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
