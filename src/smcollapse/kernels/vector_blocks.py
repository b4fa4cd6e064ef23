"""Products of small matrices, softmax, transposes: blocks that are held in vector registers.

Arrays are one-dimensional float32; a matrix is an offset and strides, in elements.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import intrinsic
from numpy.typing import NDArray

from smcollapse.kernels.compile import jit
from smcollapse.kernels.vector_code import (
    COLUMNS,
    ROWS,
    VECTOR,
    block_product,
    lane_sums,
    softmax_lanes,
    transpose_block,
)

Float32 = NDArray[np.float32]

LANES = 16
"""Columns come in multiples of this."""

_BLOCK = block_product(ROWS, COLUMNS)
_BLOCK_ONE = block_product(ROWS, 1)
_ROW = block_product(1, COLUMNS)
_ROW_ONE = block_product(1, 1)
_SUMS, _SUM = lane_sums(8), lane_sums(1)
_SUMS_HALF = lane_sums(4)
_SOFTMAX: Any = intrinsic(softmax_lanes)
_TRANSPOSE: Any = intrinsic(transpose_block)
_STEP = VECTOR * COLUMNS


@jit
def add_product(
    a: Float32, a_at: int, a_row: int, a_k: int, b: Float32, b_at: int, b_k: int,
    out: Float32, out_at: int, out_row: int, rows: int, n: int, columns: int, keep: int,
) -> None:  # fmt: skip
    """out[r, c] = keep · out[r, c] + Σ_{k<n} a[r, k] b[k, c], keep 0 or 1.

    a[r, k] is element a_at + r·a_row + k·a_k; b[k, c] element b_at + k·b_k + c; out likewise with
    rows out_row apart; columns : a multiple of 16
    """
    c = 0
    while c < columns:
        wide = c + _STEP <= columns
        r = 0
        while r + ROWS <= rows:
            if wide:
                _BLOCK(a, a_at + r * a_row, a_row, a_k, b, b_at + c, b_k,
                       out, out_at + r * out_row + c, out_row, n, keep)  # fmt: skip
            else:
                _BLOCK_ONE(a, a_at + r * a_row, a_row, a_k, b, b_at + c, b_k,
                           out, out_at + r * out_row + c, out_row, n, keep)  # fmt: skip
            r += ROWS
        while r < rows:
            if wide:
                _ROW(a, a_at + r * a_row, a_row, a_k, b, b_at + c, b_k,
                     out, out_at + r * out_row + c, out_row, n, keep)  # fmt: skip
            else:
                _ROW_ONE(a, a_at + r * a_row, a_row, a_k, b, b_at + c, b_k,
                         out, out_at + r * out_row + c, out_row, n, keep)  # fmt: skip
            r += 1
        c += _STEP if wide else VECTOR


@jit
def fill_lane_sums(
    f: Float32, f_at: int, f_step: int, a: Float32, a_at: int, a_step: int, a_each: int,
    out: Float32, out_at: int, out_each: int, number: int, n: int,
) -> None:  # fmt: skip
    """out[m, lane] = Σ_{k<n} f[k, lane] a[k, m, lane] for m < number, 16 lanes side by side.

    f[k] starts at f_at + k·f_step, a[k, m] at a_at + k·a_step + m·a_each, out[m] at
    out_at + m·out_each
    """
    for lane in range(0, LANES, VECTOR):
        m = 0
        while m < number:
            left = number - m
            if number >= 8 and left > 4:
                m = min(m, number - 8)  # The last block steps back: the same sums once more.
                _SUMS(f, f_at + lane, f_step, a, a_at + m * a_each + lane, a_step, a_each,
                      out, out_at + m * out_each + lane, out_each, n)  # fmt: skip
                m += 8
            elif number >= 4 and left > 1:
                m = min(m, number - 4)
                _SUMS_HALF(f, f_at + lane, f_step, a, a_at + m * a_each + lane, a_step, a_each,
                           out, out_at + m * out_each + lane, out_each, n)  # fmt: skip
                m += 4
            else:
                _SUM(f, f_at + lane, f_step, a, a_at + m * a_each + lane, a_step, a_each,
                     out, out_at + m * out_each + lane, out_each, n)  # fmt: skip
                m += 1


@jit
def softmax_columns(
    x: Float32, at: int, step: int, n: int, columns: int, scale: np.float32, weight: Float32,
    weight_at: int,
) -> None:  # fmt: skip
    """x[k, c] → weight[c] · exp(scale·x[k, c]) / Σ_k, in place, for k < n; scale > 0.

    x[k, c] is element at + k·step + c; columns : a multiple of 16
    """
    for c in range(0, columns, VECTOR):
        _SOFTMAX(x, at + c, step, n, scale, weight, weight_at + c)


@jit
def fill_transposed(
    a: Float32, a_at: int, a_row: int, rows: int, columns: int, out: Float32, out_at: int,
    out_row: int,
) -> None:  # fmt: skip
    """out[c, r] = a[r, c]; rows and columns : multiples of 16."""
    for r in range(0, rows, VECTOR):
        for c in range(0, columns, VECTOR):
            _TRANSPOSE(a, a_at + r * a_row + c, a_row, out, out_at + c * out_row + r, out_row)
