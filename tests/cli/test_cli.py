"""The program: wrong input is one message and exit code 2, JSON is strict, imports are lazy."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from smcollapse.store import open_store


def strict(text: str) -> Any:
    """JSON without NaN or infinities, which Python's parser takes by default."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture
def tiny_file(tiny_text: str, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(tiny_text)
    return path


def in_subprocess(code: str, *arguments: object, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- wrong input


WRONG = {
    "misspelt preset": ("run atlsa", "no study 'atlsa'"),
    "missing study file": ("run {tmp}/no.toml", "no study file"),
    "run without a study": ("run", "Missing argument"),
    "folder as study": ("run {tmp}/empty", "is a folder"),
    "wrong study": ("run {tmp}/broken.toml {out}", "broken.toml:3: scenario.mixture.budget: must"),
    "all of it": ("run {tmp}/broken.toml {out}", "broken.toml:4: scenario.mixture: unknown key"),
    "unknown command": ("rnu", "No such command 'rnu'"),
    "unknown option": ("run {tiny} --relicates 3", "--relicates"),
    "option without number": ("run {tiny} --replicates many", "--replicates"),
    "no replicates": ("run {tiny} {out} --replicates 0", "--replicates 0: must be ≥ 1"),
    "negative seed": ("run {tiny} {out} --seed -1", "--seed -1: must be ≥ 0"),
    "no workers": ("run {tiny} {out} --workers 0", "--workers"),
    "unknown device": ("run {tiny} {out} --device tpu", "--device"),
    "setting without value": ("run {tiny} {out} --set mixture.share", "write PATH=VALUE"),
    "unknown setting": ("run {tiny} {out} --set mixture.shar=1", "did you mean 'mixture.share'?"),
    "value out of range": ("run {tiny} {out} --set mixture.share=2", "must be ≤ 1 (got 2)"),
    "empty axis": ("run {tiny} {out} --set mixture.share=[]", "must hold at least 1 value"),
    "results in a file": ("run {tiny} --out {tmp}/file", "is a file: write a folder with --out"),
    "results below a file": ("run {tiny} --out {tmp}/file/x", "cannot be written"),
    "results in a foreign folder": ("run {tiny} --out {tmp}/foreign", "holds no results of this"),
    "results of another study": ("run {tiny} --out {finished} --seed 9", "holds another study"),
    **{
        f"{command} {case}": (f"{command} {folder}", message)
        for command in ("status", "table", "report")
        for case, folder, message in (
            ("without a folder", "", "Missing argument"),
            ("of nothing", "{tmp}/none", "no such folder"),
            ("of a file", "{tmp}/file", "holds no smcollapse results"),
            ("of an empty folder", "{tmp}/empty", "holds no smcollapse results"),
            ("of a foreign folder", "{tmp}/foreign", "holds no smcollapse results"),
            ("of a name too long", 5000 * "x", "File name too long"),
        )
    },
    "CSV into no folder": ("table {finished} --csv {tmp}/no/t.csv", "cannot be written"),
    "CSV into a folder": ("table {finished} --csv {tmp}/empty", "cannot be written"),
}
"""Arguments, and what the message must hold."""


@pytest.mark.parametrize("json_wanted", [False, True], ids=["text", "json"])
@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_one_message_and_exit_code_2(
    smcollapse: Any, tiny_file: Path, finished: Path, tmp_path: Path, case: str, json_wanted: bool
) -> None:
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "notes.txt").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "broken.toml").write_text(
        'name = "x"\n[scenario.mixture]\nbudget = -1\nshar = 0.1\n'
    )
    before = sorted(tmp_path.rglob("*")), sorted(finished.rglob("*"))
    arguments, message = WRONG[case]
    places = {"tmp": tmp_path, "tiny": tiny_file, "finished": finished}
    written = arguments.format(out=f"--out {tmp_path}/out", **places).split()
    said = smcollapse(*written, *(["--json"] if json_wanted else []))
    heard = " ".join(said.err.replace("│", " ").split())
    assert (said.code, said.out) == (2, "")
    assert message in heard
    assert "Traceback" not in heard
    ours = sum(line.startswith("error: ") for line in said.err.splitlines())
    assert ours + said.err.count("─ Error ─") == 1
    assert (sorted(tmp_path.rglob("*")), sorted(finished.rglob("*"))) == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_named(
    smcollapse: Any, tiny_file: Path, tmp_path: Path
) -> None:
    said = smcollapse("run", tiny_file, "--out", tmp_path / "out", "--device", "cuda", "--json")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: no CUDA device on this machine: write --device cpu")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("damage", ["part", "marker", "study"])
