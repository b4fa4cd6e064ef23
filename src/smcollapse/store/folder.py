"""A folder as the store of one study: made, taken up again, or refused."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from pydantic import ValidationError

from smcollapse.errors import StoreError, StudyError
from smcollapse.settings import Value
from smcollapse.store.files import TEMPORARY, put, remove_stale
from smcollapse.store.results import Store
from smcollapse.study import DeviceClass, Study
from smcollapse.study_file import parse_study, study_toml
from smcollapse.units import data_hashes, units_of
from smcollapse.versions import RESULTS_VERSION

MARKER = "store.json"
FORMAT = 1


class _Marker(Value):
    """What `store.json` says of its folder.

    data : content hash of each user's file
    units : key and number of cells of every unit
    """

    format: int
    results_version: int
    identity: str
    device: DeviceClass
    data: dict[str, str]
    units: tuple[tuple[str, int], ...]


def create_store(folder: Path, study: Study, device: DeviceClass) -> Store:
    """The store of a study in that folder, made if it is not there.

    A folder that already holds this study is taken up, with the larger number of replicates.

    Raises
    ------
    StoreError
        If the folder holds something else, or cannot be written. Nothing in it is changed then.
    """
    data = data_hashes(study.cells())
    if (folder / MARKER).exists():
        found = open_store(folder)
        _check_same(found, study, device, data)
        replicates = max(found.study.replicates, study.replicates)
        study = study.model_copy(update={"replicates": replicates})
    elif folder.is_file():
        raise StoreError(f"{folder}: is a file: write a folder with --out")
    elif folder.is_dir():
        _check_free(folder, study)
    plan = tuple((unit.key, len(unit.cells)) for unit in units_of(study, device))
    marker = _Marker(
        format=FORMAT,
        results_version=RESULTS_VERSION,
        identity=study.identity(),
        device=device,
        data=data,
        units=plan,
    )
    try:
        (folder / "parts").mkdir(parents=True, exist_ok=True)
        _replace_text(folder / "study.toml", study_toml(study))
        _replace_text(folder / MARKER, marker.model_dump_json(indent=1) + "\n")
        remove_stale(folder)
    except OSError as error:
        raise StoreError(
            f"{folder}: cannot be written ({error.strerror or error}): write another folder "
            "with --out"
        ) from None
    return Store(folder, study, device, plan)


def _check_same(found: Store, study: Study, device: DeviceClass, data: dict[str, str]) -> None:
    """Raise StoreError unless a store can be taken up for that study, device and data."""
    folder = found.folder
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
    before = _marker(folder).data
    for name, content in data.items():
        if before.get(name) != content:
            raise StoreError(
                f"{name}: has changed since the results in {folder} were made: run into "
                "another folder with --out"
            )


def _check_free(folder: Path, study: Study) -> None:
    """Raise StoreError unless a folder without marker is empty, or was begun for this study.

    A study file of our own making is known by its text: it is what we would write again.
    """
    path = folder / "study.toml"
    if path.exists():
        try:
            text = path.read_text(encoding="utf-8")
            begun = parse_study(text, str(path))
        except (OSError, UnicodeDecodeError, StudyError):
            begun = None
        if begun and text == study_toml(begun) and begun.identity() == study.identity():
            return
    parts = folder / "parts"
    begun_only = {"parts"} if parts.is_dir() and not any(parts.iterdir()) else set()
    names = {entry.name for entry in folder.iterdir() if not TEMPORARY.fullmatch(entry.name)}
    if names - begun_only:
        raise StoreError(
            f"{folder}: is not empty and holds no results of this study: write another folder "
            "with --out"
        )


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
    if study.identity() != marker.identity:
        raise StoreError(
            f"{path}: was changed by hand and is no longer the study of these results: restore "
            "it, or run the changed study into another folder with --out"
        )
    return Store(folder, study, marker.device, marker.units)


def _marker(folder: Path) -> _Marker:
    path = folder / MARKER
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        version, written = said["results_version"], said["format"]
    except (FileNotFoundError, NotADirectoryError):
        raise StoreError(f"{folder}: holds no smcollapse results (no {MARKER})") from None
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, TypeError, KeyError):
        raise StoreError(_damaged(path)) from None
    if (written, version) != (FORMAT, RESULTS_VERSION):
        raise StoreError(
            f"{folder}: was written by results version {version}, this is version "
            f"{RESULTS_VERSION}, and their numbers do not mix: run into another folder with --out"
        )
    try:
        return _Marker.model_validate(said)
    except ValidationError:
        raise StoreError(_damaged(path)) from None


def _damaged(marker: Path) -> str:
    return (
        f"{marker}: is damaged: delete this one file and run the study again with "
        f"--out {marker.parent}; finished parts are kept"
    )


def _replace_text(path: Path, text: str) -> None:
    with contextlib.suppress(FileNotFoundError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8") == text:
            return
    put(path, text.encode())
