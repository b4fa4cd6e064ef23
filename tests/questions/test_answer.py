"""The answer of a run: its conditions, controls, notes and words."""

import math
from pathlib import Path

import pytest

from smcollapse.inference import benchmark_share, curves
from smcollapse.questions.answer import Answer, _condition, answer_of, learned, onset_of
from smcollapse.questions.conditions import conditions_of
from smcollapse.run import run_study
from smcollapse.store import Store
from smcollapse.study_file import parse_study

STUDY = """
name = "small"
replicates = 4

[scenario.world]
n_contexts = 60
n_answers = 6
n_categories = 6
test_size = 2000

[scenario.mixture]
budget = 4000

[scenario.model]
kind = "count_table"

[axes]
mixture.share = [0.0, 0.2, 0.3, 0.4, 0.5, 0.6]

[[variants]]
name = "flat"
set = { source.tempering = 0.2 }

[[variants]]
name = "strict"
set = { filter.strictness = 0.5 }

[[variants]]
name = "real only"
set = { mixture.design = "real_only" }
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("answer") / "small"
    return run_study(parse_study(STUDY, "small.toml"), folder, device="cpu", workers=1).store


@pytest.fixture(scope="module")
def answer(store: Store) -> Answer:
    return answer_of(store)


def test_every_condition_but_the_control_is_answered(answer: Answer) -> None:
    assert [condition.label for condition in answer.conditions] == ["reference", "flat", "strict"]
    assert answer.n_models == answer.n_planned == 4 * 6 * 4


def test_the_onset_is_the_estimator_s_on_the_condition_s_rows(store: Store, answer: Answer) -> None:
    table = store.table()
    rows = table[table.variant == "flat"]
    expected = benchmark_share(curves(rows, "rare_recall"))
    found = answer.conditions[1].onset.benchmark
    assert found == expected
    assert found is not None
    assert found.share is not None


def test_net_effects_are_effects_less_the_control_s(store: Store, answer: Answer) -> None:
    table = store.table()

    def change(variant: str) -> float:
        rows = table[table.variant == variant]
        after, before = rows[rows.share >= 0.45], rows[rows.share <= 0.35]
        return float(after.rare_recall.mean() - before.rare_recall.mean())

    for condition in answer.conditions[:2]:
        net = condition.net_effects["rare_recall"].points.value
        assert condition.effects["rare_recall"].points.value == pytest.approx(
            change(condition.label)
        )
        assert net == pytest.approx(change(condition.label) - change("real only"))


def test_a_control_serves_other_sources_but_not_other_filters(answer: Answer) -> None:
    assert answer.conditions[1].net_effects
    assert not answer.conditions[2].net_effects


def test_the_claim_is_compared_in_both_readings(answer: Answer) -> None:
    readings = {(row.term, row.reading) for row in answer.claim}
    assert {("rare_recall", "points"), ("rare_recall", "relative"), ("ece", "points")} <= readings
    assert ("ece", "relative") not in readings
    assert sum(row.claimed == (0.38, 0.42) for row in answer.claim) == 3


def test_the_text_gives_the_safe_share(answer: Answer) -> None:
    benchmark = answer.conditions[0].onset.benchmark
    assert benchmark is not None
    assert benchmark.safe_share is not None
    assert benchmark.safe_words.split(":")[0] in answer.text


def test_the_answer_is_json(answer: Answer) -> None:
    import json

    plain = json.dumps(answer.to_dict(), allow_nan=False)
    assert json.loads(plain)["study"] == "small"


def test_an_unfinished_run_says_so(store: Store) -> None:
    import dataclasses

    half = dataclasses.replace(store, plan=(*store.plan, ("0" * 24, 10)))
    notes = answer_of(half).notes
    assert any("provisional" in note for note in notes)


def test_one_replicate_and_one_share_give_reasons_not_numbers(tmp_path: Path) -> None:
    text = STUDY.split("[axes]")[0] + "[axes]\nmixture.share = [0.3]\n"
    study = parse_study(text, "one.toml", replicates=1)
    one = answer_of(run_study(study, tmp_path / "one", device="cpu", workers=1).store)
    assert one.conditions[0].onset.benchmark is None
    assert "at least 2" in one.text
    assert one.claim == ()


def test_re_splits_carry_the_nadeau_bengio_correction(tmp_path: Path) -> None:
    text = """
