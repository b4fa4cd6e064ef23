"""`effects`, `attribute` and `specify` on tables as people have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.cases.tables import EVEN, TENTHS, conditions, kink, table
from tests.cli.test_predict import strict

MINUS = "\u2212"


@pytest.fixture
def ask(smcollapse: Any, tmp_path: Path) -> Any:
    """A table asked for its effects: exit code, what is printed, and JSON."""

    def asked(frame: pd.DataFrame, *options: object) -> tuple[int, str, dict[str, Any]]:
        path = tmp_path / "results.csv"
        frame.to_csv(path, index=False)
        where = ("--out", tmp_path / "out")
        said = smcollapse("effects", path, *options, *where)
        plain = smcollapse("effects", path, *options, *where, "--json")
        assert "Traceback" not in said.err + plain.err
        text = said.out.replace("\u00a0", " ") + said.err
        return said.code, text, strict(plain.out) if plain.code == 0 else {}

    return asked


@pytest.mark.parametrize(
    ("name", "scale", "printed"),
    [
        ("accuracy", 100.0, f"{MINUS}36.0 points [{MINUS}36.2, {MINUS}35.8]"),
        ("accuracy", 1.0, f"{MINUS}36.0 points [{MINUS}36.2, {MINUS}35.8]"),
        ("fid", 1000.0, f"{MINUS}360.0 [{MINUS}362.0, {MINUS}358.0]"),
        ("quality", 1.0, f"{MINUS}0.3600 [{MINUS}0.3620, {MINUS}0.3580]"),
        ("quality", 1e20, f"{MINUS}3.60e19 [{MINUS}3.62e19, {MINUS}3.58e19]"),
        ("quality", 1e-20, f"{MINUS}3.60e{MINUS}21 [{MINUS}3.62e{MINUS}21, {MINUS}3.58e{MINUS}21]"),
    ],
)
def test_changes_are_printed_in_the_unit_of_the_measure(
    ask: Any, name: str, scale: float, printed: str
) -> None:
    """From .9 on shares 0 to .2 to .54 on shares .8 to 1, replicates apart by .001 there."""
    frame = table(lambda p: 0.9 - 0.6 * max(p - 0.3, 0.0), TENTHS, sd=0.0, name=name)
    frame[name] -= 0.001 * (frame["replicate"] - 2.5) * (frame["share"] > 0.5)
    frame[name] *= scale
    code, text, found = ask(frame, "--response", name)
    assert code == 0
    points = found["found"][0]["effect"]["points"]["value"]
    assert points == pytest.approx(-0.36 * scale)
    assert printed in text


def test_windows_are_thirds_unless_given(ask: Any) -> None:
    frame = table(kink(0.3), TENTHS)
    _, text, found = ask(frame, "--response", "recall")
    assert (found["before"], found["after"]) == ([0.0, 0.2], [0.8, 1.0])
    assert "from shares 0–20 % to 80–100 %" in text
    assert "claimed" not in text
    assert found["claim"] is False
    given = ask(frame, "--response", "recall", "--before", "0%:10%", "--after", "0.9:1")[2]
    assert (given["before"], given["after"]) == ([0.0, 0.1], [0.9, 1.0])
    two = ask(frame[frame["share"].isin([0.0, 0.5])], "--response", "recall")[2]
    assert (two["before"], two["after"]) == ([0.0, 0.0], [0.5, 0.5])


def test_the_claim_is_compared_where_it_is_asked_for(ask: Any) -> None:
    frame = table(kink(0.4), replicates=6, name="rare_recall")
    _, text, found = ask(frame, "--claim")
    assert (found["before"], found["after"]) == ([0.0, 0.35], [0.45, 0.6])
    assert "claimed" in text
    assert found["found"][0]["claimed"] == -0.21
    assert found["found"][0]["verdicts"]["points"].startswith("contradicted")


@pytest.mark.parametrize("replicates", [2, 3])
def test_one_degree_of_freedom_decides_nothing(ask: Any, replicates: int) -> None:
    frame = table(kink(0.4), replicates=replicates, name="rare_recall")
    found = ask(frame, "--claim")[2]["found"][0]
    verdict = found["verdicts"]["points"]
    assert (verdict == "undecided: 2 replicates") == (replicates == 2)
    assert ("points" in found["equivalence"]) == (replicates > 2)


def test_measures_are_those_that_are_there(ask: Any) -> None:
    frame = table(kink(0.4), name="accuracy").assign(score=1.0, note="x")
    assert [one["response"] for one in ask(frame)[2]["found"]] == ["accuracy"]
    frame = frame.rename(columns={"accuracy": "f1"}).assign(seed=7, corpus="a")
    frame = frame.rename(columns={"replicate": "fold"})
    for number in range(9):
        frame[f"m{number}"] = frame["f1"] + number * frame["share"]
    _, text, found = ask(frame)
    names = [one["response"] for one in found["found"]]
    assert names == ["f1", *(f"m{number}" for number in range(7))]
    assert "the first 8 of 10" in text


def test_one_bad_measure_or_condition_is_reported(ask: Any) -> None:
    frame = conditions({"a": kink(0.4), "b": kink(0.3)}).assign(note="text", f1=0.5)
    frame["f1"] += 0.1 * frame["share"]
    frame.loc[3, "f1"] = np.nan
    options = ("--by", "generator", "--response", "recall", "--response", "f1")
    code, text, found = ask(frame, *options, "--response", "note")
    assert code == 0
    assert [(one["label"], one["response"]) for one in found["found"]] == [
        ("generator a", "recall"),
        ("generator b", "recall"),
        ("generator b", "f1"),
    ]
    assert "line 5" in found["left_out"][0]["reason"]
    assert "no answer: generator a, f1: results.csv, line 5" in text
    assert ask(frame, "--by", "generator", "--response", "note")[0] == 2


def test_huge_numbers_are_refused_with_their_line(ask: Any) -> None:
    frame = table(kink(0.4), name="rare_recall").assign(ece=0.1)
    frame.loc[7, "rare_recall"] = 1e300
    code, text, _ = ask(frame)
    assert code == 2
    assert "line 9: column 'rare_recall' holds 1e+300" in text


def test_attribution_leaves_out_what_cannot_be_used(smcollapse: Any, tmp_path: Path) -> None:
    curves = {"1": kink(0.25), "2": kink(0.35), "3": kink(0.45), "4": kink(0.45)}
    frame = conditions(curves, replicate="seed")
    frame["share"] *= 100.0
    frame["recall"] *= 100.0
    frame = frame[(frame["generator"] != "4") | (frame["share"] < 20.0)]
    frame.rename(columns={"generator": "size"}).to_csv(tmp_path / "knobs.csv", index=False)
    ask = ("attribute", tmp_path / "knobs.csv", "--response", "recall", "--knob", "size")
    said = smcollapse(*ask, "--out", tmp_path / "out", "--json")
    assert said.code == 0, said.err
    found = strict(said.out)
    assert (found["unit"], found["worse"]) == ("percent", "lower")
    assert found["onset"]["n_conditions"] == 3
    assert any("left out: size 4" in note for note in found["notes"])
    shift = found["onset"]["terms"][0]
    assert shift["shift"] == pytest.approx(0.2, abs=0.03)
    text = smcollapse(*ask, "--out", tmp_path / "out").out
    assert "points" in text
    assert "00.0 points" not in text


def test_specify_scales_by_the_unit(smcollapse: Any, tmp_path: Path) -> None:
    frame = table(lambda p: 100.0 * kink(0.4)(p), EVEN, sd=1.0, name="accuracy")
    frame.to_csv(tmp_path / "own.csv", index=False)
    ask = ("specify", tmp_path / "own.csv", "--response", "accuracy", "--draws", 99)
    said = smcollapse(*ask, "--out", tmp_path / "out")
    assert said.code == 0, said.err
    text = " ".join(said.out.replace("\u00a0", " ").split())
    assert f"window contrast {MINUS}12.5 points" in text or f"window contrast {MINUS}12." in text
    assert "00.0 points" not in text


def test_a_fall_of_a_negative_measure_is_a_relative_fall(ask: Any) -> None:
    for replicates in (2, 6):
        frame = table(lambda p: -100.0 - 50.0 * p, replicates=replicates, name="log_likelihood")
        _, _, found = ask(frame, "--response", "log_likelihood")
        effect = found["found"][0]["effect"]
        assert effect["points"]["value"] < 0.0
        assert effect["relative"]["interval"]["lower"] < effect["relative"]["value"] < 0.0
        assert effect["relative"]["interval"]["upper"] < 0.0


def test_a_constant_measure_is_no_effect_of_rounding(ask: Any) -> None:
    frame = conditions({"flat": lambda _: 0.8, "falls": kink(0.3)}, sd=0.0)
    code, text, found = ask(frame, "--response", "recall", "--by", "generator")
    assert code == 0
    assert "no answer: generator flat, recall: 'recall' is constant (0.8 everywhere)" in text
    assert len(found["found"]) == 1
