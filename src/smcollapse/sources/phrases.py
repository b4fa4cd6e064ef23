"""A source that tells the facts of a `language` world in a style, the consensus on exceptions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from smcollapse.kernels.phrases import ANSWER_AT
from smcollapse.laws import PhrasingLaw, SyntheticLaw, made_phrasing, synthetic_law
from smcollapse.settings import PhrasesSource
from smcollapse.streams import AliasTable, stream
from smcollapse.worlds.language import Language
from smcollapse.worlds.rows import Rows


@dataclass(frozen=True)
class Phrases:
    """Synthetic sentences."""

    settings: PhrasesSource
    seed: int
    replicate: int
    world: Language

    @cached_property
    def law(self) -> SyntheticLaw:
        """Which facts are told."""
        return synthetic_law(self.world.law.frequency, self.settings)

    @cached_property
    def phrasing(self) -> PhrasingLaw:
        """How they are worded."""
        return made_phrasing(self.world.settings, self.settings)

    @cached_property
    def table(self) -> AliasTable:
        """Alias table of the synthetic context frequencies."""
        return AliasTable.from_weights(self.law.frequency)

    def sample(self, n: int) -> Rows:
        """The first n synthetic rows."""
        world, law = self.world.law, self.law
        draws = stream(self.seed, self.replicate, "templates")
        template = draws.templates(n, self.settings.templates)
        context, label = stream(self.seed, self.replicate, "synthetic rows").facts(
            template,
            self.table,
            world.truth,
            world.consensus,
            n_answers=world.n_answers,
            fidelity=law.fidelity,
            contamination=law.contamination,
            noise=self.phrasing.noise_if_undenied,
        )
        return self.world.tell(
            stream(self.seed, self.replicate, "synthetic sentences"),
            template,
            context,
            label,
            self._style("synthetic style", template),
            self.world.wording(self.phrasing),
        )

    def ask(self, rows: Rows) -> Rows:
        """The same test questions as this source would put them; labels and all else stay.

        Words are drawn anew, row i from number i; what stands behind the answer is left alone.
        """
        number = np.arange(len(rows))
        style = self._style("asked style", number)
        phrasing = replace(self.phrasing.asked, denial_after=0.0)
        told = self.world.tell(
            stream(self.seed, self.replicate, "asked sentences"),
            number,
            rows.context,
            rows.label,
            style,
            self.world.wording(phrasing),
        )
        codes = told.codes
        codes[:, ANSWER_AT + 1 :] = rows.codes[:, ANSWER_AT + 1 :]
        return replace(rows, codes=codes, style=style)

    def _style(self, purpose: str, number: NDArray[np.int64]) -> NDArray[np.int8]:
        """(n,) 1 where a sentence has a phrase template of the source's own."""
        draws = stream(self.seed, self.replicate, purpose).uniforms(number)
        return (draws < self.settings.detectability).astype(np.int8)
