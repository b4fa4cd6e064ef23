"""Re-make VERIFICATION.md and its figure: theory against training, as numbers.

    python -m tests.verification.write_table [SECTION ...]

makes the named sections, or all of them, and composes the document of all that are finished; of
those that were finished elsewhere the document itself is what is known, and the figure, which needs
their points, is left as it is.
Trainings are kept in `results/verification`: a verification that was stopped goes on from there.
"""

from __future__ import annotations

import argparse
import sys
import time

from smcollapse.run import cores
from tests.verification import (
    counts_exact,
    counts_mlp,
    findings,
    limits_section,
    proportional_section,
    transformer_section,
)
from tests.verification.figure import draw
from tests.verification.sections import Section, composed, kept, summary
from tests.verification.trainings import ROOT

SECTIONS = {
    "counts_exact": counts_exact.section,
    "counts_mlp": counts_mlp.section,
    "counts_transformer": transformer_section.section,
    "proportional": proportional_section.section,
    "limits": limits_section.section,
    "findings": findings.section,
}
DOCUMENT = ROOT / "VERIFICATION.md"
FIGURE = ROOT / "paper" / "figures" / "verification.png"


def document(sections: list[Section]) -> str:
    """VERIFICATION.md."""
    missed = sum(not item.met for section in sections for item in section.required)
    total = sum(len(section.required) for section in sections)
    parts = [
        "# Verification",
        "Theory against training. Re-made by `make verify`: scenarios are drawn at random by a "
        "committed design, no theory is fitted to what it is compared with, and every comparison "
        "has a negative control, a theory that is wrong and has to be caught. Numbers stand as "
        "they were measured, those that miss what was required too.",
        f"{total - missed} of {total} requirements are met.",
        summary(sections),
        "![Theory against training](paper/figures/verification.png)",
        *(section.text() for section in sections),
    ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Make sections, compose, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--workers", type=int, default=cores(), help="processes, all cores if left")
    options = parser.parse_args()
    for name in options.sections or SECTIONS:
        if name not in SECTIONS:
            parser.error(f"no section '{name}': write some of {', '.join(SECTIONS)}")
        start = time.perf_counter()
        SECTIONS[name](options.workers).save()
        print(f"{name}: {(time.perf_counter() - start) / 60.0:.1f} min", file=sys.stderr)
    before = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    finished = composed(SECTIONS, before)
    if all(kept(name) is not None for name in SECTIONS):
        FIGURE.write_bytes(draw(finished))
    else:
        print(f"not all sections are kept: {FIGURE.name} is left as it is", file=sys.stderr)
    text = document(finished)
    DOCUMENT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
