"""How the results of a store were made: from the provenance of its parts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from smcollapse.errors import StudyError
from smcollapse.questions.answer import Answer
from smcollapse.report.wording import NBSP
from smcollapse.store import Store
from smcollapse.study_file import parse_study, presets


def making_of(store: Store, answer: Answer) -> tuple[tuple[str, str], ...]:
    """Name and value of what is needed to judge and to repeat a run."""
    made = store.provenance()
    packages = dict.fromkeys(name for part in made for name in part["versions"])
    return (
        ("Models", f"{answer.n_models} of {answer.n_planned} trained, in {len(made)} units"),
        ("Replicates", str(store.study.replicates)),
        ("Seed", str(store.study.seed)),
        ("Device", _listed(f"{part['device']} ({part['device_class']})" for part in made)),
        ("Machine", _listed(part["machine"] for part in made)),
        ("Work", duration(sum(part["seconds"] for part in made)) + ", all units together"),
        ("Peak memory", f"{max(part['peak_mib'] for part in made):.0f}{NBSP}MiB per process"),
        ("Python", _listed(part["python"] for part in made)),
        *((name, _listed(_version(part, name) for part in made)) for name in packages),
        ("Results version", _listed(str(part["results_version"]) for part in made)),
    )


def command_of(store: Store) -> str:
    """The command that makes the results again; `study.toml` is the study's file in the store."""
    study = store.study
    text = presets().get(study.name)
    if text is None:
        return "smcollapse run study.toml"
    try:
        shipped = parse_study(text, study.name)
    except StudyError:
        return "smcollapse run study.toml"
    if shipped.identity() != study.identity():
        return "smcollapse run study.toml"
    changed = shipped.replicates != study.replicates
    return f"smcollapse run {study.name}" + (f" --replicates {study.replicates}" if changed else "")


def duration(seconds: float) -> str:
    """Seconds as a person says them.

    >>> duration(8.24), duration(200.0), duration(8000.0)
    ('8.2\\xa0s', '3.3\\xa0min', '2.2\\xa0h')
    """
    if seconds < 100.0:
        return f"{seconds:.1f}{NBSP}s"
    if seconds < 6000.0:
        return f"{seconds / 60.0:.1f}{NBSP}min"
    return f"{seconds / 3600.0:.1f}{NBSP}h"


def _version(part: dict[str, Any], name: str) -> str:
    return str(part["versions"].get(name, "not stated"))


def _listed(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(values))
