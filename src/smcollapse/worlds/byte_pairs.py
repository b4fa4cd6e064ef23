"""Byte-pair tokens: text cut into the pieces that it repeats most.

Source: Sennrich, Haddow & Birch (2016), as the library `sentencepiece` (Kudo & Richardson 2018)
learns them, in memory and on one thread, so that the same text gives the same tokens.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smcollapse.errors import DataError

START, UNKNOWN, MADE = 0, 1, 2
"""The token that rows begin with; that of characters too rare for one of their own; and the one
that generated rows begin with where they are marked. No text has the first or the last."""

COVERAGE = 0.99999
"""Share of the characters of the text that have tokens of their own."""

LEARNED_FROM = 20_000_000
"""Characters from which pairs are learned at most, spread over the whole text."""

SPACE = "\u2581"
"""How the library writes a space within tokens."""


@dataclass(frozen=True)
class BytePairs:
    """Tokens 0 … V − 1 of a text; `model` is the library's own file."""

    model: bytes

    @cached_property
    def _processor(self) -> Any:
        from sentencepiece import SentencePieceProcessor

        return SentencePieceProcessor(model_proto=self.model, num_threads=1)

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.int32]]:
        """The tokens of each text, with no START."""
        found = self._processor.encode(list(texts), out_type=int, num_threads=1)
        return [np.array(tokens, dtype=np.int32) for tokens in found]

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of tokens; START and MADE are nothing, an unknown character is �."""
        return str(self._processor.decode([int(token) for token in tokens]))


def learn(texts: Sequence[str], vocabulary: int, file: str) -> BytePairs:
    """The tokens of those texts, `vocabulary` of them with the three that are no text.

    Line ends are tokens of their own and spaces belong to the words after them.

    Raises
    ------
    DataError
        If the text has more characters than that, or fewer pairs.
    """
    from sentencepiece import SentencePieceTrainer

    step = -(-sum(map(len, texts)) // LEARNED_FROM)
    lines = (line for text in texts[::step] for line in text.split("\n") if line)
    model = io.BytesIO()
    try:
        SentencePieceTrainer.train(
            sentence_iterator=lines,
            model_writer=model,
            model_type="bpe",
            vocab_size=vocabulary,
            character_coverage=COVERAGE,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            add_dummy_prefix=False,
            allow_whitespace_only_pieces=True,
            control_symbols=["<made>"],
            user_defined_symbols=["\n"],
            bos_id=START,
            unk_id=UNKNOWN,
            eos_id=-1,
            pad_id=-1,
            unk_surface="�",
            max_sentence_length=2**24,
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise DataError(f"{file}: {_reason(str(error), vocabulary)}") from None
    return BytePairs(model.getvalue())


def _reason(said: str, vocabulary: int) -> str:
    """What the library says of a text, in the user's terms."""
    most = re.search(r"set it to a value <= (\d+)", said)
    if most:
        return (
            f"the text has pairs for {most[1]} tokens only, and world.vocabulary = {vocabulary}: "
            "write a smaller vocabulary, or give more text"
        )
    least = re.search(r"required_chars\. \d+ vs (\d+)", said)
    if least:
        return (
            f"the characters of the text alone need {least[1]} tokens, and world.vocabulary = "
            f"{vocabulary}: write {int(least[1]) + 64} or more"
        )
    return f"no byte-pair tokens can be learned from the text ({said.splitlines()[0]})"
