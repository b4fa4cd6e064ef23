"""Theories: what training will show, before it runs. To add one, add a file and a line.

They read laws and scenarios only, never worlds, sources, models or the simulation: shared numerics
would share errors, and a prediction must not need torch.
"""

from smcollapse.theories.base import MEASURES, Curve, Prediction, Theory

CATALOG: dict[str, Theory] = {}

__all__ = ["CATALOG", "MEASURES", "Curve", "Prediction", "Theory"]
