"""Every measure that follows from the law of the margins on real test rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, ndtr

from smcollapse.kernels.margins import fill_cells
from smcollapse.theories.base import Floats
from smcollapse.theories.calibration import N_BINS, expected_ece

Bools = npt.NDArray[np.bool_]

_FIRST_BIN = N_BINS // 2
_FAR = 16.0


@dataclass(frozen=True)
class Margins:
    """Margins (logits of the true class) of real test rows: Σ_j chance_j N(mean_k, spread_j²).

    mean, weight : (K,) mean and frequency of each context
    spread, chance : (J,) standard deviations of a row's margin and their chances
    noise : chance that the observed label is not the true class
    rows : number of test rows
    """

    mean: Floats
    weight: Floats
    spread: Floats
    chance: Floats
    noise: float
    rows: int

    @property
    def recall(self) -> Floats:
        """(K,) chance that a row is answered with its true class."""
        return np.asarray(ndtr(self.mean[:, None] / self.spread) @ self.chance)


def _edges() -> Floats:
    """Edges of cells of |margin|: those of the 15 bins of confidence, and enough in between."""
    bins = [0.0, *logit(np.arange(_FIRST_BIN + 1, N_BINS) / N_BINS), _FAR]
    edges = [0.0]
    for high in bins[1:]:
        while edges[-1] < high:
            step = 0.06 * max(1.0, np.exp(0.4 * (edges[-1] - 2.0)))
            edges.append(min(high, edges[-1] + step) if edges[-1] + 1.3 * step < high else high)
    return np.array(edges)


_EDGES = _edges()
_BIN = np.searchsorted(
    logit(np.arange(_FIRST_BIN + 1, N_BINS) / N_BINS), 0.5 * (_EDGES[1:] + _EDGES[:-1])
)
_N_CELLS = len(_BIN)


def _averages(cells: Floats, values: Floats) -> Floats:
    """(n,) integral over each cell of what has those values (n + 1,) at its edges, linear between.

    cells : (2, n) mass and first moment
    """
    slope = np.diff(values) / np.diff(_EDGES)
    return np.asarray(cells[0] * (values[:-1] - slope * _EDGES[:-1]) + cells[1] * slope)


def measures(margins: Margins, rare: Bools, exception: Bools) -> dict[str, float]:
    """Each of `MEASURES`; rare and exception are (K,) masks, recall over no context is NaN.

    The expected calibration error is the one that a report on `rows` test rows shows.
    """
    signed = np.concatenate([-_EDGES[:0:-1], _EDGES])
    cells = np.empty((2, 2 * _N_CELLS))
    fill_cells(margins.mean, margins.weight, margins.spread, margins.chance, signed, cells)
    right = cells[:, _N_CELLS:]
    wrong = cells[:, _N_CELLS - 1 :: -1] * np.array([[1.0], [-1.0]])
    eta = margins.noise
    confidence = expit(_EDGES)
    sure = _averages(right, confidence) + _averages(wrong, confidence)
    agreeing = (1.0 - eta) * right + eta * wrong
    squares = _averages(agreeing, expit(-_EDGES) ** 2)
    squares += _averages(right + wrong - agreeing, confidence**2)
    hit = agreeing[0]
    gap, variance = _binned(hit, sure, right[0] + wrong[0], margins.rows)
    recall = margins.recall
    accuracy, mean_confidence = float(hit.sum()), float(sure.sum())
    return {
        "rare_recall": _over(recall, margins.weight, rare),
        "exception_recall": _over(recall, margins.weight, exception),
        "head_recall": _over(recall, margins.weight, ~rare),
        "accuracy": accuracy,
        "mean_confidence": mean_confidence,
        "confidence_gap": mean_confidence - accuracy,
        "ece": float(expected_ece(gap, variance)),
        "brier": 2.0 * float(squares.sum()),
    }


def _binned(hit: Floats, sure: Floats, mass: Floats, rows: int) -> tuple[Floats, Floats]:
    """Each bin's mass times accuracy less confidence, and its sampling variance on those rows."""
    square = np.where(mass > 0.0, sure**2 / np.maximum(mass, 1e-300), 0.0)
    second = hit - 2.0 * hit * sure / np.maximum(mass, 1e-300) + square
    gap, spread = (np.bincount(_BIN, sums).astype(np.float64) for sums in (hit - sure, second))
    return gap, np.maximum(spread - gap**2, 0.0) / rows


def _over(recall: Floats, weight: Floats, members: Bools) -> float:
    if not members.any():
        return float("nan")
    return float(np.average(recall[members], weights=weight[members]))
