"""True mean curves of simulated sweeps, as functions of the share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Truth = Callable[[Array], Array]


def kink(
    knot: float = 0.4, before: float = -0.05, change: float = -1.0, start: float = 0.9
) -> Truth:
    """A kink in the share."""

    def truth(share: Array) -> Array:
        return start + before * share + change * np.maximum(share - knot, 0.0)

    return truth


def logistic(centre: float, scale: float, fall: float) -> Truth:
    """A logistic fall."""
    return lambda x: 0.9 - fall / (1.0 + np.exp(-(x - centre) / scale))


def gompertz(centre: float, scale: float, fall: float, mirrored: bool) -> Truth:
    """A Gompertz curve, its sharper corner first or (mirrored) last."""

    def truth(x: Array) -> Array:
        z = (x - centre) / scale
        rise = 1.0 - np.exp(-np.exp(z)) if mirrored else np.exp(-np.exp(-z))
        return 0.9 - fall * rise

    return truth


def hill(half: float, power: float, fall: float) -> Truth:
    """Hill's equation."""
    return lambda x: 0.9 - fall * x**power / (half**power + x**power)


def arctangent(centre: float, scale: float, fall: float) -> Truth:
    """An arctangent: tails longer than any logistic's."""
    return lambda x: 0.9 - fall * (0.5 + np.arctan((x - centre) / scale) / np.pi)


SMOOTH: dict[str, Truth] = {
    "line": lambda x: 0.9 - 0.5 * x,
    "quadratic": lambda x: 0.9 - 1.0 * x**2,
    "cubic": lambda x: 0.9 - 2.0 * x**3,
    "exponential decay": lambda x: 0.9 * np.exp(-2.0 * x),
    "exponential fall": lambda x: 0.92 - 0.02 * np.exp(5.0 * x),
    "logistic, narrow": logistic(0.35, 0.02, 0.3),
    "logistic, scale .05": logistic(0.4, 0.05, 0.4),
    "logistic, scale .1": logistic(0.4, 0.1, 0.4),
    "logistic, late": logistic(0.6, 0.08, 0.6),
    "Gompertz .06": gompertz(0.35, 0.06, 0.4, False),
    "Gompertz .15": gompertz(0.4, 0.15, 0.5, False),
    "Gompertz .06, mirrored": gompertz(0.4, 0.06, 0.4, True),
    "Gompertz .1, late": gompertz(0.5, 0.1, 0.6, False),
    "Gompertz .1, late, nearest": gompertz(0.5016, 0.1001, 0.3209, False),
    "Hill 2": hill(0.3, 2.0, 0.6),
    "Hill 4": hill(0.45, 4.0, 0.6),
    "Hill 8": hill(0.4, 8.0, 0.5),
    "arctangent .02": arctangent(0.4, 0.02, 0.4),
    "arctangent .05": arctangent(0.4, 0.05, 0.4),
    "arctangent .15": arctangent(0.4, 0.15, 0.6),
    "arctangent .1, late": arctangent(0.55, 0.1, 0.6),
}
"""There is no break: Gompertz, Hill and arctangent are no rivals of the test.

"Nearest" is the Gompertz curve nearest to the base design's kink, by least squares: the worst case.
"""


def log_linear(rate: float) -> Truth:
    """A logarithm of the share that falls by .25."""
    return lambda x: 0.9 - 0.25 * np.log1p(rate * x) / np.log1p(0.6 * rate)


def _richards(centre: float, scale: float, power: float) -> Truth:
    return lambda x: 0.9 - 0.5 * (1.0 + power * np.exp(-(x - centre) / scale)) ** (-1.0 / power)


def _two_logistics(first: tuple[float, float, float], second: tuple[float, float, float]) -> Truth:
    one, other = logistic(*first), logistic(*second)
    return lambda x: one(x) + other(x) - 0.9


FURTHER: dict[str, Truth] = {
    "power law, root": lambda x: 0.9 - 0.3 * np.sqrt(x / 0.6),
    "power law, decay": lambda x: 0.6 + 0.3 / (1.0 + 20.0 * x),
    "Weibull 2": lambda x: 0.4 + 0.5 * np.exp(-((x / 0.4) ** 2)),
    "Weibull 4": lambda x: 0.4 + 0.5 * np.exp(-((x / 0.5) ** 4)),
    "Richards 3": _richards(0.4, 0.06, 3.0),
    "Richards .3": _richards(0.4, 0.06, 0.3),
    "Cauchy .1, late": arctangent(0.5, 0.1, 0.4),
    "Cauchy .05, late": arctangent(0.5, 0.05, 0.4),
    "Cauchy .05": arctangent(0.45, 0.05, 0.4),
    "two logistics": _two_logistics((0.3, 0.03, 0.2), (0.5, 0.05, 0.2)),
    "two logistics, unequal": _two_logistics((0.45, 0.02, 0.3), (0.2, 0.1, 0.1)),
}
"""Smooth curves that none of the test's rivals was made for, beside logarithms of the share."""


def step(place: float, fall: float = 0.2) -> Truth:
    """Flat, with a fall at a share: what stands there has fallen already."""
    return lambda x: 0.9 - fall * (x >= place - 1e-9)


def staircase(width: float = 0.07, height: float = 0.035) -> Truth:
    """Steps of that width and height."""
    return lambda x: 0.9 - height * np.floor(x / width + 1e-9)


def reached_at(before: float, place: float, loss: float) -> Truth:
    """Flat up to a share, then straight down to a loss that is exactly there from the next on."""
    return lambda x: 0.9 - loss * np.clip((x - before) / (place - before), 0.0, 1.0)
