"""A user's own rows as a world; replicates are random splits of the one table."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from smcollapse.errors import DataError
from smcollapse.laws.contexts import rarest
from smcollapse.settings import TableWorld
from smcollapse.streams import stream
from smcollapse.worlds.reading import Encoding, clean, encoding, read_frame
from smcollapse.worlds.rows import Inputs, Ints, Rows

MINIMUM_ROWS = 40


@dataclass(frozen=True)
class Table:
    """A table of real rows with named contexts.

    A context is a value of the group column, or a k-means cluster within one label. It is an
    exception if it is rare and the nearest common context (centroid distance) has another
    majority label: it looks like something else, as an exception to a rule does. The consensus
    of a row is the prediction of shrunken linear discriminant analysis; its atypicality is the
    rank, within the class, of its distance from the class mean.
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
        """All rows of the table."""
        features = self.encoding.features(self._frame, self.file)
        label = self.encoding.labels(self._frame, self.file)
        context = self._contexts(features, label)
        consensus, atypicality = self.judge(features, label, fit=(features, label))
        return Rows(
            features=features,
            codes=np.empty((len(label), 0), dtype=np.int32),
            style=np.zeros(len(label), dtype=np.int8),
            label=label,
            truth=label,
            consensus=consensus,
            context=context,
            atypicality=atypicality,
            example=distinct_examples(features, label),
        )

    def _contexts(self, features: NDArray[np.float32], label: Ints) -> Ints:
        if self.settings.group is not None:
            names = self._frame[self.settings.group]
            codes = pd.Categorical(names, categories=list(self.groups)).codes
            return codes.astype(np.int32)
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
    def centroids(self) -> NDArray[np.float64]:
        """(K, n_features) mean of each context."""
        onehot = pd.DataFrame(self.rows.features.astype(np.float64))
        return onehot.groupby(self.rows.context).mean().to_numpy()

    @cached_property
    def majority(self) -> Ints:
        """(K,) most frequent label of each context."""
        counts = np.zeros((len(self.frequency), len(self.encoding.classes)))
        np.add.at(counts, (self.rows.context, self.rows.label), 1.0)
        return np.asarray(counts.argmax(axis=1), dtype=np.int32)

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
        """(K,) the rarest contexts with at most `rare_mass` of the rows."""
        return rarest(self.frequency, self.settings.rare_mass)

    @cached_property
    def nearest_common(self) -> NDArray[np.int64]:
        """(K,) the common context whose centroid is nearest."""
        common = np.flatnonzero(~self.rare)
        gaps = self.centroids[:, None, :] - self.centroids[None, common, :]
        return np.asarray(common[np.linalg.norm(gaps, axis=2).argmin(axis=1)])

    @cached_property
    def exception(self) -> NDArray[np.bool_]:
        """(K,) rare contexts that look like common ones of another label."""
        return np.asarray(self.rare & (self.majority != self.majority[self.nearest_common]))

    @cached_property
    def train_size(self) -> int | None:
        """Number of rows in the training part of every split."""
        return len(self.rows) - self.test_size

    @cached_property
    def test_size(self) -> int:
        """Number of rows in the test part of every split."""
        return round(self.settings.test_share * len(self.rows))

    def _order(self, seed: int, replicate: int) -> NDArray[np.int64]:
        return stream(seed, replicate, "split").permutation(len(self.rows))

    def real(self, seed: int, replicate: int, n: int) -> Rows:
        """The first n rows of the training part of that split, judged by all of that part."""
        rows = self.rows.take(self._order(seed, replicate)[self.test_size :])
        consensus, atypicality = self.judge(
            rows.features, rows.label, fit=(rows.features, rows.label)
        )
        judged = dataclasses.replace(rows, consensus=consensus, atypicality=atypicality)
        return judged.take(np.arange(min(n, len(rows))))

    def test(self, seed: int, replicate: int) -> Rows:
        """The test part of that split."""
        return self.rows.take(self._order(seed, replicate)[: self.test_size])

    def nearest_context(self, features: NDArray[np.float32], label: Ints) -> Ints:
        """(n,) the nearest context among those whose majority label is the row's own."""
        context = np.empty(len(label), dtype=np.int32)
        for number in np.unique(label):
            own = np.flatnonzero(self.majority == number)
            own = own if len(own) else np.arange(len(self.majority))
            rows = np.flatnonzero(label == number)
            square = ((self.centroids[own] ** 2).sum(axis=1))[None, :]
            distance = square - 2.0 * features[rows].astype(np.float64) @ self.centroids[own].T
            context[rows] = own[distance.argmin(axis=1)]
        return context


def distinct_examples(features: NDArray[np.float32], label: Ints) -> NDArray[np.int64]:
    """(n,) number of each distinct row; rows with equal features and label share it."""
    content = np.column_stack([features, label])
    _, number = np.unique(content, axis=0, return_inverse=True)
    return np.asarray(number, dtype=np.int64).reshape(-1)
