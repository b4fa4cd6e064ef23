"""What helps against the loss of rare cases at the same compute, what harms, what does nothing?

Claim     There are mitigations that keep rare recall beyond the onset; a weight of .382 for
          synthetic data is the best one (golden ratio, arXiv 2502.18049).
Design    `mitigate` on `atlas-small` (10 replicates) and on `digits`: each mitigation at the same
          number of training steps, paired with doing nothing. The weight: 11 total weights of the
          synthetic rows at a share of one half, where there are as many of them as real ones, from
          a source that tells the consensus on exceptions and from one that tells the truth.
Estimate  Paired changes with simultaneous intervals; log loss on real rows at each weight less
          that at .382, corrected for the number of weights.
Figure    Change of rare recall by mitigation with the theory's prediction; log loss by weight.

    python analyses/mitigations.py [--out results] [--workers N]

writes the findings `mitigations`, `mitigations_digits`, `golden_weight` into `paper/data/findings`,
`paper/data/mitigations*.csv` and two figures. What is in the results folder is not trained again.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import smcollapse
from smcollapse.inference import romano_wolf
from smcollapse.questions.ledgers.findings import Finding, Grade, Kind, Quantity, write_finding
from smcollapse.questions.ledgers.scripts import stamped
from smcollapse.questions.mitigating.results import RESPONSE, MitigationReport
from smcollapse.questions.mitigating.study import GOLDEN, fewest_real_rows
from smcollapse.questions.mitigating.words import mitigation_table, theory_notes
from smcollapse.report.style import BLUE, GREY, VERMILLION, image_files, new_figure, style

PAPER = Path(__file__).resolve().parents[1] / "paper"
WEIGHTS = """
name = "weight-scan"
title = "Total weight of the synthetic rows in the loss, half of the rows synthetic"
seed = 1
replicates = 10
scenario.world = { kind = "facts", n_contexts = 200, noise = 0.1 }
scenario.source.polish = 1.0
scenario.mixture = { budget = 20000, share = 0.5 }
scenario.mitigation = { kind = "weighting", by = "mass" }

[axes]
mitigation.synthetic_weight = [0.0, 0.05, 0.1, 0.2, 0.3, 0.382, 0.45, 0.5, 0.6, 0.7, 0.8]
source.fidelity = [0.0, 1.0]
"""


def main() -> None:
    """Run what is missing; write findings, tables and figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--workers", type=int, default=None)
    options = parser.parse_args()
    for name, kind, replicates in (
        ("atlas-small", "toy training", 10),
        ("digits", "real data", 20),
    ):
        base = smcollapse.load_study(name, replicates=replicates)
        study, left_out = smcollapse.mitigation_study(base, (), fewest_real_rows(base))
        folder = options.out / f"{study.name}-{replicates}"
        store = smcollapse.run_study(study, folder, device="cpu", workers=options.workers).store
        report = smcollapse.mitigation_report(store, notes=left_out)
        smcollapse.write_mitigations(report, folder / "mitigations")
        suffix = "" if name == "atlas-small" else f"-{name}"
        table = mitigation_table(report).round(5)
        table.to_csv(PAPER / "data" / f"mitigations{suffix}.csv", index=False, lineterminator="\n")
        shutil.copyfile(
            folder / "mitigations" / "mitigations.png",
            PAPER / "figures" / f"mitigations{suffix}.png",
        )
        say(compared(report, f"mitigations{suffix.replace('-', '_')}", kind, store.count()[0]))
    scan = smcollapse.parse_study(WEIGHTS, "weight-scan")
    store = smcollapse.run_study(
        scan, options.out / scan.name, device="cpu", workers=options.workers
    ).store
    finding, figure = golden(store)
    (PAPER / "figures" / "golden-weight.png").write_bytes(figure)
    say(finding)


def say(finding: Finding) -> None:
    """Write a finding and print what it concludes."""
    place = write_finding(stamped(finding, Path(__file__)), PAPER / "data" / "findings")
    print(f"{place.name}: {finding.grade}: {finding.verdict}")


