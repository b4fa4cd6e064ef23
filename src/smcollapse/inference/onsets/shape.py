"""Shape of a curve: does the measure change at all, get worse or better, or turn?

Everything is asked of the curve turned so that less is worse, of contrasts within replicates, and
of changes larger than ε, the smallest effect that matters (ε parts of the value at the smallest
share):

* *harm*, *gain*: worse, better than at the smallest share, at some tried share;
* *decline*, *rise*: worse, better later than earlier, between two windows of 1 to 4 shares;
* *not best*, *not worst*: another share is better (worse) than a given one. A curve whose first and
  last share are both shown not to be best gains, then loses (intersection-union: Berger 1982); the
  mirror image loses, then gains. Holm's correction stands over the two.

Of many contrasts the largest studentised one decides: its law is that of rotations of whole
replicates (multiplicity/max_t.py), each column with a denominator of its own. Harm and decline are
one family: each of the two sets of contrasts is turned into its p-value, and the smaller p-value is
compared with its law under the same rotations, so that harm is called decline too. Where rotations
cannot be had (missing cells, runs without replicates, pooled noise, shared corpora) p-values are
Bonferroni's.

The *set of best shares* keeps a share unless another one is shown to be better; it holds the best
share at the level of the test (Hsu 1984).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from smcollapse.inference.contrasts import contrast_tests
from smcollapse.inference.curves import Curves
from smcollapse.inference.multiplicity.maxima import TIE, unit_columns
from smcollapse.inference.onsets.bracket import Bracket, Direction
from smcollapse.inference.records import Record
from smcollapse.inference.resampling import Array

Shown = Literal["shown", "excluded", "not shown"]
Kind = Literal["no change", "gain then loss", "loss then gain", "decline", "rise", "change"]

WIDEST_WINDOW = 4
ROTATIONS = 1999
SMALLEST = 0.1
"""Default of the smallest effect that matters, in parts of the loss that is asked for."""


@dataclass(frozen=True)
class Shape(Record):
    """What is shown of the shape; "worse" and "better" are those of the direction of harm.

    harm, gain, decline, rise : see the module docstring. Harm and gain are "excluded" where a
        change of the size that is asked for is excluded at every tried share.
    kind : "change" where something changes and the direction is open
    best_share : tried share with the best mean; best_set : ends of the set of best shares
    p_harm, p_gain, p_decline, p_rise : one-sided, to be compared with half of 1 - level
    p_gain_then_loss, p_loss_then_gain : to be compared with 1 - level by Holm
    smallest : ε, the smallest effect that matters, in parts of the value at the smallest share, or
        in units of the measure
    """

    harm: Shown
    gain: Shown
    decline: Shown
    rise: Shown
    kind: Kind
    best_share: float
    best_set: tuple[float, float]
    p_harm: float
    p_gain: float
    p_decline: float
    p_rise: float
    p_gain_then_loss: float
    p_loss_then_gain: float
    smallest: float
    relative: bool


def shape_of(
    curves: Curves,
    found: Bracket,
    better: Bracket,
    *,
    smallest: float,
    relative: bool,
    direction: Direction,
    level: float,
    seed: int = 0,
) -> Shape:
    """The shape of curves with noise.

    found, better : brackets of the loss that is asked for and of a gain of the same size
    """
    tests = _Tests(curves, smallest, relative, direction, seed)
    n_shares = curves.shares.size
    p_harm, p_decline = tests.together(-1.0)
    p_gain, p_rise = tests.together(1.0)
    not_best = np.array([tests.beaten(share, 1.0) for share in range(n_shares)])
    not_worst = {share: tests.beaten(share, -1.0) for share in (0, n_shares - 1)}
    gain_then_loss = max(not_best[0], not_best[-1])
    loss_then_gain = max(not_worst.values())
    alpha = 1.0 - level
    sign = 1.0 if direction == "loss" else -1.0
    best = int((sign * curves.mean).argmax())
    kept = np.flatnonzero((not_best > alpha) | (np.arange(n_shares) == best))
    return Shape(
        harm=_shown(p_harm, alpha, excluded=found.all_safe),
        gain=_shown(p_gain, alpha, excluded=better.all_safe),
        decline=_shown(p_decline, alpha),
        rise=_shown(p_rise, alpha),
        kind=_kind(gain_then_loss, loss_then_gain, p_decline, p_rise, alpha),
        best_share=float(curves.shares[best]),
        best_set=(float(curves.left[kept[0]]), float(curves.right[kept[-1]])),
        p_harm=p_harm,
        p_gain=p_gain,
        p_decline=p_decline,
        p_rise=p_rise,
        p_gain_then_loss=gain_then_loss,
        p_loss_then_gain=loss_then_gain,
        smallest=smallest,
        relative=relative,
    )


def _shown(p_value: float, alpha: float, *, excluded: bool = False) -> Shown:
    if p_value <= alpha / 2.0:
        return "shown"
    return "excluded" if excluded else "not shown"


def _kind(
    gain_then_loss: float, loss_then_gain: float, decline: float, rise: float, alpha: float
) -> Kind:
    first, second = sorted((gain_then_loss, loss_then_gain))
    turns: list[Kind] = []
    if first <= alpha / 2.0:
        turns.append("gain then loss" if gain_then_loss == first else "loss then gain")
        if second <= alpha:
            return "change"  # both are shown: it turns more than once
    if turns:
        return turns[0]
    falls, rises = decline <= alpha / 2.0, rise <= alpha / 2.0
    if falls and rises:
        return "change"
    return "decline" if falls else "rise" if rises else "no change"


class _Tests:
    """Largest studentised contrasts of curves turned so that less is worse."""

    def __init__(
        self, curves: Curves, smallest: float, relative: bool, direction: Direction, seed: int
    ) -> None:
        self.curves, self.smallest, self.relative = curves, smallest, relative
        self.sign = 1.0 if direction == "loss" else -1.0
        shared = curves.noise.corpus_variance > 0.0 and not curves.noise.from_curve
        self.rotates = curves.complete and curves.paired and not curves.pooled and not shared
        generator = np.random.default_rng(seed)
        directions = generator.standard_normal(
            (ROTATIONS, curves.n_replicates if self.rotates else 1)
        )
        self.directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)

    def together(self, side: float) -> tuple[float, float]:
        """p-values that the measure is worse (side -1) or better: than at first; than before."""
        n_shares = self.curves.shares.size
        places = np.eye(n_shares)
        against_first, windows = places[1:] - places[0], _windows(n_shares)
        if not self.rotates:
            first, later = (self._bonferroni(side * c) for c in (against_first, windows))
            first = min(1.0, 2.0 * first)
            return first, min(first, 2.0 * later, 1.0)
        sets = [self._cosines(side * contrasts) for contrasts in (against_first, windows)]
        plain = [_p_values(drawn, observed) for drawn, observed in sets]
        smallest = np.minimum(plain[0][0], plain[1][0])
        first, later = (_rank(smallest, p_value) for _, p_value in plain)
        return first, min(first, later)

    def beaten(self, share: int, side: float) -> float:
        """p-value that some share is better (side 1) or worse than a given one."""
        contrasts = side * (np.delete(np.eye(self.curves.shares.size), share, axis=0))
        contrasts[:, share] = -side
        if not self.rotates:
            return self._bonferroni(contrasts)
        return _p_values(*self._cosines(contrasts))[1]

    def _with_margin(self, contrasts: Array) -> tuple[Array, float]:
        """Contrasts (P, S) of turned curves less ε, and the null value that is left."""
        turned = self.sign * contrasts
        if not self.relative:
            return turned, self.smallest
        turned = turned.copy()
        turned[:, 0] -= self.smallest
        return turned, 0.0

    def _bonferroni(self, contrasts: Array) -> float:
        turned, null = self._with_margin(contrasts)
        p_values = contrast_tests(self.curves, turned).p_greater(null)
        return min(1.0, float(p_values.min()) * p_values.size)

    def _cosines(self, contrasts: Array) -> tuple[Array, float]:
        """Largest cosines (B,) under rotations, and the observed one; they rise with t."""
        turned, null = self._with_margin(contrasts)
        columns = self.curves.values @ turned.T - null  # (R, P)
        drawn = (self.directions @ unit_columns(columns)).max(axis=1)
        tests = contrast_tests(self.curves, turned)
        statistics = tests.statistics(null)
        with np.errstate(invalid="ignore"):
            cosines = statistics / np.sqrt(self.curves.n_replicates - 1.0 + statistics**2)
        cosines = np.where(np.isinf(statistics), np.sign(statistics), cosines)
        return drawn, float(cosines.max())


def _p_values(drawn: Array, observed: float) -> tuple[Array, float]:
    """p-values (B,) of every draw among the draws, and of the observed statistic."""
    order = np.sort(drawn)
    above = drawn.size - np.searchsorted(order, drawn - TIE * np.abs(drawn), side="left")
    limit = observed - TIE * abs(observed)
    beyond = drawn.size - int(np.searchsorted(order, limit, side="left"))
    return above / drawn.size, (1.0 + beyond) / (drawn.size + 1.0)


def _rank(smallest: Array, p_value: float) -> float:
    """p-value of a smallest p-value among those (B,) of the draws."""
    return (1.0 + float((smallest <= p_value).sum())) / (smallest.size + 1.0)


def _windows(n_shares: int) -> Array:
    """Contrasts (P, S) of a later window less an earlier one of the same width."""
    rows = []
    for width in range(1, min(WIDEST_WINDOW, n_shares // 2) + 1):
        means = (
            np.array(
                [
                    np.where(
                        (np.arange(n_shares) >= start) & (np.arange(n_shares) < start + width), 1, 0
                    )
                    for start in range(n_shares - width + 1)
                ]
            )
            / width
        )
        rows += [
            means[later] - means[earlier]
            for earlier in range(len(means))
            for later in range(earlier + width, len(means))
        ]
    return np.array(rows)
