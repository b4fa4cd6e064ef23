"""What do the runs conclude, in numbers with intervals, as findings that claims and paper cite?

Claim     Beyond an onset at 38-42 % rare-case recall falls by 21 %, confidence rises by 13 %, ECE
          by 0.07; strongest where synthetic data are templated, polished, of low variation.
Design    Presets `atlas` (13 shares, 10 conditions, 10 replicates) and `digits` (re-splits of
          images); polish 0, ½ and 1 at two levels of real label noise, 10 shares, 8 replicates.
Estimate  Onsets and window contrasts of `answer_of`; conditions against the reference, corrected
          for their number, also at the largest share; theory against training by `validate_store`;
          the width of count theory's transition at five budgets.
Figure    None: tables that the paper draws from.

    python analyses/headline.py [--out results] [--workers N]

writes `paper/data/findings/NAME.json` for atlas, atlas_shape, atlas_conditions, atlas_theory,
digits, polish and transition_width. What is in the results folder already is not trained again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

import smcollapse
from smcollapse.inference import Effect, curves, net_effect
from smcollapse.questions.answer import Answer
from smcollapse.questions.claim import published_claim
from smcollapse.questions.conditions import ConditionRows, conditions_of
from smcollapse.questions.ledgers.findings import Finding, Quantity, write_finding
from smcollapse.questions.ledgers.scripts import stamped
from smcollapse.questions.measures import EFFECT_MEASURES
from smcollapse.questions.run_findings import (
    DRAWN,
    NAMES,
    Columns,
    claim_finding,
    columns_of,
    exact,
    grade_of,
    is_above,
    is_below,
    mean_curves,
    quantity_of,
)
from smcollapse.questions.validation.verdict import TOLERANCES
from smcollapse.report.wording import percent, percent_range

PAPER = Path(__file__).resolve().parents[1] / "paper" / "data"
BUDGETS = (10_000, 20_000, 40_000, 80_000, 160_000)
LEAST_DIVERSE = ("coverage low", "templates low")

POLISH = """
name = "polish"
title = "Polished and messy synthetic labels beside more and less messy real ones"
seed = 1
replicates = 8
scenario.world = { kind = "facts", n_contexts = 200 }
scenario.mixture.budget = 20000

[axes]
mixture.share = [0.0, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6]
source.polish = [0.0, 0.5, 1.0]
world.noise = [0.1, 0.3]
"""


def main() -> None:
    """Run what is missing, write one file a finding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--workers", type=int, default=None)
    options = parser.parse_args()

    def store(study: smcollapse.Study) -> smcollapse.Store:
        folder = options.out / study.name
        return smcollapse.run_study(study, folder, device="cpu", workers=options.workers).store

    atlas, digits = (store(smcollapse.load_study(name)) for name in ("atlas", "digits"))
    polish = store(smcollapse.parse_study(POLISH, "polish"))
    answer = smcollapse.answer_of(atlas)
    for finding in (
        claim_finding("atlas", answer, atlas, "toy training"),
        shape_finding(answer),
        conditions_finding(answer, atlas),
        theory_finding(atlas),
        claim_finding("digits", smcollapse.answer_of(digits), digits, "real data"),
        polish_finding(polish),
        width_finding(),
    ):
        place = write_finding(stamped(finding, Path(__file__)), PAPER / "findings")
        print(f"{place}: {finding.grade}: {finding.verdict}")


def shape_finding(answer: Answer) -> Finding:
    """Is the loss of rare recall a break or a smooth transition, condition by condition?"""
    reference, total = answer.conditions[0].onset, len(answer.conditions)
    kinds = [condition.onset.verdict_kind for condition in answer.conditions]
    smooth, broken = kinds.count("transition"), kinds.count("break") + kinds.count("two breaks")
    quantities: list[Quantity] = []
    if reference.transition is not None:
        quantities += [quantity_of(one, "share") for one in reference.transition.estimates()]
    if reference.existence is not None:
        quantities.append(exact("p-value of a break", reference.existence.p_value))
    quantities += [
        exact("conditions", total),
        exact("conditions with a smooth transition", smooth),
        exact("conditions with a break or two", broken),
    ]
    listed = "; ".join(f"{one.label}: {one.onset.verdict}" for one in answer.conditions)
    return Finding(
        name="atlas_shape",
        title="Break or smooth transition",
        statement="Rare recall has no break: it falls in a smooth transition.",
        design=f"{total} conditions of the atlas; a break has to beat every smooth rival",
        falsifier="A break at the reference, by the intersection-union test at 5 %.",
        quantities=tuple(quantities),
        verdict=f"{smooth} of {total} conditions are smooth transitions, breaks: {broken}",
        grade=grade_of(
            kinds[0] == "transition" and 2 * smooth > total, kinds[0] in ("break", "two breaks")
        ),
        kind="toy training",
        models=answer.n_models,
        notes=(listed,),
    )


