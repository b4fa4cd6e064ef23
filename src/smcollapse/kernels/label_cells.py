"""Sums of many cells, each by the cheapest way that is exact enough."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import jit
from smcollapse.kernels.label_counts import N_BINS, N_SUMS
from smcollapse.kernels.label_laws import add_poisson, fill_count_law, poisson_chance, upper_count
from smcollapse.kernels.label_moments import posterior_moments
from smcollapse.kernels.label_normal import FAR, fill_many, fill_normal
from smcollapse.kernels.label_pairs import fill_two_way

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

EMPTY, CREDIT, SQUARES = N_SUMS, N_SUMS + 1, N_SUMS + 2
N_COLUMNS = N_SUMS + 3
"""The sums of `label_counts`, then the chance of an empty cell, E p_truth, E Σ p²."""

NORMAL_FROM = 60.0
NORMAL_FROM_SMOOTHED = 300.0
MANY_FROM = 300.0
"""Expected totals above which counts are taken for normal: two contenders, the same with a
pseudo-count, any number of contenders (errors: tests/kernels/test_label_counts.py)."""

TABLE = 420
"""Largest total for which the chances of all counts of templates' copies are tabulated."""

FEW = 20.0
"""Expected numbers of templates up to which their actual number is gone through one by one."""

HOSTS = 4


@jit
def solve(
    mean: Float64,
    variance: Float64,
    third: Float64,
    members: Int64,
    offset: Float64,
    pseudo_count: float,
    right: float,
    wrong: float,
    weight: float,
    laws: Float64,
    others: Float64,
    work: Float64,
    sums: Float64,
) -> None:
    """Add ``weight`` times the sums of one cell, not empty, with independent counts.

    mean, variance, third, members, offset (4,): cumulants of one label of each group. Counts are
    Poisson where variance equals mean; others are normal.
    """
    total = 0.0
    top = -1
    for g in range(4):
        if members[g] > 0:
            total += members[g] * mean[g]
            if top < 0 or mean[g] + offset[g] > mean[top] + offset[top]:
                top = g
    second = -1
    contenders = members[top]
    for g in range(4):
        if members[g] > 0 and g != top:
            gap = mean[top] + offset[top] - mean[g] - offset[g]
            if gap < FAR * math.sqrt(variance[top] + variance[g]) + 1e-9:
                contenders += members[g]
                second = g
    poisson = True
    for g in range(4):
        if members[g] > 0 and abs(variance[g] - mean[g]) > 1e-9 * mean[g]:
            poisson = False
    pair_from = NORMAL_FROM if pseudo_count == 0.0 else NORMAL_FROM_SMOOTHED
    if contenders <= 2 and (total >= pair_from or not poisson):
        if second < 0:
            second = top
        if second == 0:
            top, second = second, top
        sides = np.zeros((3, 3))
        for g in range(4):
            left = float(members[g])
            if g == top:
                sides[0, 0], sides[1, 0], sides[2, 0] = mean[g], variance[g], third[g]
                left -= 1.0
            if g == second and (g != top or members[g] == 2) and contenders == 2:
                sides[0, 1], sides[1, 1], sides[2, 1] = mean[g], variance[g], third[g]
                left -= 1.0
            sides[0, 2] += left * mean[g]
            sides[1, 2] += left * variance[g]
            sides[2, 2] += left * third[g]
        fill_normal(
            sides[0],
            sides[1],
            sides[2],
            np.array([offset[top], offset[second]]),
            pseudo_count,
            (right if top == 0 else wrong, wrong),
            top == 0,
            weight,
            work[7, : 3 * N_BINS].reshape(3, N_BINS),
            sums,
        )
        return
    if total >= MANY_FROM or not poisson:
        fill_many(mean, variance, members, offset, pseudo_count, right, wrong, weight, sums)
        return
    sizes = np.zeros(4, np.int64)
    for g in range(4):
        if members[g] > 0:
            laws[g] = 0.0
            sizes[g] = add_poisson(mean[g], 1.0, laws[g])
    others[:] = 0.0
    n_others = add_poisson(members[2] * mean[2] + members[3] * mean[3], 1.0, others)
    found = np.zeros(N_SUMS)
    fill_two_way(
        laws, sizes, members, offset, others, n_others, pseudo_count, right, wrong, work, found
    )
    for i in range(N_SUMS):
        sums[i] += weight * found[i]


@jit
def fill_templates_law(distinct: float, out: Float64) -> int:
    """Chances of 0, 1, … templates if they are few; returns how many matter, 1 if they are many."""
    if distinct <= 0.0 or distinct > FEW:
        out[0] = 1.0
        return 1
    count = 0
    while count < out.size:
        out[count] = poisson_chance(float(count), distinct)
        if count > distinct and out[count] < 1e-6:
            break
        count += 1
    return max(count, 1)


