"""The posterior of the mixture in a `clusters` world, integrated over real test rows.

Every mean has two coordinates that are not 0, so densities need the rule coordinate, the K context
coordinates and the squared length of the rest, whatever the dimension. The integral over them is
quasi-Monte-Carlo: scrambled Sobol points, shifted in each context (Cranley & Patterson 1976). The
points are fixed, so that the same scenario gives the same numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import gammaincinv, gammaln, ndtri
from scipy.stats import qmc

from smcollapse.kernels.mixture_posterior import fill_label_masses
from smcollapse.laws import ClustersLaw, LabelLaw
from smcollapse.laws.labels import RIVAL, TRUTH
from smcollapse.theories.base import Floats
from smcollapse.theories.mixing import Laws
from smcollapse.theories.population_cells import Cells

MAX_CONTEXTS = 1024
"""The work grows with the square of the number of contexts; beyond, it takes minutes."""

POINTS = 2**18
LEAST_POINTS = 2**6
EDGE = 1e-15
"""Uniform numbers stay this far from 0 and 1."""


@dataclass(frozen=True)
class Masses:
    """Masses of rows at integration points, of class 0 and of class 1.

    tested    : (P, 2) of real test rows with each label
    real      : (P, 2) of real training rows with each label that pass the filter
    synthetic : (P, 2) of synthetic ones that pass it and do not show the style
    offset    : (P,) log of the synthetic unit over the real one

    Each is in a unit of its own at a point, so that none is lost where another is large.
    """

    tested: Floats
    real: Floats
    synthetic: Floats
    offset: Floats

    @cached_property
    def shared(self) -> tuple[Floats, Floats]:
        """Real and synthetic masses in one unit, the larger of the two, each (P, 2)."""
        return (
            self.real * np.exp(np.minimum(-self.offset, 0.0))[:, None],
            self.synthetic * np.exp(np.minimum(self.offset, 0.0))[:, None],
        )

    def mixed(self, real_rows: float, synthetic_rows: float) -> Floats:
        """Masses after those numbers of rows, (P, 2), in a unit of each point."""
        if synthetic_rows == 0.0:
            return self.real
        if real_rows == 0.0:
            return self.synthetic
        real, synthetic = self.shared
        return np.asarray(real_rows * real + synthetic_rows * synthetic)


@dataclass(frozen=True)
class ClusterPoints:
    """Integration points of a `clusters` scenario: the same number in each context.

    Both feature conventions are symmetric in the classes, so points have the true class 1.
    Another `scramble` gives other points, for the error of the integral.
    """

    laws: Laws
    scramble: int = 0

    @property
    def world(self) -> ClustersLaw:
        """The law of the real rows."""
        assert isinstance(self.laws.world, ClustersLaw)
        return self.laws.world

    @property
    def per_context(self) -> int:
        """Points in each context, a power of two."""
        wanted = max(LEAST_POINTS, POINTS // self.world.n_contexts)
        return 1 << round(math.log2(wanted))

    @cached_property
    def masses(self) -> Masses:
        """Masses at all points, context after context."""
        parts = [self._masses(*self._rows(k)) for k in range(self.world.n_contexts)]
        return Masses(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def cells(self, real_rows: float, synthetic_rows: float) -> Cells:
        """What is answered at each point after those numbers of rows, before the filter.

        NaN where no row can stand in the cell of a point.
        """
        mass, tested = self.masses.mixed(real_rows, synthetic_rows), self.masses.tested
        with np.errstate(invalid="ignore"):
            chance = mass / mass.sum(axis=1, keepdims=True)
        label = tested / tested.sum(axis=1, keepdims=True)
        answer = 0.5 * (1.0 + np.sign(chance - chance[:, ::-1]))  # ties count as half
        n, law = self.per_context, self.world
        return Cells(
            weight=np.repeat(law.frequency / n, n),
            context=np.repeat(np.arange(law.n_contexts), n),
            recall=answer[:, 1],
            accuracy=(answer * label).sum(axis=1),
            confidence=chance.max(axis=1),
            brier=(chance * (chance - 2.0 * label)).sum(axis=1) + 1.0,
        )

    def flips(self) -> Floats:
        """(K,) share at which the recall of each context first falls to one half; NaN if never.

        Each point has a share at which its own answer changes, so recall is known at every share.
        """
        real, synthetic = self.masses.shared
        ahead = (real[:, 1] - real[:, 0]).reshape(-1, self.per_context)
        against = (synthetic[:, 0] - synthetic[:, 1]).reshape(-1, self.per_context)
        return np.array([_first_half(a, b) for a, b in zip(ahead, against, strict=True)])

    @cached_property
    def _sobol(self) -> Floats:
        columns = self.world.n_contexts + 3
        points = qmc.Sobol(columns, seed=np.random.default_rng(self.scramble))
        return np.asarray(points.random_base2(round(math.log2(self.per_context))))

    def _rows(self, context: int) -> tuple[Floats, Floats]:
        """Coordinates 0 … K (n, K + 1) and squared lengths (n,) of test rows of class 1."""
        world = self.world
        shift = np.random.default_rng((self.scramble, context)).random(world.n_contexts + 3)
        uniform = np.clip((self._sobol + shift) % 1.0, EDGE, 1.0 - EDGE)
        # The first columns are the most even: lengths, the rule, the own context.
        length, spread, normal = uniform[:, 0], uniform[:, 1], ndtri(uniform[:, 2:])
        normal[:, [1, 1 + context]] = normal[:, [1 + context, 1]]
        scale = np.full(len(uniform), world.scale)
        if world.tail_heaviness > 0.0:
            half = 0.5 / world.tail_heaviness
            scale *= np.sqrt((half - 1.0) / gammaincinv(half, spread))
        rows = scale[:, None] * normal + world.means[1, context, : world.n_contexts + 1]
        rest = world.means.shape[2] - rows.shape[1]
        square = 2.0 * gammaincinv(0.5 * rest, length) if rest else np.zeros(len(rows))
        return rows, (rows**2).sum(axis=1) + scale**2 * square

    def _masses(self, rows: Floats, length: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """What `Masses` holds, at those points."""
        laws, world = self.laws, self.world
        wide = _Density.of(world, 1.0)
        tested, _ = wide.masses(world, rows, length, _every(laws.real))
        real, unit = wide.masses(world, rows, length, laws.real.passed)
        if laws.source.mess == 0.0:
            return tested, real, np.zeros_like(real), np.full_like(unit, -np.inf)
        shown = (1.0 - laws.source.detectability) * laws.synthetic.passed
        narrow = _Density.of(world, laws.source.mess)
        synthetic, other = narrow.masses(world, rows, length, shown)
        return tested, real, synthetic, np.where(other > -np.inf, other - unit, -np.inf)


def _every(law: LabelLaw) -> Floats:
    """(K, 3) chances of context and label before any filter."""
    return law.frequency[:, None] * law.chance


@dataclass(frozen=True)
class _Density:
    """Log density at squared distance s: constant − rate·s, or constant − power·log(1 + rate·s).

    Gaussian where the power is 0, else Student-t.
    """

    constant: float
    rate: float
    power: float

    @classmethod
    def of(cls, world: ClustersLaw, mess: float) -> _Density:
        """Of variance scale² · mess, with 1/(tail_heaviness · mess) degrees of freedom."""
        d, variance = world.means.shape[2], world.scale**2 * mess
        if world.tail_heaviness == 0.0:
            return cls(-0.5 * d * math.log(2.0 * math.pi * variance), 0.5 / variance, 0.0)
        dof = 1.0 / (world.tail_heaviness * mess)
        spread, power = variance * (dof - 2.0), 0.5 * (dof + d)
        constant = float(gammaln(power) - gammaln(0.5 * dof)) - 0.5 * d * math.log(math.pi * spread)
        return cls(constant, 1.0 / spread, power)

    def masses(
        self, world: ClustersLaw, rows: Floats, length: Floats, passed: Floats
    ) -> tuple[Floats, Floats]:
        """Label masses (n, 2) of rows (n, K + 1) of squared length (n,), and log unit (n,)."""
        k = np.arange(world.n_contexts)
        cues = np.stack([world.means[:, k, 0], world.means[:, k, 1 + k]], axis=2)
        masses, least = np.empty((len(rows), 2)), np.empty(len(rows))
        labels = np.ascontiguousarray(passed[:, [TRUTH, RIVAL]])
        fill_label_masses(
            cues.astype(np.float64), rows, length, self.rate, self.power, labels, masses, least
        )
        fall = self.power * np.log1p(self.rate * least) if self.power else self.rate * least
        return masses, self.constant - fall


def _first_half(ahead: Floats, against: Floats) -> float:
    """Share at which the points with a right answer first are at most half of them; else NaN.

    ahead   : (n,) real mass of the truth over the other label
    against : (n,) synthetic mass of the other label over the truth
    """
    right = int((ahead > 0.0).sum())
    if 2 * right <= len(ahead):
        return 0.0
    turning = ahead * against > 0.0
    share = np.abs(ahead[turning]) / (np.abs(ahead[turning]) + np.abs(against[turning]))
    order = np.argsort(share, kind="stable")
    count = right - np.cumsum(np.sign(ahead[turning])[order])
    low = np.flatnonzero((2 * count <= len(ahead)) & (share[order] < 1.0))
    return float(share[order][low[0]]) if len(low) else math.nan
