"""Specification curves of tables and runs: question, figure, table and command."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from smcollapse.errors import DataError
from smcollapse.inference.specifications.curve import specification
from smcollapse.questions.results import Columns
from smcollapse.questions.specify import SpecificationReport, specify_report
from smcollapse.report.specification import specification_rows, write_specification
from smcollapse.report.specification_figure import specification_figure
from smcollapse.report.style import style
from smcollapse_cli import specify_command

SHARES = np.round(np.linspace(0.0, 0.6, 13), 2)


def table_of(slopes: dict[str, float], replicates: int = 6) -> pd.DataFrame:
    """Recall that falls from .4 on, and a calibration error that rises half as much."""
    generator = np.random.default_rng(0)
    rows = []
    for condition, slope in slopes.items():
        for replicate in range(replicates):
            fall = slope * np.maximum(SHARES - 0.4, 0.0)
            noise = 0.01 * generator.standard_normal((2, SHARES.size))
            for values in zip(
                SHARES, 0.85 - fall + noise[0], 0.1 + fall / 2 + noise[1], strict=True
            ):
                rows.append((condition, replicate, *values))
    return pd.DataFrame(rows, columns=["size", "replicate", "share", "rare_recall", "ece"])


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("one") / "one.csv"
    table_of({"small": 1.2}).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("two") / "two.csv"
    table_of({"large": 0.0, "small": 1.2}).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def report(one: Path) -> SpecificationReport:
    return specify_report(one, "rare_recall", ("rare_recall",), draws=99)


def test_a_table_is_asked_as_its_curves_are(one: Path, report: SpecificationReport) -> None:
    from smcollapse.inference import curves

    own = curves(pd.read_csv(one), "rare_recall")
    expected = specification(own, report.before, report.after, draws=99)
    assert report.found[0].specification == expected
    shares = np.unique(pd.read_csv(one)["share"])
    third = shares.size // 3
    assert report.before == (shares[0], shares[third - 1])
    assert report.after == (shares[-third], shares[-1])
    assert report.claimed_onset is None


def test_conditions_and_measures_with_their_directions(two: Path) -> None:
    found = specify_report(
        two, Columns("rare_recall", by=("size",)), ("rare_recall", "ece"), draws=99
    )
    assert [one.label for one in found.found] == ["size large", "size small"]
    assert all(one.specification is not None for one in found.found)
    still, falling = (one.specification.effect for one in found.found if one.specification)
    assert still is not None
    assert falling is not None
    assert still.turned == falling.turned == ("ece",)
    assert falling.claimed_side == 1.0
    assert still.joint is not None
    assert falling.joint is not None
    assert falling.joint.p_median == 0.01 < still.joint.p_median
    plain = found.to_dict()
    assert [one["condition"] for one in plain["conditions"]] == ["size large", "size small"]
    json.dumps(plain, allow_nan=False)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"responses": ("recall",)}, "has no column 'recall'"),
        ({"responses": ()}, "--response"),
        ({"responses": ("rare_recall",), "before": (0.9, 1.0)}, "windows must be"),
    ],
)
def test_what_a_user_can_mend(one: Path, settings: dict[str, Any], match: str) -> None:
    columns = Columns(settings["responses"][0] if settings["responses"] else "rare_recall")
    with pytest.raises(DataError, match=match):
        specify_report(one, columns, draws=99, **settings)


def test_rows_of_the_table_are_those_of_the_curves(report: SpecificationReport) -> None:
    spec = report.found[0].specification
    assert spec is not None
    rows = specification_rows(spec)
    assert spec.onset is not None
    assert spec.effect is not None
    assert len(rows) == len(spec.onset.rows) + len(spec.effect.rows) == 96 + 48
    assert not rows.duplicated(
        ["estimand", "scale", "window", "weighting", "trimming", "estimator"]
    ).any()
    assert rows["estimate"].iloc[0] == spec.onset.lowest
    assert set(rows["estimand"]) == {"onset", "effect"}


def test_the_figure_has_a_dot_for_every_choice(report: SpecificationReport) -> None:
    with style():
        figure = specification_figure(report)
        figure.canvas.draw()
        axes = figure.axes
        assert len(axes) == 4
        for matrix, count in ((axes[1], 96), (axes[3], 48)):
            labels = [text.get_text() for text in matrix.get_yticklabels()]
            assert labels[-2:] == ["none", "trimmed"]
            dots = sum(len(line.get_xdata()) for line in matrix.get_lines())  # type: ignore[arg-type]
            assert dots == 5 * count
        inside = figure.bbox
        for ax in axes:  # no word is cut at an edge
            box = ax.get_tightbbox()
            assert box is not None
            assert box.x0 >= inside.x0
            assert box.x1 <= inside.x1
            assert box.y0 >= inside.y0
            assert box.y1 <= inside.y1
        boxes = [ax.get_tightbbox() for ax in axes]
        for upper, lower in pairwise(boxes):
            assert upper is not None
            assert lower is not None
            assert lower.y1 <= upper.y0 + 2.0


def test_files_repeat_to_the_byte(report: SpecificationReport, tmp_path: Path) -> None:
    first, second = (write_specification(report, tmp_path / name) for name in ("a", "b"))
    assert [path.name for path in first] == [
        "specification.csv",
        "specification-medians.csv",
        "specification.png",
        "specification.svg",
    ]
    for path, other in zip(first, second, strict=True):
        assert path.read_bytes() == other.read_bytes()


def test_a_median_is_that_of_one_estimand(two: Path) -> None:
    """Knots and benchmark shares have no common median, nor have two measures."""
    columns = Columns("rare_recall", by=("size",))
    found = specify_report(two, columns, ("rare_recall", "ece"), draws=99).found[1].specification
    assert found is not None
    for curve in (found.onset, found.effect):
        assert curve is not None
        estimands = {(row.measure, row.estimator) for row in curve.rows}
        assert len(curve.medians) == len(estimands) == 2 * (4 if curve is found.onset else 2)
        for one in curve.medians:
            values = [
                row.estimate
                for row in curve.rows
                if (row.measure, row.estimator) == (one.measure, one.estimator)
            ]
            assert one.specifications == len(values)
            assert one.median == np.median(values)
            assert one.interval is not None
            assert one.median in one.interval
    assert not hasattr(found.onset, "median")


def test_a_condition_that_allows_none_is_reported(tmp_path: Path) -> None:
    frame = table_of({"large": 0.5, "small": 1.2})
    frame.loc[frame["size"] == "large", "rare_recall"] = 0.7
    frame.to_csv(tmp_path / "one.csv", index=False)
    found = specify_report(
        tmp_path / "one.csv", Columns("rare_recall", by=("size",)), ("rare_recall",), draws=99
    )
    silent, answered = found.found
    assert silent.specification is None
    assert "constant" in silent.reason
    assert answered.specification is not None
    first, second = found.to_dict()["conditions"]
    assert first["reason"] == silent.reason
    assert "onset" in second
    names = {path.name for path in write_specification(found, tmp_path / "out")}
    assert "specification-2.png" in names
    assert "specification-1.png" not in names


def test_measures_of_different_units_are_not_pooled(one: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(one)
    frame["fid"] = 300.0 * frame["ece"]
    frame.to_csv(tmp_path / "two.csv", index=False)
    with pytest.raises(DataError, match="different units"):
        specify_report(tmp_path / "two.csv", "fid", ("rare_recall", "fid"), draws=99)
    found = specify_report(tmp_path / "two.csv", "fid", ("fid",), draws=99)
    assert (found.unit, found.directions) == ("none", {"fid": "gain"})


@pytest.fixture(scope="module")
def command() -> typer.Typer:
    app = typer.Typer()
    app.callback()(lambda: None)
    specify_command.register(app)
    return app


def test_the_command_prints_a_sentence_and_what_choices_do(
    command: typer.Typer, two: Path, tmp_path: Path
) -> None:
    said = CliRunner().invoke(
        command, ["specify", str(two), "--by", "size", "--draws", "99", "--out", str(tmp_path)]
    )
    assert said.exit_code == 0, said.output
    words = " ".join(said.output.split())
    assert "Onset: 96 specifications, from" in words
    assert "rare recall benchmark share" in words
    assert "claimed" not in words
    assert "Joint test of no change: p = 0.01 (median)" in words
    assert "trimmed instead of none" in words
    assert (tmp_path / "specification-2.png").exists()


def test_the_command_gives_json(command: typer.Typer, one: Path, tmp_path: Path) -> None:
    said = CliRunner().invoke(
        command,
        ["specify", str(one), "--draws", "99", "--out", str(tmp_path), "--json", "--seed", "3"],
    )
    found = json.loads(said.output)
    assert found["condition"] == "all rows"
    assert len(found["effect"]["rows"]) == 48
    assert found["effect"]["joint"]["draws"] == 99
    assert "seed 3" in found["method"]
    assert [Path(path).suffix for path in found["files"]] == [".csv", ".csv", ".png", ".svg"]


def test_a_run_is_asked_by_its_conditions(finished: Path) -> None:
    """The tiny run has four shares: too few, and the message says so."""
    with pytest.raises(DataError, match="needs at least 5 distinct shares, got 4"):
        specify_report(finished, "rare_recall", ("rare_recall",), draws=99)


def test_torch_is_not_needed(one: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from smcollapse.questions.specify import *; "
        f"specify_report(Path({str(one)!r}), 'rare_recall', ('rare_recall',), draws=99); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
