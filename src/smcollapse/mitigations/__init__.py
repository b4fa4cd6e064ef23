"""Mitigations: what one can do about it. To add one, add its settings, a function and a line.

A scenario carries one mitigation; `hooks_of` says what becomes of the scenario. None of them knows
torch or a world, so that theories read the same hooks as the simulation does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from smcollapse.mitigations import (
    deduplication,
    generation,
    protective_filter,
    real_floor,
    tail_weight,
    temperature,
    training,
    weighting,
)
from smcollapse.mitigations.base import Hooks, TrainingRows
from smcollapse.mitigations.temperature import at_temperature
from smcollapse.scenario import Scenario


@dataclass(frozen=True)
class Mitigation:
    """A kind of mitigation.

    hooks : (settings, scenario) → what becomes of that scenario
    """

    title: str
    hooks: Callable[[Any, Scenario], Hooks]


CATALOG: dict[str, Mitigation] = {
    "real_floor": Mitigation("a floor under the real data", real_floor.hooks),
    "weighting": Mitigation("weight of synthetic against real rows", weighting.hooks),
    "tail_weight": Mitigation("up-weighting of the real tail", tail_weight.hooks),
    "deduplication": Mitigation("copies of synthetic rows dropped", deduplication.hooks),
    "broader_generation": Mitigation("broader generation", generation.broader),
    "faithful_generation": Mitigation("faithful generation", generation.faithful),
    "provenance": Mitigation("provenance visible to the learner", generation.provenance),
    "protective_filter": Mitigation("a filter for synthetic rows alone", protective_filter.hooks),
    "real_data_last": Mitigation("real data last", training.real_data_last),
    "label_smoothing": Mitigation("label smoothing", training.label_smoothing),
    "temperature_scaling": Mitigation("temperature scaling", temperature.scaling),
    "expectation_consistency": Mitigation("expectation consistency", temperature.consistency),
    "ensemble": Mitigation("an ensemble", training.ensemble),
}


def hooks_of(scenario: Scenario) -> Hooks:
    """What becomes of a scenario."""
    kind = scenario.mitigation.kind
    if kind == "none":
        return Hooks(scenario)
    return CATALOG[kind].hooks(scenario.mitigation, scenario)


__all__ = [
    "CATALOG",
    "Hooks",
    "Mitigation",
    "TrainingRows",
    "at_temperature",
    "hooks_of",
]
