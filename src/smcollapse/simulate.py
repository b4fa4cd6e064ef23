"""The experiment, on one page: world → mixture → training → measures."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from smcollapse.metrics import Predictions, Reliability, measure
from smcollapse.mitigations import Hooks, at_temperature, hooks_of
from smcollapse.mixtures import Mixture, budget_of, mix
from smcollapse.models import Outcome, Task, model_of
from smcollapse.scenario import Scenario
from smcollapse.study import DeviceClass
from smcollapse.texts import contrast_rows, text_examples, text_measures
from smcollapse.units import Unit, inputs_of, sees_style
from smcollapse.worlds import Rows, World, world_of

BIN_COLUMNS = ("bin_count", "bin_confidence", "bin_accuracy")
"""Columns with the 15 bins of each model's reliability diagram, a list each."""

SPLIT_COLUMNS = ("split_train", "split_test")
"""Columns with the sizes of the two parts where replicates split one table, else missing."""


def simulate(unit: Unit) -> pd.DataFrame:
    """Train and measure every cell of a unit: the tidy table's rows, in the unit's order."""
    first = unit.cells[0]
    seed, replicate = first.seed, first.replicate
    hooks = [hooks_of(cell.condition.scenario) for cell in unit.cells]
    scenario = hooks[0].scenario
    world = world_of(scenario.world)

    scenarios = [cell.condition.scenario for cell in unit.cells]
    pool, mixtures = mix(scenarios, world, seed, replicate, unit.device)
    test = world.test(seed, replicate)
    held = np.unique(np.concatenate([mixture.holdout for mixture in mixtures]))
    task = Task(
        inputs=inputs_of(scenario),
        sees_style=sees_style(scenario),
        pool=pool,
        slots=[mixture.slots for mixture in mixtures],
        budget=budget_of(scenario, world),
        test=Rows.concatenate([test, pool.take(held)]) if len(held) else test,
        seed=seed,
        replicate=replicate,
        synthetic=[mixture.synthetic for mixture in mixtures],
        weights=[mixture.weights for mixture in mixtures],
        real_last=hooks[0].real_last,
        smoothing=hooks[0].smoothing,
        contrast=contrast_rows([done.scenario for done in hooks], world, test, seed, replicate),
    )
    outcome = _outcome(scenario, task, unit.device, hooks[0].members)

    rows: list[dict[str, Any]] = []
    for number, (cell, mixture, done) in enumerate(zip(unit.cells, mixtures, hooks, strict=True)):
        member = outcome.probability[number]
        shown, known = member[: len(test)], member[len(test) :][np.isin(held, mixture.holdout)]
        predictions = Predictions(
            probability=_calibrated(shown, known, done, mixture, pool),
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
                **text_measures(task, world, mixture, outcome, number),
                **text_examples(task, world, mixture, number),
                **dict(zip(BIN_COLUMNS, _lists(bins), strict=True)),
                **dict(zip(SPLIT_COLUMNS, _split(world), strict=True)),
            }
        )
    return pd.DataFrame(rows)


def _outcome(scenario: Scenario, task: Task, device: DeviceClass, members: int) -> Outcome:
    """What the stack says; of an ensemble the means over its networks."""
    model = model_of(scenario.model.kind)
    found = model.outcome(scenario.model, task, device)
    for draw in range(1, members):
        found = found + model.outcome(scenario.model, replace(task, draw=draw), device)
    return found / members


def _calibrated(
    test: NDArray[np.float32],
    known: NDArray[np.float32],
    hooks: Hooks,
    mixture: Mixture,
    pool: Rows,
) -> NDArray[np.float32]:
    """Probabilities of the test rows at the temperature that the held-out rows ask for."""
    if hooks.calibrate is None:
        return test
    label = pool.label[np.sort(mixture.holdout)]
    inverse = hooks.calibrate(known.astype(np.float64), label)
    return at_temperature(test, inverse).astype(np.float32)


def _lists(bins: Reliability) -> list[list[float]]:
    return [array.tolist() for array in (bins.count, bins.confidence, bins.accuracy)]


def _split(world: World) -> tuple[float, float]:
    return world.split or (math.nan, math.nan)
