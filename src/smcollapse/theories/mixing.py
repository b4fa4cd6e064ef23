"""What every theory reads off a scenario: numbers of rows, and the laws of their labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from smcollapse.laws import (
    ClustersLaw,
    FactsLaw,
    LabelLaw,
    LanguageLaw,
    PhrasingLaw,
    SyntheticLaw,
    clusters_law,
    facts_law,
    language_law,
    made_phrasing,
    real_labels,
    synthetic_labels,
    synthetic_law,
)
from smcollapse.scenario import Scenario
from smcollapse.settings import (
    ClustersWorld,
    ConsensusSource,
    FactsWorld,
    LanguageWorld,
    Mixture,
    PhrasesSource,
)
from smcollapse.theories.base import Floats


@dataclass(frozen=True)
class Laws:
    """The laws of a scenario whose densities are known, and of the labels of its rows.

    Of a `language` world they are those of sentences without a "not" before the answer, which have
    cells of their own and add up to less than 1, whatever their style: see `theories.styles`.
    """

    world: FactsLaw | ClustersLaw
    source: SyntheticLaw
    real: LabelLaw
    synthetic: LabelLaw


@lru_cache(maxsize=64)
def world_law(world: FactsWorld | ClustersWorld | LanguageWorld) -> FactsLaw | ClustersLaw:
    """The law of a world; the same world again is not worked out again."""
    if isinstance(world, LanguageWorld):
        return language_law(world)
    return facts_law(world) if isinstance(world, FactsWorld) else clusters_law(world)


def laws_of(scenario: Scenario) -> Laws:
    """Laws of a `facts`, `clusters` or `language` scenario."""
    if scenario.world.kind == "language":
        return _laws_of_sentences(scenario)
    assert isinstance(scenario.world, FactsWorld | ClustersWorld)
    assert isinstance(scenario.source, ConsensusSource)
    world = world_law(scenario.world)
    source = synthetic_law(world.frequency, scenario.source)
    return Laws(
        world,
        source,
        real_labels(world, scenario.filter),
        synthetic_labels(world, source, scenario.filter),
    )


def _laws_of_sentences(scenario: Scenario) -> Laws:
    world, source = scenario.world, scenario.source
    assert isinstance(world, LanguageWorld)
    assert isinstance(source, PhrasesSource)
    law, made = world_law(world), made_phrasing(world, source)
    assert isinstance(law, LanguageLaw)
    facts = replace(synthetic_law(law.frequency, source), detectability=0.0)
    told = 1.0 - made.denial_before - made.denial_after
    worded = replace(law, noise=made.noise / told)
    labels = synthetic_labels(worded, replace(facts, mess=1.0), scenario.filter)
    return Laws(
        law,
        facts,
        _plain(real_labels(law, scenario.filter), law.phrasings),
        _plain(_denied_after(labels, made, law.n_answers), made),
    )


def _denied_after(labels: LabelLaw, phrasing: PhrasingLaw, answers: int) -> LabelLaw:
    """The labels with denials by a word behind the answer: of any answer but the truth alike."""
    denied = phrasing.denial_after / (1.0 - phrasing.denial_before)
    wrong = np.array([0.0, 1.0, 1.0]) / (answers - 1)
    return replace(labels, chance=(1.0 - denied) * labels.chance + denied * wrong)


def _plain(labels: LabelLaw, phrasing: PhrasingLaw) -> LabelLaw:
    return replace(labels, frequency=labels.frequency * (1.0 - phrasing.denial_before))


def row_numbers(mixture: Mixture, shares: Floats) -> tuple[Floats, Floats]:
    """Numbers of real and of synthetic rows before the filter, at each share (S,).

    Synthetic rows are whole numbers, as in any training set. In the design `accumulate` a share
    of 1 has no number of rows: NaN.
    """
    budget = float(mixture.budget)
    if mixture.design == "accumulate":
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = np.where(shares < 1.0, shares / (1.0 - shares), np.nan)
        return np.full_like(shares, budget), np.round(odds * budget)
    made = np.round(shares * budget)
    return budget - made, made if mixture.design == "replace" else np.zeros_like(made)


def unknown_densities(scenario: Scenario) -> tuple[str, ...]:
    """The reason that holds for a user's own data: their densities are not known."""
    if scenario.world.kind in ("table", "corpus"):
        what = "table" if scenario.world.kind == "table" else "text"
        return (f"the densities of a {what} are not known",)
    return ()


def local_flips(laws: Laws, design: str) -> Floats:
    """(K,) share at which the expected majority of each context turns from the truth, else NaN.

    With margins r_k of the truth over the strongest wrong answer in a real row, and s_k of that
    answer over the truth in an undetected synthetic row, both after the filter,
    (1 − p) r_k = p s_k, so p*_k = r_k / (r_k + s_k) (theory notes, section 1). Adding instead of
    replacing changes both numbers of rows but not their ratio. Where the truth leads in no real row
    to begin with (a filter may remove it), the share is 0.
    """
    real, made = laws.real.passed, laws.synthetic.passed * (1.0 - laws.source.detectability)
    if design == "real_only":
        made = np.zeros_like(made)
    share = np.full(laws.world.n_contexts, np.inf)
    for wrong in (1, 2) if n_other(laws) else (1,):
        margin = real[:, 0] - real[:, wrong]
        against = made[:, wrong] - made[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(against > 0.0, margin / (margin + against), np.inf)
        share = np.minimum(share, np.where(margin > 0.0, found, 0.0))
    return np.where(np.isfinite(share) & (share < 1.0), share, np.nan)


def n_other(laws: Laws) -> int:
    """C − 2, the number of answers that are neither the truth nor its rival."""
    return laws.world.n_answers - 2 if isinstance(laws.world, FactsLaw) else 0
