"""Synthetic rows count less, or more, than real ones."""

from __future__ import annotations

import numpy as np

from smcollapse.mitigations.base import Floats, Hooks, TrainingRows, plain
from smcollapse.scenario import Scenario
from smcollapse.settings import Weighting


def hooks(settings: Weighting, scenario: Scenario) -> Hooks:
    """w for each synthetic row and 1 − w for each real one, or for all of them together."""
    weight = settings.synthetic_weight

    def weights(rows: TrainingRows) -> Floats:
        if settings.by == "row":
            return np.where(rows.synthetic, weight, 1.0 - weight)
        made, real = int(rows.synthetic.sum()), int((~rows.synthetic).sum())
        if made == 0 or real == 0:
            return np.ones(len(rows.synthetic))
        return np.where(rows.synthetic, weight / made, (1.0 - weight) / real)

    return Hooks(plain(scenario), weights=weights)
