"""Figures of validations and calibrations draw what was found, the same bytes every time."""

import numpy as np
import pytest

import smcollapse
from smcollapse.errors import StoreError
from smcollapse.questions.calibration.targets import claim_targets
from smcollapse.questions.validation.validate import validate_store
from smcollapse.report.calibrated import drawn_measures
from smcollapse.report.style import image_files, style
from smcollapse.report.validation import (
    MOST,
    SHOWN,
    agreement_figure,
    curves_figure,
    drawn_conditions,
    write_validation,
)

STUDY = """
name = "tiny"
seed = 2
replicates = 3
[scenario]
world = { kind = "facts", n_contexts = 60, test_size = 2000 }
mixture = { budget = 3000 }
model = { kind = "count_table" }
[axes]
mixture.share = [0.0, 0.2, 0.4, 0.6]
source.tempering = [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
source.fidelity = [0.0, 0.2]
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("validation") / "tiny"
    study = smcollapse.parse_study(STUDY, "tiny")
    store = smcollapse.run_study(study, folder, device="cpu", workers=1).store
    return validate_store(store, "counts")


def test_of_many_conditions_the_first_and_the_worst_are_drawn(found):
    drawn = drawn_conditions(found, "counts")
    assert len(found.compared) == 14 > len(drawn) == MOST
    assert drawn[0] is found.compared[0]
    shown = found.points[found.points["measure"].isin(SHOWN)]
    size = shown.assign(size=shown["error"].abs()).groupby("condition")["size"].max()
    left_out = [one for one in found.compared if one not in drawn]
    assert max(size[one.condition.label] for one in left_out) <= min(
        size[one.condition.label] for one in drawn[1:]
    )


def test_points_and_errors_are_those_of_the_table(found):
    with style():
        figure = curves_figure(found, "counts")
    upper, lower = figure.axes[0], figure.axes[len(SHOWN)]
    rows = found.compared[0].points.query("measure == 'rare_recall'")
    trained = [np.asarray(line.get_ydata()) for line in upper.lines]
    errors = [np.asarray(line.get_ydata()) for line in lower.lines]
    assert any(np.array_equal(line, 100.0 * rows.trained) for line in trained)
    assert any(np.array_equal(line, 100.0 * rows.error) for line in errors)
    assert "the 12 with the largest errors of 14" in figure.legends[0].get_title().get_text()


def test_every_point_is_in_the_square(found):
    with style():
        figure = agreement_figure(found)
    drawn = sum(len(line.get_xdata()) for line in figure.axes[0].lines if line.get_marker() == "o")
    assert drawn == (found.points["measure"] == SHOWN[0]).sum()


def test_bytes_repeat_and_files_are_written(found, tmp_path):
    with style():
        first = image_files(curves_figure(found, "counts"))
        assert image_files(curves_figure(found, "counts")) == first
    written = write_validation(found, tmp_path / "new" / "folder")
    assert {path.name for path in written} == {
        "counts.png",
        "counts.svg",
        "agreement.png",
        "agreement.svg",
    }
    assert (tmp_path / "new" / "folder" / "counts.svg").read_bytes() == first["svg"]


def test_a_folder_that_cannot_be_written_is_said(found, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        write_validation(found, tmp_path / "file")


def test_the_measures_of_the_claim_are_drawn():
    assert drawn_measures(claim_targets("points")) == ("rare_recall", "mean_confidence", "ece")
