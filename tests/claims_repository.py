"""A small repository for tests: the real ledger with made-up findings that it can cite."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from smcollapse.questions.ledgers.file import parse_ledger
from smcollapse.questions.ledgers.findings import Finding, Quantity, write_finding
from smcollapse.questions.ledgers.ledger import Compared, Ledger
from smcollapse.questions.ledgers.scripts import stamped

ROOT = Path(__file__).resolve().parents[1]
LEDGER = ROOT / "analyses" / "claims.toml"


def finding(name: str, *quantities: Quantity, **changed: object) -> Finding:
    """A finding with these quantities, or one that is 0.1 [0, 0.2]."""
    said: dict[str, object] = {
        "name": name,
        "title": f"Title of {name}",
        "statement": "A sentence.",
        "design": "A design.",
        "falsifier": "A result.",
        "verdict": f"What {name} concludes",
        "grade": "supported",
        "kind": "toy training",
        "quantities": quantities or (Quantity("number", 0.1, 0.0, 0.2, "points"),),
    }
    return Finding(**{**said, **changed})  # type: ignore[arg-type]


def write_repository(
    folder: Path, text: str | None = None, extra: dict[str, set[str]] | None = None
) -> Path:
    """The ledger in `folder/analyses`, with a script and a finding for all that it cites.

    extra : terms that findings shall have beyond those of the ledger, by finding
    """
    place = folder / "analyses" / "claims.toml"
    place.parent.mkdir(parents=True)
    place.write_text(text or LEDGER.read_text(encoding="utf-8"), encoding="utf-8")
    ledger = parse_ledger(place.read_text(encoding="utf-8"), str(place))
    for name in ledger.cited():
        terms = sorted(_terms(ledger, name) | (extra or {}).get(name, set()))
        quantities = tuple(Quantity(term, -0.1, -0.2, -0.05, "points") for term in terms)
        results = ledger.results_of(name)
        scripts = [folder / script.format(name=name) for script in results.code]
        for script in scripts:
            script.parent.mkdir(parents=True, exist_ok=True)
            script.write_text(f"NAME = {script.stem!r}\n")
        made = finding(name, *quantities, details=DRAWN.get(name, {}))
        written = folder / results.file.format(name=name)
        write_finding(stamped(made, *scripts), written.parent)
    return place


def _terms(ledger: Ledger, name: str) -> set[str]:
    tests = [test for claim in ledger.claims for test in claim.tests]
    own = {test.quantity for test in tests if test.finding == name and test.quantity}
    compared = [test.other for test in tests if isinstance(test, Compared)]
    return own | {other.quantity for other in compared if other.finding == name}


SHARES = [0.0, 0.3, 0.6]
CURVE = {"share": SHARES} | {
    name: [0.9, 0.8, 0.7]
    for measure in ("rare_recall", "mean_confidence", "ece", "template_recall")
    for name in (measure, f"{measure}_se")
}
POINTS = {
    "condition": ["reference"] * 9,
    "measure": ["rare_recall"] * 3 + ["mean_confidence"] * 3 + ["ece"] * 3,
    "share": SHARES * 3,
    "trained": [0.9, 0.8, 0.7] * 3,
    "predicted": [0.9, 0.8, 0.7] * 3,
}
DRAWN: dict[str, dict[str, object]] = {
    "atlas": {"curves": {"reference": CURVE, "real only": CURVE}},
    "atlas_theory": {"points": POINTS},
    "language": {"curves": {"templated": CURVE, "varied": CURVE}},
    "corpus": {"curves": {"reference": CURVE, "real only": CURVE}},
    "polish": {"curves": {f"polish {polish}, noise 0.1": CURVE for polish in ("0.0", "1.0")}},
}
"""What the figures of the paper are drawn from."""


def write_paper_repository(folder: Path) -> Path:
    """The paper's sources in `folder/paper`, beside a ledger and all numbers it asks for."""
    text = (ROOT / "paper" / "main.typ").read_text(encoding="utf-8")
    asked: dict[str, set[str]] = {}
    for name, term in re.findall(r'#(?:num|value|size)\("([^"]+)", "([^"]+)"\)', text):
        asked.setdefault(name, set()).add(term)
    moved = {"tempering low", "filter strong"}
    for term in ("shift of the onset", "rare recall"):
        asked["atlas_conditions"] |= {f"{condition}: {term}" for condition in moved}
    asked["mitigations"] = {f"weighting: {measure}" for measure in ("rare_recall", "ece")}
    write_repository(folder, extra=asked)
    for name in ("main.typ", "build.py", "drawing.py", "references.bib"):
        shutil.copyfile(ROOT / "paper" / name, folder / "paper" / name)
    return folder / "paper"
