"""Predictions of a study: its conditions as the trained table has them, effects, words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from smcollapse.errors import TheoryError
from smcollapse.questions import predict
from smcollapse.questions.conditions import conditions_of
from smcollapse.questions.planned import DEFAULT_SHARES, condition_curves
from smcollapse.questions.predict import predict_study
from smcollapse.run import run_study
from smcollapse.scenario import Scenario
from smcollapse.study import Study
from smcollapse.study_file import load_study, parse_study
from smcollapse.theories import MEASURES, Curve, Theory

WORLD = """
name = "small"
replicates = 1
[scenario.world]
n_contexts = 20
n_answers = 4
n_categories = 4
test_size = 200
[scenario.mixture]
budget = 200
[scenario.model]
kind = "count_table"
[axes]
mixture.share = [0.0, 0.2, 0.4, 0.6]
"""

STUDIES = {
    "variants": """
[[variants]]
name = "flat"
set = { source.tempering = 0.2 }
[[variants]]
name = "one share"
set = { mixture.share = 0.5, source.coverage = 0.5 }
[[variants]]
name = "real only"
set = { mixture.design = "real_only" }
""",
    "crossed": """
source.coverage = [0.5, 1.0]
source.templates = [0, 10]
""",
    "designs": """
mixture.design = ["real_only", "accumulate", "replace"]
[[variants]]
name = "flat"
set = { source.tempering = 0.2 }
""",
    "controls alone": """
mixture.design = ["real_only"]
""",
    "models of two kinds": """
[[variants]]
name = "narrow"
set = { model.kind = "mlp", model.width = 4, model.passes = 1 }
[[variants]]
name = "wide"
set = { model.kind = "mlp", model.width = 16, model.passes = 1 }
""",
    "the reference in second place": """
