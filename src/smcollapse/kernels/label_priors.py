"""Label frequencies of a category less one of its cells, and what follows from them there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import inline, jit
from smcollapse.kernels.label_counts import N_SUMS, add_outcome

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

CREDIT, SQUARES, WEIGHT = N_SUMS, N_SUMS + 1, N_SUMS + 2
N_EMPTY = N_SUMS + 3
"""The sums of `label_counts`, then p_truth, Σ p², and the weight of all that was summed."""

EQUAL = 1e-9
"""Masses that differ by less, relatively, are equal up to rounding."""


@inline
def remaining(total: float, own: Float64, answers: int) -> float:
    """Mass of a category without one cell; 0 where only rounding errors are left."""
    rest = total - own[0] - own[1] - (answers - 2) * own[2]
    return rest if rest > EQUAL * total else 0.0


@jit
def add_empty_cells(
    base: Float64,
    special: Float64,
    total: Float64,
    first: Int64,
    category: Int64,
    truth: Int64,
    rival: Int64,
    own: Float64,
    answers: int,
    weight: Float64,
    kind: Int64,
    right: float,
    wrong: float,
    out: Float64,
) -> None:
    """What K empty cells answer, summed with ``weight`` (K,) into row ``kind`` (K,) of ``out``.

    base, total (categories,), special (P,), first (categories + 1,), category, truth, rival (K,),
    own (K, 3): see `theories.count_priors.Priors`, at one share. The posterior is the ratio of the
    masses of the other cells of the category; equal largest entries win with equal chances.
    ``out`` (kinds, N_EMPTY); right, wrong: see `label_counts.fill_exact`.
    """
    for k in range(category.size):
        if weight[k] <= 0.0:
            continue
        c, sums = category[k], out[kind[k]]
        sums[WEIGHT] += weight[k]
        rest = remaining(total[c], own[k], answers)
        if rest == 0.0:
            chance = 1.0 / answers
            add_outcome(weight[k] * chance, chance, right, True, sums)
            add_outcome(weight[k] * (1.0 - chance), chance, wrong, False, sums)
            sums[CREDIT] += weight[k] * chance
            sums[SQUARES] += weight[k] * chance
            continue
        top = -1.0
        tied = 0
        lead = 0.0
        squares = 0.0
        for label in range(first[c], first[c + 1] + 1):
            many = 1
            mass = base[c] - own[k, 2]
            if label == first[c + 1]:
                many = answers - (first[c + 1] - first[c])
            elif label == truth[k]:
                mass = special[label] - own[k, 0]
                lead = max(mass, 0.0) / rest
            elif label == rival[k]:
                mass = special[label] - own[k, 1]
            else:
                mass = special[label] - own[k, 2]
            chance = max(mass, 0.0) / rest
            squares += many * chance * chance
            if many > 0 and chance > top * (1.0 + EQUAL):
                top = chance
                tied = many
            elif chance >= top * (1.0 - EQUAL):
                tied += many
        wins = 1.0 / tied if lead >= top * (1.0 - EQUAL) else 0.0
        add_outcome(weight[k] * wins, top, right, True, sums)
        add_outcome(weight[k] * (1.0 - wins), top, wrong, False, sums)
        sums[CREDIT] += weight[k] * lead
        sums[SQUARES] += weight[k] * squares
