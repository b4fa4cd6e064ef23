"""From a tidy table to curves: one measure against the share, one curve per replicate."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from smcollapse.inference.grouping import group_shares
from smcollapse.inference.records import InferenceError, Record
from smcollapse.inference.resampling import (
    DEFAULT_DRAWS,
    INDEPENDENT,
    Array,
    Replication,
    check_draws,
    describe,
)
from smcollapse.inference.serial import WARNING as SERIAL
from smcollapse.inference.serial import serially_correlated

if TYPE_CHECKING:
    import pandas as pd

    from smcollapse.inference.noise import Noise

LARGEST = 1e100
"""Values beyond this size overflow once they are squared."""

FEWEST_UNPOOLED = 4
"""With fewer replicates the noise is pooled over shares."""


@dataclass(frozen=True, eq=False)
class Curves(Record):
    """One measure against the share, for every replicate of one condition.

    ``shares`` (S,) ascending, in [0, 1]; ``values`` (R, S), nan where a replicate lacks a share;
    ``replicates`` R labels; ``replication`` says how the replicates came about. ``corpora`` (R, S)
    labels the synthetic corpus of every run where one share has fewer corpora than runs. ``edges``
    (2, S) are the smallest and the largest share of bins (grouping.py), None where runs of a group
    have one share, or nearly. ``independent`` False: neighbouring runs of bins resemble each other
    (serial.py), and their scatter is no noise. Arrays are read-only copies. Raises InferenceError
    if shapes, order or values are not as stated.
    """

    shares: Array
    values: Array
    replicates: tuple[Hashable, ...]
    response: str = "response"
    replication: Replication = INDEPENDENT
    corpora: tuple[tuple[Hashable, ...], ...] | None = None
    notes: tuple[str, ...] = ()
    edges: Array | None = None
    independent: bool = True

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
        if not np.isfinite(shares).all() or np.isinf(values).any():
            raise InferenceError("shares and values must be finite numbers")
        if np.nanmax(np.abs(values), initial=0.0) > LARGEST:
            raise InferenceError(
                f"{self.response!r} has values beyond {LARGEST:g}, whose squares are no numbers: "
                "is a run diverged, or a unit wrong?"
            )
        present = np.isfinite(values)
        if not (present.any(axis=0).all() and present.any(axis=1).all()):
            raise InferenceError("every share and every replicate needs a value")
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
    def complete(self) -> bool:
        """Whether every replicate holds every share."""
        return bool(np.isfinite(self.values).all())

    @property
    def mean(self) -> Array:
        """Mean curve (S,) over the replicates that hold a share."""
        mean: Array = np.nanmean(self.values, axis=0)
        return mean

    @property
    def weights(self) -> Array:
        """Relative number of replicates (S,) at each share, 1 on average."""
        counts = np.isfinite(self.values).sum(axis=0)
        weights: Array = counts / counts.mean()
        return weights

    @property
    def counts(self) -> Array:
        """Number of runs (S,) at each share."""
        counts: Array = np.isfinite(self.values).sum(axis=0)
        return counts

    @property
    def paired(self) -> bool:
        """Whether replicates hold several shares, so that shares can be compared within them."""
        return self.n_replicates > 1 and bool((np.isfinite(self.values).sum(axis=1) > 1).any())

    @property
    def pooled(self) -> bool:
        """Whether runs of a share are too few for a variance of its own, and pooled over shares."""
        if self.paired:
            return self.n_replicates < FEWEST_UNPOOLED
        return bool(np.median(self.counts) < FEWEST_UNPOOLED)

    @property
    def left(self) -> Array:
        """Shares (S,), of bins their smallest."""
        return self.shares if self.edges is None else self.edges[0]

    @property
    def right(self) -> Array:
        """Shares (S,), of bins their largest."""
        return self.shares if self.edges is None else self.edges[1]

    @cached_property
    def resolution(self) -> float:
        """Step of the grid that all values lie on (rounded values, counts); 0 without one."""
        held = self.values[np.isfinite(self.values)]
        rounding = 1e-9 * float(np.abs(held).max())
        distances = np.diff(np.unique(held))
        distances = distances[distances > rounding]
        if not distances.size:
            return 0.0
        step = float(distances.min())
        steps = (held - held.min()) / step
        return step if bool((np.abs(steps - np.round(steps)) < 1e-3).all()) else 0.0

    @cached_property
    def noise(self) -> Noise:
        """Law of the noise of the mean curve, by the design of the runs."""
        from smcollapse.inference.noise import noise_of

        return noise_of(self)

    @cached_property
    def has_noise(self) -> bool:
        """Whether anything can be said of the noise: whether runs of a share differ."""
        if self.counts.max() < 2 or not self.independent:
            return False
        rounding = 1e-9 * float(np.abs(self.mean).max())
        variance = float(np.mean((self.noise.residuals**2).sum(axis=0) + self.noise.common))
        return variance > rounding**2

    @property
    def spread_factor(self) -> float:
        """Factor on standard errors of means over these replicates (1 if independent)."""
        return self.replication.spread_factor(self.n_replicates)

    def draw_means(self, draws: int = DEFAULT_DRAWS, seed: int = 0) -> Array:
        """Resampled mean curves (B, S), by the design's own law of the noise (noise.py)."""
        check_draws(draws)
        means: Array = self.mean + self.noise.draws(draws, seed)
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
    replicate: str | None = "replicate",
    replication: Replication = INDEPENDENT,
    *,
    corpus: str | None = None,
    allow_missing: bool = False,
) -> Curves:
    """Curves of ``response`` from a tidy table with one row per (share, replicate).

    The table must be restricted to one condition (one design, one setting of the knobs).
    Which runs belong to one share is settled by grouping.py. ``replicate`` None: every row is a run
    of its own. ``corpus`` names the synthetic corpus of a run: replicates that use one and the same
    corpus at every share are averaged, since their corpus is what they repeat; corpora that
    several runs of a share use give the noise a part that runs have in common.

    Raises InferenceError for an empty table, a missing, non-numeric or incomplete column, several
    rows for one (share, replicate), and, unless ``allow_missing``, missing cells, naming the first.
    """
    for column in (share, replicate, corpus, response):
        if column is not None and column not in table.columns:
            raise InferenceError(
                f"the table has no column {column!r}; it has {_listed(list(table.columns))}"
            )
    if not len(table):
        raise InferenceError("the table has no rows")
    labels, notes = _labels(table, replicate), list[str]()
    grouping = group_shares(_numbers(table, share), labels if replicate else None)
    response_values = _numbers(table, response)
    if not replicate:
        notes.append("no replicate column is used: every row counts as a run of its own")
    elif grouping.kind == "bins" and len(set(labels)) == 1:
        notes.append(f"one replicate in column {replicate!r}: every row counts as a run of its own")
        replicate, labels = None, list(range(len(table)))
    notes += [grouping.note] if grouping.note else []
    shares, columns = grouping.shares, grouping.group
    binned = grouping.kind == "bins"
    if not binned:
        _refuse_duplicates(list(zip(shares[columns].tolist(), labels, strict=True)))

    replicates = _sorted_labels(labels)
    position = {label: row for row, label in enumerate(replicates)}
    rows = np.array([position[label] for label in labels])
    cell = rows * shares.size + columns
    counts = np.bincount(cell, minlength=len(replicates) * shares.size)
    sums = np.bincount(cell, weights=response_values, minlength=counts.size)
    # a single value is itself, whatever its size
    values = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    values = values.reshape(len(replicates), shares.size)
    missing = np.argwhere(np.isnan(values))
    if len(missing) and not allow_missing:
        first = [(float(shares[s]), replicates[r]) for r, s in missing[:8]]
        more = f", and {len(missing) - 8} more" if len(missing) > 8 else ""
        raise InferenceError(
            f"{len(missing)} (share, replicate) cells have no row: {_listed(first)}{more}; "
            "every replicate must hold every share"
        )
    if len(missing) and replicate:
        notes.append(f"{len(missing)} of {values.size} (share, replicate) cells are missing")
    edges, independent = None, True
    if binned:
        edges = np.stack([grouping.lower, grouping.upper])
        if not replicate and serially_correlated(_numbers(table, share), response_values):
            independent = False
            notes.append(SERIAL)
    made = Curves(
        shares, values, replicates, response, replication, edges=edges, independent=independent
    )
    if corpus is not None:
        held: list[list[Hashable]] = [[None] * shares.size for _ in replicates]
        for row, column, label in zip(rows, columns, _labels(table, corpus), strict=True):
            held[row][column] = label
        made, extra = by_corpus(made, held)
        notes += extra
    return replace(made, notes=tuple(notes))


