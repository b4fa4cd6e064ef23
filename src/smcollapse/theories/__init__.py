"""Theories: what training will show, before it runs. To add one, add a file and a line.

They read laws and scenarios only, never worlds, sources, models or the simulation: shared numerics
would share errors, and a prediction must not need torch.
"""

from smcollapse.theories.base import MEASURES, Curve, Prediction, Theory
from smcollapse.theories.counts import Counts
from smcollapse.theories.coverage import Coverage
from smcollapse.theories.population import Population
from smcollapse.theories.proportional import Proportional
from smcollapse.theories.sampled_counts import SampledCounts

CATALOG: dict[str, Theory] = {
    "population": Population(),
    "counts": Counts(),
    "proportional": Proportional(),
    "coverage": Coverage(),
    "sampled counts": SampledCounts(),
}

__all__ = ["CATALOG", "MEASURES", "Curve", "Prediction", "Theory"]
