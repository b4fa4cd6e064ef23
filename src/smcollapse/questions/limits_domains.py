"""Theories beside trained conditions, share by share: in their stated domain or outside of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from smcollapse.inference import Curves
from smcollapse.inference.resampling import Array
from smcollapse.questions.findings import Quantity
from smcollapse.questions.limits_estimates import paired
from smcollapse.questions.limits_worlds import RESPONSE
from smcollapse.scenario import Scenario

if TYPE_CHECKING:
    from smcollapse.store import Store
    from smcollapse.theories import Theory


@dataclass(frozen=True, eq=False)
class Held:
    """One theory beside one trained condition: where its domain is, and what it says.

    inside : (S,) whether the theory has no doubt at that share
    """

    label: str
    scenario: Scenario
    trained: Curves
    predicted: Array
    inside: np.ndarray[Any, np.dtype[np.bool_]]

    @property
    def errors(self) -> Array:
        """(S,) absolute error of the mean."""
        found: Array = np.abs(self.trained.mean - self.predicted)
        return found


def held_against(store: Store, theory: Theory) -> list[Held]:
    """A theory beside all conditions of a store to which it applies, share by share."""
    from smcollapse.inference import curves
    from smcollapse.questions.validate_compare import trained_conditions

    found = []
    for one in trained_conditions(store, store.table(complete=True)):
        if theory.applies(one.scenario):
            continue
        measured = curves(one.rows, RESPONSE)
        curve = theory.curve(one.scenario, measured.shares)
        known = np.isfinite(curve.measures[RESPONSE])
        inside = np.array([not theory.doubts(one.scenario, [p]) for p in measured.shares]) & known
        predicted = np.where(known, curve.measures[RESPONSE], measured.mean)
        found.append(Held(one.label, one.scenario, measured, predicted, inside))
    return found


def largest_error(term: str, held: Sequence[Held], *, inside: bool) -> Quantity | None:
    """Largest absolute error inside the domain, or outside; None where there is no such point.

    The interval is that of the largest error of redrawn means: it lies high, as noise adds to it.
    """
    chosen = [(one, one.inside if inside else ~one.inside) for one in held]
    chosen = [(one, mask) for one, mask in chosen if mask.any()]
    if not chosen:
        return None

    def functional(*means: Array) -> float:
        pairs = zip(means, chosen, strict=True)
        return max(float(np.abs(mean - one.predicted)[mask].max()) for mean, (one, mask) in pairs)

    return paired(term, [one.trained for one, _ in chosen], functional, "points")


def worst_point(held: Sequence[Held]) -> str:
    """Where the error inside the domain is largest, in words; there is such a point."""
    places = [
        (float(one.errors[number]), one.label, float(one.trained.shares[number]))
        for one in held
        for number in np.flatnonzero(one.inside)
    ]
    error, label, share = max(places)
    return f"{label}, share {100 * share:g} % ({100 * error:.1f} points)"
