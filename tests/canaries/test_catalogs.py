"""What has a canary: every entry of every catalog, every public estimator, every question."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any, get_args

import pytest

from smcollapse import inference
from smcollapse.mitigations import CATALOG as MITIGATIONS
from smcollapse.models import CATALOG as MODELS
from smcollapse.settings.filters import Filter
from smcollapse.settings.mixture import Design
from smcollapse.sources import CATALOG as SOURCES
from smcollapse.theories import CATALOG as THEORIES
from smcollapse.versions import VERSIONS
from smcollapse.worlds import CATALOG as WORLDS
from smcollapse.worlds import world_of
from tests.canaries import (
    answers,
    designs,
    estimators,
    questions,
    searches,
    tasks,
    theory,
    training,
    world_settings,
    worlds,
)
from tests.canaries.layers import CANARIES

HERE = Path(__file__).parent
PACKAGE = Path(inference.__file__).parents[1]

NO_NUMBERS = (
    "ledgers",  # grades of committed findings: tests/questions/test_claims.py
    "limitations.catalog",
    "limitations.limits",
    "calibration.words",
    "tradeoffs.groups",
    "tradeoffs.results",
    "mitigating.results",
    "validation.compare",
    "validation.verdict",
    "tradeoffs.theory",
    "calibration.descents",
    "phases.axes",
    "phases.grid",
    "results",  # reads, for the reports that have canaries
)
"""Questions that hold words and records, or that others, which have canaries, are made of."""


def test_every_layer_has_canaries() -> None:
    assert list(CANARIES) == list(VERSIONS)
    assert all(CANARIES.values())


def test_worlds_and_sources() -> None:
    assert {one.kind for one in world_settings.worlds().values()} == set(WORLDS)
    kinds = {
        (source.kind, type(world_of(world_settings.worlds()[world])))
        for world, source in world_settings.sources().values()
    }
    assert kinds == set(SOURCES)


def test_filters_and_designs() -> None:
    scopes = {one.scope for one in world_settings.filters().values()}
    assert scopes == set(get_args(Filter.model_fields["scope"].annotation))
    assert {name.split(",")[0] for name in worlds.mixtures()} == set(get_args(Design))


def test_models_and_mitigations() -> None:
    assert {settings["kind"] for _, settings in tasks.models().values()} == set(MODELS)
    known = {name.split(",")[0] for name in training.mitigations()}
    assert known == {"none", *MITIGATIONS}
    for name in training.mitigations():
        assert {f"mitigation: {name}", f"mitigated: {name}"} <= set(CANARIES["training"])


def test_theories() -> None:
    assert {name.split(": ")[0] for name in theory.canaries() if ": " in name} >= set(THEORIES)


def _used(module: Any, of: str) -> set[str]:
    """Names that a module takes from the module that it calls `of`, or imports by name."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == of:
            found.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            found.update(one.name for one in node.names)
    return found


def test_every_public_estimator() -> None:
    from tests.canaries import inference as ours

    used = _used(ours, "inference") | _used(estimators, "inference")
    functions = {name for name in inference.__all__ if name[0].islower()}
    assert functions <= used, f"no canary for {functions - used}"
    assert {"SegmentedOLS", "SegmentedGLM"} <= used


def _questions() -> list[str]:
    places = sorted((PACKAGE / "questions").rglob("*.py"))
    names = [
        ".".join(place.relative_to(PACKAGE / "questions").with_suffix("").parts) for place in places
    ]
    return [name for name in names if not name.endswith("__init__")]


@pytest.mark.parametrize("name", _questions())
def test_every_question_with_numbers(name: str) -> None:
    if name.startswith(NO_NUMBERS):
        return
    imported = set()
    for module in (answers, designs, questions, searches, theory):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module)
                imported.update(f"{node.module}.{one.name}" for one in node.names)
    whole = f"smcollapse.questions.{name}"
    assert whole in imported, f"no canary for {whole}: add one to tests/canaries/answers.py"
