"""Users' files into data frames, whatever way tables are kept, with clear errors.

CSV with any of the usual delimiters and with decimal commas, TSV, JSON, JSON Lines, Parquet,
Feather, Excel (where openpyxl is installed) and .npz.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import warnings
import zipfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from smcollapse.errors import DataError

BUILT_IN = "digits"


def fingerprint(name: str) -> str:
    """Hash of a data file's content; the name itself for a built-in set. Raises DataError."""
    if name == BUILT_IN:
        return name
    try:
        found = Path(name).stat()
        return _digest(name, found.st_mtime_ns, found.st_size)
    except OSError as error:
        raise DataError(f"no data file '{name}': {error.strerror}") from None
    except ValueError as error:  # a NUL in the name
        raise DataError(f"no data file {name!r}: {error}") from None


@lru_cache(maxsize=64)
def _digest(name: str, modified: int, size: int) -> str:
    """Read a file once for as long as it does not change."""
    with Path(name).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
SAMPLE = 1 << 16
"""Characters of a text file by which its delimiter is told."""

AS_WRITTEN: dict[str, Any] = {
    "convert_axes": False,
    "dtype": False,
    "precise_float": True,
}
"""JSON has types of its own: nothing is to be guessed."""

COMMA_NUMBER, POINT_NUMBER = re.compile(r"[+-]?\d+,\d+"), re.compile(r"[+-]?\d+\.\d+")


def read_frame(name: str) -> pd.DataFrame:
    """The file as a data frame; `digits` is scikit-learn's packaged data set.

    Raises DataError as :func:`read_table` does.
    """
    return read_table(name)[0]


def read_table(name: str) -> tuple[pd.DataFrame, list[str]]:
    """The file as a data frame, and what was recognised, in words.

    Raises
    ------
    DataError
        If the file is missing, empty, or not what its name says.
    """
    if name == BUILT_IN:
        return _digits(), []
    path = Path(name)
    if not path.is_file():
        raise DataError(f"no data file '{name}': write a table ({LISTED}), or 'digits'")
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise DataError(f"{path.name}: '{path.suffix}' is not read: write a table as {LISTED}")
    try:
        frame, notes = READERS[suffix](path)
    except DataError:
        raise
    except Exception as error:  # each reader has exceptions of its own for a damaged file
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise DataError(f"{path.name}: cannot be read as {suffix}: {reason}") from None
    if frame.empty:
        raise DataError(f"{path.name}: has no rows")
    frame.columns = [str(column).strip() for column in frame.columns]
    _check_distinct(list(frame.columns), path.name)
    return frame.reset_index(drop=True), notes


def _check_distinct(columns: list[str], file: str) -> None:
    for number, name in enumerate(columns):
        if name in columns[:number]:
            raise DataError(f"{file}: two columns named '{name}': rename one")


def _csv(path: Path) -> tuple[pd.DataFrame, list[str]]:
    with path.open("rb") as file:
        if b"\x00" in file.read(4096):
            raise DataError(f"{path.name}: is a binary file, not CSV")
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        sample = file.read(SAMPLE)
    delimiter = _delimiter(sample)
    comma = delimiter != "," and _has_decimal_commas(sample, delimiter)
    notes = [] if delimiter == "," else [f"{path.name}: cells are separated by "
                                         f"{DELIMITERS[delimiter]}"]  # fmt: skip
    notes += [f"{path.name}: numbers have decimal commas"] if comma else []
    header = pd.read_csv(
        path, header=None, nrows=1, dtype=str, keep_default_na=False, sep=delimiter
    )
    _check_distinct([name.strip() for name in header.iloc[0]], path.name)
    with warnings.catch_warnings():
        # Else a row that is longer than the header would shift or lose columns.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(
                path,
                index_col=False,
                low_memory=False,
                sep=delimiter,
                decimal="," if comma else ".",
            )
        except pd.errors.ParserWarning:
            raise DataError(f"{path.name}: rows hold more values than the header names") from None
    return frame, notes


