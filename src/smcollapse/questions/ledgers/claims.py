"""The ledger of claims: what is claimed, what decides it, and what the committed findings say.

A claim is a sentence with its reading, its falsifier and tests in data (ledger.py). Grade and
evidence are computed here from the findings that the tests cite. A finding that is missing,
damaged or outdated leaves its claims without a grade and is named.

The ledger cites files of a repository, so it is a file of that repository, `analyses/claims.toml`,
and not of the package.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from smcollapse.inference import Record
from smcollapse.questions.ledgers.file import LedgerError, read_ledger
from smcollapse.questions.ledgers.findings import (
    Finding,
    FindingError,
    Grade,
    Kind,
    Quantity,
    read_finding,
)
from smcollapse.questions.ledgers.ledger import (
    Compared,
    Ledger,
    LedgerClaim,
    Rule,
    Verdict,
)
from smcollapse.questions.ledgers.scripts import PACKAGE, require_current

ClaimGrade = Literal["supported", "contradicted", "not shown", "untested"]
LEDGER = Path("analyses") / "claims.toml"


@dataclass(frozen=True)
class Outcome(Record):
    """One test of a claim: the number it looks at, what it asks of it, what came out.

    other : the second number of a comparison of two
    """

    finding: str
    quantity: Quantity
    other: Quantity | None
    asks: str
    grade: Grade
    kind: Kind
    quick: bool


@dataclass(frozen=True)
class GradedClaim(Record):
    """A claim with what the findings make of it.

    grade    : None where a finding that it cites cannot be used
    evidence : what the cited findings rest on, weakest first
    outcomes : of its tests, in the order of the ledger; empty where the claim cites nothing
    decisive : the first of them that has the claim's grade
    problems : findings that cannot be used, each named
    """

    id: str
    statement: str
    reading: str
    origin: str
    falsifier: str
    needs: str
    grade: ClaimGrade | None
    evidence: tuple[Kind, ...]
    outcomes: tuple[Outcome, ...]
    decisive: Outcome | None
    problems: tuple[str, ...]


@dataclass(frozen=True)
class ClaimsReport(Record):
    """All claims of a ledger, and every cited finding that is missing, damaged or stale."""

    ledger: str
    claims: tuple[GradedClaim, ...]
    problems: tuple[str, ...]

    def claim(self, identifier: str) -> GradedClaim:
        """The claim of that id. Raises KeyError."""
        return {claim.id: claim for claim in self.claims}[identifier]


def repository_ledger() -> Path:
    """The ledger of the repository that the package is installed from. Raises LedgerError."""
    place = PACKAGE.parents[1] / LEDGER
    if not place.is_file():
        raise LedgerError(
            f"no ledger of claims at {place}: the package is not installed from a clone of the "
            "repository; write the file: smcollapse claims FILE"
        )
    return place


def claims_report(place: Path | None = None) -> ClaimsReport:
    """Read a ledger and what it cites, and grade every claim.

    Raises
    ------
    LedgerError
        If the ledger cannot be read or used. Findings that cannot be used are `problems`.
    """
    place = place or repository_ledger()
    ledger = read_ledger(place)
    found = cited_findings(ledger, place)
    problems = tuple(problem for problem in found.values() if isinstance(problem, str))
    claims = tuple(grade_claim(claim, found) for claim in ledger.claims)
    later = (problem for claim in claims for problem in claim.problems)
    return ClaimsReport(str(place), claims, tuple(dict.fromkeys((*problems, *later))))


def cited_findings(ledger: Ledger, place: Path) -> dict[str, Finding | str]:
    """Every finding that a claim cites, by name, or what is wrong with it."""
    root = (place.parent / ledger.root).resolve()
    found: dict[str, Finding | str] = {}
    for name in ledger.cited():
        try:
            found[name] = _current(name, ledger, root)
        except FindingError as error:
            found[name] = str(error)
    return found


def _current(name: str, ledger: Ledger, root: Path) -> Finding:
    """A finding that the scripts named in the ledger, as they are now, would make again."""
    results = ledger.results_of(name)
    file = root / results.file.replace("{name}", name)
    finding = read_finding(file)
    scripts = [root / script.replace("{name}", name) for script in results.code]
    for script in scripts:
        if not script.is_file():
            raise FindingError(f"finding '{name}': the script that makes it is missing: {script}")
    if finding.name != name:
        raise FindingError(f"finding '{name}': {file} holds '{finding.name}'")
    require_current(finding, scripts, results.run or results.code[0].replace("{name}", name))
    return finding


def grade_claim(claim: LedgerClaim, found: dict[str, Finding | str]) -> GradedClaim:
    """What findings make of a claim."""
    outcomes: list[Outcome] = []
    problems: list[str] = []
    for test in claim.tests:
        used = [found[name] for name in test.findings()]
        broken = [one for one in used if isinstance(one, str)]
        problems += broken
        if not broken:
            try:
                outcomes.append(_outcome(test, [one for one in used if isinstance(one, Finding)]))
            except FindingError as error:
                problems.append(str(error))
    grade = None if problems else combined([one.grade for one in outcomes], claim.needs)
    decisive = next((one for one in outcomes if one.grade == grade), None)
    kinds = {one.kind for one in outcomes}
    return GradedClaim(
        claim.id,
        claim.statement,
        claim.reading,
        claim.origin,
        claim.falsifier,
        claim.needs,
        grade,
        tuple(kind for kind in get_args(Kind) if kind in kinds),
        tuple(outcomes),
        decisive if decisive or not outcomes or problems else outcomes[0],
        tuple(dict.fromkeys(problems)),
    )


def combined(grades: list[Grade], needs: Literal["all", "any"]) -> ClaimGrade:
    """The grade of a claim that needs all, or any, of its tests.

    A claim that needs all falls with any that is contradicted; one that needs any, with all.
    """
    if not grades:
        return "untested"
    whole, one = (all, any) if needs == "all" else (any, all)
    if whole(grade == "supported" for grade in grades):
        return "supported"
    if one(grade == "contradicted" for grade in grades):
        return "contradicted"
    return "not shown"


def _outcome(test: Rule, findings: list[Finding]) -> Outcome:
    finding, other = findings[0], None
    named = test.quantity
    quantity = finding.quantities[0] if named is None else finding.quantity(named)
    if isinstance(test, Verdict):
        grade = test.grade_of(finding.grade)
    elif isinstance(test, Compared):
        other = findings[1].quantity(test.other.quantity)
        grade = test.grade_of(quantity, other)
    else:
        grade = test.grade_of(quantity)
    kind = min((one.kind for one in findings), key=get_args(Kind).index)
    quick = any(one.quick for one in findings)
    return Outcome(finding.name, quantity, other, test.asks(), grade, kind, quick)
