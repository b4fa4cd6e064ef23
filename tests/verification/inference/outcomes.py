"""True benchmark shares, and whether a band holds them."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from smcollapse.inference import Bracket, Interval
from smcollapse.inference.resampling import Array
from tests.verification.inference.kinds import Row
from tests.verification.inference.truths import Truth

FINE = np.linspace(0.0, 0.6, 60_001)
LOSS = 0.10
ROUNDING = 1e-9


def first_lost(shares: Array, values: Array, *, gain: bool = False) -> float:
    """First of the shares (S,) at which values (S,) have lost a tenth of the first; inf if none."""
    moved = (values - values[0]) * (1.0 if gain else -1.0)
    lost = np.flatnonzero(moved >= LOSS * values[0] - ROUNDING)
    return float(shares[lost[0]]) if lost.size else math.inf


@cache
def lost_at(truth: Truth, shares: tuple[float, ...], *, gain: bool = False) -> tuple[float, float]:
    """True benchmark share (first crossing), and the first tried share beyond it."""
    tried = np.array(shares)
    return (
        first_lost(FINE, truth(FINE), gain=gain),
        first_lost(tried, truth(tried), gain=gain),
    )


def within(band: Interval, share: float) -> float:
    """Whether a share lies in (lower, upper]: at the lower limit the loss is not there yet."""
    return float(band.lower < share - ROUNDING and share <= band.upper + ROUNDING)


def bracket_row(found: Bracket, share: float, tried: float) -> Row:
    """Safe share and bracket against the true benchmark share and the first tried one beyond it."""
    return {
        "safe error": float(found.safe_share >= tried - ROUNDING),
        "bracket": within(found.band, share),
        "bracket width": min(found.band.upper, found.largest) - found.band.lower,
        "refined": within(found.refined, share),
        "refined width": min(found.refined.upper, found.largest) - found.refined.lower,
    }
