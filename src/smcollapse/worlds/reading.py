"""Users' files: CSV, Parquet and .npz into a table of features and labels, with clear errors."""

from __future__ import annotations

import hashlib
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


def read_frame(name: str) -> pd.DataFrame:
    """The file as a data frame; `digits` is scikit-learn's packaged data set.

    Raises
    ------
    DataError
        If the file is missing, empty, or not what its name says.
    """
    if name == BUILT_IN:
        return _digits()
    path = Path(name)
    if not path.is_file():
        raise DataError(f"no data file '{name}': write a CSV, Parquet or .npz file, or 'digits'")
    readers: dict[str, Callable[[Path], pd.DataFrame]] = {
        ".csv": _csv,
        ".parquet": _parquet,
        ".npz": _npz,
    }
    if path.suffix.lower() not in readers:
        raise DataError(f"{path.name}: '{path.suffix}' is not read: write .csv, .parquet or .npz")
    try:
        frame = readers[path.suffix.lower()](path)
    except DataError:
        raise
    except Exception as error:  # each reader has exceptions of its own for a damaged file
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise DataError(f"{path.name}: cannot be read as {path.suffix.lower()}: {reason}") from None
    if frame.empty:
        raise DataError(f"{path.name}: has no rows")
    frame.columns = [str(column).strip() for column in frame.columns]
    _check_distinct(list(frame.columns), path.name)
    return frame.reset_index(drop=True)


def _check_distinct(columns: list[str], file: str) -> None:
    for number, name in enumerate(columns):
        if name in columns[:number]:
            raise DataError(f"{file}: two columns named '{name}': rename one")


def _csv(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:
        if b"\x00" in file.read(4096):
            raise DataError(f"{path.name}: is a binary file, not CSV")
    header = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False)
    _check_distinct([name.strip() for name in header.iloc[0]], path.name)
    with warnings.catch_warnings():
        # Else a row that is longer than the header would shift or lose columns.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return pd.read_csv(path, index_col=False, low_memory=False)
        except pd.errors.ParserWarning:
            raise DataError(f"{path.name}: rows hold more values than the header names") from None


def _parquet(path: Path) -> pd.DataFrame:
    nested = [field.name for field in pq.read_schema(path) if pa.types.is_nested(field.type)]
    if nested:
        raise DataError(f"{path.name}: column '{nested[0]}' holds lists or records, not values")
    frame = pd.read_parquet(path)
    named = any(name is not None for name in frame.index.names)
    return frame.reset_index() if named else frame


def _npz(path: Path) -> pd.DataFrame:
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
    return pd.DataFrame(columns)


def _digits() -> pd.DataFrame:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    frame = pd.DataFrame(bunch.data, columns=[f"pixel_{j}" for j in range(bunch.data.shape[1])])
    frame["label"] = bunch.target
    return frame
