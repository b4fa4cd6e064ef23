"""The command `predict`: no torch, one message for wrong input, strict JSON, files as said."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from smcollapse.study_file import load_study

TORCH_FREE = """
import sys
from smcollapse_cli.main import main
sys.argv = ["smcollapse", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
heavy = {"torch", "sklearn"} & set(sys.modules)
assert not heavy, heavy
"""


def strict(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.slow
def test_the_whole_command_needs_neither_torch_nor_sklearn(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TORCH_FREE, "predict", "atlas", "--theory", "population"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "atlas: predicted, nothing trained" in done.stdout
    assert (tmp_path / "results" / "atlas-predicted" / "predictions.png").stat().st_size > 10_000


@pytest.fixture
def tiny_file(tiny_text: str, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(tiny_text)
    return path


def test_the_tables_and_files_are_named(smcollapse: Any, tiny_file: Path, tmp_path: Path) -> None:
    out, csv = tmp_path / "out", tmp_path / "own.csv"
    said = smcollapse("predict", tiny_file, "--theory", "population", "--out", out, "--csv", csv)
    assert said.code == 0
    assert said.err == ""
    assert "claim" in said.out
    assert "Theory “population”, condition “reference”" in said.out
    for path in (csv, out / "predictions.csv", out / "predictions.png"):
        assert str(path) in said.out
        assert path.stat().st_size > 0
    assert pd.read_csv(csv).equals(pd.read_csv(out / "predictions.csv"))


def test_a_list_makes_an_axis(smcollapse: Any, tiny_file: Path, tmp_path: Path) -> None:
    said = smcollapse(
        *("predict", tiny_file, "--theory", "population", "--out", tmp_path / "out", "--json"),
        *("--set", "source.tempering=[0.5, 1.0]"),
    )
    found = strict(said.out)
    assert (said.code, said.err) == (0, "")
    assert [one["label"] for one in found["predictions"]] == ["tempering 1.0", "tempering 0.5"]
    assert all(Path(path).exists() for path in found["files"])
    assert found["claim"]["onset"] == [0.38, 0.42]
    recall = found["predictions"][0]["measures"]["rare_recall"]
    assert recall[0] == pytest.approx(1.0)
    assert recall[-1] < 0.8


WRONG = {
    "unknown study": ("predict atlsa", "no study 'atlsa'"),
    "unknown theory": ("predict {tiny} --theory populaton", "did you mean 'population'?"),
    "unknown setting": ("predict {tiny} --set source.fidelty=1", "did you mean 'source.fidelity'?"),
    "nothing to say": ("predict digits", "no theory applies to study 'digits'"),
    "named, but not for this": (
        "predict digits --theory population",
        "theory 'population' does not apply to study 'digits'",
    ),
    "folder is a file": ("predict {tiny} --out {tiny}", "is a file: write another folder"),
    "folder below a file": ("predict {tiny} --out {tiny}/x", "is a file: write another folder"),
    "CSV into no folder": (
        "predict {tiny} --theory population --out {out} --csv {out}/no/t.csv",
        "cannot be written",
    ),
    "no study": ("predict", "Missing argument"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_one_message_and_exit_code_2(
    smcollapse: Any, tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, message = WRONG[case]
    said = smcollapse(*arguments.format(tiny=tiny_file, out=tmp_path / "out").split())
    assert (said.code, said.out) == (2, "")
    assert message in " ".join(said.err.replace("│", " ").split())
    assert "Traceback" not in said.err
    assert not (tmp_path / "results").exists()


def test_public_names_are_there() -> None:
    import smcollapse

    found = smcollapse.predict_study(load_study("atlas-small"), "population")
    assert found.table.theory.unique().tolist() == ["population"]
