"""Studies as TOML: presets shipped with the package, users' files, overrides, clear errors."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from smcollapse.errors import StudyError, nearest
from smcollapse.scenario import Scenario
from smcollapse.study import Study, replaced, setting_paths

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(
    r"""^\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*="""
)


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
        raise StudyError(f"{label}: not valid TOML: {error}") from None
    if folder is not None:
        _anchor(data, folder)
    for override in overrides:
        _apply(data, override)
    if replicates is not None:
        data["replicates"] = replicates
    if seed is not None:
        data["seed"] = seed
    try:
        study = Study.model_validate(data)
    except ValidationError as error:
        raise StudyError(_explain(error, text, label)) from None
    try:
        study.conditions()
    except ValidationError as error:
        raise StudyError(_explain_combination(error, study, text, label)) from None
    return study


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
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return repr(value)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise StudyError(f"no study file '{path}'") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{path}: cannot be read as a text file: {error}") from None


def _anchor(data: dict[str, Any], folder: Path) -> None:
    """File names in a study are meant relative to the study's own folder."""
    scenario = data.get("scenario", {})
    for part, key in (("world", "data"), ("source", "path")):
        table = scenario.get(part) if isinstance(scenario, dict) else None
        if not isinstance(table, dict):
            continue
        value = table.get(key)
        if isinstance(value, str) and Path(value).suffix and not Path(value).is_absolute():
            table[key] = str((folder / value).resolve())


def _apply(data: dict[str, Any], override: str) -> None:
    """`--set path=value`: a scalar fixes a setting, a list makes or replaces an axis."""
    path, separator, written = override.partition("=")
    path = path.strip().removeprefix("scenario.")
    if not separator:
        raise StudyError(f"--set {override}: write PATH=VALUE, such as mixture.budget=20000")
    known = setting_paths()
    if path not in known:
        raise StudyError(f"--set {override}: unknown setting '{path}'{nearest(path, known)}")
    try:
        value = tomllib.loads(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        value = written.strip()
    axes = data.setdefault("axes", {})
    part, key = path.split(".")
    axes.pop(path, None)
    if isinstance(axes.get(part), dict):
        axes[part].pop(key, None)
    if isinstance(value, list) and path not in ("world.categorical", "world.drop"):
        axes[path] = value
    else:
        data.setdefault("scenario", {}).setdefault(part, {})[key] = value


def _explain(error: ValidationError, text: str, label: str) -> str:
    lines = []
    for item in error.errors(include_url=False):
        location = [part for part in item["loc"] if part not in _KINDS]
        path = ".".join(str(part) for part in location)
        message = str(item["msg"]).removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            known = _siblings(location)
            message = f"unknown key '{location[-1]}'{nearest(str(location[-1]), known)}"
            path = ".".join(str(part) for part in location[:-1]) or "study"
        elif isinstance(item["input"], bool | int | float | str):
            message = f"{message[:1].lower()}{message[1:]} (got {item['input']!r})"
        lines.append(f"{label}:{_line(text, location)}: {path}: {message}")
    return "\n".join(dict.fromkeys(lines))


def _explain_combination(error: ValidationError, study: Study, text: str, label: str) -> str:
    """An axis value or a variant made an invalid scenario: say which."""
    base = study.scenario.describe()
    for number, axis in enumerate(study.axes):
        for value in axis.values:
            if not _valid(replaced(base, {axis.path: value})):
                reason = _first_reason(replaced(base, {axis.path: value}))
                where = _line(text, ["axes", number, axis.path])
                return f"{label}:{where}: axes.{axis.path}: {reason} (got {value!r})"
    for variant in study.variants:
        changes = {change.path: change.value for change in variant.set}
        if not _valid(replaced(base, changes)):
            reason = _first_reason(replaced(base, changes))
            return f"{label}:{_line(text, ['variants'])}: variant '{variant.name}': {reason}"
    return f"{label}: axes and variants together: {error.errors()[0]['msg']}"


def _valid(description: dict[str, Any]) -> bool:
    try:
        Scenario.model_validate(description)
    except ValidationError:
        return False
    return True


def _first_reason(description: dict[str, Any]) -> str:
    try:
        Scenario.model_validate(description)
    except ValidationError as error:
        item = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in item["loc"] if part not in _KINDS)
        message = str(item["msg"]).removeprefix("Value error, ")
        return f"{where}: {message}" if where else message
    return ""


_KINDS = {
    "facts",
    "clusters",
    "table",
    "consensus",
    "shrunken",
    "file",
    "count_table",
    "logistic",
    "mlp",
}


def _siblings(location: list[Any]) -> list[str]:
    """The keys that are allowed where an unknown one stands."""
    if location[:1] == ["scenario"] and len(location) == 3:
        part = f"{location[1]}."
        return [path.removeprefix(part) for path in setting_paths() if path.startswith(part)]
    if location[:1] == ["scenario"]:
        return list(Scenario.model_fields)
    return list(Study.model_fields)


def _line(text: str, location: list[Any]) -> int:
    """Line of a setting in TOML text: tables by their header, keys by their name; 1 if unknown."""
    wanted = [str(part) for part in location if not isinstance(part, int)]
    wanted = [piece for part in wanted for piece in part.split(".") if piece not in _SKIPPED]
    counts = [part for part in location if isinstance(part, int)]
    table: list[str] = []
    seen: dict[str, int] = {}
    best, depth, item = 1, 0, 0
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                item = seen.get(header[2], 0)
                seen[header[2]] = item + 1
            here = table
        elif key := _KEY.match(line):
            here = table + _parts(key[1])
        else:
            continue
        if table[:1] == ["variants"] and counts and item != counts[0]:
            continue
        here = [piece for piece in here if piece not in _SKIPPED]
        common = 0
        while common < min(len(here), len(wanted)) and here[common] == wanted[common]:
            common += 1
        if common > depth and common == len(here):
            best, depth = number, common
    return best


_SKIPPED = {"path", "value", "values", "set"}


def _parts(key: str) -> list[str]:
    """The pieces of a dotted key; a quoted piece may itself hold a path."""
    return [piece for piece in re.split(r"[.\s\"']+", key) if piece]
