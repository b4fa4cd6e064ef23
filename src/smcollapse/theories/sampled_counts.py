"""Count theory by drawn tables: for mitigations that weigh rows, drop copies or move confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from smcollapse.laws.labels import OTHER, RIVAL, TRUTH
from smcollapse.mitigations import Hooks, TrainingRows, at_temperature, hooks_of
from smcollapse.scenario import Scenario
from smcollapse.settings import CountTable, FactsWorld
from smcollapse.theories.base import MEASURES, Curve, Floats, Theory
from smcollapse.theories.memorising import memorising_doubts
from smcollapse.theories.mixing import Laws, laws_of, row_numbers
from smcollapse.theories.population_cells import Cells

SEED = 20

DRAWS = 64
"""Tables that are drawn a share: s.e. of rare recall about .002 at K = 200."""

CALIBRATED_DRAWS = 16
"""The same where each table's temperature has to be found."""

UNBOUNDED = ("mean_confidence", "confidence_gap", "ece", "brier")
"""What is left out under temperature scaling: counts give unseen answers no chance at all, so that
their log loss, and with it the temperature, rests on how a network rounds that nothing."""


class SampledCounts(Theory):
    """Label counts of `counts`, drawn instead of summed, with what a mitigation does to them.

    In every context the posterior is Σ w_i 1[y_i = y] / Σ w_i over the training rows there, w_i
    their weights. Label smoothing ε makes (1 − ε) of it and ε/C of every answer, which is where the
    loss has its minimum; a temperature is found on drawn held-out rows; networks of an ensemble
    that memorise agree.
    """

    name: ClassVar[str] = "sampled counts"
    title: ClassVar[str] = "weighted majority of drawn label counts in every cell"
    source: ClassVar[str] = (
        "design notes, section 2; label smoothing: Szegedy et al. (2016); temperatures: Guo et al. "
        "(2017), Clarté et al. (2023)"
    )
    assumptions: ClassVar[tuple[str, ...]] = (
        "the learner memorises: its answer in a cell depends on the training rows in it alone",
        "label counts are independent Poisson numbers",
        "a context without rows follows the consensus of its category",
    )
    domain: ClassVar[str] = "as count theory; drawn tables, s.e. of rare recall about .002"
    mitigations: ClassVar[tuple[str, ...]] = (
        "weighting",
        "tail_weight",
        "deduplication",
        "label_smoothing",
        "temperature_scaling",
        "expectation_consistency",
        "ensemble",
    )

    def __init__(self, draws: int = DRAWS, calibrated_draws: int = CALIBRATED_DRAWS) -> None:
        """draws, calibrated_draws : tables drawn a share, without and with a temperature."""
        self._draws, self._calibrated = draws, calibrated_draws

    def meant_for(self, scenario: Scenario) -> bool:
        """Whether the scenario has a mitigation for which tables are drawn."""
        return scenario.mitigation.kind in self.mitigations

    def _applies(self, scenario: Scenario) -> tuple[str, ...]:
        """A `facts` world, no pseudo-count, and a mitigation that needs it."""
        reasons = []
        if not self.meant_for(scenario):
            reasons.append("without such a mitigation `counts` says the same without drawing")
        if scenario.world.kind != "facts":
            reasons.append(f"a world '{scenario.world.kind}' has no cells to count labels in")
        if scenario.model.kind == "logistic":
            reasons.append("logistic regression does not memorise single contexts")
        if isinstance(scenario.model, CountTable) and scenario.model.pseudo_count > 0.0:
            reasons.append("a pseudo-count is not drawn")
        return tuple(reasons)

    def _doubts(self, scenario: Scenario, shares: Floats) -> tuple[str, ...]:
        """Why a network may not have memorised."""
        return memorising_doubts(hooks_of(scenario).scenario, shares)

    def _curve(self, scenario: Scenario, shares: Floats) -> Curve:
        hooks = hooks_of(scenario)
        laws = laws_of(hooks.scenario)
        found = {name: np.full(len(shares), np.nan) for name in MEASURES}
        world = hooks.scenario.world
        assert isinstance(world, FactsWorld)
        rows = row_numbers(hooks.scenario.mixture, shares)
        silent = UNBOUNDED if scenario.mitigation.kind == "temperature_scaling" else ()
        for i, (real, made) in enumerate(zip(*rows, strict=True)):
            if not np.isfinite(made) or real - hooks.holdout + made <= 0.0:
                continue
            # the same numbers at every share: differences between shares are sharper
            drawn = Drawn(laws, hooks, real - hooks.holdout, made, np.random.default_rng(SEED))
            count = self._draws if hooks.calibrate is None else self._calibrated
            tables = [drawn.table().measures(laws.world, world.test_size) for _ in range(count)]
            for name in MEASURES:
                if name not in silent:
                    found[name][i] = np.mean([table[name] for table in tables])
        missing = np.full(laws.world.n_contexts, np.nan)
        return Curve(shares, found, missing, np.nan)


