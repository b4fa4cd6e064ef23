"""A user's own rows as a world; replicates are random splits of the one table."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from smcollapse.errors import DataError
from smcollapse.laws.contexts import rarest
from smcollapse.settings import TableWorld
from smcollapse.streams import stream
from smcollapse.worlds.encoding import Encoding, clean, encoding
from smcollapse.worlds.reading import read_frame
from smcollapse.worlds.rows import Inputs, Ints, Rows

MINIMUM_ROWS = 40


@dataclass(frozen=True)
class Table:
    """A table of real rows with named contexts.

    A context is a value of the group column, or a k-means cluster within one label. It is an
    exception if it is rare and the nearest common context (centroid distance) has another
    majority label: it looks like something else, as an exception to a rule does. Contexts, which
    of them are rare or exceptions, and the standardisation of columns are those of the whole
    table: they name rows and set units. What training may learn from is judged by the training
    part of a split alone: the consensus of a row is the prediction of shrunken linear
    discriminant analysis, its atypicality the rank, within the class, of its distance from the
    class mean. Copies of one row never stand on both sides of a split.
    """

    settings: TableWorld

    @cached_property
    def file(self) -> str:
        """The file's own name, for messages."""
        return Path(self.settings.data).name

    @cached_property
    def _frame(self) -> pd.DataFrame:
        frame = clean(read_frame(self.settings.data), self.settings, self.file)
        if len(frame) < MINIMUM_ROWS:
            raise DataError(
                f"{self.file}: {len(frame)} rows are too few to train and test on "
                f"(at least {MINIMUM_ROWS})"
            )
        return frame

    @cached_property
    def encoding(self) -> Encoding:
        """How this table's columns become features."""
        return encoding(self._frame, self.settings, self.file)

    @cached_property
    def rows(self) -> Rows:
        """All rows of the table, not judged yet: their consensus is the label."""
        features = self.encoding.features(self._frame, self.file)
        label = self.encoding.labels(self._frame, self.file)
        context = self._contexts(features, label)
        return Rows(
            features=features,
            codes=np.empty((len(label), 0), dtype=np.int32),
            style=np.zeros(len(label), dtype=np.int8),
            label=label,
            truth=label,
            consensus=label,
            context=context,
            atypicality=np.zeros(len(label), dtype=np.float32),
            example=distinct_examples(features, label),
        )

    def _contexts(self, features: NDArray[np.float32], label: Ints) -> Ints:
        if self.settings.group is not None:
            names = self._frame[self.settings.group]
            codes = pd.Categorical(names, categories=list(self.groups)).codes
            return codes.astype(np.int32)
        from sklearn.cluster import KMeans

        context = np.empty(len(label), dtype=np.int32)
        start = 0
        for number in range(len(self.encoding.classes)):
            members = np.flatnonzero(label == number)
            k = min(self.settings.clusters_per_label, len(np.unique(features[members], axis=0)))
            model = KMeans(k, n_init=4, random_state=self.settings.seed % 2**32)
            context[members] = start + model.fit_predict(features[members])
            start += k
        return context

    @cached_property
    def groups(self) -> tuple[object, ...]:
        """The group column's values in the order of the context numbers; empty without one."""
        if self.settings.group is None:
            return ()
        groups = tuple(sorted(self._frame[self.settings.group].unique(), key=str))
        if len(groups) > len(self._frame) // 5:
            raise DataError(
                f"{self.file}: group column '{self.settings.group}' has {len(groups)} values in "
                f"{len(self._frame)} rows: contexts need several rows each"
            )
        if len(groups) < 2:
            raise DataError(f"{self.file}: group column '{self.settings.group}' has one value only")
        return groups

    def judge(
        self, features: NDArray[np.float32], label: Ints, fit: tuple[NDArray[np.float32], Ints]
    ) -> tuple[Ints, NDArray[np.float32]]:
        """Consensus (n,) and atypicality (n,) of rows, judged by the rows in `fit`."""
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        real, real_label = fit
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1).fit(real, real_label)
        consensus = model.predict(features).astype(np.int32)
        atypicality = np.zeros(len(label), dtype=np.float32)
        for number in np.unique(label):
            own = real[real_label == number]
            center = own.mean(axis=0)
            known = np.sort(np.linalg.norm(own - center, axis=1))
            distance = np.linalg.norm(features[label == number] - center, axis=1)
            atypicality[label == number] = np.searchsorted(known, distance) / len(known)
        return consensus, atypicality

    @cached_property
    def frequency(self) -> NDArray[np.float64]:
        """(K,) share of the rows in each context."""
        return np.bincount(self.rows.context) / len(self.rows)

    @property
    def inputs(self) -> Inputs:
        """The learner sees the encoded columns, without the group."""
        return Inputs(self.encoding.n_features, (), len(self.encoding.classes))

    @cached_property
    def rare(self) -> NDArray[np.bool_]:
        """(K,) the rarest contexts with at most `rare_mass` of the rows. Raises DataError."""
        rare = rarest(self.frequency, self.settings.rare_mass)
        if self.frequency[rare].sum() > self.settings.rare_mass:
            raise DataError(
                f"{self.file}: the rarest context holds {self.frequency.min():.0%} of the rows, "
                f"more than world.rare_mass = {self.settings.rare_mass:g}: write a larger "
                "rare_mass, more clusters_per_label, or a finer group column"
            )
        return rare

    @property
    def rare_share(self) -> float:
        """Share of the rows in rare contexts."""
        return float(self.frequency[self.rare].sum())

    @cached_property
    def _looks(self) -> Looks:
        return self.looks(self.rows)

    def looks(self, rows: Rows) -> Looks:
        """What the contexts look like, judged by those rows."""
        return looks_of(rows, self.rare, len(self.encoding.classes))

    @property
    def exception(self) -> NDArray[np.bool_]:
        """(K,) rare contexts that look like common ones of another label."""
        return self._looks.exception

    @cached_property
    def train_size(self) -> int | None:
        """Number of rows in the training part of every split."""
        copies = int(np.bincount(self.rows.example).max())
        size = len(self.rows) - self.test_size - (copies - 1)
        if size < MINIMUM_ROWS // 2:
            raise DataError(
                f"{self.file}: one row occurs {copies} times and leaves too few others to train "
                "on: leave out copies"
            )
        return size

    @cached_property
    def test_size(self) -> int:
        """Number of rows in the test part of every split."""
        return round(self.settings.test_share * len(self.rows))

    @property
    def split(self) -> tuple[float, float] | None:
        """Rows of the training part and of the test part."""
        size = self.train_size
        assert size is not None
        return float(size), float(self.test_size)

    def _order(self, seed: int, replicate: int) -> NDArray[np.int64]:
        """A random order of the rows in which copies of one row follow each other."""
        distinct = int(self.rows.example.max()) + 1
        rank = np.argsort(stream(seed, replicate, "split").permutation(distinct))
        return np.argsort(rank[self.rows.example], kind="stable")

    def real(self, seed: int, replicate: int, n: int) -> Rows:
        """The first n rows of the training part of that split, judged by all of that part."""
        size = self.train_size
        assert size is not None
        rows = self.rows.take(self._order(seed, replicate)[-size:])
        # Copies stand together; shuffled, so that any first n rows are a random sample.
        rows = rows.take(stream(seed, replicate, "training order").permutation(size))
        consensus, atypicality = self.judge(
            rows.features, rows.label, fit=(rows.features, rows.label)
        )
        judged = dataclasses.replace(rows, consensus=consensus, atypicality=atypicality)
        return judged.take(np.arange(min(n, size)))

    def test(self, seed: int, replicate: int) -> Rows:
        """The test part of that split."""
        return self.rows.take(self._order(seed, replicate)[: self.test_size])

    def nearest_context(self, features: NDArray[np.float32], label: Ints) -> Ints:
        """(n,) the nearest context among those whose majority label is the row's own."""
        majority, centroids = self._looks.majority, self._looks.centroids
        context = np.empty(len(label), dtype=np.int32)
        for number in np.unique(label):
            own = np.flatnonzero(majority == number)
            own = own if len(own) else np.arange(len(majority))
            rows = np.flatnonzero(label == number)
            square = ((centroids[own] ** 2).sum(axis=1))[None, :]
            distance = square - 2.0 * features[rows].astype(np.float64) @ centroids[own].T
            context[rows] = own[distance.argmin(axis=1)]
        return context


