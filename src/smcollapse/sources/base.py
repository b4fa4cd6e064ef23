"""What every source offers once it is fitted: synthetic rows, as many as wanted."""

from __future__ import annotations

from typing import Protocol

from smcollapse.worlds import Rows


class Source(Protocol):
    """Synthetic rows of one replicate; the first n never depend on how many are asked for."""

    def sample(self, n: int) -> Rows:
        """The first n synthetic rows, with their style."""
