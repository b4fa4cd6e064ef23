"""Does the onset depend on the way of analysis?

Claim: The onset does not hang on the analyst: no choice of estimator, scale, weighting, trimming or
window moves it by more than the width of the claimed band.

Design: Every defensible analysis of the same runs of the reference (facts world of atlas-small), on
common draws of whole replicates; per choice the median change of the onset over pairs of analyses
that differ in it alone, with intervals of 95 % together (Bonferroni).

Falsifier: A choice shown to move the onset by more than the width of the claimed band.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smcollapse.inference.specifications.results import ChoiceDifference
from smcollapse.questions.claim import published_claim
from smcollapse.questions.ledgers.findings import Finding, Quantity
from smcollapse.questions.limitations.estimates import deciding_first, exact, grade_inside
from smcollapse.questions.limitations.limits import Lab, LimitsError
from smcollapse.questions.limitations.studies import reference
from smcollapse.questions.specify import specify_report
from smcollapse.report.claims import quantity_text
from smcollapse.report.specification_figure import specification_figure
from smcollapse.report.specification_words import joint_words, named
from smcollapse.report.wording import percent, percent_range

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORDER = 60


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """The specification curve of the reference."""
    folder, response = reference(lab).folder, ("rare_recall",)
    plain = specify_report(folder, response[0], response, draws=99).found[0].specification.onset
    if plain is None:
        raise LimitsError("no analysis of the reference gives an onset")
    level = 1 - 0.05 / max(1, len(plain.differences))
    report = specify_report(folder, response[0], response, level=level, draws=1999)
    spec = report.found[0].specification
    if spec.onset is None or spec.effect is None or spec.effect.joint is None:
        raise LimitsError("no analysis of the reference gives an onset and an effect")
    lower, upper = published_claim().onset
    width = upper - lower
    choices = sorted(
        (as_quantity(one, level) for one in spec.onset.differences),
        key=lambda one: -abs(one.value or 0.0),
    )
    grades = [grade_inside(one, -width, width) for one in choices]
    ordered, grade = deciding_first(choices, grades)
    quantities = [
        *ordered,
        exact("analyses", len(spec.onset.rows)),
        exact("lowest onset of any analysis", spec.onset.lowest, "share"),
        exact("highest onset of any analysis", spec.onset.highest, "share"),
        exact("part of the analyses within the claimed band", spec.onset.within or 0.0, "rate"),
        exact("part of the analyses in which rare recall falls", spec.effect.below or 0.0, "rate"),
    ]
    verdict = (
        f"{len(spec.onset.rows)} analyses of the same runs put the onset between "
        f"{percent(spec.onset.lowest)} and {percent(spec.onset.highest)}, "
        f"{percent(spec.onset.within or 0.0, 0)} of them within {percent_range(lower, upper)}; "
        f"the largest choice, {choices[0].term}, moves it by {quantity_text(choices[0])} of share; "
        f"that rare recall falls holds in {percent(spec.effect.below or 0.0, 0)} of the analyses "
        f"({joint_words(spec.effect.joint)})"
    )
    figure = specification_figure(report, 0)
    return lab.finding(quantities, verdict, grade, notes=spec.notes), figure


def as_quantity(one: ChoiceDifference, level: float) -> Quantity:
    """What a choice does to the onset, in points of share."""
    term = f"{one.choice}: {named(one.option)} instead of {named(one.against)}"
    if one.interval is None:
        return Quantity(term, one.difference, None, None, "points", level)
    ends = (one.interval.lower, one.interval.upper)
    return Quantity(term, one.difference, *ends, "points", level)
