"""Who wins a cell, by how much: the joint law of the largest label count and of all others.

A cell holds independent counts of labels. Labels with the same law form a group: the truth, its
rival, the others. With offsets o (a smoothed table adds κπ to each count) the winner is the label
with the largest n + o, of several equal ones a random one; its confidence is (n + o) / (Σ n + κ).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import inline, jit

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

N_BINS = 15
RECALL, CONFIDENCE = 0, 1
GAP, SQUARE, SPREAD, INSIDE = 2, 2 + N_BINS, 2 + 2 * N_BINS, 2 + 3 * N_BINS
N_SUMS = 2 + 4 * N_BINS
"""Columns of the sums: chance that the truth wins, mean confidence c, and for each bin of c, with
the winner's chance a of being a test row's label: E(a − c), E(a − c)², E a(1 − a) inside the bin,
and the chance to be inside."""

TINY = 1e-10
NODES = np.array([0.06943184420297371, 0.33000947820757187, 0.6699905217924281, 0.9305681557970262])
WEIGHTS = np.array(
    [0.17392742256872692, 0.32607257743127307, 0.32607257743127307, 0.17392742256872692]
)


@inline
def bin_of(confidence: float) -> int:
    """Bin of a confidence that is kept in single precision, as `fill_calibration_sums` has it."""
    single = min(np.float64(np.float32(confidence)), 1.0)
    return max(0, min(N_BINS, math.ceil(single * N_BINS)) - 1)


@inline
def add_outcome(
    chance: float, confidence: float, accuracy: float, truth: bool, sums: Float64
) -> None:
    """Add one outcome to the sums."""
    b = bin_of(confidence)
    gap = accuracy - confidence
    if truth:
        sums[RECALL] += chance
    sums[CONFIDENCE] += chance * confidence
    sums[GAP + b] += chance * gap
    sums[SQUARE + b] += chance * gap * gap
    sums[SPREAD + b] += chance * accuracy * (1.0 - accuracy)
    sums[INSIDE + b] += chance


@jit
def multiply(left: Float64, n_left: int, right: Float64, n_right: int, out: Float64) -> int:
    """Product of two polynomials, cut at the size of ``out``; returns its number of terms."""
    n = min(n_left + n_right - 1, out.size)
    for i in range(n):
        out[i] = 0.0
    for i in range(min(n_left, n)):
        factor = left[i]
        if factor > 1e-300:
            for j in range(min(n_right, n - i)):
                out[i + j] += factor * right[j]
    while n > 1 and out[n - 1] < 1e-16:
        n -= 1
    return n


@jit
def fill_power(base: Float64, n_base: int, exponent: int, out: Float64, work: Float64) -> int:
    """base^exponent by repeated squaring, cut at the size of ``out``; ``work`` is (2, size)."""
    square, spare = work[0], work[1]
    n_square = min(n_base, out.size)
    square[:n_square] = base[:n_square]
    out[0] = 1.0
    n = 1
    while exponent > 0:
        if exponent & 1:
            n_new = multiply(out, n, square, n_square, spare)
            out[:n_new] = spare[:n_new]
            n = n_new
        exponent >>= 1
        if exponent > 0:
            n_new = multiply(square, n_square, square, n_square, spare)
            square[:n_new] = spare[:n_new]
            n_square = n_new
    return n


@jit
def add_winner(
    group: int,
    count: int,
    laws: Float64,
    sizes: Int64,
    members: Int64,
    offset: Float64,
    pseudo_count: float,
    accuracy: float,
    work: Float64,
    sums: Float64,
) -> None:
    """Add all outcomes in which a label of ``group`` wins with that count.

    Ties: give every label a uniform number, the largest wins. Given the winner's number u another
    label may have a smaller value, or the same with chance u, so that the law of the rest is a
    polynomial in u, which four Gauss-Legendre nodes integrate up to seven labels in a tie.
    """
    value = count + offset[group]
    rest, factor, spare, limited = work[0], work[1], work[2], work[3]
    for node in range(NODES.size):
        rest[0] = 1.0
        n_rest = 1
        alive = True
        for other in range(members.size):
            many = members[other] - (1 if other == group else 0)
            if many == 0:
                continue
            room = value - offset[other]
            limit = math.floor(room + 1e-9)
            tied = abs(room - limit) < 2e-9
            if limit < 0:
                alive = False
                break
            n = min(limit + 1, sizes[other])
            limited[:n] = laws[other, :n]
            if tied and limit < sizes[other]:
                limited[limit] *= NODES[node]
            if many > 1:
                n_power = fill_power(limited, n, many, factor, work[4:6])
            else:
                factor[:n] = limited[:n]
                n_power = n
            n_new = multiply(rest, n_rest, factor, n_power, spare)
            rest[:n_new] = spare[:n_new]
            n_rest = n_new
        if not alive:
            return
        scale = members[group] * laws[group, count] * WEIGHTS[node]
        for other_count in range(n_rest):
            total = count + other_count + pseudo_count
            if total > 0.0:
                confidence = value / total
                add_outcome(scale * rest[other_count], confidence, accuracy, group == 0, sums)


@jit
def fill_exact(
    laws: Float64,
    sizes: Int64,
    members: Int64,
    offset: Float64,
    pseudo_count: float,
    right: float,
    wrong: float,
    work: Float64,
    sums: Float64,
) -> None:
    """Sums of a cell (N_SUMS,), without its being empty where pseudo_count is 0.

    laws (G, n) chances of each group's counts, group 0 is the truth; sizes (G,) how many of them
    are used; members (G,) labels in the group; right, wrong: chance that the label of a test row is
    the truth, is a given wrong answer; work (6, n) scratch space, n bounding the cell's total.
    """
    sums[:] = 0.0
    for group in range(members.size):
        if members[group] == 0:
            continue
        for count in range(sizes[group]):
            if laws[group, count] * members[group] > TINY:
                add_winner(
                    group,
                    count,
                    laws,
                    sizes,
                    members,
                    offset,
                    pseudo_count,
                    right if group == 0 else wrong,
                    work,
                    sums,
                )
