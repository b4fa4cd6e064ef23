"""Does it matter how rare "rare" is?

Claim: What counts as rare does not matter: between contexts of 5 and of 50 % of all mass, called
rare, the onset moves by less than the width of the claimed band.

Design: Facts world of atlas-small with the rare contexts holding 5, 10, 30 and 50 % of the mass and
the same part of them exceptions; benchmark share (10 % of rare recall lost), shift paired by
replicate; count theory beside it, there over twenty draws of the exceptions too.

Falsifier: A shift between the rarest and the least rare shown to be larger in size than the width
of the claimed band.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smcollapse.inference import effect
from smcollapse.questions.claim import published_claim
from smcollapse.questions.ledgers.findings import Finding
from smcollapse.questions.limitations.estimates import (
    exact,
    grade_inside,
    onset_quantity,
    onset_shift,
    quantity_of,
)
from smcollapse.questions.limitations.limits import Lab, conditions_by_label, curves_in
from smcollapse.questions.limitations.studies import QUICK_SHARES, WORLD
from smcollapse.questions.limitations.theory import scatter_over_worlds
from smcollapse.questions.predict import predict_study
from smcollapse.report.claims import quantity_text
from smcollapse.report.limitation_figures import against_panel, panels
from smcollapse.study_file import parse_study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORDER = 50
MASSES = (0.05, 0.1, 0.3, 0.5)
WORLDS = 20
STUDY = f"""
name = "how-rare"
title = "Rare contexts that hold 5 to 50 % of the mass"
{WORLD}
mixture.share = [0.0, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6]
world.rare_mass = {list(MASSES)}
"""


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """Benchmark share and loss by the mass of what is called rare."""
    study = parse_study(STUDY, "how-rare")
    store = lab.run(study, quick_replicates=4, quick_shares=(0.0, *QUICK_SHARES))
    known, theory = conditions_by_label(store), predict_study(store.study, "counts")
    windows = (published_claim().before, published_claim().after)
    onsets, losses, predicted, scatter = [], [], [], []
    tables = [curves_in(known[f"rare_mass {mass}"], "rare_recall") for mass in MASSES]
    for mass, one in zip(MASSES, tables, strict=True):
        onsets.append(onset_quantity(one, f"onset, rare mass {mass:g}"))
        losses.append(
            quantity_of(
                effect(one, *windows).points, "points", f"change of rare recall, rare mass {mass:g}"
            )
        )
        said = next(p for p in theory.found if p.label == f"rare_mass {mass}")
        predicted.append(said.onsets.benchmark_share)
        others = scatter_over_worlds(said.condition.scenario, one.shares, WORLDS)
        scatter.append(
            exact(f"s.d. of the onset over draws of exceptions, rare mass {mass:g}", others)
        )
    shift = onset_shift(
        f"shift of the onset, rare mass {MASSES[0]:g} to {MASSES[-1]:g}", tables[-1], tables[0]
    )
    lower, upper = published_claim().onset
    width = upper - lower
    verdict = (
        f"from a rare mass of {MASSES[0]:g} to {MASSES[-1]:g} the onset moves by "
        f"{quantity_text(shift)} of share, from {quantity_text(onsets[0])} to "
        f"{quantity_text(onsets[-1])}, and the change of rare recall from "
        f"{quantity_text(losses[0])} to {quantity_text(losses[-1])}"
    )
    figure, (left, right) = panels(2)
    label = "mass of the contexts called rare, %"
    places = [100 * mass for mass in MASSES]
    words = (label, "onset (10 % lost), % synthetic")
    guess = {"trained": predicted}
    against_panel(left, places, {"trained": onsets}, *words, predicted=guess, claim=True)
    against_panel(
        right, places, {"rare recall": losses}, label, "change of rare recall, points", legend=""
    )
    notes = (
        f"the exceptions of each world are one draw; over {WORLDS} draws count theory's onset "
        "varies by the standard deviations listed",
        *theory.notes,
    )
    grade = grade_inside(shift, -width, width)
    quantities = [shift, *onsets, *losses, *scatter]
    return lab.finding(quantities, verdict, grade, notes=notes), figure
