"""Two contenders and a sum: cells in which only the truth or its rival can win.

All other labels matter through their sum alone, whose law is known, so that a cell costs one pass
over (count of the winner, count of the rest).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import inline, jit
from smcollapse.kernels.label_counts import (
    CONFIDENCE,
    GAP,
    INSIDE,
    N_BINS,
    RECALL,
    SPREAD,
    SQUARE,
    add_winner,
)

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

CONTESTED = 1e-7
"""Chance of an outcome above which it matters that another label may have the largest count."""

SLIGHT = 1e-9
"""Chances below this are left out."""

_EDGES = np.arange(1, N_BINS) / N_BINS
EDGE_ABOVE = np.concatenate(
    [[True], _EDGES.astype(np.float32).astype(np.float64) * N_BINS > np.arange(1, N_BINS)]
)
"""Whether a confidence of exactly b / 15, kept in single precision, is put into bin b."""


@inline
def settle(held: Float64, accuracy: float, truth: bool, sums: Float64) -> None:
    """Add chance, E c and E c² by bin, ``held`` (3, N_BINS), to the sums; ``held`` becomes 0."""
    for b in range(N_BINS):
        chance, first, second = held[0, b], held[1, b], held[2, b]
        if chance > 0.0:
            if truth:
                sums[RECALL] += chance
            sums[CONFIDENCE] += first
            sums[GAP + b] += accuracy * chance - first
            sums[SQUARE + b] += accuracy * (accuracy * chance - 2.0 * first) + second
            sums[SPREAD + b] += chance * accuracy * (1.0 - accuracy)
            sums[INSIDE + b] += chance
            held[0, b] = 0.0
            held[1, b] = 0.0
            held[2, b] = 0.0


@inline
def add_row(
    scale: float,
    value: float,
    rest: Float64,
    start: int,
    stop: int,
    count: int,
    pseudo_count: float,
    inverse: Float64,
    held: Float64,
) -> None:
    """Add the outcomes in which a label of that value wins and all others count start … stop − 1.

    rest : chance of each such count
    count : what the winner and those not in ``rest`` count; inverse : 1 / (n + pseudo_count)
    """
    total = count + pseudo_count
    low = start
    for b in range(N_BINS - 1, -1, -1):
        high = stop
        if b > 0:
            most = value * N_BINS / b - total
            near = math.floor(most + 0.5)
            if abs(most - near) < 1e-8:
                high = int(near) + (1 if EDGE_ABOVE[b] else 0)
            elif most < stop:
                high = math.floor(most) + 1
            high = min(high, stop)
        if high > low:
            # Two sums in turn, so that one addition need not wait for the other.
            even, even_1, even_2 = 0.0, 0.0, 0.0
            odd, odd_1, odd_2 = 0.0, 0.0, 0.0
            for r in range(low, high - 1, 2):
                part = rest[r] * inverse[count + r]
                even += rest[r]
                even_1 += part
                even_2 += part * inverse[count + r]
                part = rest[r + 1] * inverse[count + r + 1]
                odd += rest[r + 1]
                odd_1 += part
                odd_2 += part * inverse[count + r + 1]
            if (high - low) % 2 == 1:
                part = rest[high - 1] * inverse[count + high - 1]
                even += rest[high - 1]
                even_1 += part
                even_2 += part * inverse[count + high - 1]
            held[0, b] += scale * (even + odd)
            held[1, b] += scale * value * (even_1 + odd_1)
            held[2, b] += scale * value * value * (even_2 + odd_2)
            low = high
            if low >= stop:
                break


@jit
def add_contender(
    group: int,
    laws: Float64,
    sizes: Int64,
    members: Int64,
    offset: Float64,
    others: Float64,
    n_others: int,
    pseudo_count: float,
    accuracy: float,
    work: Float64,
    sums: Float64,
) -> None:
    """Add all outcomes in which the truth (group 0) or its rival (group 1) wins.

    others (n_others,) chances of the sum over all labels but these two; else as in `fill_exact`.
    """
    rival = 1 - group
    rest, held, inverse = work[6], work[7, : 3 * N_BINS].reshape(3, N_BINS), work[10]
    rest[:] = 0.0
    held[:] = 0.0
    start, stop = 0, 0
    beaten = 0
    below = 0.0
    for count in range(sizes[group]):
        value = count + offset[group]
        tie = 0.0
        if members[rival] > 0:
            while beaten < sizes[rival] and beaten + offset[rival] < value - 1e-9:
                chance = laws[rival, beaten]
                below += chance
                if chance > 1e-13:
                    for s in range(min(n_others, rest.size - beaten)):
                        rest[beaten + s] += chance * others[s]
                    stop = max(stop, min(beaten + n_others, rest.size))
                beaten += 1
            if beaten < sizes[rival] and beaten + offset[rival] < value + 1e-9:
                tie = 0.5 * laws[rival, beaten]
        elif stop == 0:
            stop = min(n_others, rest.size)
            rest[:stop] = others[:stop]
            below = 1.0
        chance = laws[group, count]
        if chance * (below + tie) < SLIGHT:
            continue
        risk = 0.0
        for other in range(2, members.size):
            if members[other] > 0:
                least = max(math.ceil(value - offset[other] - 1e-9), 0)
                if least < sizes[other]:
                    risk += members[other] * work[6 + other, least]
        if chance * (below + tie) * risk > CONTESTED:
            add_winner(
                group, count, laws, sizes, members, offset, pseudo_count, accuracy, work, sums
            )
            continue
        if count + pseudo_count <= 0.0:
            continue
        while start < stop and rest[start] < SLIGHT:
            start += 1
        end = stop
        while end > start and rest[end - 1] < SLIGHT:
            end -= 1
        add_row(chance, value, rest, start, end, count, pseudo_count, inverse, held)
        if chance * tie > SLIGHT:
            add_row(
                chance * tie, value, others, 0, n_others, count + beaten, pseudo_count, inverse,
                held,
            )  # fmt: skip
    settle(held, accuracy, group == 0, sums)


@jit
def fill_two_way(
    laws: Float64,
    sizes: Int64,
    members: Int64,
    offset: Float64,
    others: Float64,
    n_others: int,
    pseudo_count: float,
    right: float,
    wrong: float,
    work: Float64,
    sums: Float64,
) -> None:
    """Add the sums of a cell as in `label_counts`, with the law of the sum of the others at hand.

    Outcomes in which another label can win are handled exactly where they matter.
    ``work`` (11, n), n bounding the cell's total.
    """
    inverse, widest = work[10], n_others
    for group in range(2):
        widest += sizes[group] if members[group] > 0 else 0
    for total in range(min(widest, inverse.size)):
        inverse[total] = 1.0 / (total + pseudo_count)
    for group in range(2, members.size):
        if members[group] > 0:
            tail = work[6 + group]
            tail[sizes[group]] = 0.0
            for count in range(sizes[group] - 1, -1, -1):
                tail[count] = tail[count + 1] + laws[group, count]
    for group in range(2):
        if members[group] > 0:
            accuracy = right if group == 0 else wrong
            add_contender(
                group, laws, sizes, members, offset, others, n_others, pseudo_count, accuracy,
                work, sums,
            )  # fmt: skip
    for group in range(2, members.size):
        if members[group] == 0:
            continue
        for count in range(sizes[group]):
            value = count + offset[group]
            chance = members[group] * laws[group, count]
            for rival in range(2):
                if members[rival] > 0:
                    most = math.floor(value - offset[rival] + 1e-9)
                    below = 0.0
                    for smaller in range(min(most + 1, sizes[rival])):
                        below += laws[rival, smaller]
                    chance *= below
            if chance > 0.1 * CONTESTED:
                add_winner(
                    group, count, laws, sizes, members, offset, pseudo_count, wrong, work, sums
                )
