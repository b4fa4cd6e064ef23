"""Simulated sweeps for the tests of inference: 13 shares, noise s.d. .02 unless said."""

from __future__ import annotations

import numpy as np

from smcollapse.inference import Curves, Replication

SHARES = np.round(np.linspace(0.0, 0.6, 13), 12)
OWN = Replication(own_corpora=True)


def kink(knot: float = 0.4, before: float = -0.05, change: float = -1.0) -> np.ndarray:
    return 0.9 + before * SHARES + change * np.maximum(SHARES - knot, 0.0)


def sweep(
    truth: np.ndarray, seed: int = 0, n: int = 10, sd: float = 0.02, replication=OWN
) -> Curves:
    noise = np.random.default_rng([seed, n]).normal(0.0, sd, (n, truth.size))
    return Curves(SHARES, truth + noise, tuple(range(n)), "rare_recall", replication)
