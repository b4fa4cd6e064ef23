"""The result folder: taken up again, refused without a change, protected against damage."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pandas.testing import assert_frame_equal

from smcollapse.errors import StoreError
from smcollapse.run import run_study
from smcollapse.store import Store, create_store, open_store
from smcollapse.study import Study
from smcollapse.study_file import parse_study

Refused = Callable[[Path, Study, str], None]
Snapshot = Callable[[Path], dict[str, tuple[int, int, bytes]]]


def with_replicates(study: Study, replicates: int) -> Study:
    return study.model_copy(update={"replicates": replicates})


# --- what is in a store


def test_the_table_has_one_row_per_cell_in_the_order_of_the_study(
    tiny: Study, finished: Path
) -> None:
    table = open_store(finished).table()
    expected = [
        (variant, share, replicate)
        for variant in ("reference", "real only")
        for share in (0.0, 0.2, 0.4, 0.6)
        for replicate in range(3)
    ]
    assert list(zip(table["variant"], table["share"], table["replicate"], strict=True)) == expected
    assert len(table) == len(tiny.cells())


def test_every_part_says_what_it_is_made_from(tiny: Study, finished: Path) -> None:
    made = open_store(finished).provenance()
    cells = [cell for part in made for cell in part["cells"]]
    assert len(cells) == len(tiny.cells())
    described = [
        {"scenario": c.condition.scenario.describe(), "replicate": c.replicate, "seed": 3}
        for c in tiny.cells()
    ]
    assert all(cell in described for cell in cells)
    assert all(part["device_class"] == "cpu" and part["versions"]["numpy"] for part in made)


def test_lists_of_bins_are_kept_but_shown_only_when_asked_for(finished: Path) -> None:
    store = open_store(finished)
    table = store.table(complete=True)
    bins = {"bin_count", "bin_confidence", "bin_accuracy"}
    assert set(table) - set(store.table()) == bins | {"split_train", "split_test"}
    assert table[["split_train", "split_test"]].isna().all(axis=None)
    assert all(len(counts) == 15 and sum(counts) == 400 for counts in table["bin_count"])


# --- resuming


def test_a_second_run_computes_nothing_and_writes_nothing(
    tiny: Study, store: Store, snapshot: Snapshot
) -> None:
    before = snapshot(store.folder)
    assert run_study(tiny, store.folder, device="cpu", workers=1).computed == 0
    assert snapshot(store.folder) == before


def test_more_replicates_later_add_only_what_is_missing(
    tiny: Study, store: Store, tmp_path: Path, snapshot: Snapshot
) -> None:
    before = snapshot(store.folder / "parts")
    more = run_study(with_replicates(tiny, 5), store.folder, device="cpu", workers=1)
    assert more.computed == 2 * 8
    after = snapshot(store.folder / "parts")
    assert {name: after[name] for name in before} == before
    at_once = run_study(with_replicates(tiny, 5), tmp_path / "new", device="cpu", workers=1)
    assert_frame_equal(more.store.table(complete=True), at_once.store.table(complete=True))


def test_fewer_replicates_later_keep_what_is_there(
    tiny: Study, store: Store, snapshot: Snapshot
) -> None:
    before = snapshot(store.folder)
    run = run_study(with_replicates(tiny, 1), store.folder, device="cpu", workers=1)
    assert (run.computed, run.store.study.replicates) == (0, 3)
    assert snapshot(store.folder) == before


def test_a_new_title_is_taken_up(tiny: Study, store: Store) -> None:
    renamed = tiny.model_copy(update={"title": "Other words"})
    assert run_study(renamed, store.folder, device="cpu", workers=1).computed == 0
    assert open_store(store.folder).study.title == "Other words"


def test_a_lost_part_is_computed_again_with_the_same_numbers(tiny: Study, store: Store) -> None:
    before = store.table(complete=True)
    store.part(store.plan[1][0]).unlink()
    assert store.count() == (16, 24)
    assert len(store.table()) == 16
    assert run_study(tiny, store.folder, device="cpu", workers=1).computed == 8
    assert_frame_equal(store.table(complete=True), before)


def test_an_empty_folder_and_a_folder_that_is_not_there_are_used(
    tiny: Study, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "not" / "there"):
        assert create_store(folder, tiny, "cpu").count() == (0, 24)


def test_a_table_without_any_part_is_refused(tiny: Study, tmp_path: Path) -> None:
    store = create_store(tmp_path / "new", tiny, "cpu")
    with pytest.raises(StoreError, match="no unit is finished yet"):
        store.table()


# --- folders that are refused, untouched


def test_a_foreign_folder_is_refused(tiny: Study, tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    refused(tmp_path, tiny, "is not empty and holds no results")


@pytest.mark.parametrize("edited", [False, True])
def test_a_folder_with_the_users_own_study_file_is_refused(
    tiny: Study, tiny_text: str, tmp_path: Path, edited: bool, refused: Refused
) -> None:
    """Our own copy of the study has the same name: it must not replace the user's file."""
    text = f"# my notes\n{tiny_text}" if edited else tiny_text
    (tmp_path / "study.toml").write_text(text)
    refused(tmp_path, tiny, "is not empty and holds no results")


