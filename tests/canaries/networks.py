"""Canaries of layer `training`, step by step: batches, weights, gradients, text."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from smcollapse.mitigations.deduplication import copy_number
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
from smcollapse.settings import Mlp, Transformer
from smcollapse.streams import stream
from smcollapse.worlds import Tokens
from tests.canaries.tables import STEP, TRAINED, Canaries, Canary
from tests.canaries.tasks import FACTS, MLP, models, task_of


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
    found["sizes"] = SIZES
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


def canaries() -> Canaries:
    """Canaries of single steps."""
    return {
        "schedules": Canary(schedules),
        "posteriors": Canary(posteriors),
        "gradients": Canary(gradients, STEP),
        "steps, compiled": Canary(partial(transformers, True), STEP),
        "steps, torch": Canary(partial(transformers, False), STEP),
        "generator": Canary(generated, TRAINED),
    }
