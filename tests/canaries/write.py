"""Write the tables of canaries again.

    python -m tests.canaries.write [LAYER ...]

A layer whose numbers have moved is refused unless its version in `src/smcollapse/versions.py` was
raised. Numbers that have not moved are left as they stand, to the last digit.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from smcollapse.versions import VERSIONS
from tests.canaries.tables import (
    FOLDER,
    Canaries,
    Table,
    advice,
    changed,
    moved,
    read_table,
    write_table,
)


def rewritten(
    layer: str, canaries: Canaries, folder: Path = FOLDER, version: int | None = None
) -> tuple[Table, list[str]]:
    """The table of a layer as it should be now, and why it may not be written.

    Every canary that moved is named; the list is empty where none did or the version was raised.
    """
    version = VERSIONS[layer] if version is None else version
    old = read_table(layer, folder) or Table(version, {})
    values, problems = {}, []
    for name, canary in canaries.items():
        now = canary.numbers()
        then = old.canaries.get(name)
        changes = [] if then is None else moved(then, now, canary.tolerance)
        values[name] = now if then is None or changes else {**now, **then}
        if changes and version <= old.version:
            problems.append(changed(name, changes))
    if version < old.version:
        problems.append(f"the version of '{layer}' was lowered from {old.version} to {version}")
    return Table(version, values), problems


def write(layers: Mapping[str, Canaries], folder: Path = FOLDER) -> int:
    """Write every layer that may be; the number of those that may not."""
    refused = 0
    for layer, canaries in layers.items():
        table, problems = rewritten(layer, canaries, folder)
        if problems:
            refused += 1
            sys.stderr.write("\n".join(problems) + f"\n'{layer}' is not written. {advice(layer)}\n")
            continue
        place = write_table(layer, table, folder)
        print(f"{place.name}: {len(table.canaries)} canaries, version {table.version}")
    return refused


def main() -> int:
    """Write the named layers, or all; 1 if one is refused."""
    from tests.canaries.layers import CANARIES

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("layers", nargs="*", metavar="LAYER", help=f"of {', '.join(VERSIONS)}")
    names = parser.parse_args().layers or list(CANARIES)
    if unknown := [name for name in names if name not in CANARIES]:
        parser.error(f"no layer '{unknown[0]}'")
    return min(1, write({name: CANARIES[name] for name in names}))


if __name__ == "__main__":
    sys.exit(main())
