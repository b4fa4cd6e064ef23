"""Do filters trade contamination against collapse?

Claim      Filters trade contamination against collapse: past some strictness rare recall falls
           while head accuracy rises.
Design     Preset `filter-tradeoff`: a source that invents two of five answers from 200 templates,
           8 strictnesses, 4 shares, a filter that real rows pass too or one of synthetic rows
           alone, 10 replicates. Contamination and templates were chosen by count theory, so that
           both sides show; nothing was chosen on training. Where a filter of synthetic rows alone
           would cost something, count theory says too: a source that knows the exceptions, few
           real rows. That is trained as well (5 000 rows, shares of 60 and 90 %).
Falsifier  A filter that lowers contamination without a loss of rare recall, at every strictness: a
           loss of more than two points is excluded at every strictness and share.
Estimate   Changes of rare and head recall, paired by replicate, against no filter and towards the
           strictest filter, corrected for all strictnesses, shares and filters at once; the best
           strictness for the mean of head and rare recall with its interval, beside count theory's.
Figure     Recalls and objective over strictness, the best strictness by share.

    python analyses/filter_tradeoff.py [--out results] [--workers N]

writes the finding `filter_tradeoff` into `paper/data/findings`, `paper/data/filter-tradeoff.csv`
and `paper/figures/filter-tradeoff.png`. What is in the results folder is not trained again.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

import smcollapse
from smcollapse.questions.ledgers.findings import Finding, Grade, Quantity, write_finding
from smcollapse.questions.ledgers.scripts import stamped
from smcollapse.questions.tradeoffs.results import BALANCED, HEAD, RARE, FilterCurve, TradeOff
from smcollapse.questions.tradeoffs.tradeoff import filter_tradeoff
from smcollapse.questions.tradeoffs.words import scope_words, tradeoff_table
from smcollapse.report.tradeoff import write_tradeoff

PAPER = Path(__file__).resolve().parents[1] / "paper"
FAITHFUL = """
name = "filter-faithful"
title = "A filter of synthetic rows alone where the source knows the exceptions"
seed = 1
replicates = 10
scenario.world = { kind = "facts", n_contexts = 200, noise = 0.1 }
scenario.source = { polish = 1.0, contamination = 0.4, fidelity = 1.0 }
scenario.filter.scope = "synthetic"
scenario.mixture.budget = 5000
scenario.model = { kind = "mlp", passes = 64, learning_rate = 0.02 }

[axes]
filter.strictness = [0.0, 0.4, 0.8, 1.0]
mixture.share = [0.6, 0.9]
"""


def main() -> None:
    """Run what is missing; write finding, table and figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--workers", type=int, default=None)
    options = parser.parse_args()
    study = smcollapse.load_study("filter-tradeoff")
    store = smcollapse.run_study(
        study, options.out / study.name, device="cpu", workers=options.workers
    ).store
    answer = filter_tradeoff(store)
    write_tradeoff(answer, store.folder / "tradeoff")
    for folder in ("data", "figures"):
        (PAPER / folder).mkdir(parents=True, exist_ok=True)
    table = tradeoff_table(answer).round(5)
    table.to_csv(PAPER / "data" / "filter-tradeoff.csv", index=False, lineterminator="\n")
    image = store.folder / "tradeoff" / "tradeoff.png"
    shutil.copyfile(image, PAPER / "figures" / "filter-tradeoff.png")
    other = smcollapse.parse_study(FAITHFUL, "filter-faithful")
    faithful = smcollapse.run_study(
        other, options.out / other.name, device="cpu", workers=options.workers
    ).store
    finding = concluded(answer, filter_tradeoff(faithful), store.count()[0] + faithful.count()[0])
    place = write_finding(stamped(finding, Path(__file__)), PAPER / "data" / "findings")
    print(f"{place.name}: {finding.grade}: {finding.verdict}")


