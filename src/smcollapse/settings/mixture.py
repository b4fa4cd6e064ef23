"""The mixture: how much synthetic data, in which design, out of which budget."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from smcollapse.settings.base import Probability, Value

Design = Literal["replace", "accumulate", "real_only"]


class Mixture(Value):
    """Share p of a budget of N training examples, in one of three designs.

    replace     (1−p)N real and pN synthetic rows: the published design
    accumulate  N real rows, and as many synthetic ones beside them as make up the share p
    real_only   the (1−p)N real rows alone: the control that separates added from removed

    The number of training steps is that of the budget in every design. `share` is nominal, before
    the filter. For tables `budget = 0` means all rows of the training part.
    """

    design: Design = "replace"
    share: Probability = 0.0
    budget: Annotated[int, Field(ge=0, le=10**9)] = 0
