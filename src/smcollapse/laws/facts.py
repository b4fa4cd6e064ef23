"""The law of a `facts` world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smcollapse.laws.contexts import ContextLaw, context_law
from smcollapse.settings import FactsWorld, LanguageWorld
from smcollapse.streams import stream


@dataclass(frozen=True)
class FactsLaw(ContextLaw):
    """Contexts with their category, consensus answer and true answer, each (K,) int32.

    `noise` η is the chance that an observed real label is replaced by a uniform one.
    """

    category: NDArray[np.int32]
    consensus: NDArray[np.int32]
    truth: NDArray[np.int32]
    n_answers: int
    n_categories: int
    noise: float


def facts_law(world: FactsWorld | LanguageWorld, noise: float | None = None) -> FactsLaw:
    """The law of that world: what its own seed settles, and nothing that a replicate redraws.

    `noise` is the world's own unless given; `laws.language` gives that of sentences.
    """
    contexts = context_law(
        world.n_contexts,
        world.zipf_exponent,
        world.rare_mass,
        world.exception_share,
        world.seed,
    )
    k, answers = world.n_contexts, world.n_answers
    draw = stream(world.seed, None, "categories").uniforms(k)
    category = (draw * world.n_categories).astype(np.int32)
    consensus = category % np.int32(answers)
    step = 1 + (stream(world.seed, None, "exception answers").uniforms(k) * (answers - 1)).astype(
        np.int32
    )
    truth = np.where(contexts.exception, (consensus + step) % answers, consensus).astype(np.int32)
    return FactsLaw(
        frequency=contexts.frequency,
        rare=contexts.rare,
        exception=contexts.exception,
        category=category,
        consensus=consensus,
        truth=truth,
        n_answers=answers,
        n_categories=world.n_categories,
        noise=world.noise if noise is None else noise,
    )
