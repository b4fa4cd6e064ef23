"""Studies of text through the program: sentences made by rule, and a text of the user's own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from smcollapse.run import run_study
from smcollapse.study_file import BUILT_IN_DATA, load_study, parse_study, presets
from smcollapse.worlds.corpus_reading import BUILT_IN_TEXT
from smcollapse.worlds.reading import BUILT_IN
from tests.worlds.tales import paragraphs

Program = Callable[..., Any]

LANGUAGE = """\
name = "told"
replicates = 3

[scenario.world]
kind = "language"
n_contexts = 20
n_answers = 4
n_categories = 4
phrasings = 6
test_size = 200

[scenario.source]
phrase_templates = 2

[scenario.mixture]
budget = 300

[scenario.model]
passes = 4

[axes]
source.phrase_templates = [2, 0]
source.polish = [0.9, 0.0]
mixture.share = [0.0, 0.2, 0.4, 0.5, 0.6]

[[variants]]
name = "real only"
set = { mixture.design = "real_only", source.phrase_templates = 2, source.polish = 0.9 }
"""

CORPUS = """\
name = "tales"
replicates = 3

[scenario.world]
kind = "corpus"
data = "tales.txt"
vocabulary = 100
length = 12
test_size = 200

[scenario.source]
passes = 2

[scenario.mixture]
budget = 200

[scenario.model]
passes = 2

[axes]
mixture.share = [0.0, 0.2, 0.4, 0.5, 0.6]

[[variants]]
name = "real only"
set = { mixture.design = "real_only" }
"""

TALES = "\n\n".join(paragraphs(300))
MITIGATIONS = (
    "provenance",
    "broader_generation",
    "weighting",
    "temperature_scaling",
    "real_data_last",
    "ensemble",
)


def folder_of(tmp: Path) -> Path:
    """A folder with both studies and a user's text."""
    (tmp / "told.toml").write_text(LANGUAGE)
    (tmp / "tales.toml").write_text(CORPUS)
    (tmp / "tales.txt").write_text(TALES)
    return tmp


