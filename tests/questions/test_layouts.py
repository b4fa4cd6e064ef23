"""Tables as people keep them, none written by the project: what is read, said, and refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from smcollapse import Layout, Sweep
from smcollapse.errors import DataError
from smcollapse.inference import Curves
from smcollapse.questions.columns import Columns
from smcollapse.questions.results import read_results

LONG = "share,seed,recall\n0.0,1,0.91\n0.0,2,0.89\n0.3,1,0.90\n0.3,2,0.88\n0.6,1,0.55\n0.6,2,0.61\n"
VALUES = np.array([[0.91, 0.90, 0.55], [0.89, 0.88, 0.61]])
RECORDS = [
    {"share": share, "seed": seed, "recall": VALUES[seed - 1, place]}
    for place, share in enumerate((0.0, 0.3, 0.6))
    for seed in (1, 2)
]


def curves(source: Path | pd.DataFrame, columns: Columns | None = None) -> Curves:
    results = read_results(source, columns or Columns("recall"))
    return results.groups[0].curves(results.columns)


def with_shares(*texts: str) -> str:
    """The table with its three shares written in another way."""
    text = LONG
    for number, written in zip(("0.0", "0.3", "0.6"), texts, strict=True):
        text = text.replace(f"\n{number},", f"\n{written},")
    return text


FILES: dict[str, tuple[str, str]] = {
    "semicolons and decimal commas": (
        "a.csv",
        LONG.replace(",", ";").replace(".", ","),
    ),
    "semicolons": ("a.csv", LONG.replace(",", ";")),
    "tabs": ("a.tsv", LONG.replace(",", "\t")),
    "tabs in a text file": ("a.txt", LONG.replace(",", "\t")),
    "bars": ("a.csv", LONG.replace(",", "|")),
    "a byte-order mark": ("a.csv", "\ufeff" + LONG),
    "quoted cells with a comma": (
        "a.csv",
        "\n".join(
            line + (',"note"' if not number else ',"one, two"')
            for number, line in enumerate(LONG.split())
        ),
    ),
    "per cent": ("a.csv", with_shares("0%", "30%", "60 %")),
    "JSON of records": ("a.json", json.dumps(RECORDS)),
    "JSON of columns": ("a.json", json.dumps(pd.DataFrame(RECORDS).to_dict(orient="list"))),
    "JSON lines": ("a.jsonl", "\n".join(map(json.dumps, RECORDS))),
    "ratios": ("a.csv", with_shares("0:1", "3:7", "1.5:1")),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_is_read_as_the_same_runs(kind: str, tmp_path: Path) -> None:
    name, text = FILES[kind]
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = curves(tmp_path / name)
    np.testing.assert_allclose(found.shares, [0.0, 0.3, 0.6])
    np.testing.assert_allclose(found.values, VALUES)


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_binary_tables_are_read(kind: str, tmp_path: Path) -> None:
    frame = pd.DataFrame(RECORDS)
    path = tmp_path / f"a.{kind}"
    (frame.to_parquet if kind == "parquet" else frame.to_feather)(path)
    np.testing.assert_allclose(curves(path).values, VALUES)


def test_what_was_recognised_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(FILES["semicolons and decimal commas"][1])
    said = " ".join(curves(tmp_path / "a.csv").notes)
    for word in ("semicolons", "decimal commas", "replicates are read from column 'seed'"):
        assert word in said


def test_real_shares_are_turned(tmp_path: Path) -> None:
    frame = pd.DataFrame(RECORDS).assign(share=lambda t: 100.0 - 100.0 * t["share"])
    found = curves(frame, Columns("recall", share_unit="real"))
    np.testing.assert_allclose(found.shares, [0.0, 0.3, 0.6])
    np.testing.assert_allclose(found.values, VALUES)


def test_a_data_frame_with_an_index_and_a_path_in_text(tmp_path: Path) -> None:
    frame = pd.DataFrame(RECORDS).set_index(["share", "seed"])
    np.testing.assert_allclose(curves(frame).values, VALUES)
    (tmp_path / "a.csv").write_text(LONG)
    answer = Sweep.from_frame(str(tmp_path / "a.csv")).effects(before=(0, 0.3), after=(0.6, 0.6))
    assert answer.report.found[0].effect.points.value == pytest.approx(-0.315)


WIDE: dict[str, tuple[str, str]] = {
    "numbers": ("seed,0.0,0.3,0.6", "recall"),
    "per cent": ("seed,0%,30%,60%", "recall"),
    "with the measure": ("seed,Recall@0%,Recall@30%,Recall@60%", "recall"),
    "with the share": ("seed,share=0.0,share=0.3,share=0.6", "recall"),
    "underscores": ("seed,recall_0.0,recall_0.3,recall_0.6", "recall"),
}


@pytest.mark.parametrize("kind", WIDE)
def test_wide_tables(kind: str, tmp_path: Path) -> None:
    header, response = WIDE[kind]
    rows = [",".join(map(str, (seed + 1, *row))) for seed, row in enumerate(VALUES)]
    (tmp_path / "w.csv").write_text("\n".join([header, *rows]))
    found = curves(tmp_path / "w.csv", Columns(response, layout=Layout(wide=True)))
    np.testing.assert_allclose(found.shares, [0.0, 0.3, 0.6])
    np.testing.assert_allclose(found.values, VALUES)


def test_means_with_deviations_are_welchs_test() -> None:
    """Against scipy's Welch test from statistics."""
    frame = pd.DataFrame(
        {"share": [0.0, 0.5], "recall": [0.9, 0.8], "std": [0.02, 0.05], "runs": [6, 9]}
    )
    sweep = Sweep.from_frame(frame, response="recall", layout=Layout(sd="std", n="runs"))
    found = sweep.effects(before=(0, 0), after=(0.5, 0.5)).report.found[0].effect.points
    test = stats.ttest_ind_from_stats(0.8, 0.05, 9, 0.9, 0.02, 6, equal_var=False)
    assert found.value == pytest.approx(-0.1)
    assert found.se == pytest.approx(0.1 / -test.statistic)
    assert found.interval is not None
    freedom = (0.05**2 / 9 + 0.02**2 / 6) ** 2 / ((0.05**2 / 9) ** 2 / 8 + (0.02**2 / 6) ** 2 / 5)
    assert found.interval.upper == pytest.approx(-0.1 + stats.t.ppf(0.975, freedom) * found.se)


