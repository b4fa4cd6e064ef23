"""The catalog of limitation analyses: the files of a folder, and what each says it tests."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from smcollapse.errors import SmcollapseError, nearest
from smcollapse.questions.ledgers.findings import Finding
from smcollapse.questions.ledgers.scripts import PACKAGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from smcollapse.questions.limitations.limits import Lab

PARTS = ("Claim", "Design", "Falsifier")
"""Paragraphs of an analysis' docstring, after its title line."""


class LimitsError(SmcollapseError):
    """An analysis that is unknown, malformed, or failed."""


@dataclass(frozen=True)
class Analysis:
    """One file of the catalog: what it says it tests, before anything is run."""

    path: Path
    order: int
    title: str
    claim: str
    design: str
    falsifier: str

    @property
    def name(self) -> str:
        """Name on the command line, and of the finding: the file's."""
        return self.path.stem

    @cached_property
    def analyse(self) -> Callable[[Lab], tuple[Finding, Figure]]:
        """The file's function. Raises LimitsError where the file cannot be used."""
        name = f"smcollapse_limitations.{self.name}"
        spec = importlib.util.spec_from_file_location(name, self.path)
        if spec is None or spec.loader is None:
            raise LimitsError(f"{self.path}: is no Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        found = getattr(module, "analyse", None)
        if not callable(found):
            raise LimitsError(f"{self.path}: has no function analyse(lab)")
        function: Callable[[Lab], tuple[Finding, Figure]] = found
        return function


def limitations_folder() -> Path:
    """The folder of analyses: the repository's, or the installed copy of it."""
    installed = PACKAGE.parent / "smcollapse_limitations"
    places = (PACKAGE.parents[1] / "analyses" / "limitations", installed)
    for place in places:
        if place.is_dir():
            return place
    raise LimitsError(f"no analyses of limitations: neither {places[0]} nor {places[1]} is there")


def catalog(folder: Path | None = None) -> dict[str, Analysis]:
    """All analyses by name, in their order. Raises LimitsError for a file that is none."""
    folder = limitations_folder() if folder is None else folder
    found = [_read(path) for path in folder.glob("*.py") if not path.name.startswith("_")]
    return {one.name: one for one in sorted(found, key=lambda one: (one.order, one.name))}


def chosen(names: Iterable[str], known: Mapping[str, Analysis]) -> tuple[Analysis, ...]:
    """The analyses of those names, in the order of the catalog. Raises LimitsError."""
    wanted = set(names)
    for name in sorted(wanted - set(known)):
        raise LimitsError(
            f"no analysis '{name}'{nearest(name, known)}: smcollapse limits lists them"
        )
    return tuple(one for name, one in known.items() if name in wanted)


def _read(path: Path) -> Analysis:
    """What a file says of itself; nothing of it is run."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, SyntaxError) as error:
        raise LimitsError(f"{path}: cannot be read as Python: {error}") from None
    title, *paragraphs = re.split(r"\n\s*\n", ast.get_docstring(tree) or "")
    said = dict.fromkeys(PARTS, "")
    for paragraph in paragraphs:
        part, colon, text = paragraph.partition(":")
        if colon and part in said:
            said[part] = " ".join(text.split())
    missing = [part for part, text in said.items() if not text]
    if not title or "\n" in title or missing:
        raise LimitsError(
            f"{path}: its docstring needs a title line and the paragraphs "
            + ", ".join(f"'{part}:'" for part in (missing or PARTS))
        )
    return Analysis(path, _order(tree), title.rstrip("."), *(said[part] for part in PARTS))


def _order(tree: ast.Module) -> int:
    """The constant ORDER of a file; those without one come last."""
    for node in tree.body:
        if (
            isinstance(node, ast.Assign)
            and [ast.unparse(target) for target in node.targets] == ["ORDER"]
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, int)
        ):
            return node.value.value
    return sys.maxsize
