"""What made a finding: an analysis script, and the versions of the layers that it uses.

A committed finding is outdated once its script says something else, or one of those versions has
moved (`smcollapse.versions`). Neither moves where only the text of the library changes: a script is
read without comments, docstrings and layout, and what it imports from smcollapse counts by the
order of its first use, whatever its name and module. So a rename in the library costs nothing. What
this cannot see is one function of the library put in the place of another in all its uses.

A script that does not use every layer says so in a constant, read without running the script:

    LAYERS = ("worlds", "training", "measures", "inference")
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from smcollapse.errors import nearest
from smcollapse.questions.ledgers.findings import Finding, FindingError
from smcollapse.versions import VERSIONS

PACKAGE = Path(__file__).resolve().parents[2]
"""The folder of the package."""

OURS = "smcollapse"


def stamped(finding: Finding, *scripts: Path) -> Finding:
    """The finding with the scripts that made it, as a hash, and the versions of their layers."""
    return replace(finding, code=script_hash(*scripts), versions=versions_of(*scripts))


def require_current(finding: Finding, scripts: Sequence[Path], run: str) -> None:
    """Refuse a finding that the scripts and the library would not make again.

    Parameters
    ----------
    finding : as it was read from its file
    scripts : the files that make it
    run : what to run to make it again, as the message names it

    Raises
    ------
    FindingError
        If a version that the finding carries has moved, a layer is missing from it, or a script
        has changed.
    """
    now, made = versions_of(*scripts), finding.versions
    moved = [layer for layer in made if made[layer] != VERSIONS.get(layer)]
    if moved:
        then = " and ".join(f"{layer} {made[layer]}" for layer in moved)
        here = " and ".join(f"{layer} {VERSIONS.get(layer, 'none')}" for layer in moved)
        raise FindingError(
            f"finding '{finding.name}' was made with {then}, the code is at {here}: run {run} again"
        )
    if script_hash(*scripts) != finding.code:
        raise FindingError(
            f"finding '{finding.name}' is older than the script that makes it: run {run} again"
        )
    if missing := [layer for layer in now if layer not in made]:
        raise FindingError(
            f"finding '{finding.name}' does not say with which version of {' and '.join(missing)} "
            f"it was made: run {run} again"
        )


def versions_of(*scripts: Path) -> dict[str, int]:
    """Versions of the layers that the scripts use, all of them for a script that names none.

    Raises
    ------
    FindingError
        If a script names a layer that there is none of.
    """
    used = {layer for script in scripts for layer in _declared(script)}
    return {layer: version for layer, version in VERSIONS.items() if layer in used}


def script_hash(*scripts: Path) -> str:
    """Hash of what the scripts say, 16 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=8)
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        try:
            tree = ast.parse(text)
        except SyntaxError:
            digest.update(text.encode())
            continue
        digest.update(_text(_Renamed(tree).visit(_without_docstrings(tree))).encode())
    return digest.hexdigest()


def meaning(text: str) -> str:
    """What Python code says: its syntax tree without docstrings."""
    return _text(_without_docstrings(ast.parse(text)))


def _declared(script: Path) -> tuple[str, ...]:
    """The constant LAYERS of a script; all layers where it has none."""
    try:
        tree = ast.parse(script.read_text(encoding="utf-8"))
    except SyntaxError:
        return tuple(VERSIONS)
    written = (node for node in tree.body if isinstance(node, ast.Assign))
    for node in written:
        if [ast.unparse(target) for target in node.targets] != ["LAYERS"]:
            continue
        try:
            names = tuple(str(name) for name in ast.literal_eval(node.value))
        except (ValueError, TypeError):
            raise FindingError(f"{script}: LAYERS must be a tuple of names") from None
        if unknown := [name for name in names if name not in VERSIONS]:
            near = nearest(unknown[0], VERSIONS)
            raise FindingError(f"{script}: LAYERS: no layer '{unknown[0]}'{near}")
        return names
    return tuple(VERSIONS)


def _without_docstrings(tree: ast.Module) -> ast.Module:
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
    return tree


class _Renamed(ast.NodeTransformer):
    """A tree without imports; imported names by their origin, those of smcollapse by a number."""

    def __init__(self, tree: ast.Module) -> None:
        self.origins = _imported(tree)
        self.numbers: dict[str, int] = {}

    def visit_Import(self, node: ast.Import) -> None:
        """Left out: its names stand where they are used."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Left out as well."""

    def visit_If(self, node: ast.If) -> Any:
        """Left out where only a type checker reads it."""
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """An imported name as its origin."""
        origin = self.origins.get(node.id)
        return node if origin is None else ast.Name(self._named(origin))

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        """A public name of the package, `smcollapse.NAME`, like one that is imported from it."""
        if isinstance(node.value, ast.Name) and self.origins.get(node.value.id) == OURS:
            return ast.Name(self._named(f"{OURS}.{node.attr}"))
        return self.generic_visit(node)

    def _named(self, origin: str) -> str:
        if origin.split(".")[0] != OURS:
            return origin
        return f"{OURS} {self.numbers.setdefault(origin, len(self.numbers))}"


def _imported(tree: ast.Module) -> dict[str, str]:
    """Origin of every name that the script imports, as `module.name`."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for one in node.names:
                found[one.asname or one.name] = f"{node.module}.{one.name}"
        elif isinstance(node, ast.Import):
            for one in node.names:
                whole, first = one.name, one.name.split(".")[0]
                found[one.asname or first] = whole if one.asname else first
    return found


def _text(node: Any) -> str:
    """Text of a syntax tree; empty fields are left out, which versions of Python disagree about."""
    if isinstance(node, list):
        return f"[{','.join(_text(item) for item in node)}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = ((name, getattr(node, name, None)) for name in node._fields)
    kept = (f"{name}={_text(value)}" for name, value in fields if value not in (None, []))
    return f"{type(node).__name__}({','.join(kept)})"
