"""Newton's method for the overlaps, the norm and the susceptibility of ridge logistic regression.

The state is (α, β_1 … β_K, log S, log V): S the norm of the weights, α S its part along the rule,
β_k S along context k, so that the mean margin of context k is m_k = S(ρ_k α + c_k β_k). Signed
clusters are grouped by standard deviation σ_g and multiplicity r_g; ν_gkε distinct rows per
dimension of group g in context k have the mean ε m_k, ε = ±1. With f = r s(x(ω, σ²rV)),

    F_k = Σ ε ν E f,   q̂ = Σ ν σ² E f²,   V̂ = −Σ ν σ² E f'

the residuals are α − V Σ ρ_k F_k / S, β_k − c_k V F_k / S, 1 − α² − Σ β_k² − V² q̂ / S² and
1 − V(λ + V̂) (theory notes, section 3; Loureiro et al. 2021, arXiv:2106.03791).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import inline, jit
from smcollapse.kernels.proximal_sums import fill_sums

Float64 = npt.NDArray[np.float64]

_LARGEST_CHANGE = 1.5
_HALVINGS = 10


@jit
def _residuals(
    state: Float64, sums: Float64, rule: Float64, context: Float64, ridge: float, out: Float64
) -> float:
    """Residuals in the order of the state, into ``out`` (K + 3,); returns the largest."""
    k = rule.size
    scale = math.exp(state[k + 2] - state[k + 1])
    pull, mass, noise, width = 0.0, 0.0, 0.0, 0.0
    for j in range(k):
        pull += rule[j] * sums[0, j]
        mass += state[1 + j] ** 2
        noise += sums[4, j]
        width += sums[8, j]
        out[1 + j] = state[1 + j] - context[j] * scale * sums[0, j]
    out[0] = state[0] - scale * pull
    out[k + 1] = 1.0 - state[0] ** 2 - mass - scale * scale * noise
    out[k + 2] = 1.0 - math.exp(state[k + 2]) * (ridge + width)
    largest = 0.0
    for j in range(k + 3):
        if not abs(out[j]) <= 1e300:
            return math.inf
        largest = max(largest, abs(out[j]))
    return largest


@inline
def _solve_3(a: Float64, b: Float64) -> None:
    """Solve a x = b for a (3, 3) by elimination with pivots; x replaces b."""
    for i in range(3):
        pivot = i
        for row in range(i + 1, 3):
            if abs(a[row, i]) > abs(a[pivot, i]):
                pivot = row
        for column in range(3):
            a[i, column], a[pivot, column] = a[pivot, column], a[i, column]
        b[i], b[pivot] = b[pivot], b[i]
        for row in range(i + 1, 3):
            factor = a[row, i] / a[i, i]
            for column in range(i, 3):
                a[row, column] -= factor * a[i, column]
            b[row] -= factor * b[i]
    for i in range(2, -1, -1):
        for column in range(i + 1, 3):
            b[i] -= a[i, column] * b[column]
        b[i] /= a[i, i]


@jit
def _newton_step(
    state: Float64,
    margin: Float64,
    sums: Float64,
    residual: Float64,
    rule: Float64,
    context: Float64,
    ridge: float,
    out: Float64,
) -> None:
    """Newton's step into ``out`` (K + 3,): contexts are eliminated, three equations remain."""
    k = rule.size
    norm, v = math.exp(state[k + 1]), math.exp(state[k + 2])
    scale = v / norm
    core = np.zeros((3, 3))
    right = np.empty(3)
    core[0, 0] = 1.0
    core[1, 0] = -2.0 * state[0]
    right[0], right[1], right[2] = -residual[0], -residual[k + 1], -residual[k + 2]
    noise, width = 0.0, 0.0
    for j in range(k):
        noise += sums[4, j]
        width += sums[8, j]
    core[1, 1] = 2.0 * scale * scale * noise
    core[1, 2] = -2.0 * scale * scale * noise
    core[2, 2] = -v * (ridge + width)
    column = np.empty((k, 3))
    diagonal = np.empty(k)
    for j in range(k):
        f_rule, f_norm, f_v = _by_core(sums, 0, j, rule[j] * norm, margin[j], v)
        q_rule, q_norm, q_v = _by_core(sums, 4, j, rule[j] * norm, margin[j], v)
        w_rule, w_norm, w_v = _by_core(sums, 8, j, rule[j] * norm, margin[j], v)
        f_own = context[j] * norm * sums[1, j]
        q_own = context[j] * norm * sums[5, j]
        w_own = context[j] * norm * sums[9, j]
        core[0, 0] -= scale * rule[j] * f_rule
        core[0, 1] -= scale * rule[j] * (f_norm - sums[0, j])
        core[0, 2] -= scale * rule[j] * (f_v + sums[0, j])
        core[1, 0] -= scale * scale * q_rule
        core[1, 1] -= scale * scale * q_norm
        core[1, 2] -= scale * scale * q_v
        core[2, 0] -= v * w_rule
        core[2, 1] -= v * w_norm
        core[2, 2] -= v * w_v
        diagonal[j] = 1.0 - context[j] * scale * f_own
        column[j, 0] = -context[j] * scale * f_rule
        column[j, 1] = -context[j] * scale * (f_norm - sums[0, j])
        column[j, 2] = -context[j] * scale * (f_v + sums[0, j])
        rows = (
            -scale * rule[j] * f_own,
            -2.0 * state[1 + j] - scale * scale * q_own,
            -v * w_own,
        )
        for i in range(3):
            factor = rows[i] / diagonal[j]
            right[i] += factor * residual[1 + j]
            for other in range(3):
                core[i, other] -= factor * column[j, other]
    _solve_3(core, right)
    out[0], out[k + 1], out[k + 2] = right[0], right[1], right[2]
    for j in range(k):
        change = -residual[1 + j]
        for i in range(3):
            change -= column[j, i] * right[i]
        out[1 + j] = change / diagonal[j]


