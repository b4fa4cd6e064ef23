"""The limit of endless data and unlimited capacity: the posterior of the mixture."""

from __future__ import annotations

import numpy as np

from smcollapse.laws.styles import Told
from smcollapse.scenario import Scenario
from smcollapse.settings import ClustersWorld, FactsWorld, LanguageWorld, Mlp
from smcollapse.theories.base import MEASURES, Curve, Floats, Theory, flip_of
from smcollapse.theories.memorising import memorising_doubts
from smcollapse.theories.mixing import (
    Laws,
    laws_of,
    local_flips,
    row_numbers,
    unknown_densities,
)
from smcollapse.theories.population_clusters import MAX_CONTEXTS, ClusterPoints
from smcollapse.theories.population_facts import (
    chance_doubts,
    facts_cells,
    survivors,
)
from smcollapse.theories.population_styles import styled_chance_doubts, styled_measures
from smcollapse.theories.styled_counts import TEMPLATE_RECALL
from smcollapse.theories.styles import FINE, StyledLaws, style_doubts, styled_flips, styled_laws

ENOUGH_EXAMPLES = 3e6
"""Examples, passes × budget, with which networks came within .05 of it in `clusters`, d ≤ 16."""


class Population(Theory):
    """N → ∞ with unlimited capacity: what is learned is the posterior of the mixture.

    At each input the answer is the one with the largest mass among the rows that pass the filter
    and look alike: an exception flips at p* = m_r/(m_r + (1 − δ) m_s), m_r and m_s the margins of
    real and synthetic rows there (theory notes, section 1). In `facts` this is a closed form of
    each context, in `language` of each context and style; in `clusters` a Bayes posterior,
    integrated over the law of real test rows.

    A context flips where the expected majority of its labels does (`facts`), or where its recall
    first falls to one half (`clusters`, `language`).
    """

    name = "population"
    title = "population limit: the posterior of the mixture (N → ∞)"
    source = "Bayes' rule; theory notes, section 1"
    assumptions = (
        "endless training rows: no context is seen too rarely, no pseudo-count matters",
        "unlimited capacity: every context and style has an answer of its own",
        "training reaches the minimum of the expected log loss",
        "as many templates as rows",
    )
    domain = (
        "facts: rare recall within .014 and ECE within .04 of count theory where chance settles at "
        "most 1 % of the rare mass; clusters: networks of 3e6 examples within .05 of rare recall "
        "and .01 of accuracy, d ≤ 16 (VERIFICATION.md)"
    )

    def __init__(self, told: Told = "everything") -> None:
        """told : what of the style of a sentence the learner goes by."""
        self._told = told

    def _applies(self, scenario: Scenario) -> tuple[str, ...]:
        """Known densities, and a model that is not linear."""
        reasons = list(unknown_densities(scenario))
        if scenario.model.kind == "logistic":
            reasons.append("model 'logistic' is linear: not of unlimited capacity")
        if scenario.world.kind == "clusters" and scenario.world.n_contexts > MAX_CONTEXTS:
            reasons.append(f"more than {MAX_CONTEXTS} clusters take too long to integrate over")
        return tuple(reasons)

    def _doubts(self, scenario: Scenario, shares: Floats) -> tuple[str, ...]:
        """Where too few rows, templates or passes leave a learner away from the limit."""
        if isinstance(scenario.world, LanguageWorld):
            return (
                *memorising_doubts(scenario, shares),
                *styled_chance_doubts(scenario, shares, self._told),
                *style_doubts(scenario, shares, self._told),
            )
        if not isinstance(scenario.world, FactsWorld):
            return _short_training(scenario)
        return (*memorising_doubts(scenario, shares), *chance_doubts(scenario, shares))

    def _curve(self, scenario: Scenario, shares: Floats) -> Curve:
        if isinstance(scenario.world, LanguageWorld):
            return _styled_curve(scenario, shares, styled_laws(scenario, self._told, FINE))
        laws, world = laws_of(scenario), scenario.world
        assert isinstance(world, FactsWorld | ClustersWorld)
        points = ClusterPoints(laws) if isinstance(world, ClustersWorld) else None
        found = {name: np.full(len(shares), np.nan) for name in MEASURES}
        rows = row_numbers(scenario.mixture, shares)
        for i, (real, made) in enumerate(zip(*rows, strict=True)):
            if survivors(laws, real, made) > 0.0:
                cells = points.cells(real, made) if points else facts_cells(laws, real, made)
                for name, value in cells.measures(laws.world, world.test_size).items():
                    found[name][i] = value
        if points is None:
            flips = local_flips(laws, scenario.mixture.design)
        elif scenario.mixture.design == "real_only":
            flips = np.full(laws.world.n_contexts, np.nan)
        else:
            flips = points.flips()
        flip = flip_of(flips, laws.world.exception, laws.world.frequency)
        return Curve(shares, found, flips, flip, _notes(scenario, laws, shares, found["accuracy"]))


def _styled_curve(scenario: Scenario, shares: Floats, styled: StyledLaws) -> Curve:
    """The same of a `language` world: cells of (context, style)."""
    assert isinstance(scenario.world, LanguageWorld)
    found = {name: np.full(len(shares), np.nan) for name in (*MEASURES, TEMPLATE_RECALL)}
    rows = row_numbers(scenario.mixture, shares)
    for i, (real, made) in enumerate(zip(*rows, strict=True)):
        if survivors(styled.plain, real, made) > 0.0:
            for name, value in styled_measures(
                styled, real, made, scenario.world.test_size
            ).items():
                found[name][i] = value
    flips = styled_flips(styled, scenario.mixture.design)
    flip = flip_of(flips, styled.world.exception, styled.world.frequency)
    notes = _notes(scenario, styled.plain, shares, found["accuracy"])
    return Curve(shares, found, flips, flip, notes)


def _short_training(scenario: Scenario) -> tuple[str, ...]:
    """Doubt about a network that has to find the densities of `clusters` by itself."""
    model, budget = scenario.model, scenario.mixture.budget
    seen = model.passes * budget if isinstance(model, Mlp) else 0.0
    if seen >= ENOUGH_EXAMPLES:
        return ()
    return (
        f"the network is trained on {seen:.1g} examples in all (passes × budget): below "
        f"{ENOUGH_EXAMPLES:.0e} rare recall was found up to .2 away from this limit",
    )


def _notes(scenario: Scenario, laws: Laws, shares: Floats, accuracy: Floats) -> tuple[str, ...]:
    notes = []
    if scenario.world.kind == "clusters" and laws.source.mess == 0.0:
        notes.append("polish 1: synthetic rows are points that no real test row meets: no effect")
    without = shares[np.isnan(accuracy)]
    if len(without):
        listed = ", ".join(f"{share:g}" for share in without)
        notes.append(f"no row is left to learn real test rows from at share {listed}")
    return tuple(notes)
