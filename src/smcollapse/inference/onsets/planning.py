"""Planning: how many shares, replicates and corpora show a break of a given size?

The power is that of the whole test of existence.py (every rival, the fit of the kink, its place) at
a design that need not be in hand, for a supposed kink and a supposed noise: a run's s.d., the
correlation of neighbouring shares of a replicate (AR(1) in the share, as common random numbers make
it, or a replicate's own level), and the s.d. of a synthetic corpus that runs of a share have in
common. Means of K corpora a share keep the variance τ²/K however many runs there are.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smcollapse.inference.families import RIVALS, minimum_shares
from smcollapse.inference.onsets.existence import SHARES_BESIDE, power_of
from smcollapse.inference.records import InferenceError, Record, check_level
from smcollapse.inference.resampling import Array
from smcollapse.inference.stationary import (
    MINIMUM_REPLICATES,
    MINIMUM_SHARES,
    combined_freedom,
)

DEFAULT_SHARES = (7, 9, 13, 17, 25)
DEFAULT_REPLICATES = (3, 5, 10, 20, 40)

POSITIONS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Places of a knot between two shares, in units of their distance, over which powers are means."""

DRAWS = 199
"""Data sets drawn for each of the positions."""


@dataclass(frozen=True)
class SupposedNoise(Record):
    """What is supposed of the noise, in units of the measure.

    sd : standard deviation of a run; correlation : between shares ``apart`` of a replicate;
    level_part : part of a run's variance that is the replicate's own level;
    corpus_sd : that of a corpus, in common to its runs at a share.
    """

    sd: float
    correlation: float = 0.0
    apart: float = 0.05
    level_part: float = 0.0
    corpus_sd: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.sd) and self.sd > 0.0):
            raise InferenceError(f"the s.d. of a run must be positive, got {self.sd:g}")
        if not 0.0 <= self.correlation < 1.0:
            raise InferenceError(f"the correlation must lie in [0, 1), got {self.correlation:g}")
        if not 0.0 <= self.level_part < 1.0:
            raise InferenceError(f"the level's part must lie in [0, 1), got {self.level_part:g}")
        if not (math.isfinite(self.corpus_sd) and self.corpus_sd >= 0.0):
            raise InferenceError(
                f"the s.d. of a corpus must not be negative, got {self.corpus_sd:g}"
            )

    def covariance(self, shares: Array) -> Array:
        """Covariance (S, S) of one replicate, without its corpora."""
        distance = np.abs(shares[:, None] - shares[None, :]) / self.apart
        decay = np.where(distance == 0.0, 1.0, self.correlation**distance)
        total: Array = self.sd**2 * (self.level_part + (1.0 - self.level_part) * decay)
        return total


@dataclass(frozen=True, eq=False)
class PlannedNoise:
    """Noise of the mean curve at a planned design; the two ways to draw that a power needs."""

    factor: Array  # (S, S), its square the replicates' part of the covariance of the mean
    freedom: float
    common: Array
    common_freedom: float

    def draws(self, count: int, seed: int) -> Array:
        """Draws (count, S) scaled as the test scales its own."""
        generator = np.random.default_rng(seed)
        own = generator.standard_normal((count, len(self.factor))) @ self.factor
        own /= np.sqrt(generator.chisquare(self.freedom, (count, 1)) / self.freedom)
        extra = generator.standard_normal((count, self.common.size)) * np.sqrt(self.common)
        scale = generator.chisquare(self.common_freedom, (count, 1)) / self.common_freedom
        total: Array = own + extra / np.sqrt(scale)
        return total

    def sample(self, count: int, seed: int) -> Array:
        """Means (count, S) as the design would have them."""
        generator = np.random.default_rng(seed)
        own = generator.standard_normal((count, len(self.factor))) @ self.factor
        extra = generator.standard_normal((count, self.common.size)) * np.sqrt(self.common)
        total: Array = own + extra
        return total


@dataclass(frozen=True)
class PlannedDesign(Record):
    """One design: shares, replicates and corpora a share (None: every run its own), its power.

    ``runs`` are trainings in all; ``knot_se`` the standard error of the knot it would have. Both
    are means over positions of the knot within a gap of the grid.
    """

    shares: int
    replicates: int
    corpora: int | None
    runs: int
    power: float
    knot_se: float


@dataclass(frozen=True)
class Plan(Record):
    """All designs tried, and the one with the fewest runs that reaches the power; None if none."""

    designs: tuple[PlannedDesign, ...]
    chosen: PlannedDesign | None
    knot: float
    slope_change: float
    slope_before: float
    target: float
    noise: SupposedNoise
    alpha: float


