"""Results that are asked about: a run's folder, or anybody's table as CSV or Parquet.

A table has one row per trained model: a share, a measure, and (where there are several runs a
share) the replicate and the corpus it was trained on. Torch is not needed here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from smcollapse.errors import DataError, nearest
from smcollapse.inference import INDEPENDENT, Curves, InferenceError, Replication, curves

SHARE, REPLICATE, CORPUS = "share", "replicate", "corpus"

RE_SPLITS = (
    "replicates are re-splits of one body of data, not new data: intervals carry the Nadeau-Bengio "
    "correction and are conditional on it"
)


@dataclass(frozen=True)
class Columns:
    """Which columns hold what; None takes the usual name where the table has it."""

    response: str
    share: str = SHARE
    replicate: str | None = None
    corpus: str | None = None
    by: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Group:
    """Rows of one condition: its label and settings, how its replicates came about."""

    label: str
    settings: dict[str, Any]
    rows: pd.DataFrame
    replication: Replication
    control: pd.DataFrame | None = None

    def curves(self, columns: Columns, response: str | None = None) -> Curves:
        """Curves of a measure. Raises DataError with what to write instead."""
        return _curves(self.rows, self, columns, response)

    def control_curves(self, columns: Columns, response: str | None = None) -> Curves | None:
        """Curves of the `real_only` control, where there is one."""
        return None if self.control is None else _curves(self.control, self, columns, response)


@dataclass(frozen=True, eq=False)
class Results:
    """A table of results, in groups; ``folder`` is a run's, None for a table."""

    name: str
    groups: tuple[Group, ...]
    columns: Columns
    folder: Path | None


def read_results(source: Path, columns: Columns) -> Results:
    """Results of a run's folder or of a table. Raises DataError or StoreError."""
    if source.is_dir():
        return _of_run(source, columns)
    from smcollapse.worlds.reading import read_frame

    table = read_frame(str(source))
    columns = _settled(table, columns, source.name)
    return Results(source.stem, _groups(table, columns), columns, None)


def _of_run(folder: Path, columns: Columns) -> Results:
    from smcollapse.questions.conditions import conditions_of
    from smcollapse.store import open_store

    if columns.by or columns.replicate or columns.corpus or columns.share != SHARE:
        raise DataError(
            f"{folder} is a run: its conditions, shares and replicates are known; leave out --by, "
            "--share, --replicate and --corpus"
        )
    store = open_store(folder)
    table = store.table(complete=True)
    _present(table, columns.response, folder.name)
    groups = tuple(
        Group(
            condition.label,
            condition.settings,
            condition.rows,
            condition.replication,
            condition.control,
        )
        for condition in conditions_of(store, table)
    )
    return Results(store.study.name, groups, replace(columns, replicate=REPLICATE), folder)


def _settled(table: pd.DataFrame, columns: Columns, file: str) -> Columns:
    """The columns that are there, the usual names filled in."""
    _present(table, columns.response, file)
    if columns.share not in table.columns:
        raise DataError(
            f"{file} has no column {columns.share!r} (it has {_listed(table)})"
            f"{nearest(columns.share, map(str, table.columns))}; name the share's with --share"
        )
    chosen: dict[str, str | None] = {}
    for name, usual, given in (
        ("replicate", REPLICATE, columns.replicate),
        ("corpus", CORPUS, columns.corpus),
    ):
        if given is not None:
            _present(table, given, file)
        chosen[name] = given or (usual if usual in table.columns else None)
    for column in columns.by:
        _present(table, column, file)
        if table[column].isna().any():
            raise DataError(f"{file}: column {column!r} (--by) has missing values")
    return Columns(
        columns.response, columns.share, chosen["replicate"], chosen["corpus"], columns.by
    )


def _present(table: pd.DataFrame, column: str, file: str) -> None:
    if column not in table.columns:
        raise DataError(
            f"{file} has no column {column!r} (it has {_listed(table)})"
            f"{nearest(column, map(str, table.columns))}"
        )


def _listed(table: pd.DataFrame, most: int = 12) -> str:
    names = [str(name) for name in table.columns]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _groups(table: pd.DataFrame, columns: Columns) -> tuple[Group, ...]:
    if not columns.by:
        return (Group("all rows", {}, table, INDEPENDENT),)
    found = table.groupby(list(columns.by), sort=True)
    return tuple(
        Group(
            ", ".join(f"{name} {value}" for name, value in zip(columns.by, key, strict=True)),
            dict(zip(columns.by, key, strict=True)),
            rows,
            INDEPENDENT,
        )
        for key, rows in found
    )


def _curves(rows: pd.DataFrame, group: Group, columns: Columns, response: str | None) -> Curves:
    try:
        made = curves(
            rows,
            response or columns.response,
            share=columns.share,
            replicate=columns.replicate,
            corpus=columns.corpus,
            replication=group.replication,
            allow_missing=True,
        )
    except InferenceError as error:
        hint = _repeated_hint(rows, columns) if "several rows" in str(error) else ""
        where = "" if group.label == "all rows" else f"{group.label}: "
        raise DataError(f"{where}{error}{hint}") from None
    if group.replication.design == "re-splits":
        made = replace(made, notes=(*made.notes, RE_SPLITS))
    return made


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
