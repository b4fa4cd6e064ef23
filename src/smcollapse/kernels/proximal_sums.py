"""Sums over signed clusters that make up the equations of `kernels.state_evolution`."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import inline, jit
from smcollapse.kernels.proximal import (
    COARSEST,
    N_AVERAGES,
    REACH,
    STEP,
    WIDE,
    average_narrow,
    average_wide,
    fill_dual,
    fill_terms,
)

Float64 = npt.NDArray[np.float64]


@inline
def _add(
    e: Float64, k: int, sign: float, nu: float, sigma: float, r: float, s: float, sums: Float64
) -> None:
    """Add one cluster's averages ``e`` (8,) to the sums of its context; see :func:`fill_sums`."""
    square = sigma * sigma
    nu *= r
    sums[0, k] += sign * nu * e[0]
    sums[1, k] += nu * e[1]
    sums[2, k] += sign * nu * square * s * s * e[2]
    sums[3, k] += sign * nu * r * square * e[5]
    nu *= square
    sums[4, k] += nu * r * e[4]
    sums[5, k] += sign * nu * r * 2.0 * e[5]
    sums[6, k] += nu * r * square * 2.0 * s * s * e[7]
    sums[7, k] += nu * r * r * square * 2.0 * e[6]
    sums[8, k] -= nu * e[1]
    sums[9, k] -= sign * nu * e[2]
    sums[10, k] -= nu * square * s * s * e[3]
    sums[11, k] -= nu * r * square * e[7]


@jit
def _add_wide(
    margin: Float64,
    spread: float,
    variance: float,
    weight: Float64,
    sigma: float,
    r: float,
    norm: float,
    sums: Float64,
) -> None:
    """Add a group of clusters on one grid, whose nodes stay in place while the state moves."""
    e = np.empty(N_AVERAGES)
    coarser = max(0.0, math.floor(math.log2(COARSEST * spread / STEP)))
    step = STEP * 2.0**coarser
    nodes = math.ceil((np.max(np.abs(margin)) + REACH * spread) / step)
    dual = np.empty(2 * int(nodes) + 1)
    first = -step * nodes
    fill_dual(first, step, variance, dual)
    for k in range(margin.size):
        for side in range(2):
            if weight[k, side] > 0.0:
                sign = 1.0 - 2.0 * side
                average_wide(first, step, dual, sign * margin[k], spread, e)
                _add(e, k, sign, weight[k, side], sigma, r, norm, sums)


@jit
def _add_narrow(
    margin: Float64,
    spread: float,
    variance: float,
    weight: Float64,
    sigma: float,
    r: float,
    norm: float,
    sums: Float64,
) -> None:
    """Add a group of clusters, on one grid or on one grid each, whichever has fewer nodes."""
    e = np.empty(N_AVERAGES)
    step = STEP * spread
    largest = np.max(np.abs(margin))
    own = int(2.0 * REACH / STEP) + 3
    common = 2.0 * largest / step + own
    shared = common < np.count_nonzero(weight) * own
    nodes = int(common) if shared else own
    dual, terms = np.empty(nodes), np.empty((nodes, N_AVERAGES))
    first = -largest - REACH * spread
    if shared:
        fill_dual(first, step, variance, dual)
        fill_terms(dual, variance, terms)
    for k in range(margin.size):
        for side in range(2):
            if weight[k, side] > 0.0:
                sign = 1.0 - 2.0 * side
                mean = sign * margin[k]
                if not shared:
                    first = mean - REACH * spread
                    fill_dual(first, step, variance, dual)
                    fill_terms(dual, variance, terms)
                average_narrow(first, step, terms, mean, spread, e)
                _add(e, k, sign, weight[k, side], sigma, r, norm, sums)


@jit
def fill_sums(
    margin: Float64,
    norm: float,
    susceptibility: float,
    weight: Float64,
    deviation: Float64,
    multiplicity: Float64,
    sums: Float64,
) -> None:
    """Each context's part of F, q̂ and V̂ with their derivatives, into ``sums`` (12, K).

    margin (K,), weight (G, K, 2) with ε = + first, deviation and multiplicity (G,). Rows 0–3: F,
    ∂F/∂m, ∂F/∂log S, ∂F/∂V; rows 4–7 the same of q̂, rows 8–11 of V̂.
    """
    sums[:, :] = 0.0
    for g in range(deviation.size):
        spread = deviation[g] * norm
        variance = deviation[g] ** 2 * multiplicity[g] * susceptibility
        data = (margin, spread, variance, weight[g], deviation[g], multiplicity[g], norm, sums)
        if spread >= WIDE:
            _add_wide(*data)
        else:
            _add_narrow(*data)
