"""Specification curve: the onset and the effect under every defensible way to analyse the runs.

Simonsohn, Simmons & Nelson (2020, Nature Human Behaviour 4:1208-1214). A specification combines a
measure, a scale, a window of shares, a weighting, a trimming and an estimator
(choices.py); all are functions of the same (R, S) values, evaluated on the data and
on common draws of whole replicates (draws.py). The windows:

* all shares; without the last two; without the first, whose mean stays the baseline of a benchmark
  share, but enters no fit and no window of a contrast.

Onsets are shares. Effects are in points of the measure on either scale: a contrast of two windows
fixed in advance, or the change of a fitted kink from the first to the last share of the window of
analysis. On the logit scale means, lines and weights are those of logits, and results are taken
back; the loss of a benchmark share is one of the measure.

A specification is significant where its interval leaves out the reference: 0 for an effect, the
claimed range, where there is one, for an onset.

The joint test is one of "no specification shows anything". The null of no change is imposed on
whole replicates, by rotations about the level (draws.py), and three statistics of all
effects are compared with what they then are:

    (a) |median of the effects|
    (b) share of specifications that are significant in the direction in which more are: those whose
        |t| is above 1 - α of its own rotations
    (c) |mean t|

each p = (1 + #{rotations at least as large}) / (B + 1). In a t statistic the standard error is that
of the linear functional of the mean curve which is nearest to the estimate, so that every rotation
has its own. Specifications that use the same runs are not independent: 40 significant ones of 48
may be one chance event, and the draws know. (b) cannot count beyond "all", which happens by chance
in .01 to .02 of the rotations: its p-value is hardly ever smaller.

Rejections at .05 where nothing changes (13 shares, noise s.d. .02, 24 specifications at R = 3, else
48, 199 draws; 1000 data sets at R = 3, Monte-Carlo error .007, else 700, .008). "Count" takes the
specifications for independent.

    R   noise                 median   significant   mean t   count
    3   independent            .06        .06         .05      .17
    3   AR(.5) over shares     .05        .04         .04      .16
    3   s.d. rising fivefold   .05        .04         .06      .17
    3   t with 3 d.f.          .05        .03         .04      .12
    5   independent            .06        .07         .06      .18
    5   AR(.5) over shares     .06        .05         .07      .15
    5   s.d. rising fivefold   .05        .04         .05      .17
    5   t with 3 d.f.          .02        .03         .03      .13
   10   independent            .04        .03         .04      .14
   10   AR(.5) over shares     .04        .04         .03      .13
   10   s.d. rising fivefold   .03        .03         .03      .12
   10   t with 3 d.f.          .03        .03         .03      .11

Power against a decline of .1 (.05) a unit share from .3 on, replicates with levels of their own,
200 data sets: R = 5 .76 .77 .77 (.26 .32 .33), R = 10 .99 .99 .99 (.62 .59 .59).

Intervals of single specifications, nominal .95, cover .92 to .99 (contrasts, changes of a kink) and
.92 to 1.00 (benchmark shares, knots) at R = 3, 5 and 10, with normal, t (3 d.f.) and exponential
noise (300 data sets, Monte-Carlo error .013).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from smcollapse.inference.curves import Curves
from smcollapse.inference.effect_sizes.effects import Window
from smcollapse.inference.onsets.benchmark import Direction
from smcollapse.inference.onsets.kinks import MINIMUM_SHARES
from smcollapse.inference.records import InferenceError, check_level
from smcollapse.inference.resampling import SILENT, check_draws
from smcollapse.inference.specifications.choices import Asked, Choices, estimates_of
from smcollapse.inference.specifications.results import Specification, curve_of

DRAWS = 499
METHOD = "common normal draws of whole replicates, t-scaled"


def specification(
    measures: Curves | Sequence[Curves],
    before: Window,
    after: Window,
    *,
    claimed_onset: tuple[float, float] | None = None,
    directions: Direction | Mapping[str, Direction] = "loss",
    loss: float = 0.10,
    relative: bool = True,
    choices: Choices | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Specification:
    """Specification curves of the onset and of the effect of one or several measures.

    before, after : windows (low, high) of the contrast, fixed before seeing the curves
    claimed_onset : range (low, high) with which onsets are compared
    directions : what harm is, by measure; where both occur, effects of "gain" are turned
    loss, relative : what counts as lost, for benchmark shares

    Replicates that lack a share of any measure are left out. Raises InferenceError for fewer than
    5 shares, measures of other shares or replicates, a constant measure, windows out of order, and
    where no specification is left.
    """
    check_level(level)
    check_draws(draws)
    given = [measures] if isinstance(measures, Curves) else list(measures)
    kept, notes = _complete(given)
    harm = _directions(kept, directions)
    if not before[0] <= before[1] < after[0] <= after[1]:
        raise InferenceError(
            f"windows must be (low, high) with before below after, got before={before}, "
            f"after={after}"
        )
    noisy = kept[0].n_replicates > 1 and all(curves.has_noise for curves in kept)
    if noisy:
        notes += [warning for curves in kept for warning in curves.noise.warnings]
    else:
        notes.append(SILENT)
    asked = Asked(before, after, loss, relative, harm)
    onsets, effects, left_out = estimates_of(
        kept, choices or Choices(), asked, draws if noisy else 0, seed
    )
    if not onsets and not effects:
        raise InferenceError(f"no specification is left: {'; '.join(left_out)}")
    freedom = kept[0].n_replicates - 1.0
    mixed = len(set(harm.values())) > 1
    turned = tuple(name for name, way in harm.items() if mixed and way == "gain")
    sign = -1.0 if set(harm.values()) == {"gain"} else 1.0
    return Specification(
        onset=curve_of("onset", onsets, claimed_onset, freedom, level) if onsets else None,
        effect=curve_of("effect", effects, (0.0, 0.0), freedom, level, turned, sign)
        if effects
        else None,
        responses=tuple(curves.response for curves in kept),
        level=level,
        method=f"{METHOD}, {draws} draws, seed {seed}" if noisy else "point estimates",
        n_replicates=kept[0].n_replicates,
        notes=tuple(dict.fromkeys([*notes, *left_out])),
    )


def _complete(given: list[Curves]) -> tuple[list[Curves], list[str]]:
    """The replicates that hold every share of every measure, and notes."""
    if not given:
        raise InferenceError("give the curves of at least one measure")
    first = given[0]
    notes = [note for curves in given for note in curves.notes]
    if len({curves.response for curves in given}) != len(given):
        raise InferenceError("measures must have different names (Curves.response)")
    for curves in given:
        curves.require_shares(MINIMUM_SHARES, "a specification curve")
        if curves.replicates != first.replicates or not np.array_equal(curves.shares, first.shares):
            raise InferenceError(
                f"{curves.response!r} and {first.response!r} must have the same shares and "
                "replicates"
            )
        if np.nanmax(curves.values) == np.nanmin(curves.values):
            raise InferenceError(f"{curves.response!r} is constant: there is nothing to specify")
    whole = np.all([np.isfinite(curves.values).all(axis=1) for curves in given], axis=0)
    if whole.all():
        return given, notes
    if not first.paired and first.n_replicates > 1:
        raise InferenceError(
            "a specification curve needs to know which runs belong together: name the column of "
            "the replicate"
        )
    if not whole.any():
        raise InferenceError(
            "no replicate holds every share: leave out the shares or replicates with missing cells"
        )
    notes.append(f"{int((~whole).sum())} of {first.n_replicates} replicates lack a share: left out")
    rows = np.flatnonzero(whole)
    return [
        replace(
            curves,
            values=curves.values[rows],
            replicates=tuple(curves.replicates[row] for row in rows),
            corpora=None if curves.corpora is None else tuple(curves.corpora[row] for row in rows),
        )
        for curves in given
    ], notes


def _directions(
    measures: list[Curves], given: Direction | Mapping[str, Direction]
) -> dict[str, Direction]:
    """What harm is, by measure."""
    names = [curves.response for curves in measures]
    if isinstance(given, str):
        harm = dict.fromkeys(names, given)
    else:
        missing = [name for name in names if name not in given]
        if missing:
            raise InferenceError(f'directions must name "loss" or "gain" for {missing}')
        harm = {name: given[name] for name in names}
    wrong = [way for way in harm.values() if way not in ("loss", "gain")]
    if wrong:
        raise InferenceError(f'a direction must be "loss" or "gain", got {wrong[0]!r}')
    return harm
