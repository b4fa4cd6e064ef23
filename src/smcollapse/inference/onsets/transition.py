"""Transition: centre and width of a smooth change, by a four-parameter logistic.

    f(p) = left + (right - left) / (1 + exp(-(p - centre)/scale)),
    width = 2 ln 9 · scale,

the width being the distance between 10 % and 90 % of the way from the left to the right level.
Least squares on the replicate means: for given (centre, scale) the levels are linear, so the best
point of a (centre, scale) grid is found exactly for all curves at once (variable projection, Golub
& Pereyra 1973) and then refined, the estimate by scipy's trust-region solver, the resampled curves
by Levenberg-Marquardt steps taken for all of them together.

Search range: the centre may leave the shares by half their range on either side, the width lies
between half the smallest gap between shares and six times their range. A band of the width that
reaches the end of its search range, and one of the centre that leaves the shares, is open there.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares
from scipy.special import expit

from smcollapse.inference.curves import Curves
from smcollapse.inference.records import Estimate, Interval, Record, check_level, join_notes
from smcollapse.inference.resampling import (
    DEFAULT_DRAWS,
    SILENT,
    Array,
    percentile_band,
    standard_error,
)

WIDTH_PER_SCALE = 2.0 * math.log(9.0)
MINIMUM_SHARES = 5  # four parameters, and one degree of freedom to be wrong by
GRID_CENTRES, GRID_SCALES = 41, 16
ROUNDING = 1e-12
"""Relative rounding error of a mean curve and of a line through it."""

STEPS = 40


@dataclass(frozen=True)
class Transition(Record):
    """Centre and 10-90 % width (in units of share) of a logistic through the mean curve.

    ``left`` and ``right`` are the levels far before and far after the transition.
    ``centre_inside``: the centre lies within the observed shares. ``better_than_line``: the
    residual variance per degree of freedom, rss/(S-4), is below the line's, rss_line/(S-2).
    Bands and standard errors are None and nan with one replicate.
    """

    centre: float
    centre_band: Interval | None
    centre_se: float
    width: float
    width_band: Interval | None
    width_se: float
    left: float
    right: float
    rss: float
    rss_line: float
    centre_inside: bool
    better_than_line: bool
    response: str
    method: str
    n_replicates: int
    note: str = ""

    @property
    def shown(self) -> bool:
        """Whether the logistic says more than a line would: a better fit, its centre in sight."""
        return self.centre_inside and self.better_than_line

    def estimates(self) -> tuple[Estimate, ...]:
        """Rows for a table of results: the centre and the width."""
        rows = (
            ("transition centre", self.centre, self.centre_se, self.centre_band),
            ("transition width", self.width, self.width_se, self.width_band),
        )
        return tuple(Estimate(*row, self.method, self.n_replicates, note=self.note) for row in rows)


class _Range(NamedTuple):
    """Search limits of the centre and of the logarithm of the scale."""

    centre: tuple[float, float]
    log_scale: tuple[float, float]


def smooth_transition(
    curves: Curves, *, level: float = 0.95, draws: int = DEFAULT_DRAWS, seed: int = 0
) -> Transition:
    """Four-parameter logistic through the mean curve, with whole-replicate bands.

    Raises InferenceError for fewer than 5 shares.
    """
    check_level(level)
    curves.require_shares(MINIMUM_SHARES, "a transition")
    x, mean = curves.shares, curves.mean
    search = _search_range(x)
    left, right, centre, log_scale = _fit(x, mean, search)
    rss = float(((_logistic(x, left, right, centre, log_scale) - mean) ** 2).sum())
    rss_line = float(((mean - np.polyval(np.polyfit(x, mean, 1), x)) ** 2).sum())
    inside = float(x[0]) <= centre <= float(x[-1])
    # Where a line fits up to rounding, nothing fits better.
    rounding = x.size * (ROUNDING * float(np.abs(mean).max())) ** 2
    better = rss_line > rounding and rss / (x.size - 4) < rss_line / (x.size - 2)
    notes = [
        "" if inside else "centre outside the observed shares",
        "" if better else "no better than a straight line: centre and width mean little",
        "width not resolved by the spacing of the shares"
        if log_scale <= search.log_scale[0] + 1e-6
        else "",
    ]
    centre_band, width_band, centre_se, width_se = None, None, math.nan, math.nan
    if not curves.has_noise:
        notes.append(SILENT)
    else:
        notes += curves.noise.warnings
        fits = _fit_all(x, curves.draw_means(draws, seed), search)
        widths = WIDTH_PER_SCALE * np.exp(fits[:, 3])
        limits = tuple(WIDTH_PER_SCALE * math.exp(s) for s in search.log_scale)
        # what lies beyond the tried shares is no estimate
        tried = (float(x[0]), float(x[-1]))
        centre_band = _opened(percentile_band(fits[:, 2], level), *tried, floor=-math.inf)
        width_band = _opened(percentile_band(widths, level), *limits, floor=0.0)
        centre_se = standard_error(fits[:, 2], curves.noise.degrees)
        width_se = standard_error(widths, curves.noise.degrees)
        notes += [_open_note("centre", centre_band), _open_note("width", width_band)]
    return Transition(
        centre=centre,
        centre_band=centre_band,
        centre_se=centre_se,
        width=WIDTH_PER_SCALE * math.exp(log_scale),
        width_band=width_band,
        width_se=width_se,
        left=left,
        right=right,
        rss=rss,
        rss_line=rss_line,
        centre_inside=inside,
        better_than_line=better,
        response=curves.response,
        method=f"four-parameter logistic, least squares; {curves.method(draws, seed)}",
        n_replicates=curves.n_replicates,
        note=join_notes(*notes),
    )


def _search_range(x: Array) -> _Range:
    span, gap = float(x[-1] - x[0]), float(np.diff(x).min())
    return _Range(
        (float(x[0]) - span / 2.0, float(x[-1]) + span / 2.0),
        (math.log(gap / 2.0 / WIDTH_PER_SCALE), math.log(6.0 * span / WIDTH_PER_SCALE)),
    )


def _logistic(x: Array, left: float, right: float, centre: float, log_scale: float) -> Array:
    curve: Array = left + (right - left) * expit((x - centre) * math.exp(-log_scale))
    return curve


def _fit(x: Array, mean: Array, search: _Range) -> tuple[float, float, float, float]:
    """Left level, right level, centre and log scale of one curve (S,)."""
    low = np.array([-np.inf, -np.inf, search.centre[0], search.log_scale[0]])
    high = np.array([np.inf, np.inf, search.centre[1], search.log_scale[1]])
    # the solver insists on a start strictly inside its bounds
    start = np.clip(_grid_start(x, mean[None, :], search)[0], low + 1e-9, high - 1e-9)
    unit = max(float(np.ptp(mean)), 1e-12)  # the tolerances are relative to residuals of order 1

    def residuals(theta: Array) -> Array:
        scaled: Array = _residuals(x, mean[None, :], theta[None, :])[0] / unit
        return scaled

    def jacobian(theta: Array) -> Array:
        scaled: Array = _jacobian(x, theta[None, :])[0] / unit
        return scaled

    solution = least_squares(
        residuals,
        start,
        jac=jacobian,
        bounds=(low, high),
        x_scale="jac",
        ftol=1e-15,
        xtol=1e-12,
        gtol=1e-15,
    )
    left, right, centre, log_scale = (float(value) for value in solution.x)
    return left, right, centre, log_scale


def _fit_all(x: Array, means: Array, search: _Range) -> Array:
    """Parameters (B, 4) of curves (B, S), by damped Gauss-Newton steps from the grid's best."""
    theta = _grid_start(x, means, search)
    rss = (_residuals(x, means, theta) ** 2).sum(axis=1)
    damping = np.full(len(means), 1e-3)
    active = np.arange(len(means))
    for _ in range(STEPS):
        proposal = _step(x, means[active], theta[active], damping[active], search)
        new = (_residuals(x, means[active], proposal) ** 2).sum(axis=1)
        better = new <= rss[active]
        moved = np.abs(proposal - theta[active])[:, 2:].max(axis=1)
        accepted = active[better]
        theta[accepted], rss[accepted] = proposal[better], new[better]
        damping[active] *= np.where(better, 0.2, 8.0)
        active = active[(moved > 1e-6) & (damping[active] < 1e8)]
        if not active.size:
            break
    return theta


