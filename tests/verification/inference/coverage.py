"""Bands where there is a break: the knot, the benchmark share, the safe share, effects."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy.stats import norm

from smcollapse.inference import (
    Curves,
    Interval,
    benchmark_share,
    break_point,
    effect,
    model_shares,
    profile_break,
)
from smcollapse.inference.onsets.benchmark import Direction
from tests.verification.inference.designs import NOISES, Case
from tests.verification.inference.figure import draw_coverage
from tests.verification.inference.kinds import Kind, Row, Summaries, covers_at_least, errors_at_most
from tests.verification.inference.outcomes import FINE, bracket_row, lost_at
from tests.verification.sections import Required, Section, at_least, at_most, markdown

BEFORE, AFTER = (0.0, 0.2), (0.45, 0.6)
REQUIRED_BAND = (0.93, 0.98)
WIDER = 1.25
MODELS = ("kink", "monotone spline", "model average")
EXEMPT = (
    "one corpus a share, not declared",
    "2 replicates, heteroscedastic",
    "3 replicates, heteroscedastic",
)
"""Reported, not required: what is not declared is noticed in most tables, not in all; two or three
replicates are taken to be equally noisy at all shares, and say so."""


def true_effect(case: Case) -> dict[str, float]:
    """True effect of a case, in points and relative."""
    shares = np.array(case.shares)
    at_shares = case.truth(shares)
    first = (shares >= BEFORE[0] - 1e-9) & (shares <= BEFORE[1] + 1e-9)
    second = (shares >= AFTER[0] - 1e-9) & (shares <= AFTER[1] + 1e-9)
    level = float(at_shares[first].mean())
    change = float(at_shares[second].mean()) - level
    return {"points": change, "relative": change / level}


def row(case: Case, number: int) -> Row:
    """Bands of one data set: covered or not, and how wide."""
    curves, true = case.draw(number), true_effect(case)
    assert case.knot is not None
    gain = bool(case.truth(FINE)[-1] > case.truth(FINE)[0])
    direction: Direction = "gain" if gain else "loss"
    lost, tried = lost_at(case.truth, case.shares, gain=gain)
    knot = break_point(curves, seed=number)
    found = benchmark_share(curves, direction=direction).bracket
    change = effect(curves, BEFORE, AFTER)
    assert knot.region is not None
    assert found is not None
    delta, delta_width = _delta_method(curves, case.knot)
    out = {
        "knot": float(case.knot in knot.region),
        "knot width": knot.region.width,
        "knot error": knot.knot - case.knot,
        "delta": delta,
        "delta width": delta_width,
        "slope change": _covers(knot.slope_change_band, _slope_change(case)),
        **bracket_row(found, lost, tried),
        "points": _covers(change.points.interval, true["points"]),
        "relative": _covers(change.relative.interval, true["relative"]),
    }
    if number % 5 == 0 and len(case.shares) > 5:
        bands = {model.model: model.band for model in model_shares(curves, direction=direction)}
        for name in MODELS:  # nan, which no mean counts, where a model does not fit
            band = bands.get(name)
            out[name] = math.nan if band is None else float(lost in band)
            width = math.nan if band is None else min(band.upper, 0.6) - band.lower
            out[f"{name} width"] = width
            out[f"{name} fits"] = float(band is not None)
    return out


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
    held = np.isfinite(curves.values)
    x = np.broadcast_to(curves.shares, held.shape)[held]
    y = curves.values[held]  # noqa: PD011 -- an array
    fit = profile_break(x, y)
    change = fit.slope_after - fit.slope_before
    step = -change * (x > fit.knot)
    design = np.column_stack([np.ones_like(x), x, np.maximum(x - fit.knot, 0.0), step])
    inverse = np.linalg.pinv(design.T @ design)
    error = math.sqrt(max(inverse[3, 3], 0.0) * fit.rss / (x.size - 4))
    half = float(norm.ppf(0.975)) * error
    return float(abs(fit.knot - knot) <= half), 2.0 * half


def section(results: Summaries) -> Section:
    """Bands: the knot, the benchmark share, the safe share, effects, and the usual knot band."""
    rows, models, required = [], [], []
    for case in NOISES:
        if (found := results.get(case.name)) is None:
            continue
        rows.append(
            {
                "noise": case.name,
                "knot": found["knot"],
                "its width": found["knot width"],
                "delta method": found["delta"],
                "delta width": found["delta width"],
                "bracket": found["bracket"],
                "bracket width": found["bracket width"],
                "refined": found["refined"],
                "refined width": found["refined width"],
                "safe share's error": found["safe error"],
                "slope change": found["slope change"],
                "effect, points": found["points"],
                "effect, relative": found["relative"],
            }
        )
        models.append(
            {
                "noise": case.name,
                "refined bracket's width": found["refined width"],
                **{
                    column: found.get(column, math.nan)
                    for model in MODELS
                    for column in (model, f"{model} width", f"{model} fits")
                },
            }
        )
        if case.name not in EXEMPT:
            required += _required(case, found)
    return Section(
        "coverage",
        "Coverage where there is a break",
        (
            "Nominal .95, two-sided. The safe share is one-sided: its error is the part of sweeps "
            "in which a tried share counts as safe at which a tenth of the value is lost already, "
            "at most .05. The bracket of the benchmark share ends at tried shares and holds for "
            "any curve; refined, it moves into gaps that look harmless. The delta method is the "
            "usual band of segmented-regression packages (all rows as independent): a competitor "
            "where it covers. Widths are medians, in units of share.",
            markdown(pd.DataFrame(rows), 3),
            "![Coverage](paper/figures/inference_coverage.png)",
            f"Reported without a requirement: {'; '.join(EXEMPT)}. Corpora that nobody declares "
            "show in the scatter of the means in most tables, and then the band of the knot takes "
            "them in and the answer warns; the bracket and effects do not. Declare them. Two or "
            "three replicates pool their noise over shares, which assumes that it is about equal "
            "at all of them.",
            "Benchmark shares by models, on every fifth data set: shorter where the model is the "
            "truth, as the kink is here, and of no use where it is not. How often a model fits, "
            "and coverage and width where it does: else it is left out.",
            markdown(pd.DataFrame(models), 3),
        ),
        tuple(required),
    )


def _required(case: Case, found: dict[str, float]) -> list[Required]:
    (low, high), sets = REQUIRED_BAND, found["sets"]
    rate = round(found["knot"], 3)
    out = [
        Required(
            f"{case.name}: coverage, knot",
            f"{rate:.3f}",
            f"{low:g} to {high:g}",
            bool(low <= rate <= high),
        ),
        covers_at_least(f"{case.name}: coverage, bracket", found["bracket"], sets),
        at_least(f"{case.name}: coverage, refined", round(found["refined"], 3), low, 3),
        errors_at_most(f"{case.name}: error of the safe share", found["safe error"], sets),
    ]
    if low <= round(found["delta"], 3):
        ratio = found["knot width"] / found["delta width"]
        out.append(at_most(f"{case.name}: knot's band over the delta method's", ratio, WIDER, 2))
    return out


KIND = Kind(lambda: NOISES, row, section, figure=draw_coverage)
