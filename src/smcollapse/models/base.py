"""What every model is given and returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from smcollapse.study import DeviceClass
from smcollapse.worlds import Inputs, Rows

HELD_BYTES: dict[DeviceClass, int] = {"cpu": 2**30, "cuda": 2**31}
"""Memory that the results and parameters of a stack may take, unless one member needs more."""


@dataclass(frozen=True)
class Shape:
    """What members of a stack have in common: inputs, budget N, number of test rows."""

    inputs: Inputs
    budget: int
    n_test: int

    @property
    def result_bytes(self) -> int:
        """Memory of one member's probabilities: as float32, and once more on the way there."""
        return 8 * self.n_test * self.inputs.n_classes


@dataclass(frozen=True)
class Task:
    """What the members of a stack are trained and tested on.

    inputs : shape of what the learners see, style included where they see it
    sees_style : whether the style is part of the inputs
    pool : rows that all members draw from
    slots : per member (n_slots,) pool row of each slot of its mixture, −1 where filtered out
    budget : number of examples that a pass over the data counts
    test : held-out real rows
    synthetic : per member (n_slots,) whether a slot holds a synthetic row; needed by `real_last`
    weights : per member (n_slots,) weight of each slot's row, mean 1; None where all are equal
    real_last : last part of the steps, on real rows alone
    smoothing : ε of label smoothing
    draw : which of several networks on the same rows: initial weights and batch orders differ
    contrast : of text, per member rows (n_contrast each) that put test questions in another way
    """

    inputs: Inputs
    sees_style: bool
    pool: Rows
    slots: Sequence[NDArray[np.int64]]
    budget: int
    test: Rows
    seed: int
    replicate: int
    synthetic: Sequence[NDArray[np.bool_]] = ()
    weights: Sequence[NDArray[np.float64] | None] = ()
    real_last: float = 0.0
    smoothing: float = 0.0
    draw: int = 0
    contrast: Sequence[Rows] = ()

    def multiplicity(self, member: int) -> NDArray[np.int64]:
        """(n_pool,) how often each pool row is in that member's mixture."""
        slots = self.slots[member]
        return np.bincount(slots[slots >= 0], minlength=len(self.pool))

    def row_weights(self, member: int) -> NDArray[np.float64]:
        """(n_pool,) sum of the weights of the slots that each pool row fills."""
        slots, weights = self.slots[member], self.weights[member] if self.weights else None
        if weights is None:
            return self.multiplicity(member).astype(np.float64)
        full = slots >= 0
        sums = np.bincount(slots[full], weights=weights[full], minlength=len(self.pool))
        return np.asarray(sums, dtype=np.float64)

    def purpose(self, name: str) -> str:
        """Name of a random stream: one of its own for every further network on the same rows."""
        return name if self.draw == 0 else f"{name} {self.draw}"


@dataclass(frozen=True)
class Outcome:
    """What the members of a stack say after training. Sums and multiples are taken part by part.

    probability : (E, n_test, C) on the test rows
    contrast    : (E, n_contrast, C) on each member's own contrast rows, None where there are none
    log_loss    : (E,) mean of −log p(next token) over the test text, nats; None of what is no text
    """

    probability: NDArray[np.float32]
    contrast: NDArray[np.float32] | None = None
    log_loss: NDArray[np.float64] | None = None

    def __add__(self, other: Outcome) -> Outcome:
        def plus(one: Any, two: Any) -> Any:
            return None if one is None or two is None else one + two

        return Outcome(
            self.probability + other.probability,
            plus(self.contrast, other.contrast),
            plus(self.log_loss, other.log_loss),
        )

    def __truediv__(self, number: int) -> Outcome:
        def divided(one: Any) -> Any:
            return None if one is None else one / one.dtype.type(number)

        return Outcome(divided(self.probability), divided(self.contrast), divided(self.log_loss))


class Model(Protocol):
    """A kind of model; `settings` is its value from `smcollapse.settings`."""

    def device_class(self, wanted: DeviceClass) -> DeviceClass:
        """Where it is trained when that device is asked for."""

    def stack_size(self, settings: Any, shape: Shape, device: DeviceClass) -> int:
        """How many members of that shape are trained together on that device."""

    def probabilities(self, settings: Any, task: Task, device: DeviceClass) -> NDArray[np.float32]:
        """Train every member; (E, n_test, C) probabilities on the test rows."""

    def outcome(self, settings: Any, task: Task, device: DeviceClass) -> Outcome:
        """Train every member; all that they say."""


class Answers:
    """A model of which only the answers to the test rows are wanted."""

    def outcome(self, settings: Any, task: Task, device: DeviceClass) -> Outcome:
        """Train every member; its probabilities alone."""
        model: Any = self
        return Outcome(model.probabilities(settings, task, device))