def conditions_finding(answer: Answer, store: smcollapse.Store) -> Finding:
    """What each condition changes against the reference."""
    contrasts = answer.contrasts
    assert contrasts is not None
    conditions = list(conditions_of(store, store.table(complete=True)))
    quantities: list[Quantity] = []
    for row, condition in zip(contrasts.rows, conditions[1:], strict=True):
        if (shift := row.shift) is not None:
            quantities.append(
                Quantity(
                    f"{row.label}: shift of the onset",
                    shift.shift,
                    shift.lower,
                    shift.upper,
                    "points",
                    note=f"{shift.bound}: the loss is not reached" if shift.bound else "",
                )
            )
        for measure, change in row.changes.items():
            term = f"{row.label}: {NAMES[measure]}"
            ends = (change.interval.lower, change.interval.upper)
            quantities.append(Quantity(term, change.estimate, *ends, "points", contrasts.level))
        quantities += _at_the_end(condition, conditions[0])
    found = {quantity.term: quantity for quantity in quantities}
    decisive = [found[f"{label}: rare recall"] for label in LEAST_DIVERSE]
    return Finding(
        name="atlas_conditions",
        title="Diversity and filter, low and high, against the reference",
        statement="The loss of rare recall is larger where synthetic data are less diverse: few "
        "contexts covered, few templates.",
        design=f"{len(contrasts.rows)} conditions against the reference, paired by replicate; "
        f"{contrasts.method}",
        falsifier="A loss that is shown to be smaller with low coverage or few templates.",
        quantities=(*decisive, *(one for one in quantities if one not in decisive)),
        verdict=contrasts.verdict,
        grade=grade_of(
            all(is_below(one) for one in decisive), any(is_above(one) for one in decisive)
        ),
        kind="toy training",
        models=answer.n_models,
        notes=contrasts.notes,
    )


def theory_finding(store: smcollapse.Store) -> Finding:
    """Count theory against training, tolerances stated before."""
    compared = smcollapse.validate_store(store, "counts")
    verdict = compared.verdicts[0]
    quantities = []
    for one in compared.summaries:
        if one.measure in NAMES:
            name = NAMES[one.measure]
            quantities += [
                exact(f"{name}: median error", one.median_error, "points"),
                exact(f"{name}: 95th percentile of the error", one.p95_error, "points"),
                exact(f"{name}: largest error", one.largest_error, "points"),
            ]
    errors = pd.Series(
        [abs(one.error) for one in compared.onsets if one.estimand == "benchmark share"]
    ).dropna()
    quantities += [
        exact("onset: median error", float(errors.median()), "points"),
        exact("onset: largest error", float(errors.max()), "points"),
        exact("points compared", max(one.points for one in compared.summaries)),
    ]
    return Finding(
        name="atlas_theory",
        title="Count theory against training",
        statement="Count theory predicts what training shows, without a fitted parameter.",
        design="every condition and share of the atlas, the same exceptions, ten replicates a mean",
        falsifier=f"An error beyond a tolerance: {TOLERANCES}.",
        quantities=tuple(quantities),
        verdict=verdict.text,
        grade=grade_of(verdict.holds, not verdict.holds),
        kind="toy training",
        models=store.count()[0],
        notes=("errors are absolute, over points; sampling noise of the training is in them",),
        details={"points": _points(compared.points)},
    )


