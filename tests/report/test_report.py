"""The report as files: self-contained, escaped, repeatable, honest about what is missing."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

import smcollapse
from smcollapse.errors import StoreError
from smcollapse.questions.answer import answer_of
from smcollapse.report.making import command_of
from smcollapse.report.page import tone
from smcollapse.report.tables import claim_table, condition_table
from smcollapse.store import Store

HOSTILE_TITLE = '<script>alert(1)</script> & \\"quoted\\" {{ 7 * 7 }} $x$'
HOSTILE_NAME = "low --></svg><img src=x onerror=alert(1)> $\\frac$ 漢"
STUDY = f"""
name = "tiny"
title = "{HOSTILE_TITLE}"
seed = 2
replicates = 3
[scenario]
world = {{ kind = "facts", n_contexts = 60, test_size = 1000 }}
source = {{ polish = 1.0 }}
mixture = {{ budget = 2000 }}
model = {{ kind = "count_table" }}
[axes]
mixture.share = [SHARES]
[[variants]]
name = '{HOSTILE_NAME}'
set = {{ source.coverage = 0.35 }}
[[variants]]
name = "real only"
set = {{ mixture.design = "real_only" }}
"""
FIGURES = ("measures", "onsets", "knobs", "reliability")
VOID = {"meta", "br", "img", "link", "hr", "input"}


def _run(folder: Path, shares: list[float]) -> Store:
    text = STUDY.replace("SHARES", ", ".join(f"{share:.3f}" for share in shares))
    study = smcollapse.parse_study(text, "tiny")
    return smcollapse.run_study(study, folder, device="cpu", workers=1).store


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    shares = [0.0, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6]
    return _run(tmp_path_factory.mktemp("report") / "tiny", shares)


@pytest.fixture(scope="module")
def page(store) -> str:
    return smcollapse.write_report(store).page.read_text(encoding="utf-8")


class Structure(HTMLParser):
    """Elements, attributes and text of a page; fails where tags do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element, line {self.getpos()}"


def _structure(page: str) -> Structure:
    structure = Structure()
    structure.feed(page)
    structure.close()
    assert structure.open == []
    return structure


def test_default_folder_and_files(store, page):
    folder = store.folder / "report"
    expected = {f"{name}.{suffix}" for name in FIGURES for suffix in ("png", "svg")}
    assert {path.name for path in folder.iterdir()} == expected | {"report.html"}
    assert (folder / "measures.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_asks_for_nothing_outside(page):
    structure = _structure(page)
    outside = [
        value
        for _, attributes in structure.elements
        for name, value in attributes.items()
        if name in ("src", "href", "xlink:href", "action", "data", "srcset", "style")
        and value
        and not value.startswith("#")
        and (name != "style" or "http" in value or re.search(r"url\((?!#)", value))
    ]
    assert outside == []
    tags = {tag for tag, _ in structure.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "image", "foreignobject"}
    assert "svg" in tags
    policies = [
        attributes["content"]
        for tag, attributes in structure.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    urls = set(re.findall(r"https?://[^\s\"'<]+", page))
    assert urls <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_references_inside_the_page_are_unique_and_exist(page):
    elements = _structure(page).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    used = set(re.findall(r"url\(#([^)]+)\)", page))
    used |= {a["xlink:href"].removeprefix("#") for _, a in elements if a.get("xlink:href")}
    assert used
    assert used <= set(ids)


def test_what_comes_from_the_user_is_escaped(page):
    title = HOSTILE_TITLE.replace('\\"', '"')
    assert title not in page
    assert "<script" not in page.lower()
    assert "onerror=alert(1)>" not in page
    text = unescape(re.sub(r"<[^>]*>", "", re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)))
    assert title in text
    assert HOSTILE_NAME in text


def test_the_page_holds_the_numbers_of_the_answer(store, page):
    answer = answer_of(store)
    text = unescape(page)
    assert answer.text in text
    for table in (claim_table(answer), condition_table(answer)):
        for row in table.rows:
            for cell in row:
                assert cell in text
    for note in answer.notes:
        assert note in text
    assert f"{answer.n_models} of {answer.n_planned} trained" in text
    assert "numpy" in text
    assert "smcollapse run study.toml" in page
    assert "[scenario.world]" in text


def test_files_are_replaced_byte_for_byte_and_nothing_else_is_touched(store, page, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "mine.txt").write_text("keep")
    (folder / "measures.svg").write_text("old")
    report = smcollapse.write_report(store, folder)
    first = store.folder / "report"
    for path in (report.page, *report.figures):
        assert path.read_bytes() == (first / path.name).read_bytes(), path.name
    assert (folder / "mine.txt").read_text() == "keep"
    names = {path.name for path in folder.iterdir()}
    assert names == {path.name for path in first.iterdir()} | {"mine.txt"}


def test_a_folder_that_cannot_be_written_is_an_error(store, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(StoreError, match="cannot be written"):
        smcollapse.write_report(store, blocked)
    assert blocked.read_text() == "not a folder"


def test_a_partial_store_gives_a_page_with_a_note(tmp_path):
    shares = [round(0.6 * i / 21, 3) for i in range(22)]
    store = _run(tmp_path / "partial", shares)
    parts = [store.part(key) for key, _ in store.plan]
    assert len(parts) > 3  # each replicate is cut, so that a missing part leaves holes
    parts[0].unlink()
    done, planned = store.count()
    assert 0 < done < planned
    raw = smcollapse.write_report(store).page.read_text(encoding="utf-8")
    _structure(raw)
    page = unescape(raw)
    assert f"Provisional: {done} of {planned} models are trained" in page
    assert "cells have no row" in page


def test_one_share_gives_a_page_that_says_why_there_is_no_onset(tmp_path):
    store = _run(tmp_path / "single", [0.4])
    report = smcollapse.write_report(store)
    page = unescape(report.page.read_text(encoding="utf-8"))
    assert "needs at least 2 distinct shares, got 1 (0.4)" in page
    assert "a curve, and with it an onset, needs several shares" in page
    assert "no estimate" in page
    assert "Nothing of the claim can be compared" in page
    assert (store.folder / "report" / "reliability.svg").exists()


def test_the_command_names_a_shipped_study_and_its_replicates(store):
    shipped = smcollapse.load_study("atlas-small", replicates=3)
    named = Store(store.folder, shipped, "cpu", ())
    assert command_of(named) == "smcollapse run atlas-small --replicates 3"
    changed = smcollapse.load_study("atlas-small", seed=7)
    assert command_of(Store(store.folder, changed, "cpu", ())) == "smcollapse run study.toml"


@pytest.mark.parametrize(
    ("verdict", "style"),
    [
        ("agrees", "agrees"),
        ("compatible", "agrees"),
        ("contradicted: earlier", "contradicted"),
        ("compatible, not decided", "open"),
        ("no interval", "open"),
    ],
)
def test_verdicts_have_a_tone(verdict, style):
    assert tone(verdict) == style