source.fidelity = [0.5, 0.0, 1.0]
""",
}


def small(more: str = "", **options: int) -> Study:
    return parse_study(WORLD + more, "small.toml", **options)


class Falling(Theory):
    """Rare recall falls by half of the share, confidence rises by a tenth of it."""

    name = "falling"
    title = source = domain = ""
    assumptions = ()

    def _applies(self, scenario: Scenario) -> tuple[str, ...]:
        return ("coverage is low",) if scenario.source.coverage < 0.6 else ()

    def doubts(self, scenario: Scenario, shares: np.ndarray) -> tuple[str, ...]:
        return ("few rows",) if scenario.mixture.budget < 1000 else ()

    def _curve(self, scenario: Scenario, shares: np.ndarray) -> Curve:
        measures = {name: np.full(len(shares), np.nan) for name in MEASURES}
        measures["rare_recall"] = 0.8 - 0.5 * shares
        measures["mean_confidence"] = 0.8 + 0.1 * shares
        flips = np.array([0.3, np.nan])
        return Curve(shares, measures, flips, 0.3, ("solved",) if shares[-1] > 0.5 else ())


@pytest.fixture
def falling(monkeypatch: pytest.MonkeyPatch) -> Falling:
    theory = Falling()
    monkeypatch.setattr(predict, "CATALOG", {"falling": theory})
    return theory


@pytest.mark.parametrize("name", STUDIES)
def test_conditions_are_those_of_the_trained_table(tmp_path: Path, name: str) -> None:
    study = small(STUDIES[name])
    store = run_study(study, tmp_path / "small", device="cpu", workers=1).store
    trained = {one.label: one for one in conditions_of(store, store.table(complete=True))}
    found = {one.label: one for one in condition_curves(study)}
    assert next(iter(found)) == next(iter(trained))
    assert set(found) == set(trained)
    for label, one in found.items():
        shares = sorted(set(trained[label].rows["share"]))
        assert one.settings == trained[label].settings
        assert set(shares) <= set(one.shares)
        assert list(one.shares) == shares or len(shares) == 1
        assert one.scenario.mixture.share == shares[0]


def test_a_condition_with_one_share_is_predicted_over_many() -> None:
    variants = small(STUDIES["variants"])
    one = {curve.label: curve for curve in condition_curves(variants)}["one share"]
    assert one.shares == pytest.approx(DEFAULT_SHARES)
    study = parse_study(WORLD.partition("[axes]")[0], "small.toml")
    (alone,) = condition_curves(study)
    assert alone.shares == pytest.approx(DEFAULT_SHARES)
    odd = parse_study(WORLD.partition("[axes]")[0] + "[axes]\nmixture.share = [0.333]\n", "s.toml")
    assert 0.333 in condition_curves(odd)[0].shares


def test_onsets_and_changes_are_those_of_the_curve(falling: Falling) -> None:
    found = predict_study(load_study("atlas"))
    assert [one.label for one in found.by(falling)][:2] == ["reference", "coverage high"]
    reference = found.found[0]
    assert reference.onsets.benchmark_share == pytest.approx(0.16)
    assert reference.onsets.flip == 0.3
    # windows 0 … .35 and .45 … .60 of shares .05 apart: means .175 and .525
    change = reference.effects["rare_recall"]
    assert change.points == pytest.approx(-0.175)
    assert change.relative == pytest.approx(-0.175 / (0.8 - 0.5 * 0.175))
    assert reference.effects["mean_confidence"].points == pytest.approx(0.035)
    assert "ece" not in reference.effects


def test_the_table_has_the_columns_and_keys_of_the_trained_one(
    falling: Falling, tmp_path: Path
) -> None:
    study = small(STUDIES["crossed"], replicates=2)
    trained = run_study(study, tmp_path / "small", device="cpu", workers=1).store.table()
    found = predict_study(study).table
    assert set(found.columns) - {"theory"} <= set(trained.columns)
    keys = ["variant", "coverage", "templates", "design", "share"]
    joined = trained.merge(found, on=keys, suffixes=("", "_predicted"))
    assert len(joined) == (trained.coverage == 1.0).sum() == 16
    assert np.allclose(joined.rare_recall_predicted, 0.8 - 0.5 * joined.share)


def test_what_a_theory_does_not_cover_is_listed_with_its_reasons(falling: Falling) -> None:
    found = predict_study(load_study("atlas"), "falling")
    assert [(one.label, one.reasons) for one in found.silent] == [
        ("coverage low", ("coverage is low",))
    ]
    assert "falling (coverage low): says nothing here: coverage is low" in found.notes


def test_notes_are_said_once_and_name_their_conditions(falling: Falling) -> None:
    study = small(STUDIES["variants"])
    notes = predict_study(study).notes
    assert "falling (reference, flat): few rows" in notes
    assert "falling (reference, flat): solved" in notes
    alone = predict_study(small()).notes
    assert "falling: few rows" in alone


def test_a_theory_that_applies_nowhere_is_an_error_with_reasons(falling: Falling) -> None:
    study = small("source.coverage = [0.3, 0.5]")
    for theory, who in ((None, "no theory applies"), ("falling", "theory 'falling' does not")):
        with pytest.raises(TheoryError, match=who) as error:
            predict_study(study, theory)
        assert "coverage is low" in str(error.value)


def test_an_unknown_theory_is_named_with_the_nearest(falling: Falling) -> None:
    with pytest.raises(TheoryError, match=r"no theory 'faling'.*did you mean 'falling'"):
        predict_study(small(), "faling")


def test_lines_are_finer_unless_that_takes_too_long(
    falling: Falling, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = predict_study(small()).found[0]
    assert quick.line.shares == pytest.approx(np.linspace(0.0, 0.6, 61))
    monkeypatch.setattr(predict, "LINE_SECONDS", 0.0)
    slow = predict_study(small()).found[0]
    assert slow.line is slow.curve


def test_predictions_are_plain_data(falling: Falling) -> None:
    data = predict_study(small(STUDIES["variants"])).to_dict()
    json.dumps(data, allow_nan=False)
    assert data["predictions"][0]["measures"]["ece"] == [None] * 4
    assert data["does_not_apply"][0]["label"] == "one share"


def test_progress_ends_with_all(falling: Falling) -> None:
    seen: list[tuple[int, int]] = []
    predict_study(small(STUDIES["crossed"]), progress=lambda done, of: seen.append((done, of)))
    assert seen == [(number, 4) for number in range(5)]


def test_shipped_theories_predict_the_shipped_facts() -> None:
    study = load_study("atlas-small")
    found = predict_study(study)
    table = found.table
    assert {"population"} <= set(table.theory)
    assert table[list(MEASURES)].notna().all(axis=None)
    recall = table[table.theory == "population"].groupby("variant").rare_recall
    assert (recall.first() > 0.99).all()
    assert recall.last()["tempering low"] < 0.75
