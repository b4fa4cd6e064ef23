"""Means of first and second powers of a posterior, from generating functions.

With G(z) = E z^n of a cell's total and h_y = log E z^(n_y), 1/(n + κ) = ∫ e^(−x(n + κ)) dx and
1/(n + κ)² = ∫ x e^(−x(n + κ)) dx turn means of ratios into one-dimensional integrals over
z = e^(−x) (the device of Cressie et al. 1981, doi:10.1080/00031305.1981.10479334).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import jit

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

STEP = 0.2
START = -3.2


@jit
def posterior_moments(
    rate: Float64,
    distinct: Float64,
    copies: Float64,
    members: Int64,
    offset: Float64,
    squares: float,
    pseudo_count: float,
) -> tuple[float, float, float]:
    """Chance of an empty cell; E p_0 and E Σ p_y² over cells that are not empty.

    rate, distinct, copies, members, offset (G,) describe the groups of labels; p_0 belongs to the
    only label of group 0; squares is Σ_y of the squared offsets of all labels.
    """
    groups = members.size
    mean = 0.0
    nothing = 0.0
    for g in range(groups):
        mean += members[g] * (rate[g] + distinct[g] * copies[g])
        nothing -= members[g] * (rate[g] + distinct[g] * (1.0 - math.exp(-copies[g])))
    empty = math.exp(nothing)
    if mean <= 0.0:
        return 1.0, 0.0, 0.0
    first = 0.0
    second = 0.0
    scale = 1.0 / (1.0 + mean)
    t = START
    while True:
        x = scale * math.exp(t - math.exp(-t))
        if x > 40.0:
            break
        weight = STEP * x * (1.0 + math.exp(-t)) * math.exp(-pseudo_count * x)
        z = math.exp(-x)
        less = -math.expm1(-x)
        log_all = 0.0
        slope_0 = 0.0
        product = 0.0
        for g in range(groups):
            if members[g] == 0:
                continue
            slope = rate[g]
            bend = 0.0
            log_one = -rate[g] * less
            if distinct[g] > 0.0:
                shrunk = math.exp(-copies[g] * less)
                slope += distinct[g] * copies[g] * shrunk
                bend = distinct[g] * copies[g] * copies[g] * shrunk
                log_one += distinct[g] * math.expm1(-copies[g] * less)
            if g == 0:
                slope_0 = slope
            log_all += members[g] * log_one
            product += members[g] * (
                z * z * (slope * slope + bend) + z * slope * (1.0 + 2.0 * offset[g])
            )
        whole = math.exp(log_all)
        some = whole - empty
        first += weight * (z * slope_0 * whole + offset[0] * some)
        second += weight * x * (product * whole + squares * some)
        t += STEP
    return empty, first, second
