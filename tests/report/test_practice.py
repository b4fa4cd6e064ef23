"""The run in a risk review: its own numbers, what it lacks, and that it certifies nothing."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

import smcollapse
from smcollapse.questions.answer import answer_of
from smcollapse.report.practice import DISCLAIMER, GOVERN, MISSING, Practice, practice_of
from smcollapse.report.wording import estimate, percent, short_percent
from smcollapse.run import run_study
from smcollapse.store import Store, open_store
from smcollapse.study_file import load_study, parse_study


def said(practice: Practice) -> dict[str, str]:
    return {row.question: row.says for row in practice.rows}


SHARES = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]


@pytest.fixture(scope="module")
def full(tiny_text: str, tmp_path_factory: pytest.TempPathFactory) -> Store:
    text = tiny_text.replace("[0.0, 0.2, 0.4, 0.6]", str(SHARES))
    text += '\n[[variants]]\nname = "low"\nset = { source.coverage = 0.35 }\n'
    study = parse_study(text, "tiny")
    folder = tmp_path_factory.mktemp("practice") / "full"
    return run_study(study, folder, device="cpu", workers=1).store


def test_values_are_those_of_the_answer(full: Store) -> None:
    answer = answer_of(full)
    found, reference = said(practice_of(full, answer)), answer.conditions[0]
    benchmark = reference.onset.benchmark
    assert benchmark is not None
    assert benchmark.safe_share is not None
    assert found["What share may be used?"] == benchmark.safe_words
    assert short_percent(benchmark.safe_share) in found["Where to stop?"]
    assert (
        estimate(benchmark.estimates()[0], "share")
        == found["Where is a tenth of the rare cases lost?"]
    )
    assert reference.onset.verdict in found["Is there a cliff, and how sure is that?"]
    ece = estimate(reference.effects["ece"].points, "points")
    assert ece in found["Is confidence earned?"]
    net = estimate(reference.net_effects["rare_recall"].points, "points")
    assert net in found["Is it the synthetic data, or the loss of real rows?"]
    assert (
        f"{answer.n_models} of {answer.n_planned} models, 3 replicates"
        in found["On what evidence?"]
    )
    assert percent(0.9 * benchmark.baseline) in found["What to watch in use, and when to act?"]
    assert answer.contrasts is not None
    assert found["Which settings move the risk?"] == answer.contrasts.verdict
    functions = [row.function for row in practice_of(full, answer).rows]
    assert functions == sorted(functions, key=["Map", "Measure", "Manage"].index)


def test_a_run_without_control_shares_and_replicates_says_what_it_lacks(
    tiny_text: str, tmp_path: Path
) -> None:
    text = tiny_text[: tiny_text.index("[[variants]]")].replace("replicates = 3", "replicates = 1")
    study = parse_study(text.replace("[0.0, 0.2, 0.4, 0.6]", "[0.0, 0.4]"), "tiny")
    store = run_study(study, tmp_path / "run", device="cpu", workers=1).store
    practice = practice_of(store, answer_of(store))
    found = said(practice)
    for question in (
        "What share may be used?",
        "Is it the synthetic data, or the loss of real rows?",
        "Which settings move the risk?",
        "Where to stop?",
    ):
        assert found[question] == MISSING
        assert any(gap.startswith(question) for gap in practice.missing)
    text = " ".join(practice.missing)
    for word in ("real_only", "One replicate", "toy world", "smcollapse mitigate"):
        assert word.lower() in text.lower()
    # a run that has them lacks none of these
    assert all(row.mend for row in practice.rows if row.says == MISSING)


def test_control_and_provisional_models_are_named(store: Store) -> None:
    whole = practice_of(store, answer_of(store))
    assert not any("not trained yet" in gap for gap in whole.missing)
    assert not any("real_only" in gap for gap in whole.missing)
    store.part(store.plan[0][0]).unlink()
    opened = open_store(store.folder)
    cut = practice_of(opened, answer_of(opened))
    assert any("not trained yet" in gap for gap in cut.missing)


def test_a_users_table_is_called_by_its_name(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own)
    study = load_study("own.toml", replicates=2)
    store = run_study(study, tmp_path / "run", device="cpu", workers=1).store
    practice = practice_of(store, answer_of(store))
    found = said(practice)
    assert "rows.csv" in found["What was looked at: whose data, which world?"]
    assert "“segment”" in found["Which cases may be lost?"]
    assert "re-splits of one table" in found["On what evidence?"]
    assert not any("toy world" in gap for gap in practice.missing)
    assert any("One table" in gap for gap in practice.missing)


def test_the_page_holds_it_and_says_that_it_is_no_certificate(full: Store) -> None:
    page = unescape(smcollapse.write_report(full).page.read_text(encoding="utf-8"))
    text = re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)
    practice = practice_of(full, answer_of(full))
    for row in practice.rows:
        assert row.question in text
        assert row.says in text
    for sentence in (*practice.missing, DISCLAIMER, GOVERN, "NIST AI Risk Management Framework"):
        assert sentence in text
    assert "no certificate" in text
