"""Random label counts: stratified uniforms turned into Poisson and binomial numbers."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import inline, jit

Float64 = npt.NDArray[np.float64]
UInt64 = npt.NDArray[np.uint64]

NORMAL_FROM = 50.0
"""Mean from which quantiles are expanded around normal ones instead of summed up."""

WIDE = 12.0
NODES = 12
REACH = 4.8
"""Standard deviation of a split above which it is normal with NODES values; how many standard
deviations of it are looked at."""

SLIGHT = 1e-7
"""Chances below this are left out."""

_WEYL = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


@inline
def uniform(state: UInt64) -> float:
    """Next number in [0, 1) of SplitMix64 (Steele et al. 2014); ``state`` (1,) moves on."""
    state[0] += _WEYL
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) * 2.0**-53


@jit
def fill_stratified(state: UInt64, out: Float64) -> None:
    """Uniforms (n, D): row by row one in each of D equal intervals, in random order."""
    n, draws = out.shape
    for i in range(n):
        for d in range(draws):
            place = int(uniform(state) * (d + 1))
            out[i, d] = out[i, place]
            out[i, place] = (d + uniform(state)) / draws


@inline
def normal_quantile(p: float) -> float:
    """Φ⁻¹(p) to seven digits (Wichura 1988, AS 241)."""
    p = min(max(p, 1e-15), 1.0 - 1e-15)
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        above = ((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
        below = ((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0
        return q * above / below
    r = math.sqrt(-math.log(min(p, 1.0 - p)))
    if r <= 5.0:
        r -= 1.6
        above = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777
        below = (0.12021132975 * r + 0.73700164250) * r + 1.0
    else:
        r -= 5.0
        above = ((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150
        below = (0.012258202635 * r + 0.24197894225) * r + 1.0
    return above / below if q > 0.0 else -above / below


@jit
def poisson_quantile(u: float, rate: float) -> float:
    """Smallest n with P(Poisson(rate) ≤ n) > u; Cornish-Fisher for large rates."""
    if rate <= 0.0:
        return 0.0
    if rate > NORMAL_FROM:
        z = normal_quantile(u)
        root = math.sqrt(rate)
        found = rate + root * z + (z * z - 1.0) / 6.0 + z * (1.0 - z * z) / (72.0 * root)
        return max(math.floor(found + 0.5), 0.0)
    n = 0.0
    chance = math.exp(-rate)
    below = chance
    while u >= below and (n < rate or chance > 1e-17):
        n += 1.0
        chance *= rate / n
        below += chance
    return n


@jit
def binomial_quantile(u: float, size: float, p: float) -> float:
    """Smallest n with P(Binomial(size, p) ≤ n) > u; Cornish-Fisher for large variances."""
    if size <= 0.0 or p <= 0.0:
        return 0.0
    if p >= 1.0:
        return size
    if p > 0.5:
        return size - binomial_quantile(u, size, 1.0 - p)
    mean = size * p
    if mean > NORMAL_FROM:
        z = normal_quantile(u)
        spread = math.sqrt(mean * (1.0 - p))
        found = mean + spread * z + (1.0 - 2.0 * p) * (z * z - 1.0) / 6.0
        return min(max(math.floor(found + 0.5), 0.0), size)
    n = 0.0
    chance = math.exp(size * math.log1p(-p))
    below = chance
    odds = p / (1.0 - p)
    while u >= below and n < size and (n < mean or chance > 1e-17):
        chance *= (size - n) / (n + 1.0) * odds
        n += 1.0
        below += chance
    return n


@inline
def first_chance(low: float, size: float, chance: float) -> float:
    """Binomial chance of ``low``."""
    if low == 0.0:
        return math.exp(size * math.log1p(-chance))
    return math.exp(
        math.lgamma(size + 1.0)
        - math.lgamma(low + 1.0)
        - math.lgamma(size - low + 1.0)
        + low * math.log(chance)
        + (size - low) * math.log1p(-chance)
    )


@jit
def fill_splits(
    size: float, chance: float, jitter: float, values: Float64, weights: Float64
) -> int:
    """Values of Binomial(size, chance) with their chances; returns how many.

    Of a wide law every s-th value stands for s, from a random place, ``jitter`` in [0, 1), on: with
    s below the standard deviation the chances still sum to 1 within 1e−8.
    """
    if chance <= 0.0 or chance >= 1.0 or size <= 0.0:
        values[0] = size if chance >= 1.0 else 0.0
        weights[0] = 1.0
        return 1
    mean = size * chance
    spread = math.sqrt(mean * (1.0 - chance))
    if spread > WIDE:
        whole = 0.0
        for i in range(NODES):
            z = REACH * (2.0 * (i + jitter) / NODES - 1.0)
            skewed = spread * z + (1.0 - 2.0 * chance) * (z * z - 1.0) / 6.0
            values[i] = min(max(math.floor(mean + skewed + 0.5), 0.0), size)
            weights[i] = math.exp(-0.5 * z * z)
            whole += weights[i]
        for i in range(NODES):
            weights[i] /= whole
        return NODES
    low = max(math.floor(mean - REACH * spread - 1.0), 0.0)
    high = min(math.ceil(mean + REACH * spread + 2.0), size)
    step = max(int(spread), 1)
    skip = int(jitter * step)
    odds = chance / (1.0 - chance)
    part = first_chance(low, size, chance)
    n = 0
    for i in range(int(high - low) + 1):
        if skip == 0:
            skip = step
            if part * step > SLIGHT:
                values[n] = low + i
                weights[n] = part * step
                n += 1
        skip -= 1
        part *= (size - low - i) / (low + i + 1.0) * odds
    return n
