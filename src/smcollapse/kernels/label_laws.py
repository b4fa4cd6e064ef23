"""Laws of a single label's count: Poisson, or Poisson plus copies of Poisson many templates."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import inline, jit

Float64 = npt.NDArray[np.float64]

NEGLIGIBLE = 1e-11
"""Chances below this are left out of the tables."""

COPIES_ALIKE = 1e-4
"""Copies per template below which no two rows are copies of one template."""

MANY_TEMPLATES = 30.0


@inline
def poisson_chance(count: float, rate: float) -> float:
    """P(n = count) of a Poisson law, through the logarithm of the gamma function."""
    if rate <= 0.0:
        return 1.0 if count == 0.0 else 0.0
    return math.exp(count * math.log(rate) - rate - math.lgamma(count + 1.0))


@jit
def add_poisson(rate: float, weight: float, out: Float64) -> int:
    """Add ``weight`` times the chances of 0, 1, … to ``out``; returns how many it reached.

    Runs outwards from the mode, so that no rate underflows; what lies beyond ``out`` is lost.
    """
    mode = min(int(rate), out.size - 1)
    first = weight * poisson_chance(float(mode), rate)
    chance = first
    stop = mode
    for count in range(mode, out.size):
        out[count] += chance
        stop = count + 1
        if chance < NEGLIGIBLE * weight and count > rate:
            break
        chance *= rate / (count + 1.0)
    chance = first
    for count in range(mode, 0, -1):
        chance *= count / rate
        out[count - 1] += chance
        if chance < NEGLIGIBLE * weight:
            break
    return stop


@jit
def fill_many_templates(rate: float, distinct: float, copies: float, out: Float64) -> int:
    """`fill_count_law` by Neyman's recursion for the copies, times the Poisson rows."""
    made = np.zeros(out.size)
    rows = np.zeros(out.size)
    made[0] = math.exp(distinct * math.expm1(-copies))
    factor = distinct * copies * math.exp(-copies)
    for n in range(out.size - 1):
        power = 1.0
        for j in range(n + 1):
            made[n + 1] += power * made[n - j]
            power *= copies / (j + 1.0)
            if power < 1e-17:
                break
        made[n + 1] *= factor / (n + 1.0)
    n_rows = add_poisson(rate, 1.0, rows)
    for n in range(n_rows):
        if rows[n] > 1e-15:
            for j in range(out.size - n):
                out[n + j] += rows[n] * made[j]
    stop = out.size
    while stop > 1 and out[stop - 1] < NEGLIGIBLE:
        stop -= 1
    return stop


@jit
def fill_count_law(rate: float, distinct: float, copies: float, out: Float64) -> int:
    """Chances of the counts 0, 1, … of a label; returns how many of ``out`` are used.

    The count is Poisson(rate) + Σ of Poisson(distinct) many Poisson(copies): Neyman's type A law
    (Neyman 1939, doi:10.1214/aoms/1177732245) beside a Poisson law.
    """
    out[:] = 0.0
    if distinct * copies <= 0.0:
        return add_poisson(rate, 1.0, out)
    if copies < COPIES_ALIKE:
        return add_poisson(rate + distinct * copies, 1.0, out)
    if distinct > MANY_TEMPLATES:
        return fill_many_templates(rate, distinct, copies, out)
    stop = 1
    weight = math.exp(-distinct)
    templates = 0
    left = 1.0
    while left > NEGLIGIBLE or templates < distinct:
        if weight > 0.01 * NEGLIGIBLE:
            stop = max(stop, add_poisson(rate + templates * copies, weight, out))
        left -= weight
        templates += 1
        weight *= distinct / templates
        if templates > distinct + 12.0 * math.sqrt(distinct) + 30.0:
            break
    return stop


@inline
def upper_count(rate: float, distinct: float, copies: float) -> float:
    """A count that is exceeded with a chance below about 1e−9."""
    if distinct * copies <= 0.0:
        return rate + 6.0 * math.sqrt(rate) + 10.0 if rate > 1e-3 else 5.0
    templates = distinct + 6.0 * math.sqrt(distinct) + 10.0 if distinct > 1e-3 else 5.0
    made = templates * copies
    return rate + made + 6.0 * math.sqrt(rate + made) + 10.0