@pytest.fixture(scope="module")
def finished_texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both studies and their results in `told` and `tales`: to be read only."""
    folder = folder_of(tmp_path_factory.mktemp("texts"))
    for name in ("told", "tales"):
        study = load_study(str(folder / f"{name}.toml"))
        run_study(study, folder / name, device="cpu", workers=1)
    return folder


@pytest.fixture
def texts(finished_texts: Path, tmp_path: Path) -> Path:
    """The same, to be added to; the text stands where it stood."""
    shutil.copytree(finished_texts, tmp_path / "copy")
    return tmp_path / "copy"


def words(said: Any) -> str:
    return " ".join((said.out + said.err).split())


def refused(said: Any, message: str) -> None:
    """One message with exit code 2."""
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: ")
    assert "Traceback" not in said.err
    assert message in said.err


# --- from a run to its answers


@pytest.mark.parametrize("name", ["told", "tales"])
def test_what_was_run_is_counted_and_written_as_a_table(
    smcollapse: Program, texts: Path, name: str
) -> None:
    status = json.loads(smcollapse("status", texts / name, "--json").out)
    assert status["done"] == status["planned"] == {"told": 75, "tales": 30}[name]
    assert smcollapse("table", texts / name, "--csv", texts / "t.csv").code == 0
    table = pd.read_csv(texts / "t.csv")
    assert len(table) == status["done"]
    assert table["perplexity"].gt(1.0).all()
    assert table["rare_recall"].between(0.0, 1.0).all()
    assert table.get("template_recall", pd.Series(dtype=float)).notna().any() == (name == "told")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["told", "tales"])
def test_the_page_holds_examples_knobs_and_figures(
    smcollapse: Program, texts: Path, name: str
) -> None:
    said = smcollapse("report", texts / name, "--json")
    assert (said.code, said.err) == (0, "")
    written = json.loads(said.out)
    assert all(Path(path).stat().st_size > 0 for path in written["figures"])
    assert texts / name / "report" / "text.png" in map(Path, written["figures"])
    page = Path(written["page"]).read_text(encoding="utf-8")
    assert "What the text looks like" in page
    assert "How well the text is known, and how varied it is" in page
    assert "rows to say how varied it is: 500 are needed" in page
    assert ("Which knob matters" in page) == (name == "told")
    assert ("asked in the source&#39;s phrasing" in page or "asked in the source's" in page) == (
        name == "told"
    )
    assert ("re-splits of one text" in page) == (name == "tales")


def test_the_page_says_why_rare_cases_have_nothing_to_lose(
    smcollapse: Program, texts: Path
) -> None:
    page = Path(json.loads(smcollapse("report", texts / "tales", "--json").out)["page"])
    text = page.read_text(encoding="utf-8")
    assert "Cannot be had: not learned: rare recall at the smallest share" in text
    assert "--replicates 10" not in text


@pytest.mark.slow
@pytest.mark.parametrize("name", ["told", "tales"])
def test_questions_about_a_run_are_answered(smcollapse: Program, texts: Path, name: str) -> None:
    for command in ("onset", "effects", "specify"):
        said = smcollapse(command, texts / name, "--json")
        assert (said.code, said.err) == (0, ""), command
        assert all(Path(path).exists() for path in json.loads(said.out)["files"])
    said = smcollapse("plan", "--from", texts / name, "--drop", 0.2, "--replicates", 5, "--json")
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["noise"]["sd"] > 0.0


def test_knobs_are_attributed_where_there_are_any(smcollapse: Program, texts: Path) -> None:
    said = smcollapse("attribute", texts / "told", "--json")
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["knobs"] == ["phrase_templates", "polish"]
    refused(
        smcollapse("attribute", texts / "tales"),
        "tales: no setting but the share is varied in this run: give its study an axis",
    )


@pytest.mark.slow
def test_theory_speaks_of_sentences_and_not_of_a_users_text(
    smcollapse: Program, texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(texts)
    said = smcollapse("predict", "told.toml", "--out", "predicted", "--json")
    assert (said.code, said.err) == (0, "")
    assert {one["theory"] for one in json.loads(said.out)["predictions"]} == {
        "counts",
        "population",
    }
    said = smcollapse("validate", "told", "--theory", "counts", "--json")
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["verdicts"]
    knobs = ("--x", "source.fidelity", "--y", "source.tempering", "--size", 3, "--workers", 1)
    said = smcollapse("phase", "told.toml", *knobs, "--out", "phase", "--json")
    assert (said.code, said.err) == (0, "")
    assert [len(row) for row in json.loads(said.out)["onset"]] == [3, 3, 3]

    for command in (("predict", "tales.toml"), ("validate", "tales"), ("phase", "tales.toml")):
        said = smcollapse(*command, *(knobs if command[0] == "phase" else ()))
        refused(said, "error: no theory applies to")
        assert "counts:" in said.err
        assert "the densities of a text are not known" in said.err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["told", "tales"])
def test_mitigations_are_compared(smcollapse: Program, tmp_path: Path, name: str) -> None:
    study = folder_of(tmp_path) / f"{name}.toml"
    only = [word for kind in MITIGATIONS for word in ("--only", kind)]
    shares = ("--set", "mixture.share=[0.0, 0.3, 0.6]", "--replicates", 2)
    said = smcollapse(
        "mitigate", study, *only, *shares, "--workers", 1, "--out", tmp_path / "out", "--json"
    )
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    assert len(found["rows"]) == {"told": 10, "tales": 9}[name]
    text = json.dumps(found)
    assert ("changes nothing here" in text) == (name == "tales")  # the generator is free already


def test_what_cannot_be_done_to_a_text_is_left_out_of_the_comparison(
    smcollapse: Program, tmp_path: Path
) -> None:
    said = smcollapse("mitigate", folder_of(tmp_path) / "tales.toml", "--list", "--json")
    found = json.loads(said.out)
    assert "provenance" in found["mitigations"]
    assert any("'protective_filter' does not fit world 'corpus'" in x for x in found["left_out"])


def test_a_filter_is_traded_off_on_sentences_and_refused_on_a_text(
    smcollapse: Program, texts: Path
) -> None:
    axis = ("--set", "filter.strictness=[0.0, 0.5, 1.0]")
    fewer = ("--set", "source.phrase_templates=2", "--set", "source.polish=0.9", "--replicates", 2)
    run = (*axis, *fewer, "--workers", 1, "--out", texts / "traded", "--json")
    said = smcollapse("tradeoff", texts / "told.toml", *run)
    assert (said.code, said.err) == (0, "")
    assert [curve["share"] for curve in json.loads(said.out)["curves"]] == [0.0, 0.2, 0.4, 0.5, 0.6]

    for place in (texts / "tales.toml", texts / "tales"):
        refused(smcollapse("tradeoff", place), "which has no filter to compare")
    refused(
        smcollapse("tradeoff", texts / "tales.toml", *axis),
        "filter.strictness does not fit world 'corpus', whose rows have no answer to judge: write "
        "source.best_of",
    )


# --- killed, resumed, changed


def program(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "smcollapse_cli.main", *arguments],
        cwd=cwd,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["told", "tales"])
def test_a_killed_run_goes_on_to_the_same_table(
    smcollapse: Program, finished_texts: Path, tmp_path: Path, name: str
) -> None:
    out = tmp_path / "out"
    study = str(finished_texts / f"{name}.toml")
    running = program("run", study, "--out", str(out), "--workers", "1", cwd=tmp_path)
    end = time.monotonic() + 60.0
    while running.poll() is None and time.monotonic() < end:
        if any(re.fullmatch(r"[0-9a-f]{24}\.parquet", p.name) for p in out.glob("parts/*")):
            running.send_signal(signal.SIGKILL)
            break
        time.sleep(0.005)
    running.communicate()
    assert running.returncode == -signal.SIGKILL
    status = json.loads(smcollapse("status", out, "--json").out)
    assert 0 < status["done"] < status["planned"]
    kept = {path: path.stat().st_mtime_ns for path in out.glob("parts/*.parquet")}

    again = smcollapse("run", study, "--out", out, "--workers", 1, "--json")
    assert (again.code, again.err) == (0, "")
    assert json.loads(again.out)["computed"] == status["planned"] - status["done"]
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    tables = [smcollapse("table", place, "--json").out for place in (out, finished_texts / name)]
    assert tables[0] == tables[1]


def test_a_text_that_changes_between_two_runs_costs_no_results(
    smcollapse: Program, tmp_path: Path, snapshot: Callable[[Path], Any]
) -> None:
    """Nor does one that is gone: what was computed can be read without it."""
    folder_of(tmp_path)
    run = ("run", tmp_path / "tales.toml", "--out", tmp_path / "out", "--workers", 1)
    assert smcollapse(*run).code == 0
    before, table = snapshot(tmp_path / "out"), smcollapse("table", tmp_path / "out", "--json")
    (tmp_path / "tales.txt").write_text(TALES + "\n\nThe end.")
    refused(
        smcollapse(*run, "--replicates", 5),
        f"{tmp_path / 'tales.txt'}: has changed since the results in {tmp_path / 'out'} were made",
    )
    (tmp_path / "tales.txt").unlink()
    refused(smcollapse(*run, "--replicates", 5), f"no text '{tmp_path / 'tales.txt'}'")
    assert snapshot(tmp_path / "out") == before
    assert smcollapse("table", tmp_path / "out", "--json") == table
    assert smcollapse("onset", tmp_path / "out").code == 0
    (tmp_path / "tales.txt").write_text(TALES)
    again = smcollapse(*run, "--json")
    assert (again.code, json.loads(again.out)["computed"]) == (0, 0)


# --- wrong input


RECORDS = "".join(json.dumps({"body": one}) + "\n" for one in paragraphs(300))
NOISE = "\n\n".join(
    "".join(np.random.default_rng(i).choice(list("abcdefghijklmnopqrstuvwxyz "), 200))
    for i in range(300)
)
TEXT = {"tales.txt": TALES.encode()}

WRONG: dict[str, tuple[dict[str, bytes], tuple[str, ...], str]] = {
    "empty": ({"tales.txt": b""}, (), "tales.txt: holds no text"),
    "too short": (
        {"tales.txt": b"The cat."},
        (),
        "tales.txt: 8 characters make 1 document, too few to train and test on",
    ),
    "copies of one paragraph": (
        {"tales.txt": 800 * (TALES[:300].replace("\n", " ").encode() + b"\n\n")},
        (),
        "copies are read once",
    ),
    "shorter than the context": (
        {"tales.txt": TALES[:20_000].encode()},
        ("world.length=512",),
        "give more text, or write a smaller world.length",
    ),
    "binary": (
        {"tales.txt": b"\x89PNG\r\n\x1a\n" + 9 * bytes(range(256))},
        (),
        "tales.txt: is a binary file, not text",
    ),
    "folder without text": (
        {"notes/a.png": b"\x89PNG"},
        ("world.data=notes",),
        "notes: the folder holds no text",
    ),
    "another encoding": (
        {"tales.txt": "höhe\n".encode("latin1") + TALES.encode()},
        (),
        "tales.txt: is not UTF-8 at byte 2 (0xF6): save it as UTF-8",
    ),
    "missing": ({}, (), "tales.txt': write a text or JSONL file, a folder of them, or 'python-"),
    "nobody's home": ({}, ("world.data=~nobody99/x.txt",), "no text '~nobody99/x.txt': write"),
    "NUL in the name": ({}, (r'world.data="a\u0000.txt"',), "no text 'a\x00.txt': write"),
    "no name": (TEXT, ('world.data=""',), "world.data: must not be empty"),
    "JSONL without the field": (
        {"t.jsonl": RECORDS.encode()},
        ("world.data=t.jsonl",),
        "t.jsonl: line 1 has no field 'text' (fields: body)",
    ),
    "JSONL with a broken line": (
        {"t.jsonl": RECORDS[:20_000].encode()},
        ("world.data=t.jsonl", "world.text_field=body"),
        "is no JSON (Unterminated string",
    ),
    "vocabulary too large": (
        TEXT,
        ("world.vocabulary=30000",),
        "and world.vocabulary = 30000: write a smaller vocabulary, or give more text",
    ),
    "noise": ({"tales.txt": NOISE.encode()}, (), "nothing can be learned: give more text, or"),
    "budget too large": (
        TEXT,
        ("mixture.budget=20000",),
        "mixture.budget = 20000 is larger than the training part of the data (1",
    ),
    "test too large": (
        TEXT,
        ("world.test_size=100000",),
        "and world.test_size = 100000: write a smaller test_size or a larger test_share",
    ),
    "strictness": (
        TEXT,
        ("filter.strictness=0.5",),
        "filter.strictness does not fit world 'corpus', whose rows have no answer to judge",
    ),
    "another world's source": (
        TEXT,
        ("source.kind=phrases",),
        "source 'phrases' does not fit world 'corpus': write generated",
    ),
}
"""Files, settings, and what the message must hold."""


@pytest.mark.parametrize("case", WRONG)
def test_a_text_that_cannot_be_used_is_one_message(
    smcollapse: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.chdir(tmp_path)
    files, settings, message = WRONG[case]
    (tmp_path / "tales.toml").write_text(CORPUS)
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    options = [word for setting in settings for word in ("--set", setting)]
    said = smcollapse("run", "tales.toml", "--out", "out", "--workers", 1, "--json", *options)
    refused(said, message)
    assert said.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


WRONG_LANGUAGE = {
    "model.kind=mlp": "told.toml:18: scenario.model.kind: model 'mlp' does not fit world "
    "'language': write transformer",
    "source.kind=consensus": "source 'consensus' does not fit world 'language': write phrases",
    "world.negations=0.9": "world.negations: must be ≤ 0.5 (got 0.9)",
    "world.n_answers=1": "world.n_answers: must be ≥ 2 (got 1)",
}


@pytest.mark.parametrize("setting", WRONG_LANGUAGE)
def test_settings_that_do_not_fit_sentences_are_refused(
    smcollapse: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.chdir(folder_of(tmp_path))
    refused(smcollapse("run", "told.toml", "--set", setting), WRONG_LANGUAGE[setting])
    assert not (tmp_path / "results").exists()


def test_sentences_that_are_mostly_wrong_are_refused(smcollapse: Program, tmp_path: Path) -> None:
    options = ("--set", "world.noise=0.9", "--set", "world.negations=0.4")
    said = smcollapse("run", folder_of(tmp_path) / "told.toml", *options)
    refused(said, "scenario.world.noise: noise + 1.17 * negations must be at most 1")


def test_a_transformer_does_not_fit_facts(smcollapse: Program, tmp_path: Path) -> None:
    said = smcollapse("run", "atlas-small", "--set", "model.kind=transformer", "--out", tmp_path)
    refused(said, "model 'transformer' does not fit world 'facts': write mlp or count_table")


def test_more_phrase_templates_than_there_are_means_all(
    smcollapse: Program, tmp_path: Path
) -> None:
    study = folder_of(tmp_path) / "told.toml"
    tables = []
    for number in (6, 900):
        fixed = ("--set", f"source.phrase_templates={number}", "--set", "source.polish=0.9")
        out = ("--replicates", 2, "--workers", 1, "--out", tmp_path / str(number))
        assert smcollapse("run", study, *fixed, *out).code == 0
        table = pd.DataFrame(json.loads(smcollapse("table", tmp_path / str(number), "--json").out))
        tables.append(table.loc[table["variant"] == "reference", ["rare_recall", "perplexity"]])
    pd.testing.assert_frame_equal(*tables, check_exact=True)


# --- where the text stands


def test_built_in_data_have_names_that_are_no_files() -> None:
    assert set(BUILT_IN_DATA) == {BUILT_IN, BUILT_IN_TEXT}


@pytest.mark.parametrize("data", ["notes.txt", "notes", "./notes", "deep/notes", "python-docs"])
def test_data_are_relative_to_the_study_file_unless_built_in(tmp_path: Path, data: str) -> None:
    (tmp_path / "python-docs").mkdir()
    path = tmp_path / "tales.toml"
    path.write_text(CORPUS.replace("tales.txt", data))
    expected = data if data == "python-docs" else str(tmp_path / data)
    assert load_study(str(path)).scenario.world.data == expected


def test_a_folder_beside_the_study_is_read_from_anywhere(
    smcollapse: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_of(tmp_path)
    deep = tmp_path / "notes" / "old"
    deep.mkdir(parents=True)
    half = TALES.index("\n\n", len(TALES) // 2)
    (deep.parent / "a.md").write_text(TALES[:half])
    (deep / "b.txt").write_text(TALES[half:])
    (tmp_path / "folder.toml").write_text(CORPUS.replace("tales.txt", "notes"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    run = ("--replicates", 2, "--workers", 1, "--json")
    said = smcollapse("run", "../folder.toml", *run)
    assert (said.code, said.err) == (0, "")
    rows = json.loads(smcollapse("table", "results/tales", "--json").out)
    assert len(rows) == 20
    (tmp_path / "notes" / "c.txt").write_text("One more.")
    refused(smcollapse("run", "../folder.toml", *run), "notes: has changed since the results in")


# --- the study to be copied


def test_the_study_for_an_own_text_can_be_filled_in_line_by_line() -> None:
    text = presets()["my-corpus"]
    assert parse_study(text, "my-corpus").scenario.world.data == "python-docs"
    named = text.replace('# text_field = "body"', 'text_field = "body"')
    assert parse_study(named, "my-corpus").scenario.world.text_field == "body"  # type: ignore[union-attr]
    head, _, variant = text.partition("# [[variants]]\n")
    opened = head + "[[variants]]\n" + variant.replace("# name", "name").replace("# set", "set")
    assert [v.name for v in parse_study(opened, "x").variants] == ["real only", "free generation"]


def test_the_study_for_an_own_text_is_listed_and_says_what_a_text_lacks(
    smcollapse: Program, tmp_path: Path
) -> None:
    listed = [study["name"] for study in json.loads(smcollapse("studies", "--json").out)]
    assert {"my-corpus", "corpus-small", "language-small"} <= set(listed)
    path = tmp_path / "my-corpus.toml"
    path.write_text(presets()["my-corpus"].replace('"python-docs"', '"notes"'))
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("# A note\n\nToo little to learn from.\n")
    refused(
        smcollapse("run", path, "--out", tmp_path / "out"),
        "notes: 35 characters make 1 document, too few to train and test on (at least 20 of",
    )
    assert not (tmp_path / "out").exists()


def test_the_study_for_an_own_text_runs_on_a_folder_of_text(
    smcollapse: Program, tmp_path: Path
) -> None:
    path = tmp_path / "my-corpus.toml"
    path.write_text(presets()["my-corpus"].replace('"python-docs"', '"notes"'))
    (tmp_path / "notes").mkdir()
    for number in range(3):
        part = "\n\n".join(paragraphs(150, seed=number))
        (tmp_path / "notes" / f"{number}.md").write_text(part)
    small = ("world.vocabulary=100", "world.length=16", "world.learnable=0.2", "source.passes=1")
    quick = ("source.size=nano", "model.size=nano", "model.passes=1", "mixture.budget=200")
    options = [word for setting in (*small, *quick) for word in ("--set", setting)]
    said = smcollapse(
        *("run", path, "--out", tmp_path / "out", "--workers", 1, "--replicates", 2),
        *("--set", "mixture.share=[0.0, 0.3, 0.6]", "--json", *options),
    )
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["computed"] == 2 * 6
