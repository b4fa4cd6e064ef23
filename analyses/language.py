"""Is the collapse strongest where text is templated, polished and low in variation?

Claim      The collapse is strongest where synthetic text has templated phrasing, polished style and
           reduced variation.
Design     Preset `language-small`: nano transformers learn facts told as sentences; phrase
           templates (4 or all 40), polish (1 or 0) and lexical variation (none or that of real
           text) are crossed in full with the share, beside a source that is told by phrasings of
           its own and the real_only control. Rare facts are asked in real phrasing and once more
           in the source's. With --preset language the same at full size.
Falsifier  A knob whose claimed setting is shown to lessen the loss of rare recall.
Estimate   Main effects and interactions on the changes of rare recall,
           confidence and ECE, corrected for all at once (Romano-Wolf); shifts of the onset, for
           questions of either kind; count theory against the transformers, by share.
Figure     The report of the run.

    python analyses/language.py [--preset language-small] [--out results] [--device auto|cpu|cuda]

writes the findings language, language_style, language_phrasing and language_theory, a table and a
figure. What is in the results folder is not trained again.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import smcollapse
from smcollapse.inference import Effect, curves, effect, net_effect
from smcollapse.questions.claim import published_claim
from smcollapse.questions.conditions import ConditionRows, conditions_of
from smcollapse.questions.factorial import WORDS, FactorEffect, Factorial, factorial_of
from smcollapse.questions.ledgers.findings import Finding, Quantity, write_finding
from smcollapse.questions.ledgers.scripts import stamped
from smcollapse.questions.run_findings import (
    NAMES,
    claim_finding,
    exact,
    grade_of,
    is_above,
    is_below,
    quantity_of,
)

PAPER = Path(__file__).resolve().parents[1] / "paper"
MEASURES = ["rare_recall", "template_recall", "exception_recall", "head_recall", "accuracy"]
MEASURES += ["mean_confidence", "ece", "perplexity", "distinct_1", "distinct_2", "template_rate"]
OWN = "own phrasing"
LARGEST = 0.6
SWEEP = "rare recall over the whole sweep"


def main() -> None:
    """Run what is missing; write findings, table and figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="language-small")
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--workers", type=int, default=None)
    options = parser.parse_args()
    study = smcollapse.load_study(options.preset)
    store = smcollapse.run_study(
        study, options.out / study.name, device=options.device, workers=options.workers
    ).store
    report = smcollapse.write_report(store)
    for folder in ("data", "figures"):
        (PAPER / folder).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(report.page.with_name("text.png"), PAPER / "figures" / "language-text.png")
    knobs = [path for path in study.varied().values() if path != "share"]
    groups = store.table().groupby(["variant", *knobs, "share"], sort=False, dropna=False)
    means = groups[MEASURES].mean().join(groups[MEASURES].sem().add_suffix("_se"))
    means.round(5).to_csv(PAPER / "data" / "language.csv", lineterminator="\n")
    conditions = list(conditions_of(store, store.table(complete=True)))
    crossed = factorial_of(study, conditions)
    if crossed is None:
        raise SystemExit("the knobs of this study are not crossed in full, in 3 replicates or more")
    for finding in (
        claim_finding("language", smcollapse.answer_of(store), store, "toy training"),
        style_finding(store, crossed),
        phrasing_finding(store, conditions),
        theory_finding(store),
    ):
        place = write_finding(stamped(finding, Path(__file__)), PAPER / "data" / "findings")
        print(f"{place.name}: {finding.grade}: {finding.verdict}")


def style_finding(store: smcollapse.Store, found: Factorial) -> Finding:
    """What each knob of style does, against the sentence "strongest where"."""
    quantities = [quantity for row in found.rows for quantity in _of_row(row, found)]
    single = [row.term for row in found.rows if row.versus]
    asked = {f"{term}: {words}" for term in single for words in (NAMES["rare_recall"], SWEEP)}
    decisive = [one for one in quantities if one.term in asked]
    return Finding(
        name="language_style",
        title="Templates, polish and variation, each by itself",
        statement="On questions in real phrasing the loss of rare recall is larger where synthetic "
        "text is templated, polished and low in variation.",
        design=f"{store.count()[0]} transformers; {len(single)} knobs crossed in full, "
        f"{found.n_replicates} replicates; {found.method}, one family for all changes, one for all "
        "shifts of the onset",
        falsifier="A knob whose claimed setting is shown to lessen the loss, between the windows "
        "of the claim or from no synthetic data to the largest share.",
        quantities=(*decisive, *(one for one in quantities if one not in decisive)),
        verdict=found.verdict,
        grade=grade_of(all(map(is_below, decisive)), any(map(is_above, decisive))),
        kind="toy training",
        models=store.count()[0],
    )


