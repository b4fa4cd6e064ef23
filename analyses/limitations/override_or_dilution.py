"""Override or dilution: two ways to lose the tail.

Claim: Rare cases are lost in two ways that the curve of rare recall does not tell apart: overridden
by a source that covers them with the consensus, and diluted by one that does not cover them; the
real_only control tells which it was.

Design: The reference world with 2000 rows (10 a context, 60 passes); a source that covers
everything with the consensus, one that covers the most frequent 35 % of contexts, one that tells
the truth; changes to a share of 60 % by themselves and net of real_only, paired by replicate;
coverage theory splits the loss beside them.

Falsifier: A loss without coverage that is shown to be absent, a net loss under override that is, a
net change without coverage shown to be beyond ±5 points, or a loss shown with the truth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smcollapse.questions.ledgers.findings import Finding
from smcollapse.questions.limitations.estimates import (
    all_of,
    exact,
    grade_above,
    grade_below,
    grade_inside,
    paired,
)
from smcollapse.questions.limitations.limits import Lab, conditions_by_label, curves_in
from smcollapse.questions.limitations.worlds import (
    RESPONSE,
    WIDE_SHARES,
    last_change,
    small_budget,
)
from smcollapse.report.claims import quantity_text
from smcollapse.report.limitation_figures import curve_panel, interval_panel, panels
from smcollapse.theories import CATALOG
from smcollapse.theories.coverage import losses

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORDER = 120
OVERRIDE, DILUTION, TRUTH = "covered, consensus", "not covered", "covered, truth"


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """Losses of three sources beside the real rows alone."""
    store = small_budget(lab)
    known = conditions_by_label(store)
    known = {OVERRIDE if name == "reference" else name: one for name, one in known.items()}
    tables = {name: curves_in(known[name], RESPONSE) for name in (OVERRIDE, DILUTION, TRUTH)}
    alone = curves_in(known[OVERRIDE], RESPONSE, control=True)
    change = {
        name: paired(f"{name}: change to a share of 60 %", [one], last_change, "points")
        for name, one in tables.items()
    }
    net = {
        name: paired(
            f"{name}: net of removal",
            [one, alone],
            lambda mean, other: last_change(mean) - last_change(other),
            "points",
        )
        for name, one in tables.items()
    }
    grade = all_of(
        [
            grade_below(change[DILUTION], 0.0),
            grade_below(net[OVERRIDE], 0.0),
            grade_inside(net[DILUTION], -0.05, 0.05),
            grade_above(change[TRUTH], -0.02),
        ]
    )
    scenarios = {one.variant: one.scenario for one in store.study.conditions()}
    scenarios[OVERRIDE] = scenarios["reference"]
    predicted = []
    for name in (OVERRIDE, DILUTION):
        lost = losses(scenarios[name], [WIDE_SHARES[-1]])
        for way, part in (("override", lost.override), ("dilution", lost.dilution)):
            predicted.append(exact(f"coverage theory, {name}: {way}", -float(part[0]), "points"))
    verdict = (
        f"at a share of 60 % rare recall changes by {quantity_text(change[OVERRIDE])} where the "
        f"tail is covered with the consensus ({quantity_text(net[OVERRIDE])} net of removal), by "
        f"{quantity_text(change[DILUTION])} where it is not covered "
        f"({quantity_text(net[DILUTION])} net), by {quantity_text(change[TRUTH])} with the truth"
    )
    quantities = [change[DILUTION], *net.values(), change[OVERRIDE], change[TRUTH], *predicted]
    figure, (left, right) = panels(2, ratios=(1.2, 1.0))
    lines = {
        name: (
            WIDE_SHARES,
            CATALOG["counts"].curve(scenarios[name], WIDE_SHARES).measures[RESPONSE],
        )
        for name in tables
    }
    curve_panel(left, {**tables, "real rows alone": alone}, "rare recall", predicted=lines)
    numbers = [*change.values(), *net.values()]
    names = [*tables, *(f"{name},\nnet of removal" for name in tables)]
    interval_panel(right, numbers, "change of rare recall, points", names=names, zero=True)
    return lab.finding(quantities, verdict, grade), figure
