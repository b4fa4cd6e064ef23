"""Exact least squares for a continuous line with one kink.

    y = a + b·x + c·max(x - θ, 0),   θ between the 2nd and the 2nd last distinct x.

With θ between two neighbouring x the residual sum of squares is that of two separate lines plus
(gap at θ)²/(variance of the gap): a ratio of quadratics in θ with one minimum, where the two lines
meet. The global minimum is therefore either at a data point or where the two lines of some split
meet between the points of that split (Hudson 1966, JASA 61): finitely many candidates, no grid and
no iteration.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smcollapse.inference.curves import Curves
from smcollapse.inference.records import InferenceError, Record
from smcollapse.inference.resampling import Array

MINIMUM_SHARES = 5  # four parameters, and one degree of freedom to be wrong by


@dataclass(frozen=True)
class KinkFit(Record):
    """Least-squares fit of one kink to n points; ``rss_line`` is that of a straight line."""

    knot: float
    intercept: float
    slope_before: float
    slope_after: float
    rss: float
    rss_line: float
    n: int


@dataclass(frozen=True)
class Kink(Record):
    """One kink through a noise-free curve; ``rss_line`` is that of a straight line."""

    knot: float
    slope_before: float
    slope_after: float
    rss: float
    rss_line: float


def kink_of(shares: npt.ArrayLike, values: npt.ArrayLike) -> Kink:
    """The knot that `break_point` finds, on one noise-free curve, without statsmodels.

    Shares (S,) ascending, values (S,). Raises InferenceError for fewer than 5 shares, and for
    arrays that are not finite, equal in length and ascending.
    """
    given = Curves(np.asarray(shares), np.atleast_2d(values), ("noise-free",))
    given.require_shares(MINIMUM_SHARES, "a break")
    x, y = given.shares, given.values
    knots, rss = profile(x, np.ones_like(x), y)
    before, change = slopes_at(x, np.ones_like(x), y, knots)
    _, _, rss_line = line_through(x, np.ones_like(x), y)
    return Kink(
        knot=float(knots[0]),
        slope_before=float(before[0]),
        slope_after=float(before[0] + change[0]),
        rss=float(rss[0]),
        rss_line=float(rss_line[0]),
    )


def profile_break(x: npt.ArrayLike, y: npt.ArrayLike) -> KinkFit:
    """Exact least-squares kink through raw points x (n,), y (n,), in any order, ties allowed.

    The final regression at the knot is statsmodels' OLS. Raises InferenceError for arrays that
    are not finite and equally long, and for fewer than 5 distinct x.
    """
    from statsmodels.regression.linear_model import OLS

    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise InferenceError(f"x and y must be equally long vectors, got {x.shape} and {y.shape}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InferenceError("x and y must be finite numbers")
    distinct, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    if distinct.size < MINIMUM_SHARES:
        raise InferenceError(
            f"a break needs at least {MINIMUM_SHARES} distinct x, got {distinct.size}"
        )
    means = np.bincount(inverse, weights=y) / counts
    knots, _ = profile(distinct, counts.astype(np.float64), means[None, :])
    knot = float(knots[0])
    line = np.column_stack([np.ones_like(x), x])
    kink = OLS(y, np.column_stack([line, np.maximum(x - knot, 0.0)])).fit()
    intercept, before, change = (float(value) for value in kink.params)
    return KinkFit(
        knot=knot,
        intercept=intercept,
        slope_before=before,
        slope_after=before + change,
        rss=float(kink.ssr),
        rss_line=float(OLS(y, line).fit().ssr),
        n=x.size,
    )


def profile(x: Array, weights: Array, curves: Array) -> tuple[Array, Array]:
    """Best knots (B,) and their weighted RSS (B,) for curves (B, S) on distinct ascending x."""
    n_curves, n_points = curves.shape
    knots, best = np.full(n_curves, np.nan), np.full(n_curves, np.inf)
    # kinks before meetings: where a meeting falls on a data point they tie, and the first stays
    for j in range(1, n_points - 1):
        rss = _rss_with_kink(x, weights, curves, float(x[j]))
        better = rss < best
        knots[better], best[better] = x[j], rss[better]
    for j in range(1, n_points - 2):
        meeting, rss = _meeting_of_lines(x, weights, curves, j + 1)
        better = (meeting > x[j]) & (meeting < x[j + 1]) & (rss < best)
        knots[better], best[better] = meeting[better], rss[better]
    return knots, best


def _rss_with_kink(x: Array, weights: Array, curves: Array, knot: float) -> Array:
    """Weighted residual sum of squares (B,) of curves (B, S) with the kink at ``knot``."""
    root = np.sqrt(weights)
    basis = np.column_stack([np.ones_like(x), x, np.maximum(x - knot, 0.0)])
    orthonormal, _ = np.linalg.qr(root[:, None] * basis)
    scaled = curves * root
    residual = scaled - (scaled @ orthonormal) @ orthonormal.T
    rss: Array = (residual**2).sum(axis=1)
    return rss


def _meeting_of_lines(x: Array, weights: Array, curves: Array, split: int) -> tuple[Array, Array]:
    """Where separate lines through x[:split] and x[split:] meet (B,), and their RSS (B,)."""
    left = line_through(x[:split], weights[:split], curves[:, :split])
    right = line_through(x[split:], weights[split:], curves[:, split:])
    with np.errstate(divide="ignore", invalid="ignore"):  # parallel lines meet nowhere
        meeting: Array = (left[0] - right[0]) / (right[1] - left[1])
    return meeting, left[2] + right[2]


def line_through(x: Array, weights: Array, curves: Array) -> tuple[Array, Array, Array]:
    """Weighted least-squares line: intercepts, slopes and RSS, each (B,)."""
    centred = x - np.average(x, weights=weights)
    slope = curves @ (weights * centred) / (weights * centred**2).sum()
    level = curves @ weights / weights.sum()
    residual = curves - level[:, None] - slope[:, None] * centred
    return level - slope * (x[0] - centred[0]), slope, residual**2 @ weights


def slopes_at(x: Array, weights: Array, curves: Array, knots: Array) -> tuple[Array, Array]:
    """Slope before the knot and change of slope, each (B,), at knots (B,) of curves (B, S).

    Frisch-Waugh: the kink's coefficient from residuals on the line, then the line's slope.
    """
    root = np.sqrt(weights)
    kink = np.maximum(x - knots[:, None], 0.0)
    orthonormal, _ = np.linalg.qr(root[:, None] * np.column_stack([np.ones_like(x), x]))
    scaled = kink * root
    kink_left = scaled - (scaled @ orthonormal) @ orthonormal.T
    change = (kink_left * (curves * root)).sum(axis=1) / (kink_left**2).sum(axis=1)
    _, before, _ = line_through(x, weights, curves - change[:, None] * kink)
    return before, change
