"""Canaries of layer `training`: models, mitigations while they train, the simulation of a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from smcollapse.mitigations import TrainingRows, at_temperature, hooks_of
from smcollapse.mitigations.deduplication import copy_number
from smcollapse.mitigations.temperature import confident_as_accurate, least_log_loss
from smcollapse.mixtures import budget_of, mix
from smcollapse.models import Shape, Task, model_of
from smcollapse.models.count_table import posterior
from smcollapse.models.mlp import embedding_sum, examples, network
from smcollapse.models.text_generation import Generator
from smcollapse.models.training import (
    batch_orders,
    batch_schedule,
    cosine,
    cross_entropy_gradient,
    first_slots,
    optimisation,
    task_schedule,
    task_weights,
)
from smcollapse.models.transformer import alike
from smcollapse.models.transformer_network import (
    SIZES,
    Size,
    flops_per_token,
    initial_network,
    parameter_count,
    parameter_shapes,
)
from smcollapse.models.transformer_training import (
    answers,
    learning_rate,
    said_torch,
    train,
    train_torch,
)
from smcollapse.scenario import Scenario
from smcollapse.settings import Mlp, Transformer
from smcollapse.simulate import simulate
from smcollapse.streams import stream
from smcollapse.study import Study
from smcollapse.texts import contrast_rows
from smcollapse.units import inputs_of, sees_style, units_of
from smcollapse.worlds import Tokens, world_of
from tests.canaries.measures import predictions
from tests.canaries.tables import EXACT, TRAINED, Canaries, Canary
from tests.canaries.worlds import worlds

STEP = 1e-5
"""Tolerance of a single computation in 32 bits."""

FACTS = {
    "world": {
        "kind": "facts",
        "n_contexts": 20,
        "n_answers": 4,
        "n_categories": 4,
        "test_size": 150,
    },
    "source": {"polish": 0.6, "templates": 60},
    "mixture": {"budget": 200},
}
CLUSTERS = {
    "world": {"kind": "clusters", "n_contexts": 5, "dimension": 8, "test_size": 150},
    "source": {"polish": 0.6},
    "mixture": {"budget": 150},
}
MLP = {"kind": "mlp", "embedding": 6, "width": 8, "passes": 3.0, "batch_size": 32}
STYLED = {"detectability": 0.6}
TEXT = {"kind": "transformer", "passes": 0.7, "batch_size": 16}


def sentences() -> dict[str, Any]:
    """A scenario of sentences."""
    world = worlds()["language"].model_copy(update={"n_contexts": 12, "test_size": 100})
    return {"world": world, "source": {"phrase_templates": 3}, "mixture": {"budget": 120}}


def models() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Scenario and settings of models, by kind and what is special about them."""
    styled = {**FACTS, "source": {**FACTS["source"], **STYLED}}
    styled_clusters = {**CLUSTERS, "source": {**CLUSTERS["source"], **STYLED}}
    logistic = {"kind": "logistic", "ridge": 0.02}
    return {
        "count_table": (FACTS, {"kind": "count_table"}),
        "count_table, smoothed": (styled, {"kind": "count_table", "pseudo_count": 2.5}),
        "logistic, codes": (styled, logistic),
        "logistic, features": (styled_clusters, {**logistic, "intercept": True}),
        "mlp, codes": (FACTS, MLP),
        "mlp, codes and style": (styled, {**MLP, "depth": 2, "weight_decay": 0.1}),
        "mlp, features": (CLUSTERS, {**MLP, "learning_rate": 0.03}),
        "mlp, features and style": (styled_clusters, {**MLP, "batch_size": 500}),
        "transformer": (sentences(), TEXT),
        "transformer, decay": (sentences(), {**TEXT, "weight_decay": 0.2, "size": "micro"}),
    }


