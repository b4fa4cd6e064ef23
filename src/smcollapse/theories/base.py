"""What every theory offers: what it rests on, whether it applies, and what it predicts."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from smcollapse.errors import TheoryError
from smcollapse.mitigations import hooks_of
from smcollapse.scenario import Scenario

Floats = npt.NDArray[np.float64]

MEASURES = (
    "rare_recall",
    "exception_recall",
    "head_recall",
    "accuracy",
    "mean_confidence",
    "confidence_gap",
    "ece",
    "brier",
)
"""What is predicted, under the names of the measured columns."""


@dataclass(frozen=True)
class Curve:
    """A prediction at several synthetic shares.

    shares   : (S,) nominal shares, before the filter
    measures : each of `MEASURES`, (S,), and what else a theory says of the scenario; NaN where the
               theory has no number there
    flips    : (K,) share at which the local majority of each context turns from the truth to
               another answer; NaN where it never does
    flip     : the share by which half of the exceptions' real mass has flipped; NaN if never
    notes    : what the reader should know, such as shares at which a solver did not converge
    """

    shares: Floats
    measures: Mapping[str, Floats]
    flips: Floats
    flip: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prediction:
    """A prediction for one scenario: a number for each of `MEASURES`, else as in `Curve`."""

    measures: Mapping[str, float]
    flips: Floats
    flip: float
    notes: tuple[str, ...] = ()


class Theory(ABC):
    """One theory.

    name        : its name on the command line
    title       : a line for tables
    source      : papers and equations
    assumptions : what it takes for granted
    domain      : where it was measured to hold, and how well (VERIFICATION.md)
    mitigations : kinds of mitigation that it works out itself, besides those that only change the
                  scenario, which every theory can read
    """

    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]
    assumptions: ClassVar[tuple[str, ...]]
    domain: ClassVar[str]
    mitigations: ClassVar[tuple[str, ...]] = ()

    def meant_for(self, scenario: Scenario) -> bool:
        """Whether it is worth saying that, and why, the theory is silent about the scenario."""
        return True

    def applies(self, scenario: Scenario) -> tuple[str, ...]:
        """Reasons why the theory says nothing about this scenario; none where it applies.

        The share of the scenario plays no part.
        """
        read, _ = self._read(scenario, ())
        if read.mitigation.kind not in ("none", *self.mitigations):
            return (f"mitigation '{read.mitigation.kind}' changes more than the scenario",)
        return self._applies(read)

    def doubts(self, scenario: Scenario, shares: npt.ArrayLike) -> tuple[str, ...]:
        """How the scenario, over those shares, leaves the domain of measured validity."""
        if self.applies(scenario):
            return ()
        return self._doubts(*self._read(scenario, shares))

    def _read(self, scenario: Scenario, shares: npt.ArrayLike) -> tuple[Scenario, Floats]:
        """The scenario and the shares that are trained: what a mitigation makes of them.

        A mitigation that does more than change the scenario stays in it.
        """
        points = np.atleast_1d(np.asarray(shares, dtype=np.float64))
        if scenario.mitigation.kind == "none":
            return scenario, points
        hooks = hooks_of(scenario)
        if not hooks.only_scenario:
            return scenario, points
        if scenario.mitigation.kind == "real_floor":
            points = np.minimum(points, 1.0 - scenario.mitigation.floor)
        return hooks.scenario, points

    @abstractmethod
    def _applies(self, scenario: Scenario) -> tuple[str, ...]:
        """Reasons why the theory says nothing; the scenario as `_read` has it."""

    def _doubts(self, scenario: Scenario, shares: Floats) -> tuple[str, ...]:
        """Doubts about a scenario, as `_read` has it, to which the theory applies."""
        return ()

    @abstractmethod
    def _curve(self, scenario: Scenario, shares: Floats) -> Curve:
        """The prediction at those shares; the theory applies, the scenario as `_read` has it."""

    def curve(self, scenario: Scenario, shares: npt.ArrayLike) -> Curve:
        """The prediction at each of those shares (S,), else as in the scenario.

        Raises
        ------
        TheoryError
            If the theory does not apply, or a share lies outside [0, 1].
        """
        reasons = self.applies(scenario)
        if reasons:
            raise TheoryError(f"theory '{self.name}' does not apply: {'; '.join(reasons)}")
        points = np.atleast_1d(np.asarray(shares, dtype=np.float64))
        if points.ndim != 1 or not ((points >= 0.0) & (points <= 1.0)).all():
            raise TheoryError(f"shares must be numbers between 0 and 1 (got {points.tolist()})")
        read, trained = self._read(scenario, points)
        return replace(self._curve(read, trained), shares=points)

    def quick_curve(self, scenario: Scenario, shares: npt.ArrayLike) -> Curve:
        """`curve`, or a quicker form of it with a stated error, for searches of many scenarios."""
        return self.curve(scenario, shares)

    def predict(self, scenario: Scenario) -> Prediction:
        """The prediction for the scenario as it is, share included. Raises TheoryError."""
        found = self.curve(scenario, [scenario.mixture.share])
        values = {name: float(column[0]) for name, column in found.measures.items()}
        return Prediction(values, found.flips, found.flip, found.notes)


def flip_of(flips: Floats, exception: npt.NDArray[np.bool_], frequency: Floats) -> float:
    """Share by which half of the exceptions' real mass has flipped; NaN if it never has.

    All arguments are (K,): flip shares with NaN for never, exceptions, real frequencies.
    """
    members = np.flatnonzero(exception)
    if len(members) == 0:
        return math.nan
    at = np.where(np.isnan(flips[members]), np.inf, flips[members])
    order = np.argsort(at, kind="stable")
    mass = np.cumsum(frequency[members][order])
    found = at[order][np.searchsorted(mass, 0.5 * mass[-1])]
    return float(found) if np.isfinite(found) else math.nan
