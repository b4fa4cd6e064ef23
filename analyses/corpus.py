"""On real prose with really generated text: does rare-token recall break, decline or hold?

Claim      Beyond a synthetic share of 38-42 % rare-case recall falls by 21 %, mean confidence rises
           by 13 %, ECE by 0.07.
Design     Preset `corpus-small`: documentation of Python as byte pairs, split anew in each
           replicate; a transformer trained on the real training part generates the synthetic text,
           once a replicate; transformers learn the next token from a fixed number of tokens of
           both, and the real_only control from the real part of it. The same with text that is
           sampled freely instead of cautiously. With --preset corpus all of it at full size.
Falsifier  An interval that holds nothing that rounds to the published number.
Estimate   Benchmark share, break and transition of the recall of rare cases, effects between the
           windows of the claim, net of removal; all with the correction for re-splits of one text.
Figure     The report of the run.

    python analyses/corpus.py [--preset corpus-small] [--out results] [--device auto|cpu|cuda]

writes the findings corpus and corpus_generation, a table and a figure. What is in the results
folder is not trained again.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

import smcollapse
from smcollapse.inference import curves, effect, net_effect
from smcollapse.questions.claim import published_claim
from smcollapse.questions.conditions import conditions_of
from smcollapse.questions.ledgers.findings import Finding, write_finding
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
from smcollapse.scenario import Scenario

PAPER = Path(__file__).resolve().parents[1] / "paper"
LAYERS = ("worlds", "training", "measures", "inference")
MEASURES = ["rare_recall", "head_recall", "accuracy", "mean_confidence", "ece", "perplexity"]
MEASURES += ["distinct_1", "distinct_2"]


def main() -> None:
    """Run what is missing; write finding, table and figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="corpus-small")
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
    shutil.copyfile(
        report.page.with_name("measures.png"), PAPER / "figures" / "corpus-measures.png"
    )
    table = store.table()
    varied = [column for column in study.varied().values() if column != "share"]
    groups = table.groupby(["variant", *varied, "share"], sort=False, dropna=False)
    means = groups[MEASURES].mean().join(groups[MEASURES].sem().add_suffix("_se"))
    means.round(5).to_csv(PAPER / "data" / "corpus.csv", lineterminator="\n")
    finding = claim_finding("corpus", smcollapse.answer_of(store), store, "real data")
    first = table[(table["variant"] == "reference") & (table["share"] == table["share"].min())]
    learned = exact(
        "rare recall without synthetic data", float(first["rare_recall"].mean()), "rate"
    )
    finding = replace(finding, quantities=(*finding.quantities, learned))
    shares = tuple(axis for axis in study.axes if axis.path == "mixture.share")
    freely = study.model_copy(update={"name": f"{study.name}-free", "variants": (), "axes": shares})
    freely = freely.model_copy(update={"scenario": freer(study.scenario)})
    free = smcollapse.run_study(
        freely, options.out / freely.name, device=options.device, workers=options.workers
    ).store
    for one in (finding, generation_finding(store, free)):
        place = write_finding(stamped(one, Path(__file__)), PAPER / "data" / "findings")
        print(f"{place.name}: {one.grade}: {one.verdict}")


def freer(scenario: Scenario) -> Scenario:
    """The same with text that is sampled as the generator has it, none of it selected."""
    said = scenario.describe()
    said["source"] |= {"temperature": 1.0, "best_of": 1}
    return Scenario.model_validate(said)


def generation_finding(cautious: smcollapse.Store, free: smcollapse.Store) -> Finding:
    """What a low temperature and a choice among several texts do, against free generation."""
    claim = published_claim()
    one, other = (
        next(conditions_of(store, store.table(complete=True))) for store in (cautious, free)
    )
    quantities = []
    for measure in ("mean_confidence", "ece", "rare_recall"):
        first, second = (
            curves(found.rows, measure, replication=found.replication) for found in (one, other)
        )
        both = net_effect(first, second, claim.before, claim.after)
        alone = effect(second, claim.before, claim.after)
        name = NAMES[measure]
        quantities += [
            quantity_of(both.points, "points", f"{name}, cautious less free"),
            quantity_of(alone.points, "points", f"{name}, free"),
        ]
    decisive = (quantities[0], quantities[2])
    sizes = [100.0 * (quantity.value or 0.0) for quantity in quantities]
    return Finding(
        name="corpus_generation",
        title="Cautious against free generation on real prose",
        statement="Text that is generated with a low temperature and chosen among several raises "
        "confidence and calibration error; text that is sampled freely does so less.",
        design=f"{cautious.count()[0] + free.count()[0]} transformers on the same splits; changes "
        "between the windows of the claim, paired by replicate, corrected for re-splits",
        falsifier="A change of confidence or ECE shown to be smaller with cautious generation.",
        quantities=tuple(quantities),
        verdict=f"cautious generation changes confidence by {sizes[0]:+.1f} points and ECE by "
        f"{sizes[2]:+.1f} more than free generation, which changes them by {sizes[1]:+.1f} and "
        f"{sizes[3]:+.1f}; rare recall by {sizes[4]:+.1f} more",
        grade=grade_of(all(map(is_above, decisive)), any(map(is_below, decisive))),
        kind="real data",
        models=free.count()[0],
    )


if __name__ == "__main__":
    main()