def plan(
    noise: SupposedNoise,
    *,
    knot: float = 0.4,
    slope_change: float = -1.0,
    slope_before: float = 0.0,
    first: float = 0.0,
    last: float = 0.6,
    shares: Sequence[int] = DEFAULT_SHARES,
    replicates: Sequence[int] = DEFAULT_REPLICATES,
    corpora: Sequence[int | None] = (None,),
    power: float = 0.8,
    alpha: float = 0.05,
    draws: int = DRAWS,
    seed: int = 0,
) -> Plan:
    """Power of every combination of shares (evenly from first to last), replicates and corpora.

    Slopes are per unit share: -1.0 loses a point of the measure per point of share. ``draws`` are
    data sets for each of the positions of the knot that a power is the mean of. Raises
    InferenceError for a knot with fewer than three shares on a side at every number of shares, and
    for numbers that make no design.
    """
    check_level(power)
    check_level(alpha)
    if not (math.isfinite(slope_change) and slope_change != 0.0):
        raise InferenceError("the change of slope must be a number other than 0")
    if not math.isfinite(slope_before):
        raise InferenceError(f"the slope before must be a number, got {slope_before:g}")
    if not 0.0 <= first < knot < last <= 1.0:
        raise InferenceError(
            f"the knot must lie between the first and the last share, got {first:g} < {knot:g} < "
            f"{last:g}"
        )
    _check_counts(shares, replicates, corpora)
    designs = []
    for n_shares, n_replicates, n_corpora in itertools.product(shares, replicates, corpora):
        if n_corpora is not None and n_corpora > n_replicates:
            continue
        x = np.linspace(first, last, n_shares)
        law = planned_noise(noise, x, n_replicates, n_corpora)
        knots = knots_near(knot, x)
        reached = [
            _power(slope_before, slope_change, place, x, law, alpha, draws, seed + number)
            for number, place in enumerate(knots)
        ]
        designs.append(
            PlannedDesign(
                n_shares,
                n_replicates,
                n_corpora,
                n_shares * n_replicates,
                float(np.mean(reached)),
                float(np.mean([_knot_se(x, place, slope_change, law) for place in knots])),
            )
        )
    able = [design for design in designs if design.power >= power]
    chosen = min(able, key=lambda design: (design.runs, -design.power), default=None)
    return Plan(tuple(designs), chosen, knot, slope_change, slope_before, power, noise, alpha)


def knots_near(knot: float, shares: Array) -> list[float]:
    """The knots nearest to the supposed one at each of `POSITIONS` within a gap of even shares.

    >>> [round(place, 3) for place in knots_near(0.4, np.linspace(0.0, 0.6, 13))]
    [0.405, 0.415, 0.375, 0.385, 0.395]
    """
    gap = float(shares[1] - shares[0])
    found = []
    for part in POSITIONS:
        below = round((knot - float(shares[0])) / gap - part)
        below = min(max(below, 0), shares.size - 2)
        found.append(float(shares[0]) + gap * (below + part))
    return found


def _power(
    slope_before: float,
    slope_change: float,
    knot: float,
    x: Array,
    law: PlannedNoise,
    alpha: float,
    draws: int,
    seed: int,
) -> float:
    """Power of the test at shares x (S,) where the knot is there; 0 too near to an end of them."""
    before, after = int((x < knot - 1e-9).sum()), int((x > knot + 1e-9).sum())
    if min(before, after) < SHARES_BESIDE:
        return 0.0
    curve = slope_before * x + slope_change * np.maximum(x - knot, 0.0)
    return power_of(curve, x, np.ones_like(x), law, RIVALS, alpha, draws, seed)


def planned_noise(
    noise: SupposedNoise, shares: Array, replicates: int, corpora: int | None
) -> PlannedNoise:
    """Noise of the mean of that many replicates; corpora None: every run has one of its own."""
    own = noise.covariance(shares)
    per_share = replicates if corpora is None else corpora
    common = np.full(shares.size, noise.corpus_sd**2 / per_share)
    values, vectors = np.linalg.eigh(own / replicates)
    factor = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    freedom = float(replicates - 1)
    if replicates >= MINIMUM_REPLICATES and shares.size >= MINIMUM_SHARES:
        freedom = combined_freedom(freedom)
    if corpora == 1:
        common_freedom = float(max(shares.size - 4, 1))
    else:
        common_freedom = float(shares.size * (per_share - 1))
    return PlannedNoise(factor, freedom, common, common_freedom)


def _knot_se(shares: Array, knot: float, slope_change: float, law: PlannedNoise) -> float:
    """Delta-method standard error of the knot, from the covariance of the mean."""
    x = shares
    step = np.heaviside(x - knot, 0.5) * -slope_change
    design = np.column_stack([np.ones_like(x), x, np.maximum(x - knot, 0.0), step])
    row = np.linalg.pinv(design)[3]
    covariance = law.factor.T @ law.factor + np.diag(law.common)
    return math.sqrt(float(row @ covariance @ row))


def _check_counts(
    shares: Sequence[int], replicates: Sequence[int], corpora: Sequence[int | None]
) -> None:
    least = minimum_shares(RIVALS)
    if not shares or min(shares) < max(least, 2 * SHARES_BESIDE + 1):
        raise InferenceError(
            f"a break needs at least {max(least, 2 * SHARES_BESIDE + 1)} shares to be shown"
        )
    if not replicates or min(replicates) < 2:
        raise InferenceError("give at least 2 replicates: one has no noise to compare with")
    if not corpora or any(count is not None and count < 1 for count in corpora):
        raise InferenceError("the number of corpora a share must be at least 1")