def test_a_damaged_store_is_one_message(smcollapse: Any, store: Any, damage: str) -> None:
    path = {
        "part": store.part(store.plan[0][0]),
        "marker": store.folder / "store.json",
        "study": store.folder / "study.toml",
    }[damage]
    path.write_bytes(path.read_bytes()[:100])
    for command in ("table", "report"):
        said = smcollapse(command, store.folder, "--json")
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("error: ")
        assert said.err.count("\n") == 1
        assert str(path) in said.err


# --- what comes out


def test_run_status_and_table_print_strict_json(
    smcollapse: Any, tiny_file: Path, finished: Path, tmp_path: Path
) -> None:
    said = smcollapse("run", tiny_file, "--out", tmp_path / "out", "--workers", 1, "--json")
    assert (said.code, said.err) == (0, "")
    answer = strict(said.out)
    assert (answer["folder"], answer["computed"]) == (str(tmp_path / "out"), 24)
    assert (answer["n_models"], answer["n_planned"], answer["study"]) == (24, 24, "tiny")

    status = strict(smcollapse("status", tmp_path / "out", "--json").out)
    assert status == {
        "study": "tiny",
        "device": "cpu",
        "replicates": 3,
        "done": 24,
        "planned": 24,
    }
    assert smcollapse("table", tmp_path / "out", "--json") == smcollapse(
        "table", finished, "--json"
    )


def test_the_table_has_all_digits_as_json_and_as_csv(
    smcollapse: Any, finished: Path, tmp_path: Path
) -> None:
    expected = open_store(finished).table()
    rows = pd.DataFrame(strict(smcollapse("table", finished, "--json").out))
    pd.testing.assert_frame_equal(rows, expected, check_exact=True, check_dtype=False)
    path = tmp_path / "table.csv"
    said = smcollapse("table", finished, "--csv", path, "--json")
    assert strict(said.out) == {"file": str(path), "rows": 24, "columns": list(expected)}
    with path.open(newline="") as file:
        written = list(csv.DictReader(file))
    assert [float(row["brier"]) for row in written] == list(expected["brier"])


def test_missing_values_are_null(smcollapse: Any, finished: Path) -> None:
    rows = strict(smcollapse("table", finished, "--json").out)
    alone = [row for row in rows if row["variant"] == "real only"]
    assert alone
    assert all(row["mode_coverage"] is None for row in alone)


