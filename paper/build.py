"""Build the paper from committed findings: numbers, figures, PDF; in seconds, the same bytes.

    python paper/build.py [--pages]

reads the ledger of claims and the findings that it cites, writes `paper/generated` and
`paper/smcollapse.pdf`. Nothing is simulated. A finding that is missing, damaged or older than the
code that made it stops the build with its name, and so does a number that the text asks for and
no finding has.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

from drawing import figures

from smcollapse.errors import SmcollapseError
from smcollapse.questions.claim import published_claim
from smcollapse.questions.ledgers.claims import (
    ClaimGrade,
    ClaimsReport,
    cited_findings,
    claims_report,
)
from smcollapse.questions.ledgers.file import read_ledger
from smcollapse.questions.ledgers.findings import Finding
from smcollapse.report.claims import evidence_text, outcome_text, quantity_text, value_text
from smcollapse.report.wording import (
    MINUS,
    NBSP,
    percent_range,
    short_percent,
)
from smcollapse.study import Study
from smcollapse.study_file import load_study

ROOT = Path(__file__).resolve().parents[1]
PAPER = ROOT / "paper"
LEDGER = ROOT / "analyses" / "claims.toml"
STUDIES = ("atlas", "digits", "language-small", "corpus-small")
"""Studies whose designs the text may name."""

ONE_STUDY = ("atlas", "language")
"""Beginnings of the names of findings that share one study."""

TIMESTAMP = 0
"""Creation date of the PDF, in seconds since 1970: the same on every build."""


def main() -> int:
    """Read, draw, compile; 0, or 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", action="store_true", help="also write each page as PNG")
    options = parser.parse_args()
    try:
        report = claims_report(LEDGER)
        if report.problems:
            return refused(report.problems)
        written = generated_files(report)
    except SmcollapseError as error:
        return refused([str(error)])
    generated = PAPER / "generated"
    generated.mkdir(exist_ok=True)
    for name, content in written.items():
        (generated / name).write_bytes(content)
    return compiled(options.pages)


def generated_files(report: ClaimsReport) -> dict[str, bytes]:
    """What the text reads, by file name. Raises FindingError."""
    cited = cited_findings(read_ledger(LEDGER), LEDGER)
    findings = {name: found for name, found in cited.items() if isinstance(found, Finding)}
    text = json.dumps(numbers(report, findings), indent=1, ensure_ascii=False, allow_nan=False)
    images = {f"{name}.svg": image for name, image in figures(findings).items()}
    return {"numbers.json": (text + "\n").encode(), **images}


def refused(problems: Iterable[str]) -> int:
    """Say why there is no paper."""
    for problem in problems:
        sys.stderr.write(f"error: {problem}\n")
    sys.stderr.write("the paper is not built; `make paper-data` makes its results anew\n")
    return 1


def compiled(pages: bool) -> int:
    """The PDF, and pages as PNG; what the compiler says where it fails or warns."""
    import typst

    compiler = typst.Compiler(PAPER / "main.typ", root=PAPER, ignore_system_fonts=True)
    try:
        _, warnings = compiler.compile_with_warnings(
            output=PAPER / "smcollapse.pdf", format="pdf", timestamp=TIMESTAMP
        )
    except typst.TypstError as error:
        sys.stderr.write(f"error: paper/main.typ: {error}\n")
        return 1
    for warning in warnings:
        sys.stderr.write(f"warning: paper/main.typ: {warning}\n")
    if pages:
        for old in (PAPER / "generated").glob("page-*.png"):
            old.unlink()
        compiler.compile(output=PAPER / "generated" / "page-{p}.png", format="png", ppi=100)
    return 0


def numbers(report: ClaimsReport, findings: dict[str, Finding]) -> dict[str, Any]:
    """All that the text may say in figures, by name."""
    published = published_claim()
    studies = {name: study_numbers(load_study(name)) for name in STUDIES}
    grades = [claim.grade for claim in report.claims]
    return {
        "published": {
            "onset": percent_range(*published.onset),
            "before": percent_range(*published.before),
            "after": percent_range(*published.after),
            **{
                one.measure: short_percent(abs(one.change)).split(NBSP)[0]
                for one in published.effects
            },
        },
        "studies": studies,
        "totals": {
            "claims": str(len(grades)),
            **{grade: str(grades.count(grade)) for grade in get_args(ClaimGrade)},
            "models": f"{models_behind(findings):,}",
            "findings": str(len(findings)),
        },
        "claims": {
            claim.id: {
                "statement": tied(claim.statement),
                "reading": claim.reading,
                "origin": claim.origin,
                "grade": claim.grade,
                "evidence": evidence_text(claim),
                "deciding": "–" if claim.decisive is None else outcome_text(claim.decisive),
                "outcomes": [
                    {"finding": outcome.finding, "grade": outcome.grade}
                    for outcome in claim.outcomes
                ],
            }
            for claim in report.claims
        },
        "findings": {
            name: {
                "title": found.title,
                "statement": tied(found.statement),
                "verdict": tied(found.verdict),
                "grade": found.grade,
                "kind": found.kind + (" (reduced design)" if found.quick else ""),
                "limitation": (PAPER / "data" / "limitations" / f"{name}.json").is_file(),
                "deciding": quantity_text(found.quantities[0]),
                "quantities": {
                    one.term: {
                        "text": quantity_text(one),
                        "value": value_text(one),
                        "size": value_text(one).lstrip(f"+{MINUS}"),
                    }
                    for one in found.quantities
                },
            }
            for name, found in findings.items()
        },
    }


def tied(text: str) -> str:
    """Text with typographic minus signs, and no line end between a number and its per cent."""
    return re.sub(r"(?<![\w.])-(?=\d)", MINUS, text).replace(" %", f"{NBSP}%")


def models_behind(findings: dict[str, Finding]) -> int:
    """Trained models summed over findings; those of a study that serves several count once."""
    once: dict[str, int] = {}
    for name, found in findings.items():
        family = next((one for one in ONE_STUDY if name.startswith(one)), name)
        once[family] = max(once.get(family, 0), found.models)
    return sum(once.values())


def study_numbers(study: Study) -> dict[str, str]:
    """The constants of a study's design, in print."""
    scenario = study.scenario.describe()
    shares = [
        value
        for axis in study.axes
        if axis.path == "mixture.share"
        for value in axis.values
        if isinstance(value, float)
    ]
    found = {
        "models": f"{len(study.cells()):,}",
        "replicates": str(study.replicates),
        "shares": str(len(shares)),
        "largest_share": short_percent(shares[-1]),
        "conditions": str(len(study.variants) + 1),
    }
    for part, values in scenario.items():
        for name, value in values.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                found[f"{part}.{name}"] = f"{value:,}" if isinstance(value, int) else f"{value:g}"
    for variant in study.variants:
        for change in variant.set:
            found[variant.name] = str(change.value)
    return found


if __name__ == "__main__":
    sys.exit(main())
