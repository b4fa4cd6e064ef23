"""The published claim as data, and what it is compared with."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from smcollapse.inference import Estimate, Record


@dataclass(frozen=True)
class ClaimedEffect(Record):
    """A claimed change of a measure beyond the onset, and how it may be read."""

    measure: str
    change: float
    readings: tuple[str, ...]


@dataclass(frozen=True)
class Claim(Record):
    """The claim: an onset band, changes beyond it, the windows in which we look for them."""

    onset: tuple[float, float]
    before: tuple[float, float]
    after: tuple[float, float]
    effects: tuple[ClaimedEffect, ...]


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
    )


def verdict(claimed: tuple[float, float], measured: Estimate) -> str:
    """In words, how a claimed range (a point where both ends agree) lies to a measured interval."""
    lower, upper = claimed
    if measured.interval is None:
        return "no interval"
    below, above = measured.interval.upper < lower, measured.interval.lower > upper
    if below or above:
        return f"contradicted: measured {'below' if below else 'above'}"
    inside = lower <= measured.interval.lower and measured.interval.upper <= upper
    return "agrees" if lower == upper or inside else "compatible, not decided"
