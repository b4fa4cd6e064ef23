"""Where do the breaks of a segmented regression lie? The search over all places a knot can take.

With Z the given columns, the mean (or linear predictor) is Zα + Σ_k c_k·max(x - θ_k, 0). For θ
between the neighbouring distinct x_i and x_{i+1} the hinge c·max(x - θ, 0) is

    β·max(x - x_i, 0) + γ·1(x > x_i),   β = c,   γ = -c(θ - x_i):

linear in two free coefficients. The best θ of that gap is read off one ordinary regression,
θ = x_i - γ/β, and counts if it lies inside the gap (Hudson 1966, JASA 61, who had Z = 1, x; Muggeo
2003, Statistics in Medicine 22, iterates this step). The place of a knot is therefore a data point
or a gap, finitely many, and the minimum over all places is exact for least squares, and for a
deviance that is convex in the linear predictor.

Places are whole numbers: 2i is the i-th distinct x, 2i + 1 the gap above it. All are visited where
the budget allows; else every 2^s-th is, and the best few are followed down to neighbouring places.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from smcollapse.inference.resampling import Array

Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Minima = Callable[[Places], tuple[Array, Array]]

CHUNK = 2_000_000  # numbers of one batch of designs
STARTS = 6  # local minima of a coarse search that are followed down
INDEPENDENT = 1e-9  # share of a column's length that must be new to count as a column of its own


@dataclass(frozen=True)
class Problem:
    """Covariate x (n,) with its distinct values (S,), and base (n, k), the columns that stay."""

    x: Array
    base: Array
    distinct: Array

    def columns(self, places: Places) -> Array:
        """Columns (m, n, w) for places (m, b) that agree on which knots are in gaps.

        A knot at a data point has one column, the hinge; one in a gap has hinge and step.
        """
        parts = []
        for place in places.T:
            above = self.x > self.distinct[place // 2][:, None]
            parts.append(np.where(above, self.x - self.distinct[place // 2][:, None], 0.0))
            if place[0] % 2:
                parts.append(above.astype(np.float64))
        return np.stack(parts, axis=2)

    def knots(self, places: Places, coefficients: Array) -> tuple[Array, Mask]:
        """Knots (m, b) from coefficients (m, w), and whether all lie in their places (m,)."""
        knots = self.distinct[places // 2]
        inside = np.ones(len(places), dtype=np.bool_)
        column = 0
        for k, place in enumerate(places.T):
            if place[0] % 2:
                with np.errstate(divide="ignore", invalid="ignore"):
                    knots[:, k] -= coefficients[:, column + 1] / coefficients[:, column]
                low, high = self.distinct[place // 2], self.distinct[place // 2 + 1]
                inside &= (knots[:, k] > low) & (knots[:, k] < high)  # false for nan
            column += 1 + place[0] % 2
        return knots, inside


def hinges(x: Array, knots: Array) -> Array:
    """Columns max(x - θ, 0), shape (n, b), for x (n,) and knots (b,)."""
    columns: Array = np.maximum(x[:, None] - knots, 0.0)
    return columns


def steps(x: Array, knots: Array) -> Array:
    """Columns 1(x > θ), shape (n, b); a row at the knot itself gets one half."""
    columns: Array = np.heaviside(x[:, None] - knots, 0.5)
    return columns


def search(minima: Minima, n_distinct: int, n_breaks: int, budget: int) -> tuple[Array, float]:
    """Knots (b,) ascending with the smallest loss, and that loss; inf if no place identifies them.

    ``minima`` gives knots (m, b) and losses (m,) of places (m, b). At most about ``budget`` places
    are visited at first; a budget above their number makes the search exhaustive.
    """
    first, last = 2, 2 * (n_distinct - 2)
    stride = 1
    while math.comb((last - first) // stride + 1, n_breaks) > budget:
        stride *= 2
    lattice = range(first, last + 1, stride)
    places = _apart(np.array(list(itertools.combinations(lattice, n_breaks)), dtype=np.int64))
    knots, losses = minima(places)
    if stride == 1:
        best = int(np.argmin(losses))
        return knots[best], float(losses[best])
    found = [
        _descend(minima, place, loss, stride, (first, last))
        for place, loss in _local_minima(places, losses, stride)
    ]
    best_place = min(found, key=lambda pair: pair[1])[0]
    knots, losses = minima(best_place[None, :])
    return knots[0], float(losses[0])


def _apart(places: Places) -> Places:
    """Only those places with two distinct x between neighbouring knots, the knots included."""
    held = places[:, 1:] // 2 - (places[:, :-1] + 1) // 2 + 1
    kept: Places = places[(held >= 2).all(axis=1)]
    return kept


def _local_minima(places: Places, losses: Array, stride: int) -> list[tuple[Places, float]]:
    """The best few places that are not neighbours of a better one that was kept."""
    kept: list[tuple[Places, float]] = []
    for index in np.argsort(losses, kind="stable"):
        if len(kept) == STARTS:
            break
        if all(np.abs(places[index] - place).max() > stride for place, _ in kept):
            kept.append((places[index], float(losses[index])))
    return kept


def _descend(
    minima: Minima, place: Places, loss: float, stride: int, limits: tuple[int, int]
) -> tuple[Places, float]:
    """Follow the loss down to a place none of whose neighbours, at any stride, is better."""
    moves = np.array(list(itertools.product(range(-2, 3), repeat=place.size)))
    while stride > 1:
        stride //= 2
        while True:
            around = place + stride * moves
            within = (around >= limits[0]) & (around <= limits[1])
            around = _apart(around[within.all(axis=1)])
            _, losses = minima(around)
            best = int(np.argmin(losses))
            if not losses[best] < loss:
                break
            place, loss = around[best], float(losses[best])
    return place, loss


def least_squares(problem: Problem, y: Array) -> Minima:
    """Residual sums of squares, by regressing what is left of y (n,) on what is left of the hinges.

    What the base explains is taken off both first (Frisch & Waugh 1933; Lovell 1963).
    """
    orthonormal, _ = np.linalg.qr(problem.base)
    rest = y - orthonormal @ (orthonormal.T @ y)
    rest -= orthonormal @ (orthonormal.T @ rest)  # twice, so that an exact fit leaves nothing

    def batch(places: Places) -> tuple[Array, Array]:
        columns = problem.columns(places)
        length = np.linalg.norm(columns, axis=1)
        columns -= orthonormal @ (orthonormal.T @ columns)
        q, r = np.linalg.qr(columns)
        independent = np.abs(np.diagonal(r, axis1=1, axis2=2)) > INDEPENDENT * length
        explained = (q * rest[:, None]).sum(axis=1)  # (m, w)
        knots, inside = problem.knots(places, _back_substituted(r, explained))
        losses = ((rest - (q @ explained[:, :, None])[:, :, 0]) ** 2).sum(axis=1)
        return knots, np.where(inside & independent.all(axis=1), losses, np.inf)

    return _by_pattern(batch, max(1, CHUNK // (4 * y.size)))


def _back_substituted(r: Array, right: Array) -> Array:
    """Solutions (m, w) of upper triangular systems r (m, w, w); nan or inf where singular."""
    solution = np.zeros_like(right)
    with np.errstate(divide="ignore", invalid="ignore"):
        for row in reversed(range(right.shape[1])):
            known = (r[:, row, row + 1 :] * solution[:, row + 1 :]).sum(axis=1)
            solution[:, row] = (right[:, row] - known) / r[:, row, row]
    return solution


def deviance(problem: Problem, fit: Callable[[Array, Array | None], Any]) -> Minima:
    """Deviances, one statsmodels fit per place; ``fit`` takes a design (n, k + w) and a start.

    A place at which the fit breaks down or the columns are dependent has an infinite deviance.
    """
    n_base = problem.base.shape[1]
    plain = np.asarray(fit(problem.base, None).params)

    def batch(places: Places) -> tuple[Array, Array]:
        columns = problem.columns(places)
        coefficients = np.zeros((len(places), columns.shape[2]))
        losses = np.full(len(places), np.inf)
        start = np.r_[plain, coefficients[0]]
        for row, extra in enumerate(columns):
            design = np.column_stack([problem.base, extra])
            if not independent_columns(design):
                continue
            try:
                fitted = fit(design, start)
            except (ValueError, np.linalg.LinAlgError):
                continue
            coefficients[row] = np.asarray(fitted.params)[n_base:]
            losses[row] = fitted.deviance
        knots, inside = problem.knots(places, coefficients)
        return knots, np.where(inside & np.isfinite(losses), losses, np.inf)

    def quietly(places: Places) -> tuple[Array, Array]:
        # fits at knots far from the best may separate or overflow; the last fit warns as it likes
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return batch(places)

    return _by_pattern(quietly, 1 + CHUNK // (4 * problem.x.size))


def independent_columns(design: Array) -> bool:
    """Whether no column of the design (n, k) is a combination of those before it."""
    length = np.linalg.norm(design, axis=0)
    diagonal = np.abs(np.diagonal(np.linalg.qr(design)[1]))
    return diagonal.size == length.size and bool((diagonal > INDEPENDENT * length).all())


def _by_pattern(batch: Minima, size: int) -> Minima:
    """Call ``batch`` on at most ``size`` places at a time that agree on which knots are in gaps."""

    def minima(places: Places) -> tuple[Array, Array]:
        knots, losses = np.empty(places.shape), np.empty(len(places))
        for pattern in np.unique(places % 2, axis=0):
            rows = np.flatnonzero((places % 2 == pattern).all(axis=1))
            for part in np.split(rows, range(size, rows.size, size)):
                knots[part], losses[part] = batch(places[part])
        return knots, losses

    return minima
