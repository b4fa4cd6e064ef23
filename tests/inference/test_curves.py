"""Curves: a tidy table in any order becomes arrays, and a bad table is refused with a reason."""

# ruff: noqa: PD011  (Curves.values is an array, not that of a DataFrame)

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from smcollapse.inference import Curves, InferenceError, Replication, curves

SHARES = np.linspace(0.0, 0.6, 7)


def tidy(n_replicates: int = 3) -> pd.DataFrame:
    rows = [
        {"share": s, "replicate": r, "rare_recall": 100 * r + s, "design": "replace"}
        for r in range(n_replicates)
        for s in SHARES
    ]
    return pd.DataFrame(rows)


def test_rows_in_any_order_land_in_their_cells() -> None:
    shuffled = tidy().sample(frac=1.0, random_state=4)
    measured = curves(shuffled, "rare_recall")
    assert measured.replicates == (0, 1, 2)
    assert measured.response == "rare_recall"
    np.testing.assert_allclose(measured.shares, SHARES, atol=1e-12)
    np.testing.assert_allclose(measured.values, 100 * np.arange(3)[:, None] + SHARES)
    np.testing.assert_allclose(measured.mean, 100 + SHARES)


def test_column_names_and_labels_are_free() -> None:
    table = tidy().rename(columns={"share": "p", "replicate": "run"})
    table["run"] = table["run"].map({0: "c", 1: "a", 2: "b"})
    measured = curves(table, "rare_recall", share="p", replicate="run")
    assert measured.replicates == ("a", "b", "c")
    np.testing.assert_allclose(measured.values[:, 0], [100, 200, 0])


def test_typed_and_computed_shares_are_one_share() -> None:
    table = tidy(2)
    table.loc[table["replicate"] == 1, "share"] = [i * 0.1 for i in range(7)]  # 0.30000000000000004
    assert curves(table, "rare_recall").shares.size == 7


def test_arrays_are_read_only_copies() -> None:
    values = np.zeros((2, 3))
    measured = Curves(np.array([0.0, 0.1, 0.2]), values, (0, 1))
    values[0, 0] = 9.0
    assert measured.values[0, 0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        measured.values[0, 0] = 1.0


def text_response(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(rare_recall=table["rare_recall"].astype(str))


def hole(table: pd.DataFrame) -> pd.DataFrame:
    table.loc[4, "rare_recall"] = np.nan
    return table


def infinite(table: pd.DataFrame) -> pd.DataFrame:
    table.loc[4, "rare_recall"] = np.inf
    return table


def no_replicate_label(table: pd.DataFrame) -> pd.DataFrame:
    table["replicate"] = table["replicate"].astype("Int64")
    table.loc[2, "replicate"] = pd.NA
    return table


BAD: list[tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = [
    (lambda t: t.drop(columns="share"), "no column 'share'.*it has replicate"),
    (lambda t: t.drop(columns="rare_recall"), "no column 'rare_recall'"),
    (lambda t: t.iloc[:0], "no rows"),
    (text_response, "'rare_recall' must be numeric"),
    (lambda t: t.assign(rare_recall=True), "must be numeric"),
    (hole, "'rare_recall' has 1 missing or infinite values, first in row 4"),
    (infinite, "1 missing or infinite"),
    (no_replicate_label, "'replicate' has missing values"),
    (lambda t: pd.concat([t, t.iloc[[5]]]), r"several rows.*\(0\.5, 0\).*one condition"),
    (lambda t: t.drop(index=9), r"1 \(share, replicate\) cells have no row: \(0\.2, 1\)"),
    (lambda t: t.assign(share=100 * t["share"]), r"must lie in \[0, 1\].*write 0\.3, not 30"),
    (lambda t: t.assign(share=t["share"] - 0.1), r"must lie in \[0, 1\]"),
]


@pytest.mark.parametrize(("spoil", "message"), BAD)
def test_bad_tables_are_refused_with_the_reason(
    spoil: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(InferenceError, match=message):
        curves(spoil(tidy()), "rare_recall")


@pytest.mark.parametrize(
    ("shares", "values", "replicates", "message"),
    [
        ([0.0, 0.1], [[1.0, 2.0, 3.0]], (0,), "shape"),
        ([0.1, 0.0], [[1.0, 2.0]], (0,), "strictly increasing"),
        ([0.0, 0.1], [[1.0, np.inf]], (0,), "finite"),
        ([0.0, 0.1], [[1.0, np.nan]], (0,), "needs a value"),
        ([0.0, 0.1], [[1.0, 2.0], [1.0, 2.0]], (0, 0), "distinct"),
        ([0.0, 0.1], np.empty((0, 2)), (), "no values"),
    ],
)
def test_bad_arrays_are_refused(
    shares: list[float], values: list[list[float]], replicates: tuple[int, ...], message: str
) -> None:
    with pytest.raises(InferenceError, match=message):
        Curves(np.array(shares), np.array(values), replicates)


def test_replication_reaches_the_draws() -> None:
    splits = Replication("re-splits", n_train=80, n_test=20)
    table = tidy(4)
    table["rare_recall"] += np.random.default_rng(0).normal(size=len(table))
    plain, split = curves(table, "rare_recall"), curves(table, "rare_recall", replication=splits)
    assert plain.spread_factor == 1.0
    np.testing.assert_allclose(
        split.draw_means(99, 1) - split.mean,
        np.sqrt(2.0) * (plain.draw_means(99, 1) - plain.mean),  # 1 + 4·20/80 = 2
        atol=1e-9,
    )
    assert "Nadeau-Bengio" in split.method(99, 1)
    assert "Nadeau-Bengio" not in plain.method(99, 1)
