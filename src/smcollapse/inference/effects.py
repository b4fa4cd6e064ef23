"""Effects: replicate-paired contrasts between two windows of shares fixed in advance.

For replicate r let b_r and a_r be the means of its curve over the shares of the windows before
and after. The effect in points is the mean of a_r - b_r with a t interval on R-1 degrees of
freedom (statsmodels). The relative effect is ρ = mean(a - b)/mean(b) with Fieller's interval,
the set of ρ for which the paired t test of a - b - ρ·b = 0 does not reject: exact for normal
replicates, and honest (open) where the level before is not clearly different from zero.

Windows must be chosen before seeing the curve: split at the *estimated* onset, a nominal 95 %
interval covers far less.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from smcollapse.inference.curves import Curves
from smcollapse.inference.records import (
    Estimate,
    InferenceError,
    Interval,
    Record,
    check_level,
)
from smcollapse.inference.resampling import ONE_REPLICATE, Array

Window = tuple[float, float]


@dataclass(frozen=True)
class Effect(Record):
    """Change from the window ``before`` to the window ``after``.

    ``points``: in units of the measure; ``relative``: as a fraction of the level before. The
    shares averaged on either side are ``shares_before`` and ``shares_after``.
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
    first, second = _windows(curves, before, after)
    base = curves.values[:, first].mean(axis=1)
    change = curves.values[:, second].mean(axis=1) - base
    return Effect(
        *_points_and_relative(curves, base, change, level, "effect"),
        before=before,
        after=after,
        shares_before=tuple(curves.shares[first].tolist()),
        shares_after=tuple(curves.shares[second].tolist()),
        level_before=float(base.mean()),
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
    first, second = _windows(curves, before, after)
    base = curves.values[:, first].mean(axis=1)
    net = curves.values - control_curves.values
    change = net[:, second].mean(axis=1) - net[:, first].mean(axis=1)
    return Effect(
        *_points_and_relative(curves, base, change, level, "net effect"),
        before=before,
        after=after,
        shares_before=tuple(curves.shares[first].tolist()),
        shares_after=tuple(curves.shares[second].tolist()),
        level_before=float(base.mean()),
        response=curves.response,
    )


def _windows(
    curves: Curves, before: Window, after: Window
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which shares (S,) lie in either window."""
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


def _points_and_relative(
    curves: Curves, base: Array, change: Array, level: float, term: str
) -> tuple[Estimate, Estimate]:
    """Mean of the changes (R,) and its ratio to the mean of the base levels (R,)."""
    average, baseline, n = float(change.mean()), float(base.mean()), curves.n_replicates
    if baseline == 0.0:
        raise InferenceError(f"the level before is zero: {term} relative to it is undefined")
    ratio = average / baseline
    corrected = ", Nadeau-Bengio corrected" if curves.replication.design == "re-splits" else ""
    if n == 1:
        return (
            Estimate(term, average, math.nan, None, "point estimate", n, ONE_REPLICATE),
            Estimate(f"relative {term}", ratio, math.nan, None, "point estimate", n, ONE_REPLICATE),
        )
    se, interval = _paired_t(change, level, curves.spread_factor)
    ratio_se, _ = _paired_t(change - ratio * base, level, curves.spread_factor)
    fieller, note = _fieller(base, change, level, curves.spread_factor)
    return (
        Estimate(term, average, se, interval, f"paired t over replicates{corrected}", n),
        Estimate(
            f"relative {term}",
            ratio,
            ratio_se / abs(baseline),
            fieller,
            f"Fieller interval, paired by replicate{corrected}; delta-method s.e.",
            n,
            note,
        ),
    )


def _paired_t(changes: Array, level: float, spread_factor: float) -> tuple[float, Interval]:
    """Standard error and t interval of the mean of changes (R,), both stretched by the factor."""
    from statsmodels.stats.weightstats import DescrStatsW

    summary = DescrStatsW(changes)
    lower, upper = summary.tconfint_mean(alpha=1.0 - level)
    average = float(summary.mean)
    return float(summary.std_mean) * spread_factor, Interval(
        average - spread_factor * (average - float(lower)),
        average + spread_factor * (float(upper) - average),
        level,
    )


def _fieller(
    base: Array, change: Array, level: float, spread_factor: float
) -> tuple[Interval, str]:
    """Fieller (1954) interval of mean(change)/mean(base), and a note if it is unbounded.

    The roots of (ā - ρ b̄)² = t² (v_aa - 2 ρ v_ab + ρ² v_bb), v the covariances of the means.
    Bounded exactly if b̄ differs from zero at this level.
    """
    n = base.size
    t = float(stdtrit(n - 1, 0.5 + level / 2.0)) * spread_factor
    covariance = np.cov(np.stack([base, change])) * t**2 / n
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
