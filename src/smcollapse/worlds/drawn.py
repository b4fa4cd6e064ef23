"""What worlds that are drawn from a law have in common."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smcollapse.laws import ContextLaw, rarity
from smcollapse.streams import AliasTable


class Drawn:
    """A world whose rows can be drawn without end; `settings` and `law` are the subclass's."""

    settings: Any
    law: Any

    @cached_property
    def contexts(self) -> AliasTable:
        """Alias table of the real context frequencies."""
        return AliasTable.from_weights(self._contexts.frequency)

    @cached_property
    def rarity(self) -> NDArray[np.float32]:
        """(K,) log-rarity of each context, which the filter takes for atypicality."""
        return rarity(self._contexts.frequency).astype(np.float32)

    @property
    def _contexts(self) -> ContextLaw:
        law: ContextLaw = self.law
        return law

    @property
    def rare(self) -> NDArray[np.bool_]:
        """(K,) the rare contexts."""
        return self._contexts.rare

    @property
    def rare_share(self) -> float:
        """Share of real rows in rare contexts."""
        return float(self._contexts.frequency[self.rare].sum())

    @property
    def exception(self) -> NDArray[np.bool_]:
        """(K,) rare contexts whose truth is not what the rule says."""
        return self._contexts.exception

    @property
    def train_size(self) -> int | None:
        """Rows can be drawn without end."""
        return None

    @property
    def test_size(self) -> int:
        """Number of held-out rows."""
        return int(self.settings.test_size)

    @property
    def split(self) -> tuple[float, float] | None:
        """Nothing is split: all rows are new draws."""
        return None
