"""The table world: splits, contexts, exceptions, the shrunken source and users' files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smcollapse.errors import DataError, StudyError
from smcollapse.settings import FileSource, ShrunkenSource, TableWorld
from smcollapse.sources import fit
from smcollapse.worlds import Table, world_of
from smcollapse.worlds.reading import read_frame


@pytest.fixture(scope="module")
def digits() -> Table:
    return Table(TableWorld())


def test_digits_are_the_packaged_ones(digits: Table) -> None:
    assert digits.rows.features.shape == (1797, 64)
    assert digits.inputs.n_classes == 10


def test_training_and_test_parts_are_a_split_of_the_table(digits: Table) -> None:
    assert digits.train_size is not None
    train, test = digits.real(1, 0, digits.train_size), digits.test(1, 0)
    assert len(test) == round(0.3 * 1797)
    together = np.sort(np.concatenate([train.example, test.example]))
    assert np.array_equal(together, np.sort(digits.rows.example))
    assert not set(train.example) & set(test.example)


def test_contexts_lie_within_labels_and_rare_ones_have_at_most_the_rare_mass(digits: Table) -> None:
    for context in range(len(digits.frequency)):
        assert len(np.unique(digits.rows.label[digits.rows.context == context])) == 1
    assert digits.frequency[digits.rare].sum() <= 0.2
    assert digits.frequency.sum() == pytest.approx(1.0)


def test_polish_shrinks_the_variance_of_synthetic_rows(digits: Table) -> None:
    def within(polish: float) -> float:
        rows = fit(ShrunkenSource(polish=polish), digits, 1, 0).sample(4000)
        means = np.stack([rows.features[rows.truth == c].mean(axis=0) for c in range(10)])
        return float((rows.features - means[rows.truth]).var())

    full = within(0.0)
    assert within(0.75) == pytest.approx(0.25 * full, rel=0.03)
    assert within(1.0) == pytest.approx(0.0, abs=1e-10)


def test_the_source_is_fitted_on_the_training_part_only(digits: Table) -> None:
    source = fit(ShrunkenSource(polish=1.0), digits, 1, 0)
    assert digits.train_size is not None
    train = digits.real(1, 0, digits.train_size)
    rows = source.sample(500)
    for number in range(10):
        expected = train.features[train.label == number].mean(axis=0)
        assert rows.features[rows.truth == number][0] == pytest.approx(expected, abs=1e-4)


def test_contamination_gives_wrong_labels(digits: Table) -> None:
    rows = fit(ShrunkenSource(contamination=0.25), digits, 1, 0).sample(4000)
    wrong = (rows.label != rows.truth).mean()
    assert abs(wrong - 0.25) < 4 * (0.25 * 0.75 / 4000) ** 0.5


def frame(n: int = 240) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, n)
    return pd.DataFrame(
        {
            "height": rng.normal(170, 10, n) + 8 * label,
            "city": rng.choice(["Oslo", "Rome", "Quito"], n, p=[0.6, 0.3, 0.1]),
            "segment": rng.choice(["a", "b", "c", "d"], n, p=[0.5, 0.3, 0.15, 0.05]),
            "label": np.where(label == 1, "yes", "no"),
        }
    )


def settings(path: Path, **changes: object) -> TableWorld:
    values = {"data": str(path), "categorical": ("city",), "group": "segment", **changes}
    return TableWorld.model_validate({"kind": "table", **values})


def test_categorical_columns_are_one_hot_and_the_group_names_the_contexts(tmp_path: Path) -> None:
    frame().to_csv(tmp_path / "rows.csv", index=False)
    world = Table(settings(tmp_path / "rows.csv"))
    assert world.inputs.n_features == 1 + 3
    assert (world.rows.features[:, 1:].sum(axis=1) == 1).all()
    assert len(world.frequency) == 4
    assert world.encoding.classes == ("no", "yes")


@pytest.mark.parametrize("suffix", ["csv", "parquet", "npz"])
def test_every_file_format_gives_the_same_rows(tmp_path: Path, suffix: str) -> None:
    numeric = frame().assign(label=lambda f: (f.label == "yes").astype(int))
    numeric = numeric.drop(columns=["city", "segment"])
    path = tmp_path / f"rows.{suffix}"
    if suffix == "csv":
        numeric.to_csv(path, index=False)
    elif suffix == "parquet":
        numeric.to_parquet(path)
    else:
        np.savez(path, **{name: numeric[name].to_numpy() for name in numeric})
    pd.testing.assert_frame_equal(read_frame(str(path)), numeric)


def test_polish_sharpens_categories_to_the_most_frequent_one(tmp_path: Path) -> None:
    frame().to_csv(tmp_path / "rows.csv", index=False)
    world = Table(settings(tmp_path / "rows.csv"))
    city = world.encoding.blocks[0]
    polished = fit(ShrunkenSource(polish=1.0), world, 1, 0).sample(500).features[:, city]
    messy = fit(ShrunkenSource(polish=0.0), world, 1, 0).sample(2000).features[:, city]
    assert (polished.argmax(axis=1) == 0).all()  # Oslo
    assert np.abs(messy.mean(axis=0) - [0.6, 0.1, 0.3]).max() < 0.08


def test_users_synthetic_rows_are_gone_through_again_when_they_run_out(tmp_path: Path) -> None:
    frame().to_csv(tmp_path / "rows.csv", index=False)
    frame(30).to_csv(tmp_path / "synthetic.csv", index=False)
    world = Table(settings(tmp_path / "rows.csv"))
    rows = fit(FileSource(path=str(tmp_path / "synthetic.csv")), world, 1, 0).sample(90)
    assert len(np.unique(rows.example)) == 30
    assert np.array_equal(rows.example[:30], rows.example[30:60])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="label"), "no column 'label'"),
        (lambda f: f.assign(height=f.height.astype(str) + " cm"), "'height' is not numeric"),
        (lambda f: f.assign(label="yes"), "one class only"),
        (lambda f: f.assign(height=f.height.where(f.index != 7)), "missing values in 'height' (1)"),
        (lambda f: f.assign(segment=range(len(f))), "contexts need several rows each"),
        (lambda f: f.head(20), "too few"),
        (lambda f: f.assign(label=range(len(f))), "different values"),
    ],
)
def test_unusable_tables_are_refused_with_a_reason(tmp_path, change, message) -> None:  # type: ignore[no-untyped-def]
    change(frame()).to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(DataError) as error:
        Table(settings(tmp_path / "rows.csv")).rows  # noqa: B018
    assert message in str(error.value)
    assert "rows.csv" in str(error.value)


def test_missing_values_can_be_dropped(tmp_path: Path) -> None:
    table = frame()
    table.loc[[3, 5], "height"] = np.nan
    table.to_csv(tmp_path / "rows.csv", index=False)
    assert len(Table(settings(tmp_path / "rows.csv", missing="drop")).rows) == len(table) - 2


def test_copies_of_a_row_never_stand_on_both_sides_of_a_split(tmp_path: Path) -> None:
    pd.concat([frame()] * 3).to_csv(tmp_path / "rows.csv", index=False)
    world = Table(settings(tmp_path / "rows.csv"))
    assert world.train_size is not None
    train, test = world.real(1, 0, world.train_size), world.test(1, 0)
    assert len(train) == world.train_size == 720 - 216 - 2
    assert not set(train.example) & set(test.example)


def test_flipped_test_labels_do_not_reach_the_source(tmp_path: Path) -> None:
    table = frame()
    table.to_csv(tmp_path / "rows.csv", index=False)
    world = Table(settings(tmp_path / "rows.csv"))
    held_out = world._order(1, 0)[: world.test_size]
    flipped = table.copy()
    flipped.loc[held_out, "label"] = "yes"
    flipped.to_csv(tmp_path / "flipped.csv", index=False)
    other = Table(settings(tmp_path / "flipped.csv"))
    # Other labels make other distinct rows and so another split: give both tables the same one.
    object.__setattr__(other, "_order", world._order)
    source = ShrunkenSource(fidelity=0.0, coverage=0.8)
    one, two = (fit(source, w, 1, 0)._row_weights for w in (world, other))  # type: ignore[attr-defined]
    assert np.array_equal(one, two)


def test_a_context_that_is_too_frequent_is_not_called_rare(tmp_path: Path) -> None:
    frame().assign(segment=["a", "b"] * 120).to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(DataError, match=r"more than world\.rare_mass"):
        Table(settings(tmp_path / "rows.csv")).rare  # noqa: B018


def test_constant_columns_stay_harmless(tmp_path: Path) -> None:
    frame().assign(constant=0.1, large=1e9 + 0.1).to_csv(tmp_path / "rows.csv", index=False)
    world = Table(settings(tmp_path / "rows.csv"))
    numeric = list(world.encoding.numeric)
    columns = [numeric.index("constant"), numeric.index("large")]
    assert np.abs(world.rows.features[:, columns]).max() < 1e-6


def test_missing_values_in_columns_that_are_not_used_do_not_matter(tmp_path: Path) -> None:
    frame().to_csv(tmp_path / "rows.csv", index=False)
    synthetic = frame(30).drop(columns="segment").assign(prompt=np.nan)
    synthetic.to_csv(tmp_path / "synthetic.csv", index=False)
    world = Table(settings(tmp_path / "rows.csv"))
    source = FileSource(path=str(tmp_path / "synthetic.csv"))
    assert len(fit(source, world, 1, 0).sample(30)) == 30


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    frame().to_csv(path, index=False)
    before = world_of(settings(path)).real(1, 0, 100)
    frame().assign(height=0.0).to_csv(path, index=False)
    after = world_of(settings(path)).real(1, 0, 100)
    assert not np.array_equal(before.features, after.features)


def test_too_few_rare_test_rows_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    frame().assign(segment=["a"] * 230 + ["b"] * 10).to_csv(path, index=False)
    with pytest.raises(StudyError, match=r"about 3\.0 of 72 test rows"):
        world_of(settings(path))
