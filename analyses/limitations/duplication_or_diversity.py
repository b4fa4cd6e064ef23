"""Duplication is not diversity.

Claim: "Low diversity" names two things that do different things: few templates, each many times,
widen the transition of rare recall, and more than as few contexts without duplicates do.

Design: The reference world with 2000, 500 and 200 distinct synthetic examples, beside sources
without duplicates that cover as many contexts as 500 and 200 examples visit, and flatter
frequencies; centre and width of the logistic of rare recall against the reference and against
each other, paired by replicate; count theory beside them.

Falsifier: A width with 500 templates that is shown to be no larger than that of the reference, or
than without duplicates on as many contexts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smcollapse.inference import Curves
from smcollapse.questions.ledgers.findings import Finding, Quantity
from smcollapse.questions.limitations.estimates import all_of, exact, grade_above, paired
from smcollapse.questions.limitations.limits import Lab, curves_of
from smcollapse.questions.limitations.studies import reference
from smcollapse.questions.limitations.worlds import (
    RESPONSE,
    TEMPLATES,
    coverages,
    last_change,
    reference_scenario,
    temperings,
    templates,
    transition_on,
    visited,
)
from smcollapse.report.claims import quantity_text
from smcollapse.report.limitation_figures import curve_panel, interval_panel, panels
from smcollapse.theories import CATALOG

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORDER = 130
DRAWS = 199
FEW = TEMPLATES[1]


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """Centres and widths with duplicates and without."""
    copies = {f"{n} templates": ("templates", n) for n in TEMPLATES}
    matched = {
        f"no duplicates, as {n} visit": ("coverage", round(visited(n), 2)) for n in (500, 200)
    }
    stores = {"templates": templates(lab), "coverage": coverages(lab), "tempering": temperings(lab)}
    plain = curves_of(reference(lab), "reference", RESPONSE)
    tables = {
        name: curves_of(stores[knob], f"{knob} {value}", RESPONSE)
        for name, (knob, value) in {**copies, **matched}.items()
    }
    tables["flatter frequencies"] = curves_of(stores["tempering"], "reference", RESPONSE)
    few, same = tables[f"{FEW} templates"], tables[f"no duplicates, as {FEW} visit"]
    decisive = _compared(f"width, {FEW} templates less no duplicates", few, same, 1)
    widths = [_compared(f"width: {name}", one, plain, 1) for name, one in tables.items()]
    few_wider = widths[list(tables).index(f"{FEW} templates")]
    centres = [_compared(f"centre: {name}", one, plain, 0) for name, one in tables.items()]
    place = _compared(f"centre, {FEW} templates less no duplicates", few, same, 0)
    loss = paired(
        f"loss to a share of 60 %, {FEW} templates less no duplicates",
        [few, same],
        lambda one, other: last_change(one) - last_change(other),
        "points",
    )
    predicted = []
    for name, (knob, value) in {**copies, **matched}.items():
        scenario = reference_scenario({f"source.{knob}": value})
        mean = CATALOG["counts"].curve(scenario, plain.shares).measures[RESPONSE]
        centre, width = transition_on(plain.shares, mean)
        predicted.append(exact(f"count theory, {name}: centre", centre, "share"))
        predicted.append(exact(f"count theory, {name}: width", width, "share"))
    verdict = (
        f"with {FEW} templates the transition of rare recall is {quantity_text(decisive)} of share "
        f"wider than with as many contexts and no duplicates, its centre differs by "
        f"{quantity_text(place)}; against the reference the width changes by "
        f"{quantity_text(widths[1])} and the centre by {quantity_text(centres[1])}"
    )
    figure, (left, middle, right) = panels(3, width=11.0, ratios=(1.6, 1.0, 1.0))
    shown = {"reference": plain, f"{FEW} templates": few, f"no duplicates, as {FEW} visit": same}
    shown["flatter frequencies"] = tables["flatter frequencies"]
    curve_panel(left, shown, "rare recall", legend="lower left")
    interval_panel(
        middle, widths, "width, change in points of share", names=list(tables), zero=True
    )
    interval_panel(right, centres, "centre, change in points of share", names=[""] * 6, zero=True)
    quantities = [decisive, place, loss, *widths, *centres, *predicted]
    grade = all_of([grade_above(decisive, 0.0), grade_above(few_wider, 0.0)])
    return lab.finding(quantities, verdict, grade), figure


def _compared(term: str, one: Curves, other: Curves, number: int) -> Quantity:
    """Difference of centres (0) or widths (1) of two conditions."""

    def functional(first, second):
        return (
            transition_on(one.shares, first)[number] - transition_on(other.shares, second)[number]
        )

    return paired(term, [one, other], functional, "points", draws=DRAWS)
