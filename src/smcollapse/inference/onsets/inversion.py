"""Band of a knot by test inversion, with the null imposed at every knot.

For each candidate θ₀ the kink with its knot there is fitted, ȳ = f(θ₀) + rest, and the statistic is
what a free knot explains more,

    Q(θ₀) = min over lines RSS(θ₀) - min over θ RSS(θ),   on the mean curve,

compared with its law on f(θ₀) + ε*, ε* draws of the noise of the mean by the design (noise.py).
The draws are t-scaled, so that where the curve is locally linear in θ₀ the test is the exact t test
of one contrast of whole replicates, under any correlation between shares; where it is not (a small
change of slope, an edge) the law of the supremum is simulated. θ₀ with p > 1 - level are the band:
a set of intervals, which may be disconnected or reach the ends of the searched range.

Compared with a ratio of residual sums of squares under random signs of residual vectors, which
covered .95 to .995 (Webb weights), the scale is in the draws and not
in the statistic: bands are shorter at the same coverage (VERIFICATION.md, inference).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from smcollapse.inference.curves import Curves
from smcollapse.inference.dictionaries import Dictionary, dictionary
from smcollapse.inference.families import KINK, Family, Integers
from smcollapse.inference.records import Interval, Record
from smcollapse.inference.resampling import Array
from smcollapse.kernels.atoms import exceedances

EVERY = 2
"""Every how many-th knot of the dictionary is tested."""


@dataclass(frozen=True)
class Region(Record):
    """Knots that are not rejected at ``level``.

    pieces : intervals of accepted knots, ascending, in units of the share
    open_below, open_above : whether they reach the ends ``searched`` of the range
    """

    pieces: tuple[tuple[float, float], ...]
    open_below: bool
    open_above: bool
    searched: tuple[float, float]
    level: float

    @property
    def band(self) -> Interval:
        """From the first to the last accepted knot; infinite where open."""
        return Interval(
            -math.inf if self.open_below else self.pieces[0][0],
            math.inf if self.open_above else self.pieces[-1][1],
            self.level,
        )

    @property
    def connected(self) -> bool:
        """Whether the region is one interval."""
        return len(self.pieces) == 1

    @property
    def width(self) -> float:
        """Total length of the accepted pieces within the searched range."""
        return sum(high - low for low, high in self.pieces)

    def __contains__(self, knot: float) -> bool:
        return any(low <= knot <= high for low, high in self.pieces)


def invert_knot(
    curves: Curves, *, level: float, draws: int, seed: int, family: Family = KINK
) -> Region:
    """The region of knots that the data do not reject; the family has a single hinge."""
    knots, p_values = knot_p_values(curves, draws=draws, seed=seed, family=family)
    low, high = float(knots[0]), float(knots[-1])
    pieces = _accepted(knots, p_values, 1.0 - level)
    margin = 1e-9 * (high - low)
    return Region(
        pieces,
        open_below=pieces[0][0] <= low + margin,
        open_above=pieces[-1][1] >= high - margin,
        searched=(low, high),
        level=level,
    )


def knot_p_values(
    curves: Curves, *, draws: int, seed: int, family: Family = KINK
) -> tuple[Array, Array]:
    """Candidate knots (J,) in units of the share, ascending, and the p-values (J,) of each."""
    kinks = dictionary(family, curves.shares, curves.weights)
    n_atoms = kinks.atoms.shape[2]
    scores = kinks.fit(curves.mean).residual[0] @ kinks.atoms[0]
    best = int((scores**2).argmax())
    tested = np.unique(np.r_[np.arange(0, n_atoms, EVERY), n_atoms - 1, best])
    p_values = group_p_values(
        kinks, curves, np.column_stack([tested, tested + 1]), draws=draws, seed=seed
    )
    first, span = float(curves.shares[0]), float(curves.shares[-1] - curves.shares[0])
    knots: Array = first + span * kinks.grid[tested, 0]
    return knots, p_values


def group_p_values(
    family: Dictionary, curves: Curves, groups: Integers, *, draws: int, seed: int
) -> Array:
    """p-values (J,) of the hypotheses that the atom lies in a group (J, 2) of atoms, one column."""
    atoms = family.atoms[0].T  # (G, S)
    scores = atoms @ family.fit(curves.mean).residual[0]  # (G,)
    squares = scores**2
    own = np.array([start + int(squares[start:stop].argmax()) for start, stop in groups])
    # the observed supremum ties with itself up to rounding
    observed = np.asarray(np.maximum(squares.max() * (1.0 - 1e-12) - squares[own], 0.0), np.float64)
    signals = scores[own, None] * (atoms[own] @ atoms.T)
    noise = curves.noise.draws(draws, seed) * family.root_weights
    counts = np.empty(len(groups), dtype=np.int64)
    exceedances(signals, noise @ atoms.T, groups, observed, counts)
    p_values: Array = ((1.0 + counts) / (draws + 1.0)).astype(np.float64)
    return p_values


def _accepted(knots: Array, p_values: Array, alpha: float) -> tuple[tuple[float, float], ...]:
    """Runs of knots with p > alpha, their ends where a line through the p-values crosses alpha."""
    inside = p_values > alpha
    edges = np.flatnonzero(np.diff(np.r_[False, inside, False].astype(int)))
    pieces = []
    for start, stop in zip(edges[::2], edges[1::2] - 1, strict=True):
        pieces.append(
            (_end(knots, p_values, start, -1, alpha), _end(knots, p_values, stop, 1, alpha))
        )
    return tuple(pieces)


def _end(knots: Array, p_values: Array, place: int, step: int, alpha: float) -> float:
    """Where the p-value crosses alpha between an accepted knot and its rejected neighbour."""
    other = place + step
    if not 0 <= other < knots.size:
        return float(knots[place])
    part = (p_values[place] - alpha) / (p_values[place] - p_values[other])
    return float(knots[place] + part * (knots[other] - knots[place]))
