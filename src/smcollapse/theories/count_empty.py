"""What empty cells have in common: the answer of their category, and its confidence."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from smcollapse.theories.base import Floats
from smcollapse.theories.calibration import N_BINS
from smcollapse.theories.count_cells import Cells

RARE = 1e-3
"""Mass of test rows in empty cells below which it does not matter what they have in common."""


def shared_gaps(cells: Cells, n_real: Floats, n_made: Floats) -> tuple[Floats, Floats]:
    """Shift of each bin's mean gap, and its variance, from categories' confidences, (S, N_BINS).

    Empty cells of a category have one confidence: the frequency c of its most frequent label among
    R rows, nearly normal with variance c(1 − c)/R. Their gaps do not average out, and they move
    from bin to bin together. The shift is from a place at the expected c to that law.
    """
    shift, variance = np.zeros((2, len(n_real), N_BINS))
    at = np.arange(len(cells.frequency))
    rate, distinct, copies = cells.rates(at, n_real, n_made)
    labels = cells.labels(at)[:, :3]
    empty = np.exp(((distinct * np.expm1(-copies) - rate) * labels).sum(axis=2))
    mass = empty @ cells.frequency
    for s in np.flatnonzero(mass > RARE):
        real, made = float(n_real[s]), float(n_made[s])
        weight = cells.frequency * empty[s]
        shift[s], variance[s] = _of_categories(cells, weight, real, made)
    return shift, variance


def _of_categories(
    cells: Cells, weight: Floats, n_real: float, n_made: float
) -> tuple[Floats, Floats]:
    priors = cells.priors
    masses = priors.masses(n_real, n_made)
    total = np.maximum(masses.total, 1e-300)
    best = masses.base.copy()
    np.maximum.at(best, np.repeat(np.arange(len(best)), np.diff(priors.first)), masses.special)
    sharpness = np.clip(best / total, 0.0, 1.0)
    copies = np.ones_like(total)
    if cells.templates > 0:
        copies += n_made * priors.made.total / total * n_made / cells.templates
    spread = np.sqrt(sharpness * (1.0 - sharpness) * copies / np.maximum(masses.total, 1.0))

    home = priors.category
    answered = masses.special[priors.truth] >= sharpness[home] * total[home] * (1.0 - 1e-9)
    accuracy = np.where(answered, cells.right, cells.wrong)
    n = len(total)
    held = np.bincount(home, weight, n)
    gap = np.bincount(home, weight * (accuracy - sharpness[home]), n)

    edges = np.arange(1, N_BINS) / N_BINS
    below = ndtr((edges - sharpness[:, None]) / np.maximum(spread, 1e-12)[:, None])
    inside = np.diff(below, axis=1, prepend=0.0, append=1.0)
    at = np.clip(np.ceil(sharpness * N_BINS).astype(int) - 1, 0, N_BINS - 1)
    place = np.zeros_like(inside)
    place[np.arange(n), at] = 1.0
    square = (held * spread) ** 2
    between = inside * (1.0 - inside) * (gap**2)[:, None]
    return gap @ (inside - place), (between + inside * square[:, None]).sum(axis=0)
