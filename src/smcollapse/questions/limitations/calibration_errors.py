"""Calibration errors of the same trained models under other bins and test samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from smcollapse.inference.resampling import Array
from smcollapse.metrics import Predictions, reliability
from smcollapse.mixtures import budget_of, mix
from smcollapse.models import Task, model_of
from smcollapse.questions.ledgers.findings import Quantity
from smcollapse.questions.limitations.estimates import mean_of
from smcollapse.units import inputs_of, sees_style
from smcollapse.worlds import world_of

if TYPE_CHECKING:
    from smcollapse.questions.limitations.limits import Lab
    from smcollapse.scenario import Scenario


def binned_errors(
    lab: Lab,
    scenario: Scenario,
    shares: tuple[float, float],
    sizes: tuple[int, ...],
    bins: tuple[int, ...],
) -> tuple[dict[str, list[Quantity]], dict[str, list[Quantity]]]:
    """Change of the ECE between two shares, and its level at the first, paired by replicate.

    Both by bins and then by test rows; the notes say how each was taken.
    """
    found = calibration_errors(lab, scenario, shares, sizes, bins, 4 if lab.quick else 10)
    moved: dict[str, list[Quantity]] = {f"{k} bins": [] for k in bins}
    level: dict[str, list[Quantity]] = {f"{k} bins": [] for k in bins}
    for i, size in enumerate(sizes):
        for j, k in enumerate(bins):
            how = f"{k} bins, {size} test rows"
            before, after = found[:, 0, i, j], found[:, 1, i, j]
            moved[f"{k} bins"].append(mean_of(f"ECE change, {how}", after - before, "points", how))
            level[f"{k} bins"].append(mean_of(f"ECE, {how}", before, "rate", how))
    return moved, level


def calibration_errors(
    lab: Lab,
    scenario: Scenario,
    shares: tuple[float, ...],
    sizes: tuple[int, ...],
    bins: tuple[int, ...],
    replicates: int,
    seed: int = 23,
) -> Array:
    """ECE (replicates, shares, sizes, bins) of one model a share and replicate.

    Models are trained here, as a run would, since a store keeps 15 bins alone. A test sample of
    n rows is the first n of the world's test set, whose rows are independent; it counts the models
    as used.
    """
    found = np.empty((replicates, len(shares), len(sizes), len(bins)))
    for replicate in range(replicates):
        lab.say(f"calibration, replicate {replicate + 1} of {replicates}")
        for place, one in enumerate(_predictions(scenario, shares, seed, replicate)):
            for row, size in enumerate(sizes):
                confidence, hit = one.confidence[:size], one.hit[:size]
                found[replicate, place, row] = [reliability(confidence, hit, k).ece for k in bins]
    lab.used["calibration"] = replicates * len(shares)
    return found


def _predictions(
    scenario: Scenario, shares: tuple[float, ...], seed: int, replicate: int
) -> list[Predictions]:
    """Trained models' predictions on the whole test set, one a share; no mitigation, no style."""
    scenarios = [
        scenario.model_copy(
            update={"mixture": scenario.mixture.model_copy(update={"share": share})}
        )
        for share in shares
    ]
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
    probability = model.probabilities(scenario.model, task, "cpu")
    return [
        Predictions(
            probability=cast("np.ndarray[tuple[int, int], np.dtype[np.float32]]", member),
            label=test.label,
            truth=test.truth,
            rare=world.rare[test.context],
            exception=world.exception[test.context],
        )
        for member in probability
    ]
