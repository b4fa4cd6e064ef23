"""Families of mean curves, each fitted to thousands of curves at once.

Every family is linear in all but one or two parameters:

    f(t; β, γ, ψ) = Σ β_i l_i(t) + Σ_k γ_k c_k(t; ψ),   t = (p - p_first)/(p_last - p_first).

For given ψ least squares is a projection (variable projection: Golub & Pereyra 1973), so the
best fit over a grid of ψ is the *atom*, the orthonormalised columns at one ψ, that explains most
of a curve. The grid depends on the shares alone: it is made once, and a thousand resampled curves
cost one pass of a kernel and two Gauss-Newton steps from their atoms.

A family of one's own is a :class:`Family` with these two functions; give it to
:func:`smcollapse.inference.onsets.existence` as a further rival.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from smcollapse.inference.polish import polish
from smcollapse.inference.records import InferenceError
from smcollapse.kernels.atoms import best_atoms

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

STEPS_BETWEEN_SHARES = 20
"""Positions of a knot that are tried between two neighbouring shares."""

MOST_KNOTS, MOST_PAIRED = 400, 70
"""Positions of a knot, and of each of two, where there are many shares."""

INDEPENDENT = 1e-7
"""Columns whose part beyond the linear ones is smaller than this part of them say nothing new."""


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


@dataclass(frozen=True, eq=False)
class Dictionary:
    """A family on given shares and weights: linear basis (S, m), atoms (K, S, G), ψ (G, d)."""

    family: Family
    t: Array
    root_weights: Array
    basis: Array
    atoms: Array
    grid: Array
    limits: Array

    def near(self, curve: Array, radius: float) -> Dictionary:
        """Without the atoms that cannot fit best to anything within ``radius`` of a curve (S,).

        What lies within r of a curve at distance d from an atom's span is at least d - r away from
        it, and at most d₀ + r from the atom nearest to the curve: d > d₀ + 2r rules the atom out.
        """
        if not self.atoms.size:
            return self
        residual = self.fit(curve).residual[0]
        explained = ((self.atoms * residual[:, None]).sum(axis=1) ** 2).sum(axis=0)
        gone = float(residual @ residual) - explained
        distance = np.sqrt(np.maximum(gone, 0.0))
        kept = distance <= float(distance.min()) + 2.0 * radius
        return Dictionary(
            self.family,
            self.t,
            self.root_weights,
            self.basis,
            np.ascontiguousarray(self.atoms[:, :, kept]),
            self.grid[kept],
            self.limits,
        )

    def fit(self, curves: Array) -> Fits:
        """Best fits to curves (B, S): the best atom, then Gauss-Newton steps (polish.py)."""
        weighted = np.atleast_2d(curves) * self.root_weights
        residual = weighted - (weighted @ self.basis) @ self.basis.T
        rss: Array = (residual**2).sum(axis=1)
        if not self.atoms.size:
            return Fits(self, weighted - residual, residual, rss, np.empty((len(weighted), 0)))
        explained = np.empty(len(weighted))
        index = np.empty(len(weighted), dtype=np.int64)
        best_atoms(residual, self.atoms, explained, index)
        parameters, explained, part = polish(
            self._columns, residual, self.grid[index], explained, self.limits, self.family.free
        )
        return Fits(
            self, weighted - residual + part, residual, np.maximum(rss - explained, 0.0), parameters
        )

    def _columns(self, parameters: Array) -> Array:
        """Weighted columns (B, K, S) at parameters (B, d), cleaned of the linear ones."""
        assert self.family.columns is not None
        columns = self.family.columns(self.t, parameters) * self.root_weights
        cleaned: Array = columns - (columns @ self.basis) @ self.basis.T
        return cleaned


@dataclass(frozen=True, eq=False)
class Fits:
    """Fits of one family to curves (B, S).

    weighted (B, S) : fitted curves times the root weights
    residual (B, S) : curves beyond the linear columns, weighted
    rss (B,), parameters (B, d) on t
    """

    dictionary: Dictionary
    weighted: Array
    residual: Array
    rss: Array
    parameters: Array

    @property
    def curves(self) -> Array:
        """Fitted curves (B, S)."""
        out: Array = self.weighted / self.dictionary.root_weights
        return out


def dictionary(family: Family, shares: Array, weights: Array | None = None) -> Dictionary:
    """The family on these shares (S,), ascending, with weights (S,); kept for the next call."""
    weights = np.ones_like(shares) if weights is None else weights
    return _dictionary(family, shares.tobytes(), weights.tobytes())


@lru_cache(maxsize=128)
def _dictionary(family: Family, share_bytes: bytes, weight_bytes: bytes) -> Dictionary:
    shares = np.frombuffer(share_bytes, dtype=np.float64)
    root = np.sqrt(np.frombuffer(weight_bytes, dtype=np.float64))
    t = positions(shares)
    linear = np.vander(t, family.powers + 1, increasing=True)
    basis, _ = np.linalg.qr(root[:, None] * linear)
    if family.grid is None or family.columns is None:
        nothing = np.empty((1, 0))
        return Dictionary(
            family, t, root, basis, np.empty((0, t.size, 1)), nothing, np.empty((2, 0))
        )
    grid = family.grid(t)
    if not len(grid):
        raise InferenceError(f"{t.size} shares are too few for the family {family.name!r}")
    columns = family.columns(t, grid) * root
    atoms, kept = _orthonormal(columns, basis)
    limits = np.stack([grid.min(axis=0), grid.max(axis=0)])
    return Dictionary(family, t, root, basis, np.ascontiguousarray(atoms), grid[kept], limits)


def _orthonormal(columns: Array, basis: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Gram-Schmidt of columns (G, K, S) beyond the basis (S, m): atoms (K, S, G'), which were kept.

    Each vector is cleaned twice, which is enough for orthogonality to rounding.
    """
    kept = np.ones(len(columns), dtype=bool)
    found: list[Array] = []
    for k in range(columns.shape[1]):
        vector = columns[:, k]
        size = np.linalg.norm(vector, axis=1)
        for _ in range(2):
            vector = vector - (vector @ basis) @ basis.T
            for other in found:
                vector = vector - (vector * other).sum(axis=1, keepdims=True) * other
        left = np.linalg.norm(vector, axis=1)
        kept &= left > INDEPENDENT * np.maximum(size, np.finfo(float).tiny)
        found.append(vector / np.where(left > 0, left, 1.0)[:, None])
    return np.stack([vector[kept] for vector in found]).transpose(0, 2, 1), kept


