"""From a tidy table to curves: one measure against the share, one curve per replicate."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from smcollapse.inference.records import InferenceError, Record
from smcollapse.inference.resampling import (
    DEFAULT_DRAWS,
    INDEPENDENT,
    Array,
    Replication,
    describe,
    replicate_weights,
)

if TYPE_CHECKING:
    import pandas as pd

# shares are typed in (0.35) or computed (7 * 0.05): equal to this many decimals is equal
SHARE_DECIMALS = 12


@dataclass(frozen=True, eq=False)
class Curves(Record):
    """One measure against the share, for every replicate of one condition.

    ``shares`` (S,) ascending, in [0, 1]; ``values`` (R, S); ``replicates`` R labels;
    ``replication`` says how the replicates came about. Arrays are read-only copies.
    Raises InferenceError if shapes, order or values are not as stated.
    """

    shares: Array
    values: Array
    replicates: tuple[Hashable, ...]
    response: str = "response"
    replication: Replication = INDEPENDENT

    def __post_init__(self) -> None:
        shares = np.array(self.shares, dtype=np.float64)
        values = np.array(self.values, dtype=np.float64)
        if shares.ndim != 1 or values.shape != (len(self.replicates), shares.size):
            raise InferenceError(
                f"values must have shape (replicates, shares) = ({len(self.replicates)}, "
                f"{shares.size}), got {values.shape}"
            )
        if not values.size:
            raise InferenceError("there are no values: give at least one replicate and one share")
        if len(set(self.replicates)) != len(self.replicates):
            raise InferenceError("replicate labels must be distinct")
        if not (np.isfinite(shares).all() and np.isfinite(values).all()):
            raise InferenceError("shares and values must be finite numbers")
        if (np.diff(shares) <= 0).any():
            raise InferenceError("shares must be strictly increasing")
        if shares[0] < 0.0 or shares[-1] > 1.0:
            raise InferenceError(
                f"shares must lie in [0, 1], got {shares[0]:g} to {shares[-1]:g}; "
                "write 0.3, not 30, for 30 %"
            )
        shares.setflags(write=False)
        values.setflags(write=False)
        object.__setattr__(self, "shares", shares)
        object.__setattr__(self, "values", values)

    @property
    def n_replicates(self) -> int:
        """Number R of replicates."""
        return len(self.replicates)

    @property
    def mean(self) -> Array:
        """Mean curve (S,) over replicates."""
        mean: Array = self.values.mean(axis=0)
        return mean

    @property
    def spread_factor(self) -> float:
        """Factor on standard errors of means over these replicates (1 if independent)."""
        return self.replication.spread_factor(self.n_replicates)

    def draw_means(self, draws: int = DEFAULT_DRAWS, seed: int = 0) -> Array:
        """Resampled mean curves (B, S); raises InferenceError for a single replicate."""
        weights = replicate_weights(self.n_replicates, draws, seed, self.spread_factor)
        means: Array = weights @ self.values
        return means

    def method(self, draws: int, seed: int) -> str:
        """How bands from :meth:`draw_means` were made, in words."""
        return describe(self.replication, self.n_replicates, draws, seed)

    def require_shares(self, minimum: int, purpose: str) -> None:
        """Raise InferenceError unless there are at least ``minimum`` shares."""
        if self.shares.size < minimum:
            raise InferenceError(
                f"{purpose} needs at least {minimum} distinct shares, got {self.shares.size} "
                f"({_listed(self.shares.tolist())})"
            )


def curves(
    table: pd.DataFrame,
    response: str,
    share: str = "share",
    replicate: str = "replicate",
    replication: Replication = INDEPENDENT,
) -> Curves:
    """Curves of ``response`` from a tidy table with one row per (share, replicate).

    The table must be restricted to one condition (one design, one setting of the knobs).
    Shares equal to 12 decimals count as one share. Raises InferenceError for an empty table,
    a missing, non-numeric or incomplete column, several rows for one (share, replicate), and
    missing cells, naming the first ones.
    """
    for column in (share, replicate, response):
        if column not in table.columns:
            raise InferenceError(
                f"the table has no column {column!r}; it has {_listed(list(table.columns))}"
            )
    if not len(table):
        raise InferenceError("the table has no rows")
    share_values = np.round(_numbers(table, share), SHARE_DECIMALS)
    response_values = _numbers(table, response)
    if table[replicate].isna().any():
        raise InferenceError(f"column {replicate!r} has missing values")
    labels = table[replicate].tolist()
    _refuse_duplicates(list(zip(share_values.tolist(), labels, strict=True)))

    shares, columns = np.unique(share_values, return_inverse=True)
    replicates = _sorted_labels(labels)
    position = {label: row for row, label in enumerate(replicates)}
    rows = np.array([position[label] for label in labels])
    values = np.full((len(replicates), shares.size), np.nan)
    values[rows, columns] = response_values
    missing = [(float(shares[s]), replicates[r]) for r, s in np.argwhere(np.isnan(values))]
    if missing:
        raise InferenceError(
            f"{len(missing)} (share, replicate) cells have no row: {_listed(missing)}; "
            "every replicate must hold every share"
        )
    return Curves(shares, values, replicates, response, replication)


def _numbers(table: pd.DataFrame, column: str) -> Array:
    kind = table[column].dtype
    if not (hasattr(kind, "kind") and kind.kind in "fiu"):
        raise InferenceError(f"column {column!r} must be numeric, its type is {kind}")
    values: Array = table[column].to_numpy(dtype=np.float64, na_value=np.nan)
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise InferenceError(
            f"column {column!r} has {bad.size} missing or infinite values, first in row "
            f"{table.index[bad[0]]!r}"
        )
    return values


def _refuse_duplicates(cells: list[tuple[float, Hashable]]) -> None:
    seen: set[tuple[float, Hashable]] = set()
    repeated = []
    for cell in cells:
        if cell in seen:
            repeated.append(cell)
        seen.add(cell)
    if repeated:
        raise InferenceError(
            f"several rows for one (share, replicate): {_listed(repeated)}; restrict the table "
            "to one condition (design and knobs)"
        )


def _sorted_labels(labels: list[Hashable]) -> tuple[Hashable, ...]:
    distinct = dict.fromkeys(labels)
    try:
        return tuple(sorted(distinct))  # type: ignore[type-var]
    except TypeError:
        return tuple(distinct)


def _listed(items: Sequence[object]) -> str:
    shown = ", ".join(str(item) for item in items[:8])
    return shown if len(items) <= 8 else f"{shown}, and {len(items) - 8} more"