def _of_row(row: FactorEffect, found: Factorial) -> list[Quantity]:
    """The changes of all measures by one knob or pair, and its shifts of the onset."""
    quantities = []
    for measure, change in row.changes.items():
        ends = (change.interval.lower, change.interval.upper)
        term = f"{row.term}: {NAMES.get(measure, SWEEP)}"
        quantities.append(Quantity(term, change.estimate, *ends, "points", found.level, row.versus))
    for recall, shift in row.shifts.items():
        note = f"{shift.bound}: one half does not reach the loss" if shift.bound else ""
        term = f"{row.term}: shift of the onset, {WORDS[recall]}"
        ends = (shift.lower, shift.upper)
        quantities.append(Quantity(term, shift.shift, *ends, "points", found.level, note))
    return quantities


def phrasing_finding(store: smcollapse.Store, conditions: list[ConditionRows]) -> Finding:
    """Is the collapse confined to questions phrased like the source, and does style protect?"""
    reference = conditions[0]
    own = next(one for one in conditions if one.label == OWN)
    confined = _difference(reference, "template_recall", reference, "rare_recall")
    protects = _difference(own, "rare_recall", reference, "rare_recall")
    quantities = (
        quantity_of(confined.points, "points", "asked in the source's phrasing less in real"),
        quantity_of(protects.points, "points", "own phrasing less shared: rare recall"),
        quantity_of(_effect(reference, "rare_recall").points, "points", "asked in real phrasing"),
        quantity_of(
            _effect(reference, "template_recall").points, "points", "asked in the source's phrasing"
        ),
        *(
            quantity_of(
                _effect(reference, measure, ((0.0, 0.0), (LARGEST, LARGEST))).points,
                "points",
                f"asked in {how} phrasing, from no synthetic data to the largest share",
            )
            for measure, how in (("rare_recall", "real"), ("template_recall", "the source's"))
        ),
        quantity_of(_effect(own, "rare_recall").points, "points", "own phrasing, real questions"),
        quantity_of(
            _effect(own, "template_recall").points, "points", "own phrasing, the source's questions"
        ),
    )
    first, second = quantities[0], quantities[1]
    value = [100.0 * (one.value or 0.0) for one in quantities]
    return Finding(
        name="language_phrasing",
        title="Questions phrased like the source, and a source that is told by its style",
        statement="The loss of rare recall is larger for questions in the source's phrasing, and a "
        "source with phrasings of its own costs less on real questions.",
        design=f"the reference and “{OWN}”, {reference.rows['replicate'].nunique()} replicates; "
        "changes between the windows of shares of the claim, paired by replicate",
        falsifier="A loss shown to be smaller in the source's phrasing, or larger with phrasings "
        "of its own.",
        quantities=quantities,
        verdict=f"rare recall changes by {value[2]:+.1f} points in real phrasing and "
        f"{value[3]:+.1f} in the source's, from no synthetic data to the largest share by "
        f"{value[4]:+.1f} and {value[5]:+.1f}; with phrasings of its own real questions lose "
        f"{-value[6]:.1f}",
        grade=grade_of(is_below(first) and is_above(second), is_above(first) or is_below(second)),
        kind="toy training",
        models=store.count()[0],
    )


def _effect(
    one: ConditionRows,
    measure: str,
    windows: tuple[tuple[float, float], tuple[float, float]] | None = None,
) -> Effect:
    claim = published_claim()
    found = curves(one.rows, measure, replication=one.replication)
    return effect(found, *(windows or (claim.before, claim.after)))


def _difference(one: ConditionRows, measure: str, other: ConditionRows, theirs: str) -> Effect:
    """Change of a measure in one condition less that of another measure or condition."""
    claim = published_claim()
    return net_effect(
        curves(one.rows, measure, replication=one.replication),
        curves(other.rows, theirs, replication=other.replication),
        claim.before,
        claim.after,
    )


def theory_finding(store: smcollapse.Store) -> Finding:
    """Count theory against the transformers, tolerances stated before."""
    compared = smcollapse.validate_store(store, "counts")
    verdict = compared.verdicts[0]
    quantities = [
        exact(f"{NAMES[one.measure]}: {name}", value, "points")
        for one in compared.summaries
        if one.measure in NAMES
        for name, value in (
            ("median error", one.median_error),
            ("95th percentile of the error", one.p95_error),
            ("largest error", one.largest_error),
        )
    ]
    recalls = compared.points[compared.points["measure"] == "rare_recall"]
    errors = (recalls["trained"] - recalls["predicted"]).groupby(recalls["share"])
    quantities += [
        exact(f"rare recall at share {share:g}: {name}", float(value), "points")
        for share in sorted(recalls["share"].unique())
        for name, value in (
            ("mean error", errors.mean()[share]),
            ("median error", errors.apply(lambda one: one.abs().median())[share]),
        )
    ]
    return Finding(
        name="language_theory",
        title="Count theory against transformers",
        statement="Count theory predicts what small transformers show on sentences.",
        design="every condition and share of the study, the same exceptions, replicates' means",
        falsifier="An error beyond a tolerance of `validate`.",
        quantities=tuple(quantities),
        verdict=verdict.text,
        grade=grade_of(verdict.holds, not verdict.holds),
        kind="toy training",
        models=store.count()[0],
    )


if __name__ == "__main__":
    main()