def positions(shares: Array) -> Array:
    """Shares on t in [0, 1]."""
    t: Array = (shares - shares[0]) / (shares[-1] - shares[0])
    return t


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
    base = _pairs(np.linspace(-0.5, 1.5, 81), np.geomspace(np.diff(t).min() / 10.0, 1.4, 30))
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


EXPONENTIAL = Family("exponential", 0, 3, _rates, _exponential)
LOGISTIC = Family("logistic", 0, 4, _centres_and_scales, _logistic, 2)
SKEWED = Family("logistic, symmetric or skewed", 0, 5, _skewed_grid, _skewed, 2)
KINK = Family("kink", 1, 4, _knots, _hinges)
FLAT_LEFT = Family("flat-left kink", 0, 3, _knots, _hinges)
TWO_BREAKS = Family("two breaks", 1, 6, _knot_pairs, _hinges, 2)
SOFTPLUS = Family("softplus", 1, 5, _knots_and_scales, _softplus, 2)

RIVALS: tuple[Family, ...] = (LINE, QUADRATIC, CUBIC, EXPONENTIAL, SKEWED)
"""The smooth curves that a break has to beat."""


def minimum_shares(families: Sequence[Family]) -> int:
    """Distinct shares that leave a degree of freedom to the largest of these families."""
    return 1 + max(family.parameters for family in families)


def width_of_softplus(scale: float) -> float:
    """10-90 % width of the change of slope of a softplus of this scale."""
    return 2.0 * math.log(9.0) * scale
