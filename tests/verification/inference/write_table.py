"""Re-make VERIFICATION_INFERENCE.md and its figures: inference against known truth.

    python -m tests.verification.inference.write_table [SECTION ...] [--sets 2000] [--workers N]

makes the named sections, or all; the others stay as it is written. A finished case is kept in
`results/verification/inference` under a hash of the code that made it, so that a run that was
stopped goes on, and a change of the code starts anew; a change of the text does not. How many of
the data sets a case takes is its section's to say (kinds.py). Sections may be made of different
numbers of data sets, and say so.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from smcollapse.questions.ledgers.scripts import meaning
from smcollapse.run import cores
from tests.verification.inference.document import KINDS, document
from tests.verification.inference.kinds import Kind, Row, Summaries
from tests.verification.inference.reached import reached
from tests.verification.sections import composed
from tests.verification.trainings import RESULTS, ROOT

FOLDER = RESULTS / "inference"
DOCUMENT = ROOT / "VERIFICATION_INFERENCE.md"
FIGURES = ROOT / "paper" / "figures"
BLOCK = 100


def code_hash(kind: Kind) -> str:
    """Hash of the code that decides what a row says of a data set, blind to comments and text."""
    digest = hashlib.blake2b(digest_size=6)
    source = ROOT / "src" / "smcollapse"
    for place in sorted([*(source / "inference").rglob("*.py"), source / "kernels" / "atoms.py"]):
        digest.update(meaning(place.read_text(encoding="utf-8")).encode())
    digest.update(reached(kind.row).encode())
    return digest.hexdigest()


def case_hash(name: str, case: Any) -> str:
    """Hash of a case: the kind's name, the truth on a grid, and every other setting of it."""
    settings = {field.name: getattr(case, field.name) for field in fields(case)}
    if "truth" in settings:
        settings["truth"] = np.round(case.truth(np.linspace(0.0, 0.6, 241)), 12).tolist()
    stages = KINDS[name].stages(case)
    return hashlib.blake2b(f"{name} {settings} {stages}".encode(), digest_size=8).hexdigest()


@cache
def cases_of(name: str) -> dict[str, Any]:
    """Cases of a kind by their names."""
    return {case.name: case for case in KINDS[name].cases()}


def block(name: str, case: str, start: int, stop: int) -> list[Row]:
    """Rows of the data sets start to stop of a case, in a worker."""
    return [KINDS[name].row(cases_of(name)[case], number) for number in range(start, stop)]


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
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--sets", type=int, default=2000, help="data sets a case")
    parser.add_argument("--workers", type=int, default=cores(), help="processes, all cores if left")
    parser.add_argument("--out", type=Path, default=DOCUMENT)
    parser.add_argument("--figures", type=Path, default=FIGURES, help="folder of the figures")
    options = parser.parse_args()
    for name in options.sections:
        if name not in KINDS:
            parser.error(f"no section '{name}': write some of {', '.join(KINDS)}")
    options.figures.mkdir(parents=True, exist_ok=True)
    for name in options.sections or KINDS:
        start, kind = time.perf_counter(), KINDS[name]
        folder = FOLDER / f"{name}-{code_hash(kind)}-{options.sets}"
        folder.mkdir(parents=True, exist_ok=True)
        results = simulate(name, folder, options.sets, options.workers)
        section = kind.section(results)
        counted = f"{options.sets} data sets a case, unless a case or table says otherwise."
        replace(section, blocks=(counted, *section.blocks)).save(FOLDER / "sections")
        if kind.figure is not None:
            (options.figures / f"inference_{name}.png").write_bytes(kind.figure(results))
        print(f"{name}: {(time.perf_counter() - start) / 60.0:.1f} min of simulation")
    before = options.out.read_text(encoding="utf-8") if options.out.exists() else ""
    finished = composed(KINDS, before, FOLDER / "sections")
    options.out.write_text(document(finished), encoding="utf-8")


def simulate(name: str, folder: Path, sets: int, workers: int) -> Summaries:
    """Summaries of the cases of one kind by name, those that are kept and those made now."""
    results: Summaries = {}
    kind = KINDS[name]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for case in cases_of(name).values():
            place = folder / f"{case_hash(name, case)}.json"
            if place.exists():
                results[case.name] = json.loads(place.read_text(encoding="utf-8"))["summary"]
                continue
            rows: list[Row] = []
            for part in kind.stages(case):
                rows += rows_of(pool, name, case.name, len(rows), max(1, round(part * sets)))
                results[case.name] = summarised(pd.DataFrame(rows))
                if kind.settled(case, results[case.name]):
                    break
            kept = {"case": case.name, "summary": results[case.name]}
            place.write_text(json.dumps(kept, indent=1), encoding="utf-8")
            sys.stderr.write(f"{name}: {case.name}\n")
    return results


def rows_of(pool: ProcessPoolExecutor, name: str, case: str, start: int, stop: int) -> list[Row]:
    """Rows of the data sets start to stop of a case, in order."""
    starts = range(start, stop, BLOCK)
    blocks: Sequence[list[Row]] = list(
        pool.map(
            block,
            [name] * len(starts),
            [case] * len(starts),
            starts,
            [min(first + BLOCK, stop) for first in starts],
        )
    )
    return [row for rows in blocks for row in rows]


if __name__ == "__main__":
    main()
