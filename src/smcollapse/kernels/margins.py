"""Mass and first moment, per cell, of a mixture of normal laws."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import jit

Float64 = npt.NDArray[np.float64]

_ROOT_HALF = math.sqrt(0.5)
_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)


@jit
def fill_cells(
    mean: Float64, weight: Float64, spread: Float64, chance: Float64, edges: Float64, out: Float64
) -> None:
    """Mass and first moment in the cells between ``edges`` (n + 1,), into ``out`` (2, n).

    The law is Σ_k Σ_j weight[k] chance[j] N(mean[k], spread[j]²); the first and last cell take in
    what lies beyond them, with the first moment of their outer edge.
    """
    n = edges.size - 1
    out[:, :] = 0.0
    for k in range(mean.size):
        for j in range(spread.size):
            mass = weight[k] * chance[j]
            if mass == 0.0:
                continue
            z = (edges[0] - mean[k]) / spread[j]
            below = 0.5 * math.erfc(-z * _ROOT_HALF)
            density = _DENSITY * math.exp(-0.5 * z * z)
            out[0, 0] += mass * below
            out[1, 0] += mass * below * edges[0]
            for cell in range(n):
                z = (edges[cell + 1] - mean[k]) / spread[j]
                above = 0.5 * math.erfc(-z * _ROOT_HALF)
                next_density = _DENSITY * math.exp(-0.5 * z * z)
                part = above - below
                out[0, cell] += mass * part
                out[1, cell] += mass * (mean[k] * part - spread[j] * (next_density - density))
                below, density = above, next_density
            out[0, n - 1] += mass * (1.0 - below)
            out[1, n - 1] += mass * (1.0 - below) * edges[n]
