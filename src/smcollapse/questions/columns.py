"""Columns of anybody's table of results: the share as a fraction, values as numbers, the replicate.

What is recognised is said in notes; what cannot be used is refused with the line of the file.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from smcollapse.errors import DataError, nearest
from smcollapse.questions.layouts import LONG, Layout

ShareUnit = Literal["auto", "fraction", "percent", "ratio", "real"]
"""What the numbers of a share are; "real" is the share of real rows, as fraction or per cent."""
Floats = npt.NDArray[np.float64]

SHARE, REPLICATE, CORPUS = "share", "replicate", "corpus"

REPLICATE_NAMES = (
    *("replicate", "replicates", "replicate_id", "rep", "reps", "rep_id"),
    *("repeat", "repeats", "repetition", "seed", "seeds", "random_seed", "rng_seed", "seed_id"),
    *("run", "runs", "run_id", "fold", "folds", "cv_fold", "trial", "trials", "trial_id"),
    *("split", "splits", "split_id"),
)
"""Names by which a column of replicates is recognised, in any case, the surest first."""

PARTS_OF_DATA = {"train", "training", "test", "val", "valid", "validation", "dev", "eval"}

LARGEST = 1e100
"""Larger numbers are refused: their squares leave the range of floating-point numbers."""

RATIO = re.compile(r"^\s*(?:[x×]\s*([\d.]+)|([\d.]+)\s*:\s*([\d.]+))\s*$")

SLACK = 1e-6
"""How far above 1 rounding may have put a share."""


@dataclass(frozen=True)
class Columns:
    """Which columns hold what; None takes the usual name where the table has it.

    share_unit : that of the share's column; "auto" recognises fractions and per cent
    layout : how the table holds its results, where it is not a row per run
    """

    response: str
    share: str = SHARE
    replicate: str | None = None
    corpus: str | None = None
    by: tuple[str, ...] = ()
    share_unit: ShareUnit = "auto"
    layout: Layout = LONG

    def with_harm(self, harm: Literal["auto", "loss", "gain"]) -> Columns:
        """The same, with what harm is: runs that failed may count with the worst value."""
        if self.layout.failed != "worst":
            return self
        return replace(self, layout=replace(self.layout, harm=harm))


@dataclass(frozen=True, eq=False)
class Source:
    """Where results come from, to name its lines in messages.

    path : of a file or run, None of a data frame
    lines : whether rows of the table are still those of the file
    """

    path: Path | None
    lines: bool = True

    @property
    def name(self) -> str:
        """The file's name."""
        return "the table" if self.path is None else self.path.name

    def line(self, row: int) -> str:
        """Where a row (from 0) stands: "results.csv, line 5", the header being line 1."""
        if not self.lines:
            return self.name
        suffix = "" if self.path is None else self.path.suffix.lower()
        if suffix in (".jsonl", ".ndjson"):
            return f"{self.name}, line {row + 1}"
        if self.path is None or suffix not in (".csv", ".tsv", ".txt"):
            return f"{self.name}, row {row + 1}"
        with self.path.open(newline="", encoding="utf-8", errors="replace") as file:
            reader = csv.reader(file)
            filled = (reader.line_num for cells in reader if cells)
            lines = [number for number, _ in zip(filled, range(row + 2), strict=False)]
        return f"{self.name}, line {lines[row + 1] if len(lines) == row + 2 else row + 2}"


def settled(
    table: pd.DataFrame, columns: Columns, source: Source, responses: Sequence[str]
) -> tuple[pd.DataFrame, Columns, list[str]]:
    """The table with shares as fractions, its columns by name, and what was recognised, in words.

    Raises DataError for columns that are not there, shares and groups that cannot be used, and
    numbers beyond 1e100.
    """
    for response in responses:
        require(table, response, source.name)
    if columns.share not in table.columns:
        raise DataError(
            f"{source.name} has no column {columns.share!r} (it has {_listed(table)})"
            f"{nearest(columns.share, map(str, table.columns))}; name the share's with --share"
        )
    for given in (columns.replicate, columns.corpus, *columns.by):
        if given is not None:
            require(table, given, source.name)
            _complete(table, given, source)
    shares, unit, notes = _shares(table, columns, source)
    table = table.assign(**{columns.share: shares})
    for response in dict.fromkeys(responses):
        table = table.assign(**{response: _plain(table[response])})
        _refuse_huge(table, response, source)
    columns = replace(columns, share_unit=unit)
    corpus = columns.corpus or (CORPUS if CORPUS in table.columns else None)
    columns = replace(columns, corpus=corpus)
    replicate = columns.replicate
    if replicate is None:
        replicate, said = _replicate(table, columns, responses, source)
        notes += said
    return table, replace(columns, replicate=replicate), notes


