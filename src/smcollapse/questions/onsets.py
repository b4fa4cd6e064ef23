"""The onset of a predicted curve: what is estimated from training, on a curve without noise.

Prediction and measurement are comparable only where both are the same functional of the curve on
the same shares: the knot of a smooth decline depends on the shares that it is seen at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smcollapse.inference import (
    Curves,
    InferenceError,
    Kink,
    Record,
    Transition,
    benchmark_share_of,
    kink_of,
    smooth_transition,
)

LOSS = 0.10
"""Relative loss of the benchmark share, as `inference.benchmark_share` takes it by default."""

FLAT = 1e-6
"""A curve that departs less than this from a straight line has neither knot nor transition."""

FEWEST_SHARES = 5
"""A kink and a logistic have four parameters each."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Onsets(Record):
    """The onset estimands of one noise-free curve, and where the theory says majorities turn.

    benchmark_share   : share at which `LOSS` of the level at the smallest share is lost; None
                        where it is not reached up to `largest`, NaN where it cannot be had
    knot              : of a kink; None on a straight line or with fewer than `FEWEST_SHARES`
    levels_off        : whether the steep part lies before the knot, where a fall ends
    transition_centre : of a logistic; None as the knot
    transition_width  : from 10 to 90 % of the way
    transition_shown  : whether the logistic says more than a straight line would
    flip              : share by which half of the exceptions' mass has flipped; None if never
    baseline, largest : level at the smallest share; the largest share with a value
    notes             : what cannot be had, and why
    """

    benchmark_share: float | None
    knot: float | None
    levels_off: bool
    transition_centre: float | None
    transition_width: float | None
    transition_shown: bool
    flip: float | None
    baseline: float
    largest: float
    notes: tuple[str, ...] = ()


def onsets_of(
    shares: npt.ArrayLike, values: npt.ArrayLike, flip: float = math.nan, loss: float = LOSS
) -> Onsets:
    """Onsets of a curve: shares (S,) ascending, values (S,), NaN where the theory has no number.

    Shares without a number are left out, and the notes say so. Raises InferenceError for shares
    that are not ascending within [0, 1].
    """
    x, y = np.asarray(shares, dtype=np.float64), np.asarray(values, dtype=np.float64)
    known = np.isfinite(y)
    notes = [] if known.all() else [f"no number at {_listed(x[~known])}"]
    x, y = x[known], y[known]
    benchmark: float | None = math.nan
    kink: Kink | None = None
    transition: Transition | None = None
    try:
        _curve(x, y).require_shares(3, "a benchmark share")
        benchmark = benchmark_share_of(x, y, loss)
    except InferenceError as error:
        notes.append(f"benchmark share: {error}")
    if x.size < FEWEST_SHARES:
        notes.append(f"knot and transition need at least {FEWEST_SHARES} shares, not {x.size}")
    else:
        kink = kink_of(x, y)
        if math.sqrt(kink.rss_line / x.size) < FLAT:
            kink = None
        else:
            transition = smooth_transition(_curve(x, y))
    return Onsets(
        benchmark_share=benchmark,
        knot=None if kink is None else kink.knot,
        levels_off=kink is not None and abs(kink.slope_before) > abs(kink.slope_after),
        transition_centre=None if transition is None else transition.centre,
        transition_width=None if transition is None else transition.width,
        transition_shown=transition is not None and transition.shown,
        flip=None if math.isnan(flip) else flip,
        baseline=float(y[0]) if y.size else math.nan,
        largest=float(x[-1]) if x.size else math.nan,
        notes=tuple(notes),
    )


def _curve(shares: Floats, values: Floats) -> Curves:
    return Curves(shares, values[None, :], ("noise-free",))


def _listed(shares: Floats) -> str:
    shown = ", ".join(f"{share:g}" for share in shares[:8])
    more = f" and {shares.size - 8} more" if shares.size > 8 else ""
    return f"share{'s' if shares.size > 1 else ''} {shown}{more}"


def onset_share(shares: Floats, values: Floats, loss: float = LOSS) -> float:
    """Benchmark share alone, for many curves: inf if not reached, NaN if it cannot be had.

    shares (S,) ascending, values (S,); a curve with a missing number has none.
    """
    try:
        share = benchmark_share_of(shares, values, loss)
    except InferenceError:
        return math.nan
    return math.inf if share is None else share
