"""The conditions of a study over the strictness of its filter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from smcollapse.errors import StudyError
from smcollapse.questions.conditions import CONTROL, labels_of, present, reference_of
from smcollapse.scenario import Scenario
from smcollapse.study import Study

PATH = "filter.strictness"
FEWEST = 3


@dataclass(frozen=True, eq=False)
class Group:
    """A condition: its scenarios by strictness and share, and what was trained of it."""

    label: str
    scenarios: dict[tuple[float, float], Scenario]
    rows: pd.DataFrame | None

    @property
    def strictness(self) -> tuple[float, ...]:
        return tuple(sorted({strictness for strictness, _ in self.scenarios}))

    @property
    def shares(self) -> tuple[float, ...]:
        return tuple(sorted({share for _, share in self.scenarios}))

    def over_strictness(self, share: float) -> list[Scenario]:
        return [self.scenarios[strictness, share] for strictness in self.strictness]


def check_study(study: Study) -> None:
    """Raise StudyError unless strictness is an axis with 0 and two other values at least."""
    if study.scenario.world.kind == "corpus":
        raise StudyError(
            f"study '{study.name}' is of world 'corpus', which has no filter to compare: its rows "
            "have no answer to judge; run it with an axis of what the generator keeps, "
            'source.best_of = [1, 4, 16], or --set source.best_of="[1, 4, 16]"'
        )
    for axis in study.axes:
        tried = tuple(axis.values)
        if axis.path == PATH and 0.0 in tried and len(tried) >= FEWEST:
            return
    raise StudyError(
        f"study '{study.name}' has no axis {PATH} with 0 (no filter) and two other values at "
        f"least: write [axes] {PATH} = [0.0, 0.25, 0.5, 0.75, 1.0], or "
        f'--set {PATH}="[0, 0.25, 0.5, 0.75, 1]"'
    )


def groups_of(study: Study, table: pd.DataFrame | None) -> tuple[list[Group], list[str]]:
    """The conditions of a study that have every strictness at every share, and what is left out."""
    columns = {
        path: column
        for path, column in study.varied().items()
        if path not in (PATH, "mixture.share", "mixture.design")
    }
    keys = ["variant", *columns.values(), "design"]
    conditions = study.conditions()
    frame = pd.DataFrame(
        [
            {
                "variant": one.variant,
                **{name: value for name, value in one.knobs if name in columns.values()},
                "design": one.scenario.mixture.design,
            }
            for one in conditions
        ]
    )
    trained = dict(_split(table, keys)) if table is not None else {}
    kept = [(key, rows) for key, rows in _split(frame, keys) if key[-1] != CONTROL]
    settings = [dict(zip(keys, key, strict=True)) for key, _ in kept]
    labels = labels_of(settings, [*columns.values(), "design"])
    reference = reference_of(study, settings)
    groups, notes = [], []
    order = sorted(range(len(kept)), key=lambda place: settings[place] is not reference)
    for place in order:
        key, rows = kept[place]
        scenarios = {
            (
                conditions[i].scenario.filter.strictness,
                conditions[i].scenario.mixture.share,
            ): conditions[i].scenario
            for i in rows.index
        }
        group = Group(labels[place], scenarios, trained.get(key))
        complete = len(scenarios) == len(group.strictness) * len(group.shares)
        if not complete or len(group.strictness) < FEWEST or group.strictness[0] > 0.0:
            notes.append(f"{labels[place]}: left out, it does not vary the strictness")
        elif table is not None and group.rows is None:
            notes.append(f"{labels[place]}: left out, nothing of it is trained yet")
        else:
            groups.append(group)
    if not groups:
        raise StudyError(f"study '{study.name}' has no condition to compare: {'; '.join(notes)}")
    return groups, notes


def _split(frame: pd.DataFrame, keys: list[str]) -> Iterator[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Rows by condition; a missing setting is None: missing values do not equal each other."""
    for key, rows in frame.groupby(keys, sort=False, dropna=False):
        yield tuple(map(present, key)), rows
