"""How many different worlds have the published numbers?

Claim: The published numbers do not single out a world: worlds that meet all of them differ, and
disagree about an onset that was not fitted.

Design: Count theory searched for worlds that meet the published onset, recall, confidence and ECE
(percentages as relative); of those that do, evenly taken, the onset with four times the data and
the centre of the transition. Their standard deviations are compared with that of a share that
lies anywhere within the claimed band; no training.

Falsifier: Standard deviations of both onsets that are shown to be below that of the band: the
worlds agree where nothing was fitted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from smcollapse.questions.calibration.calibrate import Calibration, calibrate
from smcollapse.questions.calibration.space import SHARES
from smcollapse.questions.claim import published_claim
from smcollapse.questions.ledgers.findings import Finding
from smcollapse.questions.limitations.estimates import any_of, exact, grade_above
from smcollapse.questions.limitations.limits import Lab
from smcollapse.questions.limitations.worlds import (
    RESPONSE,
    band_spread,
    benchmark_on,
    packed,
    spread_of,
    transition_on,
)
from smcollapse.report.claims import quantity_text
from smcollapse.report.limitation_figures import panels
from smcollapse.report.limitation_panels import spread_panel, width_panel
from smcollapse.study import replaced
from smcollapse.theories import CATALOG

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORDER = 170
WORLDS = 40
APART = 0.25
QUICK = {
    "world.n_contexts": 300,
    "mixture.budget": 40_000,
    "world.n_answers": 20,
    "world.zipf_exponent": 0.8,
    "source.coverage": 1.0,
    "source.contamination": 0.05,
    "source.detectability": 0.0,
    "filter.strictness": 0.0,
}
"""What a quick search does not vary."""


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """The set of worlds that fit, and what it says where nothing was fitted."""
    lab.say("searching worlds")
    points, fixed = (200, QUICK) if lab.quick else (800, {})
    (found,) = calibrate(readings=("relative",), points=points, fix=fixed, workers=lab.workers)
    number = exact("worlds found that meet all four numbers", found.n_inside)
    if found.n_inside < 3:
        figure, (only,) = panels(1, width=5.0)
        width_panel(only, [knob.path for knob in found.box.knobs], found.closest.places)
        return lab.finding([number], found.text, "not shown", "theory only"), figure
    differing = exact(
        f"of these, worlds of which any two are {100 * APART:g} % of a setting's range apart",
        packed(found.inside.places, APART),
    )
    fitted, more, centres = _onsets(found)
    spreads = [
        spread_of(f"{name}: standard deviation between worlds", values, "share")
        for name, values in (("onset with four times the data", more), ("centre", centres))
    ]
    own = spread_of("onset that was fitted: standard deviation between worlds", fitted, "share")
    grade = any_of([grade_above(one, band_spread()) for one in spreads])
    verdict = (
        f"{found.n_inside} worlds of the search meet all four published numbers, of which "
        f"{differing.value:g} are a quarter of a setting's range from each other; with four times "
        f"the data their onsets run from {100 * min(more):.1f} to {100 * max(more):.1f} % "
        f"(standard deviation {quantity_text(spreads[0])}, that of the claimed band "
        f"{100 * band_spread():.1f} %), the centres of their transitions from "
        f"{100 * min(centres):.1f} to {100 * max(centres):.1f} %"
    )
    figure, (left, right) = panels(2, ratios=(1.3, 1.0))
    width_panel(left, [knob.path for knob in found.box.knobs], found.inside.places)
    columns = {"fitted onset": fitted, "four times\nthe data": more, "transition\ncentre": centres}
    spread_panel(right, columns, published_claim().onset)
    notes = [
        "the set reaches at least as far as it was searched: spreads are lower bounds",
        f"count theory has doubts about {100 * (1 - found.undoubted):.0f} % of these worlds",
        *([f"not varied in a quick search: {', '.join(QUICK)}"] if lab.quick else []),
    ]
    quantities = [
        *spreads,
        own,
        number,
        differing,
        exact("band: standard deviation", band_spread(), "share"),
    ]
    return lab.finding(quantities, verdict, grade, "theory only", notes=notes), figure


def _onsets(found: Calibration) -> tuple[list[float], list[float], list[float]]:
    """By world: the fitted onset, the onset with four times the data, the transition's centre.

    An onset that is not reached counts with the largest share.
    """
    theory, shares = CATALOG[found.theory], np.array(SHARES)
    rows = np.unique(np.linspace(0, len(found.inside) - 1, WORLDS).astype(int))
    fitted, more, centres = [], [], []
    for place in found.inside.places[rows]:
        scenario = found.box.scenario(place)
        larger = scenario.model_validate(
            replaced(scenario.describe(), {"mixture.budget": 4 * scenario.mixture.budget})
        )
        here = theory.quick_curve(scenario, shares).measures[RESPONSE]
        there = theory.quick_curve(larger, shares).measures[RESPONSE]
        fitted.append(min(benchmark_on(shares, here), SHARES[-1]))
        more.append(min(benchmark_on(shares, there), SHARES[-1]))
        centres.append(transition_on(shares, here)[0])
    return fitted, more, centres
