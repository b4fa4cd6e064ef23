"""A break, a smooth transition, or a decline?

Claim: The loss of rare-case recall sets in at a break: nothing happens below it, and its corner is
sharp.

Design: Verdict on the existence of a break in the facts world of atlas-small (designs replace and
accumulate), at budgets of 2500 to 40000 rows, and in the clusters world; a break must beat every
smooth rival and fit (intersection-union test at 5 %). Width of the transition by budget, and by
count theory up to ten million rows.

Falsifier: A kink rejected at the reference, at 5 %, against a logistic that fits better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from smcollapse.inference import Curves, onset, smooth_transition
from smcollapse.inference.families import KINK, LOGISTIC
from smcollapse.inference.onsets.existence import Comparison
from smcollapse.questions.ledgers.findings import Finding, Grade, Quantity
from smcollapse.questions.limitations.estimates import exact, quantity_of
from smcollapse.questions.limitations.limits import Lab, conditions_by_label, curves_in
from smcollapse.questions.limitations.studies import (
    BUDGETS,
    budgets,
    clusters,
    reference,
)
from smcollapse.questions.limitations.theory import transition_widths
from smcollapse.questions.planned import condition_curves
from smcollapse.report.claims import quantity_text
from smcollapse.report.limitation_figures import against_panel, curve_panel, panels
from smcollapse.report.wording import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORDER = 70
THEORY_ROWS = (5_000, 20_000, 100_000, 1_000_000, 10_000_000)
"""Rows at which count theory's transition is looked at."""

DRAWS = 999


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """Verdicts by condition, widths by budget."""
    tables = {
        label: curves_in(one, "rare_recall")
        for store in (reference(lab), budgets(lab))
        for label, one in conditions_by_label(store).items()
    }
    cluster_world = conditions_by_label(clusters(lab))
    tables |= {"clusters": curves_in(cluster_world["reference"], "rare_recall")}
    verdicts = {label: onset(curves, draws=DRAWS) for label, curves in tables.items()}
    main, curves = verdicts["reference"], tables["reference"]
    kink = Comparison(curves, LOGISTIC, DRAWS, 0).against(KINK).p_value
    widths = {
        label: quantity_of(smooth_transition(one).estimates()[1], "share", f"width, {label}")
        for label, one in tables.items()
    }
    kinds = [one.verdict_kind for one in verdicts.values()]
    broken = kinds.count("break") + kinds.count("two breaks")
    scenario = condition_curves(reference(lab).study)[0].scenario
    said = transition_widths(scenario, THEORY_ROWS)
    slope = float(np.polyfit(np.log(THEORY_ROWS), np.log(said), 1)[0])
    quantities = [
        widths["reference"],
        exact("p-value of a kink against a logistic, reference", kink),
        exact(
            "p-value of the existence of a break, reference",
            1.0 if main.existence is None else main.existence.p_value,
        ),
        exact("conditions", len(kinds)),
        exact("conditions with a smooth transition", kinds.count("transition")),
        exact("conditions with a break or two", broken),
        exact("slope of log width on log rows, count theory", slope),
        *(one for label, one in widths.items() if label != "reference"),
        *(
            exact(f"width by count theory, {n} rows", w, "share")
            for n, w in zip(THEORY_ROWS, said, strict=True)
        ),
    ]
    verdict = (
        f"reference: {main.verdict}; its 10-90 % width is {quantity_text(widths['reference'])} of "
        f"share (kink against logistic: p = {kink:.2g}); of {len(kinds)} conditions "
        f"{kinds.count('transition')} are smooth transitions, {broken} have breaks; by theory "
        f"the width shrinks as rows to the power {number(slope, 2)}: a break is "
        "the limit of endless data"
    )
    grade: Grade = "not shown"
    if main.verdict_kind in ("break", "two breaks"):
        grade = "supported"
    elif main.verdict_kind == "transition" and kink <= 0.05:
        grade = "contradicted"
    notes = tuple(f"{label}: {one.verdict}" for label, one in verdicts.items())
    return lab.finding(quantities, verdict, grade, notes=notes), drawn(tables, widths, said)


def drawn(tables: dict[str, Curves], widths: dict[str, Quantity], said: list[float]) -> Figure:
    """Curves on the left, widths against the budget on the right."""
    figure, (left, right) = panels(2)
    shown = {f"{n} rows": tables[f"budget {n}"] for n in (5000, 40000)}
    curve_panel(left, {**shown, "clusters": tables["clusters"]}, "rare recall", legend="lower left")
    trained = [widths[f"budget {n}"] for n in BUDGETS]
    words = ("training rows N", "10-90 % width of the transition, points")
    against_panel(right, BUDGETS, {"trained": trained}, *words, log=True, legend="")
    points = [100 * width for width in said]
    right.plot(THEORY_ROWS, points, color="black", linestyle="--", label="count theory")
    right.set_yscale("log")
    right.set_xticks([1e4, 1e5, 1e6, 1e7], ["10⁴", "10⁵", "10⁶", "10⁷"])
    right.set_yticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    right.minorticks_off()
    right.legend()
    return figure
