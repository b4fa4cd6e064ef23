"""What every world offers."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from smcollapse.worlds.rows import Inputs, Rows


class World(Protocol):
    """Real data with named contexts, some of them rare, some of the rare ones exceptions."""

    @property
    def inputs(self) -> Inputs:
        """Shape of what a learner sees, without the style."""

    @property
    def rare(self) -> NDArray[np.bool_]:
        """(K,) the rare contexts."""

    @property
    def rare_share(self) -> float:
        """Share of real rows in rare contexts."""

    @property
    def exception(self) -> NDArray[np.bool_]:
        """(K,) the exceptions among them."""

    @property
    def train_size(self) -> int | None:
        """Number of real training rows that exist, None where they can be drawn without end."""

    @property
    def test_size(self) -> int:
        """Number of held-out rows."""

    @property
    def split(self) -> tuple[float, float] | None:
        """Sizes of the two parts of one body of data in a common unit; None of drawn rows."""

    def real(self, seed: int, replicate: int, n: int) -> Rows:
        """The first n real training rows of that replicate."""

    def test(self, seed: int, replicate: int) -> Rows:
        """The held-out real rows of that replicate."""
