"""Synthetic data added, or real data removed?

Claim: The loss of rare-case recall comes from the synthetic rows that are added, not from the real
rows that make room for them: at every budget, more than half of it.

Design: Facts world of atlas-small at budgets of 2500 to 40000 rows; at every share the designs
replace and real_only (the same real rows alone, same steps), at 20000 rows accumulate too (all
real rows kept); change of rare recall from shares of 0-35 % to 45-60 %, net = replace less
real_only, paired by replicate.

Falsifier: A net loss shown to be less than half of the whole loss at any budget, or no loss where
all real rows are kept. The smallest budget, where real rows are scarcest, decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smcollapse.inference import effect, net_effect
from smcollapse.questions.claim import published_claim
from smcollapse.questions.ledgers.findings import Finding
from smcollapse.questions.limitations.estimates import (
    deciding_first,
    grade_above,
    grade_below,
    paired,
    quantity_of,
    window_change,
)
from smcollapse.questions.limitations.limits import Lab, conditions_by_label, curves_in
from smcollapse.questions.limitations.studies import BUDGETS, budgets, reference
from smcollapse.report.claims import quantity_text
from smcollapse.report.limitation_figures import against_panel, curve_panel, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORDER = 10
LAYERS = ("worlds", "training", "measures", "inference")
WINDOWS = (published_claim().before, published_claim().after)


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """Effects of the three designs between the claim's windows, by budget."""
    known, by_budget = conditions_by_label(reference(lab)), conditions_by_label(budgets(lab))
    parts, net, removal = [], [], []
    for budget in BUDGETS:
        condition = by_budget[f"budget {budget}"]
        whole, alone = (curves_in(condition, "rare_recall", control=c) for c in (False, True))
        change = window_change(whole.shares, *WINDOWS)
        parts.append(
            paired(
                f"net part of the loss, {budget} rows",
                [whole, alone],
                lambda one, other, change=change: change(one - other) / change(one),
                "rate",
            )
        )
        added, taken = net_effect(whole, alone, *WINDOWS).points, effect(alone, *WINDOWS).points
        net.append(quantity_of(added, "points", f"net of removal, {budget} rows"))
        removal.append(quantity_of(taken, "points", f"removal alone, {budget} rows"))
    whole, alone = (curves_in(known["reference"], "rare_recall", control=c) for c in (False, True))
    kept = curves_in(known["accumulate"], "rare_recall")
    designs = [
        quantity_of(effect(kept, *WINDOWS).points, "points", "all real rows kept (accumulate)"),
        quantity_of(effect(whole, *WINDOWS).points, "points", "real rows replaced (replace)"),
    ]
    figure, (left, right) = panels(2)
    shown = {"replace": whole, "accumulate": kept, "real rows alone": alone}
    curve_panel(left, shown, "rare recall", legend="lower left")
    series = {"net of removal": net, "removal alone": removal}
    words = ("training rows N", "change of rare recall, points")
    against_panel(right, BUDGETS, series, *words, log=True)
    verdict = (
        f"with {BUDGETS[0]} rows {quantity_text(parts[0])} of the loss is net of removal, with "
        f"{BUDGETS[-1]} rows {quantity_text(parts[-1])}; with all real rows kept rare recall "
        f"changes by {quantity_text(designs[0])}, with real rows replaced by "
        f"{quantity_text(designs[1])}"
    )
    grades = [*(grade_above(part, 0.5) for part in parts), grade_below(designs[0], 0.0)]
    deciding, grade = deciding_first([*parts, designs[0]], grades)
    return lab.finding([*deciding, designs[1], *net, *removal], verdict, grade), figure
