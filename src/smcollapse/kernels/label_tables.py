"""Count tables, drawn: all cells of a category share the label frequencies π.

One draw is one training set. Given the counts of all labels but two in a cell, the numbers of rows
that these two, the truth and its rival, have together, and the counts of all other cells, the split
between the two is binomial: every draw is averaged over it (Rao-Blackwell).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import inline, jit
from smcollapse.kernels.label_cells import CREDIT, EMPTY, SQUARES
from smcollapse.kernels.label_counts import (
    N_BINS,
    add_outcome,
    bin_of,
)
from smcollapse.kernels.label_draws import (
    binomial_quantile,
    fill_splits,
    fill_stratified,
    poisson_quantile,
    uniform,
)

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]

N_STRATA = 4
"""Numbers per cell that are stratified over draws: templates of the truth, of its rival, rows of
both, rows of all others."""

SINGLY = 2.0
"""Expected rows per other label up to which each row is put at a random label."""


@inline
def add_others(
    rate: float,
    distinct: float,
    copies: float,
    u: float,
    truth: int,
    rival: int,
    state: UInt64,
    counts: Float64,
) -> None:
    """Add counts of all labels but two; ``u`` decides how many come from no template."""
    many = counts.size - (1 if truth == rival else 2)
    if rate + distinct > SINGLY:
        for label in range(counts.size):
            if label != truth and label != rival:
                found = distinct * copies
                if copies > 0.0 and distinct > 0.0:
                    found = copies * poisson_quantile(uniform(state), distinct)
                counts[label] += poisson_quantile(uniform(state), rate + found)
        return
    rows = poisson_quantile(u, many * rate)
    templates = poisson_quantile(uniform(state), many * distinct) if distinct > 0.0 else 0.0
    for i in range(int(rows + templates)):
        label = int(uniform(state) * counts.size)
        while label in (truth, rival):
            label = int(uniform(state) * counts.size)
        counts[label] += 1.0 if i < rows else poisson_quantile(uniform(state), copies)


@inline
def add_cell(
    rate: Float64,
    distinct: Float64,
    copies: Float64,
    u: Float64,
    truth: int,
    rival: int,
    state: UInt64,
    counts: Float64,
) -> float:
    """Add the counts (C,) of one cell; returns the chance of the truth against its rival.

    ``u`` (N_STRATA,) decides the stratified numbers.
    """
    first = rate[0]
    if distinct[0] > 0.0:
        first += copies[0] * poisson_quantile(u[0], distinct[0])
    second = 0.0
    if rival != truth:
        second = rate[1]
        if distinct[1] > 0.0:
            second += copies[1] * poisson_quantile(u[1], distinct[1])
    both = first + second
    chance = first / both if both > 0.0 else 1.0
    rows = poisson_quantile(u[2], both)
    won = binomial_quantile(uniform(state), rows, chance) if second > 0.0 else rows
    counts[truth] += won
    if rival != truth:
        counts[rival] += rows - won
    if counts.size > (1 if truth == rival else 2):
        add_others(rate[2], distinct[2], copies[2], u[3], truth, rival, state, counts)
    return chance


@jit
def add_drawn_cell(
    counts: Float64,
    labels: Float64,
    total: float,
    truth: int,
    rival: int,
    chance: float,
    pseudo_count: float,
    right: float,
    wrong: float,
    state: UInt64,
    values: Float64,
    weights: Float64,
    out: Float64,
) -> tuple[int, float, float]:
    """Add the sums of a cell with those counts (C,) to ``out`` (N_COLUMNS,).

    labels (C,), total : counts in the category, this cell included; chance : of the truth in the
    split between truth and rival. Without a pseudo-count an empty cell alone follows its category.
    Returns bin, gap and accuracy of the very counts given.
    """
    answers = counts.size
    rows = counts.sum()
    if pseudo_count == 0.0 and rows == 0.0:
        pseudo_count = 1.0
    share = pseudo_count / total if total > 0.0 else 0.0
    flat = 0.0 if total > 0.0 else pseudo_count / answers
    top, tied, squares = -1.0, 0, 0.0
    for label in range(answers):
        if label != truth and label != rival:
            value = counts[label] + share * labels[label] + flat
            squares += value * value
            if value > top:
                top = value
                tied = 1
            elif value == top:
                tied += 1
    whole = rows + pseudo_count
    won = counts[truth]
    contested = rival != truth
    size = won + counts[rival] if contested else won
    n = fill_splits(size, chance if contested else 1.0, uniform(state), values, weights)
    if rows == 0.0:
        out[EMPTY] += 1.0
    bin_given, gap_given, accuracy = 0, 0.0, wrong
    for i in range(-1, n):
        taken = won if i < 0 else values[i]
        first = taken + share * (labels[truth] - won + taken) + flat
        second = -1.0
        if contested:
            lost = size - taken
            second = lost + share * (labels[rival] - counts[rival] + lost) + flat
        best = max(first, second, top)
        equal = (tied if top == best else 0) + (1 if second == best else 0)
        wins = 1.0 / (equal + 1) if first == best else 0.0
        confidence = best / whole
        if i < 0:
            bin_given = bin_of(confidence)
            accuracy = right if uniform(state) < wins else wrong
            gap_given = accuracy - confidence
            continue
        weight = weights[i]
        if wins > 0.0:
            add_outcome(weight * wins, confidence, right, True, out)
        if wins < 1.0:
            add_outcome(weight * (1.0 - wins), confidence, wrong, False, out)
        out[CREDIT] += weight * first / whole
        power = squares + first * first + (second * second if contested else 0.0)
        out[SQUARES] += weight * power / whole**2
    return bin_given, gap_given, accuracy


@jit
def fill_drawn(
    rate: Float64,
    distinct: Float64,
    copies: Float64,
    hidden: Float64,
    hidden_distinct: Float64,
    category: Int64,
    n_categories: int,
    truth: Int64,
    rival: Int64,
    answers: int,
    frequency: Float64,
    pseudo_count: float,
    right: float,
    wrong: float,
    draws: int,
    seed: int,
    out: Float64,
    common: Float64,
    gap: Float64,
    square: Float64,
) -> None:
    """Mean sums of K cells over ``draws`` training sets, into ``out`` (K, N_COLUMNS).

    rate, distinct, copies (K, 3): Poisson rate, number of templates and rows of each, for the
    truth, its rival and *each* other label of the test cell; hidden, hidden_distinct (K, 3): the
    same for rows of the context that other cells hold. category, truth, rival (K,), rival = truth
    where there is none. ``common`` (N_BINS,): variance of the bins' gaps, summed over cells with
    ``frequency`` (K,), that comes from what the cells of a category share. ``gap``, ``square``
    (draws, N_BINS): gap of each bin in each training set, and the mean over test rows of what
    one row's gap is squared.
    """
    k_all = category.size
    state = np.full(1, seed, np.uint64)
    strata = np.empty((k_all * N_STRATA, draws))
    fill_stratified(state, strata)
    counts = np.zeros((k_all, answers))
    labels = np.zeros((n_categories, answers))
    totals = np.zeros(n_categories)
    chance = np.zeros(k_all)
    u = np.empty(N_STRATA)
    values, weights = np.empty(256), np.empty(256)
    gaps = np.zeros((n_categories, N_BINS))
    first, second = np.zeros((n_categories, N_BINS)), np.zeros((n_categories, N_BINS))
    own = np.zeros((k_all, N_BINS))
    own_first = np.zeros((k_all, N_BINS))
    out[:] = 0.0
    gap[:] = 0.0
    square[:] = 0.0
    elsewhere = np.zeros(k_all, np.bool_)
    for k in range(k_all):
        elsewhere[k] = hidden[k].sum() + hidden_distinct[k].sum() > 0.0
    for d in range(draws):
        counts[:] = 0.0
        labels[:] = 0.0
        gaps[:] = 0.0
        for k in range(k_all):
            for i in range(N_STRATA):
                u[i] = strata[k * N_STRATA + i, d]
            chance[k] = add_cell(
                rate[k], distinct[k], copies[k], u, truth[k], rival[k], state, counts[k]
            )
            for label in range(answers):
                labels[category[k], label] += counts[k, label]
            if elsewhere[k]:
                for i in range(N_STRATA):
                    u[i] = uniform(state)
                add_cell(
                    hidden[k], hidden_distinct[k], copies[k], u, truth[k], rival[k], state,
                    labels[category[k]],
                )  # fmt: skip
        for c in range(n_categories):
            totals[c] = labels[c].sum()
        for k in range(k_all):
            c = category[k]
            b, found, accuracy = add_drawn_cell(
                counts[k], labels[c], totals[c], truth[k], rival[k], chance[k], pseudo_count,
                right, wrong, state, values, weights, out[k],
            )  # fmt: skip
            part = frequency[k] * found
            gap[d, b] += part
            square[d, b] += frequency[k] * (found * found + accuracy * (1.0 - accuracy))
            gaps[c, b] += part
            own_first[k, b] += part
            own[k, b] += part * part
        first += gaps
        second += gaps * gaps
    out /= draws
    common[:] = 0.0
    for b in range(N_BINS):
        for c in range(n_categories):
            common[b] += (second[c, b] - first[c, b] ** 2 / draws) / (draws - 1)
        for k in range(k_all):
            common[b] -= (own[k, b] - own_first[k, b] ** 2 / draws) / (draws - 1)
