"""A user's own table through the program: odd ones, three formats, end to end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

Change = Callable[[pd.DataFrame], pd.DataFrame]

ODD_BUT_FINE: dict[str, Change] = {
    "constant columns": lambda rows: rows.assign(one=1, nil=0.0),
    "true and false": lambda rows: rows.assign(label=rows["label"] == "yes"),
    "numbers for labels": lambda rows: rows.assign(label=(rows["label"] == "yes").astype(int)),
    "numbers for categories": lambda rows: rows.assign(city=[1, 2] * 120),
    "blanks around names": lambda rows: rows.rename(columns={"height": " height "}),
}


@pytest.mark.parametrize("case", ODD_BUT_FINE)
def test_odd_tables_that_can_be_used_are_used(
    smcollapse: Any, own: Path, case: str, rows_of: Any
) -> None:
    ODD_BUT_FINE[case](rows_of()).to_csv(own / "rows.csv", index=False)
    said = smcollapse(
        *("run", own / "own.toml", "--out", own / "out", "--device", "cpu", "--workers", 1),
        *("--set", "mixture.share=[0.0, 0.5]", "--replicates", 2, "--json"),
    )
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["computed"] == 4


def test_the_same_rows_in_three_formats_give_the_same_numbers(
    smcollapse: Any, own: Path, rows_of: Any, own_text: str
) -> None:
    rows = rows_of().drop(columns=["city", "segment"])
    rows["label"] = (rows["label"] == "yes").astype(int)
    rows.to_csv(own / "rows.csv", index=False)
    rows.set_index("height").to_parquet(own / "rows.parquet")
    np.savez(own / "rows.npz", height=rows["height"].to_numpy().astype(">f8"), label=rows["label"])
    tables = []
    text = own_text.replace('group = "segment"\ncategorical = ["city"]\n', "")
    for name in ("rows.csv", "rows.parquet", "rows.npz"):
        (own / "own.toml").write_text(text.replace("rows.csv", name))
        out = own / f"out-{name}"
        assert smcollapse("run", own / "own.toml", "--out", out, "--workers", 1, "--json").code == 0
        tables.append(smcollapse("table", out, "--json").out)
    assert tables[0] == tables[1] == tables[2]


def test_rows_with_missing_values_can_be_left_out(smcollapse: Any, own: Path, rows_of: Any) -> None:
    holed = rows_of()
    holed.loc[4, "height"] = None
    holed.to_csv(own / "rows.csv", index=False)
    run = ("run", own / "own.toml", "--workers", 1, "--json", "--set", "world.missing=drop")
    assert smcollapse(*run, "--out", own / "out").code == 0
    rows_of().drop(index=4).to_csv(own / "rows.csv", index=False)
    assert smcollapse(*run, "--out", own / "without").code == 0
    left_out, without = (smcollapse("table", own / d, "--json").out for d in ("out", "without"))
    assert left_out == without


def test_a_users_table_end_to_end_from_another_folder(
    own: Path, rows_of: Any, own_text: str
) -> None:
    """Numeric, categorical and group columns; a study file beside the data, named from afar."""
    rows_of(90, seed=1).to_csv(own / "synthetic.csv", index=False)
    (own / "own.toml").write_text(
        f'{own_text}[[variants]]\nname = "my rows"\n'
        'set = { source.kind = "file", source.path = "synthetic.csv" }\n'
        '[[variants]]\nname = "real only"\nset = { mixture.design = "real_only" }\n'
    )
    elsewhere = own / "elsewhere"
    elsewhere.mkdir()

    def program(*arguments: str, folder: Path = elsewhere) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "smcollapse_cli.main", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    answer = json.loads(program("run", "../own.toml", "--workers", "1", "--json"))
    assert answer["folder"] == "results/own"
    assert answer["computed"] == 4 * 3 * 4
    assert any("re-splits of one table" in note for note in answer["notes"])
    assert any("Nadeau-Bengio" in note for note in answer["notes"])
    assert {c["label"] for c in answer["conditions"]} == {"reference", "my rows"}
    effect = answer["conditions"][0]["effects"]["accuracy"]["points"]
    assert "Nadeau" in effect["method"]
    for question in ("onset", "effects"):
        said = program(question, "results/own", "--response", "accuracy")
        assert "re-splits of one body of data" in " ".join(said.split())

    again = json.loads(
        program(
            "run", str(own / "own.toml"), "--out", "elsewhere/results/own", "--json", folder=own
        )
    )
    assert again["computed"] == 0
    assert again["conditions"] == answer["conditions"]

    rows = json.loads(program("table", "results/own", "--json"))
    assert len(rows) == 48
    kinds = {row["variant"]: row["kind"] for row in rows}
    assert kinds == {"reference": "shrunken", "my rows": "file", "real only": "shrunken"}
    assert {row["path"] for row in rows if row["variant"] == "my rows"} == {
        str(own / "synthetic.csv")
    }
    assert {row["path"] for row in rows if row["variant"] != "my rows"} == {None}
    assert all(0.0 <= row["accuracy"] <= 1.0 for row in rows)
    status = json.loads(program("status", "results/own", "--json"))
    assert (status["done"], status["planned"], status["study"]) == (48, 48, "own")
