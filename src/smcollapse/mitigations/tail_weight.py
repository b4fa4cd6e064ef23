"""Real rows of rare contexts count more."""

from __future__ import annotations

import numpy as np

from smcollapse.mitigations.base import Floats, Hooks, TrainingRows, plain
from smcollapse.scenario import Scenario
from smcollapse.settings import TailWeight


def hooks(settings: TailWeight, scenario: Scenario) -> Hooks:
    """The factor for real rows of rare contexts, 1 for all others."""

    def weights(rows: TrainingRows) -> Floats:
        return np.where(rows.rare & ~rows.synthetic, settings.factor, 1.0)

    return Hooks(plain(scenario), weights=weights)
