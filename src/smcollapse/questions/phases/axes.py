"""The axes of a phase diagram: which settings may be one, and over which range."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from pydantic.fields import FieldInfo

from smcollapse.errors import StudyError, nearest
from smcollapse.scenario import Scenario
from smcollapse.setting_checks import value_problem
from smcollapse.study import member_of, setting_paths, value_at

LOGARITHMIC = {
    "mixture.budget": 10.0,
    "model.ridge": 100.0,
    "source.templates": 10.0,
    "world.dimension": 8.0,
    "world.n_answers": 4.0,
    "world.n_contexts": 10.0,
}
"""Settings whose effect goes by ratios, and the ratio to the study's own value at either end."""

RANGES = {"source.tempering": (0.0, 1.5), "world.zipf_exponent": (0.0, 2.0)}
"""Ranges of settings without an upper limit that have a natural one."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Axis:
    """One setting with its values `points` (n,), ascending and distinct; `own` is the study's."""

    path: str
    points: Floats
    logarithmic: bool
    own: float
    whole: bool

    def setting(self, value: float) -> int | float:
        """The value as it is set."""
        return round(value) if self.whole else float(value)

    @property
    def shows_own(self) -> bool:
        """Whether the study's own value lies within the range."""
        return bool(self.points[0] <= self.own <= self.points[-1])


def axis_of(
    scenario: Scenario,
    path: str,
    size: int,
    limits: tuple[float, float] | None = None,
    values: npt.ArrayLike | None = None,
) -> Axis:
    """An axis over a numeric setting: at given values, or `size` ones between limits.

    Whole numbers are rounded, and kept once. Limits default to all that a probability may be, to
    `RANGES`, or to a ratio around the study's own value.

    Raises
    ------
    StudyError
        If there is no such setting in the scenario, it is not a number, or the range is empty or
        leaves what the setting may be.
    """
    field = _field(scenario, path)
    own = float(cast(float, value_at(scenario, path)))
    logarithmic = path in LOGARITHMIC
    if values is None:
        low, high = _default(scenario, path, own, field) if limits is None else limits
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise StudyError(
                f"{path}: write a range LOW:HIGH with LOW below HIGH (got {low:g}:{high:g})"
            )
        logarithmic = logarithmic and low > 0.0
        points = np.geomspace(low, high, size) if logarithmic else np.linspace(low, high, size)
    else:
        points = np.asarray(values, dtype=np.float64)
    whole = field.annotation is int
    points = np.unique(np.round(points) if whole else points)
    if points.size < 2:
        raise StudyError(f"{path}: an axis needs two different values (got {points.tolist()})")
    for end in (float(points[0]), float(points[-1])):
        if reason := value_problem(path, round(end) if whole else end, _kind(scenario, path)):
            raise StudyError(f"{path}: {reason}")
    return Axis(path, points, logarithmic, own, whole)


def _kind(scenario: Scenario, path: str) -> str | None:
    part = getattr(scenario, path.split(".")[0])
    return cast("str | None", getattr(part, "kind", None))


def _field(scenario: Scenario, path: str) -> FieldInfo:
    """The field of a setting that can be an axis. Raises StudyError for any other."""
    known = setting_paths()
    if path not in known:
        raise StudyError(f"unknown setting '{path}'{nearest(path, known)}")
    if path == "mixture.share":
        raise StudyError("mixture.share: onsets are shares already: write another setting")
    part, name = path.split(".")
    kind = _kind(scenario, path)
    member = member_of(part, kind)
    if member is None or name not in member.model_fields:
        raise StudyError(f"{path}: {part} '{kind}' has no setting '{name}'")
    field = member.model_fields[name]
    if field.annotation not in (int, float) or name == "seed":
        raise StudyError(f"{path}: is not a quantity: write a setting that is a number")
    return field


def _default(scenario: Scenario, path: str, own: float, field: FieldInfo) -> tuple[float, float]:
    limit = {
        name: float(getattr(bound, name))
        for bound in field.metadata
        for name in ("ge", "gt", "le", "lt")
        if hasattr(bound, name)
    }
    lower, upper = limit.get("ge", -math.inf), limit.get("le", math.inf)
    if path in RANGES:
        return RANGES[path]
    if path == "source.templates":
        most = max(float(scenario.mixture.budget), 100.0)
        return max(most / 1000.0, 1.0), most
    if path in LOGARITHMIC:
        ratio = LOGARITHMIC[path]
        return max(own / ratio, lower), min(own * ratio, upper)
    if (top := limit.get("le", limit.get("lt", math.inf))) <= 1.0:
        # an end that the setting may come near but not reach is left by a fiftieth
        return limit.get("ge", 0.02 * top), limit.get("le", 0.98 * top)
    return (max(own / 3.0, lower), min(3.0 * own, upper)) if own > 0.0 else (0.0, 1.0)
