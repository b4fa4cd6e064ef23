"""Discrete facts: draws from `laws.facts`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from smcollapse.laws import FactsLaw, facts_law
from smcollapse.settings import FactsWorld
from smcollapse.streams import Stream, stream
from smcollapse.worlds.drawn import Drawn
from smcollapse.worlds.rows import Inputs, Ints, Rows


@dataclass(frozen=True)
class Facts(Drawn):
    """A `facts` world, ready to draw from."""

    settings: FactsWorld

    @cached_property
    def law(self) -> FactsLaw:
        """What the world's own seed settles."""
        return facts_law(self.settings)

    @property
    def inputs(self) -> Inputs:
        """The learner sees the context and its category."""
        return Inputs(0, (self.law.n_contexts, self.law.n_categories), self.law.n_answers)

    def real(self, seed: int, replicate: int, n: int) -> Rows:
        """The first n real training rows of that replicate."""
        return self._draw(stream(seed, replicate, "real rows"), n)

    def test(self, seed: int, replicate: int) -> Rows:
        """The held-out real rows of that replicate."""
        return self._draw(stream(seed, replicate, "test rows"), self.test_size)

    def _draw(self, draws: Stream, n: int) -> Rows:
        law = self.law
        context, label = draws.facts(
            n, self.contexts, law.truth, law.consensus, n_answers=law.n_answers, noise=law.noise
        )
        return self.rows(context, label, np.zeros(n, dtype=np.int8), np.arange(n))

    def rows(
        self,
        context: Ints,
        label: Ints,
        style: NDArray[np.int8],
        example: NDArray[np.int64],
    ) -> Rows:
        """Rows with everything that follows from context and label, each (n,)."""
        law = self.law
        return Rows(
            features=np.empty((len(context), 0), dtype=np.float32),
            codes=np.stack([context, law.category[context]], axis=1),
            style=style,
            label=label,
            truth=law.truth[context],
            consensus=law.consensus[context],
            context=context,
            atypicality=self.rarity[context],
            example=example,
        )
