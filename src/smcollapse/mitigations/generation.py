"""Other synthetic data: broader, more faithful, or marked as what they are."""

from __future__ import annotations

from smcollapse.mitigations.base import Hooks, with_part
from smcollapse.scenario import Scenario
from smcollapse.settings import BroaderGeneration, FaithfulGeneration, Provenance


def broader(settings: BroaderGeneration, scenario: Scenario) -> Hooks:
    """The source with the given knobs."""
    given = settings.model_dump(exclude_none=True, exclude={"kind"})
    return Hooks(with_part(scenario, "source", **given))


def faithful(settings: FaithfulGeneration, scenario: Scenario) -> Hooks:
    """The source with the given fidelity."""
    return Hooks(with_part(scenario, "source", fidelity=settings.fidelity))


def provenance(settings: Provenance, scenario: Scenario) -> Hooks:
    """The source with a style that the learner sees."""
    return Hooks(with_part(scenario, "source", detectability=settings.marked))
