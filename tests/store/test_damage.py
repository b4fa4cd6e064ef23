"""Parts that are damaged, half written, or made from other data."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal

from smcollapse.engines import compute
from smcollapse.errors import DataError, StoreError, StudyError
from smcollapse.run import run_study
from smcollapse.store import Store, create_store, open_store
from smcollapse.store.files import UNSEALED, sealed
from smcollapse.study import Study
from smcollapse.study_file import parse_study, study_toml
from smcollapse.units import units_of

Refused = Callable[[Path, Study, str], None]
Snapshot = Callable[[Path], dict[str, tuple[int, int, bytes]]]


# --- damaged parts


def part_of(store: Store) -> Path:
    return store.part(store.plan[0][0])


def test_every_flipped_bit_of_a_part_is_noticed(store: Store) -> None:
    """The metadata included: page checksums alone do not cover them."""
    path = part_of(store)
    whole = path.read_bytes()
    for position in range(0, len(whole), 101):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << (position % 8)
        path.write_bytes(damaged)
        with pytest.raises(StoreError, match=r"is damaged .* delete this one file"):
            store.table()
    path.write_bytes(whole)
    store.table()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.999])
def test_a_truncated_part_is_noticed(store: Store, share: float) -> None:
    path = part_of(store)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(StoreError, match="is damaged"):
        store.table()


def test_a_part_under_the_name_of_another_is_noticed(store: Store) -> None:
    shutil.copy(store.part(store.plan[1][0]), part_of(store))
    with pytest.raises(StoreError, match="the part of another unit"):
        store.table()


def test_a_damaged_part_that_is_deleted_is_computed_again(tiny: Study, store: Store) -> None:
    before = store.table(complete=True)
    part_of(store).write_bytes(b"PAR1")
    with pytest.raises(StoreError, match="delete this one file and run the study again"):
        store.provenance()
    part_of(store).unlink()
    assert run_study(tiny, store.folder, device="cpu", workers=1).computed == 8
    assert_frame_equal(store.table(complete=True), before)


def test_a_part_is_plain_parquet_for_other_readers(store: Store) -> None:
    assert pq.read_table(part_of(store)).num_rows == 8


def test_sealing_is_idempotent_and_needs_its_place() -> None:
    content = b"before" + UNSEALED + b"after"
    assert sealed(content) != content
    assert sealed(sealed(content)) == sealed(content)
    assert sealed(b"x" + sealed(content)) != b"x" + sealed(content)
    with pytest.raises(ValueError, match="no checksum"):
        sealed(b"nothing here")


# --- temporary files


def test_temporary_files_of_ended_processes_are_removed_and_never_counted(
    tiny: Study, store: Store
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host, key = socket.gethostname(), store.plan[0][0]
    store.part(key).unlink()
    stale = [
        store.folder / "parts" / f".{key}.parquet.{host}-{ended.pid}.tmp",
        store.folder / f".store.json.{host}-{ended.pid}.tmp",
    ]
    kept = [
        store.folder / "parts" / f".{key}.parquet.{host}-{os.getppid()}.tmp",
        store.folder / "parts" / f".{key}.parquet.another-machine-{ended.pid}.tmp",
        store.folder / "parts" / "notes.tmp",
    ]
    for path in stale + kept:
        path.write_bytes(b"half a part")
    assert open_store(store.folder).count() == (16, 24)
    assert len(open_store(store.folder).table()) == 16
    assert run_study(tiny, store.folder, device="cpu", workers=1).computed == 8
    assert [path.exists() for path in stale] == [False, False]
    assert [path.exists() for path in kept] == [True, True, True]


def test_a_run_killed_before_its_marker_was_written_is_taken_up(
    tiny: Study, tmp_path: Path
) -> None:
    (tmp_path / "a" / "parts").mkdir(parents=True)
    (tmp_path / "b" / "parts").mkdir(parents=True)
    (tmp_path / "b" / "study.toml").write_text(study_toml(tiny))
    (tmp_path / "b" / f".store.json.{socket.gethostname()}-1.tmp").write_text("{")
    for name in ("a", "b"):
        assert run_study(tiny, tmp_path / name, device="cpu", workers=1).computed == 24


def test_a_part_that_cannot_be_written_leaves_no_rest(
    tiny: Study, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    part_of(store).unlink()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="cannot be written: No space left on device"):
        run_study(tiny, store.folder, device="cpu", workers=1)
    assert not part_of(store).exists()
    assert not list(store.folder.rglob("*.tmp"))


# --- users' data


@pytest.fixture
def own_table(tmp_path: Path) -> Study:
    frame = pd.DataFrame({"x": range(120), "y": [i * 7 % 13 for i in range(120)]})
    frame["label"] = (frame["x"] + frame["y"] > 60).astype(int)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    text = (
        'name = "own"\nreplicates = 1\n[scenario.world]\nkind = "table"\ndata = "rows.csv"\n'
        '[scenario.model]\nkind = "logistic"\n[axes]\nmixture.share = [0.0, 0.5]\n'
    )
    return parse_study(text, "own.toml", folder=tmp_path)


def test_changed_data_are_refused(own_table: Study, tmp_path: Path, refused: Refused) -> None:
    folder = tmp_path / "results"
    run_study(own_table, folder, device="cpu", workers=1)
    rows = tmp_path / "rows.csv"
    whole = rows.read_text()
    rows.write_text(whole.replace("119,", "118,"))
    refused(folder, own_table, r"rows\.csv: has changed since the results")
    rows.write_text(whole)
    assert run_study(own_table, folder, device="cpu", workers=1).computed == 0
    rows.unlink()
    with pytest.raises(DataError, match=r"no data file '.*rows\.csv'"):
        run_study(own_table, folder, device="cpu", workers=1)
    assert len(open_store(folder).table()) == 2


def test_parts_of_changed_data_are_not_taken_for_those_of_the_new(
    own_table: Study, tmp_path: Path
) -> None:
    before = {unit.key for unit in units_of(own_table, "cpu")}
    rows = tmp_path / "rows.csv"
    rows.write_text(rows.read_text().replace("119,", "118,"))
    assert before.isdisjoint({unit.key for unit in units_of(own_table, "cpu")})


def test_data_that_change_during_the_run_stop_it(own_table: Study, tmp_path: Path) -> None:
    store = create_store(tmp_path / "results", own_table, "cpu")
    todo = store.missing()
    rows = tmp_path / "rows.csv"
    rows.write_text(rows.read_text().replace("119,", "118,"))
    with pytest.raises(DataError, match="changed while the study was running"):
        compute(store, todo[0])
    assert store.count() == (0, 2)


def test_unusable_data_leave_no_folder_behind(own_table: Study, tmp_path: Path) -> None:
    study = parse_study(study_toml(own_table), "own", overrides=("mixture.budget=100000",))
    with pytest.raises(StudyError, match="is larger than the training part of the data"):
        run_study(study, tmp_path / "results", device="cpu", workers=1)
    assert not (tmp_path / "results").exists()


# --- several processes


RUN = """
import pathlib, sys
from smcollapse.run import run_study
from smcollapse.study_file import load_study
run_study(load_study(sys.argv[1]), pathlib.Path(sys.argv[2]), device="cpu", workers=1)
"""


def test_two_runs_at_the_same_time_give_the_same_result(
    tiny_text: str, finished: Path, tmp_path: Path
) -> None:
    (tmp_path / "tiny.toml").write_text(tiny_text)
    command = [sys.executable, "-c", RUN, str(tmp_path / "tiny.toml"), str(tmp_path / "new")]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
    assert not list(tmp_path.rglob("*.tmp"))
    assert_frame_equal(
        open_store(tmp_path / "new").table(complete=True), open_store(finished).table(complete=True)
    )
