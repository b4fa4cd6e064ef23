"""What a mitigation may do: four hooks, each of which it may leave alone.

Nothing here knows torch or a world: theories read the same hooks as the simulation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smcollapse.scenario import Scenario

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TrainingRows:
    """The rows of one training set, before anything is done about them, each (n,).

    synthetic : whether a row is; rare : whether its context is
    example   : number of the distinct example; copies share it
    """

    synthetic: Bools
    rare: Bools
    example: npt.NDArray[np.int64]


Calibrate = Callable[[Floats, npt.NDArray[np.integer]], float]
"""(probabilities (n, C), labels (n,)) of held-out rows → inverse temperature."""


@dataclass(frozen=True)
class Hooks:
    """What is done about one scenario.

    source or mixture   ``scenario``: what is trained instead; ``keep``: which rows stay
    row weights         ``weights``: positive weight of each row, up to a factor
    schedule and loss   ``real_last``: last part of the steps, on real rows alone;
                        ``smoothing``: ε of label smoothing; ``members``: networks to average
    post-hoc            ``calibrate``, on ``holdout`` real rows that training does not see
    """

    scenario: Scenario
    keep: Callable[[TrainingRows], Bools] | None = None
    weights: Callable[[TrainingRows], Floats] | None = None
    real_last: float = 0.0
    smoothing: float = 0.0
    members: int = 1
    calibrate: Calibrate | None = None
    holdout: int = 0

    @property
    def only_scenario(self) -> bool:
        """Whether nothing is done but to change the scenario."""
        return self == Hooks(self.scenario)

    @property
    def training(self) -> tuple[float, float, int]:
        """What all members of a stack must have in common."""
        return self.real_last, self.smoothing, self.members


def with_part(scenario: Scenario, part: str, **changes: object) -> Scenario:
    """The scenario without its mitigation and with some settings of one part changed."""
    said = scenario.model_dump(mode="json", exclude_none=True)
    said["mitigation"] = {"kind": "none"}
    said[part] = {**said[part], **changes}
    return Scenario.model_validate(said)


def plain(scenario: Scenario) -> Scenario:
    """The scenario without its mitigation."""
    return with_part(scenario, "mixture")
