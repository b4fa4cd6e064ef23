"""Effects: replicate-paired contrasts between two windows of shares fixed in advance.

For replicate r let b_r and a_r be the means of its curve over the shares of the windows before
and after. The effect in points is the mean of a_r - b_r with a t interval on R-1 degrees of
freedom (statsmodels). The relative effect is ρ = mean(a - b)/mean(b) with Fieller's interval,
the set of ρ for which the paired t test of a - b - ρ·b = 0 does not reject: exact for normal
replicates, and honest (open) where the level before is not clearly different from zero.

Two or three replicates pool their noise over shares (pooled.py): paired t intervals of one degree
of freedom say nothing, or far too much where two replicates happen to agree. Where every run is one
of its own, Welch's t test compares the windows. Both take the delta method for the relative effect.

Windows must be chosen before seeing the curve: split at the *estimated* onset, a nominal 95 %
interval covers far less.
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from smcollapse.inference.contrasts import contrast_tests
from smcollapse.inference.curves import Curves
from smcollapse.inference.noise import POOLED
from smcollapse.inference.records import (
    Estimate,
    InferenceError,
    Interval,
    Record,
    check_level,
    join_notes,
)
from smcollapse.inference.resampling import ONE_REPLICATE, Array
from smcollapse.inference.skewness import hall_interval, noticeably_skewed

Window = tuple[float, float]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Effect(Record):
    """Change from the window ``before`` to the window ``after``.

    ``points``: in units of the measure; ``relative``: as a fraction of the size of the level
    before, so that a fall of a negative measure is a fall too. The shares averaged on either side
    are ``shares_before`` and ``shares_after``.
    """

    points: Estimate
    relative: Estimate
    before: Window
    after: Window
    shares_before: tuple[float, ...]
    shares_after: tuple[float, ...]
    level_before: float
    response: str

    def estimates(self) -> tuple[Estimate, ...]:
        """Rows for a table of results: the effect in points and as a fraction."""
        return (self.points, self.relative)


def effect(curves: Curves, before: Window, after: Window, *, level: float = 0.95) -> Effect:
    """Paired change of the measure from one window of shares to a later one.

    Windows are closed intervals (low, high) of shares. Re-splits of one table get the
    Nadeau-Bengio standard error. Raises InferenceError for windows that hold no share, are out
    of order or overlap, and for a level before of exactly zero.
    """
    check_level(level)
    first, second = window_masks(curves, before, after)
    base = curves.values[:, first].mean(axis=1)
    change = curves.values[:, second].mean(axis=1) - base
    level_before = float((first / first.sum()) @ curves.mean)
    few = curves.pooled and curves.paired and curves.complete
    held = np.isfinite(change)
    if few or (held.sum() < 2 and curves.has_noise):
        pair = _by_contrasts(curves, None, first, second, level, "effect")
    else:
        shared = _Shared.of((curves,), first, second)
        pair = _points_and_relative(curves, base, change, level, "effect", shared)
        level_before = float(base[held].mean())
    return Effect(
        *_of_size(*pair, level_before),
        before=before,
        after=after,
        shares_before=tuple(curves.shares[first].tolist()),
        shares_after=tuple(curves.shares[second].tolist()),
        level_before=level_before,
        response=curves.response,
    )


def net_effect(
    curves: Curves, control_curves: Curves, before: Window, after: Window, *, level: float = 0.95
) -> Effect:
    """Effect beyond that of a control, paired by replicate (synthetic data added, not real lost).

    The change of ``curves`` (design replace) minus the change of ``control_curves`` (design
    real_only) between the same windows; relative to the level of ``curves`` before. Raises
    InferenceError as :func:`effect` does, and if the two do not have the same shares,
    replicates and kind of replication.
    """
    if not np.array_equal(curves.shares, control_curves.shares):
        raise InferenceError("curves and control_curves must have the same shares")
    if curves.replicates != control_curves.replicates:
        raise InferenceError("curves and control_curves must have the same replicates")
    if curves.replication != control_curves.replication:
        raise InferenceError("curves and control_curves must have the same replication")
    check_level(level)
    first, second = window_masks(curves, before, after)
    base = curves.values[:, first].mean(axis=1)
    net = curves.values - control_curves.values
    change = net[:, second].mean(axis=1) - net[:, first].mean(axis=1)
    few = curves.pooled and curves.paired
    if few and curves.complete and control_curves.complete:
        pair = _by_contrasts(
            curves, replace(curves, values=net), first, second, level, "net effect"
        )
    else:
        shared = _Shared.of((curves, control_curves), first, second)
        pair = _points_and_relative(curves, base, change, level, "net effect", shared)
    return Effect(
        *_of_size(*pair, float(np.nanmean(base))),
        before=before,
        after=after,
        shares_before=tuple(curves.shares[first].tolist()),
        shares_after=tuple(curves.shares[second].tolist()),
        level_before=float(np.nanmean(base)),
        response=curves.response,
    )


def _of_size(points: Estimate, relative: Estimate, base: float) -> tuple[Estimate, Estimate]:
    """The estimates with the ratio taken of the size of a level before that may be negative."""
    if base >= 0.0:
        return points, relative
    band = relative.interval
    turned = None if band is None else Interval(-band.upper, -band.lower, band.level)
    return points, replace(relative, value=-relative.value, interval=turned)


def window_masks(curves: Curves, before: Window, after: Window) -> tuple[Mask, Mask]:
    """Which shares (S,) lie in either window. Raises InferenceError as :func:`effect` does."""
    if not before[0] <= before[1] < after[0] <= after[1]:
        raise InferenceError(
            f"windows must be (low, high) with before below after, got before={before}, "
            f"after={after}"
        )
    masks = []
    for name, (low, high) in (("before", before), ("after", after)):
        # a limit typed as 0.3 must catch a share computed as 6 * 0.05
        inside = (curves.shares >= low - 1e-9) & (curves.shares <= high + 1e-9)
        if not inside.any():
            raise InferenceError(
                f"window {name} [{low:g}, {high:g}] holds none of the shares "
                f"{curves.shares.tolist()}"
            )
        masks.append(inside)
    return masks[0], masks[1]


def _by_contrasts(
    curves: Curves, net: Curves | None, first: Mask, second: Mask, level: float, term: str
) -> tuple[Estimate, Estimate]:
    """The change of mean curves (of ``net`` where given) by t tests of contrasts.

    For few replicates, whose noise is pooled over shares, and for runs without replicates.
    """
    changing = curves if net is None else net
    before = first / first.sum()
    moved = second / second.sum() - before
    base = float(before @ curves.mean)
    if base == 0.0:
        raise InferenceError(f"the level before is zero: {term} relative to it is undefined")
    tests = contrast_tests(changing, moved[None, :])
    change, se = float(tests.values[0]), float(tests.errors[0])
    quantile = float(stdtrit(tests.freedom[0], 0.5 + level / 2.0))
    ratio = change / base
    # of the change less ρ times the level: exactly so for the curves' own change
    both = moved - ratio * before if net is None else moved
    relative_se = float(contrast_tests(changing, both[None, :]).errors[0]) / abs(base)
    level_se = float(contrast_tests(curves, before[None, :]).errors[0])
    unbounded = abs(base) <= quantile * level_se
    pooled = POOLED if curves.pooled else ""
    open_words = "relative interval unbounded: the level before is not clearly different from zero"
    interval = Interval(change - quantile * se, change + quantile * se, level)
    relative = Interval(ratio - quantile * relative_se, ratio + quantile * relative_se, level)
    method = "t over replicates, noise pooled over shares"
    if not curves.paired:
        method = "t over runs, " + ("noise pooled over shares" if curves.pooled else "Welch's d.f.")
    n = curves.n_replicates if curves.paired else int(curves.counts[first | second].sum())
    return (
        Estimate(term, change, se, interval, method, n, pooled),
        Estimate(
            f"relative {term}",
            ratio,
            relative_se,
            Interval(-math.inf, math.inf, level) if unbounded else relative,
            f"{method}; delta method",
            n,
            join_notes(pooled, open_words if unbounded else ""),
        ),
    )


class _Shared(NamedTuple):
    """Variance that runs have in common (shared corpora): of the level before, of the change."""

    base: float
    change: float
    both: float
    freedom: float

    @classmethod
    def of(cls, tables: tuple[Curves, ...], first: Mask, second: Mask) -> "_Shared":
        """From the noise of the curves, and of their control where there is one."""
        before = first / first.sum()
        moved = second / second.sum() - before
        base = change = both = freedom = 0.0
        for number, curves in enumerate(tables):
            noise = curves.noise if curves.n_replicates > 1 else None
            if noise is None or noise.corpus_variance == 0.0 or noise.from_curve:
                continue
            change += float(moved**2 @ noise.common)
            freedom = max(freedom, noise.common_freedom)
            if number == 0:
                base = float(before**2 @ noise.common)
                both = float(before * moved @ noise.common)
        return cls(base, change, both, freedom)


def _points_and_relative(
    curves: Curves, base: Array, change: Array, level: float, term: str, shared: _Shared
) -> tuple[Estimate, Estimate]:
    """Mean of the changes (R,) and its ratio to the mean of the base levels (R,).

    Replicates without a share of the windows are left out.
    """
    held = np.isfinite(base) & np.isfinite(change)
    base, change, n = base[held], change[held], int(held.sum())
    if not n:
        raise InferenceError("no replicate holds all shares of both windows")
    average, baseline = float(change.mean()), float(base.mean())
    if baseline == 0.0:
        raise InferenceError(f"the level before is zero: {term} relative to it is undefined")
    ratio = average / baseline
    if n == 1:
        return (
            Estimate(term, average, math.nan, None, "point estimate", n, ONE_REPLICATE),
            Estimate(f"relative {term}", ratio, math.nan, None, "point estimate", n, ONE_REPLICATE),
        )
    spread = curves.spread_factor
    se, interval = _interval(change, level, spread, shared.change, shared.freedom)
    common = shared.change - 2.0 * ratio * shared.both + ratio**2 * shared.base
    ratio_se, _ = _interval(change - ratio * base, level, spread, common, shared.freedom)
    fieller, note = _fieller(base, change, level, spread, shared)
    lost = "" if held.all() else f"{int((~held).sum())} replicates lack a share of the windows"
    lost = join_notes(lost, _skewed(change, level, spread))
    corrected = ", Nadeau-Bengio corrected" if curves.replication.design == "re-splits" else ""
    if shared.change:
        corrected += ", with the variance of shared corpora"
    return (
        Estimate(term, average, se, interval, f"paired t over replicates{corrected}", n, lost),
        Estimate(
            f"relative {term}",
            ratio,
            ratio_se / abs(baseline),
            fieller,
            f"Fieller interval, paired by replicate{corrected}; delta-method s.e.",
            n,
            join_notes(note, lost),
        ),
    )


def _skewed(changes: Array, level: float, spread_factor: float) -> str:
    """Hall's interval of skewed changes (R,), in words; empty where they are not."""
    if not noticeably_skewed(changes):
        return ""
    band = hall_interval(changes, level, spread_factor)
    return (
        f"replicates are skewed: by Hall's transformation [{band.lower:.3g}, {band.upper:.3g}]; t "
        "intervals, and a test that the change equals a claim, are too sure of themselves"
    )


