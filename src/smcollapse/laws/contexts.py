"""Contexts: Zipf frequencies, the rare ones, the exceptions among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smcollapse.streams import stream

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class ContextLaw:
    """K contexts, most frequent first.

    frequency : (K,) real frequency w_k, sums to 1
    rare      : (K,) the rarest contexts whose masses add up to at most `rare_mass`
    exception : (K,) rare contexts whose truth differs from the consensus
    """

    frequency: Floats
    rare: Bools
    exception: Bools

    @property
    def n_contexts(self) -> int:
        """K, the number of contexts."""
        return len(self.frequency)


def zipf(n_contexts: int, exponent: float) -> Floats:
    """Zipf frequencies w_k ∝ k^(−α), k = 1 … K, shape (K,)."""
    weights = np.arange(1, n_contexts + 1, dtype=np.float64) ** -exponent
    return np.asarray(weights / weights.sum())


def rarest(frequency: Floats, rare_mass: float) -> Bools:
    """The rarest contexts with a total mass of at most `rare_mass`; always at least one, (K,)."""
    order = np.argsort(frequency, kind="stable")
    inside = np.cumsum(frequency[order]) <= rare_mass + 1e-12
    inside[0] = True
    rare = np.zeros(len(frequency), dtype=np.bool_)
    rare[order[inside]] = True
    return rare


def rarity(frequency: Floats) -> Floats:
    """Log-rarity of each context: 0 for the most frequent, 1 for the rarest, shape (K,)."""
    logs = np.log(np.maximum(frequency, np.finfo(np.float64).tiny))
    spread = logs.max() - logs.min()
    return (logs.max() - logs) / spread if spread > 0 else np.zeros_like(logs)


def context_law(
    n_contexts: int, exponent: float, rare_mass: float, exception_share: float, seed: int
) -> ContextLaw:
    """Zipf contexts with round(exception_share · rare contexts) exceptions drawn by the seed."""
    frequency = zipf(n_contexts, exponent)
    rare = rarest(frequency, rare_mass)
    members = np.flatnonzero(rare)
    order = stream(seed, None, "exceptions").permutation(len(members))
    exception = np.zeros(n_contexts, dtype=np.bool_)
    exception[members[order[: round(exception_share * len(members))]]] = True
    return ContextLaw(frequency, rare, exception)
