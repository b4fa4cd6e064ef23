"""Studies as TOML: presets shipped with the package, users' files, overrides, clear errors."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from smcollapse.errors import StudyError, nearest
from smcollapse.setting_checks import holds_list, option_problem, value_problem
from smcollapse.study import Study, fitting, setting_paths
from smcollapse.study_errors import problems_of
from smcollapse.toml_lines import key_lines, line_of

FILE_SETTINGS = ("world.data", "source.path")
"""Settings that name a file or folder of the user's."""

BUILT_IN_DATA = ("digits", "python-docs")
"""Values of `world.data` that name no file: a table and a text that are there already."""


def presets() -> dict[str, str]:
    """Name and TOML text of every study that is shipped with the package."""
    folder = resources.files("smcollapse") / "presets"
    files = [entry for entry in folder.iterdir() if entry.name.endswith(".toml")]
    return {
        entry.name.removesuffix(".toml"): entry.read_text(encoding="utf-8")
        for entry in sorted(files, key=lambda entry: entry.name)
    }


def load_study(
    name: str,
    *,
    overrides: tuple[str, ...] = (),
    replicates: int | None = None,
    seed: int | None = None,
) -> Study:
    """The study of that preset name or file, with command-line overrides applied.

    Paths inside a user's file (`world.data`, `source.path`) are relative to that file.

    Raises
    ------
    StudyError
        With every problem found, one per line: file, line, setting, what to write instead.
    """
    path = Path(name)
    shipped = presets()
    if name in shipped:
        text, label, folder = shipped[name], name, None
    elif path.suffix == ".toml" or path.exists():
        text, label, folder = _read(path), str(path), path.parent
    else:
        raise StudyError(
            f"no study '{name}': not a file, and the shipped ones are {', '.join(shipped)}"
            + nearest(name, shipped)
        )
    return parse_study(
        text, label, folder=folder, overrides=overrides, replicates=replicates, seed=seed
    )


def parse_study(
    text: str,
    label: str,
    *,
    folder: Path | None = None,
    overrides: tuple[str, ...] = (),
    replicates: int | None = None,
    seed: int | None = None,
) -> Study:
    """The study written in TOML `text`; `label` names it in errors. Raises StudyError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(_not_toml(error, text, label)) from None
    if folder is not None:
        _anchor(data, folder)
    wrong = [*_set_all(data, overrides), *_set_options(data, replicates=replicates, seed=seed)]
    lines = key_lines(text)
    places = [(line_of(lines, found.path), found) for found in problems_of(data)]
    wrong += [
        f"{label}:{line}: {found.where}: {found.what}"
        for line, found in sorted(places, key=lambda place: place[0])
    ]
    if wrong:
        raise StudyError("\n".join(dict.fromkeys(wrong)))
    return Study.model_validate(data)


def study_toml(study: Study) -> str:
    """The study as TOML text that `parse_study` reads back to the same study."""
    lines = [f"{key} = {_toml(getattr(study, key))}" for key in ("name", "title", "description")]
    lines += [f"seed = {study.seed}", f"replicates = {study.replicates}"]
    for part, values in study.scenario.describe().items():
        lines += ["", f"[scenario.{part}]"]
        lines += [f"{key} = {_toml(value)}" for key, value in values.items()]
    if study.axes:
        lines += ["", "[axes]"]
        lines += [f'"{axis.path}" = {_toml(axis.values)}' for axis in study.axes]
    for variant in study.variants:
        lines += ["", "[[variants]]", f"name = {_toml(variant.name)}", "[variants.set]"]
        lines += [f'"{change.path}" = {_toml(change.value)}' for change in variant.set]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return repr(value)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise StudyError(f"no study file '{path}'") from None
    except IsADirectoryError:
        raise StudyError(f"{path}: is a folder: write the name of a study file") from None
    except UnicodeDecodeError as error:
        raise StudyError(f"{path}: is not a text file in UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}") from None


def _not_toml(error: tomllib.TOMLDecodeError, text: str, label: str) -> str:
    """The parser names the line within its message only."""
    what, _, place = str(error).rpartition(" (at ")
    number = re.match(r"line (\d+)", place)
    line = int(number[1]) if number else text.count("\n") + 1
    return f"{label}:{line}: not valid TOML: {what or error} (at {place}"


def _anchor(table: dict[str, Any], folder: Path, above: str = "") -> None:
    """File names in a study are meant relative to the study's own folder."""
    for key, value in table.items():
        path = f"{above}{key}"
        if isinstance(value, dict):
            start = path in ("scenario", "axes", "set")
            _anchor(value, folder, "" if start else f"{path}.")
        elif path == "variants" and isinstance(value, list):
            for variant in value:
                if isinstance(variant, dict):
                    _anchor(variant, folder)
        elif path in FILE_SETTINGS:
            table[key] = _anchored(value, folder)


def _anchored(value: Any, folder: Path) -> Any:
    if isinstance(value, list):
        return [_anchored(item, folder) for item in value]
    if not isinstance(value, str) or not value or value in BUILT_IN_DATA:
        return value
    try:
        return str((folder / Path(value).expanduser()).resolve())
    except (RuntimeError, ValueError):  # nobody's home, a NUL: there is no such file
        return value


def _set_all(data: dict[str, Any], overrides: tuple[str, ...]) -> Iterator[str]:
    """Apply `--set PATH=VALUE` in turn, kinds first; what is wrong with them."""
    known = setting_paths()
    for override in sorted(overrides, key=lambda text: ".kind" not in text.partition("=")[0]):
        path, separator, written = override.partition("=")
        path = path.strip().removeprefix("scenario.")
        if not separator:
            yield f"--set {override}: write PATH=VALUE, such as mixture.budget=20000"
        elif path not in known:
            yield f"--set {override}: unknown setting '{path}'{nearest(path, known)}"
        elif reason := _set(data, path, _anchored_here(path, _value(written))):
            yield f"--set {override}: {path}: {reason}"


def _value(written: str) -> Any:
    try:
        return tomllib.loads(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        return written.strip()


def _anchored_here(path: str, value: Any) -> Any:
    return _anchored(value, Path()) if path in FILE_SETTINGS else value


def _set(data: dict[str, Any], path: str, value: Any) -> str | None:
    """A scalar fixes a setting, a list makes or replaces an axis; why it cannot, or None."""
    part, name = path.split(".")
    lists = isinstance(value, list) and any(isinstance(item, list) for item in value)
    crossed = isinstance(value, list) and (lists or not holds_list(path))
    for item in value if crossed else [value]:
        if reason := value_problem(path, item):
            return reason
    axes, scenario = data.setdefault("axes", {}), data.setdefault("scenario", {})
    if isinstance(axes, list):
        axes[:] = [axis for axis in axes if not isinstance(axis, dict) or axis.get("path") != path]
    if isinstance(axes, dict):
        axes.pop(path, None)
        if isinstance(axes.get(part), dict):
            axes[part].pop(name, None)
    if crossed and isinstance(axes, list):
        axes.append({"path": path, "values": value})
    elif crossed and isinstance(axes, dict):
        axes[path] = value
    elif isinstance(scenario, dict) and isinstance(scenario.setdefault(part, {}), dict):
        if name == "kind":
            scenario[part] = fitting(part, scenario[part], value)
        scenario[part][name] = value
    return None


def _set_options(data: dict[str, Any], **options: int | None) -> Iterator[str]:
    for name, value in options.items():
        if value is not None:
            if reason := option_problem(name, value):
                yield f"--{name} {value}: {reason}"
            else:
                data[name] = value
