"""Break: the knot of a continuous line with one kink, its band by test inversion.

The estimate is exact profile least squares (kinks.py). The final regression is statsmodels' with
the knot as a parameter: the design is 1, x, max(x - θ, 0) and ∂f/∂θ = -c·1(x > θ), so that the
uncertainty of the knot is in the standard errors of the slopes (Seber & Wild 1989, ch. 9; Muggeo
2003), with the covariance of the mean curve as the design of the runs gives it. The band of the
knot inverts a test (inversion.py): a knot has no normal law near a data point, near an edge, or
where the change of slope is small.

A kink fits every curve that bends. Whether a break *exists* is a question of its own
(existence.py).
"""

import math
from dataclasses import dataclass

import numpy as np

from smcollapse.inference.curves import Curves
from smcollapse.inference.onsets.inversion import Region, invert_knot
from smcollapse.inference.onsets.kinks import MINIMUM_SHARES, line_through, profile, slopes_at
from smcollapse.inference.records import (
    Estimate,
    Interval,
    Record,
    check_level,
    join_notes,
)
from smcollapse.inference.resampling import (
    DEFAULT_DRAWS,
    SILENT,
    Array,
    percentile_band,
)


@dataclass(frozen=True)
class Break(Record):
    """Knot of a one-kink line through the mean curve, with bands at the level they carry.

    Slopes are in units of the measure per unit share; their errors and bands include the
    uncertainty of the knot. ``region`` holds the accepted knots, ``band`` is its hull, infinite on
    an open side.
    ``rss`` and ``rss_line`` compare kink and line on the (weighted) replicate means. Bands and
    standard errors are None and nan where no noise can be estimated.
    """

    knot: float
    band: Interval | None
    se: float
    region: Region | None
    slope_before: float
    slope_before_band: Interval | None
    slope_before_se: float
    slope_after: float
    slope_after_band: Interval | None
    slope_after_se: float
    slope_change: float
    slope_change_band: Interval | None
    slope_change_se: float
    rss: float
    rss_line: float
    response: str
    method: str
    n_replicates: int
    note: str = ""

    def estimates(self) -> tuple[Estimate, ...]:
        """Rows for a table of results: the knot, both slopes and their difference."""
        rows = (
            ("knot", self.knot, self.se, self.band),
            ("slope before", self.slope_before, self.slope_before_se, self.slope_before_band),
            ("slope after", self.slope_after, self.slope_after_se, self.slope_after_band),
            ("slope change", self.slope_change, self.slope_change_se, self.slope_change_band),
        )
        return tuple(Estimate(*row, self.method, self.n_replicates, note=self.note) for row in rows)


def break_point(
    curves: Curves, *, level: float = 0.95, draws: int = DEFAULT_DRAWS, seed: int = 0
) -> Break:
    """Knot of the one-kink line through the mean curve, with its band by test inversion.

    In a balanced design the mean curve and all rows have the same least-squares knot; else the
    means are weighted by their number of replicates. Raises InferenceError for fewer than 5 shares.
    """
    check_level(level)
    curves.require_shares(MINIMUM_SHARES, "a break")
    knots, rss = profile(curves.shares, curves.weights, curves.mean[None, :])
    knot = float(knots[0])
    estimates, pseudo_inverse = final_fit(curves, knot)
    notes, region = [], None
    errors, bands = [math.nan] * 4, [None] * 4  # type: list[float], list[Interval | None]
    if not curves.has_noise:
        notes.append(SILENT)
    else:
        region = invert_knot(curves, level=level, draws=draws, seed=seed)
        errors = _errors(curves, pseudo_inverse)
        bands = [region.band, *_slope_bands(curves, level, draws, seed)]
        notes.append(_region_note(region))
        notes += curves.noise.warnings
    _, before, change = (float(value) for value in estimates[:3])
    _, _, rss_line = line_through(curves.shares, curves.weights, curves.mean[None, :])
    return Break(
        knot=knot,
        band=bands[0],
        se=errors[0],
        region=region,
        slope_before=before,
        slope_before_band=bands[1],
        slope_before_se=errors[1],
        slope_after=before + change,
        slope_after_band=bands[2],
        slope_after_se=errors[2],
        slope_change=change,
        slope_change_band=bands[3],
        slope_change_se=errors[3],
        rss=float(rss[0]),
        rss_line=float(rss_line[0]),
        response=curves.response,
        method=f"exact profile least squares; band by test inversion, {curves.method(draws, seed)}",
        n_replicates=curves.n_replicates,
        note=join_notes(*notes),
    )


def final_fit(curves: Curves, knot: float) -> tuple[Array, Array]:
    """Intercept, slope before, change of slope and knot (4,), and their pseudo-inverse (4, S).

    The regression is statsmodels' weighted least squares of the mean curve on the design with the
    knot as a parameter; the estimates are the pseudo-inverse times the mean, the knot being
    counted from ``knot``. A row at the knot itself gets half of the derivative's step.
    """
    from statsmodels.regression.linear_model import WLS

    x, hinge = curves.shares, np.maximum(curves.shares - knot, 0.0)
    kink = WLS(
        curves.mean, np.column_stack([np.ones_like(x), x, hinge]), weights=curves.weights
    ).fit()
    change = float(kink.params[2])
    # a change of slope of exactly zero leaves the knot without a derivative
    step = np.heaviside(x - knot, 0.5) * -(change if change != 0.0 else 1.0)
    design = np.column_stack([np.ones_like(x), x, hinge, step])
    model = WLS(curves.mean, design, weights=curves.weights)
    pseudo_inverse: Array = np.linalg.pinv(model.wexog) * np.sqrt(curves.weights)
    return np.array([*kink.params, knot]), pseudo_inverse


def _errors(curves: Curves, pseudo_inverse: Array) -> list[float]:
    """Standard errors of knot, slope before, slope after and slope change."""
    rows = pseudo_inverse[[3, 1, 1, 2]]
    rows[2] += pseudo_inverse[2]
    variance, _ = curves.noise.variance_and_freedom(rows)
    return [float(error) for error in np.sqrt(variance)]


def _slope_bands(curves: Curves, level: float, draws: int, seed: int) -> list[Interval | None]:
    """Percentile bands of slope before, slope after and slope change, refitted to drawn means.

    Near an edge they cover .95 where t intervals from the standard errors cover .86.
    """
    means = curves.draw_means(draws, seed)
    knots, _ = profile(curves.shares, curves.weights, means)
    before, change = slopes_at(curves.shares, curves.weights, means, knots)
    return [percentile_band(drawn, level) for drawn in (before, before + change, change)]


def _region_note(region: Region) -> str:
    notes = []
    if not region.connected:
        pieces = " and ".join(f"{low:.3g} to {high:.3g}" for low, high in region.pieces)
        notes.append(f"band in {len(region.pieces)} pieces: {pieces}")
    sides = [
        side
        for side, is_open in (("below", region.open_below), ("above", region.open_above))
        if is_open
    ]
    if sides:
        low, high = region.searched
        notes.append(
            f"band open {' and '.join(sides)}: a knot is searched from {low:g} to {high:g} only"
        )
    return "; ".join(notes)