@jit
def mix_templates(
    rate: Float64,
    distinct: Float64,
    copies: Float64,
    members: Int64,
    offset: Float64,
    pseudo_count: float,
    right: float,
    wrong: float,
    laws: Float64,
    others: Float64,
    work: Float64,
    sums: Float64,
) -> None:
    """Add the sums of a cell whose few templates have many copies, by their actual numbers.

    The other labels' templates stand at different labels, evenly on HOSTS where they are more.
    """
    mean, variance, third = np.empty(4), np.empty(4), np.empty(4)
    number = np.ones((3, 64))
    n_number = np.ones(3, np.int64)
    labels = members.copy()
    many = members[2] + members[3]
    for g in range(3):
        count = many if g == 2 else members[g]
        n_number[g] = fill_templates_law(count * distinct[g], number[g]) if count > 0 else 1
    for a in range(n_number[0]):
        for b in range(n_number[1]):
            for c in range(n_number[2]):
                weight = number[0, a] * number[1, b] * number[2, c]
                hosts = min(c, many, HOSTS)
                if weight < 1e-7:
                    continue
                for g in range(4):
                    add, spread, skew = 0.0, 0.0, 0.0
                    templates = members[g] * distinct[g] if g < 2 else many * distinct[g]
                    if templates > FEW:
                        k = copies[g]
                        add = distinct[g] * k
                        spread = distinct[g] * k * k
                        skew = distinct[g] * k * k * (3.0 + k)
                    elif g < 2:
                        add = (a if g == 0 else b) * copies[g]
                    elif g == 3:
                        add = copies[g] * c / hosts if hosts > 0 else 0.0
                    mean[g] = rate[g] + add
                    variance[g] = mean[g] + spread
                    third[g] = mean[g] + skew
                labels[2] = many - hosts
                labels[3] = hosts
                solve(
                    mean, variance, third, labels, offset, pseudo_count, right, wrong, weight,
                    laws, others, work, sums,
                )  # fmt: skip


@jit
def poisson_moments(truth: float, squares: float, total: float) -> tuple[float, float]:
    """E p_truth and E Σ p² over cells that are not empty: Poisson counts without pseudo-count.

    truth, total : rates; squares : Σ of the squared shares of all labels in the total. Given n the
    counts are multinomial: E Σ p² = Σ q² + (1 − Σ q²)/n.
    """
    some = -math.expm1(-total)
    inverse = 0.0
    if total > 40.0:
        inverse = (1.0 + (1.0 + (2.0 + (6.0 + 24.0 / total) / total) / total) / total) / total
    else:
        chance = math.exp(-total)
        n = 1
        while n < 12 or chance > 1e-14:
            chance *= total / n
            inverse += chance / n
            n += 1
    return truth / total * some, squares * some + (1.0 - squares) * inverse


@jit
def fill_cells(
    rate: Float64,
    distinct: Float64,
    copies: Float64,
    members: Int64,
    offset: Float64,
    squares: Float64,
    pseudo_count: Float64,
    right: float,
    wrong: float,
    out: Float64,
) -> None:
    """Sums of n cells with four groups of labels each, into ``out`` (n, N_COLUMNS).

    Groups are the truth, its rival and two kinds of others, which have the same law.
    rate, distinct, copies, members, offset (n, 4); squares, pseudo_count (n,).
    """
    size = 1024
    laws = np.zeros((4, size))
    others = np.zeros(size)
    work = np.zeros((11, size))
    sizes = np.zeros(4, np.int64)
    for cell in range(rate.shape[0]):
        total, upper, templates = 0.0, 0.0, 0.0
        powers = 0.0
        for g in range(4):
            many = members[cell, g]
            r, d, c = many * rate[cell, g], many * distinct[cell, g], copies[cell, g]
            total += r + d * c
            templates += d * c
            powers += rate[cell, g] * r
            if many > 0:
                upper += upper_count(r, d, c)
        out[cell] = 0.0
        sums = out[cell, :N_SUMS]
        if total <= 0.0 and pseudo_count[cell] == 0.0:
            out[cell, EMPTY] = 1.0
            continue
        if templates == 0.0:
            solve(
                rate[cell], rate[cell], rate[cell], members[cell], offset[cell],
                pseudo_count[cell], right, wrong, 1.0, laws, others, work, sums,
            )  # fmt: skip
        elif upper < TABLE:
            for g in range(4):
                sizes[g] = fill_count_law(
                    rate[cell, g], distinct[cell, g], copies[cell, g], laws[g]
                )
            n_others = fill_count_law(
                (members[cell, 2] + members[cell, 3]) * rate[cell, 2],
                (members[cell, 2] + members[cell, 3]) * distinct[cell, 2],
                copies[cell, 2],
                others,
            )
            fill_two_way(
                laws, sizes, members[cell], offset[cell], others, n_others, pseudo_count[cell],
                right, wrong, work, sums,
            )  # fmt: skip
        else:
            mix_templates(
                rate[cell], distinct[cell], copies[cell], members[cell], offset[cell],
                pseudo_count[cell], right, wrong, laws, others, work, sums,
            )  # fmt: skip
        if templates == 0.0 and pseudo_count[cell] == 0.0:
            out[cell, EMPTY] = math.exp(-total)
            credit, second = poisson_moments(rate[cell, 0], powers / total**2, total)
        else:
            empty, credit, second = posterior_moments(
                rate[cell], distinct[cell], copies[cell], members[cell], offset[cell],
                squares[cell], pseudo_count[cell],
            )  # fmt: skip
            out[cell, EMPTY] = empty
        out[cell, CREDIT] = credit
        out[cell, SQUARES] = second
