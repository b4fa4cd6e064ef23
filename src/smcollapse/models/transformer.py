"""Small transformers as stacked ensembles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from smcollapse.models.base import HELD_BYTES, Outcome, Shape, Task
from smcollapse.models.training import (
    SCHEDULE_BYTES,
    optimisation,
    task_schedule,
    task_weights,
)
from smcollapse.models.transformer_network import (
    SIZES,
    expanded,
    flops_per_token,
    initial_network,
    parameter_count,
)
from smcollapse.models.transformer_training import answers, train
from smcollapse.settings import Transformer
from smcollapse.study import DeviceClass
from smcollapse.worlds import Inputs, Tokens

MOST_MEMBERS: dict[DeviceClass, int] = {"cpu": 16, "cuda": 128}

CPU_WORK = 6e12
"""Operations of a stack on a CPU, a minute or two: what a kill can cost."""

CUDA_BYTES = 2**33
"""Memory of the activations of a stack on a CUDA device."""


class Transformers:
    """Stacks of `settings.Transformer` networks."""

    def device_class(self, wanted: DeviceClass) -> DeviceClass:
        """Trained where asked."""
        return wanted

    def stack_size(self, settings: Transformer, shape: Shape, device: DeviceClass) -> int:
        """Members of a stack, from the shape alone.

        On a CPU each member's step runs in the cache of a core, whatever their number, and members
        share the drawing of batches; what a kill can cost is limited. On a GPU more are better
        until they fill it.
        """
        size, tokens = SIZES[settings.size], tokens_of(shape.inputs)
        held = 16 * parameter_count(size, tokens) + shape.result_bytes
        scheduled = SCHEDULE_BYTES // int(4 * settings.passes * shape.budget + 1)
        most = min(HELD_BYTES[device] // held, scheduled, MOST_MEMBERS[device])
        if device == "cuda":
            floats = size.depth * (12 * size.width + 2 * size.hidden) + 3 * tokens.vocabulary
            most = min(most, CUDA_BYTES // (4 * settings.batch_size * tokens.length * floats))
        else:
            trained = settings.passes * shape.budget * tokens.length
            most = min(most, int(CPU_WORK / (trained * flops_per_token(size, tokens))))
        return max(1, most)

    def probabilities(
        self, settings: Transformer, task: Task, device: DeviceClass
    ) -> NDArray[np.float32]:
        """Train every member; (E, n_test, C) probabilities on the test rows."""
        return self.outcome(settings, task, device).probability

    def outcome(self, settings: Transformer, task: Task, device: DeviceClass) -> Outcome:
        """Train every member; what they say of test rows, contrast rows and the test text.

        A probability is the softmax over all the vocabulary where the answer stands, restricted to
        the answers; the loss is the mean over all tokens of the test rows that are not padding.
        Members with the same rows, such as those without synthetic data, are trained once.
        """
        first, member = alike(task)
        asked, task = task, taken(task, first)
        place, tokens = torch.device(device), tokens_of(task.inputs)
        plan = optimisation(settings, task.budget)
        network = initial_network(
            SIZES[settings.size],
            tokens,
            len(task.slots),
            place,
            task.seed,
            task.replicate,
            task.purpose("initial weights"),
        )
        weights = task_weights(task, torch.device("cpu"))
        train(
            network,
            task.pool.codes,
            task_schedule(task, plan).numpy(),
            plan,
            None if weights is None else weights.numpy(),
            task.smoothing,
        )
        test = np.tile(np.arange(len(task.test), dtype=np.int32), (len(task.slots), 1))
        probability, loss = answers(network, task.test.codes, test, task.inputs.n_classes)
        probability, loss = probability[member], loss[member]
        if not asked.contrast:
            return Outcome(probability, None, loss)
        codes = np.concatenate([rows.codes for rows in asked.contrast])
        own = np.arange(len(codes), dtype=np.int32).reshape(len(asked.contrast), -1)
        contrast, _ = answers(expanded(network, member), codes, own, task.inputs.n_classes)
        return Outcome(probability, contrast, loss)


def alike(task: Task) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Members that differ in what they are trained on, and for each member (E,) which it equals."""
    seen: dict[tuple[bytes, ...], int] = {}
    first: list[int] = []
    member = np.empty(len(task.slots), dtype=np.int64)
    for number, slots in enumerate(task.slots):
        weights = task.weights[number] if task.weights else None
        key = (
            slots.tobytes(),
            b"" if weights is None else weights.tobytes(),
            task.synthetic[number].tobytes() if task.real_last else b"",
        )
        if key not in seen:
            seen[key] = len(first)
            first.append(number)
        member[number] = seen[key]
    return np.array(first, dtype=np.int64), member


def taken(task: Task, members: NDArray[np.int64]) -> Task:
    """The task of those members alone, without contrast rows."""

    def of(given: Sequence[Any]) -> list[Any]:
        return [given[member] for member in members] if given else []

    return replace(
        task,
        slots=of(task.slots),
        synthetic=of(task.synthetic),
        weights=of(task.weights),
        contrast=(),
    )


def tokens_of(inputs: Inputs) -> Tokens:
    """The shape of the text. Raises ValueError where inputs are no text."""
    if inputs.tokens is None:
        raise ValueError("a transformer learns from text: inputs need `tokens`")
    return inputs.tokens
