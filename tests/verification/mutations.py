"""Re-make VERIFICATION_CANARIES.md: how much of the code that makes numbers the canaries guard.

    python -m tests.verification.mutations [--number 100] [--seed 1] [--again] [--write]

draws mutants (mutants.py), applies each in a copy of the tree and runs the canaries on it, those
first that execute its line, until one moves. Outcomes are kept in `results/mutations`, so that a
run that was stopped goes on; `--again` tries the survivors once more, `--write` composes the
document of what is kept and runs nothing. Why a survivor is no hole stands in `mutations.toml`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from smcollapse.versions import VERSIONS
from tests.verification.mutant_run import dependants
from tests.verification.mutants import KERNELS, Mutant, drawn
from tests.verification.trainings import ROOT

RESULTS = ROOT / "results" / "mutations"
TREE = RESULTS / "tree"
DOCUMENT = ROOT / "VERIFICATION_CANARIES.md"
REASONS = Path(__file__).with_name("mutations.toml")
COPIED = ("src", "tests/__init__.py", "tests/canaries", "tests/verification", "tests/worlds")

SEEDS = (1, 2)
"""Canaries were added for holes that the mutants of the first seed showed; the second is fresh."""

TIMEOUT = 300.0
"""Seconds of a mutant; one that takes longer is noticed: the canaries take a fifth of it."""

OUTCOMES = ("killed", "survived", "not reached", "equivalent")


@dataclass(frozen=True)
class Trace:
    """CPU seconds of every canary, and the lines of each file that it executes."""

    seconds: dict[str, float]
    lines: dict[str, dict[str, list[int]]]
    cache: str

    def order(self, mutant: Mutant) -> list[str]:
        """The canaries that may see the mutant: those of its layer first, the quick ones first.

        They execute its line, or of a compiled one use the kernel, whose lines are not traced, or
        nothing but kernels. A constant of a module may be read anywhere.
        """
        layer = f"{mutant.layer}: "
        known = [
            name for name in self.seconds if not mutant.function or self._reaches(name, mutant)
        ]
        return sorted(known, key=lambda name: (not name.startswith(layer), self.seconds[name]))

    def _reaches(self, name: str, mutant: Mutant) -> bool:
        lines = self.lines[name]
        if mutant.file.startswith(f"{KERNELS}/"):
            return not lines or bool(users(Path(mutant.file).stem) & set(lines))
        here = set(lines.get(mutant.file, ()))
        height = mutant.before.count("\n") + 1
        return bool(here & set(range(mutant.line, mutant.line + height)))


@cache
def users(kernel: str) -> set[str]:
    """Files of the package that import a kernel or one that calls it."""
    names = dependants(kernel)
    package = ROOT / "src" / "smcollapse"
    found = set()
    for path in package.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if any(
            f"kernels.{name} import" in text or ("kernels import" in text and name in text)
            for name in names
        ):
            found.add(path.relative_to(package).as_posix())
    return {name for name in found if not name.startswith(KERNELS)}


def copied() -> None:
    """A copy of the tree; files that have not changed keep their time, and so their cache."""
    for name in COPIED:
        source, target = ROOT / name, TREE / name
        places = [source] if source.is_file() else [p for p in source.rglob("*") if p.is_file()]
        for place in places:
            if "__pycache__" in place.parts:
                continue
            to = TREE / place.relative_to(ROOT)
            if not to.is_file() or to.read_bytes() != place.read_bytes():
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(place, to)
        for old in target.rglob("*.py") if target.is_dir() else ():
            if not (ROOT / old.relative_to(TREE)).exists():
                old.unlink()


def in_the_copy(arguments: Sequence[str], timeout: float | None, cache: str = "") -> Any:
    """What the process of a mutant says; a crash or a time-out in words."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(TREE / "src"), str(TREE)]),
        "NUMBA_CACHE_DIR": str(RESULTS / "numba"),
        "MUTANT_CACHE": cache,
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-W", "ignore", "-m", "tests.verification.mutant_run", *arguments]
    try:
        done = subprocess.run(
            command, cwd=TREE, env=environment, capture_output=True, text=True, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        return {"by": "time-out", "how": f"more than {timeout:g} s"}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        return {"by": "crash", "how": f"exit {done.returncode}: {last}"[:200]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def trace() -> Trace:
    """The trace of the unchanged copy, kept for as long as the code and the canaries stand."""
    digest = str(
        sorted(
            (place.name, place.stat().st_size, place.stat().st_mtime_ns)
            for folder in ("src", "tests/canaries", "tests/worlds")
            for place in (TREE / folder).rglob("*")
            if place.suffix in (".py", ".json", ".toml")
        )
    )
    place = RESULTS / "trace.json"
    kept = json.loads(place.read_text()) if place.is_file() else {}
    if kept.get("digest") != digest:
        said = in_the_copy(["trace"], None)
        if "seconds" not in said:
            raise SystemExit(f"the unchanged copy fails: {said}")
        kept = {"digest": digest, **said}
        place.write_text(json.dumps(kept))
    return Trace(kept["seconds"], kept["lines"], kept["cache"])


def tried(mutant: Mutant, known: Trace) -> dict[str, Any]:
    """The outcome of a mutant: the first canary that moves, or that none does."""
    file = TREE / "src" / "smcollapse" / mutant.file
    before, times = file.read_bytes(), file.stat()
    names, start = known.order(mutant), time.perf_counter()
    if not names:
        return {"outcome": "not reached", "seconds": 0.0}
    try:
        file.write_bytes(mutant.applied(before))
        said = in_the_copy([mutant.file, *names], TIMEOUT, known.cache)
    finally:
        file.write_bytes(before)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    seconds = round(time.perf_counter() - start, 1)
    return {"outcome": "killed" if said else "survived", "seconds": seconds, **said}


def run(mutants: Sequence[Mutant], again: bool) -> None:
    """Try every mutant that was not tried yet, or survived if `again`; keep each outcome."""
    copied()
    known, place = trace(), RESULTS / "outcomes.json"
    for number, mutant in enumerate(mutants):
        kept = outcomes()
        if mutant.key in kept and not (again and kept[mutant.key]["outcome"] != "killed"):
            continue
        kept[mutant.key] = tried(mutant, known)
        place.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        said = kept[mutant.key]
        sys.stderr.write(
            f"{number + 1} of {len(mutants)}: {mutant.file}:{mutant.line} {mutant.kind}: "
            f"{said['outcome']} {said.get('by', '')} ({said['seconds']:.0f} s)\n"
        )


def outcomes() -> dict[str, dict[str, Any]]:
    """What is kept, by key of the mutant."""
    place = RESULTS / "outcomes.json"
    return json.loads(place.read_text(encoding="utf-8")) if place.is_file() else {}


def reasons() -> dict[str, dict[str, str]]:
    """Why mutants that survive are no holes, by key."""
    if not REASONS.is_file():
        return {}
    known: dict[str, dict[str, str]] = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    return known


def verdict(mutant: Mutant, kept: dict[str, dict[str, Any]]) -> str:
    """The outcome of a mutant, equivalent where that was seen."""
    found = str(kept[mutant.key]["outcome"])
    known = reasons().get(mutant.key, {})
    return "equivalent" if found != "killed" and known.get("equivalent") else found


def document(package: Path, number: int) -> str:
    """VERIFICATION_CANARIES.md."""
    kept = outcomes()
    parts = [
        "# What the canaries see",
        "Canaries are committed numbers of everything that makes numbers (`tests/canaries`). Here "
        "the code is made wrong on purpose, one small change at a time, drawn with equal chances "
        "out of all such changes: a constant, an operator, a comparison, an index, a function of "
        "numpy, a term or sign left out. A mutant is *killed* where a canary moves, *survives* "
        "where none does, is *not reached* where no canary executes its line, and *equivalent* "
        "where it changes no number or none beyond the tolerances. Re-made by `make mutations`.",
    ]
    for seed in SEEDS:
        mutants = [one for one in drawn(package, number, seed) if one.key in kept]
        if mutants:
            parts += _section(seed, mutants, kept)
    return "\n\n".join(parts) + "\n"


def _section(seed: int, mutants: list[Mutant], kept: dict[str, dict[str, Any]]) -> list[str]:
    counted = Counter((one.layer, verdict(one, kept)) for one in mutants)
    total = {outcome: sum(counted[layer, outcome] for layer in VERSIONS) for outcome in OUTCOMES}
    real = len(mutants) - total["equivalent"]
    table = [("layer", "mutants", *OUTCOMES)]
    for layer in VERSIONS:
        row = [counted[layer, outcome] for outcome in OUTCOMES]
        table.append((layer, str(sum(row)), *map(str, row)))
    table.append(("all", str(len(mutants)), *(str(total[outcome]) for outcome in OUTCOMES)))
    said = "holes that these showed were closed" if seed == SEEDS[0] else "drawn after that"
    listed = [("where", "what", "outcome", "why")]
    for one in mutants:
        if (found := verdict(one, kept)) != "killed":
            why = reasons().get(one.key, {}).get("why", "")
            change = f"`{_short(one.before)}` → `{_short(one.after)}`"
            listed.append((f"{one.file}:{one.line}", change, found, why))
    parts = [
        f"## Seed {seed}: {said}",
        f"{total['killed']} of {real} mutants that change a number are killed "
        f"({100.0 * total['killed'] / max(real, 1):.0f} %).",
        _markdown(table),
    ]
    return parts + ([_markdown(listed)] if len(listed) > 1 else [])


def _short(text: str) -> str:
    text = " ".join(text.split()).replace("|", "\\|")
    return text if len(text) <= 60 else f"{text[:57]}…"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "| " + " | ".join("---" for _ in rows[0]) + " |", *body])


def main() -> None:
    """Draw, try, compose."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=100, help="mutants of a seed")
    parser.add_argument("--seed", type=int, default=None, help="one seed instead of all")
    parser.add_argument("--again", action="store_true", help="try those that survived once more")
    parser.add_argument("--write", action="store_true", help="compose what is kept, run nothing")
    options = parser.parse_args()
    package = ROOT / "src" / "smcollapse"
    if not options.write:
        for seed in SEEDS if options.seed is None else (options.seed,):
            run(drawn(package, options.number, seed), options.again)
    text = document(package, options.number)
    DOCUMENT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
