"""VERIFICATION.md can be made one section at a time."""

from pathlib import Path

import pytest

from tests.verification.sections import Required, Section, at_most, composed, written
from tests.verification.write_table import DOCUMENT, SECTIONS, document

FIRST = Section("first", "First", ("Text.", "| a |\n| --- |\n| b |"), (at_most("x", 1.0, 2.0),))
SECOND = Section("second", "Second", ("More.",), (at_most("x", 3.0, 2.0), at_most("y", 1.0, 2.0)))


def test_the_document_as_it_stands_is_read_back_to_the_letter() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    found = written(text)
    assert len(found) == len(SECTIONS)
    assert document(found) == text


def test_requirements_are_counted_with_their_section() -> None:
    first, second = written(document([FIRST, SECOND]))
    assert first.required == FIRST.required
    assert second.required == SECOND.required
    assert [item.met for item in second.required] == [False, True]
    assert "2 of 3 requirements are met." in document([first, second])


@pytest.mark.parametrize("name", ["first", "second", "third"])
def test_a_kept_section_takes_its_place_and_leaves_the_others(tmp_path: Path, name: str) -> None:
    titles = {"first": "First", "second": "Second", "third": "Third"}
    fresh = Section(name, titles[name], ("New.",), (Required("z", "1", "≥ 1", True),))
    fresh.save(tmp_path)
    before = document([FIRST, SECOND])
    found = composed(["first", "second", "third"], before, tmp_path)
    expected = [s for s in (FIRST, SECOND) if s.name != name]
    assert [s.title for s in found] == sorted({"First", "Second", titles[name]})
    assert [s.text() for s in found if s.title != fresh.title] == [s.text() for s in expected]
    assert next(s for s in found if s.title == fresh.title).required == fresh.required


def test_where_all_are_kept_the_old_document_counts_for_nothing(tmp_path: Path) -> None:
    FIRST.save(tmp_path)
    found = composed(["first"], document([SECOND]), tmp_path)
    assert [section.title for section in found] == ["First"]
