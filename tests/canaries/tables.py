"""Tables of canaries: what a value is reduced to, how it is compared, how a layer's table is kept.

A canary is a function without arguments that returns numbers, as any nest of mappings, sequences,
records, tables and arrays. Its table holds few numbers of each array: its shape, some elements, and
a weighted sum that every element enters, so that none can change unseen. Words are left out unless
they name a kind: a better wording moves no canary.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from smcollapse.versions import VERSIONS

FOLDER = Path(__file__).parent
Number = float | int | str | None
Numbers = dict[str, Number]
"""Numbers of one canary by their place in it; NaN and infinities as words, as JSON has none."""

EXACT, FITTED, STEP, TRAINED = 1e-9, 1e-6, 1e-5, 1e-3
"""Tolerance, relative to a number and absolute, of what is computed, of what an iterative fit ends
at, which depends on the processor in later digits, of one computation in 32 bits, and of what is
trained."""

SHOWN = 2
"""Elements of an array that stand in the table one by one: the first and the last."""

GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)

KINDS = ("kind", "outcome", "grade", "verdict_kind", "decision", "direction", "design")
"""Fields whose words are kinds and no prose."""


@dataclass(frozen=True)
class Canary:
    """What is computed, and how closely it has to agree with the table."""

    compute: Callable[[], Any]
    tolerance: float = EXACT

    def numbers(self) -> Numbers:
        """The numbers as they are now."""
        digits = 13 if self.tolerance < TRAINED else 7
        return dict(_reduced("", self.compute(), digits))


Canaries = dict[str, Canary]


@dataclass(frozen=True)
class Table:
    """The committed numbers of a layer, by canary, and the version that they were written with."""

    version: int
    canaries: dict[str, Numbers]


def read_table(layer: str, folder: Path = FOLDER) -> Table | None:
    """The committed table of a layer; None where there is none."""
    place = folder / f"{layer}.json"
    if not place.is_file():
        return None
    said = json.loads(place.read_text(encoding="utf-8"))
    values = {name: dict(_flat("", nested)) for name, nested in said["canaries"].items()}
    return Table(said["version"], values)


def write_table(layer: str, table: Table, folder: Path = FOLDER) -> Path:
    """Write the table of a layer: one line a canary, so that a difference is easy to read."""
    lines = [
        f"  {json.dumps(name)}: {json.dumps(_nested(numbers), allow_nan=False, **COMPACT)}"
        for name, numbers in sorted(table.canaries.items())
    ]
    place = folder / f"{layer}.json"
    text = f'{{\n "version": {table.version},\n "canaries": {{\n' + ",\n".join(lines) + "\n }\n}\n"
    place.write_text(text, encoding="utf-8")
    return place


COMPACT: dict[str, Any] = {"separators": (",", ":"), "ensure_ascii": False}


def _nested(numbers: Numbers) -> dict[str, Any]:
    """The numbers as a tree, so that the table need not repeat their places."""
    tree: dict[str, Any] = {}
    for place, value in numbers.items():
        *above, name = place.split("/")
        branch = tree
        for part in above:
            branch = branch.setdefault(part, {})
        branch[name] = value
    return tree


def _flat(place: str, tree: Any) -> Iterator[tuple[str, Number]]:
    """The numbers of a tree by their places."""
    if isinstance(tree, dict):
        for name, part in tree.items():
            yield from _flat(_within(place, name), part)
    else:
        yield place, tree


def moved(then: Numbers, now: Numbers, tolerance: float) -> list[str]:
    """Every number that is not what it was, in words: which one, from what to what.

    A number that is new has not moved: what else is said of the same input costs nothing.
    """
    found = [f"{place}: no longer there" for place in then if place not in now]
    for place, value in now.items():
        if place in then and not _same(then[place], value, tolerance):
            found.append(f"{place}: {_change(then[place], value)}")
    return found


def changed(name: str, changes: Sequence[str]) -> str:
    """What has moved of a canary, in lines."""
    listed = "\n".join(f"  {change}" for change in changes[:8])
    more = f"\n  and {len(changes) - 8} more" if len(changes) > 8 else ""
    return f"canary '{name}' has moved\n{listed}{more}"


def advice(layer: str) -> str:
    """What to do about it."""
    return (
        "If this was not meant, the change of code is wrong. If it was: raise the version of "
        f"'{layer}' ({VERSIONS[layer]}) in src/smcollapse/versions.py, run `make canaries`, and "
        'put it under "Changed numbers" of the changelog. Findings that used the layer are then '
        "outdated: `make paper-data`. A canary whose own input was changed takes another name."
    )


def _same(then: Number, now: Number, tolerance: float) -> bool:
    if isinstance(then, str) or isinstance(now, str) or then is None or now is None:
        return then == now
    if isinstance(then, int) and isinstance(now, int) and tolerance < TRAINED:
        return then == now
    return abs(then - now) <= tolerance * max(1.0, abs(then))


def _change(then: Number, now: Number) -> str:
    if isinstance(then, str) or isinstance(now, str) or then is None or now is None:
        return f"{then} is now {now}"
    return f"{then:.12g} is now {now:.12g} ({now - then:+.3g})"


def _reduced(place: str, value: Any, digits: int) -> Iterator[tuple[str, Number]]:
    """Numbers of a value with their places."""
    if isinstance(value, str):
        if place.rsplit("/", 1)[-1] in KINDS:
            yield place, value
    elif value is None:
        yield place, None
    elif isinstance(value, bool | np.bool_ | int | np.integer):
        yield place, int(value)
    elif isinstance(value, float | np.floating):
        yield place, _rounded(float(value), digits)
    elif isinstance(value, pd.DataFrame):
        for name in value.columns:
            yield from _reduced(_within(place, name), value[name].to_numpy(), digits)
    elif isinstance(value, np.ndarray):
        yield from _of_array(place, value, digits)
    elif isinstance(value, BaseModel):
        yield from _reduced(place, value.model_dump(mode="json"), digits)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _reduced(_within(place, field.name), getattr(value, field.name), digits)
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _reduced(_within(place, name), part, digits)
    elif isinstance(value, list | tuple):
        yield from _of_sequence(place, value, digits)
    elif not callable(value):
        raise TypeError(f"{place}: a canary cannot hold a {type(value).__name__}")


def _of_sequence(place: str, value: Sequence[Any], digits: int) -> Iterator[tuple[str, Number]]:
    yield _within(place, "n"), len(value)
    if len(value) <= SHOWN:
        for number, part in enumerate(value):
            yield from _reduced(_within(place, number), part, digits)
        return
    columns = _columns(value)
    if columns is not None:
        yield from _reduced(place, columns, digits)
        return
    for number, part in enumerate(value):
        yield from _reduced(_within(place, number), part, digits)


def _columns(value: Sequence[Any]) -> Any:
    """Parts of one form side by side: an array of numbers, or a list for each field of records."""
    first = value[0]
    plain = (bool, int, float, np.integer, np.floating, np.bool_, type(None))
    if all(isinstance(part, plain) for part in value):
        return np.array([math.nan if part is None else part for part in value], dtype=np.float64)
    if any(type(part) is not type(first) for part in value):
        return None
    if isinstance(first, np.ndarray) and all(part.shape == first.shape for part in value):
        return None if first.dtype.kind in "OUS" else np.stack(list(value))
    if is_dataclass(first):
        names = [field.name for field in fields(first)]
        return {name: [getattr(part, name) for part in value] for name in names}
    if isinstance(first, Mapping) and all(list(part) == list(first) for part in value):
        return {name: [part[name] for part in value] for name in first}
    return None


def _of_array(place: str, value: np.ndarray, digits: int) -> Iterator[tuple[str, Number]]:
    yield _within(place, "shape"), "×".join(map(str, value.shape))
    if value.dtype.kind in "OUS":
        for number, part in enumerate(value.ravel().tolist()):
            yield from _reduced(_within(place, number), part, digits)
        return
    flat, whole = value.ravel(), value.dtype.kind in "bui"
    shown = list(range(flat.size))
    if flat.size > SHOWN:
        shown = [0, flat.size - 1]
        if whole and digits > 7:
            yield _within(place, "checksum"), _checksum(flat)
        else:
            yield from _sums(place, flat.astype(np.float64), digits)
    for at in shown:
        yield _within(place, at), int(flat[at]) if whole else _rounded(float(flat[at]), digits)


def _sums(place: str, numbers: np.ndarray, digits: int) -> Iterator[tuple[str, Number]]:
    """The weighted sum of numbers (n,), divided by n where they are trained; what is not finite."""
    finite = np.where(np.isfinite(numbers), numbers, 0.0)
    if not np.isfinite(numbers).all():
        odd = np.isnan(numbers) + 2 * np.isposinf(numbers) + 3 * np.isneginf(numbers)
        yield _within(place, "odd"), _rounded(float(odd @ _weights(len(odd))), digits)
    mix = float(finite @ _weights(len(finite)))
    yield _within(place, "mix"), _rounded(mix if digits > 7 else mix / len(finite), digits)


def _checksum(whole: np.ndarray) -> int:
    """A number of 48 bits that depends on every one of those whole numbers (n,) and their order."""
    mixed = (whole.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    odd = 2 * np.arange(len(whole), dtype=np.uint64) + np.uint64(1)
    return int((mixed * odd).sum(dtype=np.uint64) >> np.uint64(16))


def _weights(n: int) -> np.ndarray:
    """(n,) weights between 0.5 and 1.5, no two alike."""
    return 0.5 + (GOLDEN * np.arange(1, n + 1)) % 1.0


def _within(place: str, name: object) -> str:
    named = str(name).replace("/", "|")
    return f"{place}/{named}" if place else named


def _rounded(value: float, digits: int) -> Number:
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return float(f"{value:.{digits}g}")
