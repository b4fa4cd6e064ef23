"""The ledger of claims: rules, computed grades, and refusal of what is missing or stale."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from smcollapse.questions.claim import published_claim
from smcollapse.questions.ledgers.claims import claims_report, combined, repository_ledger
from smcollapse.questions.ledgers.file import LedgerError, parse_ledger, read_ledger
from smcollapse.questions.ledgers.findings import Quantity, write_finding
from smcollapse.questions.ledgers.ledger import (
    Above,
    Below,
    Compared,
    Equals,
    Inside,
    Other,
    Verdict,
)
from smcollapse.questions.ledgers.scripts import stamped
from smcollapse.report.claims import claim_rows, quantity_text
from tests.claims_repository import LEDGER, finding, write_repository

NAMED = {"finding": "f", "quantity": "q"}
SMALL = """
root = ".."

[[results]]
names = ["first", "second"]
file = "data/{name}.json"
code = ["code/{name}.py"]

[[claims]]
id = "both"
statement = "It falls, and the other one agrees."
reading = "points"
origin = "ours"
falsifier = "It rises."

[[claims.tests]]
rule = "below"
finding = "first"
quantity = "loss"
value = 0.0

[[claims.tests]]
rule = "verdict"
finding = "second"

[[claims]]
id = "nobody-looked"
statement = "Nobody looked."
reading = "none"
origin = "published"
falsifier = "A look."
"""


def interval(lower: float | None, upper: float | None, value: float | None = 0.0) -> Quantity:
    return Quantity("q", value, lower, upper, "points")


@pytest.mark.parametrize(
    ("lower", "upper", "grade"),
    [
        (0.39, 0.41, "supported"),
        (0.38, 0.42, "supported"),
        (0.37, 0.41, "not shown"),
        (0.41, None, "not shown"),
        (0.30, 0.37, "contradicted"),
        (0.43, None, "contradicted"),
    ],
)
def test_inside(lower: float, upper: float | None, grade: str) -> None:
    test = Inside(rule="inside", lower=0.38, upper=0.42, **NAMED)
    assert test.grade_of(interval(lower, upper)) == grade


@pytest.mark.parametrize(
    ("lower", "upper", "grade"),
    [
        (-0.22, -0.20, "supported"),
        (-0.214, -0.2145 + 0.001, "supported"),
        (-0.40, -0.10, "not shown"),  # holds the claimed value, and nearly all others
        (None, None, "not shown"),
        (-0.20, -0.19, "contradicted"),
        (-0.30, -0.22, "contradicted"),
        (0.20, 0.22, "contradicted"),  # of the opposite sign
    ],
)
def test_equals(lower: float | None, upper: float | None, grade: str) -> None:
    test = Equals(rule="equals", value=-0.21, rounding=0.005, resolution=0.0525, **NAMED)
    assert test.grade_of(interval(lower, upper)) == grade


def test_sides() -> None:
    above, below = Above(rule="above", value=0.0, **NAMED), Below(rule="below", value=0.0, **NAMED)
    for ends, if_above, if_below in (
        ((0.1, 0.2), "supported", "contradicted"),
        ((-0.2, -0.1), "contradicted", "supported"),
        ((-0.1, 0.1), "not shown", "not shown"),
        ((0.1, None), "supported", "contradicted"),
        ((None, -0.1), "contradicted", "supported"),
    ):
        assert above.grade_of(interval(*ends)) == if_above
        assert below.grade_of(interval(*ends)) == if_below


def test_order_of_two() -> None:
    other = Other(finding="g", quantity="q")
    test = Compared(rule="larger", other=other, **NAMED)
    assert test.grade_of(interval(0.3, 0.4), interval(0.1, 0.2)) == "supported"
    assert test.grade_of(interval(0.1, 0.2), interval(0.3, 0.4)) == "contradicted"
    assert test.grade_of(interval(0.1, 0.3), interval(0.2, 0.4)) == "not shown"


def test_verdict_of_the_opposite_is_turned() -> None:
    turned = Verdict(rule="verdict", finding="f", turned=True)
    assert [turned.grade_of(grade) for grade in ("supported", "contradicted", "not shown")] == [
        "contradicted",
        "supported",
        "not shown",
    ]


def test_all_and_any() -> None:
    assert combined([], "all") == combined([], "any") == "untested"
    mixed = ["supported", "contradicted", "not shown"]
    assert (combined(mixed, "all"), combined(mixed, "any")) == ("contradicted", "supported")
    open_ = ["supported", "not shown"]
    assert (combined(open_, "all"), combined(open_, "any")) == ("not shown", "supported")
    assert combined(["contradicted", "not shown"], "any") == "not shown"
    assert combined(["contradicted"], "any") == "contradicted"


def test_grades_are_computed_from_findings(tmp_path: Path) -> None:
    place = write_repository(tmp_path, SMALL)
    report = claims_report(place)
    both, nobody = report.claims
    assert report.problems == ()
    assert (both.grade, both.evidence) == ("supported", ("toy training",))
    assert both.decisive is not None
    assert both.decisive.quantity.term == "loss"
    assert (nobody.grade, nobody.evidence, nobody.decisive) == ("untested", (), None)
    assert claim_rows(report)[0][:4] == ("both", "points", "supported", "toy training")

    other = finding("second", grade="contradicted", kind="real data")
    write_finding(stamped(other, tmp_path / "code" / "second.py"), tmp_path / "data")
    both = claims_report(place).claims[0]
    assert (both.grade, both.evidence) == ("contradicted", ("toy training", "real data"))
    assert both.decisive is not None
    assert both.decisive.finding == "second"


def test_a_typed_grade_is_refused() -> None:
    text = SMALL.replace('reading = "points"', 'reading = "points"\ngrade = "supported"')
    with pytest.raises(LedgerError, match=r"ledger:13: unknown key 'grade'"):
        parse_ledger(text, "ledger")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"below"',
            '"blow"',
            r"l:17: claims.1.tests.1: unknown rule 'blow' — did you mean 'below'",
        ),
        ('rule = "below"\n', "", r"l:16: claims.1.tests.1: rule must be given: one of inside"),
        ("value = 0.0", 'value = "0"', r"l:20: claims.1.tests.1.value: must be a number"),
        ("value = 0.0", "valeu = 0.0", r"l:20: unknown key 'valeu' — did you mean 'value'"),
        ('"first"\nq', '"frist"\nq', r"l:18: claim 'both': no results name .* mean 'first'"),
        ('"nobody-looked"', '"both"', r"l:10: claim 'both' stands 2 times"),
        ('reading = "none"', 'reading = "log"', r"l:29: claims.2.reading: must be 'points'"),
        ('origin = "ours"', "", r"claims.1.origin: must be given"),
        ("[[claims]]", "[[claims]", r"l: not valid TOML"),
    ],
)
def test_errors_name_the_line(old: str, new: str, message: str) -> None:
    with pytest.raises(LedgerError, match=message):
        parse_ledger(SMALL.replace(old, new), "l")


def test_no_such_ledger(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no ledger of claims"):
        read_ledger(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "harm", ["missing", "damaged", "stale", "moved", "no script", "no quantity"]
)
def test_what_cannot_be_used_is_named(tmp_path: Path, harm: str) -> None:
    place = write_repository(tmp_path, SMALL)
    file, script = tmp_path / "data" / "first.json", tmp_path / "code" / "first.py"
    if harm == "missing":
        file.unlink()
    elif harm == "damaged":
        file.write_bytes(file.read_bytes()[:-40])
    elif harm == "stale":
        script.write_text("NAME = 'other'\n")
    elif harm == "moved":
        file.write_text(file.read_text().replace('"inference": ', '"inference": 9'))
    elif harm == "no script":
        script.unlink()
    else:
        text = file.read_text().replace('"term": "loss"', '"term": "gain"')
        file.write_text(text)
    report = claims_report(place)
    assert len(report.problems) == 1
    assert "first" in report.problems[0]
    both, nobody = report.claims
    assert (both.grade, nobody.grade) == (None, "untested")
    assert report.problems[0] in claim_rows(report)[0][-1]


def test_a_comment_in_the_script_makes_nothing_stale(tmp_path: Path) -> None:
    place = write_repository(tmp_path, SMALL)
    script = tmp_path / "code" / "first.py"
    script.write_text("# a comment\n" + script.read_text())
    assert claims_report(place).problems == ()


def test_command(tmp_path: Path) -> None:
    """Exit codes 0, 1 with the name of a result, 2 with the line of the ledger."""
    place = write_repository(tmp_path, SMALL)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "smcollapse_cli.main", "claims", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    sound = run(str(place), "--json")
    assert (sound.returncode, sound.stderr) == (0, "")
    assert [claim["grade"] for claim in json.loads(sound.stdout)["claims"]] == [
        "supported",
        "untested",
    ]
    (tmp_path / "data" / "second.json").unlink()
    missing = run(str(place))
    assert missing.returncode == 1
    assert "error: finding 'second' is missing" in missing.stderr
    assert "no grade" in missing.stdout
    place.write_text(SMALL.replace('"below"', '"blow"'))
    wrong = run(str(place))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert f"{place}:17: " in wrong.stderr


def test_numbers_in_words() -> None:
    assert quantity_text(Quantity("q", -0.215, -0.221, -0.209, "points")) == (
        "−21.5\u00a0points [−22.1, −20.9]"
    )
    assert quantity_text(Quantity("q", 0.433, 0.428, 0.439, "share")) == "43.3\u00a0% [42.8, 43.9]"
    assert quantity_text(Quantity("q", None, 0.6, None, "share")) == (
        "not reached, above 60.0\u00a0%"
    )
    assert quantity_text(Quantity("q", -0.51, -0.53, -0.49, "number")) == "−0.51 [−0.53, −0.49]"
    assert quantity_text(Quantity("q", 4446.0, None, None, "number")) == "4446"
    assert quantity_text(Quantity("q", 8.0, 8.0, 8.0, "number")) == "8"
    assert quantity_text(Quantity("q", 1.0, 1.0 - 1e-14, 1.0, "relative")) == "+100.0\u00a0%"
    assert quantity_text(Quantity("q", 0.0013, 0.0013, 0.0013, "points")) == "+0.13\u00a0points"


def test_the_ledger_asks_for_the_published_numbers() -> None:
    """One home of the published numbers is `claim.toml`; the ledger must say the same."""
    claim, ledger = published_claim(), read_ledger(LEDGER)
    asked = {one.id: one for one in ledger.claims}
    assert repository_ledger() == LEDGER
    for test in asked["onset-band"].tests:
        assert isinstance(test, Inside)
        assert (test.lower, test.upper) == claim.onset
    names = {"recall": "rare_recall", "confidence": "mean_confidence", "calibration": "ece"}
    changes = {one.measure: one for one in claim.effects}
    checked = 0
    for one in ledger.claims:
        measure = names.get(one.id.split("-")[0])
        if measure is None or one.origin != "published":
            continue
        assert one.reading in changes[measure].readings
        for test in one.tests:
            assert isinstance(test, Equals)
            assert (test.value, test.rounding) == (changes[measure].change, claim.rounding)
            assert test.resolution == pytest.approx(abs(test.value) / 4.0)
            checked += 1
    assert checked == 19


def test_every_limitation_is_cited() -> None:
    """What an analysis finds out about the answer stands in the ledger."""
    analyses = (LEDGER.parent / "limitations").glob("[!_]*.py")
    names = {path.stem for path in analyses}
    assert len(names) >= 17
    assert names <= set(read_ledger(LEDGER).cited())


def test_every_claim_can_be_refuted() -> None:
    """No claim of the ledger is left without a test, and each says what would refute it."""
    for claim in read_ledger(LEDGER).claims:
        assert claim.tests, claim.id
        assert claim.falsifier.endswith("."), claim.id
