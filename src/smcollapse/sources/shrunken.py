"""Class-conditional Gaussians, shrunken: a templated, low-variance source for a user's table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from smcollapse.laws import synthetic_law
from smcollapse.settings import ShrunkenSource
from smcollapse.streams import AliasTable, Stream, stream
from smcollapse.worlds import Rows, Table
from smcollapse.worlds.rows import Ints

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Class:
    """What is fitted for one class: mean (d,), root of the shrunken covariance (d, d)."""

    mean: Floats
    root: Floats
    weight: float


@dataclass(frozen=True)
class Shrunken:
    """A source fitted on the training part of one split of a table.

    Coverage and tempering weigh the training rows by context, s_k/w_k; fidelity φ < 1 lets rows
    of exceptions enter with the consensus label instead of their own with weight 1 − φ.
    Covariances are shrunken to a multiple of the identity (Ledoit & Wolf 2004), then multiplied
    by 1 − polish.
    """

    settings: ShrunkenSource
    seed: int
    replicate: int
    world: Table

    @cached_property
    def _training(self) -> Rows:
        size = self.world.train_size
        assert size is not None
        return self.world.real(self.seed, self.replicate, size)

    @cached_property
    def _row_weights(self) -> Floats:
        """(n, C) weight of each training row in the fit of each class."""
        rows, world = self._training, self.world
        count = np.bincount(rows.context, minlength=len(world.frequency)).astype(np.float64)
        synthetic = synthetic_law(count / count.sum(), self.settings).frequency
        own = (synthetic / np.maximum(count, 1.0))[rows.context]
        weights = np.zeros((len(rows), len(world.encoding.classes)))
        at = np.arange(len(rows))
        looks = world.looks(rows)
        kept = np.where(looks.exception[rows.context], self.settings.fidelity, 1.0)
        looks_like = looks.consensus[rows.context]
        np.add.at(weights, (at, rows.label), own * kept)
        np.add.at(weights, (at, looks_like), own * (1.0 - kept))
        return weights

    @cached_property
    def _classes(self) -> list[_Class]:
        from sklearn.covariance import ledoit_wolf_shrinkage

        features = self._training.features.astype(np.float64)
        fitted = []
        for weights in self._row_weights.T:
            total = weights.sum()
            if total <= 0:
                d = features.shape[1]
                fitted.append(_Class(np.zeros(d), np.zeros((d, d)), 0.0))
                continue
            mean = weights @ features / total
            centered = features - mean
            covariance = (centered * weights[:, None]).T @ centered / total
            shrinkage = ledoit_wolf_shrinkage(centered[weights > 0], assume_centered=True)
            ridge = np.trace(covariance) / len(covariance)
            covariance = (1 - shrinkage) * covariance + shrinkage * ridge * np.eye(len(covariance))
            values, vectors = np.linalg.eigh(covariance * (1.0 - self.settings.polish))
            root = vectors * np.sqrt(np.maximum(values, 0.0))
            fitted.append(_Class(mean, root, float(total)))
        return fitted

    def sample(self, n: int) -> Rows:
        """The first n synthetic rows."""
        settings = self.settings

        def draws(purpose: str) -> Stream:
            return stream(self.seed, self.replicate, f"synthetic {purpose}")

        template = stream(self.seed, self.replicate, "templates").templates(n, settings.templates)
        table = AliasTable.from_weights(np.array([fit.weight for fit in self._classes]))
        truth = draws("classes").contexts(template, table)
        features = self._features(truth, template)
        n_classes = len(self._classes)
        label = draws("labels").answers(
            template, truth, truth, n_answers=n_classes, contamination=settings.contamination
        )
        style = draws("style").uniforms(template) < settings.detectability
        return synthetic_rows(
            self.world, self._training, features, truth, label, style.astype(np.int8), template
        )

    def _features(self, truth: Ints, template: NDArray[np.int64]) -> NDArray[np.float32]:
        world = self.world
        normals = stream(self.seed, self.replicate, "synthetic features").normals(
            template, world.encoding.n_features
        )
        features = np.empty_like(normals)
        for number, fit in enumerate(self._classes):
            own = truth == number
            features[own] = fit.mean + normals[own] @ fit.root.T
        for block_number, block in enumerate(world.encoding.blocks):
            draw = stream(self.seed, self.replicate, f"synthetic category {block_number}").uniforms(
                template
            )
            for number, fit in enumerate(self._classes):
                own = truth == number
                chances = _sharpened(fit.mean[block], self.settings.polish)
                value = np.searchsorted(np.cumsum(chances)[:-1], draw[own], side="right")
                features[own, block] = np.eye(len(chances), dtype=np.float32)[value]
        return features


def _sharpened(chances: Floats, polish: float) -> Floats:
    """p^(1/(1−polish)), normalised: the frequencies at polish 0, the most frequent value at 1."""
    chances = np.maximum(chances, 0.0)
    top = chances.max()
    if top <= 0:
        return np.full(len(chances), 1.0 / len(chances))
    sharpened = (chances / top) ** (1.0 / max(1.0 - polish, 1e-6))
    return np.asarray(sharpened / sharpened.sum())


def synthetic_rows(
    world: Table,
    training: Rows,
    features: NDArray[np.float32],
    truth: Ints,
    label: Ints,
    style: NDArray[np.int8],
    example: NDArray[np.int64],
) -> Rows:
    """Synthetic rows of a table: judged by the real training rows, placed in real contexts."""
    consensus, atypicality = world.judge(features, label, fit=(training.features, training.label))
    return Rows(
        features=features,
        codes=np.empty((len(label), 0), dtype=np.int32),
        style=style,
        label=label,
        truth=truth,
        consensus=consensus,
        context=world.nearest_context(features, truth),
        atypicality=atypicality,
        example=example,
    )
