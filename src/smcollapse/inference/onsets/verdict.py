"""The verdict on an onset in words, by tests in a fixed order; see onset.py."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from smcollapse.inference.curves import Curves
from smcollapse.inference.families import KINK, LINE, LOGISTIC, TWO_BREAKS, minimum_shares
from smcollapse.inference.onsets.benchmark import BenchmarkShare
from smcollapse.inference.onsets.bend import Bend
from smcollapse.inference.onsets.breakpoint import Break
from smcollapse.inference.onsets.existence import Comparison, Existence
from smcollapse.inference.onsets.shape import Shape
from smcollapse.inference.onsets.transition import Transition
from smcollapse.inference.words import per_cent, share_words, short_per_cent


@dataclass(frozen=True)
class Evidence:
    """What a verdict rests on; a part is None where it cannot be had or was not needed."""

    curves: Curves
    benchmark: BenchmarkShare | None
    shape: Shape | None
    knot: Break | None
    existence: Existence | None
    jump: Existence | None
    second: Existence | None
    bend: Bend | None
    transition: Transition | None
    level: float
    seed: int

    @property
    def gap(self) -> float:
        """Smallest distance between tried shares."""
        return float(np.diff(self.curves.shares).min())

    @property
    def falls(self) -> bool:
        """Whether the measure falls where it gets worse."""
        return self.benchmark is None or self.benchmark.direction == "loss"


SHARED = (
    "; part of it may be what runs of a share have in common, such as one synthetic corpus: the "
    "means scatter by more than the runs"
)


def verdict_of(evidence: Evidence) -> tuple[str, str]:
    """Kind of verdict, and the words."""
    shape = evidence.shape
    if shape is None:
        return "no noise", f"no verdict: {no_noise(evidence.curves)}"
    kind, words = _of_shape(evidence, shape)
    if kind != "no change" and evidence.curves.noise.from_curve:
        words += SHARED
    return kind, words


def no_noise(curves: Curves) -> str:
    """Why nothing tells a change from noise."""
    if not curves.independent:
        return "neighbouring runs resemble each other: their scatter is no noise to compare with"
    if curves.counts.max() < 2:
        return "one run a share leaves no noise to compare with; give 3 replicates or more"
    return (
        "all runs of a share are the same: copies of one run, or a seed that nothing depends on; "
        "they leave no noise to compare with"
    )


def _of_shape(evidence: Evidence, shape: Shape) -> tuple[str, str]:
    worse, better = ("decline", "rise") if evidence.falls else ("rise", "decline")
    if shape.kind == "no change":
        return "no change", _no_change(evidence, shape)
    if shape.kind == "change":
        return "change", "a change is shown, but no single direction: it goes both ways"
    if shape.kind == "gain then loss":
        words = f"gain then loss: best at {short_per_cent(shape.best_share)}"
        low, high = (short_per_cent(end) for end in shape.best_set)
        if low != high:
            words += f", or anywhere from {low} to {high} as far as these runs tell"
        return shape.kind, words
    if shape.kind == "loss then gain":
        return shape.kind, (
            "loss then gain: worse in between than at either end of the tried shares"
        )
    return _of_one_direction(evidence, worse if shape.kind == "decline" else better)


def _no_change(evidence: Evidence, shape: Shape) -> str:
    p_value = min(1.0, 2.0 * min(shape.p_decline, shape.p_rise))
    words = f"no change shown (p = {p_value:.2g})"
    benchmark = evidence.benchmark
    if shape.harm == "excluded" and benchmark is not None:
        size = f"{100.0 * benchmark.loss:.3g} %" if benchmark.relative else f"{benchmark.loss:.3g}"
        word = "loss" if evidence.falls else "rise"
        words += f"; a {word} of {size} is excluded at every tried share"
    return words


def _of_one_direction(evidence: Evidence, word: str) -> tuple[str, str]:
    knot, found = evidence.knot, evidence.existence
    n_shares = evidence.curves.shares.size
    if knot is None or found is None:
        return "no break", (
            f"{word} shown; {n_shares} shares are too few to tell a break from a smooth curve"
        )
    if found.exists:
        return "break", _break_words(evidence, found, knot)
    if evidence.jump is not None and evidence.jump.exists:
        return "jump", _jump_words(evidence, evidence.jump.knots[0], word)
    if evidence.second is not None and evidence.second.exists:
        places = " and ".join(per_cent(place, evidence.gap) for place in evidence.second.knots)
        return "two breaks", f"saturated: two breaks at {places}"
    transition = evidence.transition
    if transition is not None and _is_transition(evidence, found, transition):
        if transition.width < _resolved_width(evidence.curves, transition.centre):
            return "jump", _jump_words(evidence, transition.centre, word)
        return "transition", _transition_words(evidence, found, transition, knot)
    return "no break", f"{word}, no break shown ({found.reason})"


def _jump_words(evidence: Evidence, place: float, word: str) -> str:
    curves = evidence.curves
    shares = curves.shares
    right = int(np.clip(np.searchsorted(shares, place), 1, shares.size - 1))
    # a bin that holds the jump stands between the two levels: the jump may lie anywhere within it
    ends = (float(curves.left[right - 1]), float(curves.right[right]))
    low, high = (short_per_cent(end) for end in ends)
    what = "tried shares" if curves.edges is None else "bins"
    return f"{word} by a jump, or steeper than the {what} can tell, between {low} and {high}"


def _resolved_width(curves: Curves, place: float) -> float:
    """Width from which a transition is told from a jump: a gap, in bins two.

    The bin that holds a jump stands between the levels, whatever lies within it.
    """
    right = int(np.clip(np.searchsorted(curves.shares, place), 1, curves.shares.size - 1))
    gap = float(curves.shares[right] - curves.shares[right - 1])
    return gap if curves.edges is None else 2.0 * gap


def _break_words(evidence: Evidence, found: Existence, knot: Break) -> str:
    gap = evidence.gap
    width = gap if knot.band is None else min(knot.band.width, gap)
    text = f"break at {per_cent(knot.knot, width)}"
    if knot.band is not None:
        text += f" ({share_words(knot.band, gap)})"
    bend = evidence.bend
    if bend is not None and bend.band is not None:
        upper = bend.band.upper
        if bend.sharp_possible:
            wide = "however wide" if math.isinf(upper) else f"at most {per_cent(upper, gap)} wide"
            text += f", the bend sharp or {wide}"
        else:
            text += f", a bend {per_cent(bend.width, gap)} wide, not a sharp corner"
    if (found.p_two_logistics or 0.0) > 1.0 - evidence.level:
        text += "; two smooth changes, one after the other, fit as well"
    return text


def _is_transition(evidence: Evidence, found: Existence, transition: Transition) -> bool:
    """Whether a logistic beats a line and the kink, with centre and width that the data bound."""
    band = transition.centre_band
    if not transition.shown or band is None or math.isinf(band.width):
        return False
    if transition.width > float(np.ptp(evidence.curves.shares)):
        return False
    logistic = next((test for test in found.rivals if test.rival == LOGISTIC.name), None)
    if logistic is not None and logistic.rss_rival >= logistic.rss_break:
        return False
    tests = Comparison(evidence.curves, LOGISTIC, found.draws, evidence.seed)
    return tests.against(LINE).p_value <= 1.0 - evidence.level


def _transition_words(
    evidence: Evidence, found: Existence, transition: Transition, knot: Break
) -> str:
    gap = evidence.gap
    band = transition.centre_band
    said = "" if band is None else f" ({share_words(band, gap)})"
    words = (
        f"smooth transition centred at {per_cent(transition.centre, gap)}{said}, width "
        f"{per_cent(transition.width, gap)}"
    )
    alpha, curves = 1.0 - evidence.level, evidence.curves
    if Comparison(curves, LOGISTIC, found.draws, evidence.seed).against(KINK).p_value > alpha:
        return f"{words}; a break at {per_cent(knot.knot, gap)} is not ruled out"
    if curves.shares.size >= minimum_shares((TWO_BREAKS,)):
        corners = Comparison(curves, TWO_BREAKS, found.draws, evidence.seed)
        if corners.p_fit() > alpha:
            places = " and ".join(per_cent(place, gap) for place in corners.knots())
            words += f"; a straight line between corners at {places} is not ruled out"
    return words
