"""What is known of a filter before training: its law, and theory on the same strictnesses."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from smcollapse.laws import breakdown_point
from smcollapse.questions.predict import PREFERRED
from smcollapse.questions.tradeoffs.results import (
    BALANCED,
    HEAD,
    RARE,
    FilterCurve,
    FilterLaw,
    Foretold,
)
from smcollapse.scenario import Scenario
from smcollapse.theories import CATALOG, MEASURES, Theory
from smcollapse.theories.mixing import laws_of, n_other

Floats = npt.NDArray[np.float64]
TRUTH, RIVAL, OTHER = 0, 1, 2


def law_of(scenarios: Sequence[Scenario]) -> FilterLaw | None:
    """The law of a filter at the strictness of each scenario; None for a table, which has none."""
    if scenarios[0].world.kind == "table":
        return None
    found = [(_contamination(one), *_breakdown(one)) for one in scenarios]
    left, head, exceptions = (tuple(column) for column in zip(*found, strict=True))
    return FilterLaw(left, head, exceptions)


def _contamination(scenario: Scenario) -> float:
    """Share of the surviving synthetic rows whose answer is neither truth nor consensus."""
    laws = laws_of(scenario)
    passed = laws.synthetic.passed
    invented = n_other(laws) * passed[:, OTHER] + np.where(
        laws.world.exception, 0.0, passed[:, RIVAL]
    )
    rows = passed[:, TRUTH] + passed[:, RIVAL] + n_other(laws) * passed[:, OTHER]
    return float(invented.sum() / rows.sum()) if rows.sum() > 0.0 else math.nan


def _breakdown(scenario: Scenario) -> tuple[float, float]:
    """Breakdown points on the head and on exceptions, where a wrong row is the usual rival."""
    laws = laws_of(scenario)
    survival, frequency = laws.synthetic.survival, laws.synthetic.frequency

    def of(inside: npt.NDArray[np.bool_]) -> float:
        return breakdown_point(survival[inside, TRUTH], survival[inside, RIVAL], frequency[inside])

    return of(~laws.world.rare), of(laws.world.exception)


def theory_for(scenarios: Sequence[Scenario]) -> tuple[Theory | None, str]:
    """The first theory that applies to all of them; None, and why, where there is none."""
    reasons: list[str] = []
    for name in PREFERRED:
        theory = CATALOG[name]
        said = [reason for one in scenarios for reason in theory.applies(one)]
        if not said:
            return theory, ""
        if theory.meant_for(scenarios[0]):
            reasons += [f"{name}: {reason}" for reason in dict.fromkeys(said)]
    return None, "; ".join(dict.fromkeys(reasons))


def predicted_by(
    theory: Theory, scenarios: Sequence[Scenario], shares: Sequence[float]
) -> tuple[dict[str, Floats], tuple[str, ...]]:
    """Each measure at every strictness and share, (T, S), with the balanced recall; the doubts."""
    curves = [theory.curve(one, shares) for one in scenarios]
    found = {name: np.array([curve.measures[name] for curve in curves]) for name in MEASURES}
    found[BALANCED] = 0.5 * (found[RARE] + found[HEAD])
    doubts = [doubt for one in scenarios for doubt in theory.doubts(one, shares)]
    return found, tuple(dict.fromkeys(doubts))


def foretold(
    measures: dict[str, Floats], objective: str, sign: float, curve: FilterCurve
) -> Foretold:
    """A theory's measures (T,) at one share, its optimum, and how far both are from training."""
    best, error, inside = math.nan, math.nan, None
    if objective in measures and np.isfinite(measures[objective]).all():
        best = curve.strictness[int(np.argmax(sign * measures[objective]))]
        if curve.optimum is not None:
            error = best - curve.optimum.strictness
            inside = None if curve.optimum.interval is None else best in curve.optimum.interval
    return Foretold(
        measures={name: tuple(column.tolist()) for name, column in measures.items()},
        optimum=best,
        error=error,
        inside=inside,
        largest_error={
            name: float(np.max(np.abs(measures[name] - np.array(level.mean))))
            for name, level in curve.levels.items()
            if name in measures and np.isfinite(measures[name]).all()
        },
    )
