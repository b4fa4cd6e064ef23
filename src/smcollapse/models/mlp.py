"""Multilayer perceptrons as stacked ensembles."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch
from numpy.typing import NDArray

from smcollapse.models.base import Task
from smcollapse.models.training import (
    MAX_ORDERS,
    Examples,
    Optimisation,
    Parameters,
    batch_orders,
    batch_schedule,
    train,
)
from smcollapse.settings import Mlp
from smcollapse.streams import stream
from smcollapse.study import DeviceClass
from smcollapse.worlds import Inputs, Rows

EVALUATION_ROWS = 4096
"""Test rows that pass through the stack at a time."""


class Mlps:
    """Stacks of `settings.Mlp` networks."""

    def device_class(self, wanted: DeviceClass) -> DeviceClass:
        """Trained where asked."""
        return wanted

    def stack_size(self, settings: Mlp, inputs: Inputs, device: DeviceClass) -> int:
        """Members of a stack, from the shape alone.

        On a CPU small networks share the overhead of each operation, large ones would leave the
        cache; on a GPU more members are always better until they fill it.
        """
        wide = settings.embedding if inputs.fields else inputs.n_features
        floats = settings.batch_size * (wide + 2 * settings.depth * settings.width)
        floats += 3 * (wide + settings.depth * settings.width) * settings.width
        if device == "cuda":
            return int(np.clip(2**31 // (4 * floats), 1, 512))
        return int(np.clip(2**23 // (4 * floats), 1, 64))

    def probabilities(self, settings: Mlp, task: Task, device: DeviceClass) -> NDArray[np.float32]:
        """Train every member; (E, n_test, C) probabilities on the test rows."""
        place = torch.device(device)
        plan = optimisation(settings, task.budget)
        parameters = initial_parameters(settings, task, len(task.slots), place)
        forward = _Forward(settings, task.inputs, len(task.slots), place)
        pool, schedule = examples(task.pool, task).to(place), _schedule(task, plan).to(place)
        train(parameters, forward, pool, schedule, plan)
        return _evaluate(parameters, forward, examples(task.test, task), len(task.slots), place)


def optimisation(settings: Mlp, budget: int) -> Optimisation:
    """The optimisation of those settings: its steps depend on the budget, never on the share."""
    batch = min(settings.batch_size, budget)
    return Optimisation(
        steps=max(1, round(settings.passes * budget / batch)),
        batch_size=batch,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
    )


def examples(rows: Rows, task: Task) -> Examples:
    """Rows as the learner sees them; codes count on from field to field."""
    features, codes = rows.features, rows.codes.astype(np.int64)
    if task.sees_style and task.inputs.fields:
        codes = np.column_stack([codes, rows.style])
    elif task.sees_style:
        features = np.column_stack([features, rows.style.astype(np.float32)])
    if task.inputs.fields:
        codes = codes + np.concatenate([[0], np.cumsum(task.inputs.fields)[:-1]])
    return Examples(
        torch.from_numpy(np.ascontiguousarray(features)),
        torch.from_numpy(np.ascontiguousarray(codes)),
        torch.from_numpy(rows.label.astype(np.int64)),
    )


def _schedule(task: Task, plan: Optimisation) -> torch.Tensor:
    """(steps, E, batch_size) pool rows of all members."""
    epochs = [
        math.ceil(plan.steps * plan.batch_size / max(1, int((slots >= 0).sum())))
        for slots in task.slots
    ]
    n_orders = min(MAX_ORDERS, max(epochs))
    orders: dict[int, NDArray[np.int64]] = {}
    members = []
    for slots in task.slots:
        if len(slots) not in orders:
            orders = {len(slots): batch_orders(task.seed, task.replicate, len(slots), n_orders)}
        members.append(batch_schedule(slots, orders[len(slots)], plan))
    return torch.from_numpy(np.stack(members, axis=1))


def initial_parameters(settings: Mlp, task: Task, members: int, device: torch.device) -> Parameters:
    """Initial weights, the same for all members of a replicate (common random numbers).

    Embeddings N(0, 1), weights N(0, 2/fan-in) before a ReLU (He et al. 2015) and N(0, 1/fan-in)
    before the softmax, biases 0.
    """
    inputs = task.inputs
    wide = settings.embedding if inputs.fields else inputs.n_features
    widths = [wide, *[settings.width] * settings.depth, inputs.n_classes]
    shapes: dict[str, tuple[int, int, float]] = {}
    if inputs.fields:
        shapes["embedding"] = (sum(inputs.fields), settings.embedding, 1.0)
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        gain = 1.0 if layer == settings.depth else 2.0
        shapes[f"weight_{layer}"] = (fan_in, fan_out, math.sqrt(gain / fan_in))
    parameters: Parameters = {}
    for name, (rows, columns, scale) in shapes.items():
        draws = stream(task.seed, task.replicate, "initial weights", name).normals(rows, columns)
        parameters[name] = _stacked(draws * np.float32(scale), members, device)
        if name.startswith("weight"):
            bias = np.zeros((1, columns), dtype=np.float32)
            parameters[name.replace("weight", "bias")] = _stacked(bias, members, device)
    return parameters


def _stacked(one: NDArray[np.float32], members: int, device: torch.device) -> torch.Tensor:
    stacked = torch.from_numpy(one).to(device).expand(members, *one.shape).clone()
    return stacked.requires_grad_()


class _Forward:
    """The network: parameters, features (E, B, d), codes (E, B, f) → logits (E, B, C)."""

    def __init__(self, settings: Mlp, inputs: Inputs, members: int, device: torch.device) -> None:
        self.depth = settings.depth
        self.size = sum(inputs.fields)
        self.offset = (self.size * torch.arange(members, device=device)).view(-1, 1, 1)

    def __call__(
        self, parameters: Parameters, features: torch.Tensor, codes: torch.Tensor
    ) -> torch.Tensor:
        x = features
        if self.size:
            table = parameters["embedding"]
            flat = (codes + self.offset).view(-1, codes.shape[-1])
            x = torch.nn.functional.embedding_bag(
                flat, table.view(-1, table.shape[-1]), mode="sum"
            ).view(*codes.shape[:2], -1)
        for layer in range(self.depth + 1):
            x = torch.baddbmm(parameters[f"bias_{layer}"], x, parameters[f"weight_{layer}"])
            if layer < self.depth:
                x = torch.relu(x)
        return x


@torch.no_grad()
def _evaluate(
    parameters: Parameters,
    forward: _Forward,
    test: Examples,
    members: int,
    device: torch.device,
) -> NDArray[np.float32]:
    parts = []
    for start in range(0, len(test.label), EVALUATION_ROWS):
        features = test.features[start : start + EVALUATION_ROWS].to(device)
        codes = test.codes[start : start + EVALUATION_ROWS].to(device)
        logits = forward(
            parameters, features.expand(members, -1, -1), codes.expand(members, -1, -1)
        )
        parts.append(torch.softmax(logits, dim=-1).cpu().numpy())
    return np.concatenate(parts, axis=1)
