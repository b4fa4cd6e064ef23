"""Sums of embeddings and their gradient, for stacks of tables.

torch's own embedding bags sort the indices for the gradient; here each row of the gradient is
added where it belongs in one pass over the batch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smcollapse.kernels.compile import jit

Float32 = NDArray[np.float32]


@jit
def fill_embedding_sums(table: Float32, codes: NDArray[np.int64], out: Float32) -> None:
    """out[e, b] = Σ_f table[e, codes[e, b, f]].

    table : (E, V, h); codes : (E, B, f) in 0 … V−1; out : (E, B, h)
    """
    members, batch, fields = codes.shape
    width = table.shape[2]
    for e in range(members):
        for b in range(batch):
            row = codes[e, b, 0]
            for j in range(width):
                out[e, b, j] = table[e, row, j]
            for f in range(1, fields):
                row = codes[e, b, f]
                for j in range(width):
                    out[e, b, j] += table[e, row, j]


@jit
def fill_embedding_gradient(gradient: Float32, codes: NDArray[np.int64], out: Float32) -> None:
    """out[e, codes[e, b, f]] += gradient[e, b], batch rows in order; `out` starts at zero.

    gradient : (E, B, h); codes : (E, B, f); out : (E, V, h)
    """
    members, batch, fields = codes.shape
    width = gradient.shape[2]
    for e in range(members):
        for b in range(batch):
            for f in range(fields):
                row = codes[e, b, f]
                for j in range(width):
                    out[e, row, j] += gradient[e, b, j]
