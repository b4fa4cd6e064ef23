"""The noise of a mean curve: how far it may lie from the truth, by the design of the runs.

Three designs (see also resampling.py):

*Replicates of their own data*, with or without common random numbers. The covariance of the mean
curve over shares is estimated from whole replicates, whatever it is; there are R-1 degrees of
freedom. A draw is Σ_r g_r e_r / √(n(n-1)) over √(χ²/(R-1)): t-scaled, so that any fixed contrast
of it has the law of the t test. With missing cells n is the number of replicates at a share and
the degrees of freedom are Σ_s (n_s - 1) over the mean number of shares of a replicate.

*Several corpora a share*, each used by several runs: runs of one corpus have its peculiarity in
common. The variance τ² of a corpus (its effect on the measure at one share) is estimated from the
differences between corpora of a share, pooled over shares; the mean of a share then has variance
τ²/K more, K its corpora, which no number of runs makes smaller.

*One corpus a share, used by all*: no difference between runs shows it. τ² is estimated from the
scatter of the mean curve about a kink (a cubic or logistic, where one fits far better): what is
beyond the replicates' own noise. Where nothing is said of corpora, the same scatter is tested,
and taken in where it is there.

Two or three replicates pool their noise over shares (pooled.py). One run a share has none: what
scatters about a fitted curve is noise only if the curve is right, which is what is asked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from smcollapse.inference.curves import Curves
from smcollapse.inference.dictionaries import dictionary
from smcollapse.inference.families import CUBIC, KINK, LOGISTIC, TWO_BREAKS
from smcollapse.inference.pooled import pooled_noise
from smcollapse.inference.records import InferenceError, Record
from smcollapse.inference.resampling import Array
from smcollapse.inference.stationary import PART, combined_freedom, stationary_factor

SCATTER_SHARES = 6
"""Shares below which scatter about a curve of four parameters is not estimated."""

SCATTER_LEVEL = 0.05
"""Undeclared common noise is taken in below this p-value."""

SCATTER_DRAWS = 499
POOLED = (
    "too few runs a share for a variance of its own: noise is pooled over shares, which assumes "
    "that it is about equal at all of them; four replicates or more need no such assumption"
)
SHAPES = (KINK, CUBIC, LOGISTIC)


@dataclass(frozen=True, eq=False)
class Noise(Record):
    """Law of the noise of a mean curve on S shares.

    residuals (R, S) : replicate minus mean, over √(n_s (n_s - 1)), 0 where a cell is missing;
        of pooled noise the rows of a factor of its covariance
    freedom : degrees of freedom of the replicates' covariance
    stationary (S, S) : factor of the stationary covariance of the mean, which makes half of the
        draws (stationary.py); None where there is none
    common (S,) : variance of the mean that runs of a share have in common, with common_freedom;
        ``from_curve`` where nothing but the scatter about a curve says so
    components : variance components in words and numbers, for the record
    """

    residuals: Array
    freedom: float
    stationary: Array | None
    common: Array
    common_freedom: float
    from_curve: bool
    corpus_variance: float
    run_variance: float
    effective_runs: float
    warnings: tuple[str, ...]

    @property
    def degrees(self) -> float:
        """Degrees of freedom that stand for both parts where one number is wanted."""
        if self.freedom <= 0 or self.corpus_variance > 0:
            return self.common_freedom
        return self.freedom

    def draws(self, count: int, seed: int) -> Array:
        """Draws (count, S) of the noise of the mean; ``seed`` alone determines them."""
        generator = np.random.default_rng(seed)
        n_shares = self.residuals.shape[1]
        out = np.zeros((count, n_shares))
        if self.freedom > 0:
            multipliers = generator.standard_normal((count, len(self.residuals)))
            own, freedom = multipliers @ self.residuals, self.freedom
            if self.stationary is not None:
                smooth = generator.standard_normal((count, n_shares)) @ self.stationary
                own = math.sqrt(1.0 - PART) * own + math.sqrt(PART) * smooth
                freedom = combined_freedom(freedom)
            out += own / _scale(generator, count, freedom)
        if self.common.any():
            extra = generator.standard_normal((count, n_shares)) * np.sqrt(self.common)
            out += extra / _scale(generator, count, self.common_freedom)
        return out

    def sample(self, count: int, seed: int) -> Array:
        """Means (count, S) as new runs of this design would have them: normal, not t-scaled."""
        generator = np.random.default_rng(seed)
        n_shares = self.residuals.shape[1]
        multipliers = generator.standard_normal((count, len(self.residuals)))
        common = generator.standard_normal((count, n_shares)) * np.sqrt(self.common)
        total: Array = multipliers @ self.residuals + common
        return total

    def covariance(self) -> Array:
        """Covariance (S, S) of the mean curve."""
        total: Array = self.residuals.T @ self.residuals + np.diag(self.common)
        return total

    def variance_and_freedom(
        self, contrasts: Array, *, without_curve: bool = False
    ) -> tuple[Array, Array]:
        """Variance (P,) of contrasts (P, S) of the mean, and Satterthwaite's d.f. (P,).

        ``without_curve`` leaves out what only the scatter about a fitted curve says.
        """
        own = ((contrasts @ self.residuals.T) ** 2).sum(axis=1)
        common = contrasts**2 @ self.common
        if without_curve and self.from_curve:
            common = np.zeros_like(common)
        total = own + common
        spread = np.zeros_like(total)
        for part, degrees in ((own, self.freedom), (common, self.common_freedom)):
            if degrees > 0:
                spread += part**2 / degrees
        with np.errstate(invalid="ignore", divide="ignore"):
            freedom: Array = np.where(spread > 0, total**2 / spread, math.inf)
        return total, freedom


def _scale(generator: np.random.Generator, count: int, freedom: float) -> Array:
    scale: Array = np.sqrt(generator.chisquare(freedom, size=(count, 1)) / freedom)
    return scale


def noise_of(curves: Curves) -> Noise:
    """The noise of the mean of these curves, by their design; see the module docstring.

    Raises InferenceError where every share has a single run.
    """
    present = np.isfinite(curves.values)
    counts = present.sum(axis=0)
    deviations = np.where(present, curves.values - curves.mean, 0.0)
    warnings: list[str] = []
    freedom = float((counts - 1).sum() / present.sum(axis=1).mean())
    if freedom <= 0:
        raise InferenceError(
            "one run a share: nothing tells noise from the curve; give 3 replicates or more"
        )
    divisor = np.where(counts > 1, counts * (counts - 1.0), np.inf)
    residuals = deviations / np.sqrt(divisor) * curves.spread_factor
    within = float((deviations**2).sum() / (counts - 1).sum())
    common = np.where(counts > 1, 0.0, within)  # a single run: the pooled variance of the others
    common_freedom = float((counts - 1).sum())
    if curves.pooled:
        pooled = pooled_noise(deviations, counts, paired=curves.paired)
        residuals, freedom = pooled.factor(counts) * curves.spread_factor, pooled.freedom
        common = np.zeros(counts.size)
        warnings.append(POOLED)
    elif (counts == 1).any():
        warnings.append(
            f"{int((counts == 1).sum())} shares have one run: they get the pooled variance"
        )
    corpus_variance, from_curve = 0.0, False
    grouped = curves.corpora is not None and bool((_corpora(curves) < counts).any())
    if grouped and (_corpora(curves) > 1).any():
        corpus_variance, corpus_freedom = _between_corpora(curves)
        common, common_freedom = common + corpus_variance / _corpora(curves), corpus_freedom
    elif grouped or not curves.replication.own_corpora:
        found = _scatter(curves, residuals, freedom, declared=grouped)
        if found > 0.0:
            corpus_variance, common_freedom = found, float(curves.shares.size - 4)
            common, from_curve = common + found, not grouped
            if not grouped:
                warnings.append(
                    "the mean curve scatters about every smooth or kinked curve by more than the "
                    "runs allow: it has another shape, or runs of a share have something in "
                    "common; bands of knot and transition allow for it"
                )
    effective = _effective(within, corpus_variance, counts, common)
    if corpus_variance > 0.0 and not from_curve:
        warnings.append(_advice(corpus_variance, within, curves, effective))
    factor = None
    if curves.complete and not curves.pooled:
        factor = stationary_factor(curves.shares, deviations)
    if factor is not None:
        factor = factor * curves.spread_factor / math.sqrt(curves.n_replicates)
    return Noise(
        residuals,
        freedom,
        factor,
        common,
        common_freedom,
        from_curve,
        corpus_variance,
        within,
        effective,
        tuple(warnings),
    )


def _corpora(curves: Curves) -> Array:
    """Number of corpora (S,) at each share."""
    assert curves.corpora is not None
    return np.array(
        [
            len({label for label in column if label is not None})
            for column in zip(*curves.corpora, strict=True)
        ],
        dtype=np.float64,
    )


def _between_corpora(curves: Curves) -> tuple[float, float]:
    """Variance of a corpus by the analysis of variance within shares, and its d.f."""
    assert curves.corpora is not None
    between = within = sizes = 0.0
    between_freedom = within_freedom = 0
    for s in range(curves.shares.size):
        groups: dict[object, list[float]] = {}
        for r in range(curves.n_replicates):
            if np.isfinite(curves.values[r, s]):
                groups.setdefault(curves.corpora[r][s], []).append(float(curves.values[r, s]))
        n = sum(len(group) for group in groups.values())
        mean = sum(map(sum, groups.values())) / n
        for group in groups.values():
            centre = sum(group) / len(group)
            between += len(group) * (centre - mean) ** 2
            within += sum((value - centre) ** 2 for value in group)
        between_freedom += len(groups) - 1
        within_freedom += n - len(groups)
        # n0 of the unbalanced one-way layout, summed with its degrees of freedom
        sizes += n - sum(len(group) ** 2 for group in groups.values()) / n
    noise = within / within_freedom if within_freedom else 0.0
    variance = (between - between_freedom * noise) / sizes if sizes else 0.0
    return max(variance, 0.0), float(between_freedom)


def _scatter(curves: Curves, residuals: Array, freedom: float, *, declared: bool) -> float:
    """Variance of the mean beyond the replicates' own, from the scatter about a curve."""
    shares = curves.shares.size
    if shares < SCATTER_SHARES:
        if declared:
            raise InferenceError(
                f"all runs of a share use one corpus, and {shares} shares are too few to see its "
                f"variance ({SCATTER_SHARES} are needed); give each share 2 corpora or more"
            )
        return 0.0
    shape = None if declared else _unsurprised(curves, residuals, freedom)
    if not declared and shape is None:
        return 0.0
    rss, parameters = _nearest(curves) if shape is None else shape
    expected = float((residuals**2).sum()) * (shares - parameters) / shares
    return max((rss - expected) / (shares - parameters), 0.0)


