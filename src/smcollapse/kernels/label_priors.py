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
def fill_priors(
    base: Float64,
    special: Float64,
    total: Float64,
    first: Int64,
    category: Int64,
    truth: Int64,
    rival: Int64,
    own: Float64,
    answers: int,
    prior: Float64,
    members: Int64,
    squares: Float64,
    rest: Float64,
) -> None:
    """Priors of K contexts from the masses of the other cells of their categories.

    base, total (categories,), special (P,), first (categories + 1,), category, truth, rival (K,),
    own (K, 3): see `theories.count_priors.Priors`, at one share.

    Out: prior (K, 4) of the truth, the rival, a lesser and a greater other answer (means; greater
    means above the truth); members (K, 4) numbers of those answers; squares (K,) Σ π²; rest (K,)
    mass of the other cells. An answer that is no exception's rival counts as other.
    """
    for k in range(category.size):
        c = category[k]
        rest[k] = remaining(total[c], own[k], answers)
        prior[k] = 0.0
        members[k] = 0
        members[k, 0] = 1
        members[k, 1] = 1 if rival[k] != truth[k] else 0
        if rest[k] == 0.0:
            members[k, 2] = answers - 1 - members[k, 1]
            prior[k] = 1.0 / answers
            squares[k] = 1.0 / answers
            continue
        lead = max(special[truth[k]] - own[k, 0], 0.0) / rest[k]
        prior[k, 0] = lead
        squares[k] = lead * lead
        if members[k, 1] == 1:
            prior[k, 1] = max(special[rival[k]] - own[k, 1], 0.0) / rest[k]
            squares[k] += prior[k, 1] * prior[k, 1]
        for label in range(first[c], first[c + 1] + 1):
            if label == truth[k] or label == rival[k]:
                continue
            many = 1
            mass = base[c]
            if label < first[c + 1]:
                mass = special[label]
            else:
                many = answers - (first[c + 1] - first[c])
            chance = max(mass - own[k, 2], 0.0) / rest[k]
            group = 3 if chance > lead * (1.0 + EQUAL) else 2
            members[k, group] += many
            prior[k, group] += many * chance
            squares[k] += many * chance * chance
        # Masses that vary around their means can be below what the cell itself holds.
        whole = max(prior[k].sum(), 1e-300)
        squares[k] /= whole * whole
        for group in range(4):
            prior[k, group] /= whole * max(members[k, group], 1)


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

    The posterior is the prior of `fill_priors`; equal largest entries win with equal chances.
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
