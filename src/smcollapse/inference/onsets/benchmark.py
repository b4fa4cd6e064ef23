"""Benchmark share: the smallest share at which a measure has lost a stated part of its value.

The benchmark dose of toxicology (Crump 1984; EFSA 2022), with the share as the dose:

    share* = min{p : g(p) <= y(0) - δ},   δ = loss · |y(0)| (relative) or loss (points),

y(0) the mean at share 0 and g the isotonic (monotone least-squares) curve through the replicate
means, joined by straight lines. For a gain (a calibration error that rises) the mirror image.

This functional is the point estimate: between tried shares it is as good as the lines are. What the
data say of share*, the safe share and the bracket, is tested at the tried shares (bracket.py).

The baseline is the mean itself and not g(0): on a flat start g(0) is the largest of several means,
so that the crossing would come too early (by .003 to .007 with 10 to 2 replicates of 13 shares with
noise s.d. .02).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from smcollapse.inference.curves import Curves
from smcollapse.inference.onsets.bracket import Bracket, bracket
from smcollapse.inference.onsets.bracket import Direction as Direction
from smcollapse.inference.records import (
    Estimate,
    InferenceError,
    Interval,
    Record,
    check_level,
    join_notes,
)
from smcollapse.inference.resampling import DEFAULT_DRAWS, SILENT, Array, standard_error
from smcollapse.inference.words import short_per_cent

SMALLEST_LOSS = 1e-6
"""Smallest part of the baseline that can be looked for: far above rounding errors."""


@dataclass(frozen=True)
class BenchmarkShare(Record):
    """Benchmark share of one measure.

    ``share`` is the point estimate, None where it is not reached up to the largest share.
    ``bracket`` holds what is shown at the tried shares, None where there is no noise to test with.
    ``baseline`` is the mean at ``baseline_share``, the smallest share; ``loss`` is a fraction of it
    if ``relative``, else in units of the measure.
    """

    share: float | None
    bracket: Bracket | None
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

    @property
    def safe_share(self) -> float | None:
        """Largest tried share up to which the loss is excluded (one-sided ``level``)."""
        return None if self.bracket is None else self.bracket.safe_share

    @property
    def safe_words(self) -> str:
        """The safe share in words: "up to 35 %", "at least 60 %, the largest share tried"."""
        if self.bracket is None:
            return "cannot be tested without replicates"
        safe = short_per_cent(self.bracket.safe_share)
        if self.bracket.all_safe:
            return f"at least {safe}, the largest share tried"
        if self.bracket.safe_share <= self.baseline_share:
            return f"{safe}: at no larger share that was tried is the loss excluded"
        return f"up to {safe}"

    @property
    def band(self) -> Interval | None:
        """The bracket, refined in gaps that look harmless; the upper limit is inf if open."""
        return None if self.bracket is None else self.bracket.refined

    def estimates(self) -> tuple[Estimate, ...]:
        """One row for a table of results; the value is nan where the loss is not reached."""
        value = math.nan if self.share is None else self.share
        row = Estimate(
            "benchmark share",
            value,
            math.nan,
            self.band,
            self.method,
            self.n_replicates,
            self.note,
        )
        return (row,)


def benchmark_share(
    curves: Curves,
    loss: float = 0.10,
    relative: bool = True,
    direction: Direction = "loss",
    *,
    level: float = 0.95,
) -> BenchmarkShare:
    """Benchmark share, its bracket and the safe share.

    ``loss`` is a fraction of the baseline value if ``relative``, else in units of the measure.
    Raises InferenceError for fewer than 2 shares, a loss below a millionth of the baseline, and a
    relative loss of a measure whose baseline is not positive.
    """
    check_level(level)
    curves.require_shares(2, "a benchmark share")
    share = benchmark_share_of(curves.shares, curves.mean, loss, relative, direction)
    first, last = float(curves.shares[0]), float(curves.shares[-1])
    notes = [f"not reached up to {last:g}" if share is None else ""]
    if first != 0.0:
        notes.append(f"baseline is the smallest share, {first:g}, since share 0 is not in the data")
    found = None
    if not curves.has_noise:
        notes.append(SILENT)
    else:
        found = bracket(curves, loss, relative, direction, level)
        notes += curves.noise.warnings
        if math.isinf(found.band.upper):
            notes.append(f"open above: the loss is not shown at any share up to {last:g}")
        if found.all_safe:
            notes.append(f"at least {found.largest:g}, the largest share tried")
    return BenchmarkShare(
        share=share,
        bracket=found,
        loss=loss,
        relative=relative,
        direction=direction,
        baseline=float(curves.mean[0]),
        baseline_share=first,
        level=level,
        response=curves.response,
        method="isotonic curve; bracket by t tests at the tried shares, in order",
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


def check_loss(baseline: float, loss: float, relative: bool, direction: Direction) -> None:
    """Raise InferenceError unless the loss is one that can be looked for from this baseline."""
    least = SMALLEST_LOSS * (1.0 if relative else abs(baseline))
    if not (math.isfinite(loss) and loss > 0.0 and loss >= least):
        raise InferenceError(
            f"loss must be a positive number of at least {least:g} (a millionth of the baseline), "
            f"got {loss}"
        )
    if direction not in ("loss", "gain"):
        raise InferenceError(f'direction must be "loss" or "gain", got {direction!r}')
    if relative and baseline <= 0:
        raise InferenceError(
            f"a relative {direction} needs a positive baseline, got {baseline:g}; "
            "state it in units of the measure (relative=False, --points)"
        )


def crossing_of(
    shares: Array, means: Array, loss: float, relative: bool, direction: Direction
) -> Array:
    """Benchmark shares (B,) of curves (B, S), inf where the loss is not reached; not checked."""
    return np.array([_crossing(shares, mean, loss, relative, direction) for mean in means])


def benchmark_error(
    curves: Curves,
    loss: float = 0.10,
    relative: bool = True,
    direction: Direction = "loss",
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = 0,
) -> float:
    """Standard error of the point estimate, as far as lines between tried shares hold.

    nan without noise, inf where the loss may not be reached.
    """
    if not curves.has_noise:
        return math.nan
    means = curves.draw_means(draws, seed)
    crossings = crossing_of(curves.shares, means, loss, relative, direction)
    return standard_error(crossings, curves.noise.degrees)


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