def task_of(
    parts: dict[str, Any], settings: dict[str, Any], shares: tuple[float, ...] = (0.0, 0.5)
) -> tuple[Any, Task]:
    """Settings of a model, and what it is trained on at those shares."""
    scenarios = [
        Scenario.model_validate(
            {**parts, "mixture": {**parts["mixture"], "share": share}, "model": settings}
        )
        for share in shares
    ]
    first = scenarios[0]
    world = world_of(first.world)
    pool, mixtures = mix(scenarios, world, 1, 0)
    test = world.test(1, 0)
    task = Task(
        inputs=inputs_of(first),
        sees_style=sees_style(first),
        pool=pool,
        slots=[mixture.slots for mixture in mixtures],
        budget=budget_of(first, world),
        test=test,
        seed=1,
        replicate=0,
        synthetic=[mixture.synthetic for mixture in mixtures],
        weights=[mixture.weights for mixture in mixtures],
        contrast=contrast_rows(scenarios, world, test, 1, 0),
    )
    return first.model, task


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


def schedules() -> dict[str, Any]:
    """Steps, orders of slots, batches, weights and learning rates."""
    settings, task = task_of(FACTS, MLP)
    plan = optimisation(settings, task.budget)
    late = replace(task, real_last=0.3, draw=1)
    orders = batch_orders(1, 0, 30, 4)
    holes = np.where(np.arange(30) % 4 == 0, -1, np.arange(30) * 3)
    short = optimisation(Mlp(passes=0.01, batch_size=5000), 300)
    weights = [np.linspace(0.1, 2.0, len(task.slots[0])), None]
    weighed = task_weights(replace(task, weights=weights), torch.device("cpu"))
    assert weighed is not None
    sizes = [learning_rate(plan, SIZES[name], step) for name in SIZES for step in range(0, 19, 3)]
    return {
        "plan": [plan, short],
        "orders": [orders, first_slots(orders, 11), batch_orders(1, 0, 5, 1, "other")],
        "batches": batch_schedule(holes, orders, replace(plan, steps=9, batch_size=7)),
        "schedule": task_schedule(task, plan).numpy(),
        "late": task_schedule(late, plan).numpy(),
        "weights": weighed.numpy(),
        "multiplicity": [task.multiplicity(1), replace(task, weights=weights).row_weights(0)],
        "cosine": [cosine(progress) for progress in (0.0, 0.3, 1.0)],
        "rates": sizes,
        "alike": alike(
            replace(
                task, slots=[task.slots[1], task.slots[0], task.slots[1]], weights=(), real_last=0.0
            )
        ),
    } | {"purposes": [task.purpose("a") == "a", late.purpose("a") == "a 1"]}


def posteriors() -> dict[str, Any]:
    """Smoothed counts with ties and empty cells."""
    counts = np.array([[2.0, 2.0, 0.0], [0.0, 0.0, 0.0], [5.0, 1.0, 3.0]])
    prior = np.array([[0.2, 0.3, 0.5], [0.4, 0.4, 0.2], [0.0, 1.0, 0.0]])
    tie = np.array([[0.1, 0.9, 0.3], [0.8, 0.2, 0.5], [0.3, 0.3, 0.3]])
    return {
        "posterior": [posterior(counts, prior, kappa, tie) for kappa in (0.0, 1.5)],
        "copies": copy_number(np.array([3, 1, 3, 3, 2, 1])),
    }


