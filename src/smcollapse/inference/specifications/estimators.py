"""Estimators of a specification curve, each for many weighted mean curves at once.

All take shares (S,), mean curves (N, S) and weights (N, S) that differ from curve to curve, since
inverse variances are estimated anew on every draw. On a single curve with equal weights they are
those of benchmark.py, kinks.py and transition.py; tests hold them against these.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from smcollapse.inference.dictionaries import positions
from smcollapse.inference.onsets.benchmark import Direction
from smcollapse.inference.onsets.transition import STEPS, WIDTH_PER_SCALE
from smcollapse.inference.resampling import Array

Booleans = npt.NDArray[np.bool_]

AT_ONCE = 1_000_000
"""Numbers that a temporary array may hold."""

CENTRES, SCALES = 41, 16


def pieces(rows: int, each: int) -> Iterator[slice]:
    """Slices of rows, ``each`` numbers a row, that fit a temporary array."""
    step = max(AT_ONCE // max(each, 1), 1)
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


# ---------------------------------------------------------------- benchmark share


def isotonic_fall(means: Array, weights: Array) -> Array:
    """Falling least-squares curves (N, S): g_i = min over a <= i of max over c >= i of mean(a..c).

    The min-max formula of Robertson, Wright & Dykstra (1988, ch. 1), all curves at once.
    """
    n_shares = means.shape[1]
    fitted = np.empty_like(means)
    ordered = np.tri(n_shares, dtype=bool).T  # a <= c, and a <= i
    for piece in pieces(len(means), n_shares**2):
        zero = np.zeros((len(means[piece]), 1))
        mass = np.hstack([zero, weights[piece].cumsum(axis=1)])
        moment = np.hstack([zero, (weights[piece] * means[piece]).cumsum(axis=1)])
        spans = np.where(ordered, mass[:, None, 1:] - mass[:, :-1, None], 1.0)
        average = np.where(ordered, (moment[:, None, 1:] - moment[:, :-1, None]) / spans, -np.inf)
        ahead = np.maximum.accumulate(average[:, :, ::-1], axis=2)[:, :, ::-1]
        fitted[piece] = np.where(ordered, ahead, np.inf).min(axis=1)
    return fitted


def benchmark_shares(
    shares: Array,
    means: Array,
    weights: Array,
    baseline: Array,
    first: float,
    scale: str,
    loss: float,
    relative: bool,
    direction: Direction,
) -> Array:
    """Benchmark shares (N,), inf where the loss is not reached.

    The loss is one of the measure, not of its logit: 10 % off the level ``baseline`` (N,) at the
    share ``first``, which need not be among the shares that are fitted.
    """
    sign = -1.0 if direction == "gain" else 1.0
    level = expit(baseline) if scale == "logit" else baseline
    goal = level - sign * (loss * np.abs(level) if relative else loss)
    possible = np.ones(len(means), dtype=bool)
    if scale == "logit":
        possible = (goal > 0.0) & (goal < 1.0)
        goal = logit(np.where(possible, goal, 0.5))
    moved = sign * baseline[:, None] - isotonic_fall(sign * means, weights)
    if shares[0] > first:
        shares, moved = np.r_[first, shares], np.hstack([np.zeros((len(moved), 1)), moved])
    target = sign * (baseline - goal)
    slack = 1e-12 * (np.abs(baseline) + target)
    reached = (moved >= (target - slack)[:, None]) & possible[:, None]
    found, rows = reached.any(axis=1), np.arange(len(moved))
    right = np.maximum(reached.argmax(axis=1), 1)
    before, after = moved[rows, right - 1], moved[rows, right]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.minimum((target - before) / (after - before), 1.0)
    crossing = shares[right - 1] + part * (shares[right] - shares[right - 1])
    return np.where(found, crossing, np.inf)


# ---------------------------------------------------------------- kinks


class KinkFits(NamedTuple):
    """Knots (N,), and the fitted curves at the first and the last share (N,)."""

    knots: Array
    first: Array
    last: Array


def fit_kinks(shares: Array, means: Array, weights: Array, *, flat: bool = False) -> KinkFits:
    """Exact least-squares kinks, as kinks.py finds them; ``flat``: no slope before the knot."""
    t = positions(shares)
    total = weights.sum(axis=1, keepdims=True)
    level = (weights * means).sum(axis=1, keepdims=True) / total
    y = means - level
    hinges = np.maximum(t - t[1:-1, None], 0.0)
    explained, spread = _beyond_line(t, y, weights, hinges[None], flat)
    rss = (weights * y**2).sum(axis=1, keepdims=True) - _line_explains(t, y, weights, flat)
    meeting, rss_meeting = _meetings(t, y, weights, flat)
    knots = np.hstack([np.broadcast_to(t[1:-1], explained.shape), meeting])
    # kinks at shares stand before meetings: where a meeting falls on a share the two tie
    best = np.hstack([rss - explained**2 / spread, rss_meeting]).argmin(axis=1)
    knot = knots[np.arange(len(y)), best]
    hinge = np.maximum(t - knot[:, None], 0.0)
    cross, size = _beyond_line(t, y, weights, hinge[:, None], flat)
    change = cross[:, 0] / size[:, 0]
    rest = y - change[:, None] * hinge
    height = (weights * rest).sum(axis=1) / total[:, 0]
    centred = t - (weights * t).sum(axis=1, keepdims=True) / total
    slope = (weights * centred * rest).sum(axis=1) / (weights * centred**2).sum(axis=1)
    slope = np.zeros_like(slope) if flat else slope
    start = level[:, 0] + height + slope * centred[:, 0]
    span = float(shares[-1] - shares[0])
    return KinkFits(shares[0] + span * knot, start, start + slope + change * (1.0 - knot))


def _line_explains(t: Array, y: Array, weights: Array, flat: bool) -> Array:
    """Weighted sum of squares (N, 1) that a line explains of centred y; 0 if it is flat."""
    if flat:
        return np.zeros((len(y), 1))
    centred = t - (weights * t).sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True)
    cross = (weights * centred * y).sum(axis=1, keepdims=True)
    explained: Array = cross**2 / (weights * centred**2).sum(axis=1, keepdims=True)
    return explained


def _beyond_line(
    t: Array, y: Array, weights: Array, columns: Array, flat: bool
) -> tuple[Array, Array]:
    """Products of y and columns (1 or N, J, S) and squares of these, beyond a line: (N, J) each."""

    def product(left: Array, right: Array) -> Array:
        if len(right) == 1:
            common: Array = left @ right[0].T
            return common
        each: Array = np.einsum("ns,njs->nj", left, right)
        return each

    total = weights.sum(axis=1, keepdims=True)
    mass = product(weights, columns)
    cross = product(weights * y, columns)
    size = product(weights, columns**2) - mass**2 / total
    if not flat:
        centred = t - (weights * t).sum(axis=1, keepdims=True) / total
        line = (weights * centred**2).sum(axis=1, keepdims=True)
        slope = product(weights * centred, columns)
        cross = cross - slope * (weights * centred * y).sum(axis=1, keepdims=True) / line
        size = size - slope**2 / line
    return cross, size


def _meetings(t: Array, y: Array, weights: Array, flat: bool) -> tuple[Array, Array]:
    """Where the lines left and right of every gap meet (N, J), and their RSS, inf if outside."""
    splits = np.arange(2, t.size - 1)
    sums = [
        (weights * column).cumsum(axis=1) for column in (np.ones_like(t), t, t**2, y, t * y, y**2)
    ]
    left = [part[:, splits - 1] for part in sums]
    right = [part[:, -1:] - here for part, here in zip(sums, left, strict=True)]
    level_left, slope_left, rss_left = _line(left, flat)
    level_right, slope_right, rss_right = _line(right, False)
    with np.errstate(divide="ignore", invalid="ignore"):  # parallel lines meet nowhere
        meeting = (level_left - level_right) / (slope_right - slope_left)
    inside = (meeting > t[splits - 1]) & (meeting < t[splits])
    return meeting, np.where(inside, rss_left + rss_right, np.inf)


def _line(sums: list[Array], flat: bool) -> tuple[Array, Array, Array]:
    """Intercept, slope and RSS of lines from the sums of 1, t, t², y, ty and y²."""
    mass, t, tt, y, ty, yy = sums
    cross, size = ty - t * y / mass, tt - t**2 / mass
    slope = np.zeros_like(mass) if flat else cross / size
    return (y - slope * t) / mass, slope, yy - y**2 / mass - slope * cross


# ---------------------------------------------------------------- transition


def transition_centres(shares: Array, means: Array, weights: Array) -> Array:
    """Centres (N,) of four-parameter logistics, searched in the range of transition.py.

    The best of a grid, then Levenberg-Marquardt steps in centre and log scale with the levels
    solved exactly (variable projection: Golub & Pereyra 1973, in Kaufman's form).
    """
    t = positions(shares)
    y = means - (weights * means).sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True)
    root = np.sqrt(weights)
    smallest = float(np.diff(t).min()) / 2.0 / WIDTH_PER_SCALE
    grid = np.column_stack(
        [
            axis.ravel()
            for axis in np.meshgrid(
                np.linspace(-0.5, 1.5, CENTRES),
                np.linspace(math.log(smallest), math.log(6.0 / WIDTH_PER_SCALE), SCALES),
            )
        ]
    )
    limits = np.stack([grid.min(axis=0), grid.max(axis=0)])
    found, y = _best_logistics(t, y, weights, grid), root * y
    unit = root / np.linalg.norm(root, axis=1, keepdims=True)
    rest, columns = _linearised(t, y, root, unit, found)
    damping, active = np.full(len(y), 1e-3), np.arange(len(y))
    for _ in range(STEPS):
        place = found[active]
        step = _damped(columns[active], rest[active], damping[active])
        stopped = ((place <= limits[0]) & (step < 0.0)) | ((place >= limits[1]) & (step > 0.0))
        if stopped.any():  # at a limit the other parameter moves alone
            step = _damped(columns[active], rest[active], damping[active], stopped)
        moved = np.clip(place + step, *limits)
        new_rest, new_columns = _linearised(t, y[active], root[active], unit[active], moved)
        better = (new_rest**2).sum(axis=1) <= (rest[active] ** 2).sum(axis=1)
        taken = active[better]
        found[taken], rest[taken], columns[taken] = (
            moved[better],
            new_rest[better],
            new_columns[better],
        )
        damping[active] *= np.where(better, 0.2, 8.0)
        size = np.abs(moved - place).max(axis=1)
        active = active[(size > 1e-6) & (damping[active] < 1e8)]
        if not active.size:
            break
    centres: Array = shares[0] + (shares[-1] - shares[0]) * found[:, 0]
    return centres


def _best_logistics(t: Array, y: Array, weights: Array, grid: Array) -> Array:
    """Best grid points (N, 2) for centred curves."""
    rise = expit((t - grid[:, :1]) * np.exp(-grid[:, 1:]))
    best = np.empty(len(y), dtype=np.int64)
    for piece in pieces(len(y), len(grid)):
        w = weights[piece]
        total = w.sum(axis=1, keepdims=True)
        cross = (w * y[piece]) @ rise.T
        size = w @ (rise**2).T - (w @ rise.T) ** 2 / total
        usable = size > 1e-10 * total  # a step outside the shares is flat within them
        best[piece] = np.where(usable, cross**2 / np.where(usable, size, 1.0), -1.0).argmax(axis=1)
    return grid[best]


def _linearised(t: Array, y: Array, root: Array, unit: Array, found: Array) -> tuple[Array, Array]:
    """Weighted residuals (N, S) at centres and log scales (N, 2), and their slopes (N, 2, S)."""
    inverse = np.exp(-found[:, 1:])
    z = (t - found[:, :1]) * inverse
    rise = expit(z)
    atom = _without(rise * root, unit)
    size = np.linalg.norm(atom, axis=1, keepdims=True) + 1e-300
    atom = atom / size
    along = (atom * y).sum(axis=1, keepdims=True)
    slope = (-along / size) * rise * (1.0 - rise) * root
    columns = [_without(_without(slope * part, unit), atom) for part in (inverse, z)]
    return _without(y, unit) - along * atom, np.stack(columns, axis=1)


def _damped(columns: Array, rest: Array, damping: Array, fixed: Booleans | None = None) -> Array:
    """Levenberg-Marquardt steps (N, 2); ``fixed`` parameters stay."""
    first, second = columns[:, 0], columns[:, 1]
    a, b = (first**2).sum(axis=1), (second**2).sum(axis=1)
    c = (first * second).sum(axis=1)
    p, q = (first * rest).sum(axis=1), (second * rest).sum(axis=1)
    if fixed is not None:
        c = np.where(fixed.any(axis=1), 0.0, c)
        p, q = np.where(fixed[:, 0], 0.0, p), np.where(fixed[:, 1], 0.0, q)
    floor = 1e-12 * np.maximum(a, b) + 1e-30
    a, b = a * (1.0 + damping) + floor, b * (1.0 + damping) + floor
    determinant = a * b - c**2
    return np.stack([(b * p - c * q) / determinant, (a * q - c * p) / determinant], axis=1)


def _without(curves: Array, unit: Array) -> Array:
    """Curves (N, S) less their part along unit vectors (N, S)."""
    left: Array = curves - (curves * unit).sum(axis=1, keepdims=True) * unit
    return left
