"""`smcollapse tradeoff`: a table, files, JSON; wrong input is one message and exit code 2."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Program = Callable[..., Any]
AXIS = "filter.strictness=[0.0, 0.5, 1.0]"


@pytest.fixture
def tiny_file(tiny_text: str, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(tiny_text)
    return path


def test_a_study_is_run_and_answered_and_its_folder_too(
    smcollapse: Program, tiny_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    said = smcollapse("tradeoff", tiny_file, "--set", AXIS, "--out", out, "--workers", "1")
    assert said.code == 0, said.err
    assert "what a filter gives and takes" in said.out
    assert "Verdict: reference (real rows filtered too):" in said.out.replace("\n", " ")
    names = {path.name for path in (out / "tradeoff").iterdir()}
    assert names == {"tradeoff.csv", "tradeoff.png", "tradeoff.svg"}
    again = smcollapse("tradeoff", out, "--objective", "accuracy", "--json")
    assert again.code == 0, again.err
    found = json.loads(again.out)
    assert (found["computed"], found["objective"], found["theory"]) == (0, "accuracy", "counts")
    assert [curve["share"] for curve in found["curves"]] == [0.0, 0.2, 0.4, 0.6]
    assert len(found["files"]) == 3


def test_a_users_table_is_answered_without_theory(
    smcollapse: Program, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own)
    options = ("--set", AXIS, "--out", tmp_path / "out", "--workers", "1")
    said = smcollapse("tradeoff", "own.toml", *options)
    assert said.code == 0, said.err
    text = said.out.replace("\n", " ")
    assert "No theory beside it" in text
    assert "re-splits of one table" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "has no axis filter.strictness with 0"),
        (("--objective", "rare_recal", "--set", AXIS), "did you mean 'rare_recall'"),
    ],
)
def test_wrong_input_is_one_message_and_trains_nothing(
    smcollapse: Program, tiny_file: Path, tmp_path: Path, arguments: tuple, message: str
) -> None:
    said = smcollapse("tradeoff", tiny_file, "--out", tmp_path / "out", *arguments)
    assert said.code == 2
    assert message in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "out").exists()


def test_settings_of_a_finished_run_are_not_changed(smcollapse: Program, finished: Path) -> None:
    said = smcollapse("tradeoff", finished, "--set", AXIS)
    assert said.code == 2
    assert "is a run" in said.err
