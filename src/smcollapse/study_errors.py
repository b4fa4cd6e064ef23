"""What is wrong with a study: every problem of a TOML document, with its place, in plain words."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from smcollapse.errors import nearest
from smcollapse.scenario import Scenario
from smcollapse.setting_checks import option_problem, reason_of, shown, value_problem
from smcollapse.study import (
    Axis,
    Study,
    Variant,
    member_of,
    members,
    replaced,
    setting_paths,
    settings_in,
)

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """Something wrong in a document: its place, what the user calls that place, what is wrong."""

    path: Path
    where: str
    what: str


def problems_of(data: dict[str, Any]) -> list[Problem]:
    """Every problem of a study's TOML document; none if it is one.

    Whether settings go together is looked at once each of them is right for itself.
    """
    found = [*_wrong_values(data)]
    try:
        study = Study.model_validate({**data, **_with_tables(data)})
    except ValidationError as error:
        for item in error.errors(include_url=False):
            problem = _explained(item, data)
            if not any(_same_place(problem.path, known.path) for known in found):
                found.append(problem)
        return found
    return found or [*_wrong_conditions(study, data)]


def _same_place(one: Path, other: Path) -> bool:
    """Whether one place holds the other: then one finding is enough."""
    n = min(len(one), len(other))
    return one[:n] == other[:n]


def _wrong_values(data: dict[str, Any]) -> Iterator[Problem]:
    """Values that are wrong for their own setting, whatever the others say."""
    for name in ("name", "title", "description", "seed", "replicates"):
        if name in data and (reason := option_problem(name, data[name])):
            yield Problem((name,), name, reason)
    for path, setting, value, kind in _written(data):
        if path[0] == "axes":
            values = list(enumerate(value)) if isinstance(value, list) else []
            places = [((*path, number), element) for number, element in values]
        else:
            places = [(path, value)]
        for place, element in places:
            if reason := value_problem(setting, element, kind):
                yield Problem(place, _where(path, data), reason)
    for part, values in _tables(data.get("scenario")):
        if part in Scenario.model_fields and not isinstance(values, dict):
            path = ("scenario", part)
            yield Problem(path, _where(path, data), f"must be a table (got {shown(values)})")


def _written(data: dict[str, Any]) -> Iterator[tuple[Path, str, Any, Any]]:
    """Place, setting, value and, in the scenario, kind of what is written for known settings."""
    known = set(setting_paths())
    found: list[tuple[Path, str, Any, Any]] = []
    for part, values in _tables(data.get("scenario")):
        for name, value in _tables(values):
            kind = values.get("kind")
            found.append((("scenario", part, name), f"{part}.{name}", value, kind))
    for keys, value in settings_in(dict(_tables(data.get("axes")))):
        found.append((("axes", *keys), ".".join(keys), value, None))
    variants = data.get("variants")
    for number, variant in enumerate(variants if isinstance(variants, list) else []):
        changes = variant.get("set") if isinstance(variant, dict) else None
        for keys, value in settings_in(dict(_tables(changes))):
            found.append((("variants", number, "set", *keys), ".".join(keys), value, None))
    return (item for item in found if item[1] in known)


def _tables(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _with_tables(data: dict[str, Any]) -> dict[str, Any]:
    """The scenario with a table for each part and a text for each kind, whatever was written."""
    scenario = data.get("scenario")
    if not isinstance(scenario, dict):
        return {}
    sound = dict(scenario)
    for part in Scenario.model_fields.keys() & scenario.keys():
        values = dict(_tables(scenario[part]))
        sound[part] = values | ({"kind": str(values["kind"])} if "kind" in values else {})
    return {"scenario": sound}


def _explained(item: ErrorDetails, data: dict[str, Any]) -> Problem:
    """A problem that pydantic found, in the user's words."""
    path, what = _place(item["loc"], data), reason_of(item)
    if item["type"] == "extra_forbidden":
        above, name = path[:-1], str(path[-1])
        what = f"unknown key '{name}'{nearest(name, _known_keys(above, data))}"
        if not above and name in Scenario.model_fields:
            what = f"unknown key '{name}': write [scenario.{name}]"
        return Problem(path, _where(above, data), what)
    if item["type"] == "union_tag_invalid":
        path = (*path, "kind")
    if item["type"] == "value_error" and item["loc"][-1] == "path":
        return Problem(path, _where(path[:1] if path[0] == "axes" else path[:2], data), what)
    if path == ("variants",) and not isinstance(data["variants"], list):
        what = "must be a list of tables: write [[variants]] above each"
    elif path == ("variants",):
        path = _second_of_a_name(data)
    if item["type"] == "value_error" and path[:1] == ("scenario",):
        path = _named(what) or path
    return Problem(path, _where(path, data), what)


