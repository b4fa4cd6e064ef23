"""Knobs as regression columns: scaled, coded, centred, and freed of aliases.

A numeric knob becomes one column from 0 at its lowest to 1 at its highest value in the table, so
that its coefficient is the change of the response when the knob goes from the one to the other
along a straight line. A categorical knob becomes one 0/1 column per level but the first (treatment
coding). Columns are centred on their mean over the rows before interactions are multiplied out: a
main effect is then the average over the other knobs as the table has them, with or without
interactions in the model.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from smcollapse.inference.curves import curves
from smcollapse.inference.effect_sizes.effects import Window, window_masks
from smcollapse.inference.records import InferenceError
from smcollapse.inference.resampling import Array

if TYPE_CHECKING:
    import pandas as pd

Integers = npt.NDArray[np.int64]

ALIASED = 1e-8
"""A column whose part beyond the earlier ones is smaller than this part of it says nothing new."""


@dataclass(frozen=True, eq=False)
class Knob:
    """A knob on N rows: ``codes`` (N, m) before centring, with a label for each of the m columns.

    ``span`` says what a coefficient of 1 column means, e.g. "from 1 to 4".
    """

    name: str
    codes: Array
    labels: tuple[str, ...]
    span: tuple[str, ...]

    @property
    def centre(self) -> Array:
        """Means (m,) of the codes over the rows."""
        centre: Array = self.codes.mean(axis=0)
        return centre


@dataclass(frozen=True)
class Column:
    """One regression column: the product of the centred codes named by (knob, code) pairs."""

    name: str
    knob: str
    parts: tuple[tuple[int, int], ...]
    span: str


@dataclass(frozen=True, eq=False)
class Design:
    """Regression columns of a table; ``aliased`` names the interactions that had to be left out."""

    knobs: tuple[Knob, ...]
    columns: tuple[Column, ...]
    aliased: tuple[str, ...]

    def matrix(self, settings: Mapping[tuple[int, int], float] | None = None) -> Array:
        """The columns (N, 1 + K), an intercept first.

        ``settings`` sets codes (knob, code) to a value in every row; all other codes of a
        categorical knob that is named are set to 0.
        """
        codes = [knob.codes for knob in self.knobs]
        for place in {knob for knob, _ in settings or {}}:
            codes[place] = np.zeros_like(codes[place])
        for (place, code), value in (settings or {}).items():
            codes[place][:, code] = value
        centred = [part - knob.centre for part, knob in zip(codes, self.knobs, strict=True)]
        matrix = np.ones((len(centred[0]), 1 + len(self.columns)))
        for k, column in enumerate(self.columns):
            for place, code in column.parts:
                matrix[:, 1 + k] *= centred[place][:, code]
        return matrix


def design(table: pd.DataFrame, knobs: Sequence[str], *, interactions: bool) -> Design:
    """Main effects and, where the table can tell them apart, pairwise interactions of ``knobs``.

    Raises InferenceError for no knobs, a knob that is no column, is named twice, is incomplete or
    does not vary, and a knob that other knobs determine, naming them.
    """
    if not knobs or len(set(knobs)) != len(knobs):
        raise InferenceError(f"name at least one knob, and each once, got {list(knobs)}")
    coded = tuple(_knob(table, name) for name in knobs)
    mains = [
        Column(knob.labels[code], knob.name, ((place, code),), knob.span[code])
        for place, knob in enumerate(coded)
        for code in range(knob.codes.shape[1])
    ]
    pairs = [
        Column(
            f"{one.name} × {other.name}",
            f"{one.knob} × {other.knob}",
            one.parts + other.parts,
            f"{one.knob} {one.span}, {other.knob} {other.span}",
        )
        for one, other in itertools.combinations(mains, 2)
        if one.parts[0][0] != other.parts[0][0]
    ]
    wanted = mains + (pairs if interactions else [])
    matrix = Design(coded, tuple(wanted), ()).matrix()
    kept: list[int] = []
    for k, column in enumerate(wanted, start=1):
        earlier = matrix[:, [0, *(place + 1 for place in kept)]]
        coefficients, *_ = np.linalg.lstsq(earlier, matrix[:, k])
        beyond = np.linalg.norm(matrix[:, k] - earlier @ coefficients)
        if beyond > ALIASED * np.linalg.norm(matrix[:, k]):
            kept.append(k - 1)
        elif len(column.parts) == 1:
            by = [
                wanted[place].name
                for place, weight in zip(kept, coefficients[1:], strict=True)
                if abs(weight) > ALIASED
            ]
            raise InferenceError(
                f"{column.name!r} is determined by {', '.join(map(repr, by))} in every row, so "
                "their effects cannot be told apart: leave one out, or vary them separately"
            )
    left_out = tuple(wanted[k].name for k in range(len(wanted)) if k not in kept)
    return Design(coded, tuple(wanted[k] for k in kept), left_out)


def _knob(table: pd.DataFrame, name: str) -> Knob:
    if name not in table.columns:
        raise InferenceError(
            f"the table has no column {name!r}; it has {', '.join(map(str, table.columns))}"
        )
    column = table[name]
    if column.isna().any():
        raise InferenceError(f"knob {name!r} has missing values: give every row a setting")
    if column.nunique() < 2:
        raise InferenceError(
            f"knob {name!r} is {column.iloc[0]} in every row: a knob that does not vary has no "
            "effect to find, leave it out"
        )
    if column.dtype.kind in "iuf":
        values = column.to_numpy(dtype=np.float64)
        low, high = float(values.min()), float(values.max())
        if not np.isfinite([low, high]).all():
            raise InferenceError(f"knob {name!r} has infinite values")
        codes = ((values - low) / (high - low))[:, None]
        return Knob(name, codes, (name,), (f"from {low:g} to {high:g}",))
    levels = _levels(column)
    codes = np.column_stack([(column == level).to_numpy(dtype=np.float64) for level in levels[1:]])
    return Knob(
        name,
        codes,
        tuple(f"{name}: {level}" for level in levels[1:]),
        tuple(f"from {levels[0]} to {level}" for level in levels[1:]),
    )


def _levels(column: pd.Series[str]) -> list[object]:
    """Levels that occur: in their own order if the column has one, else sorted, else as found."""
    found = list(column.unique())
    if column.dtype.name == "category":
        return [level for level in column.cat.categories if level in found]
    try:
        return sorted(found)
    except TypeError:
        return found


def response_rows(
    table: pd.DataFrame, response: str, knobs: Sequence[str], replicate: str
) -> tuple[Array, Integers, Integers]:
    """Response (N,), and the numbers (N,) of the replicate and of the condition of each row.

    Raises InferenceError for columns that are missing or incomplete, a response that is constant,
    and several rows for one condition and replicate.
    """
    for name in (response, replicate):
        if name not in table.columns:
            raise InferenceError(
                f"the table has no column {name!r}; it has {', '.join(map(str, table.columns))}"
            )
    measured = table[response]
    numeric = measured.dtype.kind in "iuf" and not measured.isna().any()
    if not (numeric and np.isfinite(measured).all()):
        raise InferenceError(f"column {response!r} must hold a finite number in every row")
    if table[replicate].isna().any():
        raise InferenceError(f"column {replicate!r} has missing values")
    repeated = table.duplicated([*knobs, replicate])
    if repeated.any():
        first = table.loc[repeated, [*knobs, replicate]].iloc[0].to_dict()
        raise InferenceError(
            f"several rows for {', '.join(f'{name}={value}' for name, value in first.items())}: "
            "name every knob that varies, or average over it first"
        )
    y: Array = measured.to_numpy(dtype=np.float64)
    if np.ptp(y) == 0.0:
        raise InferenceError(f"{response!r} is {y[0]:g} in every row: nothing moves it")
    groups = table.groupby(replicate, sort=True).ngroup()
    cells = table.groupby(list(knobs), sort=True, observed=True).ngroup()
    return y, np.asarray(groups, dtype=np.int64), np.asarray(cells, dtype=np.int64)


def effect_table(
    table: pd.DataFrame,
    response: str,
    before: Window,
    after: Window,
    by: Sequence[str],
    *,
    share: str = "share",
    replicate: str = "replicate",
) -> pd.DataFrame:
    """One row per condition and replicate: the change of ``response`` between two windows.

    ``table`` has one row per (condition, share, replicate); ``by`` names the knobs that tell the
    conditions apart. Columns of the result: ``by``, ``replicate`` and "effect", for
    :func:`smcollapse.inference.attributions.attribution.attribute`. Windows as in
    :func:`smcollapse.inference.effect`, fixed before seeing the curves. A replicate that lacks a
    share of a window has no row. Raises InferenceError as :func:`curves` and :func:`effect` do,
    naming the condition.
    """
    import pandas as pd

    if not by:
        raise InferenceError("name at least one knob in by")
    missing = [name for name in by if name not in table.columns]
    if missing:
        raise InferenceError(
            f"the table has no column {missing[0]!r}; it has {', '.join(map(str, table.columns))}"
        )
    rows = []
    for key, part in table.groupby(list(by), sort=True, dropna=False, observed=True):
        try:
            measured = curves(part, response, share, replicate)
            first, second = window_masks(measured, before, after)
        except InferenceError as error:
            where = ", ".join(f"{name}={value}" for name, value in zip(by, key, strict=True))
            raise InferenceError(f"condition {where}: {error}") from error
        shown = measured.values  # noqa: PD011
        changes = shown[:, second].mean(axis=1) - shown[:, first].mean(axis=1)
        for label, change in zip(measured.replicates, changes.tolist(), strict=True):
            rows.append((*key, label, change))
    return pd.DataFrame(rows, columns=[*by, replicate, "effect"]).dropna(subset="effect")
