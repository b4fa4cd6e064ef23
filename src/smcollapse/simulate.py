"""The experiment, on one page: world → mixture → training → measures."""

from __future__ import annotations

from typing import Any

import pandas as pd

from smcollapse.metrics import Predictions, Reliability, measure
from smcollapse.mixtures import budget_of, mix
from smcollapse.models import Task, model_of
from smcollapse.units import Unit, inputs_of, sees_style
from smcollapse.worlds import world_of

BIN_COLUMNS = ("bin_count", "bin_confidence", "bin_accuracy")
"""Columns with the 15 bins of each model's reliability diagram, a list each."""


def simulate(unit: Unit) -> pd.DataFrame:
    """Train and measure every cell of a unit: the tidy table's rows, in the unit's order."""
    first = unit.cells[0]
    scenario, seed, replicate = first.condition.scenario, first.seed, first.replicate
    scenarios = [cell.condition.scenario for cell in unit.cells]
    world = world_of(scenario.world)

    pool, mixtures = mix(scenarios, world, seed, replicate)
    test = world.test(seed, replicate)
    task = Task(
        inputs=inputs_of(scenario),
        sees_style=sees_style(scenario),
        pool=pool,
        slots=[mixture.slots for mixture in mixtures],
        budget=budget_of(scenario, world),
        test=test,
        seed=seed,
        replicate=replicate,
    )
    model = model_of(scenario.model.kind)
    probability = model.probabilities(scenario.model, task, unit.device)

    rows: list[dict[str, Any]] = []
    for cell, mixture, member in zip(unit.cells, mixtures, probability, strict=True):
        predictions = Predictions(
            probability=member,
            label=test.label,
            truth=test.truth,
            rare=world.rare[test.context],
            exception=world.exception[test.context],
        )
        bins = predictions.bins
        rows.append(
            {
                "variant": cell.condition.variant,
                "design": cell.condition.scenario.mixture.design,
                "share": cell.condition.scenario.mixture.share,
                "replicate": cell.replicate,
                **dict(cell.condition.knobs),
                **measure(predictions),
                **mixture.measures(pool, len(world.rare)),
                **dict(zip(BIN_COLUMNS, _lists(bins), strict=True)),
            }
        )
    return pd.DataFrame(rows)


def _lists(bins: Reliability) -> list[list[float]]:
    return [array.tolist() for array in (bins.count, bins.confidence, bins.accuracy)]
