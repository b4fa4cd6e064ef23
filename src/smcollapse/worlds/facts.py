"""Discrete facts: draws from `laws.facts`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from smcollapse.laws import FactsLaw, facts_law, rarity
from smcollapse.laws.contexts import Floats
from smcollapse.settings import FactsWorld
from smcollapse.streams import AliasTable, Stream, stream
from smcollapse.worlds.rows import Inputs, Ints, Rows


@dataclass(frozen=True)
class Facts:
    """A `facts` world, ready to draw from."""

    settings: FactsWorld

    @cached_property
    def law(self) -> FactsLaw:
        """What the world's own seed settles."""
        return facts_law(self.settings)

    @cached_property
    def table(self) -> AliasTable:
        """Alias table of the real context frequencies."""
        return AliasTable.from_weights(self.law.frequency)

    @property
    def inputs(self) -> Inputs:
        """The learner sees the context and its category."""
        return Inputs(0, (self.law.n_contexts, self.law.n_categories), self.law.n_answers)

    @property
    def rare(self) -> NDArray[np.bool_]:
        """(K,) the rare contexts."""
        return self.law.rare

    @property
    def exception(self) -> NDArray[np.bool_]:
        """(K,) rare contexts whose true answer is not that of their category."""
        return self.law.exception

    @property
    def train_size(self) -> int | None:
        """Facts can be drawn without end."""
        return None

    def real(self, seed: int, replicate: int, n: int) -> Rows:
        """The first n real training rows of that replicate."""
        return self._draw(stream(seed, replicate, "real rows"), n)

    def test(self, seed: int, replicate: int) -> Rows:
        """The held-out real rows of that replicate."""
        return self._draw(stream(seed, replicate, "test rows"), self.settings.test_size)

    def _draw(self, draws: Stream, n: int) -> Rows:
        law = self.law
        context, label = draws.facts(
            n, self.table, law.truth, law.consensus, n_answers=law.n_answers, noise=law.noise
        )
        return self.rows(context, label, np.zeros(n, dtype=np.int8), np.arange(n))

    @cached_property
    def _rarity(self) -> Floats:
        return rarity(self.law.frequency)

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
            atypicality=self._rarity[context].astype(np.float32),
            example=example,
        )
