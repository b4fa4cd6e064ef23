"""Multilayer perceptrons as stacked ensembles."""

from __future__ import annotations

import itertools
import math
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from smcollapse.kernels.embedding import fill_embedding_gradient, fill_embedding_sums
from smcollapse.models.base import HELD_BYTES, Answers, Shape, Task
from smcollapse.models.training import (
    SCHEDULE_BYTES,
    Examples,
    Forward,
    Parameters,
    optimisation,
    task_schedule,
    task_weights,
    train,
)
from smcollapse.settings import Mlp
from smcollapse.streams import stream
from smcollapse.study import DeviceClass
from smcollapse.worlds import Inputs, Rows

EVALUATION_ROWS = 4096
"""Test rows that pass through the stack at a time."""


class Mlps(Answers):
    """Stacks of `settings.Mlp` networks."""

    def device_class(self, wanted: DeviceClass) -> DeviceClass:
        """Trained where asked."""
        return wanted

    def stack_size(self, settings: Mlp, shape: Shape, device: DeviceClass) -> int:
        """Members of a stack, from the shape alone.

        On a CPU small networks share the overhead of each operation, large ones would leave the
        cache; on a GPU more members are better until they fill it. Three things more are held in
        memory: the schedule of all batches, four bytes a draw; the results; and what grows with
        the number of classes and of codes.
        """
        wide = _widths(settings, shape.inputs)[0]
        floats = settings.batch_size * (wide + 2 * settings.depth * settings.width)
        floats += 3 * (wide + settings.depth * settings.width) * settings.width
        memory, most = (2**31, 512) if device == "cuda" else (2**23, 64)
        scheduled = SCHEDULE_BYTES // int(4 * settings.passes * shape.budget + 1)
        held = HELD_BYTES[device] // _held_bytes(settings, shape)
        return int(np.clip(min(memory // (4 * floats), scheduled, held), 1, most))

    def probabilities(self, settings: Mlp, task: Task, device: DeviceClass) -> NDArray[np.float32]:
        """Train every member; (E, n_test, C) probabilities on the test rows."""
        place = torch.device(device)
        plan = optimisation(settings, task.budget)
        parameters, forward = network(
            settings,
            task.inputs,
            len(task.slots),
            place,
            task.seed,
            task.replicate,
            task.purpose("initial weights"),
        )
        pool, schedule = examples(task.pool, task).to(place), task_schedule(task, plan).to(place)
        weights = task_weights(task, place)
        train(parameters, forward, pool, schedule, plan, weights, task.smoothing)
        test, classes = examples(task.test, task), task.inputs.n_classes
        return _evaluate(parameters, forward, test, len(task.slots), classes, place)


def _widths(settings: Mlp, inputs: Inputs) -> list[int]:
    """Sizes of the layers, from the first linear layer's input to the classes."""
    wide = settings.embedding if inputs.fields else inputs.n_features
    return [wide, *[settings.width] * settings.depth, inputs.n_classes]


def _held_bytes(settings: Mlp, shape: Shape) -> int:
    """Memory of a member: parameters, gradients and two moments; a batch's logits; results."""
    widths = _widths(settings, shape.inputs)
    parameters = settings.embedding * sum(shape.inputs.fields)
    parameters += sum(a * b for a, b in itertools.pairwise(widths))
    rows = max(settings.batch_size, min(EVALUATION_ROWS, shape.n_test))
    return 16 * parameters + 8 * rows * (max(widths[:-1]) + widths[-1]) + shape.result_bytes


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


def network(
    settings: Mlp,
    inputs: Inputs,
    members: int,
    device: torch.device,
    seed: int,
    replicate: int,
    purpose: str = "initial weights",
) -> tuple[Parameters, Forward]:
    """A stack of equal networks: initial weights, and the function that applies them.

    All members of a replicate start from the same weights (common random numbers).
    Embeddings N(0, 1), weights N(0, 2/fan-in) before a ReLU (He et al. 2015) and N(0, 1/fan-in)
    before the softmax, biases 0. What reads the style starts at 0 and does not count as fan-in:
    the initial network is the one without style, and training with and without stays paired.
    """
    widths = _widths(settings, inputs)
    style_column = inputs.style and not inputs.fields
    shapes: dict[str, tuple[int, int, float]] = {}
    if inputs.fields:
        shapes["embedding"] = (sum(inputs.fields), settings.embedding, 1.0)
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        gain = 1.0 if layer == settings.depth else 2.0
        seeing = fan_in - 1 if style_column and layer == 0 else fan_in
        shapes[f"weight_{layer}"] = (fan_out, fan_in, math.sqrt(gain / seeing))
    parameters: Parameters = {}
    for name, (rows, columns, scale) in shapes.items():
        draws = stream(seed, replicate, purpose, name).normals(rows, columns)
        draws *= np.float32(scale)
        if inputs.style and name == "embedding":
            draws[-inputs.fields[-1] :] = 0.0
        if style_column and name == "weight_0":
            draws[:, -1] = 0.0
        parameters[name] = _stacked(draws, members, device)
        if name.startswith("weight"):
            bias = np.zeros((rows, 1), dtype=np.float32)
            parameters[name.replace("weight", "bias")] = _stacked(bias, members, device)
    return parameters, _Forward(settings, inputs)


def _stacked(one: NDArray[np.float32], members: int, device: torch.device) -> torch.Tensor:
    stacked = torch.from_numpy(one).to(device).expand(members, *one.shape).clone()
    return stacked.requires_grad_()


class _Forward:
    """The network: parameters, features (E, B, d), codes (E, B, f) → logits (E, C, B).

    Inside, the batch is the last dimension: weights are (E, out, in), activations (E, out, B).
    """

    def __init__(self, settings: Mlp, inputs: Inputs) -> None:
        self.depth = settings.depth
        self.discrete = bool(inputs.fields)

    def __call__(
        self, parameters: Parameters, features: torch.Tensor, codes: torch.Tensor
    ) -> torch.Tensor:
        x = embedding_sum(parameters["embedding"], codes) if self.discrete else features
        x = x.mT
        for layer in range(self.depth + 1):
            x = torch.baddbmm(parameters[f"bias_{layer}"], parameters[f"weight_{layer}"], x)
            if layer < self.depth:
                x = torch.relu_(x)
        return x


def embedding_sum(table: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """Σ_f table[e, codes[e, b, f]]: table (E, V, h), codes (E, B, f) → (E, B, h)."""
    if table.device.type == "cpu":
        return cast(torch.Tensor, _EmbeddingSum.apply(table, codes))  # type: ignore[no-untyped-call]
    members, size, width = table.shape
    offset = size * torch.arange(members, device=table.device).view(-1, 1, 1)
    bags = torch.nn.functional.embedding_bag(
        (codes + offset).view(-1, codes.shape[2]), table.view(-1, width), mode="sum"
    )
    return bags.view(*codes.shape[:2], width)


class _EmbeddingSum(torch.autograd.Function):
    """The sum and its gradient by compiled kernels."""

    @staticmethod
    def forward(ctx: Any, table: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(codes)
        ctx.size = table.shape[1]
        out = table.new_empty(*codes.shape[:2], table.shape[2])
        fill_embedding_sums(table.detach().numpy(), codes.numpy(), out.numpy())
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        (codes,) = ctx.saved_tensors
        gradient = gradients[0].contiguous()
        out = gradient.new_zeros(codes.shape[0], ctx.size, gradient.shape[2])
        fill_embedding_gradient(gradient.numpy(), codes.numpy(), out.numpy())
        return out, None


@torch.no_grad()
def _evaluate(
    parameters: Parameters,
    forward: Forward,
    test: Examples,
    members: int,
    n_classes: int,
    device: torch.device,
) -> NDArray[np.float32]:
    out = np.empty((members, len(test.label), n_classes), dtype=np.float32)
    for start in range(0, len(test.label), EVALUATION_ROWS):
        rows = slice(start, start + EVALUATION_ROWS)
        features, codes = test.features[rows].to(device), test.codes[rows].to(device)
        logits = forward(
            parameters, features.expand(members, -1, -1), codes.expand(members, -1, -1)
        )
        out[:, rows] = torch.softmax(logits, dim=1).mT.cpu().numpy()
    return out
