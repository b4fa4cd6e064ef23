"""What tests of studies, stores and the command line share: one tiny study, run once."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smcollapse.errors import StoreError
from smcollapse.run import run_study
from smcollapse.store import Store, open_store
from smcollapse.study import Study
from smcollapse.study_file import parse_study

TINY = """\
name = "tiny"
seed = 3
replicates = 3

[scenario.world]
n_contexts = 40
n_answers = 5
n_categories = 5
test_size = 400

[scenario.mixture]
budget = 500

[scenario.model]
kind = "count_table"

[axes]
mixture.share = [0.0, 0.2, 0.4, 0.6]

[[variants]]
name = "real only"
set = { mixture.design = "real_only" }
"""


@dataclass(frozen=True)
class Said:
    """What the program answered."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def tiny_text() -> str:
    """TOML of a study of three units that takes a fraction of a second."""
    return TINY


@pytest.fixture(scope="session")
def tiny(tiny_text: str) -> Study:
    return parse_study(tiny_text, "tiny")


@pytest.fixture(scope="session")
def finished(tiny: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the finished tiny study: to be read only."""
    folder = tmp_path_factory.mktemp("finished") / "tiny"
    run_study(tiny, folder, device="cpu", workers=1)
    return folder


@pytest.fixture
def store(finished: Path, tmp_path: Path) -> Store:
    """A copy of the finished store, to be damaged."""
    return open_store(Path(shutil.copytree(finished, tmp_path / "store")))


@pytest.fixture
def smcollapse(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """The program in this process: arguments → exit code, standard output, standard error."""
    from smcollapse_cli.main import main

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["smcollapse", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        return Said(code, *capsys.readouterr())

    return run


Snapshot = dict[str, tuple[int, int, bytes]]


@pytest.fixture(scope="session")
def snapshot() -> Callable[[Path], Snapshot]:
    """Inode, time of change and content of every file below a folder."""

    def take(folder: Path) -> Snapshot:
        return {
            str(path.relative_to(folder)): (
                path.stat().st_ino,
                path.stat().st_mtime_ns,
                path.read_bytes(),
            )
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return take


@pytest.fixture
def refused(snapshot: Callable[[Path], Snapshot]) -> Callable[[Path, Study, str], None]:
    """A run into that folder is refused with that message, and nothing in it is touched."""

    def check(folder: Path, study: Study, match: str) -> None:
        before = snapshot(folder)
        with pytest.raises(StoreError, match=match):
            run_study(study, folder, device="cpu", workers=1)
        assert snapshot(folder) == before

    return check


OWN = """\
name = "own"
replicates = 4

[scenario.world]
kind = "table"
data = "rows.csv"
group = "segment"
categorical = ["city"]

[scenario.model]
kind = "logistic"

[axes]
mixture.share = [0.0, 0.2, 0.4, 0.6]
"""

Rows = Callable[..., pd.DataFrame]


@pytest.fixture(scope="session")
def own_text() -> str:
    """TOML of a study on a user's table, `rows.csv` beside it."""
    return OWN


@pytest.fixture(scope="session")
def rows_of() -> Rows:
    """Number of rows, seed → a table with numeric, categorical, group and label columns."""

    def frame(n: int = 240, seed: int = 0) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        label = rng.integers(0, 2, n)
        return pd.DataFrame(
            {
                "height": rng.normal(170, 10, n) + 8 * label,
                "city": rng.choice(["Oslo", "Rome", "Quito"], n, p=[0.6, 0.3, 0.1]),
                "segment": rng.choice(["a", "b", "c", "d"], n, p=[0.5, 0.3, 0.15, 0.05]),
                "label": np.where(label == 1, "yes", "no"),
            }
        )

    return frame


@pytest.fixture
def own(rows_of: Rows, tmp_path: Path) -> Path:
    """A folder with a user's table and a study beside it."""
    rows_of().to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "own.toml").write_text(OWN)
    return tmp_path
