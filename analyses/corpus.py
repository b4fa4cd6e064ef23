"""On real prose with really generated text: does rare-token recall break, decline or hold?

Claim      Beyond a synthetic share of 38-42 % rare-case recall falls by 21 %, mean confidence rises
           by 13 %, ECE by 0.07.
Design     Preset `corpus-small`: documentation of Python as byte pairs, split anew in each
           replicate; a transformer trained on the real training part generates the synthetic text,
           once a replicate; transformers learn the next token from a fixed number of tokens of
           both, and the real_only control from the real part of it. With --preset corpus the same
           at full size.
Falsifier  An interval that holds nothing that rounds to the published number.
Estimate   Benchmark share, break and transition of the recall of rare cases, effects between the
           windows of the claim, net of removal; all with the correction for re-splits of one text.
Figure     The report of the run.

    python analyses/corpus.py [--preset corpus-small] [--out results] [--device auto|cpu|cuda]

writes the finding corpus, a table and two figures. What is in the results folder is not trained
again.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

import smcollapse
from smcollapse.questions.code_version import code_of
from smcollapse.questions.findings import write_finding
from smcollapse.questions.run_findings import claim_finding, exact

PAPER = Path(__file__).resolve().parents[1] / "paper"
CODE = code_of(Path(__file__))
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
    for name in ("measures", "text"):
        image = report.page.with_name(f"{name}.png")
        shutil.copyfile(image, PAPER / "figures" / f"corpus-{name}.png")
    table = store.table()
    groups = table.groupby(["variant", "share"], sort=False)
    means = groups[MEASURES].mean().join(groups[MEASURES].sem().add_suffix("_se"))
    means.round(5).to_csv(PAPER / "data" / "corpus.csv", lineterminator="\n")
    finding = claim_finding("corpus", smcollapse.answer_of(store), store, "real data", CODE)
    first = table[(table["variant"] == "reference") & (table["share"] == table["share"].min())]
    learned = exact(
        "rare recall without synthetic data", float(first["rare_recall"].mean()), "rate"
    )
    finding = replace(finding, quantities=(*finding.quantities, learned))
    place = write_finding(finding, PAPER / "data" / "findings")
    print(f"{place.name}: {finding.grade}: {finding.verdict}")


if __name__ == "__main__":
    main()
