"""Results that are asked about: a run's folder, or anybody's table as CSV or Parquet.

A table has one row per trained model: a share, a measure, and (where there are several runs a
share) the replicate and the corpus it was trained on. Torch is not needed here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from smcollapse.errors import DataError
from smcollapse.inference import INDEPENDENT, Curves, InferenceError, Replication, curves
from smcollapse.inference.onsets.benchmark import Direction
from smcollapse.questions.columns import (
    REPLICATE,
    SHARE,
    Columns,
    Source,
    numbers,
    require,
    settled,
)
from smcollapse.questions.layouts import LONG, arranged
from smcollapse.questions.measures import Unit, direction_of, unit_of

Data = str | Path | pd.DataFrame
"""A table, its file, or a run's folder."""

RE_SPLITS = (
    "replicates are re-splits of one body of data, not new data: intervals carry the Nadeau-Bengio "
    "correction and are conditional on it"
)
ALL_ROWS = "all rows"


@dataclass(frozen=True, eq=False)
class Group:
    """Rows of one condition: its label and settings, how its replicates came about."""

    label: str
    settings: dict[str, Any]
    rows: pd.DataFrame
    replication: Replication
    source: Source
    control: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()

    def curves(self, columns: Columns, response: str | None = None) -> Curves:
        """Curves of a measure. Raises DataError with what to write instead."""
        return _curves(self.rows, self, columns, response or columns.response)

    def control_curves(self, columns: Columns, response: str | None = None) -> Curves | None:
        """Curves of the `real_only` control, where there is one."""
        if self.control is None:
            return None
        return _curves(self.control, self, columns, response or columns.response)

    def located(self, reason: object) -> str:
        """A reason with the condition's name before it, where there are several."""
        text = in_options(reason)
        return text if self.label == ALL_ROWS else f"{self.label}: {text}"


@dataclass(frozen=True, eq=False)
class Results:
    """A table of results, in groups; ``folder`` is a run's, None for a table.

    table : all rows, shares as fractions
    """

    name: str
    groups: tuple[Group, ...]
    columns: Columns
    table: pd.DataFrame
    folder: Path | None

    def unit(self, response: str) -> Unit:
        """The unit of a measure, by its name and all its values."""
        return unit_of(response, pd.to_numeric(self.table[response], errors="coerce"))

    def direction(self, response: str, asked: Literal["auto", "loss", "gain"]) -> Direction:
        """What counts as harm, by the measure's name unless it is asked for. Raises DataError."""
        if asked != "auto":
            return asked
        values = pd.to_numeric(self.table[response], errors="coerce")
        return direction_of(response, self.table[self.columns.share], values)


def is_run(source: Data) -> bool:
    """Whether the source is a run's folder."""
    return not isinstance(source, pd.DataFrame) and Path(source).is_dir()


def read_results(source: Data, columns: Columns, responses: Sequence[str] = ()) -> Results:
    """Results of a run's folder or of a table, whose measures must be there.

    responses : the measures that are asked for, else that of ``columns``

    Raises DataError or StoreError.
    """
    responses = tuple(responses) or (columns.response,)
    if not isinstance(source, pd.DataFrame) and Path(source).is_dir():
        return _of_run(Path(source), columns, responses)
    raw, file, said = laid_out(source, columns, responses)
    table, columns, notes = settled(raw, columns, file, responses)
    groups = _groups(table, columns, file, (*said, *notes))
    name = "table" if file.path is None else file.path.stem
    return Results(name, groups, columns, table, None)


def laid_out(
    source: Data, columns: Columns, responses: Sequence[str]
) -> tuple[pd.DataFrame, Source, list[str]]:
    """A table with a row per run, where it comes from, what was recognised. Raises DataError."""
    if isinstance(source, pd.DataFrame):
        file, raw, said = Source(None), _of_frame(source), list[str]()
    else:
        from smcollapse.worlds.reading import read_table

        file = Source(Path(source))
        raw, said = read_table(str(source))
    table, done = arranged(raw, columns.layout, columns.share, columns.by, responses, _read)
    changed = len(table) != len(raw) or columns.layout != LONG
    return table, replace(file, lines=not changed), [*said, *done]


