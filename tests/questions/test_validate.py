"""Theory beside training: errors, z, onsets and verdicts are what the rows say."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from smcollapse.errors import TheoryError
from smcollapse.inference import benchmark_share, curves
from smcollapse.inference.onsets.benchmark import benchmark_error
from smcollapse.questions.validation.validate import Validation, validate_store
from smcollapse.questions.validation.verdict import MEDIAN
from smcollapse.run import run_study
from smcollapse.store import Store, open_store
from smcollapse.study_file import parse_study
from smcollapse.theories import CATALOG, MEASURES, Curve, Theory

STUDY = """
name = "small"
seed = 5
replicates = 6

[scenario.world]
n_contexts = 60
n_answers = 6
n_categories = 6
test_size = 4000

[scenario.source]
polish = 1.0

[scenario.mixture]
budget = 6000

[scenario.model]
kind = "count_table"

[axes]
mixture.share = [0.0, 0.2, 0.3, 0.4, 0.5, 0.6]

[[variants]]
name = "flat"
set = { source.tempering = 0.3 }

[[variants]]
name = "real only"
set = { mixture.design = "real_only" }
"""


class Told(Theory):
    """Says what training showed, plus an error of one's choice in one condition."""

    name = "told"
    title = "told"
    source = "none"
    assumptions = ()
    domain = "none"

    def __init__(self, store: Store, error: float = 0.0, warns: bool = True):
        self.means = store.table().groupby(["variant", "share"])[list(MEASURES)].mean()
        self.error, self.warns = error, warns

    def _applies(self, scenario):
        return ()

    def doubts(self, scenario, shares):
        return ("tempering below 1",) if self.warns and scenario.source.tempering < 1.0 else ()

    def _curve(self, scenario, shares):
        flat = scenario.source.tempering < 1.0
        design = scenario.mixture.design
        variant = "real only" if design == "real_only" else "flat" if flat else "reference"
        rows = self.means.loc[variant]
        found = {name: np.interp(shares, rows.index, rows[name]) for name in MEASURES}
        if flat:
            found["rare_recall"] = found["rare_recall"] - self.error
        return Curve(shares, found, np.full(60, np.nan), math.nan)


class Silent(Told):
    """Has nothing to say."""

    def _applies(self, scenario):
        return ("there is nothing to say",)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    folder = tmp_path_factory.mktemp("validate") / "small"
    return run_study(parse_study(STUDY, "small"), folder, device="cpu", workers=1).store


def validated(monkeypatch, store: Store, theory: Theory) -> Validation:
    monkeypatch.setitem(CATALOG, "told", theory)
    return validate_store(store, "told")


def test_means_errors_and_z_are_those_of_the_rows(monkeypatch, store):
    found = validated(monkeypatch, store, Told(store, error=0.1))
    table = store.table()
    rows = table[(table.variant == "flat") & (table.share == 0.3)].rare_recall
    point = found.points.query(
        "condition == 'flat' and measure == 'rare_recall' and share == 0.3"
    ).iloc[0]
    assert point.trained == pytest.approx(rows.mean())
    assert point.se == pytest.approx(rows.std(ddof=1) / math.sqrt(6))
    assert point.error == pytest.approx(0.1)
    assert point.z == pytest.approx(0.1 / point.se)
    assert point.replicates == 6


def test_every_condition_is_compared_the_control_too(monkeypatch, store):
    found = validated(monkeypatch, store, Told(store))
    assert [one.condition.label for one in found.compared] == ["reference", "flat", "real only"]
    designs = [one.condition.scenario.mixture.design for one in found.compared]
    assert designs == ["replace", "replace", "real_only"]
    assert len(found.points) == 3 * 6 * len(MEASURES)


def test_a_theory_that_is_right_holds_everywhere(monkeypatch, store):
    found = validated(monkeypatch, store, Told(store))
    assert found.points.error.abs().max() < 1e-12
    (verdict,) = found.verdicts
    assert verdict.holds
    assert verdict.misses == ()
    assert "each of the 3 conditions" in verdict.text
    recall = next(one for one in found.summaries if one.measure == "rare_recall")
    assert recall.r2 == pytest.approx(1.0)
    assert recall.r2_conditions == 2  # without the control, which stays flat


def test_a_theory_that_is_wrong_in_one_condition_is_caught_there(monkeypatch, store):
    found = validated(monkeypatch, store, Told(store, error=0.06))
    (verdict,) = found.verdicts
    assert not verdict.holds
    missed = {miss.condition: miss for miss in verdict.misses if "recall" in miss.measure}
    assert set(missed) == {"flat"}
    assert missed["flat"].error == pytest.approx(0.06)
    assert missed["flat"].changed == "tempering 0.3"
    assert missed["flat"].doubts == ("tempering below 1",)
    assert "stops in flat; it doubted 1 of these 1 itself" in verdict.text


