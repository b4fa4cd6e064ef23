"""The kernel cache: never outdated, never in the way of others, absent where not writable."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numba
import pytest

from smcollapse.kernels import compile as kernel_compile
from tests.kernels.agreement import needs_compiler

TOY = {
    "__init__.py": "",
    "inner.py": "from toy.compile import inline\n\n@inline\ndef value():\n    return 1\n",
    "outer.py": (
        "from toy.compile import jit\nfrom toy.inner import value\n\n"
        "@jit\ndef doubled():\n    return 2 * value()\n"
    ),
}
PROGRAM = """
import toy.compile, toy.outer, numba
print(toy.outer.doubled(), sum(toy.outer.doubled.stats.cache_hits.values()),
      toy.compile.CACHE_FOLDER is not None, repr(numba.config.CACHE_DIR))
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    folder = tmp_path / "toy"
    folder.mkdir()
    for name, text in TOY.items():
        (folder / name).write_text(text)
    shutil.copy(kernel_compile.__file__, folder / "compile.py")
    return folder


def run_toy(toy: Path, **variables: str) -> list[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    environment |= {"PYTHONPATH": str(toy.parent), "PYTHONDONTWRITEBYTECODE": "1", **variables}
    command = [sys.executable, "-W", "error", "-c", PROGRAM]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


@needs_compiler
def test_a_change_in_another_module_is_seen_and_no_change_is_a_hit(toy: Path, tmp_path: Path):
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert run_toy(toy, **cache) == ["2", "0", "True", "''"]
    assert run_toy(toy, **cache) == ["2", "1", "True", "''"]
    (toy / "inner.py").write_text(TOY["inner.py"].replace("return 1", "return 5"))
    assert run_toy(toy, **cache) == ["10", "0", "True", "''"]
    assert len(list((tmp_path / "cache" / "smcollapse").iterdir())) == 2


@needs_compiler
def test_kernels_compile_where_no_folder_is_writable(toy: Path, tmp_path: Path):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    expected = ["2", "0", "False", repr(str(blocked)).split()[0], repr(str(blocked)).split()[1]]
    assert run_toy(toy, NUMBA_CACHE_DIR=str(blocked)) == expected


def test_the_hash_sees_text_names_and_new_files(toy: Path):
    before = kernel_compile.source_hash(toy)
    assert kernel_compile.source_hash(toy) == before
    (toy / "more.py").write_text("")
    added = kernel_compile.source_hash(toy)
    (toy / "more.py").rename(toy / "other.py")
    assert len({before, added, kernel_compile.source_hash(toy)}) == 3


def test_the_root_follows_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert kernel_compile.cache_root() == Path("/x/smcollapse")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/y")
    assert kernel_compile.cache_root() == Path("/y")


def test_importing_leaves_the_settings_of_numba_alone():
    assert os.environ.get("NUMBA_CACHE_DIR", "") == numba.config.CACHE_DIR


def test_only_old_folders_of_other_hashes_are_removed(tmp_path: Path):
    names = [kernel_compile.FOLDER_PREFIX + end for end in ("own", "old", "new")]
    for name in [*names, "someone-else"]:
        (tmp_path / name).mkdir()
    long_ago = time.time() - 86400.0 * 31.0
    for name in (names[0], names[1], "someone-else"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    kernel_compile.remove_old_folders(tmp_path, keep=names[0])
    assert {path.name for path in tmp_path.iterdir()} == {names[0], names[2], "someone-else"}


def test_opening_a_folder_marks_it_as_used(tmp_path: Path):
    folder = kernel_compile.open_cache_folder(tmp_path, "a")
    assert folder is not None
    os.utime(folder, (0.0, 0.0))
    kernel_compile.open_cache_folder(tmp_path, "a")
    assert folder.stat().st_mtime > 0.0
