"""What a built-in source does to the law of its world."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from smcollapse.laws.contexts import Floats
from smcollapse.settings import ConsensusSource, PhrasesSource, ShrunkenSource


@dataclass(frozen=True)
class SyntheticLaw:
    """The law of synthetic data.

    frequency : (K,) s_k, zero on contexts that are not covered, sums to 1
    mess : factor 1 − polish on label noise, on feature variance and on 1/ν of heavy tails
    templates : number of distinct examples, 0 for every example its own
    """

    frequency: Floats
    mess: float
    templates: int
    fidelity: float
    contamination: float
    detectability: float


def synthetic_frequency(frequency: Floats, coverage: float, tempering: float) -> Floats:
    """s_k ∝ w_k^τ on the ⌈coverage · K⌉ most frequent contexts, shape (K,)."""
    n_covered = max(1, math.ceil(coverage * len(frequency) - 1e-9))
    covered = np.argsort(-frequency, kind="stable")[:n_covered]
    covered = covered[frequency[covered] > 0]
    tempered = np.zeros_like(frequency)
    # Relative to the largest, so that a strong tempering does not underflow to nothing.
    tempered[covered] = (frequency[covered] / frequency[covered].max()) ** tempering
    return np.asarray(tempered / tempered.sum())


def synthetic_law(
    frequency: Floats, source: ConsensusSource | ShrunkenSource | PhrasesSource
) -> SyntheticLaw:
    """The law of what `source` makes in a world with these real frequencies, (K,)."""
    return SyntheticLaw(
        frequency=synthetic_frequency(frequency, source.coverage, source.tempering),
        mess=1.0 - source.polish,
        templates=source.templates,
        fidelity=source.fidelity,
        contamination=source.contamination,
        detectability=source.detectability,
    )
