"""Wrong code on purpose: small changes of the statements that make numbers.

A mutant is one change of one expression: another constant, operator, comparison or function of
numpy, an index off by one, a term dropped. What raises errors, writes words or only says types is
left alone. Places are found in the syntax tree and changed in the text, so that all else of a file
stays to the byte.
"""

from __future__ import annotations

import ast
import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

KERNELS = "kernels"

PLACES = {
    "worlds": ("streams.py", "laws", "worlds", "sources", "filters", "mixtures.py"),
    "training": ("models", "mitigations", "units.py", "simulate.py"),
    "measures": ("metrics", "texts.py"),
    "theory": ("theories", "questions/predict.py", "questions/planned.py"),
    "inference": ("inference", "questions"),
}
"""Files and folders of each layer; kernels belong to the layer that their names say."""

LEFT_OUT = (
    "__init__.py",
    "base.py",
    "words.py",
    "reading.py",
    "corpus_reading.py",
    "lexicon.py",
    "byte_pairs.py",
    "compile.py",
    "ledgers/*",
    "limitations/catalog.py",
    "limitations/limits.py",
    "questions/results.py",
)
"""Files that hold words, read files or describe a protocol."""

KERNEL_LAYERS = {
    "atoms": "inference",
    "max_t": "inference",
    "calibration": "measures",
    "draws": "worlds",
    "elementary": "worlds",
    "normals": "worlds",
    "philox": "worlds",
    "phrases": "worlds",
    "attention": "training",
    "embedding": "training",
    "schedule": "training",
    "transformer": "training",
    "transformer_layers": "training",
    "vector_blocks": "training",
    "vector_code": "training",
}
"""All other kernels are those of theories."""

SWAPS = {
    "maximum": "minimum",
    "minimum": "maximum",
    "max": "min",
    "min": "max",
    "argmax": "argmin",
    "argmin": "argmax",
    "sum": "mean",
    "mean": "sum",
    "exp": "expm1",
    "expm1": "exp",
    "log": "log1p",
    "log1p": "log",
    "sqrt": "abs",
    "abs": "sqrt",
    "floor": "ceil",
    "ceil": "floor",
    "any": "all",
    "all": "any",
    "zeros": "ones",
    "ones": "zeros",
    "cumsum": "cumprod",
    "median": "mean",
    "std": "var",
    "var": "std",
    "sort": "negative",
    "flatnonzero": "argsort",
}

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}


@dataclass(frozen=True)
class Mutant:
    """One change: bytes `start` to `end` of a file (below the package) replaced.

    line : where it stands; function : what it stands in, empty at the top of the module
    """

    layer: str
    file: str
    line: int
    function: str
    kind: str
    start: int
    end: int
    before: str
    after: str

    @property
    def key(self) -> str:
        """A name that is the same as long as file, function and change are."""
        text = f"{self.file} {self.function} {self.start} {self.before} {self.after}"
        return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()

    def applied(self, text: bytes) -> bytes:
        """The file with the change."""
        assert text[self.start : self.end].decode() == self.before, self
        return text[: self.start] + self.after.encode() + text[self.end :]


def drawn(package: Path, number: int, seed: int) -> list[Mutant]:
    """So many mutants of the package, all different, drawn with equal chances out of all."""
    return random.Random(seed).sample(list(every(package)), number)


def every(package: Path) -> Iterator[Mutant]:
    """All mutants of the package, in a fixed order."""
    for layer, file in files(package):
        yield from of_file(layer, file, (package / file).read_text(encoding="utf-8"))


def files(package: Path) -> Iterator[tuple[str, str]]:
    """Layer and path of every file that makes numbers."""
    seen: set[str] = set()
    for layer, places in PLACES.items():
        for place in places:
            root = package / place
            for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
                name = path.relative_to(package).as_posix()
                if name not in seen and not any(path.match(pattern) for pattern in LEFT_OUT):
                    yield layer, name
                seen.add(name)
    for path in sorted((package / KERNELS).glob("*.py")):
        if path.name not in ("__init__.py", "compile.py"):
            yield KERNEL_LAYERS.get(path.stem, "theory"), f"{KERNELS}/{path.name}"


