"""Which code of this folder makes a row: what a function needs, wherever it stands."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from smcollapse.questions.ledgers.scripts import meaning

FOLDER = __name__.rpartition(".")[0]


def reached(function: Callable[..., Any]) -> str:
    """What the code of a function means, and of all it needs of this folder, as one text.

    A sentence of a section that is written otherwise leaves it as it is.
    """
    found: dict[tuple[str, str], str] = {}
    waiting = [(function.__module__, function.__name__)]
    while waiting:
        module, name = place = waiting.pop()
        if place in found:
            continue
        defined, imported = _top_level(module)
        found[place] = ""
        if name in imported:
            waiting.append(imported[name])
        elif name in defined:
            node = defined[name]
            found[place] = meaning(ast.unparse(node))
            waiting += [(module, part.id) for part in ast.walk(node) if isinstance(part, ast.Name)]
    return "\n".join(f"{place} {text}" for place, text in sorted(found.items()) if text)


@cache
def _top_level(module: str) -> tuple[dict[str, ast.stmt], dict[str, tuple[str, str]]]:
    """Statements of a module by the name they define, and names of this folder it imports."""
    file = import_module(module).__file__
    assert file is not None
    defined: dict[str, ast.stmt] = {}
    imported: dict[str, tuple[str, str]] = {}
    for node in ast.parse(Path(file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [part.id for goal in targets for part in ast.walk(goal) if hasattr(part, "id")]
            defined |= dict.fromkeys(names, node)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(FOLDER):
            for alias in node.names:
                imported[alias.asname or alias.name] = (str(node.module), alias.name)
    return defined, imported
