"""Where each theory stops.

Claim: Each theory says itself where it stops: at shares where it has no doubts it misses trained
rare recall by at most 5 points.

Design: Facts worlds along passes (2, 8, 32), budget (3000, 12000) and label noise (10, 30, 50 %),
and logistic regression on clusters of 24 and 300 dimensions, 4 shares; no theory is fitted.
Largest absolute error of rare recall over all points inside the stated domain of each theory, and
outside of it; whether a point is inside is said by the theory alone.

Falsifier: A largest error inside the stated domain of any of the four theories that is shown to be
above 5 points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from smcollapse.questions.ledgers.findings import Finding
from smcollapse.questions.limitations.domains import held_against, largest_error, worst_point
from smcollapse.questions.limitations.estimates import all_of, exact, grade_below
from smcollapse.questions.limitations.limits import Lab
from smcollapse.questions.limitations.worlds import study_along
from smcollapse.report.claims import quantity_text
from smcollapse.report.limitation_figures import interval_panel, panels
from smcollapse.report.limitation_panels import domain_panel
from smcollapse.report.style import GREY, SERIES
from smcollapse.theories import CATALOG
from smcollapse.theories.memorising import reach, smallest_reach

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORDER = 160
TOLERANCE = 0.05
SHARES = (0.0, 0.2, 0.45, 0.6)
FACTS = {
    "model.passes": (2.0, 8.0, 32.0),
    "mixture.budget": (3000, 12000),
    "world.noise": (0.1, 0.3, 0.5),
}
CLUSTERS = {
    "world.kind": "clusters",
    "world.n_contexts": 10,
    "world.rare_mass": 0.3,
    "world.exception_share": 1.0,
    "source.polish": 0.9,
    "mixture.budget": 1000,
    "model.kind": "logistic",
    "model.ridge": 0.01,
}


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """Errors of four theories inside of their domains and outside."""
    batches = {"model.batch_size": 128}
    facts = lab.run(study_along("training", FACTS, shares=SHARES, settings=batches))
    clusters = study_along(
        "dimensions", {"world.dimension": (24, 300)}, shares=SHARES, settings=CLUSTERS
    )
    stores = dict.fromkeys(("counts", "population", "coverage"), facts)
    stores["proportional"] = lab.run(clusters)
    held = {name: held_against(store, CATALOG[name]) for name, store in stores.items()}
    inside, outside = (
        {
            name: largest_error(f"{name}: largest error {where}", found, inside=within)
            for name, found in held.items()
        }
        for where, within in (("in its domain", True), ("outside", False))
    )
    within = {name: one for name, one in inside.items() if one is not None}
    beyond = {name: one for name, one in outside.items() if one is not None}
    grade = all_of([grade_below(one, TOLERANCE) for one in within.values()])
    worst_first = sorted(within.values(), key=lambda one: -(one.value or 0.0))
    counted = [
        exact(f"{name}: points in its domain", sum(int(one.inside.sum()) for one in found))
        for name, found in held.items()
    ]
    verdict = "largest errors of rare recall in the stated domain and outside: " + "; ".join(
        f"{name} "
        + " and ".join(
            "no point" if one is None else quantity_text(one)
            for one in (inside[name], outside[name])
        )
        for name in held
    )
    notes = [
        f"{name}: worst in its domain at {worst_point(found)}"
        for name, found in held.items()
        if name in within
    ]
    figure, (left, right) = panels(2, width=10.0)
    at = [
        float(np.min(reach(one.scenario, one.trained.shares))) / smallest_reach(one.scenario)
        for one in held["counts"]
    ]
    domain_panel(left, held["counts"], at, TOLERANCE, "reach of training over what counts needs")
    left.set_title("Theory of counts")
    shown = [one for name in held for one in (inside[name], outside[name]) if one is not None]
    colours = [SERIES[0] if "domain" in one.term else SERIES[1] for one in shown]
    names = [one.term.replace(": largest error", "") for one in shown]
    interval_panel(right, shown, "largest error, points", names=names, zero=True, colours=colours)
    right.axvline(100 * TOLERANCE, color=GREY, linewidth=0.9, linestyle=(0, (4, 2)))
    return lab.finding(
        [*worst_first, *beyond.values(), *counted], verdict, grade, notes=notes
    ), figure
