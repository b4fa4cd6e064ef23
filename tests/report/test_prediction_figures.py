"""Figures of predictions draw what is predicted, stay readable, and are written whole."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smcollapse.errors import StoreError
from smcollapse.questions import predict
from smcollapse.questions.phases.phase import PhaseDiagram, phase_diagram
from smcollapse.questions.predict import Predictions, predict_study
from smcollapse.report.phase import edges, phase_figure
from smcollapse.report.predicted_conditions import knobs_figure, onsets_figure
from smcollapse.report.predicted_tables import (
    curve_table,
    phase_sentences,
    phase_table,
    prediction_table,
)
from smcollapse.report.predictions import predictions_figure
from smcollapse.report.style import image_files, style
from smcollapse.report.write_predictions import write_phase, write_predictions
from smcollapse.scenario import Scenario
from smcollapse.study_file import load_study
from smcollapse.theories import MEASURES, Curve, Theory


class Falling(Theory):
    """Rare recall falls from a share of its own; no exceptions' recall."""

    title = source = domain = ""
    assumptions = ()

    def __init__(self, name: str, start: float) -> None:
        self.name = name  # type: ignore[misc]
        self.start = start

    def _applies(self, scenario: Scenario) -> tuple[str, ...]:
        return () if scenario.filter.strictness < 0.9 else ("strict",)

    def doubts(self, scenario: Scenario, shares: np.ndarray) -> tuple[str, ...]:
        return ("small",) if scenario.mixture.budget < 15_000 else ()

    def _curve(self, scenario: Scenario, shares: np.ndarray) -> Curve:
        measures = dict.fromkeys(MEASURES, 0.5 + 0.1 * shares)
        measures["exception_recall"] = np.full(len(shares), np.nan)
        start = self.start * scenario.source.tempering
        measures["rare_recall"] = 1.0 - np.maximum(shares - start, 0.0)
        return Curve(shares, measures, np.array([start]), start)


@pytest.fixture(autouse=True)
def catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    both = {"counts": Falling("counts", 0.3), "own": Falling("own", 0.55)}
    monkeypatch.setattr(predict, "CATALOG", both)


@pytest.fixture
def predictions() -> Predictions:
    return predict_study(load_study("atlas-small"))


@pytest.fixture
def diagram() -> PhaseDiagram:
    return phase_diagram(
        load_study("atlas-small"),
        "source.tempering",
        "mixture.budget",
        x_range=(0.2, 2.0),
        size=7,
        workers=1,
    )


def texts(axes) -> list[str]:
    return [plain(text.get_text()) for text in axes.texts]


def plain(text: str) -> str:
    """The text with spaces that do not break as spaces."""
    return text.replace("\u00a0", " ")


def test_every_theory_is_a_line_with_points_at_the_study_s_shares(predictions: Predictions) -> None:
    with style():
        figure = predictions_figure(predictions)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles[0] == "Rare recall, %"
    assert not any("Exception" in title for title in titles)
    assert titles[-1] == "Brier score, × 100"
    drawn = [line.get_ydata() for line in figure.axes[0].lines]
    for one in (predictions.found[0], predictions.by(predictions.theories[1])[0]):
        for curve in (one.line, one.curve):
            expected = 100.0 * curve.measures["rare_recall"]
            assert any(
                len(values) == len(expected) and np.allclose(values, expected) for values in drawn
            )
    legend = [plain(text.get_text()) for text in figure.legends[0].get_texts()]
    assert legend[:2] == ["theory “counts”", "theory “own”"]


def test_onsets_are_marked_where_they_are(predictions: Predictions) -> None:
    with style():
        main = predictions_figure(predictions).axes[0]
    marks = {
        (line.get_marker(), round(float(line.get_xdata()[0]), 6))
        for line in main.lines
        if len(line.get_xdata()) == 1
    }
    onsets = predictions.found[0].onsets
    assert ("o", 40.0) in marks
    assert ("s", round(100.0 * onsets.knot, 6)) in marks
    assert ("|", 30.0) in marks
    assert texts(main)[-2:] == ["counts: 10 % lost at 40.0 %", "own: loss not reached"]


def test_the_forest_has_a_row_per_condition_and_a_mark_per_theory(
    predictions: Predictions,
) -> None:
    with style():
        ax = onsets_figure(predictions).axes[0]
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["reference", "coverage low", "tempering low", "filter strong"]
    said = texts(ax)
    assert said.count("not reached") == 3
    assert said.count("40.0 %") == 3
    assert "22.0 %" in said


def test_the_knob_panels_hold_the_conditions_that_differ_in_one(predictions: Predictions) -> None:
    with style():
        figure = knobs_figure(predictions)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["source coverage", "source tempering", "filter strictness"]
    assert {"1 (ref.)", "0.4"} <= set(texts(figure.axes[1]))


