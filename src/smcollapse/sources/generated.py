"""Text that a network, trained on the real training part, really generates.

It trains a network, so it is the one source that knows a model, and torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from smcollapse.models.text_generation import Generator
from smcollapse.settings import GeneratedSource, Transformer
from smcollapse.streams import stream
from smcollapse.study import DeviceClass
from smcollapse.worlds import Corpus, Rows, content_of
from smcollapse.worlds.byte_pairs import MADE


@dataclass(frozen=True)
class Generated:
    """Rows that one generator of each replicate writes, from the start token on.

    With probability `detectability` a row starts with another token, which no real row has.
    """

    settings: GeneratedSource
    seed: int
    replicate: int
    world: Corpus
    device: DeviceClass = "cpu"

    @cached_property
    def generator(self) -> Generator:
        """The network, trained once for all sources that differ in the sampling alone."""
        settings = self.settings
        model = Transformer(
            size=settings.size,
            passes=settings.passes,
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
        )
        content = content_of(self.world.settings)
        return _trained(model, self.world, content, self.seed, self.replicate, self.device)

    def sample(self, n: int) -> Rows:
        """The first n generated rows."""
        settings = self.settings
        codes, _ = self.generator.sample(n, settings.temperature, settings.top_k, settings.best_of)
        style = stream(self.seed, self.replicate, "synthetic style").uniforms(n)
        codes[style < settings.detectability, 0] = MADE
        return self.world.made(self.seed, self.replicate, np.asarray(codes, dtype=np.int32))


@lru_cache(maxsize=2)
def _trained(
    model: Transformer, world: Corpus, content: str, seed: int, replicate: int, device: DeviceClass
) -> Generator:
    """A generator of the training part of that split; `content` tells worlds of a name apart."""
    tokens = world.inputs.tokens
    assert tokens is not None
    rows = world.real(seed, replicate, world.train_size)
    return Generator(model, tokens, rows.codes, seed, replicate, device=device)
