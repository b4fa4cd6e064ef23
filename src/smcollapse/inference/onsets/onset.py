"""Onset of one measure in one condition: all estimands, variants, and a verdict in words.

The verdict follows a fixed order, each step a test at ``alpha``:

1. no change: a constant is not rejected against a kink            "no decline shown"
2. a break: intersection-union test passed (existence.py)          "break at ..."
3. two breaks: one break is rejected, and two beat every smooth
   curve and the single break                                      "saturated: two breaks at ..."
4. a transition: a logistic beats a line and fits better than the
   kink, its centre inside the shares, its band bounded            "smooth transition centred ..."
5. otherwise, by the power to show a break that makes the same
   change as sharply as possible: under 50 %                       "design too small to tell"
   else                                                            "decline, no break shown"

Steps 2 and 3 share one error rate by testing in order; step 5's power is a property of the design
and of the size of the change, not evidence for or against a break.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypedDict, TypeVar

import numpy as np

from smcollapse.inference.curves import Curves
from smcollapse.inference.families import KINK, LINE, LOGISTIC, RIVALS, TWO_BREAKS, Family
from smcollapse.inference.onsets.benchmark import BenchmarkShare, Direction, benchmark_share
from smcollapse.inference.onsets.benchmark_models import ModelShare, model_shares
from smcollapse.inference.onsets.bend import Bend, bend_width
from smcollapse.inference.onsets.breakpoint import Break, break_point
from smcollapse.inference.onsets.existence import (
    SHARES_BESIDE,
    Comparison,
    Existence,
    existence,
    power_against,
)
from smcollapse.inference.onsets.stepdown import StepDown, step_down_safe_share
from smcollapse.inference.onsets.transition import Transition, smooth_transition
from smcollapse.inference.onsets.variants import Variants, knot_variants
from smcollapse.inference.records import InferenceError, Record
from smcollapse.inference.resampling import DEFAULT_DRAWS
from smcollapse.inference.words import per_cent, share_words

ENOUGH_POWER = 0.5
T = TypeVar("T")


class _Settings(TypedDict):
    level: float
    draws: int
    seed: int


@dataclass(frozen=True)
class Onset(Record):
    """All that can be said of the onset of one measure; a part is None where it cannot be had.

    power : chance to show a break that makes the same change as sharply as this design could see,
        flat up to ``power_knot`` and straight from there with ``power_slope`` (per unit share)
    verdict : in words; ``verdict_kind`` one of "break", "two breaks", "transition", "no break",
        "no change", "too small", "no noise"
    warnings : what a reader must know before using the numbers
    """

    response: str
    level: float = 0.95
    benchmark: BenchmarkShare | None = None
    models: tuple[ModelShare, ...] = ()
    step_down: StepDown | None = None
    break_point: Break | None = None
    bend: Bend | None = None
    existence: Existence | None = None
    second: Existence | None = None
    power: float | None = None
    power_knot: float | None = None
    power_slope: float | None = None
    transition: Transition | None = None
    variants: Variants | None = None
    verdict: str = "no verdict"
    verdict_kind: str = "no noise"
    warnings: tuple[str, ...] = ()


def onset(
    curves: Curves,
    *,
    loss: float = 0.10,
    relative: bool = True,
    direction: Direction = "loss",
    tolerance: float = 0.02,
    rivals: Sequence[Family] = RIVALS,
    level: float = 0.95,
    draws: int = DEFAULT_DRAWS,
    seed: int = 0,
    thorough: bool = True,
) -> Onset:
    """The onset of a measure: benchmark share, break, transition, existence, variants, verdict.

    loss, relative, direction : what counts as lost (or, direction "gain", as risen)
    tolerance : points that the step-down test lets pass
    thorough : whether power, bend, models and variants are computed too

    Raises InferenceError for a constant measure and for fewer than 3 shares; every other part that
    the data do not allow is None, with a warning that says why.
    """
    curves.require_shares(3, "an onset")
    if np.ptp(curves.values[np.isfinite(curves.values)]) == 0.0:
        raise InferenceError(
            f"{curves.response!r} is constant ({curves.values.flat[0]:g} everywhere): "
            "there is no onset to find"
        )
    warnings: list[str] = list(curves.notes)

    def attempt(name: str, function: Callable[[], T]) -> T | None:
        try:
            return function()
        except InferenceError as error:
            warnings.append(f"{name}: {error}")
            return None

    settings: _Settings = {"level": level, "draws": draws, "seed": seed}
    benchmark = attempt(
        "benchmark share",
        lambda: benchmark_share(curves, loss, relative, direction, **settings),
    )
    step_down = attempt(
        "step-down test", lambda: step_down_safe_share(curves, tolerance, direction, level=level)
    )
    knot = attempt("break", lambda: break_point(curves, **settings))
    transition = attempt("transition", lambda: smooth_transition(curves, **settings))
    models: tuple[ModelShare, ...] = ()
    bend = found = second = variants = None
    power: tuple[float, float, float] | None = None
    if curves.has_noise:
        warnings += [warning for warning in curves.noise.warnings if warning not in warnings]
        found = attempt(
            "existence of a break",
            lambda: existence(curves, rivals, alpha=1.0 - level, draws=draws, seed=seed),
        )
        if found is not None and not found.exists and (found.p_second_break or 1.0) <= 1.0 - level:
            second = attempt(
                "two breaks",
                lambda: existence(
                    curves, rivals, shape=TWO_BREAKS, alpha=1.0 - level, draws=draws, seed=seed
                ),
            )
        if thorough:
            models = (
                attempt(
                    "benchmark share by models",
                    lambda: model_shares(
                        curves, loss, relative, direction, level=level, draws=499, seed=seed
                    ),
                )
                or ()
            )
            bend = attempt("bend", lambda: bend_width(curves, **settings))
            power = attempt("power", lambda: _power(curves, knot, rivals, 1.0 - level, seed))
            if knot is not None:
                variants = attempt("variants", lambda: knot_variants(curves, knot))
    else:
        warnings.append(
            "no noise to be seen (one replicate, or replicates that are the same): no band, no "
            "test and no verdict"
        )
    if variants is not None:
        warnings += variants.flags
    kind, verdict = _verdict(curves, knot, found, second, transition, bend, power, level, seed)
    return Onset(
        response=curves.response,
        level=level,
        benchmark=benchmark,
        models=models,
        step_down=step_down,
        break_point=knot,
        bend=bend,
        existence=found,
        second=second,
        power=None if power is None else power[0],
        power_knot=None if power is None else power[1],
        power_slope=None if power is None else power[2],
        transition=transition,
        variants=variants,
        verdict=verdict,
        verdict_kind=kind,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _power(
    curves: Curves, knot: Break | None, rivals: Sequence[Family], alpha: float, seed: int
) -> tuple[float, float, float]:
    """Power against the sharpest break that makes the observed change; its knot and slope."""
    shares = curves.shares
    if knot is None or shares.size < 2 * SHARES_BESIDE + 1:
        raise InferenceError(f"{shares.size} shares are too few for a break to be shown at all")
    low, high = float(shares[SHARES_BESIDE]), float(shares[-1 - SHARES_BESIDE])
    place = min(max(knot.knot, low), high)
    change = _change(curves, knot)
    slope = change / (float(shares[-1]) - place)
    curve = float(curves.mean[0]) + slope * np.maximum(shares - place, 0.0)
    return power_against(curve, curves, rivals, alpha=alpha, seed=seed), place, slope


def _change(curves: Curves, knot: Break) -> float:
    """Change of the fitted kink from the first to the last share."""
    first, last = float(curves.shares[0]), float(curves.shares[-1])
    return knot.slope_before * (knot.knot - first) + knot.slope_after * (last - knot.knot)


def _verdict(
    curves: Curves,
    knot: Break | None,
    found: Existence | None,
    second: Existence | None,
    transition: Transition | None,
    bend: Bend | None,
    power: tuple[float, float, float] | None,
    level: float,
    seed: int,
) -> tuple[str, str]:
    """Kind of verdict, and the words."""
    if not curves.has_noise:
        return "no noise", "no verdict: no noise to compare with"
    if knot is None or found is None:
        return "too small", (
            f"design too small to tell: {curves.shares.size} shares do not allow a test for a break"
        )
    alpha = 1.0 - level
    word = "decline" if _change(curves, knot) < 0 else "rise"
    if found.p_change > alpha:
        return "no change", f"no {_expected(word)} shown (p = {found.p_change:.2g})"
    if found.exists:
        return "break", _break_words(knot, bend, level)
    if second is not None and second.exists:
        places = " and ".join(per_cent(place) for place in second.knots)
        return "two breaks", f"saturated: two breaks at {places}"
    if transition is not None and _is_transition(curves, found, transition, seed, alpha):
        band = "" if transition.centre_band is None else f" ({share_words(transition.centre_band)})"
        words = (
            f"smooth transition centred at {per_cent(transition.centre)}{band}, "
            f"width {per_cent(transition.width)}"
        )
        kink = Comparison(curves, LOGISTIC, found.draws, seed).against(KINK)
        if kink.p_value > alpha:
            words += f"; a break at {per_cent(knot.knot)} is not ruled out"
        return "transition", words
    if power is None:
        return (
            "too small",
            f"design too small to tell: too few shares to show a break in the {word}",
        )
    if power[0] < ENOUGH_POWER:
        return "too small", (
            f"design too small to tell: power {power[0]:.2f} to show even the sharpest break that "
            f"makes this {word}"
        )
    return "no break", (
        f"{word}, no break shown ({found.reason}; power {power[0]:.2f} for the sharpest break that "
        f"makes this {word})"
    )


def _expected(word: str) -> str:
    return "decline" if word == "decline" else "change"


def _break_words(knot: Break, bend: Bend | None, level: float) -> str:
    text = f"break at {per_cent(knot.knot)}"
    if knot.band is not None:
        text += f" ({share_words(knot.band)})"
    if bend is not None and bend.band is not None:
        upper = bend.band.upper
        if bend.sharp_possible:
            wide = "however wide" if math.isinf(upper) else f"at most {per_cent(upper)} wide"
            text += f", the bend sharp or {wide}"
        else:
            text += f", a bend {per_cent(bend.width)} wide, not a sharp corner"
    return text


def _is_transition(
    curves: Curves, found: Existence, transition: Transition, seed: int, alpha: float
) -> bool:
    """Whether a logistic beats a line and the kink, with a centre that the data bound."""
    band = transition.centre_band
    if not transition.shown or band is None or math.isinf(band.width):
        return False
    logistic = next((test for test in found.rivals if test.rival == LOGISTIC.name), None)
    if logistic is not None and logistic.rss_rival >= logistic.rss_break:
        return False
    return Comparison(curves, LOGISTIC, found.draws, seed).against(LINE).p_value <= alpha
