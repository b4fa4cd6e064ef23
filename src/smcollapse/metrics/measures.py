"""The columns of the tidy table: what is measured on held-out real rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from smcollapse.metrics.calibration import Reliability, ece_mass, ece_smooth, reliability

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Predictions:
    """Probabilities on n held-out rows with what is known about the rows.

    probability : (n, C) float32, rows sum to 1
    label, truth : (n,) observed and clean answers
    rare, exception : (n,) whether the row's context is rare, is an exception
    """

    probability: NDArray[np.float32]
    label: NDArray[np.int32]
    truth: NDArray[np.int32]
    rare: NDArray[np.bool_]
    exception: NDArray[np.bool_]

    @cached_property
    def answer(self) -> NDArray[np.int64]:
        """(n,) most probable answer."""
        return np.asarray(self.probability.argmax(axis=1))

    @cached_property
    def confidence(self) -> Floats:
        """(n,) probability of that answer, at most 1."""
        return np.asarray(np.minimum(self.probability.max(axis=1).astype(np.float64), 1.0))

    @cached_property
    def hit(self) -> Floats:
        """(n,) 1 where the answer is the observed label."""
        return np.asarray(self.answer == self.label, dtype=np.float64)

    @cached_property
    def bins(self) -> Reliability:
        """The 15 equal-width bins of the reliability diagram."""
        return reliability(self.confidence, self.hit)

    @cached_property
    def label_probability(self) -> Floats:
        """(n,) probability of the observed label."""
        return self.probability[np.arange(len(self.label)), self.label].astype(np.float64)


def _recall(predictions: Predictions, rows: NDArray[np.bool_]) -> float:
    """Share of those rows answered with the clean truth; NaN where there are none."""
    if not rows.any():
        return math.nan
    return float((predictions.answer[rows] == predictions.truth[rows]).mean())


def _brier(predictions: Predictions) -> float:
    """Mean of Σ_c (p_c − 1[y = c])² over classes (Brier 1950), in [0, 2]."""
    squares = (predictions.probability.astype(np.float64) ** 2).sum(axis=1)
    return float((squares - 2.0 * predictions.label_probability + 1.0).mean())


def _nll(predictions: Predictions) -> float:
    """Mean of −log p(observed label), nats; probabilities are bounded below by 1e−12."""
    return float(-np.log(np.maximum(predictions.label_probability, 1e-12)).mean())


MEASURES: dict[str, Callable[[Predictions], float]] = {
    "rare_recall": lambda p: _recall(p, p.rare),
    "exception_recall": lambda p: _recall(p, p.exception),
    "head_recall": lambda p: _recall(p, ~p.rare),
    "accuracy": lambda p: float(p.hit.mean()),
    "mean_confidence": lambda p: float(p.confidence.mean()),
    "confidence_gap": lambda p: float(p.confidence.mean() - p.hit.mean()),
    "ece": lambda p: p.bins.ece,
    "ece_mass": lambda p: ece_mass(p.confidence, p.hit),
    "ece_debiased": lambda p: p.bins.ece_debiased,
    "ece_smooth": lambda p: ece_smooth(p.confidence, p.hit),
    "brier": _brier,
    "nll": _nll,
}
"""Measures on held-out real rows, in the order of the table's columns."""

SYNTHETIC_MEASURES = ("mode_coverage", "duplication_rate", "realised_share")
"""Measures of the mixture itself."""


def measure(predictions: Predictions) -> dict[str, float]:
    """Every measure of one trained model."""
    return {name: function(predictions) for name, function in MEASURES.items()}