def gradients() -> dict[str, Any]:
    """Initial weights, forward passes and gradients of perceptrons."""
    found: dict[str, Any] = {}
    for name in ("mlp, codes and style", "mlp, features and style", "mlp, codes"):
        settings, task = task_of(*models()[name])
        parameters, forward = network(settings, task.inputs, 2, torch.device("cpu"), 1, 0)
        rows = examples(task.test.take(np.arange(9)), task)
        shown = (rows.features.expand(2, -1, -1), rows.codes.expand(2, -1, -1))
        logits = forward(parameters, *shown)
        label = rows.label.view(1, 1, -1).expand(2, 1, -1)
        for smoothing in (0.0, 0.3):
            gradient = cross_entropy_gradient(logits.detach().clone(), label, smoothing)
            found[f"{name}, {smoothing}"] = gradient.numpy()
        logits.backward(gradient)
        found[name] = {
            "logits": logits.detach().numpy(),
            "parameters": {n: p.detach().numpy() for n, p in parameters.items()},
            "gradients": {n: p.grad.numpy() for n, p in parameters.items() if p.grad is not None},
        }
    table = torch.arange(24.0).view(2, 4, 3)
    codes = torch.tensor([[[0, 3], [1, 1]], [[2, 3], [0, 0]]])
    found["sums"] = embedding_sum(table, codes).numpy()
    return found


TINY = Size(width=32, depth=2, heads=4, hidden=48)
TOKENS = Tokens(vocabulary=11, length=7, answer_at=5, first_answer=6, padding=0)


def transformers(compiled: bool) -> dict[str, Any]:
    """Training steps and answers of a tiny stack, by kernels and in plain torch."""
    u = stream(2, 0, "canary codes").uniforms(40 * 7)
    codes = (1 + 10 * u).astype(np.int32).reshape(40, 7)
    codes[::3, 6] = 0
    codes[:, 5] = 6 + codes[:, 2] % 5
    plan = optimisation(Transformer(passes=3.0, batch_size=8, weight_decay=0.1), 40)
    schedule = np.stack(
        [batch_schedule(np.arange(40) % n, batch_orders(2, 0, 40, 3), plan) for n in (40, 25)],
        axis=1,
    ).astype(np.int32)
    weights = np.linspace(0.2, 1.8, 80, dtype=np.float32).reshape(2, 40)
    rows = np.tile(np.arange(20, dtype=np.int32), (2, 1))
    found: dict[str, Any] = {}
    for name, heavy, smoothing in (("plain", None, 0.0), ("weighed", weights, 0.2)):
        stack = initial_network(TINY, TOKENS, 2, torch.device("cpu"), 2, 0)
        if compiled:
            train(stack, codes, schedule, plan, heavy, smoothing)
            said: Any = answers(stack, codes, rows, 5)
        else:
            rates = np.array([learning_rate(plan, TINY, step) for step in range(len(schedule))])
            train_torch(stack, codes, schedule, rates, plan.weight_decay, heavy, smoothing)
            said = said_torch(stack, codes, rows)
        found[name] = {"flat": stack.flat.numpy(), "said": said}
    found["shapes"] = parameter_shapes(TINY, TOKENS)
    found["count"] = parameter_count(TINY, TOKENS), flops_per_token(TINY, TOKENS)
    return found


def generated() -> dict[str, Any]:
    """Rows that a tiny generator writes."""
    u = stream(2, 0, "canary text").uniforms(60 * 7)
    codes = (1 + 5 * u * u).astype(np.int32).reshape(60, 7)
    codes[:, 0] = 1
    settings = Transformer(passes=2.0, batch_size=10, learning_rate=0.02)
    writer = Generator(settings, replace(TOKENS, padding=-1), codes, 2, 0)
    return {
        "free": writer.sample(12),
        "cautious": writer.sample(12, 0.5, 3, 3),
        "many": writer.sample(260, 1.5)[0][250:],
    }


def _cells(name: str) -> list[Any]:
    return list(simulated(mitigated(name), {}))


def canaries() -> Canaries:
    """Every canary of the layer."""
    found = {
        "schedules": Canary(schedules),
        "posteriors": Canary(posteriors),
        "temperatures": Canary(temperatures, STEP),
        "gradients": Canary(gradients, STEP),
        "steps, compiled": Canary(partial(transformers, True), STEP),
        "steps, torch": Canary(partial(transformers, False), STEP),
        "generator": Canary(generated, TRAINED),
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


__all__ = ["EXACT", "canaries", "mitigations", "models"]
