"""Canaries of layer `training`: models, mitigations while they train, the simulation of a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from smcollapse.mitigations import TrainingRows, at_temperature, hooks_of
from smcollapse.mitigations.temperature import confident_as_accurate, least_log_loss
from smcollapse.models import Shape, model_of
from smcollapse.scenario import Scenario
from smcollapse.simulate import simulate
from smcollapse.streams import stream
from smcollapse.study import Study
from smcollapse.units import units_of
from tests.canaries.measures import predictions
from tests.canaries.tables import STEP, TRAINED, Canaries, Canary
from tests.canaries.tasks import CLUSTERS, FACTS, MLP, TEXT, models, sentences, task_of
from tests.canaries.world_settings import worlds


def trained(name: str) -> dict[str, Any]:
    """What a model says after training, plainly and in every way that a mitigation can ask for."""
    settings, task = task_of(*models()[name])
    model = model_of(settings.kind)
    n = [len(slots) for slots in task.slots]
    uneven: list[Any] = [None, 0.5 + (np.arange(n[1]) % 3) / 2.0]
    found = {
        "outcome": model.outcome(settings, task, "cpu"),
        "weights": model.outcome(settings, replace(task, weights=uneven), "cpu"),
    }
    if settings.kind in ("mlp", "transformer"):
        other = replace(task, smoothing=0.2, real_last=0.4, draw=2)
        found["other"] = model.outcome(settings, other, "cpu")
    shape = Shape(task.inputs, task.budget, len(task.test))
    large = Shape(task.inputs, 3_000_000, 40_000_000)
    found["stacks"] = [
        model.stack_size(settings, one, device)
        for one in (shape, large)
        for device in ("cpu", "cuda")
    ]
    found["device"] = str(model.device_class("cuda")) == "cuda"
    return found


def mitigations() -> dict[str, dict[str, Any]]:
    """Settings of mitigations, by kind."""
    return {
        "none": {},
        "real_floor": {"floor": 0.7},
        "weighting": {"synthetic_weight": 0.25},
        "weighting, by mass": {"synthetic_weight": 0.25, "by": "mass"},
        "tail_weight": {"factor": 2.0},
        "deduplication": {"copies": 2},
        "broader_generation": {"tempering": 0.5, "templates": 0},
        "faithful_generation": {"fidelity": 0.4},
        "provenance": {"marked": 0.8},
        "protective_filter": {"strictness": 0.6},
        "real_data_last": {"last": 0.5},
        "label_smoothing": {"smoothing": 0.2},
        "temperature_scaling": {"holdout": 30},
        "expectation_consistency": {"holdout": 30},
        "ensemble": {"members": 3},
        "ensemble, in full": {"members": 2, "saves": "nothing"},
    }


def mitigated(name: str) -> Scenario:
    """A scenario with that mitigation."""
    return Scenario.model_validate(
        {
            **FACTS,
            "filter": {"strictness": 0.3},
            "mixture": {"budget": 200, "share": 0.45},
            "model": MLP,
            "mitigation": {"kind": name.split(",")[0], **mitigations()[name]},
        }
    )


def hooks(name: str) -> dict[str, Any]:
    """What a mitigation does, before anything is trained."""
    found = hooks_of(mitigated(name))
    u = stream(3, 0, "canary rows").uniforms(90).reshape(3, 30)
    rows = TrainingRows(u[0] < 0.5, u[1] < 0.4, (6 * u[2]).astype(np.int64))
    one = TrainingRows(np.zeros(4, bool), np.ones(4, bool), np.arange(4))
    shown = predictions(120, 5, 3.0)
    chances = shown.probability.astype(np.float64)
    weights, keep, calibrate = found.weights, found.keep, found.calibrate
    return {
        "scenario": found.scenario,
        "weights": None if weights is None else [weights(rows), weights(one)],
        "keep": None if keep is None else [keep(rows), keep(one)],
        "beta": None if calibrate is None else calibrate(chances, shown.label),
        "training": found.training,
        "holdout": found.holdout,
        "only_scenario": found.only_scenario,
    }


def temperatures() -> dict[str, Any]:
    """Temperatures, at the ends of their range too."""
    found = {}
    for name, classes, sharpness in (("sure", 4, 5.0), ("unsure", 3, 0.1)):
        shown = predictions(90, classes, sharpness)
        chances = shown.probability.astype(np.float64)
        found[name] = {
            "log loss": least_log_loss(chances, shown.label),
            "consistency": confident_as_accurate(chances, shown.label),
            "always right": confident_as_accurate(chances, chances.argmax(axis=1)),
            "always wrong": confident_as_accurate(chances, chances.argmin(axis=1)),
            "tempered": [at_temperature(chances, beta) for beta in (0.05, 1.0, 3.0)],
        }
    return found


def simulated(scenario: Scenario, variants: dict[str, Any], device: str = "cpu") -> Iterator[Any]:
    """The tidy rows of a small study."""
    study = Study.model_validate(
        {
            "name": "x",
            "replicates": 1,
            "scenario": scenario,
            "axes": {"mixture.share": [0.0, 0.5]},
            "variants": [{"name": name, "set": change} for name, change in variants.items()],
        }
    )
    for unit in units_of(study, "cpu"):
        for row in simulate(unit).to_dict("records"):
            yield {name: value for name, value in row.items() if not isinstance(value, str)}


def simulations() -> dict[str, Callable[[], Any]]:
    """Cells of every world."""

    def cells(parts: dict[str, Any], **variants: Any) -> Callable[[], Any]:
        return lambda: list(simulated(Scenario.model_validate(parts), variants))

    table = {"world": worlds()["table"], "model": {"kind": "logistic"}}
    corpus = {
        "world": worlds()["corpus"],
        "source": {"kind": "generated", "passes": 0.3},
        "mixture": {"budget": 150},
        "model": {**TEXT, "passes": 0.5},
    }
    counted = {**FACTS, "model": {"kind": "count_table"}}
    real_only = {"mixture.design": "real_only"}
    return {
        "facts": cells(counted, control=real_only, strict={"filter.strictness": 0.7}),
        "clusters": cells({**CLUSTERS, "model": MLP}),
        "table": cells(table, control=real_only),
        "language": cells({**sentences(), "model": TEXT}),
        "corpus": cells(corpus),
    }


def _cells(name: str) -> list[Any]:
    return list(simulated(mitigated(name), {}))


def canaries() -> Canaries:
    """Every canary of the layer."""
    found = {
        "temperatures": Canary(temperatures, STEP),
    }
    for name in models():
        exact = models()[name][1]["kind"] == "count_table"
        found[f"model: {name}"] = Canary(partial(trained, name), STEP if exact else TRAINED)
    for name in mitigations():
        found[f"mitigation: {name}"] = Canary(partial(hooks, name), STEP)
        found[f"mitigated: {name}"] = Canary(partial(_cells, name), TRAINED)
    for name, function in simulations().items():
        found[f"simulation: {name}"] = Canary(function, TRAINED)
    return found
