"""The commands whose answers are kept, on tables of this folder and on two small studies.

The studies train nothing: a table of counts is the same on every processor but for the last digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
TABLES, EXPECTED = FOLDER / "tables", FOLDER / "expected"

STUDY = """\
name = "{name}"
seed = 5
replicates = 4

[scenario.world]
n_contexts = 40
n_answers = 5
n_categories = 5
test_size = 400

[scenario.mixture]
budget = 2000

[scenario.model]
kind = "count_table"

[axes]
mixture.share = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
{axis}
[[variants]]
name = "real only"
set = {{ mixture.design = "real_only" }}
"""

STUDIES = {
    "plain": STUDY.format(name="plain", axis=""),
    "crossed": STUDY.format(name="crossed", axis="source.fidelity = [0.0, 0.5]\n"),
}


@dataclass(frozen=True)
class Case:
    """A command; ``{tables}`` and ``{runs}`` stand for folders in it, ``{out}`` for a new one.

    json : whether it also answers in JSON
    """

    name: str
    command: str
    json: bool = True


def _of_tables() -> list[Case]:
    out = "--out {out}"
    found = [
        Case(f"onset {table}", f"onset {{tables}}/{table}.csv --draws 199 {options} {out}")
        for table, options in (
            ("kink", "--response recall"),
            ("step", "--response recall --loss 0.05 --points"),
            ("turns", "--response f1"),
            ("flat", "--response recall"),
            ("few", "--response recall"),
            ("singles", "--response recall"),
            ("errors", "--response wer --by generator --by size"),
            ("corpora", "--response recall"),
        )
    ]
    found += [
        Case("effects kink", f"effects {{tables}}/kink.csv {out}"),
        Case(
            "effects claim", f"effects {{tables}}/errors.csv --by generator --by size --claim {out}"
        ),
        Case("effects few", f"effects {{tables}}/few.csv --before 0:20% --after 40%:60% {out}"),
        Case(
            "attribute",
            f"attribute {{tables}}/errors.csv --response wer --knob generator --knob size {out}",
        ),
        Case("specify", f"specify {{tables}}/few.csv --response recall --draws 99 {out}"),
        Case("plan", "plan --sd 0.02 --drop 0.2 --shares 7 --replicates 3,10"),
        Case(
            "plan from",
            "plan --from {tables}/kink.csv --response recall --slope-change -1 "
            "--shares 9 --replicates 5",
        ),
    ]
    return found


def _of_runs() -> list[Case]:
    out = "--out {out}"
    found = [Case("studies", "studies", json=False)]
    for run in STUDIES:
        place = f"{{runs}}/{run}"
        found += [
            Case(f"{run} status", f"status {place}"),
            Case(f"{run} table", f"table {place}", json=False),
            Case(f"{run} onset", f"onset {place} --draws 199 {out}"),
            Case(f"{run} effects", f"effects {place} {out}"),
            Case(f"{run} predict", f"predict {place}/study.toml {out}"),
        ]
    found += [
        Case("plain validate", "validate {runs}/plain"),
        Case("plain specify", f"specify {{runs}}/plain --draws 99 {out}"),
        Case("crossed attribute", f"attribute {{runs}}/crossed {out}"),
    ]
    return found


CASES = {case.name: case for case in (*_of_tables(), *_of_runs())}