def _step(x: Array, means: Array, theta: Array, damping: Array, search: _Range) -> Array:
    """One Levenberg-Marquardt proposal (B, 4), clipped to the search range."""
    jacobian = _jacobian(x, theta)  # (B, S, 4)
    transposed = jacobian.transpose(0, 2, 1)
    normal = transposed @ jacobian
    gradient = transposed @ _residuals(x, means, theta)[:, :, None]
    diagonal = np.einsum("bii->bi", normal)  # a view: adding to it changes ``normal``
    # the floor keeps a flat direction (equal levels, or a step between two shares) solvable
    floor = 1e-12 * diagonal.max(axis=1, keepdims=True) + 1e-30
    diagonal += damping[:, None] * diagonal + floor
    proposal: Array = theta - np.linalg.solve(normal, gradient)[:, :, 0]
    proposal[:, 2] = np.clip(proposal[:, 2], *search.centre)
    proposal[:, 3] = np.clip(proposal[:, 3], *search.log_scale)
    return proposal


def _grid_start(x: Array, means: Array, search: _Range) -> Array:
    """Best parameters (B, 4) over a grid of centres and scales, levels solved exactly."""
    centre, log_scale = (
        axis.ravel()
        for axis in np.meshgrid(
            np.linspace(*search.centre, GRID_CENTRES), np.linspace(*search.log_scale, GRID_SCALES)
        )
    )
    rise = expit((x - centre[:, None]) * np.exp(-log_scale)[:, None])  # (G, S)
    centred = rise - rise.mean(axis=1, keepdims=True)
    power = (centred**2).sum(axis=1)
    usable = power > 1e-10  # a step outside the shares is flat within them
    cross = (means - means.mean(axis=1, keepdims=True)) @ centred.T  # (B, G)
    explained = np.where(usable, cross**2 / np.where(usable, power, 1.0), -1.0)
    best = explained.argmax(axis=1)
    change = cross[np.arange(len(means)), best] / power[best]
    left = means.mean(axis=1) - change * rise[best].mean(axis=1)
    return np.column_stack([left, left + change, centre[best], log_scale[best]])


