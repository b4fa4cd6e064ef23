"""A floor under the real data: a cap on the synthetic share."""

from __future__ import annotations

from smcollapse.mitigations.base import Hooks, with_part
from smcollapse.scenario import Scenario
from smcollapse.settings import RealFloor


def hooks(settings: RealFloor, scenario: Scenario) -> Hooks:
    """The share is at most 1 − floor."""
    share = min(scenario.mixture.share, 1.0 - settings.floor)
    return Hooks(with_part(scenario, "mixture", share=share))
