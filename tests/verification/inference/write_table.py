"""Re-make VERIFICATION_INFERENCE.md and its figures: inference against known truth.

    python -m tests.verification.inference.write_table [SECTION ...] [--sets 2000] [--workers N]

makes the named sections (coverage, existence, statistics), or all; the others stay as it is
written. A finished case is kept in `results/verification/inference` under a hash of the code that
made it, so that a run that was stopped goes on, and a change of the code starts anew. Existence
takes a quarter of the data sets, and the others too for the worst truths and where a quarter cannot
tell the rate from what is required of it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from smcollapse.questions.ledgers.scripts import meaning
from smcollapse.run import cores
from tests.verification.inference.designs import NOISES, WORST, Case, power_cases, smooth_cases
from tests.verification.inference.document import (
    FALSE_ALARMS,
    POWER,
    Summaries,
    coverage,
    document,
    existence,
)
from tests.verification.inference.figure import draw_alarms, draw_coverage
from tests.verification.inference.outcomes import coverage_row, existence_row
from tests.verification.inference.statistics import cases as statistic_cases
from tests.verification.inference.statistics import statistics, statistics_row
from tests.verification.sections import Section, composed
from tests.verification.trainings import RESULTS, ROOT

FOLDER = RESULTS / "inference"
DOCUMENT = ROOT / "VERIFICATION_INFERENCE.md"
FIGURES = ROOT / "paper" / "figures"
BLOCK = 100
Row = Callable[[Case, int], dict[str, float]]
SECTIONS: dict[str, tuple[Callable[[Summaries], Section], Callable[[Summaries], bytes] | None]] = {
    "coverage": (coverage, draw_coverage),
    "existence": (existence, draw_alarms),
    "statistics": (statistics, None),
}
"""Sections by the kind of their cases: the text, and the figure where there is one."""

PARTS = {"coverage": 1, "existence": 4, "statistics": 2}
"""Which part of the data sets a kind of cases takes."""


def tasks() -> dict[str, tuple[str, Row, Case]]:
    """Every case by its key: the kind of its rows, how they are made."""
    found: dict[str, tuple[str, Row, Case]] = {}
    for case in NOISES:
        found[f"coverage: {case.name}"] = ("coverage", coverage_row, case)
    for case in (*power_cases(), *smooth_cases()):
        found[f"existence: {case.name}"] = ("existence", existence_row, case)
    for case in statistic_cases():
        found[f"statistics: {case.name}"] = ("statistics", statistics_row, case)
    return found


def code_hash(kind: str) -> str:
    """Hash of the code that decides what inference says of a data set, blind to comments."""
    digest = hashlib.blake2b(digest_size=6)
    here = Path(__file__).parent
    places = [
        *(ROOT / "src" / "smcollapse" / "inference").rglob("*.py"),
        ROOT / "src" / "smcollapse" / "kernels" / "atoms.py",
        here / "outcomes.py",
        *([here / "statistics.py"] if kind == "statistics" else []),
    ]
    for place in sorted(places):
        digest.update(meaning(place.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()


def case_hash(key: str, case: Case) -> str:
    """Hash of a case: its key, the truth on a grid, and every other setting of it."""
    settings = {field.name: getattr(case, field.name) for field in fields(case)}
    truth = case.truth(np.linspace(0.0, 0.6, 241))
    settings["truth"] = np.round(truth, 12).tolist()
    return hashlib.blake2b(f"{key} {settings}".encode(), digest_size=8).hexdigest()


def block(key: str, start: int, stop: int) -> list[dict[str, float]]:
    """Rows of the data sets start to stop of a case, in a worker."""
    _, row, case = tasks()[key]
    return [row(case, number) for number in range(start, stop)]


def summarised(rows: pd.DataFrame) -> dict[str, float]:
    """Means of the rows, medians of widths, and the number of data sets."""
    means = rows.mean()
    widths = [name for name in rows.columns if name.endswith("width")]
    means[widths] = rows[widths].median()
    means["sets"] = len(rows)
    return {str(name): float(value) for name, value in means.items()}


def main() -> None:
    """Simulate what is missing, compose, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--sets", type=int, default=2000, help="data sets a case")
    parser.add_argument("--workers", type=int, default=cores(), help="processes, all cores if left")
    parser.add_argument("--out", type=Path, default=DOCUMENT)
    parser.add_argument("--figures", type=Path, default=FIGURES, help="folder of the figures")
    options = parser.parse_args()
    for name in options.sections:
        if name not in SECTIONS:
            parser.error(f"no section '{name}': write some of {', '.join(SECTIONS)}")
    options.figures.mkdir(parents=True, exist_ok=True)
    for name in options.sections or SECTIONS:
        start = time.perf_counter()
        folder = FOLDER / f"{name}-{code_hash(name)}-{options.sets}"
        folder.mkdir(parents=True, exist_ok=True)
        results = simulate(name, folder, options.sets, options.workers)
        section, figure = SECTIONS[name]
        section(results).save(FOLDER / "sections")
        if figure is not None:
            (options.figures / f"inference_{name}.png").write_bytes(figure(results))
        print(f"{name}: {(time.perf_counter() - start) / 60.0:.1f} min of simulation")
    before = options.out.read_text(encoding="utf-8") if options.out.exists() else ""
    finished = composed(SECTIONS, before, FOLDER / "sections")
    options.out.write_text(document(finished, options.sets), encoding="utf-8")


def simulate(kind: str, folder: Path, sets: int, workers: int) -> Summaries:
    """Summaries by key of one kind of cases, those that are kept and those made now."""
    results: Summaries = {}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for key, (of, _, case) in tasks().items():
            if of != kind:
                continue
            place = folder / f"{case_hash(key, case)}.json"
            if place.exists():
                results[key] = json.loads(place.read_text(encoding="utf-8"))["summary"]
                continue
            wanted = sets // PARTS[kind]
            rows = rows_of(pool, key, 0, wanted)
            if kind == "existence" and (worst(case) or undecided(case, pd.DataFrame(rows))):
                rows += rows_of(pool, key, wanted, sets)
            results[key] = summarised(pd.DataFrame(rows))
            place.write_text(
                json.dumps({"key": key, "summary": results[key]}, indent=1), encoding="utf-8"
            )
            sys.stderr.write(f"{key}\n")
    return results


def rows_of(pool: ProcessPoolExecutor, key: str, start: int, stop: int) -> list[dict[str, float]]:
    """Rows of the data sets start to stop of a case, in order."""
    starts = range(start, stop, BLOCK)
    blocks: Sequence[list[dict[str, float]]] = list(
        pool.map(block, [key] * len(starts), starts, [min(first + BLOCK, stop) for first in starts])
    )
    return [row for rows in blocks for row in rows]


def worst(case: Case) -> bool:
    """Whether it is one of the smooth truths that come closest to a kink."""
    return case.name.split(" | ")[0] in WORST


def undecided(case: Case, rows: pd.DataFrame) -> bool:
    """Whether the rate of breaks shown lies within two standard errors of what is required."""
    rate, required = float(rows["exists"].mean()), FALSE_ALARMS if case.knot is None else POWER
    return abs(rate - required) < 2.0 * monte_carlo(rate, len(rows))


def monte_carlo(rate: float, sets: float) -> float:
    """Standard error of a rate from that many data sets."""
    return math.sqrt(max(rate * (1.0 - rate), 0.25 / sets) / sets)


if __name__ == "__main__":
    main()
