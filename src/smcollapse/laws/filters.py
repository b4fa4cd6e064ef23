"""What a filter keeps: pass rates, in closed form."""

from __future__ import annotations

from dataclasses import dataclass

from smcollapse.laws.contexts import Floats
from smcollapse.settings import Filter


@dataclass(frozen=True)
class PassRates:
    """Chance of survival of a row whose label agrees with the consensus, or contradicts it.

    Both have the shape of the atypicality they were computed from.
    """

    agrees: Floats
    contradicts: Floats


def pass_rates(settings: Filter, atypicality: Floats) -> PassRates:
    """Pass rates for rows or contexts of that atypicality in [0, 1]; see `settings.Filter`."""
    typical = 1.0 - settings.strictness * settings.severity * atypicality
    return PassRates(typical, typical * (1.0 - settings.strictness * settings.detection))