def concluded(answer: TradeOff, faithful: TradeOff, models: int) -> Finding:
    """What the trade-off says of the statement; a faithful source is told, and decides nothing."""
    everywhere = (*answer.curves, *faithful.curves)
    # what decides comes first: where nothing is lost, else where most is
    curves = sorted(answer.curves, key=lambda one: (one.outcome != "free", -one.share))
    quantities = [quantity for curve in curves for quantity in of_curve(curve, answer)]
    quantities.sort(key=lambda quantity: "rare recall, strictest" not in quantity.term)
    quantities += [
        replace(quantity, term=f"faithful source, {quantity.term}")
        for curve in faithful.curves
        for quantity in of_curve(curve, faithful)
    ]
    errors = {
        name: max(curve.foretold.largest_error[name] for curve in everywhere if curve.foretold)
        for name in (RARE, HEAD, BALANCED)
    }
    quantities += [
        Quantity(f"theory: largest error of {name.replace('_', ' ')}", error, None, None, "points")
        for name, error in errors.items()
    ]
    return Finding(
        name="filter_tradeoff",
        title="Filters: contamination against collapse",
        statement="Filters trade contamination against collapse: past some strictness rare recall "
        "falls while head accuracy rises.",
        design=f"{models} models: {len(answer.curves[0].strictness)} strictnesses, "
        f"{len(answer.of(answer.labels[0]))} shares, {len(answer.labels)} filters, and a faithful "
        f"source at {len(faithful.curves)} shares, "
        f"{answer.replicates} replicates; paired by replicate, simultaneous intervals over all",
        falsifier="A filter that lowers contamination without a loss of rare recall, at every "
        "strictness: a loss of more than two points excluded at every strictness and share.",
        quantities=tuple(quantities),
        verdict=f"{answer.verdict}; where the source knows the exceptions and real rows are few, "
        f"{faithful.verdict}",
        grade=grade_of(answer),
        kind="toy training",
        models=models,
        notes=(*answer.notes, *faithful.notes),
        details={
            "outcomes": {name_of(curve): curve.outcome for curve in answer.curves},
            "contamination left": {
                name_of(curve): list(curve.law.contamination)
                for curve in answer.curves
                if curve.law is not None
            },
        },
    )


def grade_of(answer: TradeOff) -> Grade:
    """Contradicted by one filter that costs nothing at any share; supported if every one trades."""
    outcomes = [[curve.outcome for curve in answer.of(label)] for label in answer.labels]
    if any(all(one == "free" for one in found) for found in outcomes):
        return "contradicted"
    return "supported" if all("trade" in found for found in outcomes) else "not shown"


def name_of(curve: FilterCurve) -> str:
    """A curve in the terms of quantities."""
    return f"{scope_words(curve)}, share {curve.share:g}"


def of_curve(curve: FilterCurve, answer: TradeOff) -> list[Quantity]:
    """Changes at the strictest filter and past the best one, the best strictness, the gain."""
    where, found = name_of(curve), []
    best = curve.optimum
    for measure, name in ((RARE, "rare recall"), (HEAD, "head recall")):
        tests = {f"{name}, strictest filter less none": curve.changes[measure][-1]}
        if best is not None and best.strictness < curve.strictness[-1]:
            past = curve.to_strictest[measure][curve.strictness.index(best.strictness)]
            tests[f"{name}, strictest filter less the best one"] = past
        found += [
            Quantity(
                f"{where}: {term}",
                test.estimate,
                test.interval.lower,
                test.interval.upper,
                "points",
                answer.level,
                "simultaneous interval",
            )
            for term, test in tests.items()
        ]
    if (gain := curve.gain) is not None:
        limits = gain.interval.lower, gain.interval.upper
        term = f"{where}: balanced recall, best filter less none"
        found.append(Quantity(term, gain.estimate, *limits, "points", answer.level))
    if best is not None and best.interval is not None:
        said = "theory" if curve.foretold is None else f"theory: {curve.foretold.optimum:g}"
        ends = best.interval.lower, best.interval.upper
        term = f"{where}: best strictness"
        found.append(Quantity(term, best.strictness, *ends, "number", answer.level, said))
    return found


if __name__ == "__main__":
    main()
