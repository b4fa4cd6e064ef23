"""Shares as they were realised: which runs belong to one tried share?

Shares are typed (0.35), computed (7 · 0.05) or realised (a mixture that was meant to hold 35 %
holds .3513 in one replicate and .3478 in the next). No tolerance is right for all of them, so that
the first of these rules that fits is taken:

1. *exact*: shares equal to 12 decimals are one share, where runs mostly meet at such shares;
2. *rank*: every replicate holds equally many shares, and the k-th shares of all replicates lie
   before all (k+1)-th ones;
3. *clusters*: single linkage, cut as coarsely as no replicate allows to stand twice in one cluster,
   where the clusters lie further apart than they are wide and hold most replicates;
4. *bins* of equal numbers of runs. Where the curve is monotone, f(left edge) >= mean of the bin >=
   f(right edge), which is all that a safe share and its bracket need.

A group of rules 2 and 3 stands at the mean of its realised shares, never at a nominal one: a jitter
that replicates have in common would put that wrong without notice.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from smcollapse.inference.resampling import Array

Integers = npt.NDArray[np.int64]
Kind = Literal["exact", "rank", "clusters", "bins"]

SHARE_DECIMALS = 12
"""Shares equal to this many decimals are equal."""

FILLED = 0.75
"""Part of the (share, replicate) cells that a grid has to hold to be one."""

RUNS_OF_A_BIN = 8
FEWEST_BINNED = 16
MOST_BINS = 40


@dataclass(frozen=True, eq=False)
class Grouping:
    """Groups of runs: the group (n,) of every run, and where the groups (S,) stand.

    shares : mean of the realised shares of a group; lower, upper : the smallest and the largest
    """

    kind: Kind
    group: Integers
    shares: Array
    lower: Array
    upper: Array

    @property
    def note(self) -> str:
        """What was done with the shares, in words; empty where they are taken as they are."""
        if self.kind == "exact":
            return ""
        spread = float((self.upper - self.lower).max())
        if self.kind == "bins":
            return (
                f"every run has a share of its own: {self.shares.size} bins of neighbouring runs "
                "stand for tried shares; the safe share and its bracket take the curve to be "
                "monotone within a bin; a grid of shares with several runs each tells more"
            )
        return (
            f"realised shares: {self.shares.size} groups of one run a replicate, each at the mean "
            f"of its shares, which differ by at most {spread:.2g}"
        )


def group_shares(shares: Array, replicates: Sequence[Hashable] | None) -> Grouping:
    """Groups of runs with shares (n,); ``replicates`` (n,) None where every run is one of its own.

    References
    ----------
    Rule 3 is single linkage (Sibson 1973) with a must-not-link constraint.
    """
    rounded = np.round(shares, SHARE_DECIMALS)
    distinct, exact = np.unique(rounded, return_inverse=True)
    labels = None if replicates is None else _codes(replicates)
    if labels is not None and labels.max(initial=0) == 0:
        labels = None  # one replicate says nothing of which runs belong together
    if labels is None:
        if _runs_meet(exact):
            return _grouped("exact", rounded, exact)
        found = _separate(rounded, exact)
        if found is None and rounded.size - _first(exact) >= FEWEST_BINNED:
            return _grouped("bins", rounded, _bins(exact))
        return _grouped("exact" if found is None else "clusters", rounded, _or(found, exact))
    if _is_grid(exact, labels, distinct.size):
        return _grouped("exact", rounded, exact)
    for kind, rule in (("rank", _by_rank), ("clusters", _by_linkage)):
        if (group := rule(rounded, labels)) is not None:
            return _grouped(kind, rounded, group)  # type: ignore[arg-type]
    if rounded.size - _first(exact) >= FEWEST_BINNED:
        return _grouped("bins", rounded, _bins(exact))
    return _grouped("exact", rounded, exact)


def _or(found: Integers | None, exact: Integers) -> Integers:
    return exact if found is None else found


def _codes(labels: Sequence[Hashable]) -> Integers:
    position = {label: code for code, label in enumerate(dict.fromkeys(labels))}
    return np.array([position[label] for label in labels], dtype=np.int64)


def _grouped(kind: Kind, shares: Array, group: Integers) -> Grouping:
    counts = np.bincount(group)
    lower, upper = np.full(counts.size, np.inf), np.full(counts.size, -np.inf)
    np.minimum.at(lower, group, shares)
    np.maximum.at(upper, group, shares)
    # the mean of equal numbers may differ from them in the last bit
    mean = np.clip(np.bincount(group, weights=shares) / counts, lower, upper)
    return Grouping(kind, group.astype(np.int64), mean, lower, upper)


def _first(exact: Integers) -> int:
    """Number of runs at exactly the smallest share."""
    return int((exact == 0).sum())


def _runs_meet(exact: Integers) -> bool:
    """Whether the typical share beyond the smallest holds two runs or more."""
    counts = np.bincount(exact)[1:]
    return bool(counts.size == 0 or np.median(counts) >= 2)


def _is_grid(exact: Integers, labels: Integers, n_shares: int) -> bool:
    """Whether replicates meet at exact shares: most cells are held, or one replicate holds all."""
    held = np.bincount(labels)
    if n_shares <= held.max():
        return True
    return exact.size / (n_shares * held.size) >= FILLED


def _by_rank(shares: Array, labels: Integers) -> Integers | None:
    counts = np.bincount(labels)
    if counts.min() != counts.max() or counts[0] < 2:
        return None
    order = np.lexsort((shares, labels))
    group = np.empty(shares.size, dtype=np.int64)
    group[order] = np.tile(np.arange(counts[0]), counts.size)
    return group if _apart(shares, group) else None


def _apart(shares: Array, group: Integers) -> bool:
    """Whether every group ends before the next one begins."""
    made = _grouped("rank", shares, group)
    return bool((made.upper[:-1] < made.lower[1:]).all())


def _by_linkage(shares: Array, labels: Integers) -> Integers | None:
    """Clusters cut at the widest gap that leaves no replicate twice in one of them."""
    order = np.argsort(shares, kind="stable")
    gaps = np.diff(shares[order])
    widths = np.unique(gaps[gaps > 0.0])

    def cut(gap: float) -> Integers:
        group = np.empty(shares.size, dtype=np.int64)
        group[order] = np.r_[0, np.cumsum(gaps >= gap)]
        return group

    def held_twice(gap: float) -> bool:
        cells = cut(gap) * (labels.max() + 1) + labels
        return bool(np.unique(cells).size < shares.size)

    # what no replicate holds twice none does if it is cut more finely
    finest = int(bisect_left(widths, True, key=held_twice)) - 1
    if finest < 0:
        return None
    gap = float(widths[finest])
    group = cut(gap)
    made = _grouped("clusters", shares, group)
    wide = float((made.upper - made.lower).max())
    filled = shares.size / (made.shares.size * (labels.max() + 1))
    return group if filled >= FILLED and wide < gap else None


def _separate(shares: Array, exact: Integers) -> Integers | None:
    """Clusters of unlabelled runs that lie three times further apart than they are wide."""
    order = np.argsort(shares, kind="stable")
    gaps = np.diff(shares[order])
    sizes = np.sort(gaps[gaps > 0.0])
    if sizes.size < 4:
        return None
    widest = int(np.argmax(sizes[1:] / sizes[:-1]))
    group = np.empty(shares.size, dtype=np.int64)
    group[order] = np.r_[0, np.cumsum(gaps >= sizes[widest + 1])]
    made = _grouped("clusters", shares, group)
    apart = float((made.lower[1:] - made.upper[:-1]).min())
    enough = np.bincount(group).min() >= 2 and made.shares.size >= 3
    return group if enough and apart >= 3.0 * float((made.upper - made.lower).max()) else None


def _bins(exact: Integers) -> Integers:
    """Bins of about equally many runs; runs at exactly the smallest share are one of their own."""
    counts = np.bincount(exact)
    alone = counts[0] >= 2
    rest = counts[1:] if alone else counts
    bins = int(np.clip(round(rest.sum() / RUNS_OF_A_BIN), 2, MOST_BINS))
    middle = np.cumsum(rest) - rest / 2.0
    place = np.minimum((middle * bins / rest.sum()).astype(np.int64), bins - 1)
    _, place = np.unique(place, return_inverse=True)
    of_share = np.r_[0, place + 1] if alone else place
    group: Integers = of_share[exact]
    return group
