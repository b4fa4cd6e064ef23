"""Safe share and bracket of the benchmark share: at the shares that were tried, for any curve.

With δ the loss that is asked for, each replicate's margin at share s is

    d_rs = y_rs - (1 - δ) y_r0   (relative),   d_rs = y_rs - y_r0 + δ   (in units of the measure)

(turned round for a measure whose rise is the harm): positive where less than δ is lost. Its t test
is Fieller's (1954).

*Safe share*: the largest tried share at which d > 0 is shown, there and at every smaller tried
share. Tests in order need no correction (Maurer, Hothorn & Lehmacher 1995).

*Bracket* (L, U] of the smallest share at which δ is lost: L by the same rule, U the first share at
which d < 0 is shown: by tests in order from the largest share downwards, or at any share with
Bonferroni's correction, half of the upper error each. The former is short where the loss lasts, the
latter finds it where it is regained.

Both hold for every curve, steps included, since nothing is said of what happens between tried
shares. The *refinement* says more, of a curve that does nothing in a gap which its neighbours do
not show: the limits move into a gap while the chord, the chord before it extended and the chord
behind it extended agree. Gaps at an edge, and gaps more than 1.5 times as wide as a neighbour, are
left whole. A chord alone covers .00 on a step (VERIFICATION_INFERENCE.md).

In bins (grouping.py) the curve is taken to be monotone: what a bin's mean has not lost its left
edge has not, what it has lost its right edge has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from smcollapse.inference.contrasts import contrast_tests
from smcollapse.inference.curves import Curves
from smcollapse.inference.records import Interval, Record
from smcollapse.inference.resampling import Array

Direction = Literal["loss", "gain"]

WIDER = 1.5
"""How many times wider than its neighbours a gap may be that a limit moves into."""

STEPS_IN_A_GAP = 20


@dataclass(frozen=True)
class Bracket(Record):
    """Where a loss of δ sets in, at the tried shares.

    safe_share : largest share up to which a loss of δ is excluded, at one-sided ``level``; the
        smallest share where it is at none
    band : (L, U] at two-sided ``level``; U is infinite where the loss is not shown at any share
    refined : the same, moved into gaps that look harmless; equal to ``band`` where none does
    shares, losses, limits : tried shares beyond the smallest, the loss there in units of the
        measure, and the one-sided upper limit of it (relative losses are not tested by this limit,
        but by d_rs)
    largest : the largest tried share
    """

    safe_share: float
    band: Interval
    refined: Interval
    shares: tuple[float, ...]
    losses: tuple[float, ...]
    limits: tuple[float, ...]
    largest: float

    @property
    def all_safe(self) -> bool:
        """Whether the loss is excluded at every tried share."""
        return self.safe_share == self.largest


def bracket(
    curves: Curves, loss: float, relative: bool, direction: Direction, level: float
) -> Bracket:
    """Safe share and bracket of curves with noise; see the module docstring."""
    n_shares = curves.shares.size
    places = np.eye(n_shares)
    tests = _Margins(curves, loss, relative, direction)
    safe = _shown_in_order(tests.above(places[1:]) <= 1.0 - level)
    half = 0.5 * (1.0 - level)
    lower = _shown_in_order(tests.above(places[1:]) <= half)
    upper, threshold = _first_lost(tests.below(places[1:]), half)
    left, right = curves.left, curves.right
    band = Interval(
        float(left[lower]), math.inf if upper is None else float(right[upper + 1]), level
    )
    refined = band
    if curves.edges is None:
        refined = Interval(
            _moved_up(tests, lower, half),
            band.upper if upper is None else _moved_down(tests, upper + 1, threshold),
            level,
        )
    change = contrast_tests(curves, tests.sign * (places[:1] - places[1:]))
    return Bracket(
        safe_share=float(left[safe]),
        band=band,
        # what a gap hides may let the two limits pass one another
        refined=refined if refined.lower <= refined.upper else band,
        shares=tuple(curves.shares[1:].tolist()),
        losses=tuple(change.values.tolist()),
        limits=tuple(change.limit(level).tolist()),
        largest=float(left[-1]),
    )


class _Margins:
    """One-sided p-values of the margin d at weights (P, S) of the shares."""

    def __init__(self, curves: Curves, loss: float, relative: bool, direction: Direction) -> None:
        self.curves, self.relative, self.loss = curves, relative, loss
        self.sign = 1.0 if direction == "loss" else -1.0

    def _tests(self, weights: Array) -> tuple[Array, Array]:
        contrasts = self.sign * weights
        contrasts[:, 0] -= self.sign - (self.loss if self.relative else 0.0)
        found = contrast_tests(self.curves, contrasts)
        null = 0.0 if self.relative else -self.loss
        above = found.p_greater(null)
        return above, np.where(found.values == null, 1.0, 1.0 - above)

    def above(self, weights: Array) -> Array:
        """p-values (P,) of "δ or more is lost"."""
        return self._tests(weights.copy())[0]

    def below(self, weights: Array) -> Array:
        """p-values (P,) of "less than δ is lost"."""
        return self._tests(weights.copy())[1]


def _shown_in_order(shown: npt.NDArray[np.bool_]) -> int:
    """How many leading tests are shown."""
    return int(np.argmin(shown)) if not shown.all() else shown.size


def _first_lost(p_values: Array, alpha: float) -> tuple[int | None, float]:
    """Number of the first share that is shown lost, None if there is none; its threshold."""
    from_above = _shown_in_order((p_values <= alpha / 2.0)[::-1])
    candidates = [(p_values.size - from_above, alpha / 2.0)] if from_above else []
    threshold = alpha / 2.0 / p_values.size
    anywhere = np.flatnonzero(p_values <= threshold)
    candidates += [(int(anywhere[0]), threshold)] if anywhere.size else []
    return min(candidates, default=(None, 0.0))


def _moved_up(tests: _Margins, place: int, alpha: float) -> float:
    """The share up to which all three lines of the gap above a tried share exclude the loss."""
    shares = tests.curves.shares
    if not _harmless(shares, place):
        return float(shares[place])
    parts = np.linspace(0.0, 1.0, STEPS_IN_A_GAP, endpoint=False)[1:]
    agreed = np.all([tests.above(line) <= alpha for line in _lines(shares, place, parts)], axis=0)
    moved = _shown_in_order(agreed)
    gap = shares[place + 1] - shares[place]
    return float(shares[place] + (parts[moved - 1] * gap if moved else 0.0))


def _moved_down(tests: _Margins, place: int, alpha: float) -> float:
    """The share down to which all three lines of the gap below a tried share show the loss."""
    shares = tests.curves.shares
    if not _harmless(shares, place - 1):
        return float(shares[place])
    parts = np.linspace(1.0, 0.0, STEPS_IN_A_GAP, endpoint=False)[1:]
    lines = _lines(shares, place - 1, parts)
    agreed = np.all([tests.below(line) <= alpha for line in lines], axis=0)
    moved = _shown_in_order(agreed)
    gap = shares[place] - shares[place - 1]
    return float(shares[place - 1] + (parts[moved - 1] if moved else 1.0) * gap)


def _harmless(shares: Array, place: int) -> bool:
    """Whether the gap above a share has neighbours on both sides, and is no wider than they are."""
    if not 0 < place < shares.size - 2:
        return False
    before, gap, behind = np.diff(shares[place - 1 : place + 3])
    return bool(gap <= WIDER * min(before, behind) * (1.0 + 1e-9))


def _lines(shares: Array, place: int, parts: Array) -> tuple[Array, Array, Array]:
    """Weights (P, S) of the chord of a gap, of the one before and of the one behind it extended."""
    at = shares[place] + parts * (shares[place + 1] - shares[place])
    lines = []
    for left in (place, place - 1, place + 1):
        part = (at - shares[left]) / (shares[left + 1] - shares[left])
        weights = np.zeros((parts.size, shares.size))
        weights[:, left], weights[:, left + 1] = 1.0 - part, part
        lines.append(weights)
    return lines[0], lines[1], lines[2]
