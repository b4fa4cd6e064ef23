"""Percentage points or relative per cent?

Claim: How the published −21 % and +13 % are read does not matter: as points and as relative changes
they get the same verdict.

Design: Worlds whose levels before the onset run from near 1 to about one half: facts near the
preset claim with real label noise of 0, 10, 30 and 54 %, facts with a dozen rows a context, and
clusters; changes of rare recall and of mean confidence from shares of 0-35 % to 45-60 %, both
readings tested for equality with the claim within ±3 points (two one-sided tests) and for
difference from it, at 5 % for all cases together (Bonferroni).

Falsifier: A world in which one reading is shown to equal the claim and the other to differ from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smcollapse.questions.claim import published_claim
from smcollapse.questions.conditions import ConditionRows
from smcollapse.questions.ledgers.findings import Finding, Grade
from smcollapse.questions.limitations.estimates import exact
from smcollapse.questions.limitations.limits import Lab, conditions_by_label, curves_in
from smcollapse.questions.limitations.readings import reading_of
from smcollapse.questions.limitations.studies import BUDGETS, NOISES, budgets, clusters, noises
from smcollapse.report.claims import quantity_text
from smcollapse.report.limitation_figures import readings_figure
from smcollapse.report.wording import measure_name, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORDER = 80
LAYERS = ("worlds", "training", "measures", "inference")
MARGIN = 0.03
LEVEL = 1 - 0.05 / 12
"""Of the tests in each of twelve cases, 95 % together (Bonferroni)."""


def worlds(lab: Lab) -> dict[str, ConditionRows]:
    """The worlds by name."""
    noisy = conditions_by_label(noises(lab))
    found = {f"noise {percent(noise, 0)}": noisy[f"noise {noise}"] for noise in NOISES}
    found[f"{BUDGETS[0]} rows"] = conditions_by_label(budgets(lab))[f"budget {BUDGETS[0]}"]
    return {**found, "clusters": conditions_by_label(clusters(lab))["reference"]}


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """Both readings of both claims in every world."""
    claims = [one for one in published_claim().effects if len(one.readings) > 1]
    cases = [
        reading_of(world, curves_in(rows, claimed.measure), claimed, MARGIN, LEVEL)
        for claimed in claims
        for world, rows in worlds(lab).items()
    ]
    opposite = [one for one in cases if one.verdicts == {"equal", "differs"}]
    alike = sum(one.verdicts in ({"equal"}, {"differs"}) for one in cases)
    ordered = sorted(cases, key=lambda one: (one not in opposite, -abs(one.gap.value or 0.0)))
    gaps = [one.gap for one in ordered]
    largest = max(gaps, key=lambda gap: abs(gap.value or 0.0))
    words = "; ".join(
        f"{measure_name(one.measure)}, {one.world}, level {percent(one.level, 0)}: "
        f"{' but '.join(map(quantity_text, one.numbers))}"
        for one in opposite
    )
    verdict = (
        f"in {len(opposite)} of {len(cases)} cases one reading is shown to equal the claim within "
        f"±{100 * MARGIN:.0f} points and the other to differ{f' ({words})' if words else ''}, in "
        f"{alike} both get the same verdict; the readings lie up to {quantity_text(largest)} apart"
    )
    grade: Grade = "contradicted" if opposite else "not shown"
    if alike == len(cases):
        grade = "supported"
    levels = [
        exact(f"{measure_name(one.measure)}, {one.world}: level before", one.level, "rate")
        for one in cases
    ]
    counted = [exact("cases with opposite verdicts", len(opposite)), exact("cases", len(cases))]
    figure = readings_figure(cases, claims, MARGIN)
    numbers = [number for one in cases for number in one.numbers]
    return lab.finding([*gaps, *counted, *numbers, *levels], verdict, grade), figure
