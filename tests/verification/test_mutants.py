"""Mutants: what is changed, what is left alone, and that all else of a file stays."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import smcollapse
from smcollapse.versions import VERSIONS
from tests.verification.mutant_run import dependants
from tests.verification.mutants import Mutant, drawn, every, files, of_file

PACKAGE = Path(smcollapse.__file__).parent

TEXT = '''"""Words 1 + 2."""

import numpy as np

SIZE = 3


def value(x: int = 4, *, name: str = "α 5") -> float:
    """More words."""
    if x < 6:
        raise ValueError(f"{x - 7} is " + "too small")
    y = np.maximum(x[1:], -x[0]) * 2.0
    y += not (x and y)
    return y


def words(x: float) -> str:
    return f"{x:.2f}" + str(x + 8)
'''


def changes(text: str = TEXT) -> set[tuple[str, str]]:
    return {(one.before, one.after) for one in of_file("worlds", "a.py", text)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("3", "4"),
        ("4", "5"),
        ("x < 6", "(x <= 6)"),
        ("6", "7"),
        ("1", "0"),
        ("2.0", "2.5"),
        ("np.maximum", "(np).minimum"),
        ("-x[0]", "(x[0])"),
        ("np.maximum(x[1:], -x[0]) * 2.0", "(np.maximum(x[1:], -x[0]) / 2.0)"),
        ("np.maximum(x[1:], -x[0]) * 2.0", "(np.maximum(x[1:], -x[0]))"),
        ("y += not (x and y)", "y -= not (x and y)"),
        ("x and y", "(x or y)"),
    ],
)
def test_what_is_changed(before: str, after: str) -> None:
    assert (before, after) in changes()


@pytest.mark.parametrize("left_alone", ["7", "5", "8", "x - 7", "x + 8", "1 + 2"])
def test_what_is_left_alone(left_alone: str) -> None:
    assert left_alone not in {before for before, _ in changes()}


def test_all_else_stays_to_the_byte() -> None:
    for one in of_file("worlds", "a.py", TEXT):
        changed = one.applied(TEXT.encode())
        ast.parse(changed)
        assert changed[: one.start] == TEXT.encode()[: one.start]
        assert changed[len(changed) - len(TEXT.encode()) + one.end :] == TEXT.encode()[one.end :]


def test_every_mutant_of_the_package_is_python_and_has_a_name_of_its_own() -> None:
    mutants = list(every(PACKAGE))
    assert len(mutants) > 10_000
    assert len({one.key for one in mutants}) == len(mutants)
    assert {one.layer for one in mutants} == set(VERSIONS)
    for one in mutants[::97]:
        ast.parse(one.applied((PACKAGE / one.file).read_bytes()))


def test_the_same_seed_draws_the_same() -> None:
    first, again, other = (drawn(PACKAGE, 20, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert all(isinstance(one, Mutant) for one in first)


def test_every_layer_has_files_and_each_file_one_layer() -> None:
    known = [file for _, file in files(PACKAGE)]
    assert len(known) == len(set(known))
    for file in ("kernels/label_cells.py", "theories/counts.py", "inference/noise.py"):
        assert file in known
    assert "questions/ledgers/claims.py" not in known


def test_kernels_that_call_a_changed_one_are_compiled_again() -> None:
    assert dependants("philox") >= {"philox", "draws", "normals", "phrases"}
    assert "label_cells" not in dependants("philox")
    assert dependants("schedule") == {"schedule"}