def of_file(layer: str, file: str, text: str) -> Iterator[Mutant]:
    """All mutants of one file."""
    starts = [0]
    for line in text.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def made(node: ast.expr | ast.stmt, function: str, kind: str, after: str) -> Mutant:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        before = text.encode()[start:end].decode()
        return Mutant(layer, file, node.lineno, function, kind, start, end, before, after)

    for node, function, inside in _numeric(ast.parse(text)):
        for kind, after in _changes(node, inside):
            yield made(node, function, kind, after)


def _numeric(
    node: ast.AST, function: str = "", index: bool = False
) -> Iterator[tuple[ast.expr | ast.stmt, str, bool]]:
    """Expressions that make numbers, the function that they stand in, whether within an index."""
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert | ast.Import | ast.ImportFrom):
        return
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.FunctionDef):
        returns = "" if node.returns is None else ast.unparse(node.returns)
        if returns == "str" or node.name == "__post_init__" or "check" in node.name:
            return
        function = node.name
    if isinstance(node, ast.expr | ast.AugAssign):
        yield node, function, index
    for name, field in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "bases", "type_params"):
            continue
        if name == "value" and isinstance(node, ast.Expr) and isinstance(field, ast.Constant):
            continue
        within = index or (isinstance(node, ast.Subscript) and name == "slice")
        if isinstance(node, ast.Call) and name in ("args", "keywords"):
            within = False
        for child in field if isinstance(field, list) else [field]:
            if isinstance(child, ast.AST):
                yield from _numeric(child, function, within)


def _changes(node: ast.expr | ast.stmt, index: bool) -> Iterator[tuple[str, str]]:
    """Kinds of change and what stands there then."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield from _constants(node.value, index)
    elif isinstance(node, ast.BinOp) and not _is_text(node):
        if other := OPERATORS.get(type(node.op)):
            yield "operator", f"({ast.unparse(ast.BinOp(node.left, other(), node.right))})"
        if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
            yield "dropped term", f"({ast.unparse(node.left)})"
    elif isinstance(node, ast.AugAssign) and (other := OPERATORS.get(type(node.op))):
        yield "operator", ast.unparse(ast.AugAssign(node.target, other(), node.value))
    elif isinstance(node, ast.Compare) and (found := COMPARISONS.get(type(node.ops[0]))):
        if not _is_text(node):
            operators: Sequence[ast.cmpop] = [found(), *node.ops[1:]]
            changed = ast.Compare(node.left, list(operators), node.comparators)
            yield "comparison", f"({ast.unparse(changed)})"
    elif isinstance(node, ast.BoolOp):
        swapped = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        yield "comparison", f"({ast.unparse(ast.BoolOp(swapped, node.values))})"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not | ast.Invert):
        if not isinstance(node.operand, ast.Constant):
            yield "dropped sign", f"({ast.unparse(node.operand)})"
    elif isinstance(node, ast.Attribute) and node.attr in SWAPS:
        yield "function", f"({ast.unparse(node.value)}).{SWAPS[node.attr]}"


def _constants(value: float, index: bool) -> Iterator[tuple[str, str]]:
    if isinstance(value, int):
        kind = "index" if index else "constant"
        yield kind, str(value + 1)
        if value > 0:
            yield kind, str(value - 1)
    else:
        yield "constant", repr(value * 1.25 if value else 0.01)


def _is_text(node: ast.expr) -> bool:
    """Whether an operation is one of words: they are no numbers."""
    words = (ast.JoinedStr, ast.List, ast.Tuple)
    for part in ast.walk(node):
        if isinstance(part, words) or (
            isinstance(part, ast.Constant) and isinstance(part.value, str)
        ):
            return True
    return False
