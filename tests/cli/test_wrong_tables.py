"""Users' tables and synthetic rows that cannot be used: one message each, in the user's terms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

OWN_SOURCE = '[scenario.source]\nkind = "file"\npath = "synthetic.csv"\n'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))

Change = Callable[[pd.DataFrame], pd.DataFrame]


def with_cell(column: str, row: int, value: Any) -> Change:
    def change(rows: pd.DataFrame) -> pd.DataFrame:
        rows = rows.astype(object)
        rows.loc[row, column] = value
        return rows

    return change


def refused(smcollapse: Any, own: Path, *options: str) -> str:
    """One message, exit code 2, nothing on standard output, no results folder."""
    said = smcollapse(
        "run", own / "own.toml", "--out", own / "out", "--device", "cpu", "--json", *options
    )
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    assert not (own / "out").exists()
    return str(said.err.removeprefix("error: ").rstrip("\n"))


FEATURE = "list it under world.categorical or world.drop"
WRONG_TABLES: dict[str, tuple[Change, str]] = {
    "label missing": (
        with_cell("label", 4, None),
        "rows.csv: missing values in 'label' (1), first in row 5",
    ),
    "feature missing": (
        with_cell("height", 7, None),
        "rows.csv: missing values in 'height' (1), first in row 8",
    ),
    "group missing": (
        with_cell("segment", 0, None),
        "rows.csv: missing values in 'segment' (1), first in row 1",
    ),
    "feature not numeric": (
        with_cell("height", 9, "tall"),
        f"rows.csv: column 'height' is not numeric (row 10: 'tall'): {FEATURE}",
    ),
    "feature infinite": (
        with_cell("height", 9, "-inf"),
        f"rows.csv: column 'height' is not finite (row 10: -inf): {FEATURE}",
    ),
    "a column of dates": (
        lambda rows: rows.assign(day="2020-01-01"),
        f"rows.csv: column 'day' is not numeric (row 1: '2020-01-01'): {FEATURE}",
    ),
    "label column absent": (
        lambda rows: rows.rename(columns={"label": "lable"}),
        "rows.csv: no column 'label' — did you mean 'lable'?",
    ),
    "group column absent": (
        lambda rows: rows.drop(columns="segment"),
        "rows.csv: no column 'segment'",
    ),
    "one class": (
        lambda rows: rows.assign(label="yes"),
        "rows.csv: label column 'label' has one class only ('yes')",
    ),
    "a label with few rows": (
        lambda rows: rows.assign(label=["no"] * 3 + ["yes"] * 237),
        "rows.csv: label 'no' has 3 rows: every label needs at least 15",
    ),
    "too many labels": (
        lambda rows: rows.assign(label=range(240)),
        "rows.csv: label column 'label' has 240 different values in 240 rows",
    ),
    "group of single rows": (
        lambda rows: rows.assign(segment=range(240)),
        "rows.csv: group column 'segment' has 240 values in 240 rows",
    ),
    "two groups of equal size": (
        lambda rows: rows.assign(segment=["a", "b"] * 120),
        "rows.csv: the rarest context holds 50% of the rows, more than world.rare_mass = 0.2",
    ),
    "group of one value": (
        lambda rows: rows.assign(segment="a"),
        "rows.csv: group column 'segment' has one value only",
    ),
    "few rows": (
        lambda rows: rows.iloc[:39],
        "rows.csv: 39 rows are too few to train and test on (at least 40)",
    ),
    "header only": (lambda rows: rows.iloc[:0], "rows.csv: has no rows"),
}


@pytest.mark.parametrize("case", WRONG_TABLES)
def test_a_table_that_cannot_be_used_is_refused_with_its_reason(
    smcollapse: Any, own: Path, case: str, rows_of: Any
) -> None:
    change, reason = WRONG_TABLES[case]
    change(rows_of()).to_csv(own / "rows.csv", index=False)
    assert refused(smcollapse, own).startswith(reason)


WRONG_FILES: dict[str, tuple[str, bytes, str]] = {
    "no text": ("rows.csv", PNG, "rows.csv: is a binary file, not CSV"),
    "another encoding": ("rows.csv", "höhe,label\n1,2\n".encode("latin1"), "rows.csv: cannot be"),
    "empty": ("rows.csv", b"", "rows.csv: cannot be read as .csv: No columns"),
    "two columns of a name": (
        "rows.csv",
        b"city,height, city,segment,label\nRome,1,Rome,a,yes\n",
        "rows.csv: two columns named 'city': rename one",
    ),
    "rows longer than the header": (
        "rows.csv",
        b"height,city,segment,label\n1,Rome,a,yes,3\n2,Oslo,a,no,4\n",
        "rows.csv: rows hold more values than the header names",
    ),
    "one row longer": (
        "rows.csv",
        b"height,city,segment,label\n1,Rome,a,yes\n2,Oslo,a,no,4\n",
        "rows.csv: cannot be read as .csv: ",
    ),
    "semicolons, one row longer": (
        "rows.csv",
        b"height;city;segment;label\n1;Rome;a;yes\n2;Oslo;a;no;4\n",
        "rows.csv: cannot be read as .csv: ",
    ),
    "text as Parquet": ("rows.parquet", b"height,label\n1,2\n", "rows.parquet: cannot be read as"),
    "nothing as Parquet": ("rows.parquet", b"", "rows.parquet: cannot be read as"),
    "text as npz": ("rows.npz", b"height,label\n1,2\n", "rows.npz: is not an .npz archive"),
    "nothing as npz": ("rows.npz", b"", "rows.npz: is not an .npz archive"),
    "a spreadsheet": ("rows.xlsx", b"PK", "rows.xlsx: cannot be read as .xlsx: "),
}


@pytest.mark.parametrize("case", WRONG_FILES)
def test_a_file_that_is_not_what_its_name_says_is_refused(
    smcollapse: Any, own: Path, case: str
) -> None:
    name, content, reason = WRONG_FILES[case]
    (own / name).write_bytes(content)
    assert refused(smcollapse, own, "--set", f"world.data={own / name}").startswith(reason)


def test_a_file_that_is_not_there_is_refused(smcollapse: Any, own: Path) -> None:
    (own / "rows.csv").unlink()
    assert refused(smcollapse, own).startswith(f"no data file '{own / 'rows.csv'}'")
    (own / "rows.csv").mkdir()
    assert refused(smcollapse, own).startswith(f"no data file '{own / 'rows.csv'}'")


def test_nested_parquet_columns_are_refused(smcollapse: Any, own: Path, rows_of: Any) -> None:
    rows_of().assign(tags=[["x"]] * 240).to_parquet(own / "rows.parquet")
    said = refused(smcollapse, own, "--set", f"world.data={own / 'rows.parquet'}")
    assert said == "rows.parquet: column 'tags' holds lists or records, not values"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ('world.drop=["label"]', "rows.csv: world.drop leaves out the label column 'label'"),
        ('world.drop=["segment"]', "rows.csv: world.drop leaves out the group column 'segment'"),
        ('world.drop=["heigth"]', "rows.csv: no column 'heigth' — did you mean 'height'?"),
        ('world.categorical=["label"]', "rows.csv: world.categorical makes a feature of the label"),
        ('world.categorical=["city", "city"]', "rows.csv: world.categorical names 'city'"),
        ("world.categorical=[]", "rows.csv: column 'city' is not numeric (row 1: "),
        (
            "mixture.budget=169",
            "mixture.budget = 169 is larger than the training part of the data",
        ),
    ],
)
def test_settings_that_do_not_fit_the_table_are_refused(
    smcollapse: Any, own: Path, options: str, reason: str
) -> None:
    assert refused(smcollapse, own, "--set", options).startswith(reason)


@pytest.mark.parametrize(
    ("option", "line", "reason"),
    [
        (
            "model.kind=count_table",
            11,
            "model.kind: model 'count_table' does not fit world 'table'",
        ),
        ("source.kind=consensus", 4, "source.kind: source 'consensus' does not fit world 'table'"),
    ],
)
def test_parts_that_do_not_fit_a_table_are_refused(
    smcollapse: Any, own: Path, option: str, line: int, reason: str
) -> None:
    said = refused(smcollapse, own, "--set", option)
    assert said.startswith(f"{own / 'own.toml'}:{line}: scenario.{reason}")


WRONG_SYNTHETIC: dict[str, tuple[Change, str]] = {
    "no rows": (lambda rows: rows.iloc[:0], "synthetic.csv: has no rows"),
    "a column absent": (
        lambda rows: rows.drop(columns="height"),
        "synthetic.csv: no column 'height'",
    ),
    "an unknown label": (
        with_cell("label", 3, "maybe"),
        "synthetic.csv: row 4: label 'maybe' is not among those of rows.csv: no, yes",
    ),
    "an unknown category": (
        with_cell("city", 3, "Lima"),
        "synthetic.csv: column 'city' has values that rows.csv does not have: Lima",
    ),
    "a missing value": (
        with_cell("height", 3, None),
        "synthetic.csv: missing values in 'height' (1), first in row 4",
    ),
    "text for a number": (
        with_cell("height", 3, "tall"),
        "synthetic.csv: column 'height' is not numeric (row 4: 'tall')",
    ),
}


@pytest.mark.parametrize("case", WRONG_SYNTHETIC)
def test_synthetic_rows_that_do_not_fit_the_table_are_refused(
    smcollapse: Any, own: Path, case: str, rows_of: Any, own_text: str
) -> None:
    change, reason = WRONG_SYNTHETIC[case]
    change(rows_of(90, seed=1)).to_csv(own / "synthetic.csv", index=False)
    (own / "own.toml").write_text(own_text + OWN_SOURCE)
    assert refused(smcollapse, own).startswith(reason)


def test_a_missing_synthetic_file_is_named(smcollapse: Any, own: Path, own_text: str) -> None:
    (own / "own.toml").write_text(own_text + OWN_SOURCE)
    assert refused(smcollapse, own).startswith(f"no data file '{own / 'synthetic.csv'}'")
