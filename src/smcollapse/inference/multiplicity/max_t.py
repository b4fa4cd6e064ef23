"""Many hypotheses at once: step-down max-T with common resamples of whole replicates.

Romano & Wolf (2005, JASA 100:94-108; 2016, Stat. Probab. Lett. 113:38-40). The hypotheses are
ordered by |t|; the largest is compared with the resampled maximum over all, the next with the
maximum over the rest, and so on, and p-values are made monotone. All columns are resampled with
the same replicates, so what is correlated counts less than Bonferroni's full number, and the
chance of one or more false rejections is at most 1 - level whatever is true of the others.

Resamples of per-replicate contrasts y_r (H,), r = 1..R, against null values μ0. Under the null
with normal replicates the law of Y - μ0 does not change when replicates are rotated, so with u
uniform on the sphere of R dimensions

    t*_h = √(R-1) · c_h / √(1 - c_h²),   c_h = u·(y_h - μ0_h) / |y_h - μ0_h|

has, given Y'Y, the joint law of the t statistics: *rotations* (Langsrud 2005, Stat. Comput.
15:53-60) are the t-scaled multiplier draws of resampling.py with the null imposed and every column
studentized by itself. One hypothesis gives Student's t test, many a test that is exact for normal
replicates at any R >= 2 and any correlation. *Sign flips* (u = ±1/√R, all 2^R of them where that
is at most 8192) are exact for any symmetric law, but cannot reject at .05 below 6 replicates.

Family-wise error, nominal .05, correlated normal columns (correlation 0 / .5 / .9), 4 000 data
sets, Monte-Carlo error .0034. "Common": t-scaled draws as in resampling.py, whose columns share
one denominator. "Unadjusted": the smallest plain p-value.

    R   H    rotations            common               unadjusted           bootstrap-t
    3   5   .050 .052 .057      .129 .124 .108      .219 .204 .146      .000 .000 .000
    3  20   .041 .046 .046      .395 .355 .184      .628 .535 .259      .000 .000 .000
    5  20   .052 .053 .054      .204 .167 .102      .642 .488 .204      .000 .000 .001
   10   5   .051 .056 .054      .060 .066 .063      .223 .198 .115      .027 .026 .028
   10  20   .052 .050 .052      .095 .090 .062      .637 .441 .168      .009 .014 .018

Hence rotations. Means of strongly skewed replicates (exponential) break every t-like method at
R = 10 (.10 to .40, and Student's t for a single column too), symmetric heavy tails (t with 3 d.f.)
none (.03 to .04, sign flips .05).

Power at R = 10, H = 20, half of the hypotheses false by 1.2 s.d.: .49 .54 .72 in the same order,
Bonferroni .43 .45 .46. The simultaneous intervals cover .94 to .97 (R from 3 to 20, 2 000 sets).

Estimates that are not means (:func:`romano_wolf_draws`), family-wise error of "the knot (benchmark
share) of every condition is the true one": 13 shares, noise s.d. .02, the same replicates in all
conditions, 1 000 data sets, Monte-Carlo error .007; in brackets unadjusted.

    R   slope change   conditions   correlation   knots          benchmark shares
    5       -1             6             0        .017 (.089)     .031 (.174)
    5       -1             6            .9        .014 (.035)     .025 (.096)
    5       -1            12            .5        .017 (.137)     .036 (.267)
   10       -1             6             0        .037 (.150)     .043 (.216)
   10       -1             6            .9        .029 (.064)     .048 (.106)
   10       -1            12            .5        .037 (.185)     .048 (.300)
   10      -0.4            6             0        .023 (.116)
   10      -0.4            6            .9        .024 (.056)
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from smcollapse.inference.multiplicity.hypotheses import (
    Alternative,
    SimultaneousTests,
    Statistics,
    in_doubt,
)
from smcollapse.inference.multiplicity.maxima import (
    MOST_FREEDOM,
    correlation_factor,
    critical_value,
    step_down,
    studentized,
    unit_columns,
)
from smcollapse.inference.records import InferenceError, check_level
from smcollapse.inference.resampling import (
    INDEPENDENT,
    Array,
    Replication,
    check_draws,
    percentile_band,
    percentile_limit,
    standard_error,
)

Resampling = Literal["rotations", "sign flips"]

DRAWS = 4999
"""An adjusted p-value of .05 is then known to .003."""

FEWEST_REPLICATES = 3
"""With fewer, p-values are Holm's."""

