"""Cells with many examples: counts of the truth, its rival and all others are nearly normal.

With T, Q, S these counts and n their sum, the lead d = (T − Q)/n decides who wins and o = S/n what
is left for them: the winner's share is (1 − o + |d|)/2. Means of ratios are taken to second order,
the lead's law is an Edgeworth expansion with its skewness (Kendall & Stuart, §6.18).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import inline, jit
from smcollapse.kernels.label_counts import N_BINS, add_outcome
from smcollapse.kernels.label_pairs import settle

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

FAR = 5.6
"""Standard deviations beyond which an outcome is left out (chance 1e−8)."""

_ROOT_2 = math.sqrt(2.0)
_ROOT_3 = math.sqrt(3.0)
_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)


@inline
def normal_below(z: float) -> float:
    """Φ(z)."""
    return 0.5 * math.erfc(-z / _ROOT_2)


@inline
def partial_moments(y: float, skewness: float) -> tuple[float, float, float]:
    """E z^i 1[z ≤ y], i = 0, 1, 2, with density φ(z) (1 + γ/6 · (z³ − 3z))."""
    if y > 9.0:
        return 1.0, 0.0, 1.0
    if y < -9.0:
        return 0.0, 0.0, 0.0
    density = _DENSITY * math.exp(-0.5 * y * y)
    below = normal_below(y)
    bent = density * skewness / 6.0
    square = y * y
    return (
        below - bent * (square - 1.0),
        -density - bent * y * square,
        below - y * density - bent * (square * square + square + 2.0),
    )


@inline
def add_side(
    mean: float,
    spread: float,
    skewness: float,
    least: float,
    start: float,
    slope: float,
    weight: float,
    held: Float64,
) -> None:
    """Add the outcomes with a lead above ``least``: confidence start + slope · lead."""
    low = max(least, mean - 8.0 * spread)
    high = mean + 8.0 * spread
    if low >= high:
        return
    y = (low - mean) / spread
    chance, first, second = partial_moments(y, skewness)
    middle, width = start + slope * mean, slope * spread
    b = max(0, min(N_BINS - 1, math.ceil((start + slope * low) * N_BINS) - 1))
    while True:
        end = ((b + 1.0) / N_BINS - start) / slope
        y = 10.0 if b == N_BINS - 1 or end > high else (end - mean) / spread
        next_chance, next_first, next_second = partial_moments(y, skewness)
        c0, c1, c2 = next_chance - chance, next_first - first, next_second - second
        held[0, b] += weight * c0
        held[1, b] += weight * (middle * c0 + width * c1)
        held[2, b] += weight * (
            middle * middle * c0 + 2.0 * middle * width * c1 + width * width * c2
        )
        if y == 10.0:
            return
        chance, first, second = next_chance, next_first, next_second
        b += 1


@jit
def fill_normal(
    mean: Float64,
    variance: Float64,
    third: Float64,
    offset: Float64,
    pseudo_count: float,
    accuracy: tuple[float, float],
    truth: bool,
    weight: float,
    held: Float64,
    sums: Float64,
) -> None:
    """Add ``weight`` times the sums of a cell, see `label_counts`, where two labels alone can win.

    mean, variance, third : (3,) cumulants of the counts of the first, the second, all others
    offset, accuracy : of the first and the second; truth : whether the first is the truth
    held : (3, N_BINS) zeros, and left so
    """
    total = mean[0] + mean[1] + mean[2]
    scale = total / (total + pseudo_count)
    shift = offset[0] - offset[1]
    if abs(shift - math.floor(shift + 0.5)) > 1e-9:
        shift = math.floor(shift) + 0.5
    decision = (mean[0] - mean[1] + shift) / math.sqrt(variance[0] + variance[1] + 1e-300)
    if abs(decision) > FAR or mean[0] <= 0.0 or mean[1] <= 0.0:
        winner = 0 if decision > 0.0 else 1
        share = mean[winner] / total
        other_mean, other_var, other_third = 0.0, 0.0, 0.0
        for kind in range(3):
            if kind != winner:
                other_mean += mean[kind]
                other_var += variance[kind]
                other_third += third[kind]
        centre = share + (share * other_var - (1.0 - share) * variance[winner]) / total**2
        var = ((1.0 - share) ** 2 * variance[winner] + share**2 * other_var) / total**2
        skew = ((1.0 - share) ** 3 * third[winner] - share**3 * other_third) / total**3
        skew /= max(var, 1e-200) ** 1.5  # of one label alone all of these are 0
        spread = math.sqrt(var * (1.0 + 1.0 / total)) + 1e-9
        begin = offset[winner] / (total + pseudo_count)
        skew = max(-1.0, min(1.0, skew))
        add_side(centre, spread, skew, -10.0, begin, scale, weight, held)
        settle(held, accuracy[winner], truth and winner == 0, sums)
        return
    lead = (mean[0] - mean[1]) / total
    left = mean[2] / total
    up, down = 1.0 - lead, 1.0 + lead
    all_var = variance[0] + variance[1] + variance[2]
    centre = lead + (lead * all_var - variance[0] + variance[1]) / total**2
    left_centre = left + (left * all_var - variance[2]) / total**2
    var = (up**2 * variance[0] + down**2 * variance[1] + lead**2 * variance[2]) / total**2
    left_var = ((1.0 - left) ** 2 * variance[2] + left**2 * (variance[0] + variance[1])) / total**2
    both = (
        down * left * variance[1] - up * left * variance[0] - lead * (1.0 - left) * variance[2]
    ) / total**2
    skew = (up**3 * third[0] - down**3 * third[1] - lead**3 * third[2]) / total**3
    skew /= var**1.5
    inflation = 1.0 + 1.0 / total
    spread = math.sqrt(var * inflation)
    slope = both / var
    noise = math.sqrt(max(left_var - slope * both, 0.0) * inflation)
    least = -shift / total
    for winner in range(2):
        sign = 1.0 if winner == 0 else -1.0
        for node in range(-1, 2):
            part = 2.0 / 3.0 if node == 0 else 1.0 / 6.0
            base = 0.5 * (1.0 - left_centre + slope * centre - node * _ROOT_3 * noise)
            tilt = 0.5 * (1.0 - sign * slope)
            add_side(
                sign * centre,
                spread,
                sign * skew,
                sign * least,
                base * scale + offset[winner] / (total + pseudo_count),
                tilt * scale,
                weight * part,
                held,
            )
        settle(held, accuracy[winner], truth and winner == 0, sums)


@jit
def fill_many(
    mean: Float64,
    variance: Float64,
    members: Int64,
    offset: Float64,
    pseudo_count: float,
    right: float,
    wrong: float,
    scale: float,
    sums: Float64,
) -> None:
    """Add ``scale`` times the sums of a cell with many examples in which any label can win.

    mean, variance, members, offset (G,); group 0 is the truth. No two counts
    tie. Given the winner's value, each other count is a normal
    variable cut off there, and their sum is normal.
    """
    points = 64
    whole = 0.0
    for run in range(2):
        for group in range(mean.size):
            if members[group] == 0:
                continue
            spread = math.sqrt(variance[group])
            for point in range(points):
                z = -6.0 + 12.0 * (point + 0.5) / points
                count = max(mean[group] + z * spread, 0.0)
                value = count + offset[group]
                chance = members[group] * 12.0 / points * _DENSITY * math.exp(-0.5 * z * z)
                rest, rest_var = 0.0, 0.0
                for other in range(mean.size):
                    many = members[other] - (1 if other == group else 0)
                    if many <= 0:
                        continue
                    wide = math.sqrt(max(variance[other], 1e-12))
                    y = (value - offset[other] - mean[other]) / wide
                    below = normal_below(y)
                    if below < 1e-12:
                        chance = 0.0
                        break
                    cut = _DENSITY * math.exp(-0.5 * y * y) / below
                    chance *= below**many
                    rest += many * max(mean[other] - wide * cut, 0.0)
                    rest_var += many * wide * wide * max(1.0 - y * cut - cut * cut, 0.0)
                if chance < 1e-10:
                    continue
                if run == 0:
                    whole += chance
                    continue
                for node in range(-1, 2):
                    weight = 2.0 / 3.0 if node == 0 else 1.0 / 6.0
                    left = max(rest + node * _ROOT_3 * math.sqrt(rest_var), 0.0)
                    total = count + left + pseudo_count
                    add_outcome(
                        scale * weight * chance / whole,
                        min(value / total, 1.0) if total > 0.0 else 1.0,
                        right if group == 0 else wrong,
                        group == 0,
                        sums,
                    )
