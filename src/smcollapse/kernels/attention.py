"""Causal attention of sixteen short rows at a time.

The rows are the lanes of a vector: token (p, lane) is column 16 p + lane, and every sum runs over
channels or positions, never across lanes. Arrays are one-dimensional.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smcollapse.kernels.compile import jit
from smcollapse.kernels.vector_blocks import LANES, fill_lane_sums, softmax_columns

Float32 = NDArray[np.float32]

_F = np.float32


@jit
def fill_attention(
    qkv: Float32, width: int, heads: int, positions: int, ones: Float32, weights: Float32,
    out: Float32,
) -> None:  # fmt: skip
    """Softmax attention of every position to itself and those before it.

    qkv : (3d, P, 16) queries, keys, values, heads one after the other in each; ones : 16 ones
    weights : (heads, P, P, 16) [query, key], filled for key ≤ query; out : (d, P, 16)
    """
    channels, columns = width // heads, positions * LANES
    scale = _F(1.0 / np.sqrt(channels))
    for h in range(heads):
        q = h * channels * columns
        k, v = q + width * columns, q + 2 * width * columns
        for i in range(positions):
            w = (h * positions + i) * columns
            here = i * LANES
            fill_lane_sums(qkv, q + here, columns, qkv, k, columns, LANES,
                           weights, w, LANES, i + 1, channels)  # fmt: skip
            softmax_columns(weights, w, LANES, i + 1, LANES, scale, ones, 0)
            fill_lane_sums(weights, w, LANES, qkv, v, LANES, columns,
                           out, q + here, columns, channels, i + 1)  # fmt: skip


@jit
def _fill_score_gradient(
    weights: Float32, at: int, n: int, scale: np.float32, mean: Float32, gradient: Float32
) -> None:
    """Gradient of n weights → of their scores, in place: scale · w (g − Σ w g)."""
    for lane in range(LANES):
        mean[lane] = _F(0.0)
    for j in range(n):
        w, g = weights[at + j * LANES :][:LANES], gradient[at + j * LANES :][:LANES]
        for lane in range(LANES):
            mean[lane] += w[lane] * g[lane]
    for j in range(n):
        w, g = weights[at + j * LANES :][:LANES], gradient[at + j * LANES :][:LANES]
        for lane in range(LANES):
            g[lane] = scale * w[lane] * (g[lane] - mean[lane])


@jit
def fill_attention_gradient(
    qkv: Float32, width: int, heads: int, positions: int, weights: Float32, gradient: Float32,
    scores: Float32, mean: Float32, out: Float32,
) -> None:  # fmt: skip
    """Gradient with respect to queries, keys and values (3d, P, 16), given that of the result.

    qkv, weights : as filled by `fill_attention`; gradient : (d, P, 16)
    scores : room for (heads, P, P, 16); mean : for 16
    """
    channels, columns = width // heads, positions * LANES
    scale = _F(1.0 / np.sqrt(channels))
    for h in range(heads):
        q = h * channels * columns
        k, v = q + width * columns, q + 2 * width * columns
        whole = h * positions * columns
        for i in range(positions):
            here, w = i * LANES, whole + i * columns
            fill_lane_sums(gradient, q + here, columns, qkv, v, columns, LANES,
                           scores, w, LANES, i + 1, channels)  # fmt: skip
            _fill_score_gradient(weights, w, i + 1, scale, mean, scores)
            fill_lane_sums(scores, w, LANES, qkv, k, LANES, columns,
                           out, q + here, columns, channels, i + 1)  # fmt: skip
        for j in range(positions):
            here, w, later = j * LANES, whole + j * columns + j * LANES, positions - j
            fill_lane_sums(scores, w, columns, qkv, q + here, LANES, columns,
                           out, k + here, columns, channels, later)  # fmt: skip
            fill_lane_sums(weights, w, columns, gradient, q + here, LANES, columns,
                           out, v + here, columns, channels, later)  # fmt: skip
