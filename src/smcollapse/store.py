"""The store: one folder per study, one Parquet part per finished unit, written all or not at all.

    DIR/store.json            what the folder is: versions, study identity, data, device, units
    DIR/study.toml            the study
    DIR/parts/<unit>.parquet  rows of one unit, with the provenance in its metadata

A part is named by the hash of what it holds and appears by an atomic rename: a run may be killed
at any moment, several runs may write at once, and resuming is doing the units without a part.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from smcollapse.errors import StoreError, StudyError
from smcollapse.simulate import BIN_COLUMNS
from smcollapse.study import RESULTS_VERSION, DeviceClass, Study
from smcollapse.study_file import parse_study, study_toml
from smcollapse.units import Unit, units_of
from smcollapse.worlds.reading import fingerprint

MARKER = "store.json"
FORMAT = 1


@dataclass(frozen=True)
class Store:
    """An opened result folder.

    plan : key and number of cells of every unit of the study, in its order
    """

    folder: Path
    study: Study
    device: DeviceClass
    plan: tuple[tuple[str, int], ...]

    def part(self, key: str) -> Path:
        """Where the rows of the unit with that key are, or will be."""
        return self.folder / "parts" / f"{key}.parquet"

    def missing(self) -> list[Unit]:
        """The units without a part."""
        units = units_of(self.study, self.device)
        return [unit for unit in units if not self.part(unit.key).exists()]

    def count(self) -> tuple[int, int]:
        """Number of models that are finished, and of all models of the study."""
        done = sum(cells for key, cells in self.plan if self.part(key).exists())
        return done, sum(cells for _, cells in self.plan)

    def write(self, unit: Unit, rows: pd.DataFrame, provenance: dict[str, Any]) -> None:
        """Write the part of a unit: temporary file, fsync, rename. Raises StoreError."""
        table = pa.Table.from_pandas(rows, preserve_index=False)
        table = table.replace_schema_metadata(
            {**(table.schema.metadata or {}), b"smcollapse": json.dumps(provenance).encode()}
        )
        target = self.part(unit.key)
        temporary = target.with_name(f".{unit.key}.{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as file:
                pq.write_table(
                    table, file, use_dictionary=["variant", "design"], write_page_checksum=True
                )
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
            _sync_folder(target.parent)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise StoreError(f"{target}: cannot be written: {error.strerror or error}") from None

    def _parts(self) -> list[pa.Table]:
        parts = [self._read(key) for key, _ in self.plan if self.part(key).exists()]
        if not parts:
            raise StoreError(f"{self.folder}: no unit is finished yet: run the study first")
        return parts

    def _read(self, key: str) -> pa.Table:
        path = self.part(key)
        try:
            return pq.read_table(path, page_checksum_verification=True)
        except (OSError, pa.ArrowException, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise StoreError(
                f"{path}: is damaged ({reason}): delete this one file and run the study again; "
                "all other parts are kept"
            ) from None

    def table(self, *, bins: bool = False) -> pd.DataFrame:
        """The tidy table of all finished units, in the study's order.

        One row per trained model. With `bins` the reliability diagram's lists are kept.

        Raises
        ------
        StoreError
            If a part is damaged, or no unit is finished.
        """
        frame: pd.DataFrame = pa.concat_tables(
            self._parts(), promote_options="permissive"
        ).to_pandas()
        order = {c: i for i, c in enumerate(dict.fromkeys(frame["variant"]))}
        frame = frame.sort_values(
            ["variant", "share", "replicate"],
            key=lambda column: column.map(order) if column.name == "variant" else column,
            kind="stable",
            ignore_index=True,
        )
        return frame if bins else frame.drop(columns=list(BIN_COLUMNS))

    def provenance(self) -> list[dict[str, Any]]:
        """What each finished unit says of its making: versions, device, times, memory."""
        return [json.loads(part.schema.metadata[b"smcollapse"]) for part in self._parts()]


def create_store(folder: Path, study: Study, device: DeviceClass) -> Store:
    """The store of a study in that folder, made if it is not there.

    A folder that already holds this study is taken up, with the larger number of replicates.

    Raises
    ------
    StoreError
        If the folder holds something else, or cannot be written. Nothing in it is changed then.
    """
    data = {name: fingerprint(name) for name in data_files(study)}
    if (folder / MARKER).exists():
        found = open_store(folder)
        if found.study.identity() != study.identity():
            raise StoreError(
                f"{folder}: holds another study ('{found.study.name}' with other settings): "
                "write another folder with --out"
            )
        if found.device != device:
            raise StoreError(
                f"{folder}: holds results of device class '{found.device}', this run is for "
                f"'{device}': write --device {found.device}, or another folder with --out"
            )
        changed = [
            name for name, content in data.items() if _marker(folder)["data"][name] != content
        ]
        if changed:
            raise StoreError(
                f"{changed[0]}: has changed since the results in {folder} were made: run into "
                "another folder with --out"
            )
        replicates = max(found.study.replicates, study.replicates)
        study = study.model_copy(update={"replicates": replicates})
    elif folder.is_file():
        raise StoreError(f"{folder}: is a file: write a folder with --out")
    elif folder.is_dir() and any(not _is_ours(entry.name) for entry in folder.iterdir()):
        raise StoreError(
            f"{folder}: is not empty and holds no smcollapse results: write another folder "
            "with --out"
        )
    plan = tuple((unit.key, len(unit.cells)) for unit in units_of(study, device))
    marker = {
        "format": FORMAT,
        "results_version": RESULTS_VERSION,
        "identity": study.identity(),
        "device": device,
        "data": data,
        "units": plan,
    }
    try:
        (folder / "parts").mkdir(parents=True, exist_ok=True)
        _replace_text(folder / "study.toml", study_toml(study))
        _replace_text(folder / MARKER, json.dumps(marker, indent=1) + "\n")
    except OSError as error:
        raise StoreError(
            f"{folder}: cannot be written ({error.strerror or error}): write another folder "
            "with --out"
        ) from None
    return Store(folder, study, device, plan)


def open_store(folder: Path) -> Store:
    """The store in that folder.

    Raises
    ------
    StoreError
        If there is none, or it was written by another version, or its study cannot be read.
    """
    if not folder.exists():
        raise StoreError(f"{folder}: no such folder: write the folder of a run")
    marker = _marker(folder)
    path = folder / "study.toml"
    try:
        study = parse_study(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: cannot be read: {error}") from None
    except StudyError as error:
        raise StoreError(f"the study of this folder was changed by hand: {error}") from None
    if study.identity() != marker["identity"]:
        raise StoreError(
            f"{path}: was changed by hand and is no longer the study of these results: restore "
            "it, or run the changed study into another folder with --out"
        )
    plan = tuple((str(key), int(cells)) for key, cells in marker["units"])
    return Store(folder, study, marker["device"], plan)


def _is_ours(name: str) -> bool:
    """What a run that was killed before it wrote its marker may leave behind."""
    return name in ("parts", "study.toml") or name.endswith(".tmp")


def data_files(study: Study) -> list[str]:
    """The users' files that a study reads: tables and synthetic rows."""
    names = []
    for condition in study.conditions():
        scenario = condition.scenario
        if scenario.world.kind == "table":
            names.append(scenario.world.data)
        if scenario.source.kind == "file":
            names.append(scenario.source.path)
    return list(dict.fromkeys(names))


def _marker(folder: Path) -> dict[str, Any]:
    try:
        marker: dict[str, Any] = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        version, written = marker["results_version"], marker["format"]
        complete = {"identity", "device", "data", "units"} <= marker.keys()
    except (FileNotFoundError, NotADirectoryError):
        raise StoreError(f"{folder}: holds no smcollapse results (no {MARKER})") from None
    except (OSError, ValueError, TypeError, KeyError):
        complete, version, written = False, RESULTS_VERSION, FORMAT
    if (written, version) != (FORMAT, RESULTS_VERSION):
        raise StoreError(
            f"{folder}: was written by results version {version}, this is version "
            f"{RESULTS_VERSION}, and their numbers do not mix: run into another folder with --out"
        )
    if not complete:
        raise StoreError(
            f"{folder / MARKER}: is damaged: delete this one file and run the study again with "
            f"--out {folder}; finished parts are kept"
        )
    return marker


def _replace_text(path: Path, text: str) -> None:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
