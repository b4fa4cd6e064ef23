"""Step-down max-T: how often resampled statistics reach the observed ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import jit

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


@jit
def fill_studentized(normals: Float64, factor: Float64, out: Float64) -> None:
    """Fill ``out`` (B, H): correlated t statistics, each with a denominator of its own.

    Row b has F + 1 independent normal vectors L'n, L the ``factor`` (K, H) and n a row of
    ``normals`` (B, F + 1, K); the first is divided by the root mean square of the F others,
    coordinate by coordinate. A coordinate without variance gets 0.
    """
    n_coordinates, n_hypotheses = factor.shape
    value = np.empty(n_hypotheses)
    squares = np.empty(n_hypotheses)
    freedom = normals.shape[1] - 1
    for b in range(normals.shape[0]):
        squares[:] = 0.0
        for f in range(freedom, -1, -1):
            value[:] = 0.0
            for k in range(n_coordinates):
                normal = normals[b, f, k]
                for h in range(n_hypotheses):
                    value[h] += normal * factor[k, h]
            if f > 0:
                for h in range(n_hypotheses):
                    squares[h] += value[h] * value[h]
        for h in range(n_hypotheses):
            out[b, h] = value[h] / np.sqrt(squares[h] / freedom) if squares[h] > 0.0 else 0.0


@jit
def count_step_down(
    scores: Float64, order: Int64, observed: Float64, counts: Int64, largest: Float64
) -> None:
    """Fill ``counts`` (H,): resamples whose maximum over the hypotheses still left is at least the
    observed score; and ``largest`` (B,), the maximum of each resample over all hypotheses.

    ``order`` (H,) lists the hypotheses by their ``observed`` (H,) score, the largest first; those
    still left at a hypothesis are itself and all after it. ``scores`` (B, H).
    """
    counts[:] = 0
    for b in range(scores.shape[0]):
        running = -np.inf
        for place in range(order.size - 1, -1, -1):
            h = order[place]
            running = max(running, scores[b, h])
            if running >= observed[h]:
                counts[h] += 1
        largest[b] = running
