"""Benchmark shares by models, beside the isotonic one: kink, logistic, monotone spline, average.

A model smooths: where it holds its band is shorter than the isotonic one (by a third for the kink
on a kink), where it does not it is confidently wrong (a kink through a logistic covers .01 of
.95). They stand beside the primary estimate to show how much of it is the model. The average
weighs kink, logistic, exponential, quadratic and line by exp(-AIC/2) anew on every draw (Buckland,
Burnham & Augustin 1997; Akaike 1978), so that its band includes the choice among them. A model
whose misfit is a surprise under itself is left out, and the average where no model fits: the
misfit of its curve is compared with that of refits to the same curve plus draws of the noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline
from scipy.optimize import nnls

from smcollapse.inference.curves import Curves
from smcollapse.inference.dictionaries import Fits, dictionary
from smcollapse.inference.families import EXPONENTIAL, KINK, LINE, LOGISTIC, QUADRATIC, Family
from smcollapse.inference.onsets.benchmark import Direction, check_loss
from smcollapse.inference.records import Estimate, Interval, Record, check_level
from smcollapse.inference.resampling import Array, percentile_band, percentile_limit

MODELS: tuple[Family, ...] = (KINK, LOGISTIC, EXPONENTIAL, QUADRATIC, LINE)
POINTS = 601
"""Points of the range at which a fitted curve is looked at."""

SPLINE_PIECES = 4
MINIMUM_SHARES = 6


@dataclass(frozen=True)
class ModelShare(Record):
    """Benchmark share by one model; ``share`` None where the loss is not reached.

    ``safe_share`` is its one-sided limit; ``weight`` the model's part in the average.
    """

    model: str
    share: float | None
    band: Interval
    safe_share: float
    weight: float
    n_replicates: int

    def estimate(self) -> Estimate:
        """A row for a table of results."""
        return Estimate(
            f"benchmark share ({self.model})",
            math.nan if self.share is None else self.share,
            math.nan,
            self.band,
            "model through the mean curve, percentiles over draws of the mean",
            self.n_replicates,
        )


def model_shares(
    curves: Curves,
    loss: float = 0.10,
    relative: bool = True,
    direction: Direction = "loss",
    *,
    level: float = 0.95,
    draws: int = 499,
    seed: int = 0,
) -> tuple[ModelShare, ...]:
    """Kink, logistic, monotone spline and the average of models, in this order, where they fit.

    Raises InferenceError for fewer than 6 shares, as :func:`benchmark_share` does, and where no
    noise can be estimated.
    """
    check_level(level)
    curves.require_shares(MINIMUM_SHARES, "benchmark shares by models")
    check_loss(float(curves.mean[0]), loss, relative, direction)
    sign = 1.0 if direction == "loss" else -1.0
    # the estimate itself is the first row, the draws follow
    noise = curves.noise.draws(draws, seed)
    means = np.vstack([curves.mean, curves.draw_means(draws, seed)])
    span = float(curves.shares[-1] - curves.shares[0])
    # first + span may lie beyond the last share by a rounding error, where no spline is
    grid = np.minimum(curves.shares[0] + span * np.linspace(0.0, 1.0, POINTS), curves.shares[-1])
    crossings, criteria, fit_well = [], [], []
    variance = float(np.mean(np.diag(curves.noise.covariance())))
    for family in MODELS:
        own = dictionary(family, curves.shares, curves.weights)
        fits = own.fit(means)
        again = own.fit(fits.curves[0] + noise).rss
        fit_well.append(_fits(float(fits.rss[0]), again, curves, 1.0 - level))
        fitted = curve_at(fits, curves.shares, grid)
        crossings.append(_first_crossing(grid, fitted, loss, relative, sign))
        criteria.append(fits.rss / max(variance, 1e-300) + 2.0 * family.parameters)
    stacked, akaike = np.array(crossings), np.array(criteria)
    weights = np.exp(-(akaike - akaike.min(axis=0)) / 2.0)
    weights /= weights.sum(axis=0)
    # beyond the data is taken as just beyond the data: an average needs numbers
    beyond = float(curves.shares[-1]) * (1.0 + 1e-9) + 1e-9
    average = (weights * np.minimum(stacked, beyond)).sum(axis=0)
    average = np.where(average > curves.shares[-1], math.inf, average)
    splines = _Splines(curves.shares, curves.weights, grid, -sign)
    spline, smoothed, misfits = splines.fit(means)
    _, _, again = splines.fit(smoothed[0] + noise)
    spline_fits = _fits(float(misfits[0]), again, curves, 1.0 - level)
    spline_share = _first_crossing(grid, spline, loss, relative, sign)
    found = (
        (KINK.name, crossings[0], float(weights[0, 0]), fit_well[0]),
        (LOGISTIC.name, crossings[1], float(weights[1, 0]), fit_well[1]),
        ("monotone spline", spline_share, math.nan, spline_fits),
        ("model average", average, math.nan, any(fit_well)),
    )
    last = float(curves.shares[-1])
    return tuple(
        _share(name, values, weight, level, last, curves.n_replicates)
        for name, values, weight, fits_well in found
        if fits_well
    )


def _fits(misfit: float, again: Array, curves: Curves, alpha: float) -> bool:
    """Whether a misfit is none that refits (B,) to a model's own curve and noise hardly have."""
    rounding = 1e-12 * float((curves.mean**2).sum())
    return (1.0 + int((again >= misfit - rounding).sum())) / (again.size + 1.0) > alpha


