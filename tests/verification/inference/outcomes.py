"""What each procedure says of one data set of known truth: rows of numbers to average."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import norm

from smcollapse.inference import (
    Curves,
    Interval,
    benchmark_share,
    break_point,
    effect,
    profile_break,
)
from smcollapse.inference.onsets.benchmark_models import model_shares
from smcollapse.inference.onsets.existence import existence
from smcollapse.inference.resampling import Array
from tests.verification.inference.designs import Case

FINE = np.linspace(0.0, 0.6, 60_001)
BEFORE, AFTER = (0.0, 0.2), (0.45, 0.6)
LOSS = 0.10
ROUNDING = 1e-9

DRAWS = 499
"""Draws of a test for a break, half of the default: a rate is as good, a data set half the time."""


def truths(case: Case) -> dict[str, float]:
    """True benchmark share, first tried share at which the loss is there, true effect of a case."""
    fine, shares = case.truth(FINE), np.array(case.shares)
    gain = bool(fine[-1] > fine[0])
    at_shares = case.truth(shares)
    first = (shares >= BEFORE[0] - 1e-9) & (shares <= BEFORE[1] + 1e-9)
    second = (shares >= AFTER[0] - 1e-9) & (shares <= AFTER[1] + 1e-9)
    level = float(at_shares[first].mean())
    change = float(at_shares[second].mean()) - level
    return {
        "benchmark": first_lost(FINE, fine, gain=gain),
        "unsafe": first_lost(shares, at_shares, gain=gain),
        "points": change,
        "relative": change / level,
    }


def first_lost(shares: Array, values: Array, *, gain: bool = False) -> float:
    """First of the shares (S,) at which values (S,) have lost a tenth of the first; inf if none."""
    moved = (values - values[0]) * (1.0 if gain else -1.0)
    lost = np.flatnonzero(moved >= LOSS * values[0] - ROUNDING)
    return float(shares[lost[0]]) if lost.size else math.inf


def within(band: Interval, share: float) -> float:
    """Whether a share lies in (lower, upper]: at the lower limit the loss is not there yet."""
    return float(band.lower < share - ROUNDING and share <= band.upper + ROUNDING)


def coverage_row(case: Case, number: int) -> dict[str, float]:
    """Bands of one data set: covered or not, and how wide."""
    curves, true = case.draw(number), truths(case)
    assert case.knot is not None
    direction = "gain" if case.truth(FINE)[-1] > case.truth(FINE)[0] else "loss"
    knot = break_point(curves, seed=number)
    share = benchmark_share(curves, direction=direction)  # type: ignore[arg-type]
    change = effect(curves, BEFORE, AFTER)
    assert knot.region is not None
    assert share.bracket is not None
    bracket, refined = share.bracket.band, share.bracket.refined
    delta, delta_width = _delta_method(curves, case.knot)
    row = {
        "knot": float(case.knot in knot.region),
        "knot width": knot.region.width,
        "knot error": knot.knot - case.knot,
        "delta": delta,
        "delta width": delta_width,
        "slope change": _covers(knot.slope_change_band, _slope_change(case)),
        "bracket": within(bracket, true["benchmark"]),
        "bracket width": min(bracket.upper, 0.6) - bracket.lower,
        "refined": within(refined, true["benchmark"]),
        "refined width": min(refined.upper, 0.6) - refined.lower,
        "safe": float(share.bracket.safe_share < true["unsafe"] - ROUNDING),
        "points": _covers(change.points.interval, true["points"]),
        "relative": _covers(change.relative.interval, true["relative"]),
    }
    if number % 5 == 0 and len(case.shares) > 5:
        by_name = {model.model: model for model in model_shares(curves, direction=direction)}  # type: ignore[arg-type]
        for name in ("kink", "monotone spline", "model average"):
            row[name] = float(true["benchmark"] in by_name[name].band)
            row[f"{name} width"] = min(by_name[name].band.upper, 0.6) - by_name[name].band.lower
    return row


def _slope_change(case: Case) -> float:
    """Change of slope of the true kink, from its values around the knot."""
    assert case.knot is not None
    x = case.knot + np.array([-0.02, -0.01, 0.01, 0.02])
    y = case.truth(x)
    return float((y[3] - y[2]) / 0.01 - (y[1] - y[0]) / 0.01)


def _covers(band: Interval | None, truth: float) -> float:
    return math.nan if band is None else float(truth in band)


def _delta_method(curves: Curves, knot: float) -> tuple[float, float]:
    """The usual band: all rows as if independent, the knot's delta-method standard error."""
    rows, columns = np.nonzero(np.isfinite(curves.values))
    x, y = curves.shares[columns], curves.values[rows, columns]
    fit = profile_break(x, y)
    change = fit.slope_after - fit.slope_before
    step = -change * (x > fit.knot)
    design = np.column_stack([np.ones_like(x), x, np.maximum(x - fit.knot, 0.0), step])
    inverse = np.linalg.pinv(design.T @ design)
    error = math.sqrt(max(inverse[3, 3], 0.0) * fit.rss / (x.size - 4))
    half = float(norm.ppf(0.975)) * error
    return float(abs(fit.knot - knot) <= half), 2.0 * half


def existence_row(case: Case, number: int) -> dict[str, float]:
    """Whether a break is declared in one data set."""
    found = existence(case.draw(number), draws=DRAWS, seed=number)
    row = {"exists": float(found.exists), "p": found.p_value}
    row["three rivals"] = float(
        max(
            test.p_value for test in found.rivals if test.rival in ("line", "quadratic", "logistic")
        )
        <= found.alpha
    )
    row["sup-F"] = float(found.rivals[0].p_value <= found.alpha)
    return row
