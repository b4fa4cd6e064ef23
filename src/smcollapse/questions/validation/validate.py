"""Does the theory hold? Predictions beside the trained results of a run, as errors.

Nothing is fitted: a prediction is made from the condition's scenario alone. Absolute errors come
first. z = (trained − predicted)/s.e. grows without limit as replicates are added, since every
theory leaves something out, and says only whether a difference is more than chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from smcollapse.errors import TheoryError
from smcollapse.inference import Record, to_plain
from smcollapse.questions.predict import chosen_theories
from smcollapse.questions.validation.compare import (
    Compared,
    OnsetError,
    TrainedCondition,
    compare,
    onset_errors,
    trained_conditions,
)
from smcollapse.questions.validation.verdict import Summary, Verdict, summaries, verdicts
from smcollapse.store import Store


@dataclass(frozen=True)
class Unpredicted(Record):
    """A theory that says nothing about a condition, and why."""

    theory: str
    condition: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Validation:
    """Theory beside training for one run.

    points    : a row per theory, condition, measure and share
    summaries : errors by theory, kind of model and measure
    """

    study: str
    compared: tuple[Compared, ...]
    points: pd.DataFrame
    onsets: tuple[OnsetError, ...]
    summaries: tuple[Summary, ...]
    verdicts: tuple[Verdict, ...]
    unpredicted: tuple[Unpredicted, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data; numbers that JSON cannot hold become None."""
        plain: dict[str, Any] = to_plain(
            {
                "study": self.study,
                "verdicts": self.verdicts,
                "summaries": self.summaries,
                "onsets": self.onsets,
                "does_not_apply": self.unpredicted,
                "notes": self.notes,
                "points": self.points.to_dict(orient="records"),
            }
        )
        return plain


def validate_store(store: Store, theory: str | None = None) -> Validation:
    """Every theory that applies, or one, against the finished units of a store.

    Raises
    ------
    StoreError
        If no unit is finished or a part is damaged.
    TheoryError
        If there is no such theory, or none applies to any condition.
    """
    trained = list(trained_conditions(store, store.table()))
    compared: list[Compared] = []
    quiet: list[Unpredicted] = []
    for chosen in chosen_theories(theory):
        for condition in trained:
            if theory is None and not chosen.meant_for(condition.scenario):
                continue
            if reasons := chosen.applies(condition.scenario):
                quiet.append(Unpredicted(chosen.name, condition.label, tuple(reasons)))
            else:
                compared.append(compare(chosen, condition))
    if not compared:
        raise TheoryError(_nothing_applies(store.study.name, theory, quiet))
    points = pd.concat([one.points for one in compared], ignore_index=True)
    onsets = tuple(found for one in compared for found in onset_errors(one))
    tables = summaries(points)
    return Validation(
        study=store.study.name,
        compared=tuple(compared),
        points=points,
        onsets=onsets,
        summaries=tables,
        verdicts=verdicts(points, onsets, _doubts(compared), _changed(compared)),
        unpredicted=tuple(quiet),
        notes=tuple(_notes(store, trained)),
    )


def _doubts(compared: list[Compared]) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(one.theory, one.condition.label): one.doubts for one in compared}


def _changed(compared: list[Compared]) -> dict[str, str]:
    """By condition, the settings in which it differs from the first one."""
    first = compared[0].condition.settings
    return {
        one.condition.label: ", ".join(
            f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in one.condition.settings.items()
            if name != "variant" and value != first.get(name)
        )
        for one in compared
    }


def _nothing_applies(study: str, theory: str | None, quiet: list[Unpredicted]) -> str:
    who = "no theory applies" if theory is None else f"theory '{theory}' does not apply"
    said = dict.fromkeys(f"{one.theory}: {'; '.join(one.reasons)}" for one in quiet)
    return "\n".join([f"{who} to the results of '{study}'", *said])


def _notes(store: Store, trained: list[TrainedCondition]) -> Iterator[str]:
    done, planned = store.count()
    if done < planned:
        yield f"{done} of {planned} models are trained: only those are compared"
    if all(len(condition.rows["replicate"].unique()) == 1 for condition in trained):
        yield "one replicate: there is no standard error, and errors are those of single models"
