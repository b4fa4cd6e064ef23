"""Findings: what an analysis concludes, in numbers with intervals and in words, as a file.

A finding is one JSON file that carries a hash of the script that made it and the versions of the
layers that the script used (scripts.py). Claims and the paper cite findings by name; one that is
missing, unreadable or outdated is refused by name.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from smcollapse.errors import SmcollapseError, nearest
from smcollapse.inference import Record
from smcollapse.store.files import put

Kind = Literal["theory only", "simulation", "toy training", "real data"]
"""What a finding rests on, weakest first."""

Grade = Literal["supported", "contradicted", "not shown"]
"""What a finding says of the statement it tests."""

Unit = Literal["share", "points", "relative", "rate", "ratio", "number"]
"""share, points and rate are fractions of 1 (0.05 is five points); relative is a fraction of a
level; ratio and number have no unit."""


class FindingError(SmcollapseError):
    """A finding is missing, damaged or outdated."""


@dataclass(frozen=True)
class Quantity(Record):
    """One number of a finding with its interval, which has ``level`` coverage.

    An open side is None, and so is the value where there is none (a share that is never reached);
    ``note`` then says so.
    """

    term: str
    value: float | None
    lower: float | None
    upper: float | None
    unit: Unit
    level: float = 0.95
    note: str = ""

    def __post_init__(self) -> None:
        for name in ("value", "lower", "upper"):
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                object.__setattr__(self, name, None)


@dataclass(frozen=True)
class Finding(Record):
    """What an analysis concludes.

    statement  : the sentence that was tested
    design     : what was run: conditions, shares, replicates, models
    falsifier  : what result would have contradicted the statement
    quantities : numbers with intervals, the one that decides first
    verdict    : the conclusion in words, with its numbers
    grade      : computed from the quantities by the analysis, never typed
    kind       : what it rests on
    models     : number of models trained for it
    quick      : made with the reduced design of `--quick`
    code       : hash of the script that made it (scripts.py)
    versions   : versions of the layers that it was made with, by layer
    """

    name: str
    title: str
    statement: str
    design: str
    falsifier: str
    quantities: tuple[Quantity, ...]
    verdict: str
    grade: Grade
    kind: Kind
    models: int = 0
    quick: bool = False
    code: str = ""
    versions: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.quantities:
            raise ValueError(f"finding '{self.name}' has no quantity")
        for value, known in ((self.grade, get_args(Grade)), (self.kind, get_args(Kind))):
            if value not in known:
                raise ValueError(f"finding '{self.name}': '{value}' is none of {known}")

    def quantity(self, term: str) -> Quantity:
        """The quantity of that name. Raises FindingError."""
        found = {quantity.term: quantity for quantity in self.quantities}
        if term not in found:
            raise FindingError(
                f"finding '{self.name}' has no quantity '{term}'{nearest(term, found)}"
            )
        return found[term]


def write_finding(finding: Finding, folder: Path) -> Path:
    """Write `folder/NAME.json`, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{finding.name}.json"
    text = json.dumps(finding.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    put(place, (text + "\n").encode("utf-8"))
    return place


def read_finding(place: Path) -> Finding:
    """The finding in a file, current or not.

    Raises
    ------
    FindingError
        If there is no such file, or it holds no finding.
    """
    try:
        said = json.loads(place.read_text(encoding="utf-8"))
        if not isinstance(said, dict):
            raise ValueError("not a table of values")
        quantities = tuple(Quantity(**quantity) for quantity in said.pop("quantities"))
        notes = tuple(said.pop("notes", ()))
        return Finding(quantities=quantities, notes=notes, **said)
    except FileNotFoundError:
        raise FindingError(f"finding '{place.stem}' is missing: no file {place}") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise FindingError(f"{place}: holds no finding ({error})") from None
