"""What empty cells have in common: the answer of their category, and its confidence."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from smcollapse.kernels.label_counts import GAP
from smcollapse.theories.base import Floats
from smcollapse.theories.calibration import N_BINS
from smcollapse.theories.count_cells import KINDS, Cells

RARE = 1e-3
"""Mass of test rows in empty cells below which it does not matter what they have in common."""


def shared_gaps(cells: Cells, n_real: Floats, n_made: Floats) -> tuple[Floats, Floats]:
    """Shift of each bin's mean gap, and its variance, from categories' confidences, (S, N_BINS).

    Empty cells of a category have one confidence: the frequency c of its most frequent label among
    R rows, nearly normal with variance ((1 − c)² V + c² V')/R², V and V' the variances of the
    numbers of rows with that label and without it. Their gaps do not average out, and they move
    from bin to bin together. The shift is from where `Cells.sums` has placed them to that law.
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
    chosen = np.repeat(np.arange(len(total)), np.diff(priors.first))
    best = masses.base.copy()
    np.maximum.at(best, chosen, masses.special)
    sharpness = np.clip(best / total, 0.0, 1.0)

    # Rows of copied templates vary together: Neyman's variance is mean · (1 + copies).
    made = priors.masses(0.0, n_made)
    copies = n_made / cells.templates if cells.templates > 0 else 0.0
    made_best = np.where(best > masses.base, 0.0, made.base)
    top = masses.special >= best[chosen]
    np.maximum.at(made_best, chosen[top], made.special[top])
    first = best + made_best * copies
    rest = np.maximum(masses.total - best, 0.0) + np.maximum(made.total - made_best, 0.0) * copies
    spread = np.sqrt((1.0 - sharpness) ** 2 * first + sharpness**2 * rest)
    spread /= np.maximum(masses.total, 1.0)

    home = priors.category
    answered = masses.special[priors.truth] >= sharpness[home] * total[home] * (1.0 - 1e-9)
    accuracy = np.where(answered, cells.right, cells.wrong)
    n = len(total)
    held = np.bincount(home, weight, n)
    gap = np.bincount(home, weight * (accuracy - sharpness[home]), n)

    edges = np.arange(1, N_BINS) / N_BINS
    below = ndtr((edges - sharpness[:, None]) / np.maximum(spread, 1e-12)[:, None])
    inside = np.diff(below, axis=1, prepend=0.0, append=1.0)
    sums = priors.empty(masses, weight, cells.kind, KINDS, cells.right, cells.wrong)
    placed = sums[:, GAP : GAP + N_BINS].sum(axis=0)
    square = (held * spread) ** 2
    between = inside * (1.0 - inside) * (gap**2)[:, None]
    return gap @ inside - placed, (between + inside * square[:, None]).sum(axis=0)
