"""Limitation analyses: the catalog, what is kept and what is made anew, the page, one real run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smcollapse.questions.ledgers.findings import Finding, Quantity, read_finding, write_finding
from smcollapse.questions.limitations import studies
from smcollapse.questions.limitations.limits import (
    Analysis,
    Lab,
    Limits,
    LimitsError,
    catalog,
    conditions_by_label,
    curves_of,
    run_limits,
)
from smcollapse.report.limitations import (
    COLUMNS,
    collect,
    drawn,
    finding_row,
    markdown_of,
    page_of_limitations,
    write_limitations,
)
from smcollapse.study import Study
from smcollapse.versions import VERSIONS
from tests.conftest import Said

Program = Callable[..., Said]

FILE = '''"""{title}

Claim: {claim}

Design: Nothing but
two lines.

Falsifier: {falsifier}
"""

ORDER = {order}
MADE = []


def analyse(lab):
    from matplotlib.figure import Figure

    from smcollapse.questions.ledgers.findings import Quantity

    MADE.append(lab.quick)
    {first}
    figure = Figure()
    figure.subplots().plot([0, 1], [0, {value}])
    number = Quantity("number", {value}, 0.0, 9.0, "number")
    return lab.finding([number], "it is <b>so</b> | so", "supported", "theory only"), figure
'''
BASE: dict[str, Any] = {
    "title": "One & only <i>title</i>",
    "claim": "It is so.",
    "falsifier": "It is not so.",
    "order": 1,
    "first": "pass",
    "value": 1.0,
}


@pytest.fixture
def shelf(tmp_path: Path) -> Callable[..., dict[str, Analysis]]:
    """Name and settings of an analysis → the catalog of the folder that it is written into."""
    folder = tmp_path / "shelf"
    folder.mkdir()

    def write(name: str, **settings: Any) -> dict[str, Analysis]:
        (folder / f"{name}.py").write_text(FILE.format(**BASE | settings), encoding="utf-8")
        return catalog(folder)

    return write


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "out", workers=1, device="cpu")


def run(known: dict[str, Analysis], lab: Lab) -> Limits:
    return run_limits(list(known), lab, drawn, known=known)


def test_every_file_of_the_catalog_is_an_analysis() -> None:
    known = catalog()
    assert len(known) >= 9
    orders = [one.order for one in known.values()]
    assert len(set(orders)) == len(orders), "two analyses have the same ORDER"
    assert orders == sorted(orders)
    for one in known.values():
        assert callable(one.analyse)
        assert re.fullmatch(r"[a-z_]+", one.name)
        for text in (one.claim, one.design, one.falsifier):
            assert len(text.split()) > 5, one.name
            assert text.endswith("."), one.name


@pytest.mark.parametrize("missing", ["Claim: ", "Design: ", "Falsifier: "])
def test_an_analysis_says_what_it_tests(
    missing: str, shelf: Callable[..., dict[str, Analysis]], tmp_path: Path
) -> None:
    shelf("one")
    path = tmp_path / "shelf" / "one.py"
    path.write_text(path.read_text().replace(missing, ""))
    with pytest.raises(LimitsError, match=rf"one\.py: its docstring needs .*'{missing.strip()}'"):
        catalog(tmp_path / "shelf")


def test_a_file_without_the_function_is_named(
    shelf: Callable[..., dict[str, Analysis]], tmp_path: Path, lab: Lab
) -> None:
    shelf("one")
    path = tmp_path / "shelf" / "one.py"
    path.write_text(path.read_text().replace("def analyse", "def other"))
    found = run(catalog(tmp_path / "shelf"), lab)
    assert "has no function analyse" in found.failures["one"]


def test_catalog_order_and_paragraphs(shelf: Callable[..., dict[str, Analysis]]) -> None:
    shelf("late", order=3)
    shelf("early", order=2)
    known = shelf("never", order="'none'")
    assert list(known) == ["early", "late", "never"]
    assert known["late"].design == "Nothing but two lines."


def test_what_is_done_is_kept(shelf: Callable[..., dict[str, Analysis]], lab: Lab) -> None:
    known = shelf("one")
    first = run(known, lab)
    assert first.made == ("one",)
    second = run(shelf("one"), lab)
    assert second.made == ()
    assert second.findings == first.findings
    files = {path.name for path in lab.folder.iterdir()}
    assert files == {"one.json", "one.png", "one.svg"}


@pytest.mark.parametrize(
    "change", [{"value": 2.0}, {"falsifier": "Another."}, {"claim": "Another."}], ids=str
)
def test_stale_findings_are_made_anew(
    change: dict[str, Any], shelf: Callable[..., dict[str, Analysis]], lab: Lab
) -> None:
    run(shelf("one"), lab)
    assert run(shelf("one", **change), lab).made == ("one",)


def test_a_moved_version_is_made_anew_and_not_shown(
    shelf: Callable[..., dict[str, Analysis]], lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = shelf("one")
    run(known, lab)
    monkeypatch.setitem(VERSIONS, "inference", VERSIONS["inference"] + 1)
    assert collect(lab.folder, known).missing == (known["one"],)
    assert run(known, lab).made == ("one",)
    assert collect(lab.folder, known).missing == ()
    assert run(known, lab).made == ()


def test_another_size_or_a_lost_figure_is_made_anew(
    shelf: Callable[..., dict[str, Analysis]], lab: Lab
) -> None:
    run(shelf("one"), lab)
    assert run(shelf("one"), replace(lab, quick=True)).made == ("one",)
    assert read_finding(lab.folder / "one.json").quick
    assert run(shelf("one"), lab).made == ("one",)
    (lab.folder / "one.svg").unlink()
    assert run(shelf("one"), lab).made == ("one",)


def test_a_failure_leaves_the_others(shelf: Callable[..., dict[str, Analysis]], lab: Lab) -> None:
    fail = "from smcollapse.errors import DataError; raise DataError('no rows')"
    shelf("bad", order=1, first=fail)
    worse = "from smcollapse.inference import InferenceError; raise InferenceError('no noise')"
    shelf("worse", order=2, first=worse)
    found = run(shelf("good", order=3), lab)
    assert found.made == ("good",)
    assert found.failures == {"bad": "no rows", "worse": "no noise"}
    with pytest.raises(LimitsError, match="'bad' failed: no rows\nanalysis 'worse' failed"):
        found.require_all()
    again = run(shelf("bad", order=1), lab)
    assert again.made == ("bad",)


def test_a_mistake_in_an_analysis_is_no_failure_of_the_user(
    shelf: Callable[..., dict[str, Analysis]], lab: Lab
) -> None:
    with pytest.raises(ZeroDivisionError):
        run(shelf("bad", first="1 / 0"), lab)


def test_an_unknown_name_is_refused_before_anything_runs(
    shelf: Callable[..., dict[str, Analysis]], lab: Lab
) -> None:
    known = shelf("one")
    with pytest.raises(LimitsError, match="no analysis 'ona' — did you mean 'one'"):
        run_limits(["one", "ona"], lab, drawn, known=known)
    assert not lab.folder.exists()


def test_studies_are_shared_and_counted(tiny: Study, lab: Lab) -> None:
    first, second = replace(lab, used={}), replace(lab, used={})
    store = first.run(tiny)
    before = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*.parquet")}
    again = second.run(tiny)
    after = {path: path.stat().st_mtime_ns for path in again.folder.rglob("*.parquet")}
    assert before == after
    assert first.models == second.models == 24
    assert list(conditions_by_label(store)) == ["reference"]
    assert curves_of(store, "reference", "rare_recall", control=True).n_replicates == 3
    with pytest.raises(LimitsError, match="no condition 'other'"):
        curves_of(store, "other", "rare_recall")


def test_a_quick_lab_reduces_studies(tiny: Study, lab: Lab) -> None:
    quick = replace(lab, quick=True, used={})
    store = quick.run(tiny, quick_replicates=2, quick_shares=(0.0, 0.5))
    assert store.folder.name == f"tiny-quick-{store.study.identity()[:6]}"
    assert quick.models == 2 * 2 * 2
    assert sorted(store.table()["share"].unique()) == [0.0, 0.5]


def test_page_and_markdown_escape_and_name_what_is_missing(
    shelf: Callable[..., dict[str, Analysis]], lab: Lab
) -> None:
    run(shelf("one"), lab)
    known = shelf("two", order=2, title="Second <script>")
    page = write_limitations(lab.folder, known).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<b>so" not in page
    assert "<i>title" not in page
    assert "One &amp; only" in page
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
    assert page.count("<svg") == 1
    assert "smcollapse limits two" in page
    text = (lab.folder / "LIMITATIONS.md").read_text(encoding="utf-8")
    assert "missing: not tested yet" in text
    assert "](one.png)" in text
    assert "it is &lt;b>so&lt;/b> \\| so" in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} <= {4, 7}


def test_a_damaged_finding_is_missing(shelf: Callable[..., dict[str, Analysis]], lab: Lab) -> None:
    known = shelf("one")
    run(known, lab)
    (lab.folder / "one.json").write_text("{")
    collected = collect(lab.folder, known)
    assert [one.name for one in collected.missing] == ["one"]
    assert "1 not tested yet" in page_of_limitations(collected)
    assert run(known, lab).made == ("one",)


def test_a_quick_finding_is_called_so(shelf: Callable[..., dict[str, Analysis]], lab: Lab) -> None:
    known = shelf("one")
    run(known, replace(lab, quick=True))
    assert "--quick" in markdown_of(collect(lab.folder, known))
    run(known, lab)
    assert "--quick" not in markdown_of(collect(lab.folder, known))


def test_the_row_of_a_finding_has_every_column(tmp_path: Path) -> None:
    number = Quantity("onset", 0.42, 0.40, 0.44, "share")
    finding = Finding(
        "one", "Title", "Said.", "Run.", "Not.", (number,), "so", "supported", "simulation", 12
    )
    write_finding(finding, tmp_path)
    row = dict(zip(COLUMNS, finding_row(finding), strict=True))
    assert row["what decides it"] == "onset: 42.0\u00a0% [40.0, 44.0]"
    assert row["models"] == "12"


def test_the_program_lists_and_refuses(smcollapse: Program, tmp_path: Path) -> None:
    said = smcollapse("limits")
    assert said.code == 0
    for name in catalog():
        assert name in said.out
    listed = json.loads(smcollapse("limits", "--list", "--json").out)
    assert [one["name"] for one in listed] == list(catalog())
    (tmp_path / "file").write_text("")
    said = smcollapse("limits", "--all", "--out", tmp_path / "file")
    assert (said.code, "is a file" in said.err) == (2, True), "refused before anything is trained"
    said = smcollapse("limits", "onset_definitoin", "--out", tmp_path / "out")
    assert (said.code, said.out) == (2, "")
    assert "did you mean 'onset_definition'" in said.err
    assert len(said.err.splitlines()) == 1


SMALL = studies.REFERENCE.replace("n_contexts = 200", "n_contexts = 100\ntest_size = 2000")
SMALL = SMALL.replace("budget = 20000", "budget = 10000\n\n[scenario.model]\nkind = 'count_table'")


def test_a_real_analysis_from_the_command_line(
    smcollapse: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studies, "REFERENCE", SMALL)
    out = tmp_path / "out"
    asked = ("limits", "estimator_choice", "--quick", "--out", out, "--workers", 1)
    said = smcollapse(*asked, "--device", "cpu", "--json")
    assert said.code == 0, said.err
    answer = json.loads(said.out)
    (finding,) = answer["findings"]
    assert answer["made"] == ["estimator_choice"]
    assert (finding["quick"], finding["models"]) == (True, 5 * 11 * 3)
    assert finding["quantities"][0]["lower"] < finding["quantities"][0]["upper"]
    page = (out / "limitations.html").read_text(encoding="utf-8")
    assert finding["falsifier"] in page
    assert f"{len(catalog()) - 1} not tested yet" in page
    assert json.loads(smcollapse(*asked, "--device", "cpu", "--json").out)["made"] == []
