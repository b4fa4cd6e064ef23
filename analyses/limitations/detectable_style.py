"""A style that the learner sees protects the rare cases.

Claim: The onset holds for synthetic data that pass for real ones: where the learner can tell them
by their style it moves as m_r/(m_r + (1 − δ)m_s) says, and with a style on every row nothing is
lost.

Design: The reference world with a style on 0, 25, 50 and 100 % of the synthetic rows (δ), shares to
70 %, 20 passes, with which count theory has no doubts that a style is learned, and 10, with which
it has; benchmark shares of rare recall beside the map of the onset without style,
b/(b + (1 − δ)(1 − b)), which has no parameter, and beside count theory; paired by replicate.

Falsifier: A change at a share of 60 % with a style on every row shown to be below −2 points, a
protection shown to be absent, or an onset at δ = 25 % after 20 passes shown to be more than 3
points of share from the map.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from smcollapse.inference import Curves, benchmark_share
from smcollapse.questions.ledgers.findings import Finding, Quantity
from smcollapse.questions.limitations.estimates import (
    all_of,
    exact,
    grade_above,
    grade_inside,
    paired,
    quantity_of,
)
from smcollapse.questions.limitations.limits import Lab, curves_of
from smcollapse.questions.limitations.worlds import (
    LONG,
    RESPONSE,
    SHORT,
    STYLE_SHARES,
    STYLES,
    benchmark_on,
    detectabilities,
    reference_scenario,
)
from smcollapse.report.claims import quantity_text
from smcollapse.report.limitation_figures import against_panel, curve_panel, panels
from smcollapse.theories import CATALOG

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from smcollapse.inference.resampling import Array

ORDER = 110
SOME = 0.25
END = STYLE_SHARES.index(0.6)


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """Onsets and changes along detectability."""
    store, short = detectabilities(lab), detectabilities(lab, SHORT)
    styled = {style: curves_of(store, f"detectability {style}", RESPONSE) for style in STYLES}
    plain, some, every = (styled[style] for style in (0.0, SOME, 1.0))
    hasty = curves_of(short, f"detectability {SOME}", RESPONSE)
    protection = paired(
        "change to a share of 60 % with a style on every row, less that without",
        [plain, every],
        lambda one, other: _change(other) - _change(one),
        "points",
    )
    left = paired("change with a style on every row", [every], _change, "points")
    miss, hasty_miss = (
        paired(
            f"onset at δ = {SOME:g} after {passes:g} passes less the map",
            [plain, one],
            lambda first, second: _onset(second) - _mapped(_onset(first), SOME),
            "points",
        )
        for passes, one in ((LONG, some), (SHORT, hasty))
    )
    onsets = {style: _measured(one, f"onset at δ = {style:g}") for style, one in styled.items()}
    curves = {
        style: CATALOG["counts"].curve(
            reference_scenario({"source.detectability": style, "model.passes": LONG}), STYLE_SHARES
        )
        for style in STYLES
    }
    said = {style: _onset(one.measures[RESPONSE]) for style, one in curves.items()}
    grade = all_of(
        [
            grade_above(protection, 0.0),
            grade_inside(left, -0.02, 1.0),
            grade_inside(miss, -0.03, 0.03),
        ]
    )
    verdict = (
        f"a style on every row saves {quantity_text(protection)} of rare recall at a share of 60 % "
        f"and leaves a change of {quantity_text(left)}; a style on a quarter moves the onset from "
        f"{quantity_text(onsets[0.0])} to {quantity_text(onsets[SOME])}, "
        f"{quantity_text(miss)} from the map, after half of the training "
        f"{quantity_text(hasty_miss)}"
    )
    figure, (left_ax, right_ax) = panels(2, ratios=(1.3, 1.0))
    curve_panel(
        left_ax,
        {f"δ = {style:g}": one for style, one in styled.items()},
        "rare recall",
        predicted={f"δ = {s:g}": (c.shares, c.measures[RESPONSE]) for s, c in curves.items()},
        legend="lower left",
    )
    against_panel(
        right_ax,
        STYLES[:3],
        {"": [onsets[style] for style in STYLES[:3]]},
        "detectability δ (at 1 the loss is not reached)",
        "benchmark share, %",
        predicted={"": [_known(said[style]) for style in STYLES[:3]]},
        claim=True,
        legend="upper left",
    )
    predicted = [
        exact(f"count theory: onset at δ = {style:g}", value, "share")
        for style, value in said.items()
    ]
    quantities = [protection, left, miss, hasty_miss, *onsets.values(), *predicted]
    return lab.finding(quantities, verdict, grade), figure


def _change(mean: Array) -> float:
    return float(mean[END] - mean[0])


def _onset(mean: Array) -> float:
    return benchmark_on(STYLE_SHARES, mean)


def _measured(one: Curves, term: str) -> Quantity:
    return quantity_of(benchmark_share(one).estimates()[0], "share", term)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _mapped(onset: float, style: float) -> float:
    """The onset once only the undetected part competes: m_r/(m_r + (1 − δ)m_s)."""
    return onset / (onset + (1.0 - style) * (1.0 - onset))
