"""Sources that draw from the law of their world, with the consensus on exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from smcollapse.laws import SyntheticLaw, synthetic_law
from smcollapse.settings import ConsensusSource
from smcollapse.streams import AliasTable, stream
from smcollapse.worlds import Clusters, Facts, Rows, consensus_class


@dataclass(frozen=True)
class _Consensus:
    """What both worlds share: the law, the template of each row, its style."""

    settings: ConsensusSource
    seed: int
    replicate: int
    world: Facts | Clusters

    @cached_property
    def law(self) -> SyntheticLaw:
        """The synthetic law in this world."""
        return synthetic_law(self.world.law.frequency, self.settings)

    @cached_property
    def table(self) -> AliasTable:
        """Alias table of the synthetic context frequencies."""
        return AliasTable.from_weights(self.law.frequency)

    def template(self, n: int) -> NDArray[np.int64]:
        """(n,) number of the distinct example that each row is a copy of."""
        draws = stream(self.seed, self.replicate, "templates")
        return draws.templates(n, self.settings.templates)

    def style(self, template: NDArray[np.int64]) -> NDArray[np.int8]:
        """(n,) 1 where the example can be told by its style."""
        draws = stream(self.seed, self.replicate, "synthetic style").uniforms(template)
        return (draws < self.settings.detectability).astype(np.int8)


@dataclass(frozen=True)
class ConsensusFacts(_Consensus):
    """Synthetic facts."""

    world: Facts

    def sample(self, n: int) -> Rows:
        """The first n synthetic rows."""
        world, law = self.world.law, self.law
        template = self.template(n)
        context, label = stream(self.seed, self.replicate, "synthetic rows").facts(
            template,
            self.table,
            world.truth,
            world.consensus,
            n_answers=world.n_answers,
            fidelity=law.fidelity,
            contamination=law.contamination,
            noise=world.noise * law.mess,
        )
        return self.world.rows(context, label, self.style(template), template)


@dataclass(frozen=True)
class ConsensusClusters(_Consensus):
    """Synthetic feature rows: the real features of a context, narrower, with consensus labels."""

    world: Clusters

    def sample(self, n: int) -> Rows:
        """The first n synthetic rows."""
        world, law = self.world.law, self.law
        template = self.template(n)
        context = stream(self.seed, self.replicate, "synthetic contexts").contexts(
            template, self.table
        )
        truth = self.world.classes(self.seed, self.replicate, "synthetic", template)
        label = stream(self.seed, self.replicate, "synthetic labels").answers(
            template,
            truth,
            consensus_class(truth, world.exception[context]),
            n_answers=2,
            fidelity=law.fidelity,
            contamination=law.contamination,
            noise=2.0 * world.noise * law.mess,
        )
        features = self.world.features(
            self.seed,
            self.replicate,
            "synthetic",
            template,
            context,
            truth,
            world.scale * law.mess**0.5,
            world.tail_heaviness * law.mess,
        )
        return self.world.rows(context, truth, label, features, self.style(template), template)