@pytest.mark.parametrize("text", ["0.90 ± 0.01", "0.90+/-0.01", "0.90 +- 0.01"])
def test_cells_with_an_error(text: str) -> None:
    frame = pd.DataFrame({"share": [0.0, 0.5], "recall": [text, text.replace("0.90", "0.70")]})
    report = Sweep.from_frame(frame, response="recall").effects(before=(0, 0), after=(0.5, 0.5))
    points = report.report.found[0].effect.points
    assert points.value == pytest.approx(-0.2)
    assert points.se == pytest.approx(0.01 * np.sqrt(2.0))
    assert "read as the standard error of the mean" in report.summary()


def test_successes_of_trials_have_binomial_noise() -> None:
    frame = pd.DataFrame({"share": [0.0, 0.5], "right": [180, 120], "asked": [200, 200]})
    sweep = Sweep.from_frame(frame, response="right", layout=Layout(trials="asked"))
    points = sweep.effects(before=(0, 0), after=(0.5, 0.5)).report.found[0].effect.points
    assert points.value == pytest.approx(-0.3)
    # Agresti & Coull: (successes + 2) of (trials + 4)
    parts = np.array([182 / 204, 122 / 204])
    assert points.se == pytest.approx(np.sqrt((parts * (1 - parts) / 200).sum()))