def _delimiter(sample: str) -> str:
    """The delimiter that cuts all lines of a sample into the same number of cells, two or more."""
    complete = sample if len(sample) < SAMPLE else sample[: sample.rfind("\n") + 1]
    best, most = ",", 1
    for delimiter in DELIMITERS:
        rows = [cells for cells in csv.reader(io.StringIO(complete), delimiter=delimiter) if cells]
        counts = {len(cells) for cells in rows}
        if len(counts) == 1 and max(counts) > most:
            best, most = delimiter, max(counts)
    if most > 1:
        return best
    # no delimiter fits every line: that of the header, so that the line that is wrong is named
    header = complete.partition("\n")[0]
    return max(DELIMITERS, key=lambda delimiter: header.count(delimiter))


def _has_decimal_commas(sample: str, delimiter: str) -> bool:
    cells = [
        cell.strip() for row in csv.reader(io.StringIO(sample), delimiter=delimiter) for cell in row
    ]
    commas = any(COMMA_NUMBER.fullmatch(cell) for cell in cells)
    return commas and not any(POINT_NUMBER.fullmatch(cell) for cell in cells)


def _json(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """A list of records, or an object of columns."""
    return _flat(pd.read_json(path, **AS_WRITTEN), path), []


def _json_lines(path: Path) -> tuple[pd.DataFrame, list[str]]:
    return _flat(pd.read_json(path, lines=True, **AS_WRITTEN), path), []


def _flat(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    for name in frame.columns:
        if frame[name].map(lambda cell: isinstance(cell, list | dict)).any():
            raise DataError(f"{path.name}: column '{name}' holds lists or records, not values")
    return frame


def _feather(path: Path) -> tuple[pd.DataFrame, list[str]]:
    return _flat(pd.read_feather(path), path), []


def _excel(path: Path) -> tuple[pd.DataFrame, list[str]]:
    try:
        sheets = pd.read_excel(path, sheet_name=None)
    except ImportError:
        raise DataError(
            f"{path.name}: Excel files need openpyxl: install it, or save the sheet as CSV"
        ) from None
    filled = {name: frame for name, frame in sheets.items() if not frame.empty}
    if not filled:
        return pd.DataFrame(), []
    name, frame = next(iter(filled.items()))
    more = f", the first of {len(filled)}" if len(filled) > 1 else ""
    return frame, [f"{path.name}: sheet {name!r} is read{more}"] if more else []


def _parquet(path: Path) -> tuple[pd.DataFrame, list[str]]:
    nested = [field.name for field in pq.read_schema(path) if pa.types.is_nested(field.type)]
    if nested:
        raise DataError(f"{path.name}: column '{nested[0]}' holds lists or records, not values")
    frame = pd.read_parquet(path)
    named = any(name is not None for name in frame.index.names)
    return (frame.reset_index() if named else frame), []


def _npz(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """One array a column; a two-dimensional array gives one column for each of its own."""
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path.name}: is not an .npz archive")
    columns: dict[str, Any] = {}
    with np.load(path, allow_pickle=False) as arrays:
        for name in arrays.files:
            array = np.asarray(arrays[name])
            array = array.astype(array.dtype.newbyteorder("="))
            if array.ndim == 1:
                columns[name] = array
            elif array.ndim == 2:
                columns |= {f"{name}_{j}": array[:, j] for j in range(array.shape[1])}
            else:
                raise DataError(f"{path.name}: array '{name}' has {array.ndim} dimensions, not 1–2")
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"{path.name}: arrays of different lengths: {lengths}")
    return pd.DataFrame(columns), []


def _digits() -> pd.DataFrame:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    frame = pd.DataFrame(bunch.data, columns=[f"pixel_{j}" for j in range(bunch.data.shape[1])])
    frame["label"] = bunch.target
    return frame


READERS: dict[str, Callable[[Path], tuple[pd.DataFrame, list[str]]]] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".txt": _csv,
    ".json": _json,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
    ".feather": _feather,
    ".xlsx": _excel,
    ".npz": _npz,
}
"""Ways to keep a table, by the end of a file's name."""

LISTED = ", ".join(READERS)