MOST_FLIPS = 8192


def romano_wolf(
    values: npt.ArrayLike,
    names: Sequence[str] | None = None,
    *,
    null_values: npt.ArrayLike = 0.0,
    alternative: Alternative = "two-sided",
    resampling: Resampling = "rotations",
    replication: Replication = INDEPENDENT,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> SimultaneousTests:
    """Test the means of per-replicate contrasts ``values`` (R, H) against ``null_values`` (H,).

    Row r of ``values`` belongs to one replicate in all columns. p-values are Romano & Wolf's on
    rotations or sign flips, Holm's for 2 replicates. Simultaneous intervals use the maximum of t
    statistics drawn from the columns' covariance, below 6 replicates Bonferroni's t quantile.

    Raises InferenceError for fewer than 2 replicates, values that are not finite, and names or
    null values that do not fit the columns.
    """
    columns = np.asarray(values, dtype=np.float64)
    if columns.ndim != 2 or not columns.size or not np.isfinite(columns).all():
        raise InferenceError(
            "values must be finite numbers of shape (replicates, hypotheses), got an array of "
            f"shape {columns.shape}: give only replicates that hold every contrast"
        )
    check_draws(draws)
    if resampling not in ("rotations", "sign flips"):
        raise InferenceError(f'resampling must be "rotations" or "sign flips", got {resampling!r}')
    n = len(columns)
    if n < 2:
        raise InferenceError("testing a set of hypotheses needs at least 2 replicates, got 1")
    errors = replication.spread_factor(n) * columns.std(axis=0, ddof=1) / math.sqrt(n)
    asked = _asked(columns.mean(axis=0), errors, n - 1.0, names, null_values, alternative, level)
    generator = np.random.default_rng(seed)
    critical = critical_value(columns, alternative, level, draws, generator)
    if n < FEWEST_REPLICATES:
        return asked.tested(
            None, critical, "Holm on t tests", n, f"{n} replicates: Holm's p-values"
        )
    adjusted, number = _adjusted_by_replicates(columns, asked, resampling, draws, generator)
    if resampling == "rotations":  # of one column exact; what is left is the error of the draws
        adjusted = np.maximum(adjusted, asked.p_values)
    method = f"Romano-Wolf step-down max-T, {number} {resampling} of whole replicates, seed {seed}"
    return asked.tested(adjusted, critical, method, n, "")


def romano_wolf_draws(
    estimates: npt.ArrayLike,
    draws: npt.ArrayLike,
    n_replicates: int,
    names: Sequence[str] | None = None,
    *,
    freedom: float | None = None,
    standard_errors: npt.ArrayLike | None = None,
    null_values: npt.ArrayLike = 0.0,
    alternative: Alternative = "two-sided",
    level: float = 0.95,
    seed: int = 0,
) -> SimultaneousTests:
    """The same for estimates (H,) that are not means, such as knots, from their common draws.

    ``draws`` (B, H), B >= 99: every row from the same resample of replicates in all columns, so of
    ``replicate_weights(R, B, seed) @ curves.values`` (resampling.py) with one seed for all
    conditions; :meth:`Curves.draw_means` may add noise that is not the replicates'.
    ``freedom`` is that of the t-scaled draws, R-1 unless given; ``standard_errors`` (H,) are those
    behind the draws unless given. The draws give the correlations (by ranks); the law of the
    maximum is that of correlated t statistics, each with its own denominator.

    Raises InferenceError for shapes that do not fit, and standard errors that are not finite.
    """
    drawn, found = np.asarray(draws, dtype=np.float64), np.asarray(estimates, dtype=np.float64)
    if found.ndim != 1 or not found.size or not np.isfinite(found).all():
        raise InferenceError(f"estimates must be a vector of finite numbers, got {found.tolist()}")
    if drawn.ndim != 2 or drawn.shape[1] != found.size or np.isnan(drawn).any():
        raise InferenceError(
            f"draws must have shape (draws, {found.size}) and no nan, got {drawn.shape}"
        )
    check_draws(len(drawn))
    freedom = n_replicates - 1.0 if freedom is None else freedom
    if not freedom >= 1.0:
        raise InferenceError(f"the draws need at least 1 degree of freedom, got {freedom}")
    if standard_errors is None:
        errors = np.array([_spread(column, freedom) for column in drawn.T])
    else:
        errors = np.asarray(standard_errors, dtype=np.float64)
    if errors.shape != found.shape or not (np.isfinite(errors) & (errors >= 0.0)).all():
        raise InferenceError(
            f"standard errors must be {found.size} finite numbers, got {errors.tolist()}: leave "
            "out an estimate whose band is open"
        )
    asked = _asked(found, errors, freedom, names, null_values, alternative, level)
    whole, generator = int(min(freedom, MOST_FREEDOM)), np.random.default_rng(seed)
    scores = studentized(correlation_factor(drawn), whole, len(drawn), generator)
    adjusted, largest = step_down(
        in_doubt(scores, alternative), in_doubt(asked.values, alternative)
    )
    return asked.tested(
        np.maximum(adjusted, asked.p_values),
        percentile_limit(largest, level, upper=True),
        f"Romano-Wolf step-down max-T, correlations of {len(drawn)} common draws, seed {seed}",
        n_replicates,
        "",
    )


def _spread(draws: Array, freedom: float) -> float:
    """Standard error behind draws (B,): the larger by their central 68 % and 95 %.

    A knot's draws may pile up on a share, so that the former range has no width.
    """
    band = percentile_band(draws, 0.95)
    return max(standard_error(draws, freedom), band.width / 2.0 / float(stdtrit(freedom, 0.975)))


def _asked(
    estimates: Array,
    errors: Array,
    freedom: float,
    names: Sequence[str] | None,
    null_values: npt.ArrayLike,
    alternative: Alternative,
    level: float,
) -> Statistics:
    """The hypotheses, their names and null values checked."""
    check_level(level)
    if alternative not in ("two-sided", "greater", "less"):
        raise InferenceError(
            f'alternative must be "two-sided", "greater" or "less", got {alternative!r}'
        )
    count, nulls = estimates.size, np.asarray(null_values, dtype=np.float64)
    if nulls.shape not in ((), (count,)) or not np.isfinite(nulls).all():
        raise InferenceError(
            f"null_values must be one finite number or {count}, got {nulls.tolist()}"
        )
    labels = tuple(names or (f"hypothesis {h + 1}" for h in range(count)))
    if len(labels) != count or len(set(labels)) != count:
        raise InferenceError(f"names must be {count} distinct names, got {list(labels)}")
    spread = np.broadcast_to(nulls, (count,))
    return Statistics(labels, estimates, spread, errors, freedom, alternative, level)


def _adjusted_by_replicates(
    columns: Array,
    asked: Statistics,
    resampling: Resampling,
    draws: int,
    generator: np.random.Generator,
) -> tuple[Array, str]:
    """Adjusted p-values (H,) by rotations or sign flips of columns (R, H), and their number."""
    n = len(columns)
    exact = resampling == "sign flips" and 2**n <= MOST_FLIPS
    if exact:
        directions = np.array(list(itertools.product((1.0, -1.0), repeat=n)))
    elif resampling == "sign flips":
        directions = generator.choice((1.0, -1.0), size=(draws, n))
    else:
        directions = generator.standard_normal((draws, n))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    cosines = directions @ unit_columns(columns - asked.nulls)
    # t = √(R-1)·c/√(1-c²) rises with c, so that cosines may be compared instead
    statistics = asked.values
    with np.errstate(invalid="ignore"):
        observed = statistics / np.sqrt(n - 1.0 + statistics**2)
    observed = np.where(np.isinf(statistics), np.sign(statistics), observed)
    p_values, _ = step_down(
        in_doubt(cosines, asked.alternative), in_doubt(observed, asked.alternative), exact=exact
    )
    return p_values, f"all {len(directions)}" if exact else str(draws)