def by_corpus(made: Curves, held: list[list[Hashable]]) -> tuple[Curves, list[str]]:
    """Curves with their corpora (R, S) taken into account, and what to say of it."""
    own = [{label for label in row if label is not None} for row in held]
    distinct = set().union(*own)
    if len(distinct) == 1 and made.n_replicates > 1:
        return made, ["all runs draw from one corpus: everything is conditional on it"]
    if all(len(labels) == 1 for labels in own):
        groups: dict[Hashable, list[int]] = {}
        for row, labels in enumerate(own):
            groups.setdefault(next(iter(labels)), []).append(row)
        if len(groups) == made.n_replicates:
            return made, []
        held_by = [made.values[rows] for _, rows in groups.items()]  # noqa: PD011 -- an array
        values = np.array([np.nanmean(rows, axis=0) for rows in held_by])
        merged = replace(made, values=values, replicates=tuple(groups))
        return merged, [
            f"{made.n_replicates} replicates use {len(groups)} corpora at every share: those of "
            f"one corpus are averaged, {len(groups)} independent curves are left; more corpora "
            "help, more runs of the same do not"
        ]
    return replace(made, corpora=tuple(tuple(row) for row in held)), []


def _labels(table: pd.DataFrame, column: str | None) -> list[Hashable]:
    if column is None:
        return list(range(len(table)))
    if table[column].isna().any():
        raise InferenceError(f"column {column!r} has missing values")
    labels: list[Hashable] = table[column].tolist()
    return labels


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
