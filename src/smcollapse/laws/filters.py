"""What a filter keeps: pass rates, in closed form, and where what is kept turns wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

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


def breakdown_point(good: Floats, bad: Floats, frequency: Floats | None = None) -> float:
    """Share of wrong synthetic rows at which as many of them survive as of the right ones.

    Rows at context k with a right label pass with `good` (K,), with a wrong one with `bad` (K,);
    `frequency` (K,), uniform unless given, says how often each context is visited. With a share ε
    of wrong rows everywhere the survivors speak for the truth by (1 − ε) G − ε B, G and B the mean
    pass rates, so that they turn at

        ε* = G / (G + B)

    which is 1 / (1 + B/G), the breakdown point of El Firdoussi et al. (ICLR 2025), where rates do
    not depend on the context. On an exception the *right* label is the one that contradicts the
    consensus: there a stricter filter lowers ε*. NaN where nothing survives.
    """
    rates = np.broadcast_arrays(np.asarray(good, np.float64), np.asarray(bad, np.float64))
    weight = np.ones(rates[0].shape) if frequency is None else np.asarray(frequency, np.float64)
    right, wrong = ((weight * rate).sum() for rate in rates)
    return float(right / (right + wrong)) if right + wrong > 0.0 else math.nan