def polish_finding(store: smcollapse.Store) -> Finding:
    """Polished synthetic labels against labels as messy as the real ones."""
    conditions = list(conditions_of(store, store.table(complete=True)))
    claim = published_claim()
    quantities: list[Quantity] = []
    for noise in sorted({one.settings["noise"] for one in conditions}):
        messy, polished = (
            next(
                one
                for one in conditions
                if (one.settings["noise"], one.settings["polish"]) == (noise, polish)
            )
            for polish in (0.0, 1.0)
        )
        for measure in EFFECT_MEASURES:
            effect = _net(polished, messy, measure, claim.before, claim.after)
            term = f"{NAMES[measure]}, noise {percent(noise, 0)}"
            quantities.append(quantity_of(effect.points, "points", term))
    decisive = [one for one in quantities if one.term.startswith("rare recall")]
    listed = ", ".join(f"{100 * (one.value or 0.0):+.1f} points" for one in decisive)
    return Finding(
        name="polish",
        title="Polished against messy synthetic labels",
        statement="The loss of rare recall is larger where synthetic labels are polished.",
        design=f"polish 1 against 0, real label noise 10 and 30 %; {store.count()[0]} models; "
        f"changes from shares of {percent_range(*claim.before)} to {percent_range(*claim.after)}",
        falsifier="A loss that is shown to be smaller with polished labels at either noise.",
        quantities=(*decisive, *(one for one in quantities if one not in decisive)),
        verdict=f"polish changes the loss of rare recall by {listed}",
        grade=grade_of(
            all(is_below(one) for one in decisive), any(is_above(one) for one in decisive)
        ),
        kind="toy training",
        models=store.count()[0],
        details={"curves": mean_curves(store)},
    )


def width_finding() -> Finding:
    """How the width of count theory's transition goes with the number of rows."""
    study = smcollapse.load_study("atlas-small", overrides=(f"mixture.budget={list(BUDGETS)}",))
    study = study.model_copy(update={"variants": ()})
    table = smcollapse.predict_study(study, "counts").onset_table.set_index("condition")
    widths = np.array([table["transition_width"][f"budget {budget}"] for budget in BUDGETS])
    slopes = np.diff(np.log(widths)) / np.diff(np.log(BUDGETS))
    overall = float(np.polyfit(np.log(BUDGETS), np.log(widths), 1)[0])
    ends = (float(slopes.min()), float(slopes.max()))
    inside = [abs(slope + 0.5) <= 0.05 for slope in slopes]
    return Finding(
        name="transition_width",
        title="Width of the transition against the number of rows",
        statement="In count theory the width of the transition of rare recall goes as N^(−1/2).",
        design=f"count theory on the world of atlas-small, N from {BUDGETS[0]} to {BUDGETS[-1]}, "
        "nothing trained; logarithmic slopes between neighbouring budgets",
        falsifier="A slope between neighbouring budgets that lies outside of −0.5 ± 0.05.",
        quantities=(
            Quantity("exponent", overall, *ends, "number", note="range over neighbouring budgets"),
            *(
                exact(f"width at N = {budget}", float(width), "share")
                for budget, width in zip(BUDGETS, widths, strict=True)
            ),
        ),
        verdict=f"the exponent is {overall:.2f}, between neighbouring budgets {ends[0]:.2f} to "
        f"{ends[1]:.2f}".replace("-", "−"),
        grade=grade_of(all(inside), not any(inside)),
        kind="theory only",
    )


def _points(points: pd.DataFrame) -> Columns:
    """Trained and predicted rare recall, confidence and ECE, one value a point."""
    kept = points[points["measure"].isin(DRAWN)]
    columns = ["condition", "measure", "share", "trained", "predicted"]
    return columns_of(kept[columns].round(5))


def _at_the_end(condition: ConditionRows, reference: ConditionRows) -> Iterator[Quantity]:
    """Differences of the loss from no synthetic data to the largest share, and over all shares."""
    shares = sorted(float(share) for share in reference.rows["share"].unique())
    for words, window in (
        ("at the largest share", (shares[-1], shares[-1])),
        ("over all shares", (shares[1], shares[-1])),
    ):
        effect = _net(condition, reference, "rare_recall", (shares[0], shares[0]), window)
        yield quantity_of(effect.points, "points", f"{condition.label}: rare recall {words}")


def _net(
    condition: ConditionRows,
    reference: ConditionRows,
    measure: str,
    before: tuple[float, float],
    after: tuple[float, float],
) -> Effect:
    """Change in one condition less that in another, paired by replicate."""
    first, second = (
        curves(one.rows, measure, replication=one.replication) for one in (condition, reference)
    )
    return net_effect(first, second, before, after)


if __name__ == "__main__":
    main()
