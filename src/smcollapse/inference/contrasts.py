"""t tests of contrasts of the mean curve, by the design of the runs.

A contrast c compares shares: its estimate is Σ_s c_s ȳ_s. Where replicates hold all of its shares
it is taken within each, a paired t test with R - 1 degrees of freedom, exact under any correlation
between shares. Runs of their own at every share give Welch's test (1947), few replicates pool their
noise over shares (pooled.py). Corpora that runs of a share have in common add their variance.

Values on a grid of step q (an accuracy of two decimals, 19 of 20 right) tie: four differences that
happen to be equal have no variance, and an infinite t. Rounding alone has a variance of q²/12 a
run, which is the least that is taken for it. Without it .28 to .46 of flat curves of four
replicates "declined" or "rose" (rounded to one or two s.d., 10 or 20 test rows), with it .02 at
most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from smcollapse.inference.curves import FEWEST_UNPOOLED, Curves
from smcollapse.inference.pooled import pooled_noise
from smcollapse.inference.resampling import Array


@dataclass(frozen=True, eq=False)
class ContrastTests:
    """Estimates (P,), their standard errors (P,) and degrees of freedom (P,)."""

    values: Array
    errors: Array
    freedom: Array

    def statistics(self, margins: Array | float = 0.0) -> Array:
        """t statistics (P,) of "contrast = margin"; infinite where there is no noise."""
        distance = self.values - margins
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio: Array = np.where(distance == 0.0, 0.0, distance / self.errors)
        return ratio

    def p_greater(self, margins: Array | float = 0.0) -> Array:
        """p-values (P,) of "contrast <= margin"."""
        p_values: Array = np.asarray(stdtr(self.freedom, -self.statistics(margins)))
        return p_values

    def limit(self, probability: float) -> Array:
        """One-sided confidence limits (P,): lower ones for a probability below one half."""
        with np.errstate(invalid="ignore"):
            half = np.where(self.errors > 0.0, stdtrit(self.freedom, probability), 0.0)
        limits: Array = self.values + half * self.errors
        return limits


def contrast_tests(curves: Curves, contrasts: Array) -> ContrastTests:
    """Tests of contrasts (P, S) of the mean curve; the curves must have noise."""
    contrasts = np.atleast_2d(contrasts)
    if curves.pooled:
        values, own, freedom = _pooled(curves, contrasts)
    elif curves.paired and curves.complete:
        values, own, freedom = _within_replicates(curves, contrasts)
    else:
        values, own, freedom = _by_available_runs(curves, contrasts)
    if curves.resolution > 0.0 and not curves.pooled:
        own = np.maximum(own, curves.resolution**2 / 12.0 * (contrasts**2 @ (1.0 / curves.counts)))
    own = own * curves.spread_factor**2
    noise = curves.noise
    if noise.corpus_variance > 0.0 and not noise.from_curve:
        common = contrasts**2 @ noise.common
        spread = own**2 / freedom + common**2 / noise.common_freedom
        with np.errstate(invalid="ignore"):
            freedom = np.where(spread > 0.0, (own + common) ** 2 / spread, freedom)
        own = own + common
    return ContrastTests(values, np.sqrt(own), freedom)


def _within_replicates(curves: Curves, contrasts: Array) -> tuple[Array, Array, Array]:
    columns = curves.values @ contrasts.T
    n = curves.n_replicates
    variance = columns.var(axis=0, ddof=1) / n
    return columns.mean(axis=0), variance, np.full(len(contrasts), n - 1.0)


def _pooled(curves: Curves, contrasts: Array) -> tuple[Array, Array, Array]:
    """The pooled variance, or the replicates' own where that is larger."""
    counts = curves.counts
    deviations = np.where(np.isfinite(curves.values), curves.values - curves.mean, 0.0)
    noise = pooled_noise(deviations, counts, paired=curves.paired)
    variance = noise.contrast_variance(contrasts, counts)
    if curves.paired and curves.complete:
        variance = np.maximum(variance, _within_replicates(curves, contrasts)[1])
    return contrasts @ curves.mean, variance, np.full(len(contrasts), noise.freedom)


def _by_available_runs(curves: Curves, contrasts: Array) -> tuple[Array, Array, Array]:
    """Within the replicates that hold all shares of a contrast, else by Welch's test."""
    present = np.isfinite(curves.values)
    counts = curves.counts.astype(np.float64)
    squares = (np.where(present, curves.values - curves.mean, 0.0) ** 2).sum(axis=0)
    pooled_freedom = float((counts - 1.0).sum())
    # a share with a single run has the pooled variance
    single = counts < 2
    own = np.where(single, squares.sum() / pooled_freedom, squares / np.maximum(counts - 1.0, 1.0))
    degrees = np.where(single, pooled_freedom, counts - 1.0)
    parts = contrasts**2 * (own / counts)
    values, variance = contrasts @ curves.mean, parts.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = np.where(variance > 0.0, variance**2 / (parts**2 / degrees).sum(axis=1), np.inf)
    if not curves.paired:
        return values, variance, freedom
    for row, contrast in enumerate(contrasts):
        used = contrast != 0.0
        held = present[:, used].all(axis=1)
        n = int(held.sum())
        if n >= FEWEST_UNPOOLED and n >= 0.5 * counts[used].min():
            column = curves.values[np.ix_(held, used)] @ contrast[used]
            values[row], variance[row] = column.mean(), column.var(ddof=1) / n
            freedom[row] = n - 1.0
    return values, variance, freedom
