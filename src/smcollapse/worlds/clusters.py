"""Feature clusters: draws from `laws.clusters`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from smcollapse.laws import ClustersLaw, clusters_law
from smcollapse.settings import ClustersWorld
from smcollapse.streams import Ids, stream
from smcollapse.worlds.drawn import Drawn
from smcollapse.worlds.rows import Inputs, Ints, Rows


@dataclass(frozen=True)
class Clusters(Drawn):
    """A `clusters` world, ready to draw from."""

    settings: ClustersWorld

    @cached_property
    def law(self) -> ClustersLaw:
        """What the world's own seed settles."""
        return clusters_law(self.settings)

    @property
    def inputs(self) -> Inputs:
        """The learner sees d features; classes are 0 and 1."""
        return Inputs(self.settings.dimension, (), 2)

    def real(self, seed: int, replicate: int, n: int) -> Rows:
        """The first n real training rows of that replicate."""
        return self._draw(seed, replicate, "real", n)

    def test(self, seed: int, replicate: int) -> Rows:
        """The held-out real rows of that replicate."""
        return self._draw(seed, replicate, "test", self.test_size)

    def _draw(self, seed: int, replicate: int, role: str, n: int) -> Rows:
        law = self.law
        context = stream(seed, replicate, f"{role} contexts").contexts(n, self.contexts)
        truth = self.classes(seed, replicate, role, n)
        label = stream(seed, replicate, f"{role} labels").answers(
            n, truth, truth, n_answers=2, noise=2.0 * law.noise
        )
        features = self.features(
            seed, replicate, role, n, context, truth, law.scale, law.tail_heaviness
        )
        return self.rows(context, truth, label, features, np.zeros(n, dtype=np.int8), np.arange(n))

    def classes(self, seed: int, replicate: int, role: str, ids: Ids) -> Ints:
        """True classes of the rows with those numbers: a fair coin each, (n,) of 0 and 1."""
        return (stream(seed, replicate, f"{role} classes").uniforms(ids) < 0.5).astype(np.int32)

    def features(
        self,
        seed: int,
        replicate: int,
        role: str,
        ids: Ids,
        context: Ints,
        truth: Ints,
        scale: float,
        tail_heaviness: float,
    ) -> NDArray[np.float32]:
        """Features of rows with those contexts and true classes, (n, d) float32."""
        k = self.law.n_contexts
        spread = np.full(len(context), scale, dtype=np.float32)
        if tail_heaviness > 0.0:
            spread *= stream(seed, replicate, f"{role} scales").scales(ids, 1.0 / tail_heaviness)
        return stream(seed, replicate, f"{role} features").features(
            ids,
            self.law.means.reshape(2 * k, -1),
            context + np.int32(k) * truth,
            spread,
        )

    def rows(
        self,
        context: Ints,
        truth: Ints,
        label: Ints,
        features: NDArray[np.float32],
        style: NDArray[np.int8],
        example: NDArray[np.int64],
    ) -> Rows:
        """Rows with everything that follows from context, class, label and features."""
        return Rows(
            features=features,
            codes=np.empty((len(context), 0), dtype=np.int32),
            style=style,
            label=label,
            truth=truth,
            consensus=consensus_class(truth, self.law.exception[context]),
            context=context,
            atypicality=self.rarity[context],
            example=example,
        )


def consensus_class(truth: Ints, exception: NDArray[np.bool_]) -> Ints:
    """The class that the rule cue shows: the true one, and the other one on exceptions, (n,)."""
    return np.where(exception, 1 - truth, truth).astype(np.int32)
