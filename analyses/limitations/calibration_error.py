"""Does the calibration error rise, and what do bins and sample do to it?

Claim: The calibration error rises with the synthetic share, whatever the world and its labels.

Design: Clusters with a nearly unregularised logistic regression, real labels with 0, 10 and 30 %
noise, 2 and 8 rows a dimension (real rows separable, or not), with proportional theory; the facts
world near the preset claim with four noises, with count theory; change of the ECE from shares of
0-35 % to 45-60 %, paired by replicate, with intervals of 95 % together (Bonferroni). What bins and
test sample do to it: the same models of the facts world with 30 % noise under 5 to 100 bins and 200
to 20000 test rows.

Falsifier: A world in which the ECE is shown to fall. The one in which theory predicts the deepest
fall stands first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smcollapse.inference import effect
from smcollapse.questions.claim import published_claim
from smcollapse.questions.ledgers.findings import Finding, Quantity
from smcollapse.questions.limitations.calibration_errors import binned_errors
from smcollapse.questions.limitations.estimates import (
    deciding_first,
    exact,
    grade_above,
    quantity_of,
)
from smcollapse.questions.limitations.limits import Lab, conditions_by_label, curves_in
from smcollapse.questions.limitations.studies import logistic, noises
from smcollapse.questions.planned import condition_curves
from smcollapse.questions.predict import predict_study
from smcollapse.report.claims import quantity_text
from smcollapse.report.limitation_figures import against_panel, interval_panel, panels
from smcollapse.report.wording import number, percent, percent_range

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from smcollapse.store import Store

ORDER = 90
WINDOWS = (published_claim().before, published_claim().after)
LEVEL = 1 - 0.05 / 10
"""Of the interval of each of ten worlds, 95 % together (Bonferroni)."""

ESTIMATORS = ("ece_mass", "ece_debiased", "ece_smooth")
MESSY, SHARES = 0.3, (0.2, 0.5)
"""Label noise and shares of the models that are binned and sampled in several ways."""

SIZES, BINS = (200, 1000, 5000, 20000), (5, 15, 30, 100)


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """Sign of the change by world, and what bins and sample do to the number."""
    stores = {"clusters": (logistic(lab), "proportional"), "facts": (noises(lab), "counts")}
    trained: dict[str, Quantity] = {}
    said: dict[str, float] = {}
    notes: list[str] = []
    for world, (store, theory) in stores.items():
        for label, one in conditions_by_label(store).items():
            name = f"{world}, {label}"
            change = effect(curves_in(one, "ece"), *WINDOWS, level=LEVEL).points
            trained[name] = quantity_of(change, "points", f"{name}: ECE change")
        predictions = predict_study(store.study, theory)
        said |= {f"{world}, {p.label}": p.effects["ece"].points for p in predictions.found}
        notes += predictions.notes
    ordered = sorted(trained, key=lambda name: said[name])
    grades = [grade_above(trained[name], 0.0) for name in ordered]
    agree = sum((said[name] < 0) == ((trained[name].value or 0.0) < 0) for name in ordered)
    (scenario,) = (
        one.scenario
        for one in condition_curves(stores["facts"][0].study)
        if one.settings["noise"] == MESSY
    )
    moved, level = binned_errors(lab, scenario, SHARES, SIZES, BINS)
    (least, *_, most), (low, *_, high) = ascending(moved), ascending(level)
    verdict = (
        f"the ECE is shown to fall in {grades.count('contradicted')} of {len(ordered)} worlds; "
        f"where theory predicts the deepest fall ({number(100 * said[ordered[0]], signed=True)} "
        f"points) it changes by {quantity_text(trained[ordered[0]])}; theory has the "
        f"sign right in {agree} of {len(ordered)}; on the same models "
        f"of one world the change between shares of {percent_range(*SHARES)} runs from "
        f"{quantity_text(least)} ({least.note}) to "
        f"{quantity_text(most)} ({most.note}), and the ECE at {percent(SHARES[0], 0)} from "
        f"{quantity_text(low)} ({low.note}) to {quantity_text(high)} "
        f"({high.note})"
    )
    signs, grade = deciding_first([trained[name] for name in ordered], grades)
    quantities = [
        *signs,
        *(exact(f"{name}: ECE change by theory", said[name], "points") for name in ordered),
        *other_estimators(*(store for store, _ in stores.values())),
        *ascending(level),
        *ascending(moved),
    ]
    figure = drawn({name: (trained[name], said[name]) for name in ordered}, level)
    return lab.finding(quantities, verdict, grade, notes=notes), figure


def ascending(numbers: dict[str, list[Quantity]]) -> list[Quantity]:
    """All of them by value."""
    return sorted((one for row in numbers.values() for one in row), key=lambda one: one.value or 0)


def other_estimators(*stores: Store) -> list[Quantity]:
    """The first condition of each store by the other estimators of a calibration error."""
    return [
        quantity_of(
            effect(curves_in(one, name), *WINDOWS).points,
            "points",
            f"{store.study.name}, {label}: {name} change",
        )
        for store in stores
        for label, one in list(conditions_by_label(store).items())[:1]
        for name in ESTIMATORS
    ]


def drawn(signs: dict[str, tuple[Quantity, float]], level: dict[str, list[Quantity]]) -> Figure:
    """Worlds on the left, bins and test rows on the right."""
    figure, (left, right) = panels(2, width=10.0, ratios=(1.1, 1.0))
    trained, said = zip(*signs.values(), strict=True)
    interval_panel(left, trained, "change of the ECE, points", names=list(signs), zero=True)
    points = [100 * one for one in said]
    left.plot(points, range(len(points)), "x", color="black", label="theory", linestyle="none")
    left.legend(loc="upper right")
    words = f"ECE of the same models at {percent(SHARES[0], 0)}, %"
    against_panel(right, SIZES, level, "test rows", words, log=True)
    return figure
