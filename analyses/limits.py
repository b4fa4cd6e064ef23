"""What could be wrong with our answers? Every limitation tested, collected into LIMITATIONS.md.

Claim     Each limitation has a statement and a falsifier of its own (`analyses/limitations`).
Design    The full designs of `smcollapse limits --all`.
Estimate  As each analysis says.
Figure    One an analysis.

    python analyses/limits.py [--out results/limitations] [--workers N]

writes `LIMITATIONS.md`, the findings `paper/data/limitations/NAME.json` and their figures. What is
in the results folder and was made by the same code is not made again.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from smcollapse.questions.limitations.limits import Lab, catalog
from smcollapse.report.limitations import collect, markdown_of, run_and_write

ROOT = Path(__file__).resolve().parents[1]
FIGURES = "paper/figures/limitations/"


def main() -> None:
    """Run what is missing; copy findings and figures; write the page in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results/limitations"))
    parser.add_argument("--workers", type=int, default=None)
    options = parser.parse_args()
    known = catalog()
    result, _ = run_and_write(list(known), Lab(options.out, workers=options.workers))
    for folder, suffix in ((ROOT / "paper/data/limitations", "json"), (ROOT / FIGURES, "png")):
        folder.mkdir(parents=True, exist_ok=True)
        for name in known:
            if (options.out / f"{name}.{suffix}").exists():
                shutil.copyfile(options.out / f"{name}.{suffix}", folder / f"{name}.{suffix}")
    text = markdown_of(collect(options.out, known), FIGURES)
    (ROOT / "LIMITATIONS.md").write_text(text, encoding="utf-8")
    for finding in result.findings:
        print(f"{finding.name}: {finding.grade}: {finding.verdict}")
    result.require_all()


if __name__ == "__main__":
    main()