def _residuals(x: Array, means: Array, theta: Array) -> Array:
    """Fitted minus observed (B, S) at theta (B, 4) = left, right, centre, log scale."""
    left, right, centre, log_scale = theta.T[:, :, None]
    residuals: Array = left + (right - left) * expit((x - centre) * np.exp(-log_scale)) - means
    return residuals


def _jacobian(x: Array, theta: Array) -> Array:
    """Derivatives (B, S, 4) of the residuals in theta (B, 4)."""
    left, right, centre, log_scale = theta.T[:, :, None]
    scaled = (x - centre) * np.exp(-log_scale)
    rise = expit(scaled)
    slope = (right - left) * rise * expit(-scaled)
    return np.stack([1.0 - rise, rise, -slope * np.exp(-log_scale), -slope * scaled], axis=2)


def _opened(band: Interval, low: float, high: float, *, floor: float) -> Interval:
    """Open the sides of a band that end at a limit of the search."""
    margin = 1e-6 * (high - low)
    return Interval(
        floor if band.lower <= low + margin else band.lower,
        math.inf if band.upper >= high - margin else band.upper,
        band.level,
    )


def _open_note(name: str, band: Interval) -> str:
    sides = [
        side for side, limit in (("below", band.lower), ("above", band.upper)) if math.isinf(limit)
    ]
    return f"band of the {name} open {' and '.join(sides)}" if sides else ""
