"""Target numbers of a calibration, and how far a predicted curve misses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from scipy.optimize import isotonic_regression

from smcollapse.errors import SmcollapseError, nearest
from smcollapse.inference import Curves, Record, kink_of, smooth_transition
from smcollapse.questions.claim import Claim, published_claim
from smcollapse.questions.onsets import LOSS, onset_share
from smcollapse.theories import MEASURES
from smcollapse.theories.base import Floats

ONSET = "onset"
RESPONSE = "rare_recall"
FAR = 100.0
"""The miss, in tolerances, of a target that a curve has no number for."""

Reading = Literal["points", "relative"]
Estimand = Literal["benchmark", "break", "transition"]


@dataclass(frozen=True)
class Target(Record):
    """A number that predictions are to meet.

    name      : `onset`, or a measure whose change between the claim's windows is meant
    reading   : `share` for the onset; a change in `points` or `relative` to the level before
    tolerance : a prediction within value ± tolerance meets it
    """

    name: str
    reading: str
    value: float
    tolerance: float


def claim_targets(reading: Reading, claim: Claim | None = None) -> tuple[Target, ...]:
    """The published claim in one reading of its percentages.

    The onset is the middle of the claimed band and its tolerance half the band; effects are met
    within the claim's rounding. An effect that is claimed in points alone is so in both readings.
    """
    claim = claim or published_claim()
    lower, upper = claim.onset
    onset = Target(ONSET, "share", 0.5 * (lower + upper), 0.5 * (upper - lower))
    effects = (
        Target(
            effect.measure,
            reading if reading in effect.readings else effect.readings[0],
            effect.change,
            claim.rounding,
        )
        for effect in claim.effects
    )
    return (onset, *effects)


def own_targets(
    reading: Reading, values: Mapping[str, float], tolerances: Mapping[str, float]
) -> tuple[Target, ...]:
    """Targets with a user's values and tolerances; without values, the claim's.

    Raises
    ------
    SmcollapseError
        For an unknown name or a tolerance that is not positive.
    """
    known = (ONSET, *MEASURES)
    for name in (*values, *tolerances):
        if name not in known:
            raise SmcollapseError(
                f"no target '{name}'{nearest(name, known)}: there are {', '.join(known)}"
            )
    claimed = {target.name: target for target in claim_targets(reading)}
    chosen = [
        replace(claimed[name], value=value)
        if name in claimed
        else Target(name, reading, value, published_claim().rounding)
        for name, value in values.items()
    ] or list(claimed.values())
    for name, tolerance in tolerances.items():
        if not tolerance > 0.0:
            raise SmcollapseError(f"the tolerance of {name} must be above 0 (got {tolerance:g})")
        if name not in {target.name for target in chosen}:
            raise SmcollapseError(f"there is a tolerance for '{name}', but no target of that name")
    return tuple(
        replace(target, tolerance=tolerances.get(target.name, target.tolerance))
        for target in chosen
    )


def outcome(
    target: Target, shares: Floats, measures: Floats, estimand: Estimand = "benchmark"
) -> float:
    """The target's number on one predicted curve; shares (S,), measures (M, S) as `MEASURES`.

    NaN where it cannot be had. A benchmark loss that is not reached gives a share beyond the last
    one, the further the less of it is reached, so that a search has a slope to follow.
    """
    column = RESPONSE if target.name == ONSET else target.name
    values = measures[MEASURES.index(column)]
    if not np.isfinite(values).all():
        return float("nan")
    if target.name == ONSET:
        return _onset(shares, values, estimand)
    claim = published_claim()
    before, after = (_mean_within(shares, values, w) for w in (claim.before, claim.after))
    if target.reading == "relative":
        return (after - before) / before if before > 0.0 else float("nan")
    return after - before


def misses(targets: Sequence[Target], outcomes: Floats) -> Floats:
    """Signed misses in tolerances, (…, T) as the outcomes; no number counts as `FAR`."""
    values = np.array([target.value for target in targets])
    tolerances = np.array([target.tolerance for target in targets])
    found = (outcomes - values) / tolerances
    return np.asarray(np.nan_to_num(found, nan=FAR, posinf=FAR, neginf=-FAR))


def _mean_within(shares: Floats, values: Floats, window: tuple[float, float]) -> float:
    """Mean over the shares of a closed window, as `inference.effect` takes it."""
    inside = (shares >= window[0] - 1e-9) & (shares <= window[1] + 1e-9)
    return float(values[inside].mean()) if inside.any() else float("nan")


def _onset(shares: Floats, values: Floats, estimand: Estimand) -> float:
    if estimand == "break":
        return kink_of(shares, values).knot
    if estimand == "transition":
        return smooth_transition(Curves(shares, values[None], ("theory",))).centre
    found = onset_share(shares, values)
    if not np.isposinf(found):
        return found
    lost = values[0] - float(isotonic_regression(values, increasing=False).x[-1])
    reached = lost / (LOSS * values[0])
    return float(shares[-1] + (shares[-1] - shares[0]) * (1.0 - reached))


ESTIMANDS: tuple[Estimand, ...] = get_args(Estimand)
