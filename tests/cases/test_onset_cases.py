"""`onset` on tables as people have them: units, names of columns, directions, bad conditions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from smcollapse.questions.columns import Columns
from smcollapse.questions.onset_results import onset_report
from smcollapse.report.onset_results import onset_figure
from tests.cases.tables import EVEN, TENTHS, conditions, kink, table
from tests.cli.test_predict import strict

FEW = ("--draws", 99, "--json")


@pytest.fixture
def ask(smcollapse: Any, tmp_path: Path) -> Any:
    """A table asked for its onset: exit code, JSON and what was said on the error stream."""

    def asked(frame: pd.DataFrame, *options: object) -> tuple[int, dict[str, Any], str]:
        path = tmp_path / "results.csv"
        frame.to_csv(path, index=False)
        said = smcollapse("onset", path, *options, *FEW, "--out", tmp_path / "out")
        assert "Traceback" not in said.err
        return said.code, strict(said.out) if said.code == 0 else {}, said.err

    return asked


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        *(("wer", 1.0), ("fid", 200.0), ("w2", 0.02), ("rmse", 5.0), ("ppl", 150.0)),
        *(("kl", 0.3), ("hallucination_rate", 1.0), ("eer", 100.0), ("mmd", 1e-6)),
    ],
)
def test_harm_that_rises(ask: Any, name: str, scale: float) -> None:
    frame = table(lambda p: scale * (0.1 + 0.5 * max(p - 0.4, 0.0)), sd=0.004 * scale, name=name)
    code, found, _ = ask(frame, "--response", name)
    assert (code, found["worse"], found["direction"]) == (0, "higher", "gain")
    assert found["benchmark_share"] < 0.5


def test_a_name_that_says_nothing_is_asked_for(ask: Any) -> None:
    frame = table(kink(0.3), name="score")
    code, _, said = ask(frame, "--response", "score")
    assert code == 2
    assert "--direction loss if lower is worse" in said
    assert "it falls" in said
    code, found, _ = ask(frame, "--response", "score", "--direction", "loss")
    assert (code, found["worse"]) == (0, "lower")


@pytest.mark.parametrize(
    ("change", "unit"),
    [
        (lambda p: p, "fraction"),
        (lambda p: p * 1.000000004, "fraction"),
        (lambda p: 100.0 * p, "percent"),
        (lambda p: p.map(lambda one: f"{100 * one:.0f}%"), "percent"),
        (lambda p: p.map(lambda one: f"{100 * one:.0f} %"), "percent"),
    ],
)
def test_units_of_the_share_are_recognised(ask: Any, change: Any, unit: str) -> None:
    frame = table(kink(0.4), TENTHS)
    code, found, _ = ask(frame.assign(share=change(frame["share"])), "--response", "recall")
    assert (code, found["share_unit"]) == (0, unit)
    assert 0.35 <= found["onset"] <= 0.45
    assert ("read as per cent" in " ".join(found["warnings"])) == (unit == "percent")


def test_a_ratio_of_synthetic_to_real_rows_is_asked_for(ask: Any) -> None:
    frame = table(kink(0.4), np.linspace(0.0, 0.8, 9))
    frame["share"] = frame["share"] / (1.0 - frame["share"])  # up to 4
    code, _, said = ask(frame, "--response", "recall")
    assert code == 2
    assert "--share-unit ratio" in said
    code, found, _ = ask(frame, "--response", "recall", "--share-unit", "ratio")
    assert (code, found["share_unit"]) == (0, "ratio")
    assert 0.35 <= found["onset"] <= 0.45
    code, _, said = ask(frame, "--response", "recall", "--share-unit", "fraction")
    assert (code, "beyond 1" in said) == (2, True)


@pytest.mark.parametrize("share", [-0.1, 400.0])
def test_shares_that_are_none_are_refused(ask: Any, share: float) -> None:
    frame = table(kink(0.4))
    frame.loc[7, "share"] = share
    code, _, said = ask(frame, "--response", "recall")
    assert code == 2
    assert "'share'" in said


def test_units_are_said_of_every_condition(ask: Any) -> None:
    frame = conditions({"a": kink(40.0, -1.0, 72.0), "b": kink(30.0, -0.5, 72.0)}, sd=0.6)
    frame = conditions({k: kink(0.4, -60.0, 72.0) for k in "ab"}, shares=TENTHS, sd=0.6)
    frame["share"] *= 100.0
    frame = frame.rename(columns={"recall": "minority_f1", "replicate": "seed"})
    code, found, _ = ask(frame, "--response", "minority_f1", "--by", "generator")
    assert code == 0
    for one in (found, *found["conditions"]):
        assert (one["share_unit"], one["unit"]) == ("percent", "percent")
        assert (one["replicate_column"], one["worse"]) == ("seed", "lower")
    assert all(0.35 <= one["onset"] <= 0.45 for one in found["conditions"])


@pytest.mark.parametrize("name", ["seed", "Seed", "run", "fold", "trial", "rep", "Random_Seed"])
def test_replicates_are_recognised_by_name(ask: Any, name: str) -> None:
    code, found, _ = ask(table(kink(0.4), replicate=name), "--response", "recall")
    assert (code, found["replicate_column"]) == (0, name)
    assert f"replicates are read from column '{name}'" in found["warnings"]


def test_a_number_of_every_row_is_no_replicate(ask: Any) -> None:
    frame = table(kink(0.4)).drop(columns="replicate")
    code, found, _ = ask(frame.assign(run=range(len(frame))), "--response", "recall")
    assert (code, found["replicate_column"]) == (0, None)
    frame["split"] = "test"
    assert ask(frame, "--response", "recall")[1]["replicate_column"] is None


def test_one_constant_condition_does_not_silence_the_others(ask: Any) -> None:
    frame = conditions({"gan": lambda p: 0.5, "llm": kink(0.4), "diffusion": kink(0.3)})
    frame.loc[frame["generator"] == "gan", "recall"] = 0.5
    code, found, _ = ask(frame, "--response", "recall", "--by", "generator")
    assert code == 0
    kinds = {one["condition"]: one["verdict_kind"] for one in found["conditions"]}
    assert len(kinds) == 3
    assert kinds.pop("generator gan") == "no answer"
    assert set(kinds.values()) == {"break"}
    silent = next(one for one in found["conditions"] if one["verdict_kind"] == "no answer")
    assert "constant" in silent["verdict"]
    assert silent["safe_share"] is None


def test_a_short_condition_and_one_with_a_hole_are_reported(ask: Any) -> None:
    frame = conditions({"short": kink(0.4), "holed": kink(0.4), "whole": kink(0.4)})
    frame = frame[(frame["generator"] != "short") | (frame["share"] == 0.0)].reset_index(drop=True)
    hole = int(frame.index[frame["generator"] == "holed"][3])
    frame.loc[hole, "recall"] = np.nan
    code, found, _ = ask(frame, "--response", "recall", "--by", "generator")
    assert code == 0
    said = {one["condition"]: one["verdict"] for one in found["conditions"]}
    assert "at least 2 distinct shares, got 1" in said["generator short"]
    assert f"line {hole + 2}" in said["generator holed"]
    assert said["generator whole"].startswith("break")


def test_where_no_condition_can_be_answered_it_is_an_error(ask: Any) -> None:
    frame = conditions({"a": kink(0.4), "b": kink(0.4)}).assign(recall=0.7)
    code, _, said = ask(frame, "--response", "recall", "--by", "generator")
    assert code == 2
    assert "generator a: 'recall' is constant" in said


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.nan, "line 5: column 'recall' has no value"),
        ("high", "line 5: column 'recall' holds high"),
        (np.inf, "line 5: column 'recall' holds inf"),
        (1e300, "line 5: column 'recall' holds 1e+300: numbers beyond 1e100"),
        (-1e200, "line 5: column 'recall' holds -1e+200: numbers beyond 1e100"),
    ],
)
def test_the_line_of_a_bad_value_is_named(ask: Any, value: Any, words: str) -> None:
    frame = table(kink(0.4)).astype({"recall": object})
    frame.loc[3, "recall"] = value
    code, _, said = ask(frame, "--response", "recall")
    assert code == 2
    assert f"results.csv, {words}" in said


def test_lines_are_counted_with_blank_ones(smcollapse: Any, tmp_path: Path) -> None:
    text = table(kink(0.4)).to_csv(index=False).splitlines()
    text[5] = text[5].rsplit(",", 1)[0] + ","
    (tmp_path / "gaps.csv").write_text("\n".join([*text[:3], "", "", *text[3:]]) + "\n")
    said = smcollapse("onset", tmp_path / "gaps.csv", "--response", "recall")
    assert said.code == 2
    assert "gaps.csv, line 8" in said.err


@pytest.mark.parametrize("scale", [1e-20, 1e-6, 1e6, 1e20])
def test_scales_do_not_matter(ask: Any, scale: float) -> None:
    frame = table(lambda p: scale * kink(0.4)(p), sd=0.01 * scale, name="quality")
    code, found, _ = ask(frame, "--response", "quality")
    assert code == 0
    assert found["onset"] == pytest.approx(0.4, abs=0.03)
    assert 0.3 <= found["safe_share"] <= 0.5


def test_tiny_shares_have_the_digits_that_they_need(ask: Any) -> None:
    frame = table(lambda p: kink(0.4)(1000.0 * p), TENTHS / 1000.0)
    code, found, _ = ask(frame, "--response", "recall")
    assert code == 0
    assert abs(found["onset"] - 0.0004) < 0.00005
    assert " 0.0 %" not in found["verdict"]
    assert "0.04" in found["verdict"]


def test_single_runs_at_few_shares_are_described(ask: Any) -> None:
    frame = pd.DataFrame({"share": EVEN[:5], "accuracy": [0.935, 0.931, 0.925, 0.92, 0.91]})
    code, _, said = ask(frame, "--response", "accuracy")
    assert code == 2
    assert "goes from 0.935 to 0.91" in said
    assert "3 replicates a share" in said


def test_options_are_named_not_arguments(ask: Any) -> None:
    frame = table(kink(0.4, level=-0.5))
    _, found, said = ask(frame, "--response", "recall")
    words = said or " ".join(found["warnings"])
    assert "relative=" not in words


def test_a_column_of_seeds_with_a_hole_is_named(ask: Any) -> None:
    frame = table(kink(0.3)).rename(columns={"replicate": "seed"}).astype({"seed": object})
    frame.loc[3, "seed"] = None
    code, found, _ = ask(frame, "--response", "recall")
    assert (code, found["replicate_column"]) == (0, None)
    assert "column 'seed' is not used: results.csv, line 5 has no value in it" in found["warnings"]


def test_a_negative_baseline_names_its_option_once(ask: Any) -> None:
    code, _, said = ask(
        table(lambda p: -1.0 - p, name="log_likelihood"), "--response", "log_likelihood"
    )
    assert code == 2
    assert "state it in units of the measure (--points)" in said


def test_what_is_printed_says_no_more_than_is_known(smcollapse: Any, tmp_path: Path) -> None:
    path = tmp_path / "results.csv"

    def printed(frame: pd.DataFrame, *options: str) -> str:
        frame.to_csv(path, index=False)
        said = smcollapse("onset", path, "--draws", 99, *options, "--out", tmp_path / "out")
        return str(said.out).replace("\u00a0", " ")

    flat = printed(table(lambda _: 0.8), "--response", "recall")
    assert "not shown; a change of 10 % is excluded" in flat
    assert "at no share that was tried" in flat
    hump = table(lambda p: 0.12 - 0.2 * min(p, 0.2) + 0.3 * max(p - 0.4, 0.0), sd=0.002, name="wer")
    assert "a rise of 10 % is reached" in printed(hump, "--response", "wer")
    both = conditions({"falls": kink(0.3, -2.0), "flat": lambda _: 0.8})
    rows = printed(both, "--response", "recall", "--by", "generator").splitlines()
    still = next(row for row in rows if "generator flat" in row)
    assert "–" in still  # no knot of a curve without a break


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_legend_fits_its_figure(tmp_path: Path, count: int) -> None:
    curves = {label: kink(0.3) for label in ("a", "b", "c")[:count]}
    path = tmp_path / "results.csv"
    conditions(curves).to_csv(path, index=False)
    report = onset_report(path, Columns("recall", by=("generator",)), draws=99)
    figure = onset_figure(report)
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0.0
    assert box.x1 <= figure.bbox.x1