def test_many_conditions_are_limited_and_the_rest_counted() -> None:
    values = ",".join(str(round(0.05 * k, 2)) for k in range(1, 26))
    study = load_study("atlas-small", overrides=(f"source.tempering=[{values}]",))
    found = predict_study(study, "counts")
    with style():
        knobs, forest = knobs_figure(found), onsets_figure(found)
    panel = next(ax for ax in knobs.axes if ax.get_title(loc="left") == "source tempering")
    assert "(18 more in the table)" in panel.get_xlabel()
    assert "more in the table" in forest.axes[0].get_xlabel()
    assert len(forest.axes[0].get_yticks()) == 60


def test_one_condition_has_neither_forest_nor_knobs() -> None:
    study = load_study("clusters").model_copy(update={"variants": ()})
    found = predict_study(study, "counts")
    with style():
        assert onsets_figure(found) is None
        assert knobs_figure(found) is None


def test_the_map_shows_the_onset_and_leaves_out_where_it_is_not_reached(
    diagram: PhaseDiagram,
) -> None:
    with style():
        figure = phase_figure(diagram)
        image_files(figure)
    left = figure.axes[0]
    drawn = left.collections[0].get_array()
    assert np.ma.getmaskarray(drawn).reshape(7, 7).tolist() == np.isinf(diagram.onset).tolist()
    reached = np.isfinite(diagram.onset)
    shown = np.ma.getdata(drawn).reshape(7, 7)
    assert np.allclose(shown[reached], 100.0 * diagram.onset[reached])
    assert left.patch.get_hatch() == "///"
    assert left.get_yscale() == "log"
    assert left.get_xscale() == "linear"
    assert any("not reached" in text for text in texts(left))
    star = [line for line in left.lines if line.get_marker() == "*"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in star] == [(1.0, 20_000)]
    legend = [plain(text.get_text()) for text in figure.legends[0].get_texts()]
    assert legend == [
        "the study itself",
        "loss not reached up to 60 %",
        "border of the measured domain",
    ]


def test_cells_surround_their_points(diagram: PhaseDiagram) -> None:
    for axis in (diagram.x, diagram.y):
        borders = edges(axis)
        assert len(borders) == len(axis.points) + 1
        assert (borders[:-1] < axis.points).all()
        assert (axis.points < borders[1:]).all()
    ratios = edges(diagram.y)[1:] / edges(diagram.y)[:-1]
    assert ratios == pytest.approx(np.full(7, ratios[0]), rel=1e-3)


def test_a_map_without_contours_gaps_or_own_point_is_drawn() -> None:
    study = load_study("atlas-small")
    axes = {"x_values": [1.9, 2.0], "y_values": [0.0, 1.0], "workers": 1}
    found = phase_diagram(study, "source.tempering", "filter.strictness", **axes)
    assert math.isinf(found.onset[0, 0])
    assert math.isnan(found.onset[1, 0])
    with style():
        image_files(phase_figure(found))


def test_tables_say_what_is_predicted(predictions: Predictions, diagram: PhaseDiagram) -> None:
    table = prediction_table(predictions)
    claim, first = ([plain(cell) for cell in row] for row in table.rows[:2])
    assert claim[:4] == ["claim", "", "38–42 %", "38–42 %"]
    assert claim[6:] == ["−21.0", "+13.0", "+7.0"]
    first = dict(zip(table.columns, first, strict=True))
    assert first["benchmark share"] == "40.0 %"
    assert first["majority flips"] == "30.0 %"
    change = predictions.found[0].effects["rare_recall"].points
    assert first["rare recall, points"] == f"−{-100.0 * change:.1f}"
    curve = curve_table(predictions.found[0])
    assert "exception recall" not in curve.columns
    assert [plain(cell) for cell in curve.rows[-1][:2]] == ["60 %", "70.0"]
    assert len(phase_table(diagram).rows) == 7
    assert plain(phase_table(diagram).rows[0][0]) == "200 000"
    assert "40.0 %" in plain(phase_sentences(diagram)[0])


def test_files_are_written_and_repeat(
    predictions: Predictions, diagram: PhaseDiagram, tmp_path: Path
) -> None:
    once = write_predictions(predictions, tmp_path / "a") + write_phase(diagram, tmp_path / "a")
    assert sorted(path.name for path in once) == sorted(
        [f"{name}.csv" for name in ("onsets", "phase", "predictions")]
        + [
            f"{name}.{suffix}"
            for name in ("knobs", "onsets", "phase", "predictions")
            for suffix in ("png", "svg")
        ]
    )
    for path in write_phase(diagram, tmp_path / "b"):
        assert path.read_bytes() == (tmp_path / "a" / path.name).read_bytes()
    table = pd.read_csv(tmp_path / "a" / "predictions.csv")
    assert np.allclose(table.rare_recall, predictions.table.rare_recall)


def test_a_folder_that_cannot_be_written_is_named(
    predictions: Predictions, diagram: PhaseDiagram, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreError, match=r"cannot be written.*another folder with --out"):
            write_predictions(predictions, place)
        with pytest.raises(StoreError, match=r"cannot be written.*another folder with --out"):
            write_phase(diagram, place)