@inline
def _by_core(
    sums: Float64, row: int, j: int, by_rule: float, by_norm: float, v: float
) -> tuple[float, float, float]:
    """Derivatives of a context's sum by α, by log S and by log V."""
    slope = sums[row + 1, j]
    return slope * by_rule, slope * by_norm + sums[row + 2, j], v * sums[row + 3, j]


@jit
def _fill_all(
    state: Float64,
    weight: Float64,
    deviation: Float64,
    multiplicity: Float64,
    rule: Float64,
    context: Float64,
    ridge: float,
    margin: Float64,
    sums: Float64,
    residual: Float64,
) -> float:
    """Margins, sums and residuals at that state; returns the largest residual.

    It is infinite where the state cannot be a solution: parts larger than the whole, or a norm
    whose ridge costs more than the loss of weights that are 0.
    """
    k = rule.size
    rows = 0.0
    for g in range(deviation.size):
        rows += multiplicity[g] * np.sum(weight[g])
    largest = 1.0 + 0.5 * math.log(2.0 * rows / ridge)
    if not (
        np.sum(state[: k + 1] ** 2) <= 2.0 and state[k + 1] <= largest and state[k + 2] < 700.0
    ):
        return math.inf
    norm, v = math.exp(state[k + 1]), math.exp(state[k + 2])
    for j in range(k):
        margin[j] = norm * (rule[j] * state[0] + context[j] * state[1 + j])
    fill_sums(margin, norm, v, weight, deviation, multiplicity, sums)
    return _residuals(state, sums, rule, context, ridge, residual)


@jit
def solve(
    state: Float64,
    weight: Float64,
    deviation: Float64,
    multiplicity: Float64,
    rule: Float64,
    context: Float64,
    ridge: float,
    tolerance: float,
    max_steps: int,
) -> float:
    """Newton's method from ``state`` (K + 3,), which is replaced; returns the largest residual.

    Steps are cut so that log S and log V change by at most 1.5, then halved until the largest
    residual falls. The caller compares what is returned with the tolerance.
    """
    k = rule.size
    margin, sums = np.empty(k), np.empty((12, k))
    residual, trial_residual = np.empty(k + 3), np.empty(k + 3)
    step = np.empty(k + 3)
    data = (weight, deviation, multiplicity, rule, context, ridge)
    error = _fill_all(state, *data, margin, sums, residual)
    for _ in range(max_steps):
        if error <= tolerance or not error < math.inf:
            break
        _newton_step(state, margin, sums, residual, rule, context, ridge, step)
        change = max(abs(step[k + 1]), abs(step[k + 2]))
        fraction = min(1.0, _LARGEST_CHANGE / change) if change > 0.0 else 1.0
        before = error
        for _ in range(_HALVINGS):
            trial = state + fraction * step
            error = _fill_all(trial, *data, margin, sums, trial_residual)
            if error < before:
                break
            fraction *= 0.5
        if not error < before:
            return before
        state[:] = trial
        residual[:] = trial_residual
    return error
