"""Benchmark share: the smallest share at which a measure has lost a stated part of its value.

The benchmark dose of toxicology (Crump 1984; EFSA 2022), with the share as the dose:

    share* = min{p : g(p) <= y(0) - δ},   δ = loss · |y(0)| (relative) or loss (points),

y(0) the mean at share 0 and g the isotonic (monotone least-squares) curve through the replicate
means, joined by straight lines. For a gain (a calibration error that rises) the mirror image. The
one-sided lower limit is the *safe share* (BMDL): it exists whether or not there is a break, and
whether or not the loss is ever reached.

The band is that of the curve refitted to draws of the mean. Its lower limit, and the safe share,
are moreover not above the first share at which a paired t test does not show the loss to be smaller
(tests in order, Maurer, Hothorn & Lehmacher 1995): without that the safe share covered .92 of .95
where neighbouring shares are strongly correlated.

The baseline is the mean itself and not g(0): on a flat start g(0) is the largest of several means,
so that the crossing comes too early (by .003 to .007 with 10 to 2 replicates of 13 shares with
noise s.d. .02), and bands on resampled curves, which double that bias, covered .76 instead of .95
with 2 replicates and .91 with 10. With the mean as baseline they covered .95 to .965, and the bias
stays below .002 (see resampling.py).
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression
from scipy.special import stdtrit

from smcollapse.inference.curves import Curves
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
    SILENT,
    Array,
    percentile_band,
    percentile_limit,
    standard_error,
)

Direction = Literal["loss", "gain"]

STEPS_BETWEEN_SHARES = 20
SMALLEST_LOSS = 1e-6  # far above rounding errors of the measure


@dataclass(frozen=True)
class BenchmarkShare(Record):
    """Benchmark share of one measure.

    ``share`` None: not reached up to the largest share. ``band`` two-sided at ``level``, upper
    limit inf if the loss may not be reached at all; ``safe_share`` the one-sided lower limit at
    ``level``, at most the largest share; both None with one replicate, and ``se`` then nan.
    ``baseline`` is the mean at ``baseline_share``, the smallest share.
    """

    share: float | None
    band: Interval | None
    se: float
    safe_share: float | None
    loss: float
    relative: bool
    direction: Direction
    baseline: float
    baseline_share: float
    level: float
    response: str
    method: str
    n_replicates: int
    note: str = ""

    def estimates(self) -> tuple[Estimate, ...]:
        """One row for a table of results; the value is nan where the loss is not reached."""
        value = math.nan if self.share is None else self.share
        row = Estimate(
            "benchmark share", value, self.se, self.band, self.method, self.n_replicates, self.note
        )
        return (row,)


def benchmark_share(
    curves: Curves,
    loss: float = 0.10,
    relative: bool = True,
    direction: Direction = "loss",
    *,
    level: float = 0.95,
    draws: int = DEFAULT_DRAWS,
    seed: int = 0,
) -> BenchmarkShare:
    """Benchmark share with its band and the safe share.

    ``loss`` is a fraction of the baseline value if ``relative``, else in points of the measure.
    Raises InferenceError for fewer than 3 shares, a loss below 1e-6, and a relative
    loss of a measure whose baseline is not positive.
    """
    check_level(level)
    curves.require_shares(3, "a benchmark share")
    share = benchmark_share_of(curves.shares, curves.mean, loss, relative, direction)
    first, last = float(curves.shares[0]), float(curves.shares[-1])
    notes = [f"not reached up to {last:g}" if share is None else ""]
    if first != 0.0:
        notes.append(f"baseline is the smallest share, {first:g}, since share 0 is not in the data")
    band, safe, se = None, None, math.nan
    if not curves.has_noise:
        notes.append(SILENT)
    else:
        notes += curves.noise.warnings
        crossings = crossing_of(
            curves.shares, curves.draw_means(draws, seed), loss, relative, direction
        )
        band = percentile_band(crossings, level)
        tested = _tested_limit(curves, loss, relative, direction, 0.5 + level / 2.0)
        band = _capped(Interval(min(band.lower, tested), band.upper, level), last)
        se = standard_error(crossings, curves.noise.degrees)
        safe = min(
            percentile_limit(crossings, 1.0 - level, upper=False),
            _tested_limit(curves, loss, relative, direction, level),
            last,
        )
        if math.isinf(band.upper):
            notes.append(f"band open above: the loss may not be reached up to {last:g}")
        if safe == last:
            notes.append(f"safe up to {last:g}, the largest share in the data")
    return BenchmarkShare(
        share=share,
        band=band,
        se=se,
        safe_share=safe,
        loss=loss,
        relative=relative,
        direction=direction,
        baseline=float(curves.mean[0]),
        baseline_share=first,
        level=level,
        response=curves.response,
        method=curves.method(draws, seed),
        n_replicates=curves.n_replicates,
        note=join_notes(*notes),
    )


def benchmark_share_of(
    shares: npt.ArrayLike,
    values: npt.ArrayLike,
    loss: float = 0.10,
    relative: bool = True,
    direction: Direction = "loss",
) -> float | None:
    """The same functional on one noise-free curve: shares (S,) ascending, values (S,).

    None if the loss is not reached at the largest share. Raises InferenceError as
    :func:`benchmark_share` does, and for arrays that are not finite, equal in length and
    ascending.
    """
    x, y = np.asarray(shares, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or x.size < 2:
        raise InferenceError(
            f"shares and values must be equally long, of 2 or more, got {x.shape} and {y.shape}"
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()) or (np.diff(x) <= 0).any():
        raise InferenceError("shares must be finite and ascending, and values finite")
    check_loss(float(y[0]), loss, relative, direction)
    crossing = _crossing(x, y, loss, relative, direction)
    return None if math.isinf(crossing) else crossing


def _tested_limit(
    curves: Curves, loss: float, relative: bool, direction: Direction, level: float
) -> float:
    """First share at which the loss is not shown to be smaller, by one-sided t tests in order.

    inf if it is shown smaller everywhere. Between shares the mean curve is joined by lines.
    """
    sign = -1.0 if direction == "gain" else 1.0
    n_shares = curves.shares.size
    places = np.unique(
        np.concatenate(
            [
                np.linspace(left, right, STEPS_BETWEEN_SHARES + 1)
                for left, right in pairwise(curves.shares)
            ]
        )
    )
    weights = np.array([np.interp(places, curves.shares, row) for row in np.eye(n_shares)]).T
    # target minus what was lost: of g(0)(1 - δ) for a relative loss, of g(0) - δ for one in points
    contrasts = sign * weights
    contrasts[:, 0] -= sign * 1.0 - (loss if relative else 0.0)
    margin = contrasts @ curves.mean + (0.0 if relative else loss)
    variance, freedom = curves.noise.variance_and_freedom(contrasts)
    with np.errstate(invalid="ignore"):
        needed = np.where(np.isinf(freedom), 0.0, stdtrit(freedom, level)) * np.sqrt(variance)
    slack = margin - needed
    open_ = np.flatnonzero(slack <= 0.0)
    if not open_.size:
        return math.inf
    right = int(open_[0])
    if right == 0:
        return float(places[0])
    part = slack[right - 1] / (slack[right - 1] - slack[right])
    return float(places[right - 1] + part * (places[right] - places[right - 1]))


def check_loss(baseline: float, loss: float, relative: bool, direction: Direction) -> None:
    """Raise InferenceError unless the loss is one that can be looked for from this baseline."""
    if not (math.isfinite(loss) and loss >= SMALLEST_LOSS):
        raise InferenceError(f"loss must be a number of at least {SMALLEST_LOSS:g}, got {loss}")
    if direction not in ("loss", "gain"):
        raise InferenceError(f'direction must be "loss" or "gain", got {direction!r}')
    if relative and baseline <= 0:
        raise InferenceError(
            f"a relative {direction} needs a positive baseline, got {baseline:g}; "
            "state it in points with relative=False"
        )


def crossing_of(
    shares: Array, means: Array, loss: float, relative: bool, direction: Direction
) -> Array:
    """Benchmark shares (B,) of curves (B, S), inf where the loss is not reached; not checked."""
    return np.array([_crossing(shares, mean, loss, relative, direction) for mean in means])


def common_draws_of(
    curves: Curves, weights: Array, loss: float, relative: bool, direction: Direction
) -> tuple[float, Array, bool]:
    """Benchmark share, its values (B,) on replicate weights (B, R), and whether it is not reached.

    What is not reached counts with the largest share. The weights are common to conditions, so
    that differences between conditions are paired.
    """
    last = float(curves.shares[-1])
    share = benchmark_share_of(curves.shares, curves.mean, loss, relative, direction)
    drawn = crossing_of(curves.shares, weights @ curves.values, loss, relative, direction)
    return (last if share is None else share), np.minimum(drawn, last), share is None


def _crossing(
    shares: Array, values: Array, loss: float, relative: bool, direction: Direction
) -> float:
    """First share at which the isotonic curve has moved by the loss; inf if it never does."""
    gain = direction == "gain"
    fitted: Array = isotonic_regression(values, increasing=gain).x
    moved = fitted - values[0] if gain else values[0] - fitted
    # |baseline|: a resampled baseline may be negative where the estimated one is not
    target = loss * abs(values[0]) if relative else loss
    # a curve that reaches the target exactly must not miss it by a rounding error
    reached = np.flatnonzero(moved >= target - 1e-12 * (abs(values[0]) + target))
    if not reached.size:
        return math.inf
    right = int(reached[0])  # never 0: an isotonic curve starts on the safe side of its first value
    fraction = (target - moved[right - 1]) / (moved[right] - moved[right - 1])
    return float(shares[right - 1] + min(fraction, 1.0) * (shares[right] - shares[right - 1]))


def _capped(band: Interval, largest: float) -> Interval:
    """A lower limit beyond the data says only that the largest share is below it."""
    return Interval(min(band.lower, largest), band.upper, band.level)
