"""Phase diagrams: the grid, what is missing of it, and how it is worked out."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from smcollapse.errors import StudyError, TheoryError
from smcollapse.questions import predict
from smcollapse.questions.phases import grid
from smcollapse.questions.phases.axes import axis_of
from smcollapse.questions.phases.phase import DEFAULT_SHARES, phase_diagram
from smcollapse.questions.predict import predict_study
from smcollapse.scenario import Scenario
from smcollapse.study_file import load_study, parse_study
from smcollapse.theories import MEASURES, Curve, Theory

TOML = 'name = "bare"\n[scenario.mixture]\nbudget = 1000\n'
BARE = parse_study(TOML, "bare.toml")


class Slope(Theory):
    """Rare recall 1 − τ·p/2 (faithful sources: no number beyond p = .3); needs coverage of ½."""

    name = "slope"
    title = source = domain = ""
    assumptions = ()

    def _applies(self, scenario: Scenario) -> tuple[str, ...]:
        return () if scenario.source.coverage >= 0.5 else ("coverage is low",)

    def doubts(self, scenario: Scenario, shares: np.ndarray) -> tuple[str, ...]:
        return ("few rows",) if scenario.mixture.budget < 500 else ()

    def _curve(self, scenario: Scenario, shares: np.ndarray) -> Curve:
        recall = 1.0 - 0.5 * scenario.source.tempering * shares
        if scenario.source.fidelity > 0.5:
            recall = np.where(shares > 0.3, np.nan, recall)
        measures = {name: np.full(len(shares), np.nan) for name in MEASURES}
        return Curve(shares, measures | {"rare_recall": recall}, np.array([np.nan]), math.nan)


class Short(Slope):
    """The same, by a short way that tells itself from the long one."""

    name = "short"

    def rare_recall_curve(self, scenario: Scenario, shares: np.ndarray) -> np.ndarray:
        return np.asarray(1.0 - scenario.source.tempering * shares)


@pytest.fixture(autouse=True)
def catalog(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "shipped" not in request.node.name:
        monkeypatch.setattr(predict, "CATALOG", {"slope": Slope(), "short": Short()})


def test_onset_and_loss_are_those_of_the_curve_at_each_point() -> None:
    x, y = [0.2, 0.5, 1.0], [0.0, 0.1]
    found = phase_diagram(BARE, "source.tempering", "filter.strictness", x_values=x, y_values=y)
    assert found.onset == pytest.approx(np.array([[math.inf, 0.4, 0.2]] * 2))
    assert found.shares == pytest.approx(DEFAULT_SHARES)
    # windows of shares 0 … .35 and .45 … .60: means .175 and .525
    assert found.loss == pytest.approx(np.array([[0.035, 0.0875, 0.175]] * 2))
    assert found.own == pytest.approx((0.2, 0.175))
    assert "filter.strictness plays no part in theory 'slope' here" in found.notes
    assert not any("tempering" in note for note in found.notes)


def test_the_study_s_shares_are_used_and_windows_they_leave_empty_are_not() -> None:
    narrow = parse_study(TOML + "[axes]\nmixture.share = [0.0, 0.1, 0.3]\n", "s.toml")
    axes = {"x_values": [0.1, 1.0], "y_values": [0.0, 1.0]}
    found = phase_diagram(narrow, "source.tempering", "source.detectability", **axes)
    assert found.shares == pytest.approx([0.0, 0.1, 0.3])
    assert found.windows == ((0.0, 0.0), (0.3, 0.3))
    assert found.loss[0, 1] == pytest.approx(0.15)


def test_points_without_an_onset_are_counted_not_fatal() -> None:
    found = phase_diagram(
        BARE,
        "source.coverage",
        "source.fidelity",
        x_values=[0.2, 0.4, 0.6],
        y_values=[0.0, 1.0],
    )
    # at fidelity 1 numbers end at share .3, where .15 are lost: the onset at .2 is known
    assert found.onset == pytest.approx(np.array([[math.nan, math.nan, 0.2]] * 2), nan_ok=True)
    assert math.isnan(found.loss[1, 2])
    assert [(kind, count) for kind, count, _ in found.missing] == [("outside the theory", 4)]
    assert "4 of 6 points outside the theory (coverage is low)" in found.notes


def test_an_unknown_rest_of_a_curve_is_not_taken_for_no_loss() -> None:
    axes = {"x_values": [0.1, 1.0], "y_values": [0.0, 1.0]}
    found = phase_diagram(BARE, "source.tempering", "source.fidelity", **axes)
    assert found.onset[0, 0] == math.inf
    assert math.isnan(found.onset[1, 0])
    assert found.missing[0][:2] == ("without a number", 1)


def test_settings_that_do_not_fit_together_are_gaps() -> None:
    study = load_study("clusters")
    axes = {"x_values": [4, 8, 40], "y_values": [8, 64]}
    found = phase_diagram(study, "world.n_contexts", "world.dimension", **axes)
    assert np.isnan(found.onset).tolist() == [[False, True, True], [False, False, False]]
    assert found.missing[0][:2] == ("not valid together", 2)
    assert "n_contexts + 1 = 9 (got 8)" in found.notes[0]


def test_a_grid_without_any_number_is_an_error() -> None:
    study = parse_study(TOML + "[scenario.source]\ncoverage = 0.1\n", "s.toml")
    with pytest.raises(TheoryError, match=r"no number at any point.*coverage is low"):
        phase_diagram(study, "source.tempering", "source.fidelity", size=2, theory="slope")
    with pytest.raises(TheoryError, match="no theory applies"):
        phase_diagram(study, "source.tempering", "source.fidelity", size=2)


def test_a_theory_s_short_way_is_taken() -> None:
    axes = {"x_values": [0.5, 1.0], "y_values": [0.0, 0.1]}
    found = phase_diagram(BARE, "source.tempering", "source.fidelity", theory="short", **axes)
    assert found.onset == pytest.approx(np.array([[0.2, 0.1]] * 2))


def test_doubts_are_marked_point_by_point() -> None:
    axes = {"x_values": [0.5, 1.0], "y_values": [100, 400, 1000]}
    found = phase_diagram(BARE, "source.tempering", "mixture.budget", **axes)
    assert found.doubtful.tolist() == [[True, True], [True, True], [False, False]]
    assert any(note.startswith("4 of 6 points lie outside the domain") for note in found.notes)
    assert found.doubts == ()


def test_the_table_has_a_row_per_point() -> None:
    axes = {"x_values": [0.1, 1.0], "y_values": [0.0, 0.5, 1.0]}
    found = phase_diagram(BARE, "source.tempering", "source.fidelity", **axes)
    table = found.table
    assert len(table) == 6
    row = table[(table["source.tempering"] == 1.0) & (table["source.fidelity"] == 0.5)].iloc[0]
    assert (row["onset"], row["state"]) == (pytest.approx(0.2), "onset")
    assert table["state"].tolist().count("not reached") == 2
    assert table["onset"].isna().sum() == 3
    data = found.to_dict()
    json.dumps(data, allow_nan=False)
    assert data["onset"][0] == [None, pytest.approx(0.2)]
    assert data["not_reached"][0] == [True, False]


def test_shipped_theory_in_processes_finds_what_it_finds_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study = load_study("atlas-small")
    options = {"size": 4, "theory": "population"}
    seen: list[tuple[int, int]] = []
    alone = phase_diagram(study, "source.tempering", "source.fidelity", workers=1, **options)
    monkeypatch.setattr(grid, "PATIENCE", -1.0)
    shared = phase_diagram(
        study,
        "source.tempering",
        "source.fidelity",
        workers=2,
        progress=lambda done, of: seen.append((done, of)),
        **options,
    )
    assert np.array_equal(alone.onset, shared.onset)
    assert np.array_equal(alone.loss, shared.loss)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    predicted = predict_study(study, "population").found[0].onsets.benchmark_share
    assert shared.own[0] == predicted


# --- axes


def test_whole_numbers_are_rounded_and_kept_once() -> None:
    axis = axis_of(BARE.scenario, "world.n_answers", 20, (2.0, 6.0))
    assert axis.points.tolist() == [2, 3, 4, 5, 6]
    assert axis.logarithmic
    assert axis.setting(3.0) == 3
    assert isinstance(axis.setting(3.0), int)
    assert axis.own == 20
    assert not axis.shows_own


def test_ranges_follow_the_kind_of_setting() -> None:
    scenario = BARE.scenario
    budget = axis_of(scenario, "mixture.budget", 5)
    assert budget.points.tolist() == [100, 316, 1000, 3162, 10000]
    assert axis_of(scenario, "source.fidelity", 3).points.tolist() == [0.0, 0.5, 1.0]
    coverage = axis_of(scenario, "source.coverage", 3).points
    assert 0.0 < coverage[0] < coverage[-1] == 1.0
    assert axis_of(scenario, "source.tempering", 3).points.tolist() == [0.0, 0.75, 1.5]


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        ("source.tempring", {}, "unknown setting 'source.tempring'.*source.tempering"),
        ("tempering", {}, "did you mean 'source.tempering'"),
        ("mixture.share", {}, "onsets are shares already"),
        ("mixture.design", {}, "not a quantity"),
        ("world.seed", {}, "not a quantity"),
        ("model.intercept", {}, "model 'mlp' has no setting 'intercept'"),
        ("world.dimension", {}, "world 'facts' has no setting 'dimension'"),
        ("source.fidelity", {"limits": (0.0, 2.0)}, "must be ≤ 1 .got 2"),
        ("source.fidelity", {"limits": (0.5, 0.5)}, "LOW below HIGH .got 0.5:0.5"),
        ("source.fidelity", {"limits": (math.nan, 0.5)}, "LOW below HIGH"),
        ("source.fidelity", {"values": [0.3]}, "two different values"),
    ],
)
def test_what_cannot_be_an_axis_is_named(path: str, options: dict, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        axis_of(BARE.scenario, path, 5, **options)


def test_two_axes_and_two_points_are_needed() -> None:
    with pytest.raises(StudyError, match=r"x and y are both source.fidelity"):
        phase_diagram(BARE, "source.fidelity", "source.fidelity")
    with pytest.raises(StudyError, match="at least 2 points"):
        phase_diagram(BARE, "source.fidelity", "source.tempering", size=1)
