"""The one stacked training loop: E networks of equal shape as one.

Parameters are (E, in, out) tensors, a step is one batched product and one fused optimizer step.
The loss is a sum over members of each member's mean, so gradients never mix; there is no operation
across members anywhere (no clipping over the stack, no shared statistics).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from smcollapse.kernels.schedule import fill_schedule
from smcollapse.models.base import Task
from smcollapse.settings import Mlp, Transformer
from smcollapse.streams import stream

MAX_ORDERS = 32
"""Epochs after which the same random orders are gone through again."""

SCHEDULE_BYTES = 2**28
"""Memory that the schedule of a stack may take, unless a single member needs more."""


@dataclass(frozen=True)
class Examples:
    """Examples as a learner sees them.

    features : (n, d) float32; codes : (n, f) int64, fields counted on; label : (n,) int64
    """

    features: torch.Tensor
    codes: torch.Tensor
    label: torch.Tensor

    def to(self, device: torch.device) -> Examples:
        """The same examples on that device."""
        return Examples(self.features.to(device), self.codes.to(device), self.label.to(device))


@dataclass(frozen=True)
class Optimisation:
    """AdamW with a cosine learning rate over a fixed number of steps."""

    steps: int
    batch_size: int
    learning_rate: float
    weight_decay: float


Parameters = dict[str, torch.Tensor]
Forward = Callable[[Parameters, torch.Tensor, torch.Tensor], torch.Tensor]
"""(parameters, features (E, B, d), codes (E, B, f)) → logits (E, C, B)."""


def batch_orders(
    seed: int, replicate: int, n_slots: int, n_orders: int, purpose: str = "batch order"
) -> NDArray[np.int64]:
    """Random orders of the slots of a mixture, one per epoch, (n_orders, n_slots).

    Each slot draws one number per epoch and the slots are sorted by it. The order of the first n
    slots is therefore the same whatever follows them: mixtures of different size stay paired.
    """
    orders = np.empty((n_orders, n_slots), dtype=np.int64)
    for epoch in range(n_orders):
        draws = stream(seed, replicate, purpose, epoch).uniforms(n_slots)
        orders[epoch] = np.argsort(draws, kind="stable")
    return orders


def first_slots(orders: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """The orders of the first n slots alone, (n_orders, n): `batch_orders` of a smaller mixture."""
    return orders if n == orders.shape[1] else orders[orders < n].reshape(len(orders), n)


def batch_schedule(
    slots: NDArray[np.int64], orders: NDArray[np.int64], optimisation: Optimisation
) -> NDArray[np.int32]:
    """Pool rows of every batch, (steps, batch_size).

    slots : (n_slots,) pool row of each slot, −1 where the filter removed it. Batches are drawn
    from what is left, epoch by epoch, so steps × batch size is constant.
    """
    drawn = np.empty(optimisation.steps * optimisation.batch_size, dtype=np.int64)
    fill_schedule(orders, (slots >= 0).astype(np.int32), drawn)
    return slots.astype(np.int32)[drawn].reshape(optimisation.steps, optimisation.batch_size)


def optimisation(settings: Mlp | Transformer, budget: int) -> Optimisation:
    """The optimisation of those settings: its steps depend on the budget, never on the share."""
    batch = min(settings.batch_size, budget)
    return Optimisation(
        steps=max(1, round(settings.passes * budget / batch)),
        batch_size=batch,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
    )


def task_schedule(task: Task, plan: Optimisation) -> torch.Tensor:
    """(steps, E, batch_size) pool rows of all members."""
    epochs = [
        math.ceil(plan.steps * plan.batch_size / max(1, int((slots >= 0).sum())))
        for slots in task.slots
    ]
    n_orders = min(MAX_ORDERS, max(epochs))
    longest = max(len(slots) for slots in task.slots)
    purpose = task.purpose("batch order")
    orders = batch_orders(task.seed, task.replicate, longest, n_orders, purpose)
    last = round(task.real_last * plan.steps)
    mixed, real = replace(plan, steps=plan.steps - last), replace(plan, steps=last)
    members = []
    for number, slots in enumerate(task.slots):
        own = first_slots(orders, len(slots))
        parts = [batch_schedule(slots, own, mixed)]
        if last:
            real_slots = np.where(task.synthetic[number], -1, slots)
            parts.append(batch_schedule(real_slots, own, real))
        members.append(np.concatenate(parts) if last else parts[0])
    return torch.from_numpy(np.stack(members, axis=1))


def task_weights(task: Task, place: torch.device) -> torch.Tensor | None:
    """(E, n_pool) weight of each row in the loss; None if all are 1."""
    if not any(weights is not None for weights in task.weights):
        return None
    found = np.ones((len(task.slots), len(task.pool)), dtype=np.float32)
    for member, weights in enumerate(task.weights):
        if weights is not None:
            full = task.slots[member] >= 0
            found[member, task.slots[member][full]] = weights[full]
    return torch.from_numpy(found).to(place)


def train(
    parameters: Parameters,
    forward: Forward,
    pool: Examples,
    schedule: torch.Tensor,
    optimisation: Optimisation,
    weights: torch.Tensor | None = None,
    smoothing: float = 0.0,
) -> None:
    """Train all members in place.

    parameters : tensors (E, …) that require gradients, on the pool's device
    schedule : (steps, E, batch_size) pool rows
    weights : (E, n) weight of each pool row in the loss, None if all are 1
    smoothing : ε of label smoothing
    """
    fused = torch.optim.AdamW(
        list(parameters.values()),
        lr=optimisation.learning_rate,
        weight_decay=optimisation.weight_decay,
        fused=True,
    )
    steps, members, batch = schedule.shape
    leaves = list(parameters.values())
    for step in range(steps):
        rows = schedule[step].view(-1)
        features = pool.features.index_select(0, rows).view(members, batch, -1)
        codes = pool.codes.index_select(0, rows).view(members, batch, -1)
        label = pool.label.index_select(0, rows).view(members, 1, batch)
        logits = forward(parameters, features, codes)
        for leaf in leaves:
            leaf.grad = None
        gradient = cross_entropy_gradient(logits.detach(), label, smoothing)
        if weights is not None:
            gradient.mul_(weights.gather(1, schedule[step].long()).unsqueeze(1))
        torch.autograd.backward(logits, gradient)
        for group in fused.param_groups:
            group["lr"] = optimisation.learning_rate * cosine(step / steps)
        fused.step()


def cross_entropy_gradient(
    logits: torch.Tensor, label: torch.Tensor, smoothing: float = 0.0
) -> torch.Tensor:
    """Gradient of each member's mean cross entropy: (softmax − one-hot)/B, (E, C, B).

    With smoothing ε the target is (1 − ε) one-hot + ε/C (Szegedy et al. 2016).

    logits : (E, C, B), classes before batch: a softmax across a strided dimension runs on whole
    vectors, along a short last one element by element; label : (E, 1, B)
    """
    gradient = torch.softmax(logits, dim=1)
    target = gradient.new_full((1, 1, 1), smoothing - 1.0).expand_as(label)
    gradient.scatter_add_(1, label, target)
    if smoothing:
        gradient.sub_(smoothing / logits.shape[1])
    return gradient.div_(logits.shape[2])


def cosine(progress: float) -> float:
    """Factor on the learning rate after that share of the steps: from 1 to 0."""
    return 0.5 * (1.0 + math.cos(math.pi * progress))
