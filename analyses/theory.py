"""Does a theory without a fitted parameter predict what training shows, condition by condition?

Claim     The synthetic consensus replaces ground truth where it is the local majority.
Design    Preset `atlas`, predicted before training and then trained: 10 conditions, 13 shares, 10
          replicates. No theory has a parameter that training could set.
Estimate  Errors of each theory by measure, of its benchmark share and of its transition centre.
Figure    Predictions; theory through trained points; onset over tempering and strictness.

    python analyses/theory.py [--out results/atlas]

writes `paper/data/theory-predictions.csv`, `paper/data/theory-validation.csv` and three figures in
`paper/figures`. Trains the atlas if it is not there yet.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import pandas as pd

import smcollapse

PAPER = Path(__file__).resolve().parents[1] / "paper"


def main() -> None:
    """Predict, train what is missing, compare, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results/atlas"))
    options = parser.parse_args()

    study = smcollapse.load_study("atlas")
    predicted = smcollapse.predict_study(study)
    diagram = smcollapse.phase_diagram(study, "source.tempering", "filter.strictness")
    result = smcollapse.run_study(study, options.out, device="cpu")
    compared = smcollapse.validate_store(result.store)

    beside = options.out.with_name(options.out.name + "-theory")
    smcollapse.write_predictions(predicted, beside)
    smcollapse.write_phase(diagram, beside)
    smcollapse.write_validation(compared, beside)

    for folder in ("data", "figures"):
        (PAPER / folder).mkdir(parents=True, exist_ok=True)
    errors = pd.DataFrame([one.to_dict() for one in compared.summaries])
    for table, name in (
        (predicted.onset_table, "theory-predictions"),
        (errors, "theory-validation"),
    ):
        table.round(5).to_csv(PAPER / "data" / f"{name}.csv", index=False, lineterminator="\n")
    for image, name in (
        ("predictions", "theory-predictions"),
        ("counts", "theory-validation"),
        ("phase", "theory-phase"),
    ):
        shutil.copyfile(beside / f"{image}.png", PAPER / "figures" / f"{name}.png")
    for verdict in compared.verdicts:
        print(verdict.text)


if __name__ == "__main__":
    main()
