"""Keep the answers of all commands, or of those named, as they are now: look at the difference.

python -m tests.golden.write [NAME ...]
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.golden.answers import answered, differences, make_runs, place_of, read
from tests.golden.cases import CASES, EXPECTED


def main() -> None:
    """Write what differs, and say what does."""
    names = sys.argv[1:] or list(CASES)
    EXPECTED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        runs = make_runs(Path(folder))
        for name in names:
            case = CASES[name]
            now = answered(case, runs)
            changed = list(differences(read(case), now))
            if changed:
                place_of(case).write_text(_laid_out(now), encoding="utf-8")
            print(f"{name}: {len(changed)} differences", *changed[:5], sep="\n    ")
    if not sys.argv[1:]:
        for file in set(EXPECTED.iterdir()) - {place_of(case) for case in CASES.values()}:
            file.unlink()


def _laid_out(kept: dict[str, object]) -> str:
    """JSON with a line for every line of text, and for every key of the answer."""
    parts = []
    for key, value in kept.items():
        lines = value.items() if isinstance(value, dict) else None
        if lines is not None:
            inner = [f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in lines]
            parts.append(f"{json.dumps(key)}: {{\n" + ",\n".join(inner) + "\n}")
        elif isinstance(value, list):
            inner = [json.dumps(line, ensure_ascii=False) for line in value]
            parts.append(f"{json.dumps(key)}: [\n" + ",\n".join(inner) + "\n]")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main()