def _interval(
    changes: Array, level: float, spread_factor: float, common: float, common_freedom: float
) -> tuple[float, Interval]:
    """Standard error and t interval of the mean of changes (R,), plus a common variance."""
    from statsmodels.stats.weightstats import DescrStatsW

    summary = DescrStatsW(changes)
    average = float(summary.mean)
    own = (float(summary.std_mean) * spread_factor) ** 2
    if common == 0.0:
        lower, upper = summary.tconfint_mean(alpha=1.0 - level)
        return math.sqrt(own), Interval(
            average - spread_factor * (average - float(lower)),
            average + spread_factor * (float(upper) - average),
            level,
        )
    freedom = _satterthwaite(own, changes.size - 1, common, common_freedom)
    se = math.sqrt(own + common)
    half = float(stdtrit(freedom, 0.5 + level / 2.0)) * se
    return se, Interval(average - half, average + half, level)


def _satterthwaite(own: float, freedom: float, common: float, common_freedom: float) -> float:
    """Degrees of freedom of a sum of two estimated variances."""
    if own + common == 0.0:
        return freedom
    spread = own**2 / freedom + (common**2 / common_freedom if common else 0.0)
    return (own + common) ** 2 / spread


def _fieller(
    base: Array, change: Array, level: float, spread_factor: float, shared: _Shared
) -> tuple[Interval, str]:
    """Fieller (1954) interval of mean(change)/mean(base), and a note if it is unbounded.

    The roots of (ā - ρ b̄)² = t² (v_aa - 2 ρ v_ab + ρ² v_bb), v the covariances of the means.
    Bounded exactly if b̄ differs from zero at this level.
    """
    n = base.size
    own = np.cov(np.stack([base, change])) * spread_factor**2 / n
    freedom = _satterthwaite(float(own[1, 1]), n - 1, shared.change, shared.freedom)
    total = own + np.array([[shared.base, shared.both], [shared.both, shared.change]])
    covariance = total * float(stdtrit(freedom, 0.5 + level / 2.0)) ** 2
    (v_bb, v_ab), (_, v_aa) = covariance.tolist()
    mean_base, mean_change = float(base.mean()), float(change.mean())
    quadratic = mean_base**2 - v_bb
    if quadratic <= 0.0:
        note = "relative interval unbounded: the level before is not clearly different from zero"
        return Interval(-math.inf, math.inf, level), note
    linear = mean_base * mean_change - v_ab
    # linear² - quadratic·constant with the squared means cancelled by hand
    discriminant = (
        mean_base**2 * v_aa
        - 2.0 * mean_base * mean_change * v_ab
        + mean_change**2 * v_bb
        + v_ab**2
        - v_aa * v_bb
    )
    root = math.sqrt(max(discriminant, 0.0))
    return Interval((linear - root) / quadratic, (linear + root) / quadratic, level), ""
