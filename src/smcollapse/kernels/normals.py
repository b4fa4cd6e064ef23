"""Continuous draws: standard normals, Student-t scales, features.

Normal j of item i comes from word j mod 4 of block j // 4 of the item, so it depends on
(key, i, j) alone and not on the number of columns.  All of it is float32 arithmetic without
branches or fused operations, which gives the same bits at every vector width.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import inline, jit
from smcollapse.kernels.elementary import exp64, log64, normal_pair
from smcollapse.kernels.philox import (
    BLOCK,
    HALF,
    LOW,
    NORMAL,
    SCALE,
    fill_words,
    random_words,
    split_items,
)

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt32 = npt.NDArray[np.uint32]
Float32 = npt.NDArray[np.float32]

LARGEST_SCALE = 1e30  # keeps scale * normal finite in float32
_INVERSE_2_32 = 2.0**-32


@jit
def _normal_rows(
    key: np.uint64, items: Int64, blocks: int, counters: UInt32, words: UInt32, normals: Float32
) -> None:
    """``blocks`` times four normals for each item, row after row, into ``normals`` (flat)."""
    position = 0
    for i in range(items.size):
        item = np.uint64(items[i])
        for block in range(blocks):
            counters[0, position] = np.uint32(item & LOW)
            counters[1, position] = np.uint32(item >> HALF)
            counters[2, position] = np.uint32(block)
            position += 1
    fill_words(key, NORMAL, position, counters, words)
    for q in range(position):
        first, second = normal_pair(np.uint64(words[0, q]), np.uint64(words[1, q]))
        third, fourth = normal_pair(np.uint64(words[2, q]), np.uint64(words[3, q]))
        normals[4 * q] = first
        normals[4 * q + 1] = second
        normals[4 * q + 2] = third
        normals[4 * q + 3] = fourth


@jit
def fill_normals(key: np.uint64, ids: Int64, out: Float32) -> None:
    """Standard normals (n, d): row i from (key, ids[i]), column j the same for every d > j."""
    n, d = out.shape
    blocks = (d + 3) // 4
    rows = max(1, BLOCK // max(1, blocks))
    counters = np.empty((3, rows * blocks), np.uint32)
    words = np.empty((4, rows * blocks), np.uint32)
    normals = np.empty(4 * rows * blocks, np.float32)
    for start in range(0, n, rows):
        items = ids[start : start + rows]
        _normal_rows(key, items, blocks, counters, words, normals)
        for i in range(items.size):
            row = out[start + i]
            drawn = normals[4 * blocks * i : 4 * blocks * i + d]
            for j in range(d):
                row[j] = drawn[j]


@jit
def fill_features(
    key: np.uint64,
    ids: Int64,
    means: Float32,
    mean_of_row: Int32,
    scale: Float32,
    out: Float32,
) -> None:
    """means[mean_of_row] + scale * normal, for means (M, d), into ``out`` (n, d).

    The normals are those of :func:`fill_normals` for the same key and ids.
    """
    n, d = out.shape
    blocks = (d + 3) // 4
    rows = max(1, BLOCK // max(1, blocks))
    counters = np.empty((3, rows * blocks), np.uint32)
    words = np.empty((4, rows * blocks), np.uint32)
    normals = np.empty(4 * rows * blocks, np.float32)
    for start in range(0, n, rows):
        items = ids[start : start + rows]
        _normal_rows(key, items, blocks, counters, words, normals)
        for i in range(items.size):
            row = out[start + i]
            mean = means[mean_of_row[start + i]]
            drawn = normals[4 * blocks * i : 4 * blocks * i + d]
            spread = scale[start + i]
            for j in range(d):
                row[j] = mean[j] + spread * drawn[j]


@inline
def _scale_attempt(
    word_0: np.uint64,
    word_1: np.uint64,
    word_2: np.uint64,
    word_3: np.uint64,
    shape: float,
    variance: float,
    boost: float,
) -> tuple[bool, float]:
    """One attempt at sqrt(variance / (2 G)), G ~ Gamma, and whether it is accepted.

    Marsaglia and Tsang (2000), doi:10.1145/358407.358414, for ``shape`` >= 1; ``boost`` is
    1 / shape of the Gamma law wanted where that is below 1 (G = G' U^boost), else 0.
    """
    d = shape - 1.0 / 3.0
    c = 1.0 / np.sqrt(9.0 * d)
    normal, _ = normal_pair(word_0, word_1)
    x = np.float64(normal)
    root = 1.0 + c * x
    positive = root > 0.0
    v = np.float64(root * root * root if positive else 1.0)
    u = (np.float64(word_2) + 0.5) * _INVERSE_2_32
    accepted = bool(positive and log64(u) < 0.5 * x * x + d - d * v + d * log64(v))
    spread = exp64(-0.5 * boost * log64((np.float64(word_3) + 0.5) * _INVERSE_2_32))
    scale = np.sqrt(variance / (2.0 * d * v)) * spread
    return accepted, float(min(scale, LARGEST_SCALE))


@jit
def fill_scales(key: np.uint64, ids: Int64, dof: float, out: Float32) -> None:
    """Scale of each row that turns normal features into Student-t ones, for real ``dof`` > 0.

    sqrt(dof / chi2_dof), times sqrt((dof - 2) / dof) for dof > 2, so that features keep unit
    variance; 1 for infinite dof; at most 1e30.  Attempt number t of the rejection sampler
    uses block t of the item.
    """
    if np.isinf(dof):
        for i in range(ids.size):
            out[i] = np.float32(1.0)
        return
    variance = dof - 2.0 if dof > 2.0 else dof
    shape = 0.5 * dof if dof >= 2.0 else 0.5 * dof + 1.0
    boost = 0.0 if dof >= 2.0 else 2.0 / dof
    counters = np.empty((3, BLOCK), np.uint32)
    words = np.empty((4, BLOCK), np.uint32)
    accepted = np.empty(BLOCK, np.uint8)
    for start in range(0, ids.size, BLOCK):
        items = ids[start : start + BLOCK]
        part = out[start : start + BLOCK]
        split_items(items, counters)
        fill_words(key, SCALE, items.size, counters, words)
        for i in range(items.size):
            ok, value = _scale_attempt(
                np.uint64(words[0, i]),
                np.uint64(words[1, i]),
                np.uint64(words[2, i]),
                np.uint64(words[3, i]),
                shape,
                variance,
                boost,
            )
            accepted[i] = ok
            part[i] = np.float32(value)
        for i in range(items.size):
            ok = accepted[i] != 0
            block = np.uint64(0)
            while not ok:
                block = np.uint64(block + np.uint64(1))
                a, b, c, d = random_words(key, np.uint64(items[i]), block, SCALE)
                ok, value = _scale_attempt(a, b, c, d, shape, variance, boost)
                part[i] = np.float32(value)