def compared(report: MitigationReport, name: str, kind: Kind, models: int) -> Finding:
    """What a comparison of mitigations concludes."""
    best = max(report.rows, key=lambda row: row.late[RESPONSE].estimate)
    ordered = [best, *(row for row in report.rows if row is not best)]
    quantities = [
        Quantity(
            f"{row.label}: {measure}",
            row.late[measure].estimate,
            row.late[measure].interval.lower,
            row.late[measure].interval.upper,
            "points",
            report.level,
            row.verdict,
        )
        for row in ordered
        for measure in (RESPONSE, "ece", "mean_confidence", "head_recall")
    ]
    quantities += [
        Quantity(
            f"{row.label}: onset",
            row.shift.shift,
            row.shift.lower,
            row.shift.upper,
            "share",
            report.level,
            row.shift.bound,
        )
        for row in report.rows
        if row.shift is not None
    ]
    errors = [abs(e) for row in report.rows if row.prophecy for e in row.prophecy.errors]
    if errors:
        quantities += [
            Quantity("theory: largest error", max(errors), None, None, "points"),
            Quantity("theory: median error", float(np.median(errors)), None, None, "points"),
        ]
    helped = best.late[RESPONSE].rejected and best.late[RESPONSE].estimate > 0.0
    lost = all(row.late[RESPONSE].interval.upper < 0.02 for row in report.rows)
    grade: Grade = "supported" if helped else "contradicted" if lost else "not shown"
    late = f"{100 * report.late[0]:g}-{100 * report.late[-1]:g} %"
    return Finding(
        name=name,
        title=f"Mitigations in {report.study.removesuffix('-mitigations')}",
        statement="At the same compute some mitigations keep rare recall beyond the onset.",
        design=f"{models} models, {report.replicates} replicates; means over shares of {late} less "
        "those of the reference, simultaneous intervals",
        falsifier="No mitigation with a change of rare recall above zero, corrected for their "
        "number; contradicted if every one is shown to gain less than two points.",
        quantities=tuple(quantities),
        verdict=report.verdict,
        grade=grade,
        kind=kind,
        models=models,
        notes=(*theory_notes(report), *report.notes),
        details={
            "reference": report.reference,
            "real_rows": {row.label: row.real_rows for row in report.rows},
            "verdicts": {row.label: row.verdict for row in report.rows},
        },
    )


def golden(store: smcollapse.Store) -> tuple[Finding, bytes]:
    """Log loss by weight: is .382 the best of those tried?"""
    table = store.table()
    quantities, said, drawn = [], [], {}
    rejected, worst_case = [], []
    for fidelity, rows in table.groupby("fidelity"):
        wide = rows.pivot_table("nll", index="replicate", columns="synthetic_weight")
        others = [weight for weight in wide.columns if weight != GOLDEN]
        less = wide[others].sub(wide[GOLDEN], axis=0)
        tests = romano_wolf(less.to_numpy(), [f"{w:g}" for w in others])
        best = min(tests.hypotheses, key=lambda test: test.estimate)
        source = "faithful source" if fidelity == 1.0 else "consensus source"
        rejected.append(best.rejected and best.estimate < 0.0)
        worst_case.append(best.estimate > 0.0 and best.rejected)
        quantities += [
            Quantity(
                f"{source}: log loss at {test.name} less that at .382",
                test.estimate,
                test.interval.lower,
                test.interval.upper,
                "number",
            )
            for test in sorted(tests.hypotheses, key=lambda test: test.estimate)
        ]
        recall = 100 * rows.groupby("synthetic_weight")[RESPONSE].mean()
        at = best.name if best.estimate < 0.0 else f"{GOLDEN:g}"
        said.append(
            f"{source}: log loss is least at a weight of {at} (best of the others "
            f"{best.estimate:+.3f} [{best.interval.lower:+.3f}, {best.interval.upper:+.3f}] "
            f"against .382), rare recall {recall.iloc[0]:.1f} % at 0, "
            f"{recall[GOLDEN]:.1f} % at .382"
        )
        drawn[source] = wide
    grade: Grade = "not shown"
    if any(rejected) or all(worst_case):
        grade = "contradicted" if any(rejected) else "supported"
    finding = Finding(
        name="golden_weight",
        title="The golden-ratio weight",
        statement="A total weight of .382 for the synthetic rows is the best there is.",
        design=f"{len(table)} models: {len(drawn)} sources, {len(wide.columns)} weights, "
        f"{len(wide)} replicates, half of the rows synthetic",
        falsifier="Another weight of smaller log loss on real rows, corrected for their number.",
        quantities=tuple(quantities),
        verdict="; ".join(said),
        grade=grade,
        kind="toy training",
        models=len(table),
        notes=(
            "the published optimum is that of an estimator which is retrained on its own samples; "
            "here one model learns once from a source with a bias",
        ),
    )
    with style():
        return finding, image_files(scan_figure(drawn))["png"]


def scan_figure(drawn: dict[str, pd.DataFrame]) -> Figure:
    """Log loss against the weight, mean and 95 % t interval over replicates."""
    figure = new_figure(6.4, 3.6)
    ax = figure.subplots()
    for (source, wide), colour in zip(drawn.items(), (VERMILLION, BLUE), strict=True):
        error = 2.26 * wide.sem()
        ax.errorbar(wide.columns, wide.mean(), error, fmt="o-", color=colour, label=source)
    ax.axvline(GOLDEN, color=GREY, linestyle="--", label="golden ratio, .382")
    ax.set(xlabel="total weight of the synthetic rows", ylabel="log loss on real rows, nats")
    ax.legend()
    return figure


if __name__ == "__main__":
    main()