def require(table: pd.DataFrame, column: str, file: str) -> None:
    """Raise DataError unless the column is there."""
    if column not in table.columns:
        raise DataError(
            f"{file} has no column {column!r} (it has {_listed(table)})"
            f"{nearest(column, map(str, table.columns))}"
        )


def numbers(rows: pd.DataFrame, column: str, source: Source) -> Floats:
    """A column as finite numbers. Raises DataError with the line of the first that is none."""
    held = rows[column]
    values = _coerced(held)
    bad = np.flatnonzero(~np.isfinite(values))
    if not bad.size:
        return values
    first = held.iloc[bad[0]]
    where = source.line(int(rows.index[bad[0]]))
    if pd.isna(first):
        many = f" ({bad.size} rows have none)" if bad.size > 1 else ""
        raise DataError(f"{where}: column {column!r} has no value{many}")
    raise DataError(f"{where}: column {column!r} holds {first!s}, not a finite number")


def _coerced(held: pd.Series) -> Floats:
    """Numbers, nan where there is none; true and false are none."""
    if held.dtype.kind == "b":
        return np.full(len(held), math.nan)
    found: Floats = pd.to_numeric(held, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return found


def _plain(held: pd.Series) -> pd.Series:
    """A column of text such as "25 %" as numbers, if all of it is; else as it is."""
    if held.dtype.kind in "biuf":
        return held
    text = held.map(lambda cell: re.sub(r"\s*%\s*$", "", cell) if isinstance(cell, str) else cell)
    return pd.to_numeric(text, errors="coerce").where(held.notna()) if _all_numbers(text) else held


def _all_numbers(held: pd.Series) -> bool:
    return bool(np.isfinite(_coerced(held.dropna())).all())


def _shares(
    table: pd.DataFrame, columns: Columns, source: Source
) -> tuple[Floats, ShareUnit, list[str]]:
    """Shares (N,) as fractions, their unit in the file, and notes. Raises DataError."""
    name = columns.share
    held = table[name]
    written = held.map(lambda cell: isinstance(cell, str) and cell.rstrip().endswith("%"))
    if (ratios := _ratios(held)) is not None:
        return ratios, "ratio", [f"{name!r} is read as synthetic : real rows"]
    values = numbers(table.assign(**{name: _plain(held)}), name, source)
    if values.min() < 0.0:
        row = int(values.argmin())
        raise DataError(f"{source.line(row)}: column {name!r} holds {held.iloc[row]!s}, below 0")
    unit = columns.share_unit
    if unit == "auto":
        unit = "percent" if written.any() else _unit_of(values, name, source.name)
    if unit == "ratio":
        note = f"{name!r} is read as synthetic rows for one real row: r is a share of r/(1 + r)"
        return values / (1.0 + values), unit, [note]
    real = unit == "real"
    if real:
        unit = "percent" if written.any() else _unit_of(values, name, source.name)
    whole, notes = (100.0, [f"{name!r} is read as per cent"]) if unit == "percent" else (1.0, [])
    if values.max() > whole * (1.0 + SLACK):
        row = int(values.argmax())
        raise DataError(
            f"{source.line(row)}: column {name!r} holds {held.iloc[row]!s}, beyond {whole:g}: "
            "--share-unit says what its numbers are, fraction, percent, ratio or real"
        )
    shares = np.minimum(values / whole, 1.0)
    if real:
        notes.append(f"{name!r} is read as the share of real rows, one minus the synthetic one")
        return 1.0 - shares, "real", notes
    return shares, unit, notes


def _ratios(held: pd.Series) -> Floats | None:
    """Shares from texts such as "1:3" (synthetic : real) or "×0.5"; None unless all are such."""
    if held.dtype.kind in "biuf":
        return None
    found = []
    for cell in held:
        match = RATIO.match(str(cell))
        if match is None:
            return None
        made, real = (float(part) if part else 1.0 for part in (match[1] or match[2], match[3]))
        if made + real <= 0.0:
            return None
        found.append(made / (made + real))
    return np.array(found)


def _unit_of(values: Floats, name: str, file: str) -> ShareUnit:
    """Fractions or per cent, by the largest share; DataError where that is open."""
    largest = float(values.max())
    if largest <= 1.0 + SLACK:
        return "fraction"
    if 10.0 <= largest <= 100.0 * (1.0 + SLACK):
        return "percent"
    raise DataError(
        f"{file}: column {name!r} goes up to {largest:g}: are these per cent, or synthetic rows "
        "for one real row? Write --share-unit percent, --share-unit ratio or --share-unit fraction"
    )


def _refuse_huge(table: pd.DataFrame, column: str, source: Source) -> None:
    values = np.abs(_coerced(table[column]))
    huge = np.flatnonzero(np.isfinite(values) & (values > LARGEST))
    if huge.size:
        row = int(huge[0])
        raise DataError(
            f"{source.line(row)}: column {column!r} holds {table[column].iloc[row]:g}: numbers "
            "beyond 1e100 are not used; mend it or leave the row out"
        )


def usual_columns(table: pd.DataFrame, columns: Columns) -> tuple[str, ...]:
    """Columns of numbers that vary and are neither share, replicate, corpus nor condition."""
    taken = {columns.share, columns.replicate, columns.corpus, CORPUS, *columns.by}
    return tuple(
        str(name)
        for name in table.columns
        if name not in taken
        and _simple(str(name)) not in REPLICATE_NAMES
        and len(table[name].unique()) > 1
        and _plain(table[name]).dtype.kind in "iuf"
    )


def _complete(table: pd.DataFrame, column: str, source: Source) -> None:
    missing = np.flatnonzero(table[column].isna().to_numpy())
    if missing.size:
        where = source.line(int(missing[0]))
        raise DataError(f"{where}: column {column!r} has no value")


def _replicate(
    table: pd.DataFrame, columns: Columns, responses: Sequence[str], source: Source
) -> tuple[str | None, list[str]]:
    """The column that looks like the replicate, None without one, and what to say of it."""
    taken = {columns.share, columns.corpus, *columns.by, *responses}
    by_name = {_simple(str(column)): str(column) for column in table.columns}
    usual = [by_name[name] for name in REPLICATE_NAMES if name in by_name]
    found = [column for column in usual if column not in taken and _tells(table, column, columns)]
    if not found:
        return None, [
            f"column {column!r} is not used: {source.line(int(missing[0]))} has no value in it"
            for column in usual
            if column not in taken
            and 0 < (missing := np.flatnonzero(table[column].isna().to_numpy())).size < len(table)
        ]
    cells = [columns.share, *columns.by]
    alone = [column for column in found if not table.duplicated([*cells, column]).any()]
    column = REPLICATE if REPLICATE in found else (alone or found)[0]
    return column, [] if column == REPLICATE else [f"replicates are read from column {column!r}"]


def _tells(table: pd.DataFrame, column: str, columns: Columns) -> bool:
    """Whether a column may be the replicate: one that tells runs apart and is held by several."""
    held = table[column]
    if column == REPLICATE:
        return True
    if held.isna().any() or set(held.astype(str).str.lower()) & PARTS_OF_DATA:
        return False
    shares = table.groupby([*columns.by, column], sort=False)[columns.share].nunique()
    return len(held.unique()) > 1 and shares.max() > 1  # else it numbers the runs


def _simple(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _listed(table: pd.DataFrame, most: int = 12) -> str:
    names = [str(name) for name in table.columns]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
