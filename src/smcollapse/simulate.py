"""The experiment, on one page: world → mixture → training → measures."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from smcollapse.metrics import Predictions, Reliability, measure
from smcollapse.mixtures import budget_of, mix
from smcollapse.models import Task, model_of
from smcollapse.units import Unit, inputs_of, sees_style
from smcollapse.worlds import World, world_of

BIN_COLUMNS = ("bin_count", "bin_confidence", "bin_accuracy")
"""Columns with the 15 bins of each model's reliability diagram, a list each."""

SPLIT_COLUMNS = ("split_train", "split_test")
"""Columns with the sizes of the two parts where replicates split one table, else missing."""


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
                **dict(zip(SPLIT_COLUMNS, _split(world), strict=True)),
            }
        )
    return pd.DataFrame(rows)


def _lists(bins: Reliability) -> list[list[float]]:
    return [array.tolist() for array in (bins.count, bins.confidence, bins.accuracy)]


def _split(world: World) -> tuple[float, float]:
    if world.train_size is None:
        return math.nan, math.nan
    return float(world.train_size), float(world.test_size)
