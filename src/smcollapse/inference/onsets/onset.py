"""Onset of one measure in one condition: all estimands, variants, and a verdict in words.

The verdict follows a fixed order, each step a test at ``alpha``:

1. no change (shape.py)                                "no change shown", loss excluded or not
2. it turns                                            "gain then loss", "loss then gain"
   both ways                                           "a change is shown, its direction is open"
3. of a decline (or rise): a break (existence.py)      "break at ..."
4. a jump, within one gap of the shares                "by a jump, or steeper than ... can tell"
5. two breaks, which one break is rejected against     "saturated: two breaks at ..."
6. a transition: a logistic beats a line and fits
   better than the kink, its centre bounded            "smooth transition centred ..."
7. otherwise                                           "decline, no break shown"

Steps 3 to 6 share one error rate by testing in order. How much can be taken is not the verdict's:
the safe share and the bracket of the benchmark share (bracket.py) hold whatever the shape is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypedDict, TypeVar

import numpy as np

from smcollapse.inference.curves import Curves
from smcollapse.inference.families import JUMP, JUMP_RIVALS, KINK, LINE, RIVALS, TWO_BREAKS, Family
from smcollapse.inference.onsets.benchmark import BenchmarkShare, Direction, benchmark_share
from smcollapse.inference.onsets.benchmark_models import ModelShare, model_shares
from smcollapse.inference.onsets.bend import Bend, bend_width
from smcollapse.inference.onsets.bracket import bracket
from smcollapse.inference.onsets.breakpoint import Break, break_point
from smcollapse.inference.onsets.existence import Existence, existence, power_against
from smcollapse.inference.onsets.replicates import Worst, skewness_note, worst_replicate
from smcollapse.inference.onsets.shape import SMALLEST, Shape, shape_of
from smcollapse.inference.onsets.transition import Transition, smooth_transition
from smcollapse.inference.onsets.variants import Variants, knot_variants
from smcollapse.inference.onsets.verdict import Evidence, no_noise, verdict_of
from smcollapse.inference.records import InferenceError, Record
from smcollapse.inference.resampling import DEFAULT_DRAWS

T = TypeVar("T")


class _Settings(TypedDict):
    level: float
    draws: int
    seed: int


@dataclass(frozen=True)
class Onset(Record):
    """All that can be said of the onset of one measure; a part is None where it cannot be had.

    benchmark : benchmark share with its bracket, and the safe share
    shape : change, turns, harm and gain, best shares
    power : chance that runs like these show a break such as the fitted one; only where it is shown
    worst : the replicate that loses most, beside the mean
    verdict : in words; ``verdict_kind`` one of "break", "jump", "two breaks", "transition",
        "no break", "gain then loss", "loss then gain", "change", "no change", "no noise"
    warnings : what a reader must know before using the numbers
    """

    response: str
    level: float = 0.95
    benchmark: BenchmarkShare | None = None
    shape: Shape | None = None
    models: tuple[ModelShare, ...] = ()
    break_point: Break | None = None
    bend: Bend | None = None
    existence: Existence | None = None
    jump: Existence | None = None
    second: Existence | None = None
    power: float | None = None
    transition: Transition | None = None
    variants: Variants | None = None
    worst: Worst | None = None
    verdict: str = "no verdict"
    verdict_kind: str = "no noise"
    warnings: tuple[str, ...] = ()

    @property
    def shown_knot(self) -> Break | None:
        """The knot, where a break is shown: of any other curve it says nothing."""
        return self.break_point if self.verdict_kind == "break" else None

    @property
    def fitted_knot(self) -> Break | None:
        """The knot, where the measure moves one way and a kink fits, which a line does not.

        A smooth curve may fit as well: whether a break is shown is ``existence.exists``.
        """
        found = self.existence  # None unless the measure moves one way
        if found is None or found.p_fit <= found.alpha:
            return None
        line = next((one for one in found.rivals if one.rival == LINE.name), None)
        return self.break_point if line is None or line.p_value <= found.alpha else None

    @property
    def shown_transition(self) -> Transition | None:
        """The transition, where it is what the curve is shown to do."""
        return self.transition if self.verdict_kind == "transition" else None


def onset(
    curves: Curves,
    *,
    loss: float = 0.10,
    relative: bool = True,
    direction: Direction = "loss",
    smallest: float | None = None,
    rivals: Sequence[Family] = RIVALS,
    level: float = 0.95,
    draws: int = DEFAULT_DRAWS,
    seed: int = 0,
    thorough: bool = True,
) -> Onset:
    """The onset of a measure: safe share, shape, break, transition, variants, verdict.

    loss, relative, direction : what counts as lost (or, direction "gain", as risen)
    smallest : the smallest effect that matters, in the units of ``loss``, a tenth of it by default:
        what is not shown to be larger is no headline
    thorough : whether power, bend, models and variants are computed too

    Raises InferenceError for a constant measure, for fewer than 2 shares, and where the loss cannot
    be looked for; every other part that the data do not allow is None, with a warning that says
    why.
    """
    curves.require_shares(2, "an onset")
    if np.ptp(curves.values[np.isfinite(curves.values)]) == 0.0:
        raise InferenceError(
            f"{curves.response!r} is constant ({curves.mean[0]:g} everywhere): "
            "there is no onset to find"
        )
    warnings: list[str] = list(curves.notes)

    def attempt(name: str, function: Callable[[], T]) -> T | None:
        try:
            return function()
        except InferenceError as error:
            warnings.append(f"{name}: {error}")
            return None

    smallest = SMALLEST * loss if smallest is None else smallest
    if not 0.0 <= smallest < loss:
        raise InferenceError(
            f"the smallest change that matters must lie between 0 and the loss, {loss:g}, got "
            f"{smallest:g}"
        )
    settings: _Settings = {"level": level, "draws": draws, "seed": seed}
    benchmark = benchmark_share(curves, loss, relative, direction, level=level)
    knot = attempt("break", lambda: break_point(curves, **settings))
    transition = attempt("transition", lambda: smooth_transition(curves, **settings))
    models: tuple[ModelShare, ...] = ()
    bend = found = jump = second = variants = shape = power = None
    if curves.has_noise and benchmark.bracket is not None:
        warnings += [warning for warning in curves.noise.warnings if warning not in warnings]
        other: Direction = "gain" if direction == "loss" else "loss"
        shape = shape_of(
            curves,
            benchmark.bracket,
            bracket(curves, loss, relative, other, level),
            smallest=smallest,
            relative=relative,
            direction=direction,
            level=level,
            seed=seed,
        )
        warnings += skewness_note(curves, level)

        def tested(shape: Family, against: Sequence[Family]) -> Existence:
            return existence(
                curves, against, shape=shape, alpha=1.0 - level, draws=draws, seed=seed
            )

        if shape.kind in ("decline", "rise"):
            found = attempt("existence of a break", lambda: tested(KINK, rivals))
        if found is not None and not found.exists:
            jump = attempt("jump", lambda: tested(JUMP, JUMP_RIVALS))
            if (found.p_second_break or 1.0) <= 1.0 - level:
                second = attempt("two breaks", lambda: tested(TWO_BREAKS, rivals))
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
            if found is not None and found.exists and knot is not None:
                power = _power(curves, knot, rivals, 1.0 - level, seed)
            if knot is not None:
                variants = attempt("variants", lambda: knot_variants(curves, knot))
    else:
        warnings.append(f"no band, no test and no verdict: {no_noise(curves)}")
    if variants is not None and found is not None and found.exists:
        warnings += variants.flags
    kind, verdict = verdict_of(
        Evidence(curves, benchmark, shape, knot, found, jump, second, bend, transition, level, seed)
    )
    return Onset(
        response=curves.response,
        level=level,
        benchmark=benchmark,
        shape=shape,
        models=models,
        break_point=knot,
        bend=bend,
        existence=found,
        jump=jump,
        second=second,
        power=power,
        transition=transition,
        variants=variants,
        worst=worst_replicate(curves, direction),
        verdict=verdict,
        verdict_kind=kind,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _power(curves: Curves, knot: Break, rivals: Sequence[Family], alpha: float, seed: int) -> float:
    """Chance that this design shows a break such as the fitted one."""
    hinge = np.maximum(curves.shares - knot.knot, 0.0)
    curve = knot.slope_before * curves.shares + knot.slope_change * hinge
    curve += np.average(curves.mean - curve, weights=curves.weights)
    return power_against(curve, curves, rivals, alpha=alpha, seed=seed)
