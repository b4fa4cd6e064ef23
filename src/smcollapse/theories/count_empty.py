"""What empty cells have in common: the answer of their category, and its confidence."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from smcollapse.theories.base import Floats
from smcollapse.theories.calibration import N_BINS
from smcollapse.theories.count_cells import MANY, Cells


def shared_variance(cells: Cells, n_real: Floats, n_made: Floats) -> Floats:
    """(S, N_BINS) variance of each bin's mean gap from what empty cells have in common.

    Empty cells of a category have one confidence, the frequency of its most frequent label
    (`Priors.sharpness`): their gaps do not average out, and they move from bin to bin together.
    """
    variance = np.zeros((len(n_real), N_BINS))
    at = np.arange(len(cells.frequency))
    rate, distinct, copies = cells.rates(at, n_real, n_made)
    labels = cells.labels(at)[:, :3]
    empty = np.exp(((distinct * np.expm1(-copies) - rate) * labels).sum(axis=2))
    mass = empty @ cells.frequency
    for s in np.flatnonzero(mass > MANY):
        weight = cells.frequency * empty[s]
        variance[s] = _of_categories(cells, weight, float(n_real[s]), float(n_made[s]))
    return variance


def _of_categories(cells: Cells, weight: Floats, n_real: float, n_made: float) -> Floats:
    """A category's gap in a bin is right − held · c where c is inside, else 0."""
    priors = cells.priors
    masses = priors.masses(n_real, n_made)
    mean, spread = priors.sharpness(n_real, n_made, cells.templates)
    home, n = priors.category, len(mean)
    answered = masses.special[priors.truth] >= (mean * masses.total)[home] * (1.0 - 1e-9)
    accuracy = np.where(answered, cells.right, cells.wrong)
    held = np.bincount(home, weight, n)[:, None]
    right = np.bincount(home, weight * accuracy, n)[:, None]
    inside, first, second = partial_moments(mean, np.maximum(spread, 1e-12))
    expected = right * inside - held * first
    square = right**2 * inside - 2.0 * right * held * first + held**2 * second
    # What a cell shares with itself is counted where cells vary each for itself.
    alone = np.bincount(home, weight**2, n)[:, None] / np.maximum(held**2, 1e-300)
    return np.asarray(((1.0 - alone) * np.maximum(square - expected**2, 0.0)).sum(axis=0))


def partial_moments(mean: Floats, spread: Floats) -> tuple[Floats, Floats, Floats]:
    """P(c in bin), E(c; c in bin), E(c²; c in bin) of c ~ N(mean, spread²), (n, N_BINS) each."""
    edges = np.arange(1, N_BINS) / N_BINS
    mean, spread = mean[:, None], spread[:, None]
    z = (edges - mean) / spread
    density = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
    inside = np.diff(ndtr(z), axis=1, prepend=0.0, append=1.0)
    fall = -np.diff(density, axis=1, prepend=0.0, append=0.0)
    curve = -np.diff(z * density, axis=1, prepend=0.0, append=0.0)
    first = mean * inside + spread * fall
    second = mean**2 * inside + 2.0 * mean * spread * fall + spread**2 * (inside + curve)
    return inside, first, second
