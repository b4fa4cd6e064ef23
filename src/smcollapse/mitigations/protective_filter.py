"""A filter that leaves real rows alone."""

from __future__ import annotations

from smcollapse.mitigations.base import Hooks, with_part
from smcollapse.scenario import Scenario
from smcollapse.settings import ProtectiveFilter


def hooks(settings: ProtectiveFilter, scenario: Scenario) -> Hooks:
    """The filter at that strictness, for synthetic rows only."""
    return Hooks(with_part(scenario, "filter", strictness=settings.strictness, scope="synthetic"))
