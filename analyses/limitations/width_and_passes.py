"""Does the onset depend on passes and width?

Claim: The onset is a property of the data: passes over them and the width of the network move it by
less than the width of the claimed band.

Design: Facts world of atlas-small with 2.5, 5, 10 and 20 passes at width 64, and with widths of 8,
64 and 256 at 10 passes; benchmark share (10 % of rare recall lost), shifts between the smallest and
the largest value of each, paired by replicate, with intervals of 95 % together (Bonferroni).

Falsifier: A shift by passes or by width shown to be larger in size than the width of the claimed
band.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smcollapse.inference import Curves
from smcollapse.questions.claim import published_claim
from smcollapse.questions.ledgers.findings import Finding
from smcollapse.questions.limitations.estimates import (
    deciding_first,
    grade_inside,
    onset_quantity,
    onset_shift,
)
from smcollapse.questions.limitations.limits import Lab, conditions_by_label, curves_in
from smcollapse.questions.limitations.studies import QUICK_SHARES, WORLD
from smcollapse.report.claims import quantity_text
from smcollapse.report.limitation_figures import against_panel, curve_panel, panels
from smcollapse.study_file import parse_study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORDER = 40
LAYERS = ("worlds", "training", "measures", "inference")
PASSES, WIDTHS = (2.5, 5.0, 10.0, 20.0), (8, 64, 256)
STUDY = f"""
name = "width-and-passes"
title = "Passes over the data and width of the network"
{WORLD}
mixture.share = [0.0, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6]
""" + "".join(
    f'[[variants]]\nname = "{path} {value:g}"\nset = {{ model.{path} = {value} }}\n'
    for path, values in (("passes", PASSES), ("width", WIDTHS))
    for value in values
    if value not in (10.0, 64)
)


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """Benchmark share by passes and by width."""
    study = parse_study(STUDY, "width-and-passes")
    store = lab.run(study, quick_replicates=4, quick_shares=(0.0, *QUICK_SHARES))
    known = {
        label.partition(",")[0]: curves_in(one, "rare_recall")
        for label, one in conditions_by_label(store).items()
    }
    known |= {"passes 10": known["reference"], "width 64": known["reference"]}
    tables: dict[str, dict[float, Curves]] = {
        name: {value: known[f"{name} {value:g}"] for value in values}
        for name, values in (("passes", PASSES), ("width", WIDTHS))
    }
    onsets = {
        name: [onset_quantity(one, f"onset, {name} {value:g}") for value, one in found.items()]
        for name, found in tables.items()
    }
    shifts = []
    for name, found in tables.items():
        first, *_, last = found
        term = f"shift of the onset, {name} {first:g} to {last:g}"
        shifts.append(onset_shift(term, found[last], found[first], level=0.975))
    lower, upper = published_claim().onset
    width = upper - lower
    verdict = "; ".join(
        f"from {found[0].term.removeprefix('onset, ')} to {found[-1].term.removeprefix('onset, ')} "
        f"the onset moves by {quantity_text(shift)} of share, from {quantity_text(found[0])}"
        for shift, found in zip(shifts, onsets.values(), strict=True)
    )
    figure, (left, middle, right) = panels(3, width=11.0, ratios=(1.3, 1.0, 1.0))
    shown = {f"passes {value:g}": one for value, one in tables["passes"].items()}
    curve_panel(left, shown, "rare recall", legend="lower left")
    word = "onset (10 % lost), % synthetic"
    for ax, (name, label), values in (
        (middle, ("passes", "passes over the data"), PASSES),
        (right, ("width", "width of the network"), WIDTHS),
    ):
        against_panel(
            ax, values, {name: onsets[name]}, label, word, log=True, claim=True, legend=""
        )
    right.sharey(middle)
    grades = [grade_inside(shift, -width, width) for shift in shifts]
    shifts, grade = deciding_first(shifts, grades)
    return lab.finding([*shifts, *onsets["passes"], *onsets["width"]], verdict, grade), figure