def test_a_folder_with_foreign_parts_is_refused(
    tiny: Study, tmp_path: Path, refused: Refused
) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "engine.step").write_text("a drawing")
    refused(tmp_path, tiny, "is not empty and holds no results")


def test_a_folder_with_a_foreign_temporary_file_is_refused(
    tiny: Study, tmp_path: Path, refused: Refused
) -> None:
    (tmp_path / "editor.tmp").write_text("unsaved")
    refused(tmp_path, tiny, "is not empty and holds no results")


def test_a_folder_with_a_foreign_marker_is_refused(
    tiny: Study, tmp_path: Path, refused: Refused
) -> None:
    (tmp_path / "store.json").write_text('{"shop": "open"}')
    refused(tmp_path, tiny, "is damaged")


def test_a_file_instead_of_a_folder_is_refused(tiny: Study, tmp_path: Path) -> None:
    (tmp_path / "results").write_text("not a folder")
    with pytest.raises(StoreError, match="is a file: write a folder"):
        run_study(tiny, tmp_path / "results", device="cpu")
    assert (tmp_path / "results").read_text() == "not a folder"


def test_a_folder_below_a_file_cannot_be_written(tiny: Study, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be written \(Not a directory\)"):
        run_study(tiny, tmp_path / "file" / "results", device="cpu")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_cannot_be_written(tiny: Study, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="cannot be written"):
            run_study(tiny, tmp_path / "results", device="cpu")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    "change",
    [
        ("budget = 500", "budget = 501"),
        ("seed = 3", "seed = 4"),
        ("0.4, 0.6]", "0.4, 0.5]"),
        ("0.2, 0.4", "0.4, 0.2"),
        ('"real only"', '"control"'),
    ],
    ids=["setting", "seed", "axis", "order", "name of a variant"],
)
def test_another_study_is_refused(
    tiny_text: str, store: Store, change: tuple[str, str], refused: Refused
) -> None:
    other = parse_study(tiny_text.replace(*change), "other")
    refused(store.folder, other, "holds another study")


def edit_marker(folder: Path, **changes: Any) -> None:
    marker = json.loads((folder / "store.json").read_text())
    (folder / "store.json").write_text(json.dumps(marker | changes))


def test_another_device_class_is_refused(tiny: Study, store: Store, refused: Refused) -> None:
    edit_marker(store.folder, device="cuda")
    refused(store.folder, tiny, "holds results of device class 'cuda'")


@pytest.mark.parametrize("change", [{"results_version": 0}, {"format": 99}])
def test_another_version_is_refused(
    tiny: Study, store: Store, change: dict[str, int], refused: Refused
) -> None:
    edit_marker(store.folder, **change)
    refused(store.folder, tiny, "their numbers do not mix")
    with pytest.raises(StoreError, match="was written by results version"):
        open_store(store.folder)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: "3",
        lambda text: text.replace("units", "unit"),
        lambda text: text.replace('"cpu"', '"tpu"'),
        lambda text: text.replace('"data": {', '"data": 3, "x": {'),
        lambda text: "\x00\x01",
    ],
)
def test_a_damaged_marker_is_refused_and_can_be_made_again(
    tiny: Study, store: Store, spoil: Callable[[str], str], refused: Refused, snapshot: Snapshot
) -> None:
    path = store.folder / "store.json"
    whole = path.read_text()
    path.write_text(spoil(whole))
    refused(store.folder, tiny, r"store\.json: is damaged: delete this one file")
    with pytest.raises(StoreError, match="is damaged"):
        open_store(store.folder)
    before = snapshot(store.folder / "parts")
    path.unlink()
    assert run_study(tiny, store.folder, device="cpu", workers=1).computed == 0
    assert snapshot(store.folder / "parts") == before
    assert path.read_text() == whole


def test_a_store_without_marker_is_not_taken_for_another_study(
    tiny: Study, tiny_text: str, store: Store, refused: Refused
) -> None:
    (store.folder / "store.json").unlink()
    other = parse_study(tiny_text.replace("budget = 500", "budget = 501"), "other")
    refused(store.folder, other, "holds no results of this study")


def test_a_study_file_edited_by_hand_is_refused(
    tiny: Study, store: Store, refused: Refused
) -> None:
    path = store.folder / "study.toml"
    whole = path.read_text()
    path.write_text(whole.replace("budget = 500", "budget = 499"))
    refused(store.folder, tiny, "was changed by hand and is no longer the study")
    path.write_text(whole.replace("budget", "bugdet"))
    refused(store.folder, tiny, "unknown key 'bugdet'")
    path.unlink()
    refused(store.folder, tiny, r"study\.toml: cannot be read")


@pytest.mark.parametrize("name", ["absent", "."])
def test_what_is_no_store_cannot_be_opened(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match=r"no such folder|holds no smcollapse results"):
        open_store(tmp_path / name)
