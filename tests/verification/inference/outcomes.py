"""What each procedure says of one data set of known truth: rows of numbers to average."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import norm

from smcollapse.inference import (
    Curves,
    Interval,
    benchmark_share,
    benchmark_share_of,
    break_point,
    effect,
    profile_break,
    step_down_safe_share,
)
from smcollapse.inference.onsets.benchmark_models import model_shares
from smcollapse.inference.onsets.existence import existence
from tests.verification.inference.designs import Case

FINE = np.linspace(0.0, 0.6, 60_001)
BEFORE, AFTER = (0.0, 0.2), (0.45, 0.6)
TOLERANCE = 0.02

DRAWS = 499
"""Draws of a test for a break, half of the default: a rate is as good, a data set half the time."""


def truths(case: Case) -> dict[str, float]:
    """True benchmark share, true step-down limit, true effect of a case."""
    fine, shares = case.truth(FINE), np.array(case.shares)
    gain = fine[-1] > fine[0]
    sign = 1.0 if gain else -1.0
    share = benchmark_share_of(FINE, fine, 0.10, True, "gain" if gain else "loss")
    lost = sign * (case.truth(shares) - case.truth(shares)[0])
    at_shares = case.truth(shares)
    first = (shares >= BEFORE[0] - 1e-9) & (shares <= BEFORE[1] + 1e-9)
    second = (shares >= AFTER[0] - 1e-9) & (shares <= AFTER[1] + 1e-9)
    level = float(at_shares[first].mean())
    change = float(at_shares[second].mean()) - level
    unsafe = shares[lost >= TOLERANCE]
    return {
        "benchmark": math.inf if share is None else share,
        "unsafe": float(unsafe[0]) if unsafe.size else math.inf,
        "points": change,
        "relative": change / level,
    }


def coverage_row(case: Case, number: int) -> dict[str, float]:
    """Bands of one data set: covered or not, and how wide."""
    curves, true = case.draw(number), truths(case)
    assert case.knot is not None
    direction = "gain" if case.truth(FINE)[-1] > case.truth(FINE)[0] else "loss"
    knot = break_point(curves, seed=number)
    share = benchmark_share(curves, direction=direction, seed=number)  # type: ignore[arg-type]
    down = step_down_safe_share(curves, TOLERANCE, direction)  # type: ignore[arg-type]
    change = effect(curves, BEFORE, AFTER)
    assert knot.region is not None
    assert share.band is not None
    assert share.safe_share is not None
    assert down.safe_share is not None
    delta, delta_width = _delta_method(curves, case.knot)
    row = {
        "knot": float(case.knot in knot.region),
        "knot width": knot.region.width,
        "knot error": knot.knot - case.knot,
        "delta": delta,
        "delta width": delta_width,
        "slope change": _covers(knot.slope_change_band, _slope_change(case)),
        "benchmark": float(true["benchmark"] in share.band),
        "benchmark width": min(share.band.upper, 0.6) - share.band.lower,
        "safe": float(share.safe_share <= true["benchmark"]),
        "step-down": float(down.safe_share < true["unsafe"]),
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
