"""Does the onset depend on the budget?

Claim: The onset is the same at every budget: between any of 2500 to 40000 training rows and the
largest it moves by less than the width of the claimed band.

Design: Facts world of atlas-small, 200 contexts, 2500 to 40000 rows with the training steps that go
with them; benchmark share (10 % of rare recall lost), four shifts paired by replicate with
intervals of 95 % together (Bonferroni); count theory beside it, computed without any training.

Falsifier: A shift shown to be larger in size than the width of the claimed band.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smcollapse.questions.claim import published_claim
from smcollapse.questions.ledgers.findings import Finding
from smcollapse.questions.limitations.estimates import (
    deciding_first,
    exact,
    grade_inside,
    onset_quantity,
    onset_shift,
)
from smcollapse.questions.limitations.limits import Lab, conditions_by_label, curves_in
from smcollapse.questions.limitations.studies import BUDGETS, budgets
from smcollapse.questions.predict import predict_study
from smcollapse.report.claims import quantity_text
from smcollapse.report.limitation_figures import against_panel, curve_panel, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORDER = 30


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """Benchmark share by budget, trained and predicted."""
    store = budgets(lab)
    known, theory = conditions_by_label(store), predict_study(store.study, "counts")
    tables = {budget: curves_in(known[f"budget {budget}"], "rare_recall") for budget in BUDGETS}
    onsets = [onset_quantity(one, f"onset, {budget} rows") for budget, one in tables.items()]
    predicted = [theory.onsets["counts", f"budget {budget}"].benchmark_share for budget in BUDGETS]
    *fewer, largest = BUDGETS
    shifts = [
        onset_shift(
            f"shift of the onset, {budget} to {largest} rows",
            tables[largest],
            tables[budget],
            level=1 - 0.05 / len(fewer),
        )
        for budget in fewer
    ]
    said = [
        exact(f"onset by count theory, {budget} rows", one, "share")
        for budget, one in zip(BUDGETS, predicted, strict=True)
        if one is not None
    ]
    lower, upper = published_claim().onset
    width = upper - lower
    reached = [one for one in predicted if one is not None]
    verdict = (
        f"from {BUDGETS[0]} to {BUDGETS[-1]} rows the onset moves by {quantity_text(shifts[0])} "
        f"of share (from {BUDGETS[1]}: {quantity_text(shifts[1])}), from "
        f"{quantity_text(onsets[0])} to {quantity_text(onsets[-1])}; count theory, "
        f"which takes training to memorise, says "
        f"{100 * reached[0]:.1f} to {100 * reached[-1]:.1f} %"
    )
    figure, (left, right) = panels(2)
    shown = {f"{budget} rows": one for budget, one in tables.items()}
    lines = {
        f"{budget} rows": (one.shares, one.measures["rare_recall"])
        for budget in BUDGETS
        for one in [next(p for p in theory.found if p.label == f"budget {budget}").line]
    }
    curve_panel(left, shown, "rare recall", predicted=lines, legend="lower left")
    words = ("training rows N", "onset (10 % lost), % synthetic")
    against_panel(
        right,
        BUDGETS,
        {"trained": onsets},
        *words,
        log=True,
        predicted={"trained": predicted},
        claim=True,
        legend="lower right",
    )
    grades = [grade_inside(shift, -width, width) for shift in shifts]
    shifts, grade = deciding_first(shifts, grades)
    return lab.finding([*shifts, *onsets, *said], verdict, grade, notes=theory.notes), figure
