"""A study written as TOML is read back the same; other studies have other identities."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from smcollapse.study import Study
from smcollapse.study_file import parse_study, study_toml

SMALL = 'name = "x"\n[scenario.mixture]\nbudget = 100\n'


def study_of(text: str, *overrides: str) -> Study:
    return parse_study(SMALL + text, "x", overrides=overrides)


PROBABILITY = st.floats(0.0, 1.0)
POSITIVE = st.floats(1e-9, 1e9, exclude_min=True)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
WORLDS = st.one_of(
    st.fixed_dictionaries(
        {"kind": st.just("facts")},
        optional={
            "seed": st.integers(0, 2**63 - 1),
            "noise": PROBABILITY,
            "zipf_exponent": POSITIVE,
        },
    ),
    st.fixed_dictionaries(
        {"kind": st.just("clusters"), "scale": POSITIVE},
        optional={"convention": st.sampled_from(["signed_context", "unsigned_cue"])},
    ),
    st.fixed_dictionaries(
        {"kind": st.just("table"), "data": TEXT.filter(bool), "label": TEXT},
        optional={"group": TEXT, "categorical": st.lists(TEXT, max_size=3)},
    ),
)
SOURCE = {"coverage": st.floats(0.01, 1.0), "templates": st.integers(0, 10**12)}
AXES = {
    "mixture.share": st.lists(st.floats(0.0, 0.99), min_size=1, max_size=4, unique=True),
    "mixture.design": st.lists(
        st.sampled_from(["replace", "accumulate", "real_only"]), min_size=1, unique=True
    ),
    "mixture.budget": st.lists(st.integers(1000, 10**7), min_size=1, max_size=2, unique=True),
    "filter.scope": st.just(["both", "synthetic"]),
}


@st.composite
def study_data(draw: st.DrawFn) -> dict[str, Any]:
    world = draw(WORLDS)
    kind = "shrunken" if world["kind"] == "table" else "consensus"
    data: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {"name": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,8}", fullmatch=True)},
            optional={"title": TEXT, "description": TEXT, "seed": st.integers(0, 2**63 - 1)},
        )
    )
    data["scenario"] = {
        "world": world,
        "source": {"kind": kind, **draw(st.fixed_dictionaries({}, optional=SOURCE))},
        "mixture": {"budget": draw(st.integers(1000, 10**6))},
        "filter": {"strictness": draw(PROBABILITY)},
        "model": draw(st.sampled_from([{"kind": "mlp", "width": 8}, {"kind": "logistic"}])),
    }
    data["axes"] = draw(st.fixed_dictionaries({}, optional=AXES))
    names = draw(
        st.lists(TEXT.filter(lambda t: t not in ("", "reference")), max_size=2, unique=True)
    )
    data["variants"] = [
        {"name": n, "set": {"source": {"polish": draw(PROBABILITY)}}} for n in names
    ]
    return data


@settings(deadline=None, derandomize=True, max_examples=150)
@given(study_data())
@example({"name": "x", "title": '\x7f\x00\r\t"\\', "scenario": {"mixture": {"budget": 1}}})
def test_a_study_written_as_toml_is_read_back_the_same(data: dict[str, Any]) -> None:
    study = Study.model_validate(data)
    again = parse_study(study_toml(study), "again")
    assert again == study
    assert hash(again) == hash(study)
    assert again.identity() == study.identity()
    assert study_toml(again) == study_toml(study)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(study_data(), st.sampled_from(["seed", "share", "variant"]))
def test_studies_with_other_numbers_or_names_are_others(data: dict[str, Any], change: str) -> None:
    study = Study.model_validate(data)
    if change == "seed":
        data["seed"] = (study.seed + 1) % 2**63
    elif change == "share":
        data["axes"]["mixture.share"] = [0.123]
    else:
        data["variants"] = [{"name": "new", "set": {"source.fidelity": 0.123}}, *data["variants"]]
    other = Study.model_validate(data)
    assert other != study
    assert other.identity() != study.identity()


def test_a_renamed_variant_makes_another_study_as_its_name_stands_in_the_rows() -> None:
    first, second = (
        study_of(f'[[variants]]\nname = "{name}"\nset = {{ source.polish = 0.1 }}')
        for name in ("a", "b")
    )
    assert first.identity() != second.identity()


def test_title_and_replicates_do_not_make_another_study() -> None:
    study = study_of("")
    other = study.model_copy(update={"title": "x", "description": "y", "replicates": 77})
    assert other.identity() == study.identity()


def test_values_are_frozen() -> None:
    study = study_of("[axes]\nmixture.share = [0.1]")
    for value, name in (
        (study, "seed"),
        (study.scenario, "world"),
        (study.scenario.mixture, "share"),
        (study.axes[0], "values"),
    ):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(value, name, 1)