def _share(
    name: str, values: Array, weight: float, level: float, last: float, n_replicates: int
) -> ModelShare:
    drawn = values[1:]
    band = percentile_band(drawn, level)
    return ModelShare(
        name,
        None if math.isinf(values[0]) else float(values[0]),
        Interval(min(band.lower, last), band.upper, level),
        min(percentile_limit(drawn, 1.0 - level, upper=False), last),
        weight,
        n_replicates,
    )


def curve_at(fits: Fits, shares: Array, grid: Array) -> Array:
    """Fitted curves (B, P) of a family between the shares, at grid (P,) in units of the share."""
    family = fits.dictionary.family
    t = (grid - shares[0]) / (shares[-1] - shares[0])
    at_shares = (shares - shares[0]) / (shares[-1] - shares[0])
    fitted = fits.curves
    if family.columns is None:
        basis = np.vander(at_shares, family.powers + 1, increasing=True)
        coefficients = fitted @ np.linalg.pinv(basis).T
        polynomial: Array = coefficients @ np.vander(t, family.powers + 1, increasing=True).T
        return polynomial
    inverse = np.linalg.pinv(_designs(family, at_shares, fits.parameters))  # (B, m, S)
    coefficients = (inverse @ fitted[:, :, None])[:, :, 0]
    curves: Array = np.einsum("bm,bpm->bp", coefficients, _designs(family, t, fits.parameters))
    return curves


def _designs(family: Family, t: Array, parameters: Array) -> Array:
    """Linear and non-linear columns (B, P, m) at t (P,) for parameters (B, d)."""
    assert family.columns is not None
    linear = np.vander(t, family.powers + 1, increasing=True)
    stacked = np.broadcast_to(linear, (len(parameters), *linear.shape))
    columns = family.columns(t, parameters).transpose(0, 2, 1)
    return np.concatenate([stacked, columns], axis=2)


def _first_crossing(grid: Array, fitted: Array, loss: float, relative: bool, sign: float) -> Array:
    """First grid point (B,) at which curves (B, P) have moved by the loss, joined by lines."""
    moved = sign * (fitted[:, :1] - fitted)
    target = loss * np.abs(fitted[:, :1]) if relative else np.full((len(fitted), 1), loss)
    reached = moved >= target * (1.0 - 1e-12)
    first = reached.argmax(axis=1)
    rows = np.arange(len(fitted))
    before = np.maximum(first - 1, 0)
    rise = moved[rows, first] - moved[rows, before]
    part = np.where(rise > 0, (target[:, 0] - moved[rows, before]) / np.where(rise > 0, rise, 1), 1)
    found = grid[before] + np.clip(part, 0.0, 1.0) * (grid[first] - grid[before])
    return np.where(reached.any(axis=1), found, math.inf)


class _Splines:
    """Monotone cubic regression splines (Ramsay 1988), rising where sign is 1, at grid (P,)."""

    def __init__(self, shares: Array, weights: Array, grid: Array, sign: float) -> None:
        knots = np.r_[
            [shares[0]] * 3,
            np.linspace(shares[0], shares[-1], SPLINE_PIECES + 1),
            [shares[-1]] * 3,
        ]
        # coefficients that rise make a spline that rises: cumulate the basis from the right
        at_shares, at_grid = (
            sign * np.cumsum(BSpline.design_matrix(x, knots, 3).toarray()[:, ::-1], axis=1)[:, ::-1]
            for x in (shares, grid)
        )
        self.root = np.sqrt(weights)
        # the level is free in sign: the first column, which is constant, stands in twice
        self.at_shares = np.column_stack([at_shares, -at_shares[:, :1]])
        self.at_grid = np.column_stack([at_grid, -at_grid[:, :1]])

    def fit(self, means: Array) -> tuple[Array, Array, Array]:
        """Splines through means (B, S): at the grid (B, P), at the shares (B, S); misfits (B,)."""
        design = self.root[:, None] * self.at_shares
        solutions = [nnls(design, mean * self.root) for mean in means]
        found = np.array([solution for solution, _ in solutions])
        misfits = np.array([norm**2 for _, norm in solutions])
        return found @ self.at_grid.T, found @ self.at_shares.T, misfits
