"""Dictionaries: a family on the shares of a table, ready to be fitted to thousands of curves.

For given ψ least squares is a projection (families.py), so the best fit over a grid of ψ is the
*atom*, the orthonormalised columns at one ψ, that explains most of a curve. The grid depends on the
shares alone: it is made once, and a thousand resampled curves cost one pass of a kernel and two
Gauss-Newton steps from their atoms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from smcollapse.inference.families import Family
from smcollapse.inference.polish import polish
from smcollapse.inference.records import InferenceError
from smcollapse.kernels.atoms import best_atoms

Array = npt.NDArray[np.float64]

INDEPENDENT = 1e-7
"""Columns whose part beyond the linear ones is smaller than this part of them say nothing new."""


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
        residual, rss = self._beyond(curves)
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

    def squares(self, curves: Array) -> Array:
        """Residual sums of squares (B,) of curves (B, S) to the nearest member on the grid."""
        residual, rss = self._beyond(curves)
        if not self.atoms.size:
            return rss
        explained = np.empty(len(residual))
        best_atoms(residual, self.atoms, explained, np.empty(len(residual), dtype=np.int64))
        left: Array = np.maximum(rss - explained, 0.0)
        return left

    def _beyond(self, curves: Array) -> tuple[Array, Array]:
        """Weighted curves beyond the linear columns (B, S), and their sums of squares (B,)."""
        weighted = np.atleast_2d(curves) * self.root_weights
        residual = weighted - (weighted @ self.basis) @ self.basis.T
        return residual, (residual**2).sum(axis=1)

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
