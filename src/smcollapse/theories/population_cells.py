"""Answers of a learner on real test rows, and the measures that follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smcollapse.laws import ContextLaw
from smcollapse.theories.base import MEASURES, Floats
from smcollapse.theories.calibration import N_BINS, expected_ece


@dataclass(frozen=True)
class Cells:
    """Cells of real test rows that get one answer each: P of them.

    weight     : (P,) share of the real test rows, sums to 1
    context    : (P,) context of those rows
    recall     : (P,) chance that the answer is the clean truth
    accuracy   : (P,) chance that the answer is the observed label
    confidence : (P,) probability that the learner gives it
    brier      : (P,) expected Brier score, in [0, 2]
    """

    weight: Floats
    context: npt.NDArray[np.integer]
    recall: Floats
    accuracy: Floats
    confidence: Floats
    brier: Floats

    def measures(
        self, law: ContextLaw, test_size: int, training: Floats | float = 0.0
    ) -> dict[str, float]:
        """Each of `MEASURES` on a test set of that many rows; all NaN if an answer is.

        training : (15,) variance of the gap of each calibration bin from training to training
        """
        if np.isnan(self.confidence).any():
            return dict.fromkeys(MEASURES, np.nan)
        accuracy = float(self.weight @ self.accuracy)
        confidence = float(self.weight @ self.confidence)
        rare, exception = law.rare[self.context], law.exception[self.context]
        return {
            "rare_recall": self._recall(rare),
            "exception_recall": self._recall(exception),
            "head_recall": self._recall(~rare),
            "accuracy": accuracy,
            "mean_confidence": confidence,
            "confidence_gap": confidence - accuracy,
            "ece": self._ece(test_size, training),
            "brier": float(self.weight @ self.brier),
        }

    def _recall(self, members: npt.NDArray[np.bool_]) -> float:
        mass = self.weight[members].sum()
        return float(self.weight[members] @ self.recall[members] / mass) if mass > 0 else np.nan

    def _ece(self, test_size: int, training: Floats | float) -> float:
        gap, bins = self.accuracy - self.confidence, bins_of(self.confidence)
        square = self.accuracy * (1.0 - 2.0 * self.confidence) + self.confidence**2
        mean: Floats = np.bincount(bins, self.weight * gap, N_BINS).astype(np.float64)
        second = np.bincount(bins, self.weight * square, N_BINS)
        testing = np.maximum(second - mean**2, 0.0) / test_size
        return float(expected_ece(mean, testing + training))


def bins_of(confidence: Floats) -> npt.NDArray[np.int64]:
    """Calibration bin of each confidence: equal widths, closed on the right."""
    return np.clip(np.ceil(confidence * N_BINS).astype(np.int64), 1, N_BINS) - 1
