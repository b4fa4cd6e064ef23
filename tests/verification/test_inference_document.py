"""VERIFICATION_INFERENCE.md is made of its sections, and each of what its cases gave."""

import pandas as pd
import pytest

from tests.verification.inference import kinds
from tests.verification.inference.document import KINDS, document
from tests.verification.inference.reached import reached
from tests.verification.inference.write_table import case_hash, code_hash, summarised
from tests.verification.sections import Section, written


@pytest.fixture(scope="module")
def sections() -> list[Section]:
    """Every section, from two data sets of its first case that stand for all cases."""
    found = []
    for kind in KINDS.values():
        cases = kind.cases()
        summary = summarised(pd.DataFrame([kind.row(cases[0], number) for number in range(2)]))
        found.append(kind.section({case.name: summary for case in cases}))
    return found


def test_the_document_is_made_of_the_sections_in_their_order(sections: list[Section]) -> None:
    assert [section.name for section in sections] == list(KINDS)
    found = written(document(sections))
    assert [section.title for section in found] == [section.title for section in sections]
    assert [section.text() for section in found] == [section.text() for section in sections]
    assert [section.required for section in found] == [section.required for section in sections]


def test_every_section_has_a_text_and_a_table_and_all_but_one_require(
    sections: list[Section],
) -> None:
    for section in sections:
        assert section.blocks[0].endswith(".")
        assert any(block.startswith("| ") for block in section.blocks)
        assert section.required or section.name == "statistics"


@pytest.mark.parametrize("name", list(KINDS))
def test_cases_of_a_kind_are_told_apart(name: str) -> None:
    cases = KINDS[name].cases()
    assert len({case.name for case in cases}) == len(cases)
    assert len({case_hash(name, case) for case in cases}) == len(cases)


def test_a_hash_follows_the_code_of_a_row_and_not_the_text_of_a_section() -> None:
    codes = {name: code_hash(kind) for name, kind in KINDS.items()}
    assert len(set(codes.values())) == len(codes)
    text = reached(KINDS["coverage"].row)
    assert "_autoregressive" in text  # of another module: how the data are drawn
    assert "Coverage where there is a break" not in text


def test_what_is_required_of_a_rate_leaves_two_standard_errors() -> None:
    assert kinds.errors_at_most("x", 0.0597, 2000).met
    assert not kinds.errors_at_most("x", 0.0598, 2000).met
    assert kinds.covers_at_least("x", 0.9403, 2000).met
    assert not kinds.covers_at_least("x", 0.9402, 2000).met
