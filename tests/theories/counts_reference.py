"""Slow, obvious twins of count theory: every outcome of a small cell, one array entry each."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

Floats = NDArray[np.float64]

N_BINS = 15


def count_law(rate: float, distinct: float, copies: float, size: int) -> Floats:
    """Chances of 0, 1, … up to 1e−8: Poisson rows, Poisson copies of each of Poisson templates."""
    counts = np.arange(size)
    law = np.zeros(size)
    for t in range(int(distinct + 12 * distinct**0.5 + 12)):
        law += poisson.pmf(t, distinct) * poisson.pmf(counts, rate + t * copies)
    return law[: 1 + int(np.searchsorted(np.cumsum(law), 1.0 - 1e-8))]


def bin_number(confidence: float) -> int:
    """Bin (b/15, (b + 1)/15] of a confidence kept in single precision, from 0."""
    return min(max(int(np.ceil(float(np.float32(confidence)) * N_BINS)), 1), N_BINS) - 1


def cell_sums(
    laws: list[Floats],
    offset: list[float],
    pseudo_count: float,
    right: float,
    wrong: float,
) -> dict[str, float | Floats]:
    """Expectations over all outcomes of a cell that give it an answer, label 0 is the truth.

    laws : chances of each label's counts; an empty cell is left out where pseudo_count is 0, and
    from `credit` and `squares` always.
    """
    gap, square, spread, inside = (np.zeros(N_BINS) for _ in range(4))
    recall = confidence = credit = squares = empty = 0.0
    for counts in itertools.product(*(range(len(law)) for law in laws)):
        chance = float(np.prod([law[n] for law, n in zip(laws, counts, strict=True)]))
        total = sum(counts)
        if total == 0:
            empty += chance
        if chance < 1e-15 or total + pseudo_count == 0.0:
            continue
        value = np.array(counts) + np.array(offset)
        posterior = value / (total + pseudo_count)
        if total > 0:
            credit += chance * posterior[0]
            squares += chance * (posterior**2).sum()
        winners = np.flatnonzero(value >= value.max() - 1e-9)
        for winner in winners:
            part = chance / len(winners)
            accuracy = right if winner == 0 else wrong
            b = bin_number(posterior[winner])
            recall += part * (winner == 0)
            confidence += part * posterior[winner]
            gap[b] += part * (accuracy - posterior[winner])
            square[b] += part * (accuracy - posterior[winner]) ** 2
            spread[b] += part * accuracy * (1.0 - accuracy)
            inside[b] += part
    return {
        "recall": recall,
        "confidence": confidence,
        "gap": gap,
        "square": square,
        "spread": spread,
        "inside": inside,
        "empty": empty,
        "credit": credit,
        "squares": squares,
    }
