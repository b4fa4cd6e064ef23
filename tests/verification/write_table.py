"""Re-make VERIFICATION.md: theory against training, as numbers."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

from smcollapse.laws import facts_law
from smcollapse.run import run_study
from smcollapse.settings import FactsWorld
from smcollapse.study_file import load_study
from tests.verification.count_theory import rare_recall

ROOT = Path(__file__).resolve().parents[2]


def counts_against_training() -> pd.DataFrame:
    """Rare recall of the atlas' reference scenario: theory, trained, s.e., difference."""
    study = load_study("atlas").model_copy(update={"variants": ()})
    with tempfile.TemporaryDirectory() as folder:
        table = run_study(study, Path(folder), device="cpu").store.table()
    trained = table.groupby("share").rare_recall.agg(["mean", "sem"])
    law = facts_law(FactsWorld())
    predicted = [rare_recall(law, law.frequency, float(share), 60_000) for share in trained.index]
    return pd.DataFrame(
        {
            "share": trained.index,
            "count theory": predicted,
            "trained": trained["mean"].to_numpy(),
            "s.e.": trained["sem"].to_numpy(),
            "difference": trained["mean"].to_numpy() - predicted,
        }
    )


def main() -> None:
    """Measure and write."""
    table = counts_against_training()
    lines = ["| " + " | ".join(table.columns) + " |", "|" + " ---: |" * table.shape[1]]
    for share, *values in table.itertuples(index=False):
        lines.append(f"| {share:.2f} | " + " | ".join(f"{v:.4f}" for v in values) + " |")
    largest = table.difference.abs().max()
    text = f"""# Verification

Re-made by `make verify`.

## Count theory against the trained network

Rare recall in the reference scenario of the `atlas` (600 contexts, 60 000 examples, 10 replicates):
the majority of Poisson counts at each context (`tests/verification/count_theory.py`), with the same
exceptions, against networks trained for 10 passes. No parameter is fitted. Largest difference:
{largest:.4f} (tolerance 0.02).

{chr(10).join(lines)}
"""
    (ROOT / "VERIFICATION.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