@dataclass(frozen=True)
class Looks:
    """What contexts look like, judged by some rows; contexts without rows look like nothing.

    centroids : (K, d) mean features, infinite without rows
    majority : (K,) most frequent label, −1 without rows
    consensus : (K,) majority label of the nearest common context
    exception : (K,) rare contexts with rows whose own majority is another one
    """

    centroids: NDArray[np.float64]
    majority: Ints
    consensus: Ints
    exception: NDArray[np.bool_]


def looks_of(rows: Rows, rare: NDArray[np.bool_], n_classes: int) -> Looks:
    """What the contexts look like in those rows; `rare` (K,) is given."""
    k = len(rare)
    labels = np.zeros((k, n_classes))
    np.add.at(labels, (rows.context, rows.label), 1.0)
    count = labels.sum(axis=1)
    sums = np.zeros((k, rows.features.shape[1]))
    np.add.at(sums, rows.context, rows.features.astype(np.float64))
    centroids = np.full_like(sums, np.inf)
    centroids[count > 0] = sums[count > 0] / count[count > 0, None]
    majority = np.where(count > 0, labels.argmax(axis=1), -1).astype(np.int32)
    common = np.flatnonzero(~rare & (count > 0))
    seen = np.flatnonzero(count > 0)
    gaps = centroids[seen, None, :] - centroids[None, common, :]
    consensus = majority.copy()
    consensus[seen] = majority[common[np.linalg.norm(gaps, axis=2).argmin(axis=1)]]
    return Looks(centroids, majority, consensus, rare & (majority != consensus))


def distinct_examples(features: NDArray[np.float32], label: Ints) -> NDArray[np.int64]:
    """(n,) number of each distinct row; rows with equal features and label share it."""
    content = np.column_stack([features, label])
    _, number = np.unique(content, axis=0, return_inverse=True)
    return np.asarray(number, dtype=np.int64).reshape(-1)
