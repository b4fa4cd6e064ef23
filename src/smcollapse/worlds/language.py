"""Facts told as sentences: draws from `laws.language`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from smcollapse.kernels.phrases import ANSWER_AT, LENGTH, PADDING, Wording
from smcollapse.laws import LanguageLaw, PhrasingLaw, language_law
from smcollapse.settings import LanguageWorld
from smcollapse.streams import AliasTable, Stream, stream
from smcollapse.worlds.drawn import Drawn
from smcollapse.worlds.lexicon import Lexicon
from smcollapse.worlds.rows import Inputs, Ints, Rows, Tokens


@dataclass(frozen=True)
class Language(Drawn):
    """A `language` world, ready to draw from."""

    settings: LanguageWorld

    @cached_property
    def law(self) -> LanguageLaw:
        """What the world's own seed settles."""
        return language_law(self.settings)

    @cached_property
    def words(self) -> Lexicon:
        """The words of the tokens, for people."""
        return Lexicon.of(self.law)

    def text(self, tokens: Ints) -> str:
        """A row (L,) as a line to read."""
        return self.words.sentence(tokens)

    @property
    def inputs(self) -> Inputs:
        """The learner sees the words of a sentence up to its answer."""
        words = self.law.vocabulary
        tokens = Tokens(words.size, LENGTH, ANSWER_AT, words.first_answer, PADDING)
        return Inputs(0, (), self.law.n_answers, tokens=tokens)

    def real(self, seed: int, replicate: int, n: int) -> Rows:
        """The first n real training rows of that replicate."""
        return self._draw(seed, replicate, "real", n, self.law.phrasings)

    def test(self, seed: int, replicate: int) -> Rows:
        """The held-out real rows of that replicate: of those without a "not" before the answer."""
        return self._draw(seed, replicate, "test", self.test_size, self.law.phrasings.asked)

    def _draw(self, seed: int, replicate: int, part: str, n: int, phrasing: PhrasingLaw) -> Rows:
        law = self.law
        context, label = stream(seed, replicate, f"{part} rows").facts(
            n,
            self.contexts,
            law.truth,
            law.consensus,
            n_answers=law.n_answers,
            noise=phrasing.noise_if_undenied,
        )
        style = np.zeros(n, dtype=np.int8)
        draws = stream(seed, replicate, f"{part} sentences")
        return self.tell(draws, np.arange(n), context, label, style, self.wording(phrasing))

    def wording(self, phrasing: PhrasingLaw) -> Wording:
        """Everything that it takes to put facts into words in that way."""
        law, words = self.law, self.law.vocabulary
        real, own = np.split(phrasing.phrasing, 2)
        by_style = [half if half.any() else real + own for half in (real, own)]
        return Wording(
            truth=law.truth,
            relation=law.category,
            templates=np.stack([AliasTable.from_weights(half).entries for half in by_style]),
            relation_first=law.relation_first,
            lemmas=law.lemmas,
            synonyms=AliasTable.from_weights(phrasing.synonym).entries,
            first=words.firsts,
            n_answers=law.n_answers,
            filler=phrasing.filler,
            denial_before=phrasing.denial_before,
            denial_after=phrasing.denial_after,
        )

    def tell(
        self,
        draws: Stream,
        example: NDArray[np.int64],
        context: Ints,
        label: Ints,
        style: NDArray[np.int8],
        wording: Wording,
    ) -> Rows:
        """Rows of sentences that say those labels of those contexts, where they deny nothing, (n,).

        The wording of a row depends on the number of its example, so that copies are worded alike.
        """
        law = self.law
        codes, label = draws.sentences(example, context, label, style, wording)
        return Rows(
            features=np.empty((len(context), 0), dtype=np.float32),
            codes=codes,
            style=style,
            label=label,
            truth=law.truth[context],
            consensus=law.consensus[context],
            context=context,
            atypicality=self.rarity[context],
            example=example,
        )
