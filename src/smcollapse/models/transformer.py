"""Small transformers as stacked ensembles."""

from __future__ import annotations

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
from smcollapse.models.transformer_network import SIZES, initial_network, parameter_count
from smcollapse.models.transformer_training import answers, train
from smcollapse.settings import Transformer
from smcollapse.study import DeviceClass
from smcollapse.worlds import Inputs, Tokens

MOST_MEMBERS: dict[DeviceClass, int] = {"cpu": 16, "cuda": 128}

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
        share the drawing of batches; on a GPU more are better until they fill it.
        """
        size, tokens = SIZES[settings.size], tokens_of(shape.inputs)
        held = 16 * parameter_count(size, tokens) + shape.result_bytes
        scheduled = SCHEDULE_BYTES // int(4 * settings.passes * shape.budget + 1)
        most = min(HELD_BYTES[device] // held, scheduled, MOST_MEMBERS[device])
        if device == "cuda":
            floats = size.depth * (12 * size.width + 2 * size.hidden) + 3 * tokens.vocabulary
            most = min(most, CUDA_BYTES // (4 * settings.batch_size * tokens.length * floats))
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
        """
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
        if not task.contrast:
            return Outcome(probability, None, loss)
        codes = np.concatenate([rows.codes for rows in task.contrast])
        own = np.arange(len(codes), dtype=np.int32).reshape(len(task.contrast), -1)
        contrast, _ = answers(network, codes, own, task.inputs.n_classes)
        return Outcome(probability, contrast, loss)


def tokens_of(inputs: Inputs) -> Tokens:
    """The shape of the text. Raises ValueError where inputs are no text."""
    if inputs.tokens is None:
        raise ValueError("a transformer learns from text: inputs need `tokens`")
    return inputs.tokens
