"""Scaling laws of the tail: the mass of Zipf contexts that a training set never shows.

The hutter learner (Hutter 2021, arXiv:2102.04074) knows the answer of every context that it has
seen once and of no other, so its error is the mass of unseen contexts. With n rows of weights
w_i ∝ i^(−α) that is ∝ n^(−(α−1)/α); where a source covers the k₀ most frequent contexts only, a
plateau ∝ k₀^(−(α−1)) stays, however much it writes (Dohmatob et al. 2024, "A Tale of Tails",
arXiv:2402.07043).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import zeta

from smcollapse.errors import TheoryError
from smcollapse.theories.base import Floats

EXACT = 100_000
"""Contexts that are summed one by one; beyond, sums become integrals."""

NODES = 200
SMALL = 1e-4
"""Expected rows of a context below which it is seen at most once."""


@dataclass(frozen=True)
class UnseenMass:
    """Expected real mass of contexts that n rows never show.

    total : over all contexts
    tail  : over the contexts that the source does not cover, as a share of their mass
    """

    total: float
    tail: float


def unseen_mass(weights: Floats, n_rows: float, share: float, covered: int) -> UnseenMass:
    """E(p) for n rows, each synthetic with chance p (theory notes, section 4).

    Σ_{i≤k₀} w_i (1 − (1−p) w_i − p w_i/P)^n + Σ_{i>k₀} w_i (1 − (1−p) w_i)^n, with P the mass of
    the k₀ `covered` contexts. `weights` (K,) sum to 1 and fall.

    Raises
    ------
    TheoryError
        If no context, or not even a first one, is covered, or the share lies outside [0, 1].
    """
    _check(share, covered, len(weights))
    head, tail = weights[:covered], weights[covered:]
    chance = (1.0 - share) * head + share * head / head.sum()
    first = float(head @ _unseen(chance, n_rows))
    rest = float(tail @ _unseen((1.0 - share) * tail, n_rows))
    mass = float(tail.sum())
    return UnseenMass(first + rest, rest / mass if mass > 0.0 else math.nan)


def zipf_unseen_mass(exponent: float, n_rows: float, share: float, covered: int) -> UnseenMass:
    """`unseen_mass` for endlessly many contexts w_i = i^(−α)/ζ(α), α > 1, k₀ ≤ 100 000.

    The first 100 000 contexts are summed one by one, the next by the midpoint rule, and of those
    expected less than 1e−4 times the first two terms of the binomial are taken.

    Raises
    ------
    TheoryError
        If the exponent is not above 1, or as in `unseen_mass`.
    """
    if not exponent > 1.0:
        raise TheoryError(f"endless Zipf contexts need an exponent above 1 (got {exponent:g})")
    _check(share, covered, EXACT)
    norm = float(zeta(exponent))
    weights = np.arange(1, EXACT + 1, dtype=np.float64) ** -exponent / norm
    head, tail = weights[:covered], weights[covered:]
    kept = 1.0 - share
    chance = kept * head + share * head / head.sum()
    rest = float(tail @ _unseen(kept * tail, n_rows))
    rest += _far(exponent, norm, kept, n_rows)
    mass = float(zeta(exponent, covered + 1)) / norm
    return UnseenMass(float(head @ _unseen(chance, n_rows)) + rest, rest / mass)


def plateau(exponent: float, covered: int) -> float:
    """Σ_{i>k₀} w_i, the error that no amount of data from such a source goes below."""
    return float(zeta(exponent, covered + 1) / zeta(exponent))


def local_exponents(size: npt.ArrayLike, error: npt.ArrayLike) -> Floats:
    """Slopes of log error against log size between neighbouring points, (n − 1,) for n points."""
    x, y = np.log(np.asarray(size, dtype=np.float64)), np.log(np.asarray(error, dtype=np.float64))
    return np.asarray(np.diff(y) / np.diff(x))


def _far(exponent: float, norm: float, kept: float, n_rows: float) -> float:
    """Σ over the contexts after the first `EXACT` of w (1 − kept·w)^n."""
    last = max(float(EXACT), (kept * n_rows / (SMALL * norm)) ** (1.0 / exponent))
    at, step = np.polynomial.legendre.leggauss(NODES)
    low, high = math.log(EXACT + 0.5), math.log(math.floor(last) + 0.5)
    x = np.exp(low + 0.5 * (high - low) * (at + 1.0))
    w = x**-exponent / norm
    middle = 0.5 * (high - low) * float(step @ (x * w * _unseen(kept * w, n_rows)))
    start = math.floor(last) + 1
    seldom = float(zeta(exponent, start)) / norm
    return middle + seldom - kept * n_rows * float(zeta(2.0 * exponent, start)) / norm**2


def _unseen(chance: Floats, n_rows: float) -> Floats:
    """(1 − chance)^n."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp(n_rows * np.log1p(-np.minimum(chance, 1.0))))


def _check(share: float, covered: int, n_contexts: int) -> None:
    if not 0.0 <= share <= 1.0:
        raise TheoryError(f"share must be a number between 0 and 1 (got {share:g})")
    if not 1 <= covered <= n_contexts:
        raise TheoryError(f"covered must be between 1 and {n_contexts} contexts (got {covered})")
