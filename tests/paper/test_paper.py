"""The paper: no typed result, same bytes twice, refusal of what is missing, stale or unknown."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from smcollapse.questions.ledgers.file import read_ledger
from tests.claims_repository import LEDGER, ROOT, write_paper_repository

MAIN = ROOT / "paper" / "main.typ"
NOT_PROSE = (
    r"//[^\n]*",  # comments
    r"`[^`]*`",
    r"\$[^$]*\$",  # equations
    r"@[\w-]+|<[\w-]+>",  # citations and labels
    r'"[^"\n]*"',  # names of files, findings, terms
    r"#(?:set|show|let)\b[^\n]*(?:\n[ )}\]][^\n]*)*",  # layout
)
LAYOUT = re.compile(
    r"\b\d+(?:\.\d+)?(?:cm|pt|em|fr)\b|(?:colspan|columns): \d|\.at\(\d\)|columns\(\d"
)


def prose(text: str) -> str:
    """What a reader would see as typed words."""
    for pattern in NOT_PROSE:
        text = re.sub(pattern, " ", text)
    return LAYOUT.sub(" ", text)


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(folder / "build.py")], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a paper that has been built from made-up findings."""
    pytest.importorskip("typst")
    folder = write_paper_repository(tmp_path_factory.mktemp("repository"))
    done = build(folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def test_no_number_is_typed() -> None:
    """All numbers come from findings, studies and the published claim; none is typed."""
    typed = re.findall(r"[^\n]*\d[^\n]*", prose(MAIN.read_text(encoding="utf-8")))
    assert typed == []


@pytest.mark.parametrize("typed", ["Recall falls by 21.6 %.", "(in 8 of nine)", "[−3.6, +1.5]"])
def test_a_typed_number_would_be_found(typed: str) -> None:
    text = MAIN.read_text(encoding="utf-8").replace("= Mitigations", f"{typed}\n\n= Mitigations")
    assert re.search(r"\d", prose(text))


def test_no_semicolon_is_swallowed() -> None:
    """After a call in the text a bare semicolon ends the call and is not printed."""
    text = MAIN.read_text(encoding="utf-8")
    assert re.findall(r"#\w+\([^()]*\);", text) == []


def test_every_claim_and_finding_of_the_text_is_in_the_ledger() -> None:
    text, ledger = MAIN.read_text(encoding="utf-8"), read_ledger(LEDGER)
    claims = set(re.findall(r'#(?:verdict|claim|grade|apart|judged|by)\("([^"]+)"', text))
    findings = set(re.findall(r'#(?:num|value|size|conclusion)\("([^"]+)"', text))
    assert len(claims) > 20
    assert claims <= {claim.id for claim in ledger.claims}
    assert findings <= set(ledger.cited())


def test_two_builds_are_the_same_bytes(built: Path) -> None:
    first = {path: path.read_bytes() for path in (*built.glob("*.pdf"), *built.glob("generated/*"))}
    assert len(first) == 9
    for path in first:
        path.unlink()
    assert build(built).returncode == 0
    assert {path: path.read_bytes() for path in first} == first


def test_a_missing_finding_stops_the_build(built: Path) -> None:
    file = built / "data" / "limitations" / "how_rare.json"
    content = file.read_bytes()
    file.unlink()
    done = build(built)
    file.write_bytes(content)
    assert done.returncode == 1
    assert "finding 'how_rare' is missing" in done.stderr


def test_a_stale_finding_stops_the_build(built: Path) -> None:
    script = built.parent / "analyses" / "headline.py"
    content = script.read_text()
    script.write_text("NAME = 'changed'\n")
    done = build(built)
    script.write_text(content)
    assert done.returncode == 1
    assert "finding 'atlas' is older than the script that makes it" in done.stderr
    assert "run analyses/headline.py again" in done.stderr


def test_a_moved_version_stops_the_build(built: Path) -> None:
    file = built / "data" / "findings" / "atlas.json"
    content = file.read_text(encoding="utf-8")
    file.write_text(content.replace('"theory": ', '"theory": 9'), encoding="utf-8")
    done = build(built)
    file.write_text(content, encoding="utf-8")
    assert done.returncode == 1
    assert "finding 'atlas' was made with theory 9" in done.stderr


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ('#num("atlas", "no such term")', "the findings have no number of atlas 'no such term'"),
        ('#verdict("no-such-claim")', "the findings have no claim 'no-such-claim'"),
        ('#conclusion("no_such")', "the findings have no finding 'no_such'"),
        ('#design("atlas", "colour")', "the findings have no constant of atlas 'colour'"),
    ],
)
def test_an_unknown_name_stops_the_compilation(built: Path, asked: str, reason: str) -> None:
    """Compiled within this process, on the numbers of the sound build."""
    import typst

    text = (built / "main.typ").read_text(encoding="utf-8")
    changed = built / "changed.typ"
    changed.write_text(text.replace("= Mitigations", f"{asked}\n\n= Mitigations"), encoding="utf-8")
    with pytest.raises(typst.TypstError, match=re.escape(reason)):
        typst.Compiler(changed, root=built).compile(format="pdf")
    changed.unlink()