def _unsurprised(curves: Curves, residuals: Array, freedom: float) -> tuple[float, int] | None:
    """Residual sum of squares and parameters of the shape that fits best for its size.

    None if the replicates' own noise explains the misfit of any shape. Two breaks are among the
    shapes, so that a curve that saturates is not taken for one that scatters.
    """
    generator = np.random.default_rng(0)
    multipliers = generator.standard_normal((SCATTER_DRAWS, len(residuals)))
    noise = multipliers @ residuals / _scale(generator, SCATTER_DRAWS, freedom)
    best, largest = None, -1.0
    for family in (*SHAPES, TWO_BREAKS):
        if curves.shares.size <= family.parameters + 1:
            continue
        choice = dictionary(family, curves.shares)
        fit = choice.fit(curves.mean)
        rss = float(fit.rss[0])
        drawn = choice.fit(fit.curves + noise).rss
        p_value = (1 + int((drawn >= rss).sum())) / (SCATTER_DRAWS + 1)
        if p_value > SCATTER_LEVEL:
            return None
        if p_value > largest:
            best, largest = (rss, family.parameters), p_value
    return best


def _nearest(curves: Curves) -> tuple[float, int]:
    """RSS and parameters of the kink, unless another shape leaves less than half of its RSS.

    The least of three would be too small: with one corpus a share, bands from it covered .92.
    """
    sums = [float(dictionary(f, curves.shares).fit(curves.mean).rss[0]) for f in SHAPES]
    best = int(np.argmin(sums)) if min(sums) < 0.5 * sums[0] else 0
    return sums[best], SHAPES[best].parameters


def _effective(within: float, corpus: float, counts: Array, common: Array) -> float:
    """Independent runs a share that would give a mean of the same variance."""
    if within <= 0.0:
        return float(counts.mean())
    return float(np.mean(within / (within / counts + np.where(corpus > 0, common, 0.0))))


def _advice(corpus: float, within: float, curves: Curves, effective: float) -> str:
    share = corpus / (corpus + within) if corpus + within > 0 else 0.0
    return (
        f"runs share corpora: s.d. of a corpus {math.sqrt(corpus):.3g}, of a run "
        f"{math.sqrt(within):.3g} ({100 * share:.0f} % of a run's variance is its corpus's); "
        f"{curves.n_replicates} runs a share are worth {effective:.1f}; more corpora help, more "
        "runs of the same do not"
    )
