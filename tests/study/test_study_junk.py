"""Whatever is written, the answer is a study or its problems, never a failure of the program."""

import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from smcollapse.errors import StudyError
from smcollapse.study import Study
from smcollapse.study_errors import problems_of
from smcollapse.study_file import parse_study, presets

JUNK = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-3, 3),
        st.floats(),
        st.sampled_from(["", "facts", "file", "mixture.share", "name", "é\n"]),
        st.just(datetime.date(1979, 5, 27)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["name", "set", "path", "values", "kind", "mixture", "share", "mixture.share", "x"]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)
PLACES = [
    *(("name",), ("seed",), ("scenario",), ("axes",), ("variants",)),
    *(("scenario", "world"), ("scenario", "source"), ("scenario", "mixture", "share")),
    *(("scenario", "world", "kind"), ("axes", "mixture.share"), ("axes", "mixture")),
    *(("variants", 0), ("variants", 0, "set"), ("variants", 0, "name"), ("new",)),
]


@settings(deadline=None, derandomize=True, max_examples=400)
@given(st.lists(st.tuples(st.sampled_from(PLACES), JUNK), min_size=1, max_size=3))
def test_anything_in_any_place_is_a_study_or_has_problems(
    changes: list[tuple[tuple[Any, ...], Any]],
) -> None:
    data: dict[str, Any] = {
        "name": "x",
        "scenario": {"world": {"kind": "facts"}, "mixture": {"budget": 10}},
        "axes": {"mixture.share": [0.1]},
        "variants": [{"name": "v", "set": {"mixture": {"share": 0.2}}}],
    }
    for path, junk in changes:
        table: Any = data
        for key in path[:-1]:
            table = table[key] if isinstance(table, dict | list) and key in _keys(table) else {}
        if isinstance(table, dict) or (isinstance(table, list) and path[-1] in _keys(table)):
            table[path[-1]] = junk
    problems = problems_of(data)
    if not problems:
        Study.model_validate(data).conditions()
    for problem in problems:
        assert problem.where
        assert problem.what


def _keys(table: Any) -> Any:
    return table if isinstance(table, dict) else range(len(table))


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.sampled_from(sorted(presets())), st.data())
def test_a_damaged_text_is_a_study_or_is_explained_with_lines(
    name: str, data: st.DataObject
) -> None:
    text = presets()[name]
    start = data.draw(st.integers(0, len(text)))
    stop = min(len(text), start + data.draw(st.integers(0, 40)))
    damaged = text[:start] + data.draw(st.text("ax\"'[]{}=,.\n# 1", max_size=6)) + text[stop:]
    overrides = data.draw(st.sampled_from([(), ("mixture.share=[0.5]",), ("model.kind=mlp",)]))
    try:
        parse_study(damaged, "f.toml", overrides=overrides)
    except StudyError as error:
        for line in str(error).splitlines():
            place, number, *_ = line.split(":")
            assert place == "f.toml"
            assert 1 <= int(number) <= damaged.count("\n") + 1
