"""Negative controls: theories that are wrong in one stated way, and have to be caught.

A wrong theory is the right one told of another scenario.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from smcollapse.scenario import Scenario
from smcollapse.study import replaced


@dataclass(frozen=True)
class Control:
    """A wrong theory: what it takes for granted, and the scenarios where that matters."""

    name: str
    concerns: Callable[[Scenario], bool]
    changes: Callable[[Scenario], dict[str, Any]]

    def wrong(self, scenario: Scenario) -> Scenario:
        """What the wrong theory is told instead of that scenario."""
        return Scenario.model_validate(replaced(scenario.describe(), self.changes(scenario)))


def made(scenario: Scenario) -> bool:
    """Whether there are synthetic rows at some share."""
    return scenario.mixture.design != "real_only"


TEMPLATES = Control(
    "every synthetic row its own, where there are at most 1000 templates",
    lambda s: made(s) and 0 < s.source.templates <= 1000,
    lambda s: {"source.templates": 0},
)
PRIOR = Control(
    "prior of the category left out",
    lambda s: s.model.pseudo_count > 0.0,
    lambda s: {"model.pseudo_count": 0.0},
)
MEANS = Control(
    "counts at their means",
    lambda s: True,
    lambda s: {"mixture.budget": min(10**9, 1000 * s.mixture.budget)},
)
FEWER = Control(
    "a fourth of the budget",
    lambda s: True,
    lambda s: {"mixture.budget": s.mixture.budget // 4},
)
STYLE = Control(
    "style not seen, where it betrays more than .3 of the rows",
    lambda s: made(s) and s.source.detectability > 0.3,
    lambda s: {"source.detectability": 0.0},
)
FILTER = Control(
    "filter left out, where its strictness is above .3",
    lambda s: s.filter.strictness > 0.3,
    lambda s: {"filter.strictness": 0.0},
)
FREQUENCY = Control(
    "synthetic rows as frequent as real ones, where they are not",
    lambda s: made(s) and (s.source.coverage < 0.8 or s.source.tempering < 0.8),
    lambda s: {"source.coverage": 1.0, "source.tempering": 1.0},
)
FIDELITY = Control(
    "synthetic rows never faithful, where more than .1 are",
    lambda s: made(s) and s.source.fidelity > 0.1,
    lambda s: {"source.fidelity": 0.0},
)
NOISE = Control(
    "noise too small by a tenth",
    lambda s: s.world.noise > 0.0,
    lambda s: {"world.noise": 0.9 * s.world.noise},
)