def test_a_miss_that_the_theory_did_not_foresee_is_said(monkeypatch, store):
    found = validated(monkeypatch, store, Told(store, error=0.06, warns=False))
    assert "it doubted 0 of these 1 itself" in found.verdicts[0].text


def test_an_error_within_the_tolerance_is_no_miss(monkeypatch, store):
    found = validated(monkeypatch, store, Told(store, error=0.9 * MEDIAN["rare_recall"]))
    assert not [miss for miss in found.verdicts[0].misses if "recall" in miss.measure]


def test_onsets_are_compared_through_one_functional(monkeypatch, store):
    found = validated(monkeypatch, store, Told(store))
    table = store.table()
    measured = curves(table[table.variant == "reference"], "rare_recall")
    expected = benchmark_share(measured)
    onset = next(one for one in found.onsets if one.condition == "reference")
    assert onset.estimand == "benchmark share"
    assert onset.trained == expected.share
    assert onset.se == benchmark_error(measured)
    assert onset.predicted == pytest.approx(expected.share)
    assert onset.error == pytest.approx(0.0)


def test_an_onset_that_only_one_reaches_has_a_bounded_error(monkeypatch, store):
    lifted = Told(store)
    lifted.means = lifted.means.copy()
    lifted.means.loc["reference", "rare_recall"] = 1.0
    found = validated(monkeypatch, store, lifted)
    onset = next(one for one in found.onsets if one.condition == "reference")
    assert onset.predicted is None
    assert onset.trained is not None
    assert onset.error == pytest.approx(onset.trained - 0.6)
    control = [one for one in found.onsets if one.condition == "real only"]
    assert all(math.isnan(one.error) for one in control)


def test_counts_predict_the_count_table_and_a_wrong_scenario_is_caught(store):
    """Its own model: within 4 standard errors at a resolution of 0.02."""
    found = validate_store(store, "counts")
    points = found.points.query("measure == 'rare_recall' and condition != 'real only'")
    assert (points.se < 0.02).all()
    assert (points.error.abs() <= 4.0 * points.se + 1e-3).all()
    wrong = found.compared[0].points.query("measure == 'rare_recall'").predicted.to_numpy()
    flat = found.compared[1].points.query("measure == 'rare_recall'")
    assert (np.abs(flat.trained.to_numpy() - wrong) > 4.0 * flat.se.to_numpy() + 1e-3).any()


def test_an_unfinished_run_is_compared_as_far_as_it_goes(monkeypatch, store, tmp_path):
    study = parse_study(STUDY, "small", replicates=2)
    part = run_study(study, tmp_path / "part", device="cpu", workers=1).store
    part.part(part.plan[0][0]).unlink()
    done, planned = part.count()
    assert 0 < done < planned
    found = validated(monkeypatch, open_store(part.folder), Told(store))
    assert any(f"{done} of {planned}" in note for note in found.notes)


def test_one_replicate_has_errors_and_no_z(monkeypatch, store, tmp_path):
    study = parse_study(STUDY, "small", replicates=1)
    one = run_study(study, tmp_path / "one", device="cpu", workers=1).store
    found = validated(monkeypatch, one, Told(store))
    assert found.points.se.isna().all()
    assert found.points.z.isna().all()
    assert found.points.error.notna().all()
    assert all(math.isnan(summary.median_z) for summary in found.summaries)
    assert any("one replicate" in note for note in found.notes)


def test_no_theory_for_a_table_is_an_error_with_the_reasons(tmp_path: Path):
    text = '[scenario.world]\nkind = "table"\n[scenario.model]\nkind = "logistic"\n'
    text = 'name = "own"\nreplicates = 2\n' + text + "[axes]\nmixture.share = [0.0, 0.4]\n"
    run = run_study(parse_study(text, "own"), tmp_path / "own", device="cpu", workers=1)
    with pytest.raises(TheoryError, match=r"no theory applies[^\n]*\n[^$]*densities"):
        validate_store(run.store)


def test_a_theory_that_does_not_apply_is_refused_with_its_reason(monkeypatch, store):
    with pytest.raises(TheoryError, match=r"'told' does not apply[^\n]*\ntold: there is nothing"):
        validated(monkeypatch, store, Silent(store))
    with pytest.raises(TheoryError, match="did you mean 'counts'"):
        validate_store(store, "count")


def test_the_plain_form_is_json(monkeypatch, store):
    found = validated(monkeypatch, store, Told(store, error=0.06))
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert len(plain["points"]) == len(found.points)
    assert plain["verdicts"][0]["holds"] is False
