"""The chance alone that the truth has the largest of independent Poisson counts."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import jit
from smcollapse.kernels.label_counts import NODES, TINY, WEIGHTS
from smcollapse.kernels.label_laws import add_poisson
from smcollapse.kernels.label_normal import FAR, normal_below

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

NORMAL_FROM = 15.0
"""Expected count of two contenders from which the expansion is used (error below 1e−4)."""

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
def fill_recalls(rate: Float64, members: Int64, out: Float64) -> None:
    """Chance that the truth wins and the cell is not empty, (n,).

    rate (n, 3) of the truth, its rival, each other answer; members (n, 3) how many there are.
    Ties are split as in `label_counts.add_winner`.
    """
    size = 1024
    laws = np.zeros((3, size))
    for cell in range(out.size):
        a = rate[cell, 0]
        b = rate[cell, 1] if members[cell, 1] > 0 else 0.0
        o = rate[cell, 2] if members[cell, 2] > 0 else 0.0
        top = max(a, b)
        alone = o == 0.0 or top - o > FAR * math.sqrt(top + o) + 2.0
        if alone and a + b > NORMAL_FROM:
            out[cell] = lead_chance(a, b)
            continue
        if max(top, o) > 700.0:
            out[cell] = many_chance(a, b, o, members[cell])
            continue
        below = np.zeros(3)
        for g in range(3):
            laws[g] = 0.0
            if members[cell, g] > 0:
                add_poisson(rate[cell, g], 1.0, laws[g])
            else:
                laws[g, 0] = 1.0
        chance = 0.0
        for count in range(size):
            f = laws[0, count]
            if count > 0 and f > TINY:
                for node in range(NODES.size):
                    u = NODES[node]
                    part = WEIGHTS[node] * f
                    if members[cell, 1] > 0:
                        part *= below[1] + u * laws[1, count]
                    if members[cell, 2] > 0:
                        part *= (below[2] + u * laws[2, count]) ** members[cell, 2]
                    chance += part
            elif count > a:
                break
            below[1] += laws[1, count]
            below[2] += laws[2, count]
        out[cell] = chance


@jit
def many_chance(truth: float, rival: float, other: float, members: Int64) -> float:
    """The same where all counts are large and other answers can win: normal counts."""
    points = 200
    chance = 0.0
    for point in range(points):
        z = -7.0 + 14.0 * (point + 0.5) / points
        value = truth + z * math.sqrt(truth)
        part = 14.0 / points * _DENSITY * math.exp(-0.5 * z * z)
        if members[1] > 0:
            part *= normal_below((value - rival) / math.sqrt(max(rival, 1e-12)))
        if members[2] > 0:
            part *= normal_below((value - other) / math.sqrt(max(other, 1e-12))) ** members[2]
        chance += part
    return chance
