"""Equivalence: is a measured effect shown to equal a claimed one, within a margin?

That a difference is not significant does not show agreement. Two one-sided tests (Schuirmann
1987, J. Pharmacokinet. Biopharm. 15:657-680) turn the question round: with d the effect, c the
claim and m the margin, the nulls

    d <= c - m   and   d >= c + m

are each tested at α by a t test on the per-replicate changes; if both are rejected, the effect
equals the claim within ±m. The pair is an intersection-union test, so its size is at most α, and
it rejects exactly if the (1 - 2α) interval lies inside (c - m, c + m). Beside it stands the
ordinary two-sided t test of d = c. The margin must be fixed before seeing the data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import stdtr, stdtrit

from smcollapse.inference.records import Estimate, InferenceError, Interval, Record
from smcollapse.inference.resampling import INDEPENDENT, Array, Replication

Verdict = Literal["equal", "differs", "neither"]


@dataclass(frozen=True)
class Equivalence(Record):
    """An effect against a claimed value ± margin.

    p_lower, p_upper : one-sided p-values of "below claimed - margin" and "above claimed + margin"
    p_value : of the two one-sided tests, the larger of both
    equivalent : p_value <= 1 - level
    p_difference : two-sided p-value of "equals the claim"; different : p_difference <= 1 - level
    interval : two-sided at 2·level - 1, the (1 - 2α) interval that the tests invert
    freedom : degrees of freedom of all the tests
    verdict_kind : "equal" (equivalent), else "differs" (different), else "neither"
    """

    effect: Estimate
    claimed: float
    margin: float
    level: float
    p_lower: float
    p_upper: float
    p_value: float
    equivalent: bool
    p_difference: float
    different: bool
    interval: Interval
    freedom: float
    verdict: str
    verdict_kind: Verdict


def equivalence(
    effect: Estimate | npt.ArrayLike,
    claimed: float,
    margin: float,
    *,
    replication: Replication = INDEPENDENT,
    level: float = 0.95,
) -> Equivalence:
    """Two one-sided tests that an effect equals ``claimed`` within ±``margin``.

    ``effect`` holds the paired changes (R,) of R >= 2 replicates, tested by t with R-1 degrees of
    freedom (for re-splits of one table their error is stretched, see ``replication``); or it is an
    :class:`Estimate`, used with its own standard error and, where its interval is symmetric, with
    the degrees of freedom of that interval. ``claimed`` and ``margin`` are in the effect's units.

    Raises InferenceError for a margin that is not positive, a level not above one half, changes
    that are not at least two finite numbers, and an estimate without a standard error.
    """
    if not math.isfinite(claimed):
        raise InferenceError(f"claimed must be a finite number, got {claimed}")
    if not (math.isfinite(margin) and margin > 0.0):
        raise InferenceError(f"margin must be a positive number, got {margin}")
    if not 0.5 < level < 1.0:
        raise InferenceError(f"level must lie strictly between 0.5 and 1, got {level}")
    if isinstance(effect, Estimate):
        if replication != INDEPENDENT:
            raise InferenceError("an Estimate has its own standard error: leave replication out")
        found, freedom = effect, _freedom(effect)
        p_lower, p_upper, p_difference = _tests(effect, freedom, claimed, margin)
    else:
        changes = _changes(effect, replication)
        found, freedom = _estimate(changes, replication, level), changes.size - 1.0
        p_lower, p_upper, p_difference = _statsmodels_tests(changes, claimed, margin)
    alpha = 1.0 - level
    half = float(stdtrit(freedom, level)) * found.se
    p_value = max(p_lower, p_upper)
    equal, different = p_value <= alpha, p_difference <= alpha
    kind, words = _verdict(equal, different, margin)
    return Equivalence(
        effect=found,
        claimed=claimed,
        margin=margin,
        level=level,
        p_lower=p_lower,
        p_upper=p_upper,
        p_value=p_value,
        equivalent=equal,
        p_difference=p_difference,
        different=different,
        interval=Interval(found.value - half, found.value + half, 2.0 * level - 1.0),
        freedom=freedom,
        verdict=words,
        verdict_kind=kind,
    )


def _changes(effect: npt.ArrayLike, replication: Replication) -> Array:
    """Changes (R,), spread about their mean so that its plain error is the corrected one."""
    changes = np.asarray(effect, dtype=np.float64)
    if changes.ndim != 1 or changes.size < 2 or not np.isfinite(changes).all():
        raise InferenceError(
            "give the changes of at least 2 replicates as a vector of finite numbers, got an "
            f"array of shape {changes.shape}"
        )
    mean = changes.mean()
    spread: Array = mean + replication.spread_factor(changes.size) * (changes - mean)
    return spread


def _estimate(changes: Array, replication: Replication, level: float) -> Estimate:
    value, n = float(changes.mean()), changes.size
    se = float(changes.std(ddof=1)) / math.sqrt(n)
    half = float(stdtrit(n - 1, 0.5 + level / 2.0)) * se
    corrected = ", Nadeau-Bengio corrected" if replication.design == "re-splits" else ""
    method = f"paired t over replicates{corrected}"
    return Estimate("effect", value, se, Interval(value - half, value + half, level), method, n)


def _statsmodels_tests(changes: Array, claimed: float, margin: float) -> tuple[float, float, float]:
    """p-values of both one-sided tests and of the two-sided test, by statsmodels."""
    from statsmodels.stats.weightstats import DescrStatsW

    if np.ptp(changes) == 0.0:
        fixed = Estimate("effect", float(changes[0]), 0.0, None, "", changes.size)
        return _tests(fixed, changes.size - 1.0, claimed, margin)
    summary = DescrStatsW(changes)
    _, (_, p_lower, _), (_, p_upper, _) = summary.ttost_mean(claimed - margin, claimed + margin)
    _, p_difference, _ = summary.ttest_mean(claimed)
    return float(p_lower), float(p_upper), float(p_difference)


def _tests(
    effect: Estimate, freedom: float, claimed: float, margin: float
) -> tuple[float, float, float]:
    """The same p-values from an estimate, its standard error and its degrees of freedom."""

    def tail(bound: float, side: float) -> float:
        """Chance of a t statistic of "effect = bound" at least as far on this side (±1)."""
        distance = side * (effect.value - bound)
        if effect.se == 0.0:
            return 1.0 if distance < 0.0 else 0.0 if distance > 0.0 else 0.5
        return float(stdtr(freedom, -distance / effect.se))

    two_sided = 2.0 * min(tail(claimed, 1.0), tail(claimed, -1.0))
    return tail(claimed - margin, 1.0), tail(claimed + margin, -1.0), min(two_sided, 1.0)


def _freedom(effect: Estimate) -> float:
    """Degrees of freedom of the t interval of an estimate; R-1 where it is no t interval."""
    if not (math.isfinite(effect.value) and math.isfinite(effect.se) and effect.n_replicates > 1):
        raise InferenceError(
            f"{effect.term!r} has no standard error ({effect.note or 'one replicate'}): "
            "equivalence needs replicates"
        )
    plain = effect.n_replicates - 1.0
    band = effect.interval
    if band is None or effect.se == 0.0 or not math.isfinite(band.width):
        return plain
    up, down = band.upper - effect.value, effect.value - band.lower
    if not math.isclose(up, down, rel_tol=1e-6):
        return plain
    quantile, probability = up / effect.se, 0.5 + band.level / 2.0
    low, high = 0.5, 1e6
    if not stdtrit(high, probability) < quantile < stdtrit(low, probability):
        return plain
    return float(brentq(lambda freedom: stdtrit(freedom, probability) - quantile, low, high))


def _verdict(equal: bool, different: bool, margin: float) -> tuple[Verdict, str]:
    if equal:
        beside = ", though shown to differ from it by less" if different else ""
        return "equal", f"equal to the claim within ±{margin:g}{beside}"
    if different:
        return "differs", "differs from the claim"
    return "neither", "neither shown"
