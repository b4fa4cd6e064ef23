"""Runs that are killed, interrupted or lose a worker: nothing is lost, nothing done twice."""

from __future__ import annotations

import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from smcollapse import engines
from smcollapse.engines.processes import dealt
from smcollapse.errors import SmcollapseError
from smcollapse.run import run_study
from smcollapse.store import create_store, open_store
from smcollapse.study import Study
from smcollapse.study_file import parse_study
from smcollapse.units import units_of

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")

SLOW = """\
name = "slow"
replicates = 12
[scenario.world]
n_contexts = 300
test_size = 20000
[scenario.mixture]
budget = 600000
[scenario.model]
kind = "count_table"
[axes]
mixture.share = [0.0, 0.2, 0.4, 0.6]
"""
"""Twelve units of a few tenths of a second."""

Start = Callable[[Path], "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("undisturbed")
    run = run_study(parse_study(SLOW, "slow"), folder, device="cpu", workers=1)
    return run.store.table(complete=True)


def _hear_interrupts() -> None:
    """A shell without job control starts what runs in the background deaf to them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the program on the slow study with two workers, in a process group of its own."""
    (tmp_path / "slow.toml").write_text(SLOW)
    started = []

    def run(folder: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "smcollapse_cli.main", "run", str(tmp_path / "slow.toml")]
        command += ["--out", str(folder), "--workers", "2", "--device", "cpu", "--json"]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command,
            stdout=pipe,
            stderr=pipe,
            text=True,
            start_new_session=True,
            preexec_fn=_hear_interrupts,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def parts(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of change of every part."""
    return {
        path.name: (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in (folder / "parts").glob("*.parquet")
    }


def wait_for_parts(folder: Path, number: int, process: subprocess.Popen[str]) -> None:
    for _ in range(6000):
        if len(parts(folder)) >= number:
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    raise AssertionError(f"no {number} parts within a minute")


def children(pid: int) -> list[int]:
    """Processes whose parent that is."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == pid and state != "Z":
            found.append(int(stat.parent.name))
    return found


def workers(pid: int) -> list[int]:
    """Those of them that compute."""
    return [c for c in children(pid) if b"spawn_main" in Path(f"/proc/{c}/cmdline").read_bytes()]


def wait_until_gone(pids: list[int], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while alive := [pid for pid in pids if _runs(pid)]:
        assert time.monotonic() < end, f"processes {alive} survive"
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_run_killed_three_times_that_loses_a_worker_has_the_bits_of_an_undisturbed_one(
    start: Start, undisturbed: pd.DataFrame, tmp_path: Path
) -> None:
    folder = tmp_path / "results"
    kept: dict[str, tuple[int, int]] = {}
    for number in (1, 3, 5):
        process = start(folder)
        wait_for_parts(folder, number, process)
        family = children(process.pid)
        assert len(workers(process.pid)) == 2
        process.kill()
        process.wait()
        wait_until_gone(family)
        now = parts(folder)
        assert {name: now[name] for name in kept} == kept
        kept = now
        assert len(open_store(folder).table()) == 4 * len(kept)
    assert len(kept) < 11
    process = start(folder)
    wait_for_parts(folder, len(kept) + 1, process)
    os.kill(workers(process.pid)[0], signal.SIGKILL)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["folder"] == str(folder)
    after = parts(folder)
    assert {name: after[name] for name in kept} == kept
    assert len(after) == 12
    assert not list(folder.rglob("*.tmp"))
    assert_frame_equal(open_store(folder).table(complete=True), undisturbed, check_exact=True)


@pytest.mark.parametrize("whole_group", [False, True], ids=["program only", "as Ctrl-C does"])
def test_an_interrupted_run_says_how_to_go_on(
    start: Start, tmp_path: Path, whole_group: bool
) -> None:
    folder = tmp_path / "results"
    process = start(folder)
    wait_for_parts(folder, 2, process)
    family = children(process.pid)
    if whole_group:
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert err.startswith("stopped: ")
    assert f"of 48 models are finished and kept in {folder}; run the same command again" in err
    assert err.count("\n") == 1
    wait_until_gone(family)
    assert 2 <= len(parts(folder)) < 12


NETWORKS = """\
name = "networks"
replicates = 2
[scenario.world]
kind = "{world}"
n_contexts = 10
test_size = 300
[scenario.mixture]
budget = 200
[scenario.model]
kind = "{model}"
[axes]
mixture.share = [0.0, 0.4]
"""


def study_of(world: str, model: str) -> Study:
    text = NETWORKS.format(world=world, model=model)
    if model == "mlp":
        text = text.replace('"mlp"', '"mlp"\nwidth = 8\npasses = 2')
    return parse_study(text, "networks")


@pytest.mark.parametrize(("world", "model"), [("facts", "mlp"), ("clusters", "logistic")])
def test_engines_give_the_same_bits(world: str, model: str, tmp_path: Path) -> None:
    study = study_of(world, model)
    tables = []
    for name, engine in engines.CATALOG.items():
        store = create_store(tmp_path / name, study, "cpu")
        assert sum(done.n_cells for done in engine(store, store.missing(), 2)) == 4
        tables.append(store.table(complete=True))
    assert len(set(tables[0]["accuracy"])) > 1
    for table in tables[1:]:
        assert_frame_equal(table, tables[0], check_exact=True)


class Death:
    """Ends the process that unpickles it."""

    def __reduce__(self) -> tuple[Callable[[int], object], tuple[int]]:
        return os._exit, (9,)


def test_workers_lost_again_and_again_end_the_run(
    tiny: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["smcollapse.engines.processes"]
    monkeypatch.setattr(module, "compute", Death())
    monkeypatch.setattr(module, "MAX_LOST", 1)
    store = create_store(tmp_path, tiny, "cpu")
    with pytest.raises(SmcollapseError, match="were lost 2 times"):
        list(engines.processes(store, store.missing(), 2))
    assert store.count() == (0, 24)


def test_threads_of_the_caller_are_given_back(tiny: Study, tmp_path: Path) -> None:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        run_study(tiny, tmp_path, device="cpu", workers=1)
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)


def test_a_package_that_is_only_on_the_path_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    assert engines.base._version("numpy")[0].isdigit()
    monkeypatch.setattr(importlib.metadata, "version", absent)
    assert engines.base._version("smcollapse") == "not installed"


def test_units_are_dealt_so_that_a_worker_meets_one_replicate_after_the_other(
    tiny: Study,
) -> None:
    study = tiny.model_copy(update={"replicates": 5})
    planned = [unit for unit in units_of(study, "cpu") for _ in range(3)]
    order = [unit.cells[0].replicate for unit in dealt(planned, 2)]
    each = len(order) // 5
    assert order == [0, 1] * each + [2, 3] * each + [4] * each
    assert sorted(map(id, dealt(planned, 2))) == sorted(map(id, planned))
