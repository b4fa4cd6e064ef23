"""The command `phase`: files as said, strict JSON, one message for wrong input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

PLAIN = ("--theory", "population", "--workers", "1")


@pytest.fixture
def tiny_file(tiny_text: str, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(tiny_text)
    return path


def test_the_map_is_written_and_said(smcollapse: Any, tiny_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = smcollapse(
        *("phase", tiny_file, "--x", "source.tempering", "--y", "mixture.budget", *PLAIN),
        *("--size", "4", "--x-range", "0.2:1.1", "--out", out, "--csv", tmp_path / "own.csv"),
    )
    assert (said.code, said.err) == (0, "")
    assert "tiny: onset by theory “population”, in per cent" in said.out
    assert "mixture.budget plays no part in theory 'population' here" in said.out
    assert str(out / "phase.png") in said.out
    table = pd.read_csv(out / "phase.csv")
    assert len(table) == 16
    assert table["source.tempering"].unique() == pytest.approx([0.2, 0.5, 0.8, 1.1])
    assert table["mixture.budget"].min() == 50
    assert table.equals(pd.read_csv(tmp_path / "own.csv"))


def test_json_is_strict_and_holds_the_grid(
    smcollapse: Any, tiny_file: Path, tmp_path: Path
) -> None:
    said = smcollapse(
        *("phase", tiny_file, "--x", "source.fidelity", "--y", "source.coverage", *PLAIN),
        *("--size", "3", "--out", tmp_path / "out", "--json", "--set", "source.tempering=0.5"),
    )

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    found = json.loads(said.out, parse_constant=refuse)
    assert (said.code, said.err) == (0, "")
    assert found["x"]["values"] == [0.0, 0.5, 1.0]
    assert [len(row) for row in found["onset"]] == [3, 3, 3]
    assert found["not_reached"][2][2] is True
    assert found["onset"][2][2] is None
    assert found["onset"][2][0] < 0.6
    assert all(Path(path).exists() for path in found["files"])


XY = "--x source.tempering --y source.fidelity --theory population --workers 1"
WRONG = {
    "unknown knob": ("--x source.temperin --y source.fidelity", "mean 'source.tempering'?"),
    "knob without its part": ("--x tempering --y source.fidelity", "mean 'source.tempering'?"),
    "knob that is not a number": ("--x mixture.design --y source.fidelity", "not a quantity"),
    "knob of another world": ("--x world.dimension --y source.fidelity", "has no setting"),
    "the share": ("--x mixture.share --y source.fidelity", "onsets are shares already"),
    "the same twice": ("--x source.fidelity --y source.fidelity", "two different settings"),
    "only one": ("--x source.fidelity", "Missing option '--y'"),
    "range of one number": (f"{XY} --x-range 1", "--x-range 1: write LOW:HIGH"),
    "range in words": (f"{XY} --y-range low:high", "--y-range low:high: write LOW:HIGH"),
    "range of nothing": (f"{XY} --x-range 1:1", "LOW below HIGH (got 1:1)"),
    "range without end": (f"{XY} --x-range 0:inf", "LOW below HIGH (got 0:inf)"),
    "range beyond the setting": (f"{XY} --y-range 0:2", "source.fidelity: must be ≤ 1"),
    "no grid": (f"{XY} --size 1", "--size"),
    "no workers": (f"{XY} --workers 0", "--workers"),
    "unknown theory": (f"{XY} --theory cuonts", "did you mean 'counts'?"),
    "folder is a file": (f"{XY} --out {{tiny}}", "is a file: write another folder"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_one_message_and_exit_code_2(
    smcollapse: Any, tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, message = WRONG[case]
    said = smcollapse("phase", tiny_file, *arguments.format(tiny=tiny_file).split())
    assert (said.code, said.out) == (2, "")
    assert message in " ".join(said.err.replace("│", " ").split())
    assert "Traceback" not in said.err
    assert not (tmp_path / "results").exists()
