"""The law of a `clusters` world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smcollapse.laws.contexts import ContextLaw, context_law
from smcollapse.settings import ClustersWorld


@dataclass(frozen=True)
class ClustersLaw(ContextLaw):
    """Contexts with their means given the true class.

    means : (2, K, d) float32, mean of a row of true class y (0 stands for −1, 1 for +1)
    scale : standard deviation of the noise around it
    tail_heaviness : 1/ν of a Student-t scale mixture, 0 for Gaussian
    noise : chance that an observed real label is flipped
    """

    means: NDArray[np.float32]
    scale: float
    tail_heaviness: float
    noise: float


def clusters_law(world: ClustersWorld) -> ClustersLaw:
    """The law of that world, in either feature convention (theory notes, section 3)."""
    contexts = context_law(
        world.n_contexts,
        world.zipf_exponent,
        world.rare_mass,
        world.exception_share,
        world.seed,
    )
    k = world.n_contexts
    rule = np.where(contexts.exception, -world.rule_strength, world.rule_strength)
    positive = np.zeros((k, world.dimension))
    positive[:, 0] = rule
    positive[np.arange(k), 1 + np.arange(k)] = world.context_strength
    negative = -positive
    if world.convention == "unsigned_cue":
        negative[:, 1:] *= -1.0
    return ClustersLaw(
        frequency=contexts.frequency,
        rare=contexts.rare,
        exception=contexts.exception,
        means=np.stack([negative, positive]).astype(np.float32),
        scale=world.scale,
        tail_heaviness=world.tail_heaviness,
        noise=world.noise,
    )