def test_a_resumed_run_says_that_nothing_was_missing(
    smcollapse: Any, store: Any, tiny_file: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")}
    said = smcollapse("run", tiny_file, "--out", store.folder, "--json")
    assert strict(said.out)["computed"] == 0
    assert {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")} == before


def test_a_partial_run_is_answered_provisionally(smcollapse: Any, store: Any) -> None:
    store.part(store.plan[2][0]).unlink()
    status = strict(smcollapse("status", store.folder, "--json").out)
    assert (status["done"], status["planned"]) == (16, 24)
    assert "16 of 24 models" in smcollapse("status", store.folder).out
    assert "run the same command again" in smcollapse("status", store.folder).out
    assert len(strict(smcollapse("table", store.folder, "--json").out)) == 16


def test_text_for_people_is_printed_without_json(
    smcollapse: Any, tiny_file: Path, tmp_path: Path
) -> None:
    run = smcollapse("run", tiny_file, "--out", tmp_path / "out", "--workers", 1)
    assert (run.code, run.err) == (0, "")
    assert "24 models trained" in run.out
    assert "(24 of 24)" in run.out
    assert f"smcollapse report {tmp_path / 'out'}" in " ".join(run.out.split())
    again = smcollapse("run", tiny_file, "--out", tmp_path / "out")
    assert "0 models trained" in again.out
    assert "24 were there already" in again.out
    table = smcollapse("table", tmp_path / "out").out
    assert "rare_recall" in table
    assert "24 rows; write them with --csv FILE" in table
    assert "complete" in smcollapse("status", tmp_path / "out").out


def test_progress_is_silent_in_a_pipe_and_results_go_beside_the_caller(
    tiny_file: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "smcollapse_cli.main",
            "run",
            "../tiny.toml",
            "--workers",
            "1",
            "--json",
        ],
        capture_output=True,
        text=True,
        cwd=elsewhere,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert strict(done.stdout)["folder"] == "results/tiny"
    assert (elsewhere / "results" / "tiny" / "store.json").is_file()


def test_the_page_of_a_run_is_written_into_its_folder(smcollapse: Any, store: Any) -> None:
    said = smcollapse("report", store.folder, "--json")
    assert (said.code, said.err) == (0, "")
    written = strict(said.out)
    for path in (written["page"], *written["figures"]):
        assert Path(path).stat().st_size > 0
        assert Path(path).is_relative_to(store.folder)
    assert smcollapse("table", store.folder, "--json").code == 0


def test_the_shipped_studies_are_listed(smcollapse: Any) -> None:
    listed = {study["name"]: study for study in strict(smcollapse("studies", "--json").out)}
    assert {"atlas", "atlas-small", "digits", "my-table"} <= set(listed)
    assert listed["atlas-small"]["models"] == 250
    assert all(name in smcollapse("studies").out for name in listed)


def test_a_reader_that_leaves_early_is_no_error(finished: Path) -> None:
    command = f"{sys.executable} -m smcollapse_cli.main table {finished} --json | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[\n", "")


# --- imports


MODULES = """
import contextlib, io, sys
from smcollapse_cli.main import main
sys.argv[0] = "smcollapse"
with contextlib.redirect_stdout(io.StringIO()) as out:
    try:
        main()
    except SystemExit as end:
        assert not end.code, end.code
assert out.getvalue()
print(*sys.modules)
"""


def imported(*arguments: object) -> Iterator[str]:
    yield from in_subprocess(MODULES, *arguments).split()


def test_help_is_quick() -> None:
    for command in ((), ("run",), ("table",)):
        heavy = {"torch", "numpy", "pandas", "numba", "scipy", "sklearn", "matplotlib"}
        assert heavy.isdisjoint(imported(*command, "--help")), command


def test_listing_studies_needs_no_numbers() -> None:
    heavy = {"torch", "numpy", "pandas", "numba", "scipy", "sklearn"}
    assert heavy.isdisjoint(imported("studies", "--json"))


@pytest.mark.parametrize("command", ["status", "table"])
def test_looking_at_results_needs_no_torch(finished: Path, command: str) -> None:
    seen = set(imported(command, finished, "--json"))
    assert "pandas" in seen
    assert seen.isdisjoint({"torch", "statsmodels", "matplotlib"})


def test_the_public_names_are_there() -> None:
    import smcollapse as package

    assert set(package.__all__) <= set(dir(package))
    assert all(getattr(package, name) is not None for name in package.__all__)
    with pytest.raises(AttributeError, match="no attribute 'trainer'"):
        _ = package.trainer


def test_brackets_in_tables_are_printed_and_not_taken_for_markup() -> None:
    from rich.console import Console

    from smcollapse_cli.printing import grid

    console = Console(width=100, record=True, file=io.StringIO())
    console.print(grid("[bold]title", ("[red]a",), [("1.0 [open, open]",)], "[note]"))
    text = console.export_text()
    for shown in ("[bold]title", "[red]a", "1.0 [open, open]", "[note]"):
        assert shown in text