name = "splits"
replicates = 5
[scenario.world]
kind = "table"
[scenario.model]
kind = "logistic"
[axes]
mixture.share = [0.0, 0.45, 0.95]
"""
    store = run_study(parse_study(text, "s.toml"), tmp_path / "s", device="cpu", workers=1).store
    answer = answer_of(store)
    assert any("Nadeau-Bengio" in note for note in answer.notes)
    found = answer.conditions[0].effects["rare_recall"].points
    table = store.table()
    plain = table.pivot_table(index="replicate", columns="share", values="rare_recall")
    se = (plain[0.45] - plain[0.0]).std() / math.sqrt(5)
    n_test = round(0.3 * 1797)
    factor = math.sqrt(1 + 5 * n_test / (1797 - n_test))
    assert found.se == pytest.approx(float(se) * factor)


def test_no_other_condition_stands_in_for_an_untrained_reference(
    store: Store, tmp_path: Path
) -> None:
    text = STUDY.replace('"count_table"', '"mlp"\nembedding = 64\nwidth = 2048\npasses = 0.1')
    study = parse_study(text, "wide.toml", replicates=1)
    wide = run_study(study, tmp_path / "wide", device="cpu", workers=1).store
    first = wide.study.conditions()[0].variant
    assert first == "reference"
    # A stack of this width holds one model, so the first parts are the reference's.
    for key, _ in wide.plan[:6]:
        wide.part(key).unlink()
    partial = answer_of(wide)
    assert partial.claim == ()
    assert "no model of the reference" in partial.text


def test_crossed_axes_get_labels_of_their_own(tmp_path: Path) -> None:
    text = STUDY.split("[[variants]]")[0] + "source.fidelity = [0.0, 0.5]\n"
    text += 'mixture.design = ["replace", "accumulate"]\n'
    study = parse_study(text, "crossed.toml", replicates=2)
    store = run_study(study, tmp_path / "crossed", device="cpu", workers=1).store
    labels = [condition.label for condition in answer_of(store).conditions]
    assert len(set(labels)) == len(labels) == 4
    assert "fidelity 0.5, design accumulate" in labels


def test_a_design_that_keeps_all_real_rows_has_no_removal_to_tell_apart(tmp_path: Path) -> None:
    text = STUDY.split("[[variants]]")[0]
    text += 'mixture.design = ["accumulate", "replace", "real_only"]\n'
    study = parse_study(text, "designs.toml", replicates=2)
    store = run_study(study, tmp_path / "designs", device="cpu", workers=1).store
    found = {condition.label: condition for condition in answer_of(store).conditions}
    assert found["design replace"].net_effects
    assert not found["design accumulate"].net_effects
    # The study's own design is "replace", though the axis starts with another.
    assert answer_of(store).conditions[0].label == "design replace"


def test_settings_that_only_some_conditions_have_do_not_cost_the_control(tmp_path: Path) -> None:
    extra = '[[variants]]\nname = "other"\nset = { model.kind = "mlp", model.passes = 0.5 }\n'
    study = parse_study(STUDY + extra, "mixed.toml", replicates=2)
    store = run_study(study, tmp_path / "mixed", device="cpu", workers=1).store
    found = {condition.label: condition for condition in answer_of(store).conditions}
    assert found["reference"].net_effects
    assert not found["other"].net_effects


def test_each_condition_has_the_correction_of_its_own_splits(tmp_path: Path) -> None:
    text = """
name = "splits"
replicates = 3
[scenario.world]
kind = "table"
[scenario.model]
kind = "logistic"
[axes]
mixture.share = [0.0, 0.5]
[[variants]]
name = "half"
set = { world.test_share = 0.5 }
"""
    store = run_study(parse_study(text, "s.toml"), tmp_path / "s", device="cpu", workers=1).store
    sizes = [c.replication.n_test for c in conditions_of(store, store.table(complete=True))]
    assert sizes == [round(0.3 * 1797), round(0.5 * 1797)]


def test_rare_cases_that_are_hardly_learned_make_a_design_too_small(store: Store) -> None:
    rows = store.table()
    found = onset_of(rows[rows.variant == "reference"])
    base = rows[(rows.variant == "reference") & (rows.share == 0.0)].rare_recall.mean()
    assert learned(found, rows[rows.variant == "reference"], base - 0.01) is found
    refused = learned(found, rows[rows.variant == "reference"], base + 0.01)
    assert refused.verdict_kind == "not learned"
    assert refused.benchmark is None
    assert refused.verdict.startswith("not learned")


def test_effects_on_what_is_hardly_learned_are_left_out(store: Store) -> None:
    condition = next(conditions_of(store, store.table(complete=True)))
    assert "rare_recall" in _condition(condition, 0.0).effects
    refused = _condition(condition, 1.1)
    assert "rare_recall" not in refused.effects
    assert "rare_recall" not in refused.net_effects
    assert "ece" in refused.effects
