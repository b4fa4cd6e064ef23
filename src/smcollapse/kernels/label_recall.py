"""The chance alone that the truth has the largest of independent counts."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import jit
from smcollapse.kernels.label_counts import NODES, TINY, WEIGHTS
from smcollapse.kernels.label_laws import fill_count_law, upper_count
from smcollapse.kernels.label_normal import FAR, normal_below

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

NORMAL_FROM = 15.0
"""Expected count of two contenders from which the expansion is used (error below 1e−4)."""

LARGEST = 4096
"""Length of the tables of counts."""

UNDERFLOW = 600.0
"""Minus the logarithm of the smallest chance that Neyman's recursion can start from."""

LARGEST_POISSON = 700.0
"""Expected count from which Poisson counts that other answers can beat are taken for normal."""

_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)


@jit
def lead_chance(first: float, second: float) -> float:
    """P(T > Q) + ½ P(T = Q) for Poisson T, Q: an expansion in the cumulants of T − Q."""
    total = first + second
    z = (first - second) / math.sqrt(total)
    if abs(z) > 8.0:
        return 1.0 if z > 0.0 else 0.0
    skew = (first - second) / total**1.5
    square = z * z
    bend = skew * (square - 1.0) / 6.0
    bend -= z * (square - 3.0) / (24.0 * total)
    # Euler-Maclaurin: a sum over whole numbers, halved at 0, is the integral less f'(0)/12.
    bend -= z / (12.0 * total)
    bend -= skew * skew * z * (square * square - 10.0 * square + 15.0) / 72.0
    chance: float = normal_below(z) + bend * _DENSITY * math.exp(-0.5 * square)
    return chance


@jit
def fill_recalls(
    rate: Float64, distinct: Float64, copies: Float64, members: Int64, out: Float64
) -> None:
    """Chance that the truth wins and the cell is not empty, (n,).

    rate, distinct, copies (n, 3) of the truth, its rival, each other answer, as in
    `label_laws.fill_count_law`; members (n, 3) how many labels there are of each.
    Ties are split as in `label_counts.add_winner`.
    """
    laws = np.zeros((3, LARGEST))
    mean, variance = np.zeros(3), np.zeros(3)
    for cell in range(out.size):
        top, compound = 0.0, False
        for g in range(3):
            mean[g] = variance[g] = 0.0
            if members[cell, g] > 0:
                made = distinct[cell, g] * copies[cell, g]
                mean[g] = rate[cell, g] + made
                variance[g] = mean[g] + made * copies[cell, g]
                compound = compound or made > 0.0
                top = max(top, upper_count(rate[cell, g], distinct[cell, g], copies[cell, g]))
                if -distinct[cell, g] * math.expm1(-copies[cell, g]) > UNDERFLOW:
                    top = math.inf
        best = max(mean[0], mean[1])
        alone = mean[2] == 0.0 or best - mean[2] > FAR * math.sqrt(best + mean[2]) + 2.0
        if alone and not compound and mean[0] + mean[1] > NORMAL_FROM:
            out[cell] = lead_chance(mean[0], mean[1])
        elif top >= LARGEST or (not compound and max(best, mean[2]) > LARGEST_POISSON):
            out[cell] = many_chance(mean, variance, members[cell])
        else:
            for g in range(3):
                laws[g] = 0.0
                if members[cell, g] > 0:
                    used = laws[g, : int(top) + 1]
                    fill_count_law(rate[cell, g], distinct[cell, g], copies[cell, g], used)
                else:
                    laws[g, 0] = 1.0
            out[cell] = exact_chance(laws, int(top) + 1, members[cell])


@jit
def exact_chance(laws: Float64, top: int, members: Int64) -> float:
    """The chance from the laws (3, ·) of a label of each kind, counts below ``top``."""
    chance, below_rival, below_other = 0.0, 0.0, 0.0
    for count in range(min(top, laws.shape[1])):
        f = laws[0, count]
        if count > 0 and f > TINY:
            for node in range(NODES.size):
                u = NODES[node]
                part = WEIGHTS[node] * f
                if members[1] > 0:
                    part *= below_rival + u * laws[1, count]
                if members[2] > 0:
                    part *= (below_other + u * laws[2, count]) ** members[2]
                chance += part
        below_rival += laws[1, count]
        below_other += laws[2, count]
    return chance


@jit
def many_chance(mean: Float64, variance: Float64, members: Int64) -> float:
    """The same where counts are too large for tables: normal counts of these moments, (3,)."""
    points = 200
    chance = 0.0
    for point in range(points):
        z = -7.0 + 14.0 * (point + 0.5) / points
        value = mean[0] + z * math.sqrt(variance[0])
        part = 14.0 / points * _DENSITY * math.exp(-0.5 * z * z)
        for g in (1, 2):
            if members[g] > 0:
                part *= (
                    normal_below((value - mean[g]) / math.sqrt(max(variance[g], 1e-12)))
                    ** (members[g])
                )
        chance += part
    return chance
