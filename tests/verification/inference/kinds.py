"""Kinds of cases, one a section: which data sets are drawn, what is asked of each, what is written.

Stages: a case takes a part of the data sets that are asked for, and a further part while it is not
settled: where a rate lies too near to what is required of it to be told from it, or misses it. All
data sets of a case count together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.verification.sections import Required, Section, at_least, at_most

Row = dict[str, float]
Summaries = dict[str, dict[str, float]]
"""Means of rows, medians of widths, and the number of data sets, by the name of the case."""

ONCE = (1.0,)
AGAIN = (1.0, 5.0)
"""Parts of the data sets: a case that misses what is required gets four times as many again."""


def _once(_: Any) -> tuple[float, ...]:
    return ONCE


def _settled(_: Any, __: dict[str, float]) -> bool:
    return True


@dataclass(frozen=True)
class Kind:
    """A kind of cases.

    cases : frozen records with a ``name``, distinct within the kind
    row : (case, number of the data set) -> numbers to average; medians of those named "... width"
    section : the text from all summaries; figure : a PNG from them
    stages : parts of the data sets of a case; settled : whether they are enough
    """

    cases: Callable[[], Sequence[Any]]
    row: Callable[[Any, int], Row]
    section: Callable[[Summaries], Section]
    figure: Callable[[Summaries], bytes] | None = None
    stages: Callable[[Any], tuple[float, ...]] = _once
    settled: Callable[[Any, dict[str, float]], bool] = _settled


def monte_carlo(rate: float, sets: float) -> float:
    """Standard error of a rate from that many data sets."""
    return math.sqrt(max(rate * (1.0 - rate), 0.25 / sets) / sets)


def highest(nominal: float, sets: float) -> float:
    """What a rate of errors of that nominal level may be measured as: two standard errors more."""
    return round(nominal + 2.0 * math.sqrt(nominal * (1.0 - nominal) / sets), 4)


def lowest(nominal: float, sets: float) -> float:
    """The same of a coverage: two standard errors less."""
    return round(nominal - 2.0 * math.sqrt(nominal * (1.0 - nominal) / sets), 4)


def errors_at_most(what: str, rate: float, sets: float, nominal: float = 0.05) -> Required:
    """The requirement that errors are not more frequent than nominal, but for two s.e."""
    return at_most(what, round(rate, 4), highest(nominal, sets), 4)


def covers_at_least(what: str, rate: float, sets: float, nominal: float = 0.95) -> Required:
    """The requirement that a band covers no less than nominal, but for two s.e."""
    return at_least(what, round(rate, 4), lowest(nominal, sets), 4)


def furthest(items: Iterable[tuple[Hashable, Required]]) -> tuple[Required, ...]:
    """Of the requirements of one key the one that is furthest from being met; keys in order."""
    found: dict[Hashable, tuple[float, Required]] = {}
    for key, item in items:
        sign, limit = item.required.split()
        excess = (float(item.measured) - float(limit)) * (1.0 if sign == "≤" else -1.0)
        if key not in found or excess > found[key][0]:
            found[key] = (excess, item)
    return tuple(item for _, item in found.values())
