"""Families of mean curves, each fitted to thousands of curves at once.

Every family is linear in all but one or two parameters:

    f(t; β, γ, ψ) = Σ β_i l_i(t) + Σ_k γ_k c_k(t; ψ),   t = (p - p_first)/(p_last - p_first).

For given ψ least squares is a projection (variable projection: Golub & Pereyra 1973), which
dictionaries.py makes use of.

A family of one's own is a :class:`Family` with these two functions; give it to
:func:`smcollapse.inference.existence` as a further rival.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from smcollapse.inference.records import InferenceError

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

STEPS_BETWEEN_SHARES = 20
"""Positions of a knot that are tried between two neighbouring shares."""

MOST_KNOTS, MOST_PAIRED = 400, 70
"""Positions of a knot, and of each of two, where there are many shares."""


@dataclass(frozen=True)
class Family:
    """A family of mean curves on t in [0, 1].

    powers : the linear part has 1, t, ..., t^powers
    grid : positions t (S,) of the shares -> parameters ψ (G, d); None if there are none
    columns : positions t (S,), parameters (G, d) -> columns (G, K, S)
    parameters : number of free parameters in all
    free : how many leading parameters ψ vary continuously; the others stay on the grid
    """

    name: str
    powers: int
    parameters: int
    grid: Callable[[Array], Array] | None = None
    columns: Callable[[Array, Array], Array] | None = None
    free: int = 1

    def __post_init__(self) -> None:
        if (self.grid is None) != (self.columns is None):
            raise InferenceError(f"family {self.name!r}: give both grid and columns, or neither")


# ---------------------------------------------------------------- grids


def _knots(t: Array) -> Array:
    """Knots between the second and the second last position."""
    return _between(t, STEPS_BETWEEN_SHARES, MOST_KNOTS)[:, None]


def _between(t: Array, steps: int, most: int) -> Array:
    """Places in every inner gap; evenly over the range where that would be too many."""
    inner = t[1:-1]
    if steps * inner.size > most:
        return np.linspace(inner[0], inner[-1], most)
    filled = [np.linspace(left, right, steps, endpoint=False) for left, right in pairwise(inner)]
    return np.concatenate([*filled, inner[-1:]])


def _knot_pairs(t: Array) -> Array:
    """Pairs of knots with at least one position strictly between them, six steps a gap."""
    knots = _between(t, 6, MOST_PAIRED)
    first, second = (axis.ravel() for axis in np.meshgrid(knots, knots, indexing="ij"))
    between = np.searchsorted(t, second, side="left") - np.searchsorted(t, first, side="right")
    return np.column_stack([first, second])[between >= 1]


def _rates(_: Array) -> Array:
    """Rates of an exponential, rising and falling."""
    rates = np.geomspace(0.1, 60.0, 100)
    return np.concatenate([-rates[::-1], rates])[:, None]


def _centres_and_scales(t: Array) -> Array:
    """Centres up to half the range outside, scales from a tenth of the smallest gap."""
    return _pairs(np.linspace(-0.5, 1.5, 121), np.geomspace(np.diff(t).min() / 10.0, 1.4, 45))


def _knots_and_scales(t: Array) -> Array:
    """Knots within scales: the atoms of one scale stand together."""
    knots = _knots(t)[:: STEPS_BETWEEN_SHARES // 5, 0]
    swapped: Array = _pairs(soft_scales(t), knots)[:, ::-1]
    return swapped


def soft_scales(t: Array) -> Array:
    """Scales of a softplus, from one that no grid of these gaps can see to a third of the range."""
    scales: Array = np.geomspace(np.diff(t).min() / 10.0, 0.35, 25)
    return scales


def _pairs(first: Array, second: Array) -> Array:
    a, b = np.meshgrid(first, second, indexing="ij")
    return np.column_stack([a.ravel(), b.ravel()])


# ---------------------------------------------------------------- columns


def _hinges(t: Array, grid: Array) -> Array:
    columns: Array = np.maximum(t - grid[:, :, None], 0.0)
    return columns


def _exponential(t: Array, grid: Array) -> Array:
    rate = grid[:, :, None]
    columns: Array = np.exp(np.where(rate > 0, rate * (t - 1.0), rate * t))
    return columns


def _logistic(t: Array, grid: Array) -> Array:
    columns: Array = expit((t - grid[:, :1]) / grid[:, 1:])[:, None, :]
    return columns


def _softplus(t: Array, grid: Array) -> Array:
    columns: Array = (np.logaddexp(0.0, (t - grid[:, :1]) / grid[:, 1:]) * grid[:, 1:])[:, None, :]
    return columns


LINE = Family("line", 1, 2)
QUADRATIC = Family("quadratic", 2, 3)
CUBIC = Family("cubic", 3, 4)
CONSTANT = Family("constant", 0, 1)


def _skewed_grid(t: Array) -> Array:
    """Centre, scale, power and direction of a generalised logistic; power 0 is the Gompertz."""
    base = _coarse_centres_and_scales(t)
    shapes = [(power, side) for power in (0.0, 0.25, 0.5, 2.0, 4.0) for side in (-1.0, 1.0)]
    return np.vstack(
        [
            np.column_stack([base, np.broadcast_to(shape, (len(base), 2))])
            for shape in (*shapes, (1.0, 1.0))
        ]
    )


def _skewed(t: Array, grid: Array) -> Array:
    """expit(±z)^power; for power 0 the limit exp(-exp(-±z)) (Richards 1959, Gompertz 1825)."""
    centre, scale, power, side = grid.T[:, :, None]
    z = side * (t - centre) / scale
    limit = np.exp(-np.exp(np.clip(-z, -700.0, 700.0)))
    columns: Array = np.where(power == 0.0, limit, expit(z) ** np.where(power == 0.0, 1.0, power))
    return columns[:, None, :]


def _power_grid(_: Array) -> Array:
    """Logarithm of the rate k, power q and direction of (1 + kt)^q; power 0 is log(1 + kt)."""
    rates = np.log(np.geomspace(0.3, 3000.0, 40))
    powers = (-4.0, -2.0, -1.5, -1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.5, 2.0, 3.0)
    shapes = [(power, side) for power in powers for side in (-1.0, 1.0)]
    return np.vstack(
        [np.column_stack([rates, np.broadcast_to(shape, (rates.size, 2))]) for shape in shapes]
    )


def _power(t: Array, grid: Array) -> Array:
    log_rate, power, side = grid.T[:, :, None]
    base = np.log1p(np.exp(log_rate) * np.where(side > 0.0, t, 1.0 - t))
    # over its largest value, which for a power of 4 and a rate of 3000 is 8e13
    exponent = power * base - np.maximum(power, 0.0) * base.max(axis=1, keepdims=True)
    columns: Array = np.where(power == 0.0, base, np.exp(exponent))
    return columns[:, None, :]


def _gaps(t: Array) -> Array:
    """Middles of the gaps between positions: a jump within a gap is the same wherever it lies."""
    return ((t[1:] + t[:-1]) / 2.0)[:, None]


def _steps(t: Array, grid: Array) -> Array:
    columns: Array = (t > grid[:, :, None]).astype(np.float64)
    return columns


def _wide_grid(t: Array) -> Array:
    """The skewed logistics that these positions can tell from a jump."""
    grid = _skewed_grid(t)
    wide: Array = grid[width_of_softplus(1.0) * grid[:, 1] >= np.diff(t).max()]
    return wide


def _arctangent(t: Array, grid: Array) -> Array:
    columns: Array = np.arctan((t - grid[:, :1]) / grid[:, 1:])[:, None, :]
    return columns


def _coarse_centres_and_scales(t: Array) -> Array:
    return _pairs(np.linspace(-0.5, 1.5, 81), np.geomspace(np.diff(t).min() / 10.0, 1.4, 30))


def _two_centres_and_a_scale(t: Array) -> Array:
    """Two centres, in order, within each of some scales that they have in common."""
    centres = _pairs(np.linspace(-0.1, 1.1, 31), np.linspace(-0.1, 1.1, 31))
    centres = centres[centres[:, 0] < centres[:, 1]]
    scales = np.geomspace(np.diff(t).min() / 6.0, 0.3, 9)
    return np.vstack([np.column_stack([centres, np.full(len(centres), s)]) for s in scales])


def _two_logistics(t: Array, grid: Array) -> Array:
    return np.stack([expit((t - grid[:, i : i + 1]) / grid[:, 2:]) for i in (0, 1)], axis=1)


EXPONENTIAL = Family("exponential", 0, 3, _rates, _exponential)
POWER = Family("power or logarithm", 0, 4, _power_grid, _power)
LOGISTIC = Family("logistic", 0, 4, _centres_and_scales, _logistic, 2)
SKEWED = Family("logistic, symmetric or skewed", 0, 5, _skewed_grid, _skewed, 2)
KINK = Family("kink", 1, 4, _knots, _hinges)
FLAT_LEFT = Family("flat-left kink", 0, 3, _knots, _hinges)
TWO_BREAKS = Family("two breaks", 1, 6, _knot_pairs, _hinges, 2)
ARCTANGENT = Family("arctangent", 0, 4, _coarse_centres_and_scales, _arctangent, 2)
TWO_LOGISTICS = Family("two logistics", 0, 6, _two_centres_and_a_scale, _two_logistics, 3)
JUMP = Family("jump", 1, 4, _gaps, _steps, 0)
WIDE = Family("logistic wider than a gap", 0, 5, _wide_grid, _skewed, 2)
SOFTPLUS = Family("softplus", 1, 5, _knots_and_scales, _softplus, 2)

RIVALS: tuple[Family, ...] = (LINE, QUADRATIC, CUBIC, EXPONENTIAL, POWER, SKEWED, ARCTANGENT)
"""The smooth curves that a break has to beat."""

JUMP_RIVALS: tuple[Family, ...] = (LINE, QUADRATIC, CUBIC, EXPONENTIAL, POWER, WIDE, KINK)
"""What a jump has to beat; a logistic steeper than the shares can tell is one."""


def minimum_shares(families: Sequence[Family]) -> int:
    """Distinct shares that leave a degree of freedom to the largest of these families."""
    return 1 + max(family.parameters for family in families)


def width_of_softplus(scale: float) -> float:
    """10-90 % width of the change of slope of a softplus of this scale."""
    return 2.0 * math.log(9.0) * scale
