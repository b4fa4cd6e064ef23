"""Which knob moves the onset and the effects, and how far? For a run or a table of results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import pandas as pd

from smcollapse.errors import DataError
from smcollapse.inference import InferenceError, Record, Replication
from smcollapse.inference.attributions.attribution import Attribution, attribute
from smcollapse.inference.attributions.knobs import effect_table
from smcollapse.inference.attributions.onset_attribution import OnsetAttribution, attribute_onset
from smcollapse.inference.effect_sizes.effects import Window, window_masks
from smcollapse.questions.columns import REPLICATE, Columns, numbers
from smcollapse.questions.effect_results import windows_of
from smcollapse.questions.measures import Unit, Worse, worse_for
from smcollapse.questions.results import Data, Results, is_run, read_results, unanswered

T = TypeVar("T")

FEWEST_SHARES = 3
"""From which a condition can have an onset."""


@dataclass(frozen=True)
class AttributionReport(Record):
    """What moves a measure's change between two windows, and its benchmark share.

    unit : that of the measure; worse : which way its harm lies

    A part that the table does not allow is None; ``notes`` says why, and which conditions are left
    out.
    """

    name: str
    response: str
    unit: Unit
    worse: Worse
    knobs: tuple[str, ...]
    before: Window
    after: Window
    effect: Attribution | None
    onset: OnsetAttribution | None
    notes: tuple[str, ...]


def attribution_report(
    source: Data,
    columns: Columns | str,
    knobs: Sequence[str] = (),
    *,
    direction: Literal["auto", "loss", "gain"] = "auto",
    before: Window | None = None,
    after: Window | None = None,
    interactions: bool = True,
    level: float = 0.95,
    seed: int = 0,
) -> AttributionReport:
    """Attribution of a run's or table's measure to knobs.

    ``columns`` may be the measure's name alone. Unless given, windows are a run's those of the
    claim, a table's its first and last third of shares. A run's knobs are its varied settings if
    none are named. A condition that cannot be used is left out with a note. Raises DataError for
    tables and knobs that allow neither part, StoreError for a folder that is no run.
    """
    columns = Columns(columns) if isinstance(columns, str) else columns
    results, chosen, replication = _results(source, columns.with_harm(direction), tuple(knobs))
    if not chosen:
        raise DataError(
            f"{results.name}: no setting but the share is varied in this run: give its study an "
            "axis, such as --set mixture.budget='[5000, 20000]', and run that"
            if results.folder is not None
            else f"{results.name}: name the columns of the knobs with --knob, such as --knob "
            "diversity"
        )
    trained = results.folder is not None
    before, after = windows_of(results, (columns.response,), before, after, claim=trained)
    harm = results.direction(columns.response, direction)
    table, notes = _usable(results, before, after)
    share = results.columns.share
    replicate = results.columns.replicate or REPLICATE

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
                table, columns.response, before, after, by=chosen, share=share, replicate=replicate
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
            columns.response,
            chosen,
            direction=harm,
            interactions=interactions,
            share=share,
            replicate=replicate,
            replication=replication,
            level=level,
            seed=seed,
        ),
    )
    if effect is None and onset is None:
        raise DataError(f"{results.name}: {'; '.join(dict.fromkeys(notes))}")
    return AttributionReport(
        results.name,
        columns.response,
        results.unit(columns.response),
        worse_for(harm),
        chosen,
        before,
        after,
        effect,
        onset,
        tuple(dict.fromkeys(notes)),
    )


def _results(
    source: Data, columns: Columns, knobs: tuple[str, ...]
) -> tuple[Results, tuple[str, ...], Replication]:
    """The results with a group per condition, the knobs and the replication."""
    if not is_run(source):
        results = read_results(source, replace(columns, by=knobs))
        return results, knobs, results.groups[0].replication
    from smcollapse.questions.conditions import CONTROL, knobs_of, replication_of
    from smcollapse.store import open_store

    results = read_results(source, columns)
    assert results.folder is not None
    table = results.table
    rows = table[table["design"] != CONTROL]
    rows = rows if len(rows) else table
    varied = [
        column
        for column in knobs_of(open_store(results.folder), rows)
        if len(rows[column].unique()) > 1
    ]
    if len(rows["design"].unique()) < 2:
        varied = [column for column in varied if column != "design"]
    complete = [column for column in varied if not rows[column].isna().any()]
    return replace(results, table=rows), knobs or tuple(complete), replication_of(rows)


def _usable(results: Results, before: Window, after: Window) -> tuple[pd.DataFrame, list[str]]:
    """Rows of the conditions that can be used, and why others are left out. Raises DataError."""
    if results.folder is not None:
        return results.table, []
    response, kept, reasons = results.columns.response, [], []
    notes: list[str] = []
    for group in results.groups:
        try:
            curves = group.curves(results.columns)
            window_masks(curves, before, after)
            if curves.shares.size < FEWEST_SHARES:
                raise DataError(f"{curves.shares.size} shares are too few for an onset")
        except (DataError, InferenceError) as error:
            reasons.append(group.located(error))
        else:
            values = numbers(group.rows, response, group.source)
            kept.append(group.rows.assign(**{response: values}))
            notes += [note for note in group.notes if note not in notes]
    if not kept:
        raise unanswered(reasons)
    return pd.concat(kept), [*notes, *(f"left out: {reason}" for reason in reasons)]
