"""Every command says what it said before, or the kept answers are changed on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.answers import OTHER_PROCESSOR, answered, differences, make_runs, read
from tests.golden.cases import CASES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_runs(tmp_path_factory.mktemp("runs"))


@pytest.mark.parametrize("name", CASES)
def test_a_command_says_what_it_said(name: str, runs: Path) -> None:
    now = answered(CASES[name], runs)
    changed = list(differences(read(CASES[name]), now, OTHER_PROCESSOR))
    assert not changed, (
        f"{len(changed)} differences, such as {changed[:8]}; if all are meant: make golden, "
        "and list changed numbers in the changelog"
    )


def test_a_difference_is_seen() -> None:
    """A number beyond the tolerance, a word, a key and a row; and none within the tolerance."""
    then = {"a": [1.0, 2.0], "b": "fall", "c": None}
    assert not list(differences(then, {"a": [1.0 + 1e-12, 2.0], "b": "fall", "c": None}))
    for now in (
        {**then, "a": [1.0 + 1e-7, 2.0]},
        {**then, "a": [1.0]},
        {**then, "b": "rise"},
        {**then, "c": 0.0},
        {"a": then["a"], "b": "fall"},
    ):
        assert list(differences(then, now))
