"""What is measured of text: contrast questions, variation, examples, perplexity; and its pages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smcollapse.questions.answer import answer_of
from smcollapse.report import write_report
from smcollapse.report.texts import example_table, factorial_table
from smcollapse.run import run_study
from smcollapse.store import Store
from smcollapse.study_file import parse_study
from smcollapse.texts import REAL_TEXT, SYNTHETIC_TEXT, contrast_rows
from smcollapse.worlds import Language, world_of

STUDY = """
name = "sentences"
replicates = 3

[scenario.world]
kind = "language"
n_contexts = 20
n_answers = 4
n_categories = 4
test_size = 600

[scenario.source]
phrase_templates = 4
polish = 1.0
lexical_variation = 0.0

[scenario.mixture]
budget = 2000

[scenario.model]
kind = "transformer"
passes = 6

[axes]
source.phrase_templates = [4, 0]
source.lexical_variation = [0.0, 1.0]
mixture.share = [0.0, 0.3, 0.6]
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("texts") / "sentences"
    study = parse_study(STUDY, "sentences.toml")
    return run_study(study, folder, device="cpu", workers=1).store


@pytest.fixture(scope="module")
def table(store: Store) -> pd.DataFrame:
    return store.table(complete=True)


def test_questions_in_the_source_s_phrasing_are_the_same_questions(store: Store) -> None:
    scenarios = [condition.scenario for condition in store.study.conditions()]
    world = world_of(scenarios[0].world)
    assert isinstance(world, Language)
    test = world.test(1, 0)
    rare = test.take(np.flatnonzero(world.rare[test.context]))
    for rows in contrast_rows(scenarios, world, test, 1, 0):
        assert np.array_equal(rows.truth, rare.truth)
        assert np.array_equal(rows.label, rare.label)
        assert np.array_equal(rows.context, rare.context)
        assert not np.array_equal(rows.codes, rare.codes)


def test_variation_is_measured_where_there_is_synthetic_text(table: pd.DataFrame) -> None:
    made = table[table.share > 0.0]
    assert table[table.share == 0.0][["distinct_2", "template_rate"]].isna().all(axis=None)
    assert made[["distinct_1", "distinct_2", "template_rate"]].notna().all(axis=None)
    by = made.groupby(["phrase_templates", "lexical_variation"])[["distinct_2", "template_rate"]]
    mean = by.mean()
    templated, varied = mean.loc[(4, 0.0)], mean.loc[(0, 1.0)]
    assert templated.distinct_2 < 0.7 * varied.distinct_2
    assert templated.template_rate > 2.0 * varied.template_rate


def test_perplexity_is_less_than_chance_and_worse_with_less_real_text(table: pd.DataFrame) -> None:
    world = world_of(parse_study(STUDY, "x").scenario.world)
    assert world.inputs.tokens is not None
    assert table.perplexity.between(1.0, world.inputs.tokens.vocabulary).all()
    means = table.groupby("share").perplexity.mean()
    assert means.loc[0.6] > means.loc[0.0]


def test_facts_are_learned_and_overridden_in_the_source_s_phrasing(table: pd.DataFrame) -> None:
    own = table[(table.phrase_templates == 4) & (table.lexical_variation == 0.0)]
    means = own.groupby("share")[["rare_recall", "template_recall"]].mean()
    assert means.loc[0.0].min() > 0.9
    assert means.loc[0.6].template_recall < means.loc[0.0].template_recall - 0.1


def test_examples_are_kept_beside_the_table_and_not_in_it(
    store: Store, table: pd.DataFrame
) -> None:
    assert not {REAL_TEXT, SYNTHETIC_TEXT} & set(store.table().columns)
    assert all(len(texts) == 3 for texts in table[REAL_TEXT])
    assert all(text.endswith(".") for texts in table[SYNTHETIC_TEXT] for text in texts)
    shown = example_table(store)
    assert shown is not None
    assert [row[0] for row in shown.rows] == [
        "real text",
        "phrase_templates 4, lexical_variation 0.0",
        "phrase_templates 4, lexical_variation 1.0",
        "phrase_templates 0, lexical_variation 0.0",
        "phrase_templates 0, lexical_variation 1.0",
    ]
    assert len({row[1:] for row in shown.rows}) == 5


def test_the_page_shows_text_knobs_and_figure(store: Store, tmp_path: Path) -> None:
    report = write_report(store, tmp_path)
    page = report.page.read_text(encoding="utf-8")
    assert "What the text looks like" in page
    assert "Which knob matters" in page
    assert "phrase templates (4 against 0)" in page
    assert tmp_path / "text.png" in report.figures
    found = factorial_table(store)
    assert found is not None
    assert len(found[0].rows) == 3
    assert answer_of(store).conditions[0].label == "phrase_templates 4, lexical_variation 0.0"
