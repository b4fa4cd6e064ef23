"""Which knob moves the onset and the effects, and how far? For a run or a table of results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pandas as pd

from smcollapse.errors import DataError
from smcollapse.inference import INDEPENDENT, InferenceError, Record, Replication
from smcollapse.inference.attributions.attribution import Attribution, attribute
from smcollapse.inference.attributions.knobs import effect_table
from smcollapse.inference.attributions.onset_attribution import OnsetAttribution, attribute_onset
from smcollapse.questions.claim import published_claim
from smcollapse.questions.onset_results import Window, direction_of
from smcollapse.questions.results import REPLICATE, SHARE

T = TypeVar("T")


@dataclass(frozen=True)
class AttributionReport(Record):
    """What moves a measure's change between two windows, and its benchmark share.

    A part that the table does not allow is None; ``notes`` says why.
    """

    name: str
    response: str
    knobs: tuple[str, ...]
    before: Window
    after: Window
    effect: Attribution | None
    onset: OnsetAttribution | None
    notes: tuple[str, ...]


def attribution_report(
    source: Path,
    response: str,
    knobs: Sequence[str] = (),
    *,
    share: str = SHARE,
    replicate: str = REPLICATE,
    before: Window | None = None,
    after: Window | None = None,
    interactions: bool = True,
    level: float = 0.95,
    draws: int = 999,
    seed: int = 0,
) -> AttributionReport:
    """Attribution of a run's or table's measure to knobs.

    A run's knobs are its varied settings if none are named. Raises DataError for tables and knobs
    that allow neither part, StoreError for a folder that is no run.
    """
    name, table, chosen, replication = _rows(source, response, tuple(knobs))
    if not chosen:
        raise DataError(
            f"{name}: no setting but the share is varied in this run: give its study an axis, such "
            "as --set mixture.budget='[5000, 20000]', and run that"
            if source.is_dir()
            else f"{name}: name the columns of the knobs with --knob, such as --knob diversity"
        )
    claim = published_claim()
    before, after = before or claim.before, after or claim.after
    notes: list[str] = []

    def attempt(what: str, function: Callable[[], T]) -> T | None:
        try:
            return function()
        except InferenceError as error:
            notes.append(f"{what}: {error}")
            return None

    effect = attempt(
        "effect",
        lambda: attribute(
            effect_table(
                table, response, before, after, by=chosen, share=share, replicate=replicate
            ),
            "effect",
            chosen,
            interactions=interactions,
            replicate=replicate,
            replication=replication,
            level=level,
            seed=seed,
        ),
    )
    onset = attempt(
        "onset",
        lambda: attribute_onset(
            table,
            response,
            chosen,
            direction=direction_of(response),
            interactions=interactions,
            share=share,
            replicate=replicate,
            replication=replication,
            level=level,
            draws=draws,
            seed=seed,
        ),
    )
    if effect is None and onset is None:
        raise DataError(f"{name}: {'; '.join(dict.fromkeys(notes))}")
    return AttributionReport(
        name, response, chosen, before, after, effect, onset, tuple(dict.fromkeys(notes))
    )


def _rows(
    source: Path, response: str, knobs: tuple[str, ...]
) -> tuple[str, pd.DataFrame, tuple[str, ...], Replication]:
    """Name, rows, knobs and replication of the results."""
    if not source.is_dir():
        from smcollapse.worlds.reading import read_frame

        table = read_frame(str(source))
        _check(table, response, source.name)
        return source.stem, table, knobs, INDEPENDENT
    from smcollapse.questions.conditions import CONTROL, knobs_of, replication_of
    from smcollapse.store import open_store

    store = open_store(source)
    table = store.table(complete=True)
    _check(table, response, source.name)
    rows = table[table["design"] != CONTROL]
    rows = rows if len(rows) else table
    varied = [column for column in knobs_of(store, rows) if len(rows[column].unique()) > 1]
    if len(rows["design"].unique()) < 2:
        varied = [column for column in varied if column != "design"]
    complete = [column for column in varied if not rows[column].isna().any()]
    return store.study.name, rows, knobs or tuple(complete), replication_of(rows)


def _check(table: pd.DataFrame, response: str, file: str) -> None:
    if response not in table.columns:
        raise DataError(
            f"{file} has no column {response!r}: it has {', '.join(table.columns[:12])}"
        )
