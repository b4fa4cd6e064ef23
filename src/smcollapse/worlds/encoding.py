"""How the columns of a table become features and labels, with clear errors."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from smcollapse.errors import DataError, nearest
from smcollapse.settings import TableWorld

MINIMUM_TRAINED = 10.0  # rows of each label in a training part, on average

LARGEST = 1e100
"""Numbers beyond this have squares that cannot be held."""

CONSTANT = 1e-9
"""A column whose spread is this small beside its size is constant but for rounding."""


@dataclass(frozen=True)
class Encoding:
    """How columns become features, fixed by the real table and used for synthetic files too.

    numeric : names of the numeric columns, standardised by `center` and `spread`, each (n_numeric,)
    categories : categorical columns with their known values, one-hot encoded after the numeric ones
    classes : the label's values in the order of the class numbers
    """

    file: str
    settings: TableWorld
    numeric: tuple[str, ...]
    center: NDArray[np.float64]
    spread: NDArray[np.float64]
    categories: tuple[tuple[str, tuple[Any, ...]], ...]
    classes: tuple[Any, ...]

    @property
    def n_features(self) -> int:
        """Number of feature columns after encoding."""
        return len(self.numeric) + sum(len(values) for _, values in self.categories)

    @property
    def blocks(self) -> list[slice]:
        """The feature columns of each categorical column."""
        starts = np.cumsum([len(self.numeric), *(len(v) for _, v in self.categories)])
        return [slice(int(a), int(b)) for a, b in itertools.pairwise(starts)]

    def features(self, frame: pd.DataFrame, file: str) -> NDArray[np.float32]:
        """(n, n_features) float32 of a frame with these columns. Raises DataError."""
        parts = [
            (_numeric(frame, name, file) - c) / s
            for name, c, s in zip(self.numeric, self.center, self.spread, strict=True)
        ]
        for name, values in self.categories:
            column = _column(frame, name, file)
            unknown = set(column.dropna().unique()) - set(values)
            if unknown:
                raise DataError(
                    f"{file}: column '{name}' has values that {self.file} does not have: "
                    f"{', '.join(map(str, sorted(unknown, key=str)[:3]))}"
                )
            parts += [(column == value).to_numpy(dtype=np.float64) for value in values]
        return np.stack(parts, axis=1).astype(np.float32)

    def labels(self, frame: pd.DataFrame, file: str) -> NDArray[np.int32]:
        """(n,) class numbers. Raises DataError for a label that the real table does not have."""
        column = _column(frame, self.settings.label, file)
        codes = np.asarray(pd.Index(list(self.classes)).get_indexer(pd.Index(column)), np.int32)
        if (codes < 0).any():
            row = int(np.flatnonzero(codes < 0)[0])
            raise DataError(
                f"{file}: row {_row(frame, row)}: label {_plain(column.iloc[row])!r} is not "
                f"among those of {self.file}: {', '.join(map(str, self.classes[:8]))}"
            )
        return codes


def clean(frame: pd.DataFrame, settings: TableWorld, file: str) -> pd.DataFrame:
    """The frame without dropped columns; missing values refused or their rows dropped.

    Its index keeps the numbers that the rows have in the file.
    """
    for name in (settings.label, settings.group, *settings.categorical, *settings.drop):
        if name is not None:
            _column(frame, name, file)
    if settings.group == settings.label:
        raise DataError(
            f"{file}: world.group names the label column itself: name a column of segments, or "
            "leave it out"
        )
    for role, name in (("label", settings.label), ("group", settings.group)):
        if name in settings.drop:
            raise DataError(f"{file}: world.drop leaves out the {role} column '{name}'")
    for number, name in enumerate(settings.categorical):
        if name == settings.label:
            raise DataError(f"{file}: world.categorical makes a feature of the label '{name}'")
        if name in settings.drop or name in settings.categorical[:number]:
            raise DataError(f"{file}: world.categorical names '{name}', which is dropped or twice")
    frame = frame.drop(columns=list(settings.drop))
    missing = frame.isna().sum()
    missing = missing[missing > 0]
    if len(missing) and settings.missing == "refuse":
        named = ", ".join(f"'{name}' ({count})" for name, count in list(missing.items())[:5])
        first = _row(frame, int(frame.isna().any(axis=1).argmax()))
        raise DataError(
            f"{file}: missing values in {named}, first in row {first}: fill them, or write "
            'world.missing = "drop" to leave such rows out'
        )
    return frame.dropna()


def encoding(frame: pd.DataFrame, settings: TableWorld, file: str) -> Encoding:
    """The encoding of a cleaned frame. Raises DataError for columns that cannot be features."""
    special = {settings.label, settings.group, *settings.categorical}
    numeric = tuple(str(name) for name in frame.columns if name not in special)
    values = [_numeric(frame, name, file) for name in numeric]
    classes = tuple(sorted(frame[settings.label].unique(), key=lambda v: (str(type(v)), v)))
    if len(classes) < 2:
        raise DataError(
            f"{file}: label column '{settings.label}' has one class only ({classes[0]!r})"
            if classes
            else f"{file}: no rows are left after dropping rows with missing values"
        )
    if len(classes) > max(50, len(frame) // 20):
        raise DataError(
            f"{file}: label column '{settings.label}' has {len(classes)} different values in "
            f"{len(frame)} rows: name a column of classes as world.label"
        )
    needed = math.ceil(MINIMUM_TRAINED / (1.0 - settings.test_share))
    count = frame[settings.label].value_counts()
    if count.iloc[-1] < needed:
        raise DataError(
            f"{file}: label {_plain(count.index[-1])!r} has {count.iloc[-1]} rows: every label "
            f"needs at least {needed} to be in each training part: leave such rows out, or merge "
            "labels"
        )
    if not numeric and not settings.categorical:
        raise DataError(f"{file}: no feature column is left beside the label")
    size = np.array([np.abs(column).max() for column in values])
    if (size > LARGEST).any():
        name = numeric[int(size.argmax())]
        raise DataError(f"{file}: column '{name}' holds numbers beyond {LARGEST:g}: rescale it")
    spread = np.array([column.std() for column in values])
    return Encoding(
        file=file,
        settings=settings,
        numeric=numeric,
        center=np.array([column.mean() for column in values]),
        spread=np.where(spread > CONSTANT * size, spread, 1.0),
        categories=tuple(
            (name, tuple(sorted(frame[name].unique(), key=str))) for name in settings.categorical
        ),
        classes=classes,
    )


def _column(frame: pd.DataFrame, name: str, file: str) -> pd.Series[Any]:
    if name not in frame.columns:
        columns = [str(column) for column in frame.columns]
        raise DataError(
            f"{file}: no column '{name}'{nearest(name, columns)} (columns: "
            f"{', '.join(columns[:8])}{', …' if len(columns) > 8 else ''})"
        )
    return frame[name]


def _numeric(frame: pd.DataFrame, name: str, file: str) -> NDArray[np.float64]:
    column = _column(frame, name, file)
    advice = "list it under world.categorical or world.drop"
    if column.dtype.kind in "mMc":
        raise DataError(f"{file}: column '{name}' holds {column.dtype}, not numbers: {advice}")
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~np.isfinite(numbers)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"{file}: column '{name}' is not {'finite' if np.isinf(numbers[row]) else 'numeric'} "
            f"(row {_row(frame, row)}: {_plain(column.iloc[row])!r}): {advice}"
        )
    return numbers


def _row(frame: pd.DataFrame, position: int) -> int:
    """Number of a row in its file, from 1, the header not counted."""
    return int(frame.index[position]) + 1


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
