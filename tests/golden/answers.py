"""What a command answers, reduced to what is kept: text, JSON, the tables that it writes."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd

from smcollapse.run import run_study
from smcollapse.study_file import parse_study
from tests.golden.cases import EXPECTED, STUDIES, TABLES, Case

TOLERANCE, OTHER_PROCESSOR = 1e-10, 1e-6
"""Of numbers, relative and absolute: what is kept anew beyond it, and what a test of any machine
allows, since fits end elsewhere in later digits."""

DIGITS = 12
WIDTH = "120"
TIMES = re.compile(r"\b\d+(\.\d+)? ?(s|ms|min|GiB|MiB)\b")
"""What differs from one time to the next."""

Kept = dict[str, Any]


def make_runs(folder: Path) -> Path:
    """The studies, finished, each in a folder of its own below ``folder``."""
    for name, text in STUDIES.items():
        run_study(parse_study(text, name), folder / name, device="cpu", workers=1)
    return folder


def answered(case: Case, runs: Path) -> Kept:
    """Text, JSON and tables of a command, with names in place of folders."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "out"
        folders = {"tables": TABLES, "runs": runs, "out": out}
        words = [word.format(**folders) for word in case.command.split()]
        text = _said(words)
        found = _said([*words, "--json"]) if case.json else "null"
        tables = {
            str(file.relative_to(out)): _plain(_columns(file))
            for file in sorted(out.rglob("*.csv"))
        }
        for name, folder in folders.items():
            text, found = (part.replace(str(folder), f"{{{name}}}") for part in (text, found))
    return {
        "text": _lines(text),
        "json": _plain(json.loads(found)),
        "tables": tables,
    }


def _lines(text: str) -> list[str]:
    """Lines without what depends on the width of a column or on the time."""
    lines = [re.sub(r"(?<=\S) {2,}", "  ", TIMES.sub("#", line)) for line in text.splitlines()]
    return [line.strip() for line in lines if line.strip(" ─")]


def _said(words: list[str]) -> str:
    """Standard output of the program, which must succeed."""
    from smcollapse_cli.main import main

    out = io.StringIO()
    with (
        patch.object(sys, "argv", ["smcollapse", *words]),
        patch.dict(os.environ, {"COLUMNS": WIDTH, "NO_COLOR": "1", "TERM": "dumb"}),
        contextlib.redirect_stdout(out),
    ):
        try:
            main()
        except SystemExit as end:
            if end.code:
                raise AssertionError(f"{' '.join(words)}: exit code {end.code}") from None
    return out.getvalue()


def _columns(file: Path) -> dict[str, list[Any]]:
    frame = pd.read_csv(file)
    return {str(name): frame[name].tolist() for name in frame.columns}


def _plain(value: Any) -> Any:
    """The same with numbers of so many digits, NaN and infinities in words."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else str(value)
    return value


def differences(
    then: Any, now: Any, tolerance: float = TOLERANCE, place: str = ""
) -> Iterator[str]:
    """Where two kept answers differ, in words."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in then.keys() | now.keys():
            if key not in now or key not in then:
                yield f"{place}/{key}: {'gone' if key in then else 'new'}"
            else:
                yield from differences(then[key], now[key], tolerance, f"{place}/{key}")
    elif isinstance(then, list) and isinstance(now, list):
        if len(then) != len(now):
            yield f"{place}: {len(now)} parts, were {len(then)}"
        for number, (one, other) in enumerate(zip(then, now, strict=False)):
            yield from differences(one, other, tolerance, f"{place}/{number}")
    elif _number(then) and _number(now):
        if not math.isclose(then, now, rel_tol=tolerance, abs_tol=tolerance):
            yield f"{place}: {now!r}, was {then!r}"
    elif then != now:
        yield f"{place}: {now!r}, was {then!r}"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def place_of(case: Case) -> Path:
    """The file in which a command's answer is kept."""
    return EXPECTED / f"{case.name.replace(' ', '-')}.json"


def read(case: Case) -> Kept:
    """The answer that is kept, empty where there is none."""
    place = place_of(case)
    kept: Kept = json.loads(place.read_text(encoding="utf-8")) if place.exists() else {}
    return kept