def _place(location: tuple[int | str, ...], data: dict[str, Any]) -> Path:
    """Where in the document the value stands that has this place in the study."""
    top = location[0]
    if top == "scenario" and len(location) > 2 and member_of(str(location[1]), location[2]):
        is_kind = "kind" in next(members(str(location[1]))).model_fields
        return location[:2] + location[3:] if is_kind else location
    if top == "axes" and len(location) > 1 and isinstance(data["axes"], dict):
        number = location[1]
        keys = [keys for keys, _ in settings_in(data["axes"])][int(number)]
        return (top, *keys, *location[3:4])
    if top == "variants" and location[2:3] == ("set",) and len(location) > 3:
        changes = data["variants"][location[1]]["set"]
        if isinstance(changes, dict):
            keys = [keys for keys, _ in settings_in(changes)][int(location[3])]
            return (*location[:3], *keys)
    return location


def _known_keys(above: Path, data: dict[str, Any]) -> list[str]:
    """The keys that are allowed in the table at that place."""
    if above[:1] == ("scenario",) and len(above) == 2:
        part = str(above[1])
        kind = data["scenario"][part].get("kind")
        kinds = [member_of(part, kind)] if member_of(part, kind) else list(members(part))
        return [name for member in kinds if member for name in member.model_fields]
    tables: dict[Path, Any] = {(): Study, ("scenario",): Scenario, ("axes",): Axis}
    return list(tables.get(above[:1], Variant).model_fields)


def _second_of_a_name(data: dict[str, Any]) -> Path:
    """The place of a variant's name that an earlier variant, or the reference, has too."""
    names = ["reference", *(variant["name"] for variant in data["variants"])]
    number = next(i for i, name in enumerate(names) if name in names[:i])
    return ("variants", number - 1, "name")


def _named(what: str) -> Path | None:
    """The place that a message on parts that do not fit names first, as `mixture.budget`."""
    word = what.split()[0]
    for path in setting_paths():
        if word in (path, path.split(".")[1], path.removesuffix(".kind")):
            return ("scenario", *path.split("."))
    return None


def _where(path: Path, data: dict[str, Any]) -> str:
    """A place as the user calls it."""
    if path[:1] == ("variants",) and len(path) > 1:
        variant = data["variants"][path[1]]
        name = variant.get("name") if isinstance(variant, dict) else None
        called = f"'{name}'" if isinstance(name, str) and name else str(int(path[1]) + 1)
        rest = ".".join(str(key) for key in path[2:] if key != "set")
        return ": ".join(filter(None, (f"variant {called}", rest)))
    return ".".join(key for key in path if isinstance(key, str)) or "study"


def _wrong_conditions(study: Study, data: dict[str, Any]) -> Iterator[Problem]:
    """Values of axes and variants that do not fit the rest of the scenario, each reason once."""
    if _all_valid(study):
        return
    base, said = study.scenario.describe(), set()
    axis_keys = {".".join(keys): keys for keys, _ in settings_in(dict(_tables(data.get("axes"))))}
    for number, variant in enumerate((Variant(name="reference"), *study.variants), start=-1):
        fixed = {change.path: change.value for change in variant.set}
        axes = [axis for axis in study.axes if axis.path not in fixed]
        for combination in itertools.product(*(axis.values for axis in axes)):
            crossed = dict(zip([axis.path for axis in axes], combination, strict=True))
            reason = _misfit(replaced(base, fixed | crossed))
            if reason is None or reason in said:
                continue
            said.add(reason)
            alone = [p for p, v in crossed.items() if _misfit(replaced(base, {p: v})) == reason]
            if alone:
                place: Path = ("axes", *axis_keys.get(alone[0], ()))
                where, together = f"axes.{alone[0]}", f"{shown(crossed[alone[0]])}: "
            else:
                place = ("variants", number) if fixed else ("axes",)
                by_itself = fixed and _misfit(replaced(base, fixed)) == reason
                written = ", ".join(f"{path} = {shown(value)}" for path, value in crossed.items())
                where, together = _where(place, data), "" if by_itself else f"{written}: "
            yield Problem(place, where, together + reason)


def _all_valid(study: Study) -> bool:
    try:
        study.conditions()
    except ValidationError:
        return False
    return True


def _misfit(description: dict[str, Any]) -> str | None:
    """Why a description is no scenario: the first reason, with its place."""
    try:
        Scenario.model_validate(description)
    except ValidationError as error:
        item = error.errors(include_url=False)[0]
        place = _place(("scenario", *item["loc"]), {"scenario": description})[1:]
        if item["type"] == "extra_forbidden":
            return f"{place[0]} of kind '{description[str(place[0])]['kind']}' has no '{place[1]}'"
        return ": ".join(filter(None, (".".join(map(str, place)), reason_of(item))))
    return None
