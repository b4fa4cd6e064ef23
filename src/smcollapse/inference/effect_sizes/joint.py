"""The joint model: how much changes beyond the *estimated* onset.

A line with one kink is fitted to the mean curve on shares x_1 ... x_S,

    f(x) = a + b·x + c·max(x - θ, 0),   θ by exact profile least squares (kinks.py),

and the effects are functionals of the fitted line, not of windows of the data:

    level before   B = 1/(θ - x_1) ∫ f from x_1 to θ   = a + b·(x_1 + θ)/2
    effect         E = 1/(x_S - θ) ∫ f from θ to x_S - B = b·(x_S - x_1)/2 + c·(x_S - θ)/2
    relative       E / B
    change of slope c

E is the mean of the line beyond the knot less its mean before. Without a kink (c = 0) it is
b·(x_S - x_1)/2, whatever θ: it exists where no onset does, but then it is not one's effect.

Intervals. The curve is fitted anew, knot and all, to every draw of the mean curve (noise.py:
t-scaled multiplier bootstrap of whole replicates, without its stationary half: it covers E in
.93 where replicates differ in level and slope), so the knot's uncertainty is inside; the
percentile limits of the draws are the interval. Beside them stands the regression of all rows on
1, x, max(x - θ, 0) and -c·1(x > θ), the knot as a parameter (Seber & Wild 1989, ch. 9; Muggeo
2003), by statsmodels with cluster-robust errors on the replicate (small-sample correction, t with
R-1 degrees of freedom) and the delta method for E and E/B.

Measured coverage of nominal 95 %: 13 shares, 10 replicates, noise s.d. .02 independent or AR(.5)
along the shares, or independent with replicates that differ in level (s.d. .04) and slope (.06);
slope before -.05, 2 000 data sets each (Monte-Carlo error .005), 999 draws. "Windows": the paired t
interval of the shares after the estimated knot against those up to it, for the contrast of the true
windows: a negative control, it ignores that the data chose the split.

    knot   change  noise          percentile limits        clustered                  windows
                                  E     E/B   c            E     E/B   c     knot
    .400   -1.0    independent   .954  .952  .947         .951  .951  .958  .947       .56
    .400   -1.0    AR(.5)        .954  .958  .953         .955  .954  .956  .950       .54
    .400   -1.0    levels        .951  .949  .947         .952  .955  .952  .941       .64
    .400   -0.4    independent   .964  .964  .948         .954  .952  .947  .938       .76
    .400   -0.4    AR(.5)        .957  .955  .947         .944  .944  .945  .929       .85
    .400   -0.4    levels        .954  .951  .955         .953  .953  .950  .935       .89
    .375   -0.4    independent   .965  .965  .969         .945  .945  .957  .899       .90
    .375   -0.4    AR(.5)        .957  .958  .955         .944  .943  .958  .870       .93
    .375   -0.4    levels        .954  .954  .958         .952  .951  .948  .890       .94
    none    0      independent   .978  .979  .958         .942  .941  .937               -
    none    0      AR(.5)        .964  .963  .965         .950  .949  .911               -
    none    0      levels        .954  .954  .953         .944  .947  .945               -

Percentile limits hold wherever there is a knot (without one they are a little wide for E), and are
the ones reported. Basic limits and t limits with the draws' standard error hold as well (1 000
sets); percentile limits alone do not depend on the scale on which an estimand is expressed.
Clustered errors hold for E and E/B; for the knot, and for c where there is none, they are short.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from smcollapse.inference.curves import Curves
from smcollapse.inference.onsets.kinks import MINIMUM_SHARES, line_through, profile
from smcollapse.inference.records import (
    Estimate,
    InferenceError,
    Interval,
    Record,
    check_level,
    join_notes,
)
from smcollapse.inference.resampling import (
    DEFAULT_DRAWS,
    ONE_REPLICATE,
    Array,
    check_draws,
    percentile_band,
    standard_error,
)

NO_CHANGE = 1e-10
"""Changes of slope smaller than this part of slope and level are rounding."""

TERMS = ("effect beyond the knot", "relative effect beyond the knot", "slope change", "knot")


@dataclass(frozen=True)
class JointEffect(Record):
    """Effects beyond the estimated knot, with the knot's uncertainty in every interval.

    points : effect E in units of the measure; relative : E/B; slope_change : c per unit share
    clustered : the same three and the knot with cluster-robust delta-method errors, for
        comparison; empty where there is a single replicate
    level_before : B. The knot's own band is that of :func:`smcollapse.inference.break_point`.
    """

    points: Estimate
    relative: Estimate
    slope_change: Estimate
    clustered: tuple[Estimate, ...]
    knot: float
    level_before: float
    response: str
    warnings: tuple[str, ...]

    def estimates(self) -> tuple[Estimate, ...]:
        """Rows for a table of results: effect in points and as a fraction, change of slope."""
        return (self.points, self.relative, self.slope_change)


def joint_effect(
    curves: Curves, *, level: float = 0.95, draws: int = DEFAULT_DRAWS, seed: int = 0
) -> JointEffect:
    """Effects beyond the estimated knot of the mean curve; see the module docstring.

    Whether there is a knot at all is a question of its own (existence.py). Raises InferenceError
    for fewer than 5 shares and for a fitted level before of exactly zero.
    """
    check_level(level)
    check_draws(draws)
    curves.require_shares(MINIMUM_SHARES, "an effect beyond the estimated knot")
    values, before = kink_effects(curves.shares, curves.weights, curves.mean[None, :])
    if before[0] == 0.0:
        raise InferenceError("the fitted level before is zero: the relative effect is undefined")
    silent = ONE_REPLICATE if curves.n_replicates == 1 else "replicates do not differ: no band"
    errors, notes = [math.nan] * 3, [silent] * 3
    bands: list[Interval | None] = [None] * 3
    warnings: tuple[str, ...] = ()
    if curves.has_noise:
        noise = curves.noise
        warnings, notes = noise.warnings, [""] * 3
        # whole replicates alone: an effect compares levels, and those of replicates may differ
        means = curves.mean + replace(noise, stationary=None).draws(draws, seed)
        drawn, levels = kink_effects(curves.shares, curves.weights, means)
        bands = [percentile_band(drawn[:, place], level) for place in range(3)]
        errors = [standard_error(drawn[:, place], noise.degrees) for place in range(3)]
        if 0.0 in percentile_band(levels, level):
            bands[1] = Interval(-math.inf, math.inf, level)
            notes[1] = "unbounded: the level before is not clearly different from zero"
    method = f"kink refitted to every draw, {curves.method(draws, seed)}"
    points, relative, slope_change = (
        Estimate(TERMS[i], float(values[0, i]), errors[i], bands[i], method, curves.n_replicates,
                 notes[i])
        for i in range(3)
    )  # fmt: skip
    return JointEffect(
        points=points,
        relative=relative,
        slope_change=slope_change,
        clustered=_clustered(curves, float(values[0, 3]), level),
        knot=float(values[0, 3]),
        level_before=float(before[0]),
        response=curves.response,
        warnings=warnings,
    )


def kink_effects(shares: Array, weights: Array, curves: Array) -> tuple[Array, Array]:
    """Effect, relative effect, slope change and knot (B, 4), and level before (B,).

    Curves (B, S) on shares (S,) ascending, at least 5, with the weights (S,) of the least squares.
    """
    knots, _ = profile(shares, weights, curves)
    root = np.sqrt(weights)
    basis, _ = np.linalg.qr(root[:, None] * np.column_stack([np.ones_like(shares), shares]))
    kink = np.maximum(shares - knots[:, None], 0.0)  # (B, S)
    # Frisch-Waugh: the kink's coefficient from its part beyond the line, then the line's own
    beyond = root * kink
    beyond -= (beyond @ basis) @ basis.T
    change = (beyond * curves) @ root / (beyond**2).sum(axis=1)
    intercept, slope, _ = line_through(shares, weights, curves - change[:, None] * kink)
    first, last = shares[0], shares[-1]
    before = intercept + slope * (first + knots) / 2.0
    effects = slope * (last - first) / 2.0 + change * (last - knots) / 2.0
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = effects / before
    return np.column_stack([effects, relative, change, knots]), before


def _clustered(curves: Curves, knot: float, level: float) -> tuple[Estimate, ...]:
    """Estimates by statsmodels with the knot as a parameter, clustered on the replicate."""
    from statsmodels.regression.linear_model import OLS

    if curves.n_replicates < 2:
        return ()
    replicate, place = np.nonzero(np.isfinite(curves.values))
    x, y = curves.shares[place], curves.values[replicate, place]
    unit = float(np.abs(y).max()) or 1.0  # the knot's column is as large as y, the others are not
    y = y / unit
    kink = np.column_stack([np.ones_like(x), x, np.maximum(x - knot, 0.0)])
    intercept, slope, change = OLS(y, kink).fit().params.tolist()
    # a row at the knot gets half of the step; without a change the knot would have no derivative
    bends = abs(change) > NO_CHANGE * (abs(slope) + float(np.abs(y).max()))
    step = np.heaviside(x - knot, 0.5) * -(change if bends else 1.0)
    fit = OLS(y, np.column_stack([kink, step])).fit(
        cov_type="cluster",
        cov_kwds={"groups": replicate, "use_correction": True, "df_correction": True},
        use_t=True,
    )
    first, last = float(curves.shares[0]), float(curves.shares[-1])
    before = intercept + slope * (first + knot) / 2.0
    effect = slope * (last - first) / 2.0 + change * (last - knot) / 2.0
    # derivatives in a, b, c and θ
    of_before = np.array([1.0, (first + knot) / 2.0, 0.0, slope / 2.0])
    of_effect = np.array([0.0, (last - first) / 2.0, (last - knot) / 2.0, -change / 2.0])
    of_relative = of_effect / before - effect / before**2 * of_before
    gradient = np.stack([of_effect, of_relative, [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    variance = np.einsum("ij,jk,ik->i", gradient, fit.cov_params(), gradient)
    units = np.array([unit, 1.0, unit, 1.0])
    errors = curves.spread_factor * units * np.sqrt(np.maximum(variance, 0.0))
    half = float(stdtrit(fit.df_resid_inference, 0.5 + level / 2.0)) * errors
    shared = curves.noise.corpus_variance > 0.0
    note = join_notes("ignores what runs share" if shared else "")
    method = "knot as a parameter, errors clustered on the replicate, delta method, t with R-1 d.f."
    return tuple(
        Estimate(term, value, float(error), Interval(value - h, value + h, level), method,
                 curves.n_replicates, note)
        for term, value, error, h in zip(
            TERMS,
            (unit * effect, effect / before, unit * change, knot),
            errors,
            half.tolist(),
            strict=True,
        )
    )  # fmt: skip
