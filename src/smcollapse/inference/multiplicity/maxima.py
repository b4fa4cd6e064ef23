"""The largest of many correlated statistics: its law from resamples, and step-down p-values."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from smcollapse.inference.multiplicity.hypotheses import Alternative, in_doubt
from smcollapse.inference.resampling import Array, percentile_limit
from smcollapse.kernels.max_t import count_step_down, fill_studentized

FEWEST_FOR_A_MAXIMUM = 6
"""Below this many replicates simultaneous intervals are Bonferroni's."""

BLOCK = 2_000_000  # normal numbers held at a time
MOST_FREEDOM = 200  # beyond, a denominator is as good as known
TIE = 1e-9


def step_down(scores: Array, observed: Array, *, exact: bool = False) -> tuple[Array, Array]:
    """Adjusted p-values (H,) of observed (H,) against scores (B, H); largest scores (B,).

    ``exact``: the observed data are among the resamples.
    """
    order = np.argsort(-observed, kind="stable")
    counts = np.empty(observed.size, dtype=np.int64)
    largest = np.empty(len(scores))
    # resamples equal to the observed data up to rounding must count
    limits = observed - TIE * np.abs(observed)
    count_step_down(np.ascontiguousarray(scores), order, limits, counts, largest)
    p_values = counts / len(scores) if exact else (1.0 + counts) / (len(scores) + 1.0)
    adjusted = np.empty(observed.size)
    adjusted[order] = np.maximum.accumulate(p_values[order])
    return adjusted, largest


def critical_value(
    columns: Array,
    alternative: Alternative,
    level: float,
    draws: int,
    generator: np.random.Generator,
) -> float:
    """Quantile of the largest t statistic, at most Bonferroni's."""
    n, count = columns.shape
    sides = 2 if alternative == "two-sided" else 1
    bonferroni = float(stdtrit(n - 1, 1.0 - (1.0 - level) / sides / count))
    if n < FEWEST_FOR_A_MAXIMUM:
        return bonferroni
    factor = unit_columns(columns - columns.mean(axis=0))
    freedom = min(n - 1, MOST_FREEDOM)
    largest = in_doubt(studentized(factor, freedom, draws, generator), alternative).max(axis=1)
    return min(percentile_limit(largest, level, upper=True), bonferroni)


def studentized(factor: Array, freedom: int, draws: int, generator: np.random.Generator) -> Array:
    """t statistics (B, H) whose numerators have the correlations L'L of the factor L (K, H)."""
    scores = np.empty((draws, factor.shape[1]))
    block = max(1, BLOCK // ((freedom + 1) * len(factor)))
    for start in range(0, draws, block):
        part = scores[start : start + block]
        normals = generator.standard_normal((len(part), freedom + 1, len(factor)))
        fill_studentized(normals, np.ascontiguousarray(factor), part)
    return scores


def correlation_factor(draws: Array) -> Array:
    """A factor L (H, H) of the correlations of draws (B, H), by ranks (infinite draws allowed)."""
    from scipy.stats import rankdata  # a third of a second: only where it is needed

    ranks = rankdata(draws, axis=0)
    units = unit_columns(ranks - ranks.mean(axis=0))
    # Spearman's correlation, and Pearson's of a normal law that has it
    correlation = 2.0 * np.sin(np.pi / 6.0 * (units.T @ units))
    np.fill_diagonal(correlation, 1.0)
    values, vectors = np.linalg.eigh(correlation)
    factor: Array = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    scaled: Array = factor / np.linalg.norm(factor, axis=0)
    return scaled


def unit_columns(columns: Array) -> Array:
    """Columns (R, H) of length one; a column of zeros stays."""
    lengths = np.linalg.norm(columns, axis=0)
    scaled: Array = columns / np.where(lengths > 0.0, lengths, 1.0)
    return scaled