def test_counts_of_rows_make_the_share_and_files_are_joined(tmp_path: Path) -> None:
    frame = pd.DataFrame(RECORDS)
    counts = frame.drop(columns="share").assign(
        made=[0, 0, 300, 300, 600, 600], real=[1000, 1000, 700, 700, 400, 400]
    )
    layout = Layout(synthetic_rows="made", real_rows="real")
    np.testing.assert_allclose(curves(counts, Columns("recall", layout=layout)).values, VALUES)
    frame["run"] = [f"r{k}" for k in range(6)]
    mixture = frame[["run", "seed"]].assign(gen=frame["share"] / 3, reworded=2 * frame["share"] / 3)
    frame[["run", "recall"]].to_csv(tmp_path / "metrics.csv", index=False)
    layout = Layout(join=tmp_path / "metrics.csv", on="run", share_of=("gen", "reworded"))
    found = curves(mixture, Columns("recall", replicate="seed", layout=layout))
    np.testing.assert_allclose(found.values, VALUES)


def test_failed_runs_are_counted() -> None:
    frame = pd.DataFrame(RECORDS)
    frame.loc[5, "recall"] = np.nan
    with pytest.raises(DataError, match="row 6: column 'recall' has no value"):
        curves(frame)
    worst = curves(frame, Columns("recall", layout=Layout(failed="worst")))
    assert worst.values[1, 2] == 0.55  # noqa: PD011
    assert "1 of 6 runs have no value" in " ".join(worst.notes)
    dropped = curves(frame, Columns("recall", layout=Layout(failed="drop")))
    assert np.isnan(dropped.values[1, 2])  # noqa: PD011
    assert "too good" in " ".join(dropped.notes)


@pytest.mark.parametrize(("harm", "filled"), [("loss", 0.55), ("gain", 0.91)])
def test_the_worst_value_is_that_of_the_harm_that_is_asked_for(harm: Any, filled: float) -> None:
    """Whatever the measure is called: the direction decides, not the name."""
    frame = pd.DataFrame(RECORDS)
    frame.loc[5, "recall"] = np.nan
    for name in ("recall", "score"):
        sweep = Sweep.from_frame(
            frame.rename(columns={"recall": name}), response=name, layout=Layout(failed="worst")
        )
        answer = sweep.onset(direction=harm, draws=99)
        found = answer.report.found[0].curves
        assert found is not None
        assert found.values[1, 2] == filled  # noqa: PD011


def ruined(**columns: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda frame: frame.assign(**columns)


REFUSED: dict[str, tuple[Layout, Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "sd without n": (Layout(sd="sd"), ruined(sd=0.1), "--sd needs --n"),
    "n alone": (Layout(n="n"), ruined(n=3), "--n needs --sd or --se"),
    "se and sd": (Layout(se="a", sd="b", n="n"), ruined(), "choose one"),
    "half a join": (Layout(on="seed"), ruined(), "--join and --on go together"),
    "half the rows": (Layout(real_rows="r"), ruined(r=1), "--synthetic-rows and --real-rows go"),
    "no such error": (Layout(se="stderr"), ruined(), "--se stderr: no such column"),
    "an error below 0": (Layout(se="e"), ruined(e=-0.1), "errors of 0 or more"),
    "half a run": (Layout(sd="e", n="n"), ruined(e=0.1, n=2.5), "whole, 2 or more"),
    "one run": (Layout(sd="e", n="n"), ruined(e=0.1, n=1), "whole, 2 or more"),
    "more successes than trials": (Layout(trials="n"), ruined(n=0.5), "successes lie from 0"),
    "no rows at all": (
        Layout(synthetic_rows="a", real_rows="b"),
        ruined(a=0, b=0),
        "0 or more, not both 0",
    ),
    "wide that is long": (Layout(wide=True), ruined(), "fewer than two columns"),
    "nothing left": (Layout(failed="drop"), ruined(recall=np.nan), "no run has a value"),
    "a part that is not there": (Layout(share_of=("web",)), ruined(), "--share-of web: no such"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_layouts_that_do_not_fit_are_refused_in_a_line(kind: str) -> None:
    layout, ruin, words = REFUSED[kind]
    with pytest.raises(DataError, match=words.replace("(", r"\(")) as error:
        curves(ruin(pd.DataFrame(RECORDS)), Columns("recall", layout=layout))
    assert "\n" not in str(error.value)
