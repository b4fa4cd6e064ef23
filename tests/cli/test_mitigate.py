"""`smcollapse mitigate`: a table, files, JSON; wrong input is one message and exit code 2."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Program = Callable[..., Any]


@pytest.fixture
def tiny_file(tiny_text: str, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(tiny_text)
    return path


def test_mitigations_are_trained_compared_and_written(
    smcollapse: Program, tiny_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = ("--only", "weighting", "--only", "deduplication", "--workers", "1")
    said = smcollapse("mitigate", tiny_file, "--out", out, *options)
    assert said.code == 0, said.err
    for text in (
        "row weight 0.382 (golden)",
        "deduplication",
        "Verdict: ",
        "theory sampled counts",
    ):
        assert text in said.out
    assert (out / "mitigations" / "mitigations.csv").exists()
    again = smcollapse("mitigate", tiny_file, "--out", out, *options, "--json")
    assert again.code == 0, again.err
    found = json.loads(again.out)
    assert found["study"] == "tiny-mitigations"
    assert len(found["rows"]) == 5
    assert len(found["files"]) == 3


def test_what_would_be_compared_is_listed_without_training(
    smcollapse: Program, tiny_file: Path, tmp_path: Path
) -> None:
    said = smcollapse("mitigate", tiny_file, "--list", "--json")
    found = json.loads(said.out)
    assert "provenance" in found["mitigations"]
    assert any("label smoothing" in note for note in found["left_out"])
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--only", "provenence"), "did you mean 'provenance'"),
        (("--set", "mixture.share=[0.1, 0.5, 0.6]"), "no axis mixture.share with 0"),
        (("--replicates", "1", "--only", "deduplication"), "at least 2"),
    ],
)
def test_wrong_input_is_one_message(
    smcollapse: Program, tiny_file: Path, tmp_path: Path, arguments: tuple, message: str
) -> None:
    said = smcollapse("mitigate", tiny_file, "--out", tmp_path / "out", *arguments)
    assert said.code == 2
    assert message in said.err
    assert "Traceback" not in said.err
