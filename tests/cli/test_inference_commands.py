"""`onset`, `effects`, `attribute`, `plan`: anybody's table, wrong input, JSON keys, no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.cli.test_predict import TORCH_FREE, strict

SHARES = np.round(np.linspace(0.0, 0.6, 13), 3)
KEYS = (
    "verdict",
    "benchmark_share",
    "benchmark_band",
    "safe_share",
    "onset",
    "band",
    "level",
    "exists",
    "p_value",
    "power",
    "transition_centre",
    "transition_width",
    "variants",
    "warnings",
)


def rows(knot: float = 0.4, seed: int = 0, n: int = 8) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        [
            {
                "share": s,
                "replicate": r,
                "rare_recall": 0.9 - 0.1 * s - max(s - knot, 0.0) + generator.normal(0.0, 0.01),
                "ece": 0.03 + 0.3 * max(s - knot, 0.0) + generator.normal(0.0, 0.004),
            }
            for r in range(n)
            for s in SHARES
        ]
    )


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "results.csv"
    rows().to_csv(path, index=False)
    return path


def test_onset_of_a_table_as_json(smcollapse: Any, table: Path, tmp_path: Path) -> None:
    said = smcollapse("onset", table, "--json", "--out", tmp_path / "out")
    assert said.code == 0, said.err
    found = strict(said.out)
    assert set(KEYS) <= set(found)
    assert found["exists"] is True
    assert found["band"][0] < 0.4 < found["band"][1]
    assert found["benchmark_band"][0] <= found["benchmark_share"] <= found["benchmark_band"][1]
    assert found["safe_share"] <= found["benchmark_share"]
    assert found["verdict"].startswith("break at")
    assert all(Path(path).stat().st_size > 0 for path in found["files"])
    again = strict(smcollapse("onset", table, "--json", "--out", tmp_path / "out").out)
    assert found == again


def test_onset_of_columns_by_other_names(smcollapse: Any, table: Path, tmp_path: Path) -> None:
    frame = pd.concat(
        [rows(0.25, 1).assign(source="poor"), rows(0.45, 2).assign(source="rich")]
    ).rename(columns={"share": "p", "replicate": "seed", "rare_recall": "recall"})
    path = tmp_path / "named.parquet"
    frame.to_parquet(path)
    said = smcollapse(
        "onset", path, "--response", "recall", "--share", "p", "--replicate", "seed",
        "--by", "source", "--json", "--out", tmp_path / "out",
    )  # fmt: skip
    assert said.code == 0, said.err
    poor, rich = strict(said.out)["conditions"]
    assert (poor["condition"], rich["condition"]) == ("source poor", "source rich")
    assert poor["benchmark_share"] + 0.1 < rich["benchmark_share"]
    text = smcollapse(
        "onset", path, "--response", "recall", "--share", "p", "--replicate", "seed",
        "--by", "source", "--out", tmp_path / "out",
    ).out  # fmt: skip
    assert "source poor" in text
    assert "break at" in text


def wrong(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    """A table that allows no onset."""
    if kind == "one share":
        return frame[frame["share"] == 0.0]
    if kind == "two shares":
        return frame[frame["share"] < 0.06]
    if kind == "constant":
        return frame.assign(rare_recall=0.7)
    if kind == "nan":
        return frame.assign(rare_recall=frame["rare_recall"].where(frame.index != 17))
    return pd.concat([frame, frame.iloc[:20]])


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("one share", "at least 2 distinct shares, got 1"),
        ("constant", "is constant (0.7 everywhere)"),
        ("nan", "wrong.csv, line 19: column 'rare_recall' has no value"),
        ("duplicated", "20 rows are exact copies of others: remove them"),
    ],
)
def test_wrong_tables_are_refused(smcollapse: Any, tmp_path: Path, kind: str, words: str) -> None:
    path = tmp_path / "wrong.csv"
    wrong(rows(), kind).to_csv(path, index=False)
    said = smcollapse("onset", path, "--out", tmp_path / "out")
    assert said.code == 2
    assert said.out == ""
    assert words in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("onset", "missing.csv"), "no data file"),
        (("onset", "FILE", "--response", "recal"), "did you mean"),
        (("onset", "FILE", "--share", "p"), "name the share's with --share"),
        (("effects", "FILE", "--before", "x"), "write LOW:HIGH"),
        (("effects", "FILE", "--before", "0:20"), "per cent with their sign, 0%:20%"),
        (("onset", "FILE", "--share-unit", "percent", "--by", "nothing"), "no column 'nothing'"),
        (("effects", "FILE", "--response", "ece", "--after", "0.9:1"), "holds none of the shares"),
        (("attribute", "FILE"), "with --knob"),
        (("attribute", "FILE", "--knob", "ece2"), "no column 'ece2'"),
        (("plan", "--sd", "0.02"), "how large the break is"),
        (("plan", "--slope-change", "-1"), "what the noise is"),
        (("plan", "--sd", "0.02", "--drop", "0.2", "--shares", "x"), "whole numbers"),
        (("plan", "--sd", "-1", "--drop", "0.2"), "must be positive"),
    ],
)
def test_wrong_options_are_one_message(
    smcollapse: Any, table: Path, arguments: tuple[str, ...], words: str
) -> None:
    said = smcollapse(*(table if word == "FILE" else word for word in arguments))
    assert said.code == 2
    assert words in said.err
    assert "Traceback" not in said.err


def test_repeated_rows_name_the_columns_that_tell_them_apart(
    smcollapse: Any, tmp_path: Path
) -> None:
    path = tmp_path / "two.csv"
    pd.concat([rows().assign(source="a"), rows(seed=1).assign(source="b")]).to_csv(
        path, index=False
    )
    said = smcollapse("onset", path)
    assert said.code == 2
    assert "--by source" in said.err


def test_effects_stand_beside_the_claim(smcollapse: Any, table: Path, tmp_path: Path) -> None:
    said = smcollapse(
        "effects", table, "--response", "rare_recall", "--response", "ece", "--claim", "--json",
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert said.code == 0, said.err
    recall, ece = strict(said.out)["found"]
    true = float(np.mean([-0.1 * s - max(s - 0.4, 0) for s in SHARES if s >= 0.45]))
    true -= float(np.mean([-0.1 * s for s in SHARES if s <= 0.35]))
    low, high = (recall["effect"]["points"]["interval"][side] for side in ("lower", "upper"))
    assert low < true < high
    assert recall["claimed"] == -0.21
    assert "contradicted" in recall["verdicts"]["points"]
    assert recall["equivalence"]["points"]["verdict_kind"] == "differs"
    assert ece["effect"]["points"]["value"] > 0
    assert recall["joint"]["knot"] == pytest.approx(0.4, abs=0.05)


def test_attribution_finds_the_knob_that_moves(smcollapse: Any, tmp_path: Path) -> None:
    frame = pd.concat(
        [
            rows(0.25 + 0.1 * diversity, 3, 6).assign(diversity=diversity, polish=polish)
            for diversity in (0, 1, 2)
            for polish in ("off", "on")
        ]
    )
    noise = np.random.default_rng(5).normal(0.0, 0.01, len(frame))
    path = tmp_path / "knobs.csv"
    frame.assign(rare_recall=frame["rare_recall"] + noise).to_csv(path, index=False)
    said = smcollapse(
        "attribute", path, "--knob", "diversity", "--knob", "polish", "--json",
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert said.code == 0, said.err
    onset = {term["term"]: term for term in strict(said.out)["onset"]["terms"]}
    assert onset["diversity"]["band"]["lower"] < 0.2 < onset["diversity"]["band"]["upper"]
    assert onset["diversity"]["band"]["lower"] > 0.0
    assert onset["polish: on"]["band"]["lower"] < 0.0 < onset["polish: on"]["band"]["upper"]


def test_a_plan_from_results(smcollapse: Any, table: Path) -> None:
    said = smcollapse(
        "plan", "--from", table, "--slope-change", "-0.6", "--shares", "13",
        "--replicates", "5,20", "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    found = strict(said.out)
    assert found["noise"]["sd"] == pytest.approx(0.01, rel=0.2)
    few, many = (design["power"] for design in found["designs"])
    assert few < many
    text = smcollapse("plan", "--sd", "0.02", "--drop", "0.3", "--replicates", "20").out
    assert "Fewest runs" in text


def test_a_run_is_answered_as_a_whole(smcollapse: Any, store: Any) -> None:
    for command in (("onset", "--response", "accuracy"), ("effects",)):
        said = smcollapse(command[0], store.folder, *command[1:])
        assert said.code == 0, said.err
    assert (store.folder / "onset" / "onset-accuracy.png").exists()
    refused = smcollapse("onset", store.folder, "--by", "design")
    assert refused.code == 2
    assert "leave out --by" in refused.err


@pytest.mark.slow
def test_torch_is_not_imported(table: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TORCH_FREE, "onset", str(table), "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
