"""Sections of VERIFICATION.md: what was compared, what was required, what came out.

A module of this folder with a function `section() -> Section` is a section; `write_table.py` lists
them. A finished section is kept in `results/verification/sections`, so that sections can be made
one at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd

from tests.verification.trainings import RESULTS

FOLDER = RESULTS / "sections"

POINT_COLUMNS = ("measure", "predicted", "trained", "se")
"""Columns of `Section.points`; others may follow."""


@dataclass(frozen=True)
class Required:
    """One requirement: what, the measured number, what it had to be, whether it is."""

    what: str
    measured: str
    required: str
    met: bool


def at_most(what: str, measured: float, limit: float, digits: int = 4) -> Required:
    """The requirement that a number is not above a limit."""
    return Required(what, f"{measured:.{digits}f}", f"≤ {limit:g}", bool(measured <= limit))


def at_least(what: str, measured: float, limit: float, digits: int = 4) -> Required:
    """The requirement that a number is not below a limit."""
    return Required(what, f"{measured:.{digits}f}", f"≥ {limit:g}", bool(measured >= limit))


@dataclass(frozen=True)
class Section:
    """A section of the document.

    blocks   : paragraphs and tables, in Markdown, in their order
    required : the numbers that decide, in the order of the summary
    points   : what the figure shows, one row per predicted and trained number: `POINT_COLUMNS`
    """

    name: str
    title: str
    blocks: tuple[str, ...]
    required: tuple[Required, ...] = ()
    points: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=POINT_COLUMNS))

    def text(self) -> str:
        """The section in Markdown."""
        return "\n\n".join([f"## {self.title}", *self.blocks])

    def save(self, folder: Path = FOLDER) -> None:
        """Keep the section as a JSON file, with its points beside it."""
        folder.mkdir(parents=True, exist_ok=True)
        said = {
            "name": self.name,
            "title": self.title,
            "blocks": self.blocks,
            "required": [asdict(item) for item in self.required],
        }
        self.points.to_csv(folder / f"{self.name}.csv", index=False)
        (folder / f"{self.name}.json").write_text(json.dumps(said, indent=1), encoding="utf-8")


def kept(name: str, folder: Path = FOLDER) -> Section | None:
    """The section of that name as it was kept; None if it was not finished."""
    path = folder / f"{name}.json"
    if not path.exists():
        return None
    said = json.loads(path.read_text(encoding="utf-8"))
    required = tuple(Required(**item) for item in said["required"])
    points = pd.read_csv(path.with_suffix(".csv"))
    return Section(said["name"], said["title"], tuple(said["blocks"]), required, points)


def written(document: str) -> list[Section]:
    """The sections of VERIFICATION.md as it stands, in their order; names and points are lost."""
    head, *parts = document.removesuffix("\n").split("\n\n## ")
    lines = [line[2:-2].split(" | ") for line in head.splitlines() if line.startswith("| ")]
    found = []
    for part in parts:
        title, _, body = part.partition("\n\n")
        required = tuple(
            Required(what, measured, limit, met == "yes")
            for section, what, measured, limit, met in lines
            if section == title
        )
        found.append(Section("", title, (body,), required))
    return found


def composed(names: Iterable[str], document: str, folder: Path = FOLDER) -> list[Section]:
    """The sections of those names that are finished: as they were kept, else as they are written.

    Where all are kept nothing is read from the document. Else kept ones take the places of those
    of the same title, or of their names in the order.
    """
    ordered = [kept(name, folder) for name in names]
    if None not in ordered:
        return [section for section in ordered if section is not None]
    found = written(document)
    for place, section in enumerate(ordered):
        if section is not None:
            titles = [old.title for old in found]
            if section.title in titles:
                found[titles.index(section.title)] = section
            else:
                found.insert(place, section)
    return found


def markdown(frame: pd.DataFrame, digits: int = 4) -> str:
    """A table in Markdown; numbers with fractions have that many digits."""
    lines = ["| " + " | ".join(map(str, frame.columns)) + " |"]
    numeric = [kind.kind in "fiu" for kind in frame.dtypes]
    lines.append("|" + "".join(" ---: |" if right else " --- |" for right in numeric))
    for row in frame.itertuples(index=False):
        lines.append("| " + " | ".join(_shown(value, digits) for value in row) + " |")
    return "\n".join(lines)


def _shown(value: object, digits: int) -> str:
    if isinstance(value, float):
        return "–" if value != value else f"{value:.{digits}f}"
    return str(value)


def summary(sections: list[Section]) -> str:
    """Every requirement of those sections as one table."""
    rows = [
        {
            "section": section.title,
            "what": item.what,
            "measured": item.measured,
            "required": item.required,
            "met": "yes" if item.met else "**no**",
        }
        for section in sections
        for item in section.required
    ]
    return markdown(pd.DataFrame(rows, columns=["section", "what", "measured", "required", "met"]))
