"""The worlds that a calibration searches: a box of settings around a base scenario."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import ValidationError

from smcollapse.errors import SmcollapseError, nearest
from smcollapse.inference import Record
from smcollapse.scenario import Scenario
from smcollapse.study import Axis, Change, Study, Variant, replaced
from smcollapse.theories.base import Floats

SHARES = tuple(round(0.05 * step, 2) for step in range(13))
"""Shares at which worlds are predicted, and trained by a study that is saved: as in `atlas`."""

DIGITS = 4
"""Significant digits of a setting: what is saved is what was evaluated."""


@dataclass(frozen=True)
class Knob(Record):
    """One setting and its range; `log` ranges are searched on a logarithmic scale."""

    path: str
    lower: float
    upper: float
    scale: Literal["linear", "log"] = "linear"
    whole: bool = False

    def value(self, place: float) -> float | int:
        """The setting at a place in [0, 1] of its range, to `DIGITS` significant digits."""
        if self.scale == "log":
            found = self.lower * (self.upper / self.lower) ** place
        else:
            found = self.lower + (self.upper - self.lower) * place
        rounded = float(f"{found:.{DIGITS}g}")
        return round(rounded) if self.whole else rounded

    def place(self, value: float) -> float:
        """Where a value lies in the range: 0 at the lower end, 1 at the upper."""
        if self.scale == "log":
            return math.log(value / self.lower) / math.log(self.upper / self.lower)
        return (value - self.lower) / (self.upper - self.lower)


@dataclass(frozen=True)
class Box(Record):
    """A family of worlds: a base scenario as plain data, and the knobs that are searched."""

    base: dict[str, Any]
    knobs: tuple[Knob, ...]

    def settings(self, place: Floats) -> dict[str, float | int]:
        """Path and value of every knob at a place (D,) in the unit cube."""
        return {knob.path: knob.value(float(x)) for knob, x in zip(self.knobs, place, strict=True)}

    def scenario(self, place: Floats) -> Scenario:
        """The world at that place, with share 0."""
        return Scenario.model_validate(replaced(self.base, self.settings(place)))

    def fixed(self, values: Mapping[str, Any]) -> Box:
        """The box with some settings given instead of searched.

        Raises
        ------
        SmcollapseError
            If a setting is unknown or its value not allowed.
        """
        known = [f"{part}.{name}" for part, group in self._described().items() for name in group]
        for path in values:
            if path not in known:
                raise SmcollapseError(f"--fix {path}: unknown setting{nearest(path, known)}")
        base = replaced(self.base, dict(values))
        try:
            Scenario.model_validate(base)
        except ValidationError as error:
            first = error.errors()[0]
            raise SmcollapseError(f"--fix {', '.join(values)}: {first['msg']}") from None
        return replace(
            self, base=base, knobs=tuple(knob for knob in self.knobs if knob.path not in values)
        )

    def _described(self) -> dict[str, dict[str, Any]]:
        return Scenario.model_validate(self.base).model_dump()


def facts_box() -> Box:
    """Worlds of discrete facts and their sources, for the theory of counts."""
    return Box(
        base={
            "world": {"kind": "facts"},
            "source": {"kind": "consensus"},
            "mixture": {"budget": 60_000},
            "model": {"kind": "mlp"},
        },
        knobs=(
            Knob("world.n_contexts", 100, 1000, "log", whole=True),
            Knob("mixture.budget", 5_000, 100_000, "log", whole=True),
            Knob("world.n_answers", 2, 50, "log", whole=True),
            Knob("world.zipf_exponent", 0.0, 1.5),
            Knob("world.rare_mass", 0.05, 0.5),
            Knob("world.exception_share", 0.05, 1.0),
            Knob("world.noise", 0.0, 0.7),
            Knob("source.polish", 0.0, 1.0),
            Knob("source.coverage", 0.1, 1.0),
            Knob("source.tempering", 0.2, 1.5),
            Knob("source.fidelity", 0.0, 0.5),
            Knob("source.contamination", 0.0, 0.3),
            Knob("source.detectability", 0.0, 0.8),
            Knob("filter.strictness", 0.0, 0.9),
        ),
    )


def clusters_box() -> Box:
    """Worlds of feature vectors and ridge logistic regression, for the proportional theory."""
    return Box(
        base={
            "world": {"kind": "clusters", "n_contexts": 10, "dimension": 100},
            "source": {"kind": "consensus"},
            "mixture": {"budget": 1000},
            "model": {"kind": "logistic"},
        },
        knobs=(
            Knob("mixture.budget", 200, 10_000, "log", whole=True),
            Knob("model.ridge", 0.001, 1.0, "log"),
            Knob("world.zipf_exponent", 0.0, 1.5),
            Knob("world.rare_mass", 0.05, 0.5),
            Knob("world.exception_share", 0.05, 1.0),
            Knob("world.noise", 0.0, 0.4),
            Knob("world.rule_strength", 0.5, 3.0),
            Knob("world.context_strength", 0.5, 4.0),
            Knob("source.polish", 0.0, 0.99),
            Knob("source.coverage", 0.1, 1.0),
            Knob("source.tempering", 0.2, 1.5),
            Knob("source.fidelity", 0.0, 0.5),
            Knob("source.contamination", 0.0, 0.3),
        ),
    )


BOXES = {"counts": facts_box, "proportional": clusters_box}
"""The theories that a calibration can use, with the worlds that each searches."""


def study_of(scenario: Scenario, name: str, title: str, description: str) -> Study:
    """The study that trains a world at `SHARES`, ten times, with its `real_only` control."""
    return Study(
        name=name,
        title=title,
        description=description,
        scenario=scenario,
        axes=(Axis(path="mixture.share", values=SHARES),),
        variants=(
            Variant(name="real only", set=(Change(path="mixture.design", value="real_only"),)),
        ),
    )
