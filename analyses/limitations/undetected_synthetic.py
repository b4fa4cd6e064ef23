"""Synthetic rows in the pool that is taken for real.

Claim: A part u of undetected synthetic rows in the "real" pool makes an onset appear earlier than
it is, also where the loss starts at once and takes the baseline along; a claimed share is one of a
pool that nobody has looked into.

Design: Training at true shares t, called by the nominal share p = (t − u)/(1 − u) of a pool with a
part u of synthetic rows, from p = 0; benchmark share of rare recall against the nominal baseline,
u = 10, 20 and 30 %; the reference world, which falls late, and 2000 rows, where the loss starts at
once and takes the baseline along; on common draws of whole replicates.

Falsifier: At u = 20 % and with 2000 rows a nominal onset shown to be no earlier than the true one.
Where the baseline keeps, the nominal onset is (b − u)/(1 − u) by definition, and nothing is tested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smcollapse.inference import Curves
from smcollapse.questions.ledgers.findings import Finding, Quantity
from smcollapse.questions.limitations.estimates import exact, grade_below, paired
from smcollapse.questions.limitations.limits import Lab, curves_of
from smcollapse.questions.limitations.studies import reference
from smcollapse.questions.limitations.worlds import (
    RESPONSE,
    benchmark_on,
    nominal_shares,
    small_budget,
    unseen_part,
)
from smcollapse.report.claims import quantity_text
from smcollapse.report.limitation_figures import against_panel, panels
from smcollapse.report.limitation_panels import relabelled_panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORDER = 140
UNSEEN = (0.0, 0.1, 0.2, 0.3)
DECIDES = UNSEEN.index(0.2)


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """Onsets of relabelled curves beside the formula, in two worlds."""
    late = curves_of(reference(lab), "reference", RESPONSE)
    gradual = curves_of(small_budget(lab), "reference", RESPONSE)
    worlds = {"reference": late, "2000 rows": gradual}
    found = {name: [_nominal(name, one, u) for u in UNSEEN] for name, one in worlds.items()}
    onsets = {name: [row[0] for row in rows] for name, rows in found.items()}
    shifts, misses, baselines = (
        {name: rows[DECIDES][number] for name, rows in found.items()} for number in (1, 2, 3)
    )
    needed = paired(
        "u with which the onset of the reference world would be called 30 %",
        [late],
        lambda mean: unseen_part(benchmark_on(late.shares, mean), 0.3),
        "rate",
    )
    claimed = exact("u with which an onset of 40 % is called 30 %", unseen_part(0.4, 0.3), "rate")
    grade = grade_below(shifts["2000 rows"], 0.0)
    said = "; ".join(
        f"{name}: {quantity_text(onsets[name][DECIDES])} instead of "
        f"{quantity_text(onsets[name][0])}, {quantity_text(misses[name])} from the formula, the "
        f"baseline moved by {quantity_text(baselines[name])}"
        for name in worlds
    )
    verdict = (
        f"with 20 % undetected the onset is called ({said}); an onset of 40 % is called 30 % with "
        f"{quantity_text(claimed)} undetected"
    )
    formula = {
        name: [((rows[0].value or 0.0) - u) / (1.0 - u) for u in UNSEEN]
        for name, rows in onsets.items()
    }
    figure, (left, right) = panels(2, ratios=(1.3, 1.0))
    relabelled_panel(left, gradual, UNSEEN[:3], "rare recall with 2000 rows")
    against_panel(
        right,
        [100 * u for u in UNSEEN],
        onsets,
        "undetected synthetic part u of the real pool, %",
        "nominal benchmark share, %",
        predicted=formula,
        claim=True,
    )
    others = [one for rows in found.values() for row in rows[1:] for one in row[1:]]
    first = ("2000 rows", "reference")
    decisive = [part[name] for part in (shifts, misses, baselines) for name in first]
    rest = [one for one in others if one not in decisive]
    quantities = [*decisive, claimed, needed, *(o for rows in onsets.values() for o in rows), *rest]
    notes = ["undetected rows are taken to come from the source that is studied"]
    return lab.finding(quantities, verdict, grade, notes=notes), figure


def _nominal(name: str, measured: Curves, unseen: float) -> tuple[Quantity, ...]:
    """Nominal onset, its shift, its distance to the formula, the shift of the baseline."""
    shares, words = nominal_shares(measured.shares, unseen), f"{name}, u = {100 * unseen:g} %"

    def true(mean):
        return benchmark_on(measured.shares, mean)

    def called(mean):
        return benchmark_on(shares, mean[-shares.size :])

    return (
        paired(f"{words}: nominal onset", [measured], called, "share"),
        paired(f"{words}: shift", [measured], lambda mean: called(mean) - true(mean), "points"),
        paired(
            f"{words}: less the formula",
            [measured],
            lambda mean: called(mean) - (true(mean) - unseen) / (1.0 - unseen),
            "points",
        ),
        paired(
            f"{words}: baseline",
            [measured],
            lambda mean: mean[-shares.size] - mean[0],
            "points",
        ),
    )
