"""Mitigations against doing nothing: the study, the comparison, the words, the command."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smcollapse.errors import StudyError
from smcollapse.questions.mitigating.mitigate import late_shares, mitigation_report, three_shares
from smcollapse.questions.mitigating.results import MitigationReport
from smcollapse.questions.mitigating.study import (
    candidates,
    fewest_real_rows,
    mitigation_study,
    settings_by_name,
)
from smcollapse.questions.mitigating.words import mitigation_table, theory_notes
from smcollapse.report.mitigations import mitigations_figure, mitigations_table, write_mitigations
from smcollapse.run import run_study
from smcollapse.study import Study
from smcollapse.study_file import load_study

SHARES = [0.0, 0.2, 0.35, 0.45, 0.6]
BASE = {
    "name": "tiny",
    "replicates": 6,
    "scenario": {
        "world": {"kind": "facts", "n_contexts": 100, "noise": 0.1, "test_size": 3000},
        "source": {"polish": 1.0},
        "mixture": {"budget": 6000},
        "model": {"kind": "count_table"},
    },
    "axes": {"mixture": {"share": SHARES}},
}
STUDY = Study.model_validate(BASE)
ONLY = ("row weight 0.1", "deduplication", "filter, real rows too", "expectation_consistency")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> MitigationReport:
    study, left_out = mitigation_study(STUDY, ONLY, fewest_real_rows(STUDY))
    store = run_study(study, tmp_path_factory.mktemp("run") / "run", workers=1).store
    return mitigation_report(store, notes=left_out)


def row(report: MitigationReport, label: str):  # type: ignore[no-untyped-def]
    return next(one for one in report.rows if one.label == label)


def test_the_default_list_has_ten_mitigations_and_the_golden_weights() -> None:
    study, left_out = mitigation_study(load_study("atlas-small"))
    names = [variant.name for variant in study.variants]
    kinds = {found.get("mitigation.kind") for found in settings_by_name(study).values()}
    assert len(kinds - {None}) == 13
    assert {"row weight 0.382 (golden)", "mass 0.382 (golden)", "real only"} <= set(names)
    assert left_out == ()
    assert study.name == "atlas-small-mitigations"
    assert [axis.path for axis in study.axes] == ["mixture.share"]


def test_what_a_learner_cannot_do_is_left_out_with_its_reason() -> None:
    study, left_out = mitigation_study(STUDY)
    names = {variant.name for variant in study.variants}
    assert "label smoothing" not in names
    assert any("label smoothing: mitigation 'label_smoothing' does not fit" in o for o in left_out)


def test_a_source_that_is_faithful_cannot_be_made_more_so() -> None:
    digits = load_study("digits")
    names = {one.name for one in candidates(digits.scenario)}
    assert "faithful generation" not in names
    assert "faithful generation" in {one.name for one in candidates(STUDY.scenario)}


def test_the_hold_out_leaves_more_real_rows_than_it_takes() -> None:
    few = candidates(STUDY.scenario, fewest_real=100)
    held = next(one for one in few if one.kind == "temperature_scaling")
    assert held.settings["mitigation.holdout"] == 40
    assert fewest_real_rows(STUDY) == 2400


@pytest.mark.parametrize(
    ("changes", "only", "message"),
    [
        ({}, ("tail weigth 3",), "did you mean 'tail weight 3'"),
        ({"axes": {}}, (), "no axis mixture.share with 0"),
        ({"axes": {"mixture": {"share": [0.2, 0.4, 0.6]}}}, (), "no axis mixture.share with 0"),
        ({}, ("ensemble",), "no mitigation fits study 'tiny'"),
    ],
)
def test_what_cannot_be_compared_is_said(changes: dict, only: tuple, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        mitigation_study(Study.model_validate({**BASE, **changes}), only)


def test_a_study_with_a_mitigation_of_its_own_is_refused() -> None:
    scenario = {**BASE["scenario"], "mitigation": {"kind": "weighting"}}  # type: ignore[dict-item]
    with pytest.raises(StudyError, match="has a mitigation of its own"):
        mitigation_study(Study.model_validate({**BASE, "scenario": scenario}))


def test_other_axes_are_left_at_the_reference_and_named() -> None:
    axes = {"mixture": {"share": SHARES}, "source": {"tempering": [0.5, 1.0]}}
    study, left_out = mitigation_study(Study.model_validate({**BASE, "axes": axes}))
    assert [axis.path for axis in study.axes] == ["mixture.share"]
    assert any("source.tempering" in note for note in left_out)


def test_what_helps_harms_and_does_nothing_comes_out(report: MitigationReport) -> None:
    assert row(report, "row weight 0.1").verdict.startswith("helps rare recall")
    assert row(report, "filter, real rows too").verdict.startswith("harms rare recall")
    nothing = row(report, "deduplication")
    assert nothing.verdict == "changes nothing here"
    assert "nothing to do for deduplication" in report.verdict
    assert nothing.at_shares[-1].estimate == 0.0
    assert nothing.at_shares[-1].p_adjusted == 1.0
    assert "row weight 0.1 (+" in report.verdict
    assert "harmed by filter, real rows too" in report.verdict


def test_changes_are_paired_differences_of_the_levels(report: MitigationReport) -> None:
    for one in report.rows:
        for name, test in one.late.items():
            assert test.estimate == pytest.approx(one.levels[name] - report.reference[name])
            assert test.interval.lower <= test.estimate <= test.interval.upper
    weighted = row(report, "row weight 0.1")
    assert weighted.shift is not None
    assert weighted.shift.shift > 0.05
    assert weighted.shift.p_adjusted <= 0.05


def test_theory_stands_beside_and_is_right_about_tables_of_counts(
    report: MitigationReport,
) -> None:
    for one in report.rows:
        assert one.prophecy is not None, one.silence
        assert max(abs(error) for error in one.prophecy.errors) < 0.03
    assert report.theory_error < 0.03
    weighted = row(report, "row weight 0.1").prophecy
    assert weighted.theory == "sampled counts"
    assert weighted.changes[-1] > 0.1, "there was something to be wrong about"
    assert any(note.startswith("theory sampled counts (") for note in theory_notes(report))


def test_cost_is_counted_in_real_rows(report: MitigationReport, tmp_path: Path) -> None:
    assert {one.real_rows for one in report.rows} == {0}
    study, _ = mitigation_study(STUDY, ("real_floor",))
    found = mitigation_report(run_study(study, tmp_path / "run", workers=1).store)
    assert [one.real_rows for one in found.rows] == [1200]  # (0.6 − 0.4) · 6000


def test_shares_are_those_of_the_study_nearest_to_the_three() -> None:
    assert three_shares(np.array(SHARES)) == (0.35, 0.45, 0.6)
    assert three_shares(np.array([0.0, 0.5])) == (0.5,)
    assert late_shares(np.array(SHARES)) == (0.45, 0.6)
    assert late_shares(np.array([0.0, 0.2, 0.3])) == (0.3,)


def test_a_dominated_mitigation_is_worse_in_everything_than_another(
    report: MitigationReport,
) -> None:
    best = row(report, "row weight 0.1")
    worst = row(report, "filter, real rows too")
    assert not best.dominated
    assert worst.dominated


def test_tables_and_figure_hold_every_mitigation(report: MitigationReport, tmp_path: Path) -> None:
    table = mitigations_table(report)
    assert [cells[0] for cells in table.rows] == ["reference", *(one.label for one in report.rows)]
    assert all(len(cells) == len(table.columns) for cells in table.rows)
    written = write_mitigations(report, tmp_path)
    assert {path.name for path in written} == {
        "mitigations.csv",
        "mitigations.png",
        "mitigations.svg",
    }
    frame = pd.read_csv(tmp_path / "mitigations.csv")
    assert list(frame["mitigation"]) == [one.label for one in report.rows]
    assert mitigation_table(report)["rare_recall_0.6"].to_list() == [
        one.at_shares[-1].estimate for one in report.rows
    ]
    labels = [text.get_text() for text in mitigations_figure(report).axes[0].get_yticklabels()]
    assert all(any(one.label in label for label in labels) for one in report.rows)


def test_the_report_is_json(report: MitigationReport) -> None:
    said = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert said["replicates"] == 6
    assert math.isclose(
        said["rows"][0]["late"]["ece"]["estimate"], report.rows[0].late["ece"].estimate
    )


def test_one_replicate_is_refused(tmp_path: Path) -> None:
    study, _ = mitigation_study(Study.model_validate({**BASE, "replicates": 1}), ("deduplication",))
    with pytest.raises(StudyError, match="at least 2"):
        mitigation_report(run_study(study, tmp_path / "run", workers=1).store)
