"""A study: a design over scenarios. Axes are crossed, variants are changes beside the reference.

A cell is one scenario in one replicate; its key is a hash of everything that can change a number.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, Field, field_validator

from smcollapse.errors import nearest
from smcollapse.scenario import Scenario, content_hash
from smcollapse.settings import Value
from smcollapse.settings.base import Seed
from smcollapse.versions import RESULTS_VERSION

Setting = bool | int | float | str | tuple[str, ...]
Knob = bool | int | float | str | None
"""A setting as a column of the table holds it: a list as text, None where the part has none."""
DeviceClass = Literal["cpu", "cuda"]

RESERVED_COLUMNS = ("share", "design", "replicate", "variant")


def settings_in(table: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Keys and value of every setting in a table of settings.

    {"mixture": {"share": 0.4}} and {"mixture.share": 0.4} are both written by users, and mean the
    setting whose path is the keys joined by dots.
    """
    for key, value in table.items():
        keys = (*above, str(key))
        if isinstance(value, dict):
            yield from settings_in(value, keys)
        else:
            yield keys, value


def members(part: str) -> Iterator[type[BaseModel]]:
    """The kinds of value that a part of a scenario may be: one, or the members of a union."""
    annotation = cast(Any, Scenario.model_fields[part].annotation)
    for member in getattr(annotation, "__args__", (annotation,)):
        if isinstance(member, type) and issubclass(member, BaseModel):
            yield member


def member_of(part: str, kind: Any) -> type[BaseModel] | None:
    """The member of that kind; None if there is no such kind."""
    for member in members(part):
        field = member.model_fields.get("kind")
        if field is None or field.default == kind:
            return member
    return None


def setting_paths() -> list[str]:
    """Every path that an axis, a variant or an override may name, such as `mixture.share`."""
    paths = (
        f"{part}.{name}"
        for part in Scenario.model_fields
        for member in members(part)
        for name in member.model_fields
    )
    # a source's own setting is nearer to what a user means than a mitigation's of the same name
    return sorted(set(paths), key=lambda path: (path.startswith("mitigation."), path))


def _check_path(path: str) -> str:
    known = setting_paths()
    if path not in known:
        raise ValueError(f"unknown setting '{path}'{nearest(path, known)}")
    return path


def _check_once(what: str, names: list[str]) -> None:
    for number, name in enumerate(names):
        if name in names[:number]:
            raise ValueError(f"two {what} '{name}'")


class Axis(Value):
    """One setting and the values that it takes."""

    path: str
    values: Annotated[tuple[Setting, ...], Field(min_length=1)]

    _known = field_validator("path")(_check_path)

    @field_validator("values")
    @classmethod
    def _distinct(cls, values: tuple[Setting, ...]) -> tuple[Setting, ...]:
        if len(set(values)) < len(values):
            raise ValueError(f"the same value twice: {list(values)}")
        return values


class Change(Value):
    """One setting with the value that a variant gives it."""

    path: str
    value: Setting

    _known = field_validator("path")(_check_path)


