"""Tables of canaries: what moves, what does not, and what may be written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from smcollapse.versions import VERSIONS
from tests.canaries.tables import TRAINED, Canary, Numbers, Table, moved, read_table, write_table
from tests.canaries.write import rewritten, write

VALUE = {
    "number": 0.1,
    "array": np.linspace(0.0, 1.0, 50).reshape(5, 10),
    "table": pd.DataFrame({"a": [1, 2, 3, 4], "b": [0.1, np.nan, 0.3, 0.4]}),
    "list": [1.0, 2.0, None, 4.0, 5.0],
    "whole": np.array([2**40, 2, 3, 2**50]),
    "kind": "break",
    "words": "said so",
    "nothing": None,
}


def numbers(**changed: Any) -> Numbers:
    return Canary(lambda: VALUE | changed).numbers()


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    table = Table(3, {"a": numbers(), "b, 0.5": numbers(number=float("inf"))})
    write_table("worlds", table, tmp_path)
    assert read_table("worlds", tmp_path) == table
    assert read_table("theory", tmp_path) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"number": 0.1 + 1e-11},
        {"words": "said otherwise"},
        {"array": VALUE["array"] * (1.0 + 1e-13)},
        {"more": 1.0},
    ],
)
def test_what_moves_nothing(changed: dict[str, Any]) -> None:
    assert moved(numbers(), numbers(**changed), 1e-9) == []


def single(at: tuple[int, int], by: float) -> np.ndarray:
    array = VALUE["array"].copy()  # type: ignore[attr-defined]
    array[at] += by
    return array


@pytest.mark.parametrize(
    "changed",
    [
        {"number": 0.1 + 1e-8},
        {"number": float("nan")},
        {"array": single((2, 3), 1e-6)},
        {"array": single((4, 8), -1e-6)},
        {"array": VALUE["array"].T},  # type: ignore[attr-defined]
        {"array": VALUE["array"].ravel()[::-1].reshape(5, 10)},  # type: ignore[attr-defined]
        {"list": [1.0, 2.0, 3.0, 4.0, 5.0]},
        {"list": [2.0, 1.0, None, 4.0, 5.0]},
        {"table": pd.DataFrame({"a": [1, 2, 4, 3], "b": [0.1, np.nan, 0.3, 0.4]})},
        {"kind": "transition"},
        {"whole": np.array([2**40, 2, 3, 2**50 + 1])},
        {"whole": np.array([2**40, 3, 2, 2**50])},
        {"nothing": 0.0},
    ],
)
def test_what_moves(changed: dict[str, Any]) -> None:
    assert moved(numbers(), numbers(**changed), 1e-9)


def test_the_change_is_named() -> None:
    assert moved(numbers(), numbers(number=0.25), 1e-9) == ["number: 0.1 is now 0.25 (+0.15)"]
    gone = {name: value for name, value in VALUE.items() if name != "number"}
    assert moved(numbers(), Canary(lambda: gone).numbers(), 1e-9) == ["number: no longer there"]


def test_what_is_trained_may_differ_in_its_last_digits() -> None:
    then = Canary(lambda: VALUE, TRAINED).numbers()
    near = Canary(lambda: VALUE | {"array": VALUE["array"] * 1.0005}, TRAINED).numbers()
    far = Canary(lambda: VALUE | {"array": VALUE["array"] * 1.005}, TRAINED).numbers()
    assert moved(then, near, TRAINED) == []
    assert moved(then, far, TRAINED)


def test_a_canary_holds_numbers_only() -> None:
    with pytest.raises(TypeError, match="odd: a canary cannot hold a set"):
        Canary(lambda: {"odd": {1, 2}}).numbers()


class TestWriting:
    """A layer whose numbers moved is written only with a raised version."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        write_table("worlds", Table(1, {"a": {"x": 1.0}, "old": {"x": 1.0}}), tmp_path)
        return tmp_path

    def test_unmoved_numbers_stay_to_the_last_digit(self, folder: Path) -> None:
        canaries = {"a": Canary(lambda: {"x": 1.0 + 1e-12, "y": 2.0}), "b": Canary(lambda: [3.0])}
        table, problems = rewritten("worlds", canaries, folder, 1)
        assert problems == []
        assert table.canaries == {"a": {"x": 1.0, "y": 2.0}, "b": {"n": 1, "0": 3.0}}

    def test_a_moved_number_is_refused(
        self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(VERSIONS, "worlds", 1)
        before = (folder / "worlds.json").read_bytes()
        canaries = {"worlds": {"a": Canary(lambda: {"x": 1.5})}}
        assert write(canaries, folder) == 1
        said = capsys.readouterr().err
        assert "canary 'a'" in said
        assert "x: 1 is now 1.5 (+0.5)" in said
        assert "raise the version of 'worlds' (1) in src/smcollapse/versions.py" in said
        assert (folder / "worlds.json").read_bytes() == before
        monkeypatch.setitem(VERSIONS, "worlds", 2)
        assert write(canaries, folder) == 0
        assert read_table("worlds", folder) == Table(2, {"a": {"x": 1.5}})

    def test_a_lowered_version_is_refused(self, folder: Path) -> None:
        _, problems = rewritten("worlds", {"a": Canary(lambda: {"x": 1.0})}, folder, 0)
        assert problems == ["the version of 'worlds' was lowered from 1 to 0"]