@dataclass(frozen=True)
class Drawn:
    """Tables of one share: numbers of real and synthetic rows before the filter."""

    laws: Laws
    hooks: Hooks
    n_real: float
    n_made: float
    rng: np.random.Generator

    @property
    def answers(self) -> int:
        """C."""
        return int(self.laws.world.n_answers)  # type: ignore[union-attr]

    def table(self) -> Cells:
        """What one drawn table answers at each context."""
        real = self.rng.poisson(self.n_real * _columns(self.laws.real.passed, self.answers))
        made = self._made()
        shown = self.rng.binomial(made, 1.0 - self.laws.source.detectability)
        real_weight, made_weight = self._weights(real, made)
        mass = real * real_weight[:, None] + shown * made_weight[:, None]
        posterior = self._posterior(mass, real, made)
        if self.hooks.smoothing:
            keep = 1.0 - self.hooks.smoothing
            posterior = keep * posterior + self.hooks.smoothing / self.answers
        if self.hooks.calibrate is not None:
            posterior = at_temperature(posterior, self._temperature(posterior))
        return self._cells(posterior)

    def _made(self) -> npt.NDArray[np.int64]:
        """(K, C) synthetic rows that pass the filter and are kept."""
        law, templates = self.laws.synthetic, self.laws.source.templates
        chance = _columns(law.frequency[:, None] * law.chance, self.answers)
        survival = _columns(law.survival, self.answers)
        if templates == 0:
            return np.asarray(self.rng.poisson(self.n_made * chance * survival))
        cell = self.rng.choice(chance.size, size=templates, p=chance.ravel() / chance.sum())
        copies = self.rng.poisson(self.n_made / templates, size=templates)
        copies = self.rng.binomial(copies, survival.ravel()[cell])
        if self.hooks.keep is not None:
            example = np.repeat(np.arange(templates), copies)
            ones = np.ones(len(example), dtype=np.bool_)
            kept = self.hooks.keep(TrainingRows(ones, ~ones, example))
            copies = np.bincount(example[kept], minlength=templates)
        return np.bincount(cell, copies, chance.size).astype(np.int64).reshape(chance.shape)

    def _weights(
        self, real: npt.NDArray[np.int64], made: npt.NDArray[np.int64]
    ) -> tuple[Floats, Floats]:
        """(K,) weight of a real row and of a synthetic row at each context."""
        rare = self.laws.world.rare
        if self.hooks.weights is None:
            return np.ones(len(rare)), np.ones(len(rare))
        groups = [(False, False), (False, True), (True, False), (True, True)]
        size = [
            int(count[rare == is_rare].sum())
            for count, is_rare in ((real, False), (real, True), (made, False), (made, True))
        ]
        # one row more of each group, so that its weight can be read off
        number = np.repeat(np.arange(4), np.maximum(size, 1))
        flags = np.array(groups)[number]
        weights = self.hooks.weights(TrainingRows(flags[:, 0], flags[:, 1], np.arange(len(number))))
        weight = weights[np.searchsorted(number, np.arange(4))]
        return np.where(rare, weight[1], weight[0]), np.where(rare, weight[3], weight[2])

    def _posterior(
        self, mass: Floats, real: npt.NDArray[np.int64], made: npt.NDArray[np.int64]
    ) -> Floats:
        """(K, C) posterior; a context without rows answers as its category is expected to."""
        total = mass.sum(axis=1, keepdims=True)
        empty = np.flatnonzero(total[:, 0] <= 0.0)
        posterior: Floats = mass / np.maximum(total, 1e-300)
        if len(empty):
            world = self.laws.world
            every = (real + made).sum(axis=1)
            own = np.where(world.exception, RIVAL, TRUTH)
            agreeing = (real + made)[np.arange(len(own)), own]
            category = world.category  # type: ignore[union-attr]
            rows = np.bincount(category, every, minlength=category.max() + 1)
            sure = np.bincount(category, agreeing, minlength=len(rows)) / np.maximum(rows, 1.0)
            top = np.maximum(sure[category[empty]], 1.0 / self.answers)
            posterior[empty] = ((1.0 - top) / (self.answers - 1))[:, None]
            posterior[empty, own[empty]] = top
        return posterior

    def _temperature(self, posterior: Floats) -> float:
        """Inverse temperature that rows held out of training ask for."""
        law = self.laws.world
        assert self.hooks.calibrate is not None
        context = self.rng.choice(law.n_contexts, size=self.hooks.holdout, p=law.frequency)
        cumulated = np.cumsum(_columns(self.laws.real.chance, self.answers)[context], axis=1)
        label = (self.rng.random(len(context))[:, None] > cumulated).sum(axis=1)
        label = np.minimum(label, self.answers - 1)
        return self.hooks.calibrate(posterior[context], label)

    def _cells(self, posterior: Floats) -> Cells:
        law = self.laws.world
        at = np.arange(law.n_contexts)
        answer = (posterior + 1e-9 * self.rng.random(posterior.shape)).argmax(axis=1)
        tested = _columns(self.laws.real.chance, self.answers)
        return Cells(
            weight=law.frequency,
            context=at,
            recall=(answer == TRUTH).astype(np.float64),
            accuracy=tested[at, answer],
            confidence=np.minimum(posterior.max(axis=1), 1.0),
            brier=(posterior * (posterior - 2.0 * tested)).sum(axis=1) + 1.0,
        )


def _columns(groups: Floats, answers: int) -> Floats:
    """(K, 3) numbers of truth, rival, each other answer as (K, C)."""
    others = np.repeat(groups[:, OTHER, None], answers - 2, axis=1)
    return np.column_stack([groups[:, TRUTH], groups[:, RIVAL], others])
