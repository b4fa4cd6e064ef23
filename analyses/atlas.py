"""Is there an onset at a synthetic share of 38-42 %, and what happens beyond it?

Claim     Rare-case recall -21 %, mean confidence +13 %, ECE +0.07 beyond an onset at 38-42 %.
Design    Preset `atlas`: 13 shares, each of coverage, tempering, templates and strictness low and
          high beside a reference, a real_only control, 10 replicates; a fixed compute budget.
Estimate  Benchmark share, break and transition of rare recall with whole-replicate bands; effects
          as replicate-paired contrasts between shares of 0-35 % and 45-60 %.
Figure    The report of the run.

    python analyses/atlas.py [--out results/atlas] [--device auto|cpu|cuda]

writes what the README shows: `paper/data/atlas.csv` (means and standard errors by condition and
share), `paper/data/atlas-answer.json` and three figures in `paper/figures`.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import smcollapse

PAPER = Path(__file__).resolve().parents[1] / "paper"
MEASURES = ["rare_recall", "exception_recall", "head_recall", "accuracy"]
MEASURES += ["mean_confidence", "confidence_gap", "ece", "brier", "realised_share"]


def main() -> None:
    """Run what is missing, write the report and the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results/atlas"))
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    options = parser.parse_args()

    study = smcollapse.load_study("atlas")
    result = smcollapse.run_study(study, options.out, device=options.device)
    report = smcollapse.write_report(result.store)
    answer = smcollapse.answer_of(result.store)

    groups = result.store.table().groupby(["variant", "share"], sort=False)[MEASURES]
    means = groups.mean().join(groups.sem().add_suffix("_se"))
    for folder in ("data", "figures"):
        (PAPER / folder).mkdir(parents=True, exist_ok=True)
    means.round(5).to_csv(PAPER / "data" / "atlas.csv", lineterminator="\n")
    text = json.dumps(answer.to_dict(), indent=1, ensure_ascii=False)
    (PAPER / "data" / "atlas-answer.json").write_text(text + "\n", encoding="utf-8")
    for name in ("measures", "knobs"):
        image = report.page.with_name(f"{name}.png")
        shutil.copyfile(image, PAPER / "figures" / f"atlas-{name}.png")
    onsets = smcollapse.onset_report(result.store.folder, "rare_recall")
    written = smcollapse.write_onset(onsets, report.page.parent)
    figure = next(path for path in written if path.suffix == ".png")
    shutil.copyfile(figure, PAPER / "figures" / "onset.png")
    print(answer.text)
    if answer.contrasts is not None:
        print(answer.contrasts.verdict)
    print(f"page: {report.page}")


if __name__ == "__main__":
    main()
