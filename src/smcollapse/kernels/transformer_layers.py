"""Layers of a small transformer on a tile of sixteen rows of text, and their gradients.

Activations are (channels, columns), columns last: token (p, lane) is column 16 p + lane. Arrays
are one-dimensional, those of several layers (layers, …).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smcollapse.kernels.compile import jit
from smcollapse.kernels.vector_blocks import LANES, add_product, fill_transposed

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]

EPSILON = 1e-6
"""Added to a mean square before its root is taken."""

HEAD_COLUMNS = 96
"""Columns that meet the vocabulary at a time."""

_F = np.float32
_ONE = _F(1.0)


class NetworkShape(NamedTuple):
    """Sizes of a network, and the text it reads: rows of `positions` + 1 tokens."""

    vocabulary: int
    positions: int
    width: int
    depth: int
    heads: int
    hidden: int
    padding: int
    answer_at: int


class TileMemory(NamedTuple):
    """Memory of a tile; T = 16 · positions, d width, h hidden units, V vocabulary."""

    x: Float32  # d·T
    back: Float32  # d·T
    wide: Float32  # max(3d, h)·T
    turned: Float32  # max(d, h)·T
    gathered: Float32  # d·T
    scores: Float32  # as weights, of a layer
    logits: Float32  # V·HEAD_COLUMNS
    final: Float32  # d·T, normed
    final_root: Float32  # T
    mean: Float32  # T
    ones: Float32  # T ones
    read: Float32  # (layers, d·T), normed, before attention
    read_root: Float32  # (layers, T)
    qkv: Float32  # (layers, 3d·T)
    weights: Float32  # (layers, heads·P·P·16)
    seen: Float32  # (layers, d·T), result of attention
    thought: Float32  # (layers, d·T), normed, before the hidden units
    thought_root: Float32  # (layers, T)
    hidden: Float32  # (layers, h·T)
    tokens: Int32  # T
    column: Int32  # T, columns whose next token counts
    target: Int32  # T, their next tokens
    coefficient: Float32  # T, their weights in the loss, 0 past the last


def tile_memory(shape: NetworkShape) -> TileMemory:
    """Memory for a network of that shape."""
    columns, d, layers = shape.positions * LANES, shape.width, shape.depth
    scores = shape.heads * shape.positions * columns
    room = max(d, shape.hidden) * columns

    def floats(*sizes: int) -> Float32:
        return np.zeros(sizes, dtype=np.float32)

    return TileMemory(
        floats(d * columns),
        floats(d * columns),
        floats(max(3 * d, shape.hidden) * columns),
        floats(room),
        floats(d * columns),
        floats(scores),
        floats(shape.vocabulary * HEAD_COLUMNS),
        floats(d * columns),
        floats(columns),
        floats(columns),
        np.ones(columns, dtype=np.float32),
        floats(layers, d * columns),
        floats(layers, columns),
        floats(layers, 3 * d * columns),
        floats(layers, scores),
        floats(layers, d * columns),
        floats(layers, d * columns),
        floats(layers, columns),
        floats(layers, shape.hidden * columns),
        np.zeros(columns, dtype=np.int32),
        np.zeros(columns, dtype=np.int32),
        np.zeros(columns, dtype=np.int32),
        floats(columns),
    )


@jit
def take_tile(
    shape: NetworkShape, memory: TileMemory, codes: Int32, rows: Int32, row_weight: Float32,
    share: np.float32,
) -> tuple[int, int]:  # fmt: skip
    """Tokens and targets of at most 16 rows; number of targets, and which is the first answer.

    A token is a target unless it is padding; the answer always is. Absent rows hold token 0.
    """
    memory.coefficient[:] = _F(0.0)
    memory.column[:] = 0
    n, answer = 0, 0
    for p in range(shape.positions):
        if p == shape.answer_at - 1:
            answer = n
        for lane in range(LANES):
            column = p * LANES + lane
            if lane >= len(rows):
                memory.tokens[column] = 0
                continue
            row = rows[lane]
            memory.tokens[column] = codes[row, p]
            following = codes[row, p + 1]
            if following != shape.padding or p == shape.answer_at - 1:
                memory.column[n], memory.target[n] = column, following
                memory.coefficient[n] = share * (row_weight[row] if row_weight.size else _ONE)
                n += 1
    return n, answer


@jit
def embed(shape: NetworkShape, parameters: Float32, memory: TileMemory) -> None:
    """x = embedding of the token + position, gathered row by row and turned."""
    d, columns = shape.width, shape.positions * LANES
    turned = memory.turned
    for t in range(columns):
        token = memory.tokens[t] * d
        place = (shape.vocabulary + t // LANES) * d
        row = turned[t * d : (t + 1) * d]
        table, position = parameters[token : token + d], parameters[place : place + d]
        for c in range(d):
            row[c] = table[c] + position[c]
    fill_transposed(turned, 0, d, columns, d, memory.x, 0, columns)


@jit
def add_embedding_gradient(shape: NetworkShape, gradient: Float32, memory: TileMemory) -> None:
    d, columns = shape.width, shape.positions * LANES
    turned = memory.turned
    fill_transposed(memory.x, 0, columns, d, columns, turned, 0, d)
    for t in range(columns):
        token = memory.tokens[t] * d
        place = (shape.vocabulary + t // LANES) * d
        row = turned[t * d : (t + 1) * d]
        table, position = gradient[token : token + d], gradient[place : place + d]
        for c in range(d):
            table[c] += row[c]
        for c in range(d):
            position[c] += row[c]


@jit
def gather_columns(source: Float32, columns: int, width: int, memory: TileMemory, n: int) -> None:
    """source (d, columns) → (d, n), its columns that count, in place."""
    turned, gathered = memory.turned, memory.gathered
    fill_transposed(source, 0, columns, width, columns, turned, 0, width)
    for i in range(n):
        at = memory.column[i] * width
        gathered[i * width : (i + 1) * width] = turned[at : at + width]
    fill_transposed(gathered, 0, width, n, width, source, 0, n)


@jit
def scatter_columns(
    source: Float32, columns: int, width: int, memory: TileMemory, n: int, count: int
) -> None:
    """source (d, n) → (d, columns), the inverse of `gather_columns`, 0 elsewhere, in place."""
    turned, gathered = memory.turned, memory.gathered
    fill_transposed(source, 0, n, width, n, gathered, 0, width)
    turned[: columns * width] = _F(0.0)
    for i in range(count):
        at = memory.column[i] * width
        turned[at : at + width] = gathered[i * width : (i + 1) * width]
    fill_transposed(turned, 0, width, columns, width, source, 0, columns)


@jit
def fill_norm(x: Float32, width: int, columns: int, root: Float32, out: Float32) -> None:
    """out = x/√(mean square + ε) (RMSNorm, Zhang & Sennrich 2019, without gains); root its 1/√."""
    factor = root[:columns]
    factor[:] = _F(0.0)
    for c in range(width):
        row = x[c * columns : (c + 1) * columns]
        for t in range(columns):
            factor[t] += row[t] * row[t]
    share = _F(1.0 / width)
    for t in range(columns):
        factor[t] = _ONE / np.sqrt(factor[t] * share + _F(EPSILON))
    for c in range(width):
        row, to = x[c * columns : (c + 1) * columns], out[c * columns : (c + 1) * columns]
        for t in range(columns):
            to[t] = row[t] * factor[t]


@jit
def add_norm_gradient(
    gradient: Float32, normed: Float32, root: Float32, width: int, columns: int, mean: Float32,
    out: Float32,
) -> None:  # fmt: skip
    """out += root (gradient − normed · mean_c(gradient · normed))."""
    mean[:columns] = _F(0.0)
    for c in range(width):
        here = c * columns
        g, y = gradient[here : here + columns], normed[here : here + columns]
        for t in range(columns):
            mean[t] += g[t] * y[t]
    share = _F(1.0 / width)
    for t in range(columns):
        mean[t] *= share
    for c in range(width):
        here = c * columns
        g, y, to = (
            gradient[here : here + columns],
            normed[here : here + columns],
            out[here : here + columns],
        )
        for t in range(columns):
            to[t] += root[t] * (g[t] - y[t] * mean[t])


@jit
def apply_weight(
    parameters: Float32, at: int, rows: int, n: int, x: Float32, columns: int, out: Float32,
    keep: int,
) -> None:  # fmt: skip
    """out = keep·out + W x, W the (rows, n) matrix at that place."""
    add_product(parameters, at, n, 1, x, 0, columns, out, 0, columns, rows, n, columns, keep)


@jit
def apply_weight_back(
    parameters: Float32, gradient: Float32, at: int, rows: int, n: int, x: Float32, columns: int,
    back: Float32, turned: Float32, out: Float32,
) -> None:  # fmt: skip
    """Given `back`, the gradient of W x: that of x into `out`, that of W added to `gradient`."""
    fill_transposed(x, 0, columns, n, columns, turned, 0, n)
    add_product(back, 0, columns, 1, turned, 0, n, gradient, at, n, rows, columns, n, 1)
    add_product(parameters, at, 1, n, back, 0, columns, out, 0, columns, n, rows, columns, 0)
