"""Training of a small transformer, sixteen rows at a time: a tile.

x = embedding + position;  x += W_o attention(norm x);  x += W_down relu(W_up norm x), layer after
layer; logits = embedding · norm x. Activations are (channels, columns), columns last: token
(p, lane) is column 16 p + lane. All of a tile stays in a core's own cache on its way through the
network and back. From the last attention on, only columns whose next token counts go on.
Arrays are one-dimensional, those of several layers (layers, …).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smcollapse.kernels.attention import fill_attention, fill_attention_gradient
from smcollapse.kernels.compile import jit
from smcollapse.kernels.transformer_layers import (
    HEAD_COLUMNS,
    NetworkShape,
    TileMemory,
    add_embedding_gradient,
    add_norm_gradient,
    apply_weight,
    apply_weight_back,
    embed,
    fill_norm,
    gather_columns,
    scatter_columns,
    take_tile,
)
from smcollapse.kernels.vector_blocks import LANES, add_product, fill_transposed, softmax_columns

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]

_F = np.float32
_ONE = _F(1.0)


@jit
def forward_tile(shape: NetworkShape, parameters: Float32, memory: TileMemory, n: int) -> None:
    """What the last norm gives, `memory.final` (d, n), of the n columns that count (n = 16, …)."""
    d, h, columns = shape.width, shape.hidden, shape.positions * LANES
    at = (shape.vocabulary + shape.positions) * d
    embed(shape, parameters, memory)
    for layer in range(shape.depth):
        qkv, seen = memory.qkv[layer], memory.seen[layer]
        fill_norm(memory.x, d, columns, memory.read_root[layer], memory.read[layer])
        apply_weight(parameters, at, 3 * d, d, memory.read[layer], columns, qkv, 0)
        fill_attention(
            qkv, d, shape.heads, shape.positions, memory.ones, memory.weights[layer], seen
        )
        if layer == shape.depth - 1:
            gather_columns(memory.x, columns, d, memory, n)
            gather_columns(seen, columns, d, memory, n)
            columns = n
        apply_weight(parameters, at + 3 * d * d, d, d, seen, columns, memory.x, 1)
        fill_norm(memory.x, d, columns, memory.thought_root[layer], memory.thought[layer])
        hidden = memory.hidden[layer]
        apply_weight(parameters, at + 4 * d * d, h, d, memory.thought[layer], columns, hidden, 0)
        for i in range(h * columns):
            hidden[i] = max(hidden[i], _F(0.0))
        apply_weight(parameters, at + 4 * d * d + d * h, d, h, hidden, columns, memory.x, 1)
        at += 4 * d * d + 2 * d * h
    fill_norm(memory.x, d, columns, memory.final_root, memory.final)


@jit
def _logits(
    shape: NetworkShape, parameters: Float32, memory: TileMemory, n: int, start: int, columns: int
) -> None:
    """Logits (V, columns) of some of the n columns of `memory.final`, from `start` on."""
    add_product(parameters, 0, shape.width, 1, memory.final, start, n, memory.logits, 0, columns,
                shape.vocabulary, shape.width, columns, 0)  # fmt: skip


@jit
def _logit_gradient(
    shape: NetworkShape, memory: TileMemory, start: int, columns: int, count: int, smoothing: float
) -> None:
    """Logits → gradient of the sum of coefficient · cross entropy, in place.

    With smoothing ε the target is (1 − ε) one-hot + ε/V (Szegedy et al. 2016).
    """
    logits, coefficient = memory.logits, memory.coefficient[start : start + columns]
    softmax_columns(logits, 0, columns, shape.vocabulary, columns, _ONE, coefficient, 0)
    if smoothing > 0.0:
        even = _F(smoothing / shape.vocabulary)
        for v in range(shape.vocabulary):
            row = logits[v * columns : (v + 1) * columns]
            for i in range(columns):
                row[i] -= even * coefficient[i]
    peak = _F(1.0 - smoothing)
    for i in range(min(columns, count - start)):
        logits[memory.target[start + i] * columns + i] -= peak * coefficient[i]


@jit
def head_gradient(
    shape: NetworkShape, parameters: Float32, memory: TileMemory, n: int, count: int,
    smoothing: float, gradient: Float32,
) -> None:  # fmt: skip
    """Gradient of the loss: that of `memory.final` into `memory.back`, of the embedding added.

    The vocabulary is met by `HEAD_COLUMNS` columns at a time, which stay in the cache.
    """
    d, size = shape.width, shape.vocabulary
    turned, logits = memory.turned, memory.logits
    fill_transposed(memory.final, 0, n, d, n, turned, 0, d)
    for start in range(0, n, HEAD_COLUMNS):
        columns = min(HEAD_COLUMNS, n - start)
        _logits(shape, parameters, memory, n, start, columns)
        _logit_gradient(shape, memory, start, columns, count, smoothing)
        add_product(logits, 0, columns, 1, turned, start * d, d, gradient, 0, d,
                    size, columns, d, 1)  # fmt: skip
        add_product(parameters, 0, 1, d, logits, 0, columns, memory.back, start, n,
                    d, size, columns, 0)  # fmt: skip


@jit
def backward_tile(
    shape: NetworkShape, parameters: Float32, memory: TileMemory, n: int, count: int,
    gradient: Float32,
) -> None:  # fmt: skip
    """Add the gradient of all below the head; `memory.back` holds that of `memory.final`."""
    d, h, columns = shape.width, shape.hidden, n
    x, back, wide, turned = memory.x, memory.back, memory.wide, memory.turned
    x[: d * n] = _F(0.0)
    add_norm_gradient(back, memory.final, memory.final_root, d, n, memory.mean, x)
    at = (shape.vocabulary + shape.positions) * d + shape.depth * (4 * d * d + 2 * d * h)
    for layer in range(shape.depth - 1, -1, -1):
        at -= 4 * d * d + 2 * d * h
        hidden, thought, seen = memory.hidden[layer], memory.thought[layer], memory.seen[layer]
        apply_weight_back(parameters, gradient, at + 4 * d * d + d * h, d, h, hidden, columns, x,
                    turned, wide)  # fmt: skip
        for i in range(h * columns):
            wide[i] = wide[i] if hidden[i] > _F(0.0) else _F(0.0)
        apply_weight_back(parameters, gradient, at + 4 * d * d, h, d, thought, columns, wide,
                    turned, back)  # fmt: skip
        add_norm_gradient(back, thought, memory.thought_root[layer], d, columns, memory.mean, x)
        apply_weight_back(parameters, gradient, at + 3 * d * d, d, d, seen, columns, x,
                    turned, back)  # fmt: skip
        if layer == shape.depth - 1:
            columns = shape.positions * LANES
            scatter_columns(x, columns, d, memory, n, count)
            scatter_columns(back, columns, d, memory, n, count)
        fill_attention_gradient(memory.qkv[layer], d, shape.heads, shape.positions,
                                memory.weights[layer], back, memory.scores, memory.mean,
                                wide)  # fmt: skip
        apply_weight_back(parameters, gradient, at, 3 * d, d, memory.read[layer], columns, wide,
                    turned, back)  # fmt: skip
        add_norm_gradient(
            back, memory.read[layer], memory.read_root[layer], d, columns, memory.mean, x
        )
    add_embedding_gradient(shape, gradient, memory)


@jit
def count_targets(shape: NetworkShape, codes: Int32, rows: Int32) -> int:
    """Number of tokens of the rows that are targets."""
    number = 0
    for row in rows:
        for p in range(1, shape.positions + 1):
            if codes[row, p] != shape.padding or p == shape.answer_at:
                number += 1
    return number


@jit
def fill_gradient(
    shape: NetworkShape, parameters: Float32, memory: TileMemory, codes: Int32, rows: Int32,
    row_weight: Float32, smoothing: float, gradient: Float32,
) -> None:  # fmt: skip
    """Gradient of the mean loss over the targets of a batch of rows (b,).

    codes : (n, L) tokens; row_weight : (n,) weight of each row in the loss, (0,) where all are 1
    """
    gradient[:] = _F(0.0)
    share = _ONE / _F(max(1, count_targets(shape, codes, rows)))
    for start in range(0, len(rows), LANES):
        tile = rows[start : start + LANES]
        count, _ = take_tile(shape, memory, codes, tile, row_weight, share)
        n = (count + LANES - 1) // LANES * LANES
        if n == 0:
            continue
        forward_tile(shape, parameters, memory, n)
        head_gradient(shape, parameters, memory, n, count, smoothing, gradient)
        backward_tile(shape, parameters, memory, n, count, gradient)


@jit
def adam_step(
    parameters: Float32, gradient: Float32, first: Float32, second: Float32, step: int,
    rate: float, decay: float, beta_1: float, beta_2: float,
) -> None:  # fmt: skip
    """Step number 1, 2, … of AdamW (Loshchilov & Hutter 2019), ε = 1e-8, in place."""
    size = _F(rate / (1.0 - beta_1**step))
    root = _F(1.0 / np.sqrt(1.0 - beta_2**step))
    keep_1, keep_2, kept = _F(beta_1), _F(beta_2), _F(1.0 - rate * decay)
    new_1, new_2, least = _F(1.0 - beta_1), _F(1.0 - beta_2), _F(1e-8)
    for i in range(len(parameters)):
        g = gradient[i]
        m, v = keep_1 * first[i] + new_1 * g, keep_2 * second[i] + new_2 * (g * g)
        first[i], second[i] = m, v
        parameters[i] = kept * parameters[i] - size * m / (np.sqrt(v) * root + least)


@jit
def train_network(
    shape: NetworkShape, parameters: Float32, gradient: Float32, first: Float32, second: Float32,
    memory: TileMemory, codes: Int32, schedule: Int32, step: int, rates: NDArray[np.float64],
    decay: float, beta_1: float, beta_2: float, row_weight: Float32, smoothing: float,
) -> None:  # fmt: skip
    """Steps `step`, … (the first is 0) on the batches of a schedule (steps, b), in place."""
    for i in range(len(schedule)):
        fill_gradient(
            shape, parameters, memory, codes, schedule[i], row_weight, smoothing, gradient
        )
        adam_step(parameters, gradient, first, second, step + i + 1, rates[i], decay,
                  beta_1, beta_2)  # fmt: skip


@jit
def fill_answers(
    shape: NetworkShape, parameters: Float32, memory: TileMemory, codes: Int32, rows: Int32,
    out: Float32,
) -> tuple[float, int]:  # fmt: skip
    """out[r] = chances of every token (V,) in place of the answer of rows[r].

    Returns the sum of −log p over all targets of the rows, and their number.
    """
    loss, number = 0.0, 0
    none = np.empty(0, np.float32)
    for start in range(0, len(rows), LANES):
        tile = rows[start : start + LANES]
        count, answer = take_tile(shape, memory, codes, tile, none, _ONE)
        n = (count + LANES - 1) // LANES * LANES
        forward_tile(shape, parameters, memory, n)
        for begin in range(0, n, HEAD_COLUMNS):
            columns = min(HEAD_COLUMNS, n - begin)
            _logits(shape, parameters, memory, n, begin, columns)
            softmax_columns(
                memory.logits, 0, columns, shape.vocabulary, columns, _ONE, memory.ones, 0
            )
            for i in range(min(columns, count - begin)):
                chance = memory.logits[memory.target[begin + i] * columns + i]
                loss -= np.log(np.float64(chance))
                r = begin + i - answer
                if 0 <= r < len(tile):
                    for v in range(shape.vocabulary):
                        out[start + r, v] = memory.logits[v * columns + i]
        number += count
    return loss, number
