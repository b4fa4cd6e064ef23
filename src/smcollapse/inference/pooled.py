"""Noise pooled over shares, where replicates are too few for a variance of their own.

Two or three replicates leave one or two degrees of freedom a share. With e_rs = y_rs - ȳ_s the
deviations of replicates from the mean of their share,

    σ² = Σ e_rs² / Σ (n_s - 1),   ρ_l = max(0, mean of e_rs e_r,s+l / σ²)

pool over all shares; the degrees of freedom are those of correlated squares, Σ(n_s - 1) / (1 + 2
Σ ρ_l² (1 - l/S)) (Satterthwaite 1946; Bayley & Hammersley 1946). Assumed: noise of about equal size
at all shares, which no two replicates can show. Two precautions keep what is assumed from deciding
by itself: the variance of a contrast is at least the replicates' own, and correlations between
shares of opposite sign, which would make it smaller, are left out.

Error of a limit at nominal .05, two replicates, 13 shares, 4000 sets: .04 to .06 under independent,
AR(.5), AR(.8) and nested noise, .066 where the s.d. grows sevenfold with the share (verification).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import toeplitz

from smcollapse.inference.resampling import Array


@dataclass(frozen=True, eq=False)
class PooledNoise:
    """Variance of a run, correlations ρ (S,) by distance in shares, degrees of freedom."""

    variance: float
    correlation: Array
    freedom: float

    def contrast_variance(self, contrasts: Array, counts: Array) -> Array:
        """Variance (P,) of contrasts (P, S) of the means of ``counts`` (S,) runs."""
        scaled = contrasts / np.sqrt(counts)
        matrix = toeplitz(self.correlation)
        positive, negative = np.maximum(scaled, 0.0), np.minimum(scaled, 0.0)
        total: Array = self.variance * sum(
            np.einsum("ps,st,pt->p", part, matrix, part) for part in (positive, negative)
        )
        return total

    def factor(self, counts: Array) -> Array:
        """Rows (S, S) whose squares sum to the covariance of the means."""
        values, vectors = np.linalg.eigh(toeplitz(self.correlation))
        rows = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
        rows /= np.sqrt((rows**2).sum(axis=0))
        factor: Array = rows * np.sqrt(self.variance / counts)
        return factor


def pooled_noise(deviations: Array, counts: Array, *, paired: bool) -> PooledNoise:
    """Pooled noise of deviations (R, S), 0 where a cell is missing, from ``counts`` (S,) runs."""
    freedom = float((counts - 1).sum())
    variance = float((deviations**2).sum()) / freedom
    n_shares = counts.size
    correlation = np.zeros(n_shares)
    correlation[0] = 1.0
    if paired and variance > 0.0:
        products = deviations.T @ deviations
        means = np.array([np.diag(products, lag).mean() for lag in range(n_shares)])
        correlation[1:] = np.clip(means[1:] / means[0], 0.0, 1.0)
    distance = 1.0 - np.arange(1, n_shares) / n_shares
    excess = 1.0 + 2.0 * float((correlation[1:] ** 2) @ distance)
    return PooledNoise(variance, correlation, max(freedom / excess, 1.0))
