"""Line numbers of keys in TOML texts."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smcollapse.toml_lines import key_lines, line_of

DOCUMENT = '''\
# a comment with = and [brackets]
name = "a # b"
text = """
budget = 3
[table] "" """""
literal = \'\'\'
share = 1 \'\'\'
[scenario.mixture]  # comment
budget = 10
"quoted key".inner = 'x = y'
inline = { a = 1, b.c = [
  1, # one
  { deep = 2 },
] }
when = 1979-05-27 07:32:00

[[variants]]
name = "a"
[variants.set]
mixture.share = 0.1
[[variants]]
name = "b"
set = { mixture.share = 0.2 }
[[variants.more]]
x = 1
[[variants.more]]
x = 2
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("name",), 2),
        (("text",), 3),
        (("literal",), 6),
        (("scenario",), 8),
        (("scenario", "mixture"), 8),
        (("scenario", "mixture", "budget"), 9),
        (("scenario", "mixture", "quoted key", "inner"), 10),
        (("scenario", "mixture", "inline", "a"), 11),
        (("scenario", "mixture", "inline", "b", "c", 0), 12),
        (("scenario", "mixture", "inline", "b", "c", 1, "deep"), 13),
        (("scenario", "mixture", "when"), 15),
        (("variants",), 17),
        (("variants", 0, "name"), 18),
        (("variants", 0, "set"), 19),
        (("variants", 0, "set", "mixture", "share"), 20),
        (("variants", 1), 21),
        (("variants", 1, "set", "mixture", "share"), 23),
        (("variants", 1, "more", 0, "x"), 25),
        (("variants", 1, "more", 1), 26),
        (("variants", 1, "more", 1, "x"), 27),
    ],
)
def test_each_key_is_found_in_its_line(path: tuple[str | int, ...], line: int) -> None:
    tomllib.loads(DOCUMENT)
    assert key_lines(DOCUMENT)[path] == line


def test_a_place_that_is_not_written_has_the_line_of_what_is_around_it() -> None:
    lines = key_lines(DOCUMENT)
    assert line_of(lines, ("scenario", "mixture", "share")) == 8
    assert line_of(lines, ("variants", 1, "set", "model", "width")) == 23
    assert line_of(lines, ("seed",)) == 1


def test_carriage_returns_count_once() -> None:
    assert key_lines('a = 1\r\n[b]\r\nc = "x"\r\n')[("b", "c")] == 3


SCALARS = st.one_of(
    st.integers(-9, 9).map(str),
    st.sampled_from(
        ['"a # = [ {"', "'b ] }'", '"""\nx = 1\n"""', "'''\n[y]\n'''", "1.5e-3", "true"]
    ),
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Texts with nested tables, arrays over several lines, comments; each key is unique."""
    lines, number = [], 0

    def value(depth: int) -> str:
        nonlocal number
        kind = draw(st.sampled_from(["scalar", "array", "inline"])) if depth < 3 else "scalar"
        if kind == "array":
            gap = draw(st.sampled_from([" ", "\n", " # ],\n"]))
            items = [value(depth + 1) for _ in range(draw(st.integers(0, 3)))]
            return f"[{gap}{f',{gap}'.join(items)}{gap}]"
        if kind == "inline":
            pairs = []
            for _ in range(draw(st.integers(0, 3))):
                number += 1
                pairs.append(f"k{number}.x = {value(3)}")
            return f"{{ {', '.join(pairs)} }}"
        return draw(SCALARS)

    for _ in range(draw(st.integers(1, 8))):
        number += 1
        header = draw(st.sampled_from(["", f"[t{number}.s]", "[[list]]", "# [no]", "\n"]))
        lines += [header] if header else []
        lines.append(f'k{number}."a.b" = {value(0)}')
    return "\n".join(lines)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, (*path, number))


@settings(deadline=None, derandomize=True, max_examples=200)
@given(documents())
def test_the_keys_are_those_of_the_standard_parser_each_where_its_name_stands(text: str) -> None:
    lines = key_lines(text)
    assert set(lines) >= set(leaves(tomllib.loads(text)))
    written = text.splitlines()
    for path, line in lines.items():
        if path and isinstance(path[-1], str) and path[-1].startswith("k"):
            assert f"{path[-1]}." in written[line - 1]