class Variant(Value):
    """A named condition: the reference scenario with some settings changed."""

    name: Annotated[str, Field(min_length=1)]
    set: tuple[Change, ...] = ()

    @field_validator("set")
    @classmethod
    def _set_once(cls, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        _check_once("changes of", [change.path for change in changes])
        return changes

    @field_validator("set", mode="before")
    @classmethod
    def _from_table(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return tuple({"path": ".".join(keys), "value": v} for keys, v in settings_in(value))
        return value


@dataclass(frozen=True)
class Condition:
    """One scenario of a study with its place in the design: variant and varied settings."""

    scenario: Scenario
    variant: str
    knobs: tuple[tuple[str, Knob], ...]


@dataclass(frozen=True)
class Cell:
    """One condition in one replicate of a study seed: one trained model, one row of the table."""

    condition: Condition
    replicate: int
    seed: int

    def key(self, device_class: DeviceClass) -> str:
        """Hash of everything that can change a number of this cell."""
        return content_hash(
            {
                "scenario": self.condition.scenario.describe(),
                "replicate": self.replicate,
                "seed": self.seed,
                "device": device_class,
                "results_version": RESULTS_VERSION,
            }
        )


class Study(Value):
    """A reference scenario, axes that are crossed, variants beside the reference, replicates.

    Replicates share nothing but the world (of tables: the one table, which each splits anew, and
    a user's file of synthetic rows); all conditions of a replicate share real data, test data,
    initial weights and batch order, so contrasts within a replicate are paired.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
    title: str = ""
    description: str = ""
    seed: Seed = 1
    replicates: Annotated[int, Field(ge=1, le=100_000)] = 10
    scenario: Scenario
    axes: tuple[Axis, ...] = ()
    variants: tuple[Variant, ...] = ()

    @field_validator("axes", mode="before")
    @classmethod
    def _axes_from_table(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return tuple({"path": ".".join(keys), "values": v} for keys, v in settings_in(value))
        return value

    @field_validator("axes")
    @classmethod
    def _crossed_once(cls, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        _check_once("axes over", [axis.path for axis in axes])
        return axes

    @field_validator("variants")
    @classmethod
    def _named_once(cls, variants: tuple[Variant, ...]) -> tuple[Variant, ...]:
        _check_once("variants named", ["reference", *(variant.name for variant in variants)])
        return variants

    def varied(self) -> dict[str, str]:
        """Path of each varied setting and the column that holds it."""
        paths = [axis.path for axis in self.axes]
        paths += [change.path for variant in self.variants for change in variant.set]
        paths = list(dict.fromkeys(paths))
        leaves = [path.rsplit(".", 1)[-1] for path in paths]
        return {
            path: path.replace(".", "_")
            if leaves.count(leaf) > 1
            or (leaf in RESERVED_COLUMNS and not path.startswith("mixture."))
            else leaf
            for path, leaf in zip(paths, leaves, strict=True)
        }

    def conditions(self) -> list[Condition]:
        """All distinct scenarios, variants outermost, later axes fastest.

        A variant that fixes a setting which is also an axis keeps its own value. A scenario that
        occurs twice is trained once, under its first name.

        Raises
        ------
        pydantic.ValidationError
            If a combination is not a valid scenario.
        """
        columns = self.varied()
        base = self.scenario.model_dump(mode="json", exclude_none=True)
        found: dict[Scenario, Condition] = {}
        for variant in (Variant(name="reference"), *self.variants):
            fixed = {change.path: change.value for change in variant.set}
            axes = [axis for axis in self.axes if axis.path not in fixed]
            for combination in itertools.product(*(axis.values for axis in axes)):
                settings = fixed | {
                    axis.path: value for axis, value in zip(axes, combination, strict=True)
                }
                scenario = Scenario.model_validate(replaced(base, settings))
                knobs = tuple(
                    (column, value_at(scenario, path)) for path, column in columns.items()
                )
                found.setdefault(scenario, Condition(scenario, variant.name, knobs))
        return list(found.values())

    def cells(self) -> list[Cell]:
        """All cells, replicates outermost."""
        conditions = self.conditions()
        return [
            Cell(condition, replicate, self.seed)
            for replicate in range(self.replicates)
            for condition in conditions
        ]

    def identity(self) -> str:
        """Hash of what makes two studies the same, whatever their number of replicates.

        The names of variants and varied settings are part of it, as they stand in every row.
        """
        conditions = [
            {"scenario": c.scenario.describe(), "variant": c.variant, "knobs": c.knobs}
            for c in self.conditions()
        ]
        return content_hash({"seed": self.seed, "conditions": conditions})


def replaced(description: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """A copy of a scenario's description with the settings at the given paths replaced.

    Where the kind of a part is replaced, settings that the new kind does not have are left out.
    """
    copy = {part: dict(values) for part, values in description.items()}
    for path, value in sorted(settings.items(), key=lambda item: not item[0].endswith(".kind")):
        part, name = path.split(".")
        if name == "kind":
            copy[part] = fitting(part, copy.get(part, {}), value)
        copy.setdefault(part, {})[name] = list(value) if isinstance(value, tuple) else value
    return copy


def fitting(part: str, values: dict[str, Any], kind: Any) -> dict[str, Any]:
    """Those of a part's values that its other kind has too; all of them if there is no such."""
    member = member_of(part, kind)
    return {
        name: value
        for name, value in values.items()
        if member is None or name in member.model_fields
    }


def value_at(scenario: Scenario, path: str) -> Knob:
    part, name = path.split(".")
    value = getattr(getattr(scenario, part), name, None)
    return ", ".join(value) if isinstance(value, tuple) else cast(Knob, value)
