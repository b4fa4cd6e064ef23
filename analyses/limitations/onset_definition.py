"""Does the onset depend on its definition?

Claim: The onset is a property of the curve and not of its definition: the usual definitions agree
to within the width of the claimed band.

Design: Rare recall in the facts world of atlas-small (designs replace and accumulate) and at
budgets of 5000 to 40000 rows; five definitions on the same mean curve: share at which 5, 10 and
20 % are lost, knot of a kink, centre of a logistic; their spread (largest less smallest) on common
draws of whole replicates.

Falsifier: A spread at the reference shown to be larger than the width of the claimed band.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from smcollapse.inference import Curves
from smcollapse.inference.resampling import Array
from smcollapse.inference.specifications.estimators import (
    benchmark_shares,
    fit_kinks,
    transition_centres,
)
from smcollapse.questions.claim import published_claim
from smcollapse.questions.ledgers.findings import Finding, Quantity, Unit
from smcollapse.questions.limitations.estimates import grade_below, not_of, paired_all
from smcollapse.questions.limitations.limits import Lab, conditions_by_label, curves_in
from smcollapse.questions.limitations.studies import BUDGETS, budgets, reference
from smcollapse.report.claims import quantity_text
from smcollapse.report.limitation_figures import interval_panel, panels
from smcollapse.report.wording import percent_range

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORDER = 20
LAYERS = ("worlds", "training", "measures", "inference")
LOSSES = (0.05, 0.10, 0.20)
TERMS = (*(f"{100 * loss:.0f} % lost" for loss in LOSSES), "knot of a kink", "transition centre")
SPREAD = "spread of the definitions"


def definitions(curves: Curves) -> tuple[Quantity, ...]:
    """The five onsets of a curve and their spread."""

    def onsets(means: Array) -> list[Array]:
        equal = np.ones_like(means)
        fixed = (curves.shares, means, equal, means[:, 0], float(curves.shares[0]), "raw")
        found = [benchmark_shares(*fixed, loss, True, "loss") for loss in LOSSES]
        found += [fit_kinks(*fixed[:3]).knots, transition_centres(*fixed[:3])]
        return [*found, np.max(found, axis=0) - np.min(found, axis=0)]

    terms: dict[str, Unit] = {**dict.fromkeys(TERMS, "share"), SPREAD: "share"}
    return paired_all(terms, [curves], onsets)


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """Onsets by definition, and their spread by condition."""
    lower, upper = published_claim().onset
    tables = {
        label: curves_in(one, "rare_recall")
        for label, one in conditions_by_label(reference(lab)).items()
    }
    by_budget = conditions_by_label(budgets(lab))
    for budget in BUDGETS[1:]:
        tables[f"{budget} rows"] = curves_in(by_budget[f"budget {budget}"], "rare_recall")
    found = {label: definitions(curves) for label, curves in tables.items()}
    *onsets, spread = found["reference"]
    spreads = [
        Quantity(f"{SPREAD}, {label}", one[-1].value, one[-1].lower, one[-1].upper, "share")
        for label, one in found.items()
    ]
    inside = sum(lower <= float(one.value or np.nan) <= upper for one in onsets)
    wide = sum(not_of(grade_below(one, upper - lower)) == "supported" for one in spreads)
    verdict = (
        f"the five definitions spread over {quantity_text(spread)} of share, the claimed band is "
        f"{100 * (upper - lower):.0f} points wide; {inside} of {len(onsets)} lie within "
        f"{percent_range(lower, upper)}; in {wide} of {len(spreads)} conditions the spread is "
        "shown to be wider than the band"
    )
    figure, (left, right) = panels(2, ratios=(1.1, 1.0))
    interval_panel(left, onsets, "onset of the reference, % synthetic", claim=True)
    interval_panel(right, spreads, "spread of the definitions, points", names=list(found))
    right.axvline(100 * (upper - lower), color="#7A5B00", linestyle="--", linewidth=1.2)
    right.set_title(
        "dashed: width of the claimed band", loc="right", fontsize=8.5, fontweight="normal"
    )
    right.set_xlim(left=0.0)
    grade = grade_below(spread, upper - lower)
    return lab.finding([*spreads, *onsets], verdict, grade), figure
