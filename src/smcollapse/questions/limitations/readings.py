"""A claimed percentage read as points and as a relative change, of the same runs."""

from __future__ import annotations

from dataclasses import dataclass

from smcollapse.inference import Curves, effect, equivalence
from smcollapse.inference.effect_sizes.effects import window_masks
from smcollapse.questions.claim import ClaimedEffect, published_claim
from smcollapse.questions.ledgers.findings import Quantity
from smcollapse.questions.limitations.estimates import paired, quantity_of, window_change


@dataclass(frozen=True)
class Reading:
    """One claimed change in one world: numbers and verdicts of both readings.

    level : of the measure before; gap : relative less points; numbers : points, relative
    verdicts : "equal", "differs" or "neither", each that some reading gets
    """

    world: str
    measure: str
    level: float
    gap: Quantity
    numbers: tuple[Quantity, ...]
    verdicts: frozenset[str]


def reading_of(
    world: str, curves: Curves, claimed: ClaimedEffect, margin: float, level: float
) -> Reading:
    """Both readings of a claimed change, tested at `level` against it: equal within ± margin?"""
    windows = published_claim().before, published_claim().after
    change, (before, _) = window_change(curves.shares, *windows), window_masks(curves, *windows)
    measured, name = effect(curves, *windows), claimed.measure.replace("_", " ")
    readings = {"points": measured.points, "relative": measured.relative}
    return Reading(
        world,
        claimed.measure,
        measured.level_before,
        paired(
            f"{name}, {world}: relative less points",
            [curves],
            lambda mean: change(mean) / mean[before].mean() - change(mean),
            "points",
        ),
        (
            quantity_of(measured.points, "points", f"{name}, {world}: points"),
            quantity_of(measured.relative, "relative", f"{name}, {world}: relative"),
        ),
        frozenset(
            equivalence(one, claimed.change, margin, level=level).verdict_kind
            for one in readings.values()
        ),
    )