def _read(path: Path) -> tuple[pd.DataFrame, list[str]]:
    from smcollapse.worlds.reading import read_table

    return read_table(str(path))


def _of_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """A data frame as a file would give it: named levels of the index are columns. DataError."""
    named = [name for name in frame.index.names if name is not None]
    table = frame.reset_index() if named else frame.reset_index(drop=True)
    table.columns = [str(name) for name in table.columns]
    if table.empty:
        raise DataError("the table has no rows")
    if table.columns.duplicated().any():
        twice = table.columns[table.columns.duplicated()][0]
        raise DataError(f"the table has two columns {twice!r}: rename one")
    return table


def in_options(reason: object) -> str:
    """A reason that names options of the command, not arguments of functions."""
    text = str(reason).replace("relative=False, --points", "--points")
    text = text.replace("relative=False", "--points")
    return re.sub(r"\b(before|after)=\(([^,()]+), ([^,()]+)\)", r"--\1 \2:\3", text)


def unanswered(reasons: Sequence[str], most: int = 3) -> DataError:
    """The error of a question that no condition allows to answer."""
    more = [f"{len(reasons) - most} more"] if len(reasons) > most else []
    return DataError("; ".join([*dict.fromkeys(reasons[:most]), *more]))


def _of_run(folder: Path, columns: Columns, responses: Sequence[str]) -> Results:
    from smcollapse.questions.conditions import conditions_of
    from smcollapse.store import open_store

    given = columns.by or columns.replicate or columns.corpus or columns.share != SHARE
    given = given or columns.layout != LONG
    if given or columns.share_unit not in ("auto", "fraction"):
        raise DataError(
            f"{folder} is a run: its conditions, shares and replicates are known; leave out --by, "
            "--share, --share-unit, --replicate, --corpus and options of a table's layout"
        )
    store = open_store(folder)
    table = store.table(complete=True)
    for response in responses:
        require(table, response, folder.name)
    groups = tuple(
        Group(
            condition.label,
            condition.settings,
            condition.rows,
            condition.replication,
            Source(folder),
            condition.control,
        )
        for condition in conditions_of(store, table)
    )
    columns = replace(columns, replicate=REPLICATE, share_unit="fraction")
    return Results(store.study.name, groups, columns, table, folder)


def _groups(
    table: pd.DataFrame, columns: Columns, source: Source, notes: tuple[str, ...]
) -> tuple[Group, ...]:
    if not columns.by:
        return (Group(ALL_ROWS, {}, table, INDEPENDENT, source, notes=notes),)
    found = table.groupby(list(columns.by), sort=True)
    return tuple(
        Group(
            ", ".join(f"{name} {value}" for name, value in zip(columns.by, key, strict=True)),
            dict(zip(columns.by, key, strict=True)),
            rows,
            INDEPENDENT,
            source,
            notes=notes,
        )
        for key, rows in found
    )


def _curves(rows: pd.DataFrame, group: Group, columns: Columns, response: str) -> Curves:
    try:
        made = curves(
            rows.assign(**{response: numbers(rows, response, group.source)}),
            response,
            share=columns.share,
            replicate=columns.replicate,
            corpus=columns.corpus,
            replication=group.replication,
            allow_missing=True,
        )
    except InferenceError as error:
        hint = _repeated_hint(rows, columns) if "several rows" in str(error) else ""
        raise DataError(f"{error}{hint}") from None
    notes = (RE_SPLITS,) if group.replication.design == "re-splits" else ()
    return replace(made, notes=(*made.notes, *group.notes, *notes))


def _repeated_hint(rows: pd.DataFrame, columns: Columns) -> str:
    """Names of columns that may tell the repeated rows apart."""
    known = {columns.response, columns.share, columns.replicate, columns.corpus, *columns.by}
    apart = [
        str(name)
        for name in rows.columns
        if name not in known and 1 < rows[name].nunique() <= 50 and rows[name].dtype.kind != "f"
    ]
    if apart:
        return f": such as with --by {' --by '.join(apart[:3])}"
    copies = int(rows.duplicated().sum())
    return f"; {copies} rows are exact copies of others: remove them" if copies else ""
