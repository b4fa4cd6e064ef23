"""What every source offers once it is fitted: synthetic rows, as many as wanted."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from smcollapse.worlds import Rows


class Source(Protocol):
    """Synthetic rows of one replicate; the first n never depend on how many are asked for."""

    def sample(self, n: int) -> Rows:
        """The first n synthetic rows, with their style."""


@runtime_checkable
class AskingSource(Source, Protocol):
    """A source that can also word a question the way it words its own rows."""

    def ask(self, rows: Rows) -> Rows:
        """The questions of these rows in the source's phrasing."""
