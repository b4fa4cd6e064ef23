"""A steadier covariance for draws of the noise: half of it from its stationary part.

Whole replicates give the covariance of the mean curve without any assumption, but with R - 1
degrees of freedom, nine for ten replicates: the t scaling then costs a test for a break about four
points of power. On evenly spaced shares the correlation of two shares mostly depends on their
distance, so the mean of the sample correlations at each distance has many more degrees of freedom.
The law of the draws takes half of either (shrinkage towards a structured target: Ledoit & Wolf
2003; Schäfer & Strimmer 2005), with every share's own variance:

    V = (1 - λ) Σ̂ + λ D^(1/2) T D^(1/2),   λ = 1/2,   T_st = mean of r_uv over |u - v| = |s - t|.

Where the noise is not stationary (replicates that differ in slope) the other half still follows the
replicates: coverage stays between .93 and .98 (VERIFICATION_INFERENCE.md). The degrees of freedom
count the averaged half four times as much, and that both halves are from the same replicates.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import toeplitz

from smcollapse.inference.resampling import Array

PART = 0.5
GAIN = 4.0
MINIMUM_REPLICATES = 4
MINIMUM_SHARES = 7
EVEN = 0.01


def stationary_factor(shares: Array, deviations: Array) -> Array | None:
    """Rows F (S, S) with F'F the stationary covariance of one replicate, from deviations (R, S).

    None where shares are not even, too few, or replicates fewer than four: no half is then taken.
    """
    replicates, n_shares = deviations.shape
    gaps = np.diff(shares)
    if replicates < MINIMUM_REPLICATES or n_shares < MINIMUM_SHARES:
        return None
    if float(np.ptp(gaps)) > EVEN * float(gaps.mean()):
        return None
    covariance = deviations.T @ deviations / (replicates - 1)
    spread = np.sqrt(np.diag(covariance))
    if (spread == 0.0).any():
        return None
    correlation = covariance / np.outer(spread, spread)
    means = np.array([np.diag(correlation, lag).mean() for lag in range(n_shares)])
    values, vectors = np.linalg.eigh(toeplitz(means))
    # means of sample correlations need not be a correlation matrix: negative parts go, and the
    # diagonal is put right again
    rows = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T  # whatever signs vectors have
    rows /= np.sqrt((rows**2).sum(axis=0))
    factor: Array = rows * spread
    return factor


def combined_freedom(freedom: float) -> float:
    """Degrees of freedom of the mixture: Var = 2[(1-λ)²/ν + (λ² + 2λ(1-λ))/(4ν)]."""
    own = (1.0 - PART) ** 2 / freedom
    averaged = (PART**2 + 2.0 * PART * (1.0 - PART)) / (GAIN * freedom)
    return 1.0 / (own + averaged)
