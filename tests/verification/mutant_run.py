"""The canaries on one mutant, in a process of its own, started within the copy of the tree.

    python -m tests.verification.mutant_run trace            # which canaries execute which lines
    python -m tests.verification.mutant_run FILE CANARY ...  # until one moves, in that order

Kernels that do not call the mutated one are taken from the cache that the unchanged copy has
filled; the others are compiled again, in memory, as far as a canary needs them.
"""

from __future__ import annotations

import ast
import json
import resource
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import smcollapse

PACKAGE = Path(smcollapse.__file__).parent
PREFIX = "smcollapse.kernels."
MOST_MEMORY = 8 * 2**30


def main() -> None:
    """Trace, or run canaries; the last line of the output is what was found, as JSON."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    if sys.argv[1] == "trace":
        found: Any = traced()
    else:
        found = first_moved(sys.argv[1], sys.argv[2:])
    print("\n" + json.dumps(found))


def first_moved(file: str, names: Sequence[str]) -> dict[str, str]:
    """The first canary that moves or fails, and how; empty where none does."""
    if file.startswith("kernels/"):
        _compile_anew(dependants(Path(file).stem))
    try:
        from tests.canaries.layers import CANARIES
        from tests.canaries.tables import moved, read_table
    except Exception as error:
        return {"by": "import", "how": f"{type(error).__name__}: {error}"}
    tables = {layer: read_table(layer) for layer in CANARIES}
    for name in names:
        layer, canary = name.split(": ", 1)
        table = tables[layer]
        assert table is not None
        try:
            one = CANARIES[layer][canary]
            changes = moved(table.canaries[canary], one.numbers(), one.tolerance)
        except Exception as error:
            changes = [f"{type(error).__name__}: {error}".splitlines()[0]]
        if changes:
            return {"by": name, "how": changes[0]}
    return {}


def dependants(kernel: str) -> set[str]:
    """Modules of kernels that import that one, directly or through others, and itself."""
    imports = {}
    for path in (PACKAGE / "kernels").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        imports[path.stem] = {m.removeprefix(PREFIX) for m in modules if m.startswith(PREFIX)}
    found, before = {kernel}, set[str]()
    while found != before:
        before = set(found)
        found |= {name for name, used in imports.items() if used & found}
    return found


def _compile_anew(stale: set[str]) -> None:
    """Keep the cache of the unchanged copy for all kernels but those."""
    import os

    import numba

    from smcollapse.kernels import compile as compiling

    cached = compiling._compile
    folder = os.environ["MUTANT_CACHE"]
    compiling.CACHE_FOLDER = Path(folder)

    def compiled(function: Callable[..., Any], **options: Any) -> Any:
        if function.__module__.removeprefix(PREFIX) in stale:
            options |= {"nogil": True, "error_model": "numpy", "fastmath": False}
            return numba.njit(**options)(function)
        return cached(function, **options)

    compiling._compile = compiled  # type: ignore[assignment]


def traced() -> dict[str, Any]:
    """Of every canary its CPU seconds and the lines of each file that it executes."""
    from tests.canaries.layers import CANARIES

    names = {
        f"{layer}: {name}": canary
        for layer, canaries in CANARIES.items()
        for name, canary in canaries.items()
    }
    seconds, lines = {}, {}
    for canary in names.values():  # caches are warm from here on
        try:
            canary.numbers()
        except Exception:
            traceback.print_exc()
    for name, canary in names.items():
        _forget()
        start = time.process_time()
        canary.numbers()
        seconds[name] = time.process_time() - start
    for name, canary in names.items():
        _forget()
        lines[name] = _lines_of(canary.numbers)
    return {
        "seconds": seconds,
        "lines": lines,
        "cache": str(sys.modules["smcollapse.kernels.compile"].CACHE_FOLDER),
    }


def _forget() -> None:
    """Empty the caches of the package and of the canaries: each canary does its own work."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("smcollapse", "tests.canaries")):
            for value in list(vars(module).values()):
                clear = getattr(value, "cache_clear", None)
                if callable(clear) and value.__module__ != "tests.canaries.files":
                    clear()


def _lines_of(function: Callable[[], Any]) -> dict[str, list[int]]:
    found: dict[str, set[int]] = {}
    prefix = f"{PACKAGE}/"

    def watch(frame: FrameType, event: str, argument: Any) -> Any:
        name = frame.f_code.co_filename
        if not name.startswith(prefix):
            return None
        seen = found.setdefault(name.removeprefix(prefix), set())

        def each(frame: FrameType, event: str, argument: Any) -> Any:
            seen.add(frame.f_lineno)
            return each

        seen.add(frame.f_lineno)
        return each

    threading.settrace(watch)
    sys.settrace(watch)
    try:
        function()
    finally:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]
    return {file: sorted(lines) for file, lines in sorted(found.items())}


if __name__ == "__main__":
    main()
