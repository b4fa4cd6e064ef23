"""The frozen records every estimand returns, and their plain, JSON-able form."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np


class InferenceError(ValueError):
    """The table or a setting does not allow the estimate; the message says what to change."""


def to_plain(value: Any) -> Any:
    """JSON-able form of a record or value.

    Records become dictionaries, arrays and tuples become lists, and numbers JSON cannot hold
    (nan, inf) become None; the record's ``note`` says in words which side of a band is open.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return to_plain(value.tolist())
    if isinstance(value, np.generic):
        return to_plain(value.item())
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@dataclass(frozen=True)
class Record:
    """Base of all results: frozen, and convertible to plain data."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able dictionary; nan and infinite numbers become None (see :func:`to_plain`)."""
        plain: dict[str, Any] = to_plain(self)
        return plain


@dataclass(frozen=True)
class Interval(Record):
    """Two-sided confidence interval; an open side is -inf or inf.

    ``level`` is the nominal coverage, e.g. 0.95. Raises InferenceError unless lower <= upper
    and 0 < level < 1.
    """

    lower: float
    upper: float
    level: float

    def __post_init__(self) -> None:
        if not self.lower <= self.upper:
            raise InferenceError(
                f"interval limits out of order or nan: [{self.lower}, {self.upper}]"
            )
        check_level(self.level)

    def __contains__(self, value: float) -> bool:
        return self.lower <= value <= self.upper

    @property
    def width(self) -> float:
        """Upper minus lower limit, inf where a side is open."""
        return self.upper - self.lower


@dataclass(frozen=True)
class Estimate(Record):
    """One number with its uncertainty: a row of a table of results.

    ``se`` is nan and ``interval`` None where the number of replicates allows none; ``note``
    then says why.
    """

    term: str
    value: float
    se: float
    interval: Interval | None
    method: str
    n_replicates: int
    note: str = ""


def check_level(level: float) -> None:
    """Raise InferenceError unless 0 < level < 1."""
    if not 0.0 < level < 1.0:
        raise InferenceError(f"level must lie strictly between 0 and 1, got {level}")


def join_notes(*notes: str) -> str:
    """Join the non-empty notes with '; '."""
    return "; ".join(note for note in notes if note)
