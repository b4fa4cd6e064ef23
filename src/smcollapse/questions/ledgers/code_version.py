"""Which code made a number: a hash of the modules that can change it, blind to comments and layout.

A committed number is stale once that hash is another. Docstrings, comments and formatting do not
count; every statement does, also one that changes no number: a false alarm costs a run, a missed
one a wrong number.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

NUMBERS = (
    "kernels",
    "streams.py",
    "settings",
    "scenario.py",
    "study.py",
    "laws",
    "metrics",
    "worlds",
    "sources",
    "filters",
    "models",
    "mitigations",
    "mixtures.py",
    "texts.py",
    "units.py",
    "simulate.py",
    "theories",
    "inference",
    "questions",
    "claim.toml",
    "presets",
)
"""Files and folders of the package that decide what a simulation, theory or answer gives."""


@cache
def package_code() -> str:
    """Hash of the package's code that makes numbers, 16 hexadecimal digits."""
    return _hash_of([ROOT / name for name in NUMBERS])


def code_of(*own: Path) -> str:
    """Hash of the package's code and of the files that make a result with it."""
    return hashlib.blake2b(
        f"{package_code()} {_hash_of(list(own))}".encode(), digest_size=8
    ).hexdigest()


def _hash_of(places: list[Path]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for place in places:
        inside = (one for one in place.rglob("*") if one.suffix in (".py", ".toml"))
        files = sorted(inside) if place.is_dir() else [place]
        for file in files:
            digest.update(f"{file.relative_to(place.parent).as_posix()}\n".encode())
            digest.update(meaning(file.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()


def meaning(text: str) -> str:
    """What the code says: its syntax tree without docstrings; other text as it is."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return text
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
            and isinstance(body[0].value.value, str)
        ):
            del body[0]
    return _tree(tree)


def _tree(node: Any) -> str:
    """Text of a syntax tree; empty fields are left out, which versions of Python disagree about."""
    if isinstance(node, list):
        return f"[{','.join(_tree(item) for item in node)}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = ((name, getattr(node, name, None)) for name in node._fields)
    said = (f"{name}={_tree(value)}" for name, value in fields if value not in (None, []))
    return f"{type(node).__name__}({','.join(said)})"
