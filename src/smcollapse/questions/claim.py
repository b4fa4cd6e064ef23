"""The published claim as data, and what it is compared with."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from smcollapse.inference import Estimate, Record

FEWEST_REPLICATES = 3
"""With fewer there is one degree of freedom, whose interval decides nothing."""


@dataclass(frozen=True)
class ClaimedEffect(Record):
    """A claimed change of a measure beyond the onset, and how it may be read."""

    measure: str
    change: float
    readings: tuple[str, ...]


@dataclass(frozen=True)
class Claim(Record):
    """The claim: an onset band, changes beyond it, the windows in which we look for them.

    rounding : half a unit of the last decimal to which changes are given
    """

    onset: tuple[float, float]
    before: tuple[float, float]
    after: tuple[float, float]
    effects: tuple[ClaimedEffect, ...]
    rounding: float


@cache
def published_claim() -> Claim:
    """The claim that is shipped with the package (`claim.toml`)."""
    text = (resources.files("smcollapse") / "claim.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    onset, windows = data["onset"], data["windows"]
    return Claim(
        onset=(onset["lower"], onset["upper"]),
        before=(windows["before"][0], windows["before"][1]),
        after=(windows["after"][0], windows["after"][1]),
        effects=tuple(
            ClaimedEffect(name, effect["change"], tuple(effect["readings"]))
            for name, effect in data["effects"].items()
        ),
        rounding=data["rounding"],
    )


def onset_verdict(claimed: tuple[float, float], measured: Estimate) -> str:
    """In words, how a measured onset lies to the claimed range."""
    lower, upper = claimed
    if measured.interval is None:
        return "no interval"
    if measured.interval.upper < lower:
        return "contradicted: earlier"
    if measured.interval.lower > upper:
        return "contradicted: later"
    inside = lower <= measured.interval.lower and measured.interval.upper <= upper
    return "agrees" if inside else "compatible, not decided"


def effect_verdict(claimed: float, rounding: float, measured: Estimate) -> str:
    """In words, how a measured change lies to the claimed one, which is given to ± rounding."""
    if measured.interval is None:
        return "no interval"
    if measured.n_replicates < FEWEST_REPLICATES:
        return f"undecided: {measured.n_replicates} replicates"
    above = measured.interval.lower > claimed + rounding
    if not above and measured.interval.upper >= claimed - rounding:
        return "compatible"
    ends = (measured.interval.lower, measured.interval.upper)
    if all(end * claimed < 0 for end in ends):
        return "contradicted: opposite sign"
    if measured.interval.lower <= 0.0 <= measured.interval.upper:
        return "contradicted: no change shown"
    smaller = abs(measured.value) < abs(claimed)
    return f"contradicted: {'smaller' if smaller else 'larger'}"
