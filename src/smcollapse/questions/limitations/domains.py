"""Theories beside trained conditions, share by share: in their stated domain or outside of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from smcollapse.inference import Curves, romano_wolf
from smcollapse.inference.resampling import Array
from smcollapse.questions.ledgers.findings import Quantity
from smcollapse.questions.limitations.estimates import LEVEL
from smcollapse.questions.limitations.worlds import RESPONSE
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
    from smcollapse.questions.validation.compare import trained_conditions

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

    A maximum of noisy errors lies above the largest true one. The interval is therefore that of the
    largest |error| by simultaneous intervals of the errors of all points: it starts where one of
    them is shown to be, and ends where none is shown to be beyond.
    """
    columns = [
        one.trained.values[:, mask] - one.predicted[mask]
        for one in held
        if (mask := one.inside if inside else ~one.inside).any()
    ]
    if not columns:
        return None
    errors = np.column_stack(columns)
    tests = romano_wolf(errors, level=LEVEL).hypotheses
    ends = np.array([(test.interval.lower, test.interval.upper) for test in tests])
    shown = np.maximum(np.maximum(ends[:, 0], -ends[:, 1]), 0.0)
    possible = np.abs(ends).max(axis=1)
    largest = float(np.abs(errors.mean(axis=0)).max())
    return Quantity(term, largest, float(shown.max()), float(possible.max()), "points", LEVEL)


def worst_point(held: Sequence[Held]) -> str:
    """Where the error inside the domain is largest, in words; there is such a point."""
    places = [
        (float(one.errors[number]), one.label, float(one.trained.shares[number]))
        for one in held
        for number in np.flatnonzero(one.inside)
    ]
    error, label, share = max(places)
    return f"{label}, share {100 * share:g} % ({100 * error:.1f} points)"
