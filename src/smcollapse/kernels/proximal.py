"""Averages of the logistic loss's proximal map over normal laws.

x(ω, V) is the root of x − ω − V s(x) = 0, s(x) = 1/(1 + e^x). The dual variable f(ω, V) = s(x)
obeys ∂f/∂V = f ∂f/∂ω, and its singularities in the complex ω plane lie at distance π from the real
axis whatever V is, so that the trapezoidal rule with step H errs by about e^(−2π²/H) only.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import inline, jit

Float64 = npt.NDArray[np.float64]

N_AVERAGES = 8
REACH = 6.5
"""Standard deviations to either side that an average takes in; 1e−10 of the mass is beyond."""
WIDE = 1.0
"""Deviation from which derivatives are moved from f to the normal density."""
STEP = 0.75
COARSEST = 0.06
"""Step in standard deviations, if STEP is finer. What is then left of the curve of f is a kink,
which costs COARSEST²/12 of an average."""
_NEWTON_STEPS = 60


@inline
def _survival(x: float) -> tuple[float, float]:
    """s(x) = 1/(1 + e^x) and 1 − s(x), without overflow or cancellation."""
    small = math.exp(-abs(x))
    if x >= 0.0:
        return small / (1.0 + small), 1.0 / (1.0 + small)
    return 1.0 / (1.0 + small), small / (1.0 + small)


@inline
def proximal(omega: float, variance: float, guess: float, lower: float) -> float:
    """Root x of x − ω − V s(x), which lies in [max(ω, lower), ω + V]; Newton within the bracket."""
    low = max(omega, lower)
    high = omega + variance
    x = min(max(guess, low), high)
    for _ in range(_NEWTON_STEPS):
        s, rest = _survival(x)
        value = x - omega - variance * s
        if value < 0.0:
            low = x
        else:
            high = x
        step = -value / (1.0 + variance * s * rest)
        x += step
        if x < low or x > high:
            x = 0.5 * (low + high)
        elif abs(step) < 1e-8:
            break
    return x


@jit
def fill_dual(first: float, step: float, variance: float, out: Float64) -> None:
    """f at ω = first + i step, into ``out`` (n,)."""
    x = proximal(first, variance, 0.0, first)
    slope = 0.0
    for i in range(out.size):
        omega = first + i * step
        x = proximal(omega, variance, x + slope * step, x if i else omega)
        s, rest = _survival(x)
        slope = 1.0 / (1.0 + variance * s * rest)
        out[i] = s


@jit
def fill_terms(dual: Float64, variance: float, out: Float64) -> None:
    """What :func:`average_narrow` averages, from f (n,), into ``out`` (n, 8).

    Columns: f and its first three derivatives by ω, f², f f', f² f', (f f')'. With u = s(1 − s),
    t = 1 − 2s and p = ∂x/∂ω = 1/(1 + V u): f' = −u p, f'' = u t p³.
    """
    for i in range(dual.size):
        s = dual[i]
        u = s * (1.0 - s)
        t = 1.0 - 2.0 * s
        p = 1.0 / (1.0 + variance * u)
        slope = -u * p
        curve = u * t * p * p * p
        out[i, 0] = s
        out[i, 1] = slope
        out[i, 2] = curve
        out[i, 3] = p**4 * u * (2.0 * u - t * t + 3.0 * variance * p * u * t * t)
        out[i, 4] = s * s
        out[i, 5] = s * slope
        out[i, 6] = s * s * slope
        out[i, 7] = slope * slope + s * curve


@jit
def average_narrow(
    first: float, step: float, terms: Float64, mean: float, deviation: float, out: Float64
) -> None:
    """Averages of the columns of ``terms`` (n, 8) over ω ~ N(mean, deviation²), into ``out``."""
    begin = max(0, math.floor((mean - REACH * deviation - first) / step))
    end = min(len(terms), math.ceil((mean + REACH * deviation - first) / step) + 1)
    out[:] = 0.0
    scale = step / (deviation * math.sqrt(2.0 * math.pi))
    for i in range(begin, end):
        z = (first + i * step - mean) / deviation
        weight = scale * math.exp(-0.5 * z * z)
        for j in range(N_AVERAGES):
            out[j] += weight * terms[i, j]


@jit
def average_wide(
    first: float, step: float, dual: Float64, mean: float, deviation: float, out: Float64
) -> None:
    """The same as :func:`average_narrow` from f alone, by parts: E g' = E ξ g / deviation.

    These are the exact derivatives of the sums over a grid that does not move, however coarse.
    """
    begin = max(0, math.floor((mean - REACH * deviation - first) / step))
    end = min(dual.size, math.ceil((mean + REACH * deviation - first) / step) + 1)
    a_0, a_1, a_2, a_3, b_0, b_1, b_2, c_1 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    h = step / deviation
    z_0 = (first - mean) / deviation
    # The normal density and its ratio from node to node, by multiplication.
    density = math.exp(-0.5 * (z_0 + begin * h) ** 2)
    ratio, change = math.exp(-h * (z_0 + begin * h) - 0.5 * h * h), math.exp(-h * h)
    for i in range(begin, end):
        z = z_0 + i * h
        f = dual[i]
        weight = density * f
        density *= ratio
        ratio *= change
        a_0 += weight
        a_1 += weight * z
        a_2 += weight * (z * z - 1.0)
        a_3 += weight * z * (z * z - 3.0)
        weight *= f
        b_0 += weight
        b_1 += weight * z
        b_2 += weight * (z * z - 1.0)
        c_1 += weight * f * z
    scale = step / (deviation * math.sqrt(2.0 * math.pi))
    out[0] = scale * a_0
    out[1] = scale * a_1 / deviation
    out[2] = scale * a_2 / deviation**2
    out[3] = scale * a_3 / deviation**3
    out[4] = scale * b_0
    out[5] = 0.5 * scale * b_1 / deviation
    out[6] = scale * c_1 / (3.0 * deviation)
    out[7] = 0.5 * scale * b_2 / deviation**2
