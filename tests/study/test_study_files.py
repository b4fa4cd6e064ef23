"""Studies as TOML: round trip, presets, axes, overrides, paths of users' files."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from smcollapse.errors import StudyError
from smcollapse.study import Study
from smcollapse.study_file import load_study, parse_study, presets, study_toml

SMALL = 'name = "x"\n[scenario.mixture]\nbudget = 100\n'


def study_of(text: str, *overrides: str) -> Study:
    return parse_study(SMALL + text, "x", overrides=overrides)


# --- TOML → Study → TOML


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
        {"kind": st.just("table"), "data": TEXT, "label": TEXT},
        optional={"group": TEXT, "categorical": st.lists(TEXT, max_size=3)},
    ),
)
SOURCE = {"coverage": st.floats(0.01, 1.0), "templates": st.integers(0, 10**12)}
AXES = {
    "mixture.share": st.lists(st.floats(0.0, 0.99), min_size=1, max_size=4, unique=True),
    "mixture.design": st.lists(
        st.sampled_from(["replace", "accumulate", "real_only"]), min_size=1, unique=True
    ),
    "mixture.budget": st.lists(st.integers(1, 10**7), min_size=1, max_size=2, unique=True),
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
        "mixture": {"budget": draw(st.integers(1, 10**6))},
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


# --- presets


@pytest.mark.parametrize("name", list(presets()))
def test_every_preset_is_a_study_of_its_own_name(name: str) -> None:
    study = load_study(name)
    assert study.name == name
    assert len(study.cells()) == study.replicates * len(study.conditions())
    assert parse_study(study_toml(study), name) == study
    assert {c.variant for c in study.conditions()} == {
        "reference",
        *(v.name for v in study.variants),
    }


def test_the_template_can_be_filled_in_line_by_line() -> None:
    lines = presets()["my-table"].splitlines()
    shut = [i for i, line in enumerate(lines) if line.startswith("# ") and " = " in line]
    assert len(shut) >= 5
    own_source = {i for i in shut if lines[i].startswith(("# kind", "# path"))}
    assert len(own_source) == 2
    for number in shut:
        opened = list(lines)
        opened[number] = lines[number].removeprefix("# ")
        if number in own_source:
            for other in own_source:
                opened[other] = lines[other].removeprefix("# ")
            shrunken = [
                i for i, line in enumerate(lines) if line.startswith(('kind = "shr', "polish"))
            ]
            for other in shrunken:
                opened[other] = f"# {lines[other]}"
        study = parse_study("\n".join(opened), "my-table.toml")
        assert study != parse_study("\n".join(lines), "my-table.toml")


# --- axes


@pytest.mark.parametrize(
    "text",
    [
        "[axes]\nmixture.share = [0.1, 0.2]\nsource.polish = [0.5]",
        '[axes]\n"mixture.share" = [0.1, 0.2]\n"source.polish" = [0.5]',
        "[axes.mixture]\nshare = [0.1, 0.2]\n[axes.source]\npolish = [0.5]",
        "[axes]\nmixture = { share = [0.1, 0.2] }\nsource = { polish = [0.5] }",
        '[[axes]]\npath = "mixture.share"\nvalues = [0.1, 0.2]\n'
        '[[axes]]\npath = "source.polish"\nvalues = [0.5]',
    ],
)
def test_axes_may_be_written_in_several_ways(text: str) -> None:
    study = study_of(text)
    assert [(a.path, a.values) for a in study.axes] == [
        ("mixture.share", (0.1, 0.2)),
        ("source.polish", (0.5,)),
    ]


@pytest.mark.parametrize(
    ("axis", "column", "knobs"),
    [
        ('mixture.design = ["replace", "accumulate"]', "design", ["replace", "accumulate"]),
        ("mixture.budget = [50, 2e2]", "budget", [50, 200]),
        ("filter.strictness = [0, 0.5]", "strictness", [0.0, 0.5]),
        ('filter.scope = ["both", "synthetic"]', "scope", ["both", "synthetic"]),
        ("world.seed = [1, 2]", "seed", [1, 2]),
        (
            'model.kind = ["mlp", "logistic", "count_table"]',
            "kind",
            ["mlp", "logistic", "count_table"],
        ),
    ],
)
def test_any_setting_may_be_an_axis(axis: str, column: str, knobs: list[Any]) -> None:
    study = study_of(f"[axes]\n{axis}")
    assert [dict(c.knobs)[column] for c in study.conditions()] == knobs
    assert all(
        type(dict(c.knobs)[column]) is type(k)
        for c, k in zip(study.conditions(), knobs, strict=True)
    )


def test_a_list_setting_may_be_an_axis_and_stands_in_the_table_as_text() -> None:
    text = 'name = "x"\n[scenario.world]\nkind = "table"\n[axes]\n'
    study = parse_study(f'{text}world.drop = [["pixel_0", "pixel_1"], []]', "x")
    assert [c.scenario.world.drop for c in study.conditions()] == [("pixel_0", "pixel_1"), ()]
    assert [dict(c.knobs)["drop"] for c in study.conditions()] == ["pixel_0, pixel_1", ""]
    assert parse_study(study_toml(study), "again") == study


def test_a_setting_that_another_kind_does_not_have_is_empty_there() -> None:
    study = study_of(
        '[scenario.model]\nwidth = 8\n[[variants]]\nname = "wide"\nset = { model.width = 16 }\n'
        '[[variants]]\nname = "linear"\nset = { model.kind = "logistic", model.ridge = 0.5 }'
    )
    reference, wide, linear = study.conditions()
    assert [dict(c.knobs)["width"] for c in (reference, wide, linear)] == [8, 16, None]
    assert linear.scenario.model.model_dump() == {
        "kind": "logistic",
        "ridge": 0.5,
        "intercept": False,
    }


def test_settings_of_the_same_name_get_columns_of_their_own() -> None:
    study = study_of(
        '[axes]\nmodel.kind = ["mlp", "logistic"]\nworld.kind = ["facts"]\nmixture.share = [0.1]'
    )
    assert study.varied() == {
        "model.kind": "model_kind",
        "world.kind": "world_kind",
        "mixture.share": "share",
    }


def test_axes_are_crossed_and_variants_keep_the_settings_they_fix() -> None:
    study = study_of(
        "[axes]\nmixture.share = [0.1, 0.2]\nfilter.strictness = [0.0, 0.5, 1.0]\n"
        '[[variants]]\nname = "v"\nset = { filter.strictness = 0.25 }'
    )
    seen = [
        (c.variant, c.scenario.mixture.share, c.scenario.filter.strictness)
        for c in study.conditions()
    ]
    assert seen == [
        *(("reference", share, s) for share in (0.1, 0.2) for s in (0.0, 0.5, 1.0)),
        ("v", 0.1, 0.25),
        ("v", 0.2, 0.25),
    ]


def test_a_scenario_that_occurs_twice_is_trained_once_under_its_first_name() -> None:
    study = study_of(
        "[axes]\nfilter.strictness = [0.0, 0.5]\n"
        '[[variants]]\nname = "again"\nset = { filter.strictness = 0.5 }'
    )
    assert [c.variant for c in study.conditions()] == ["reference", "reference"]


# --- overrides


def test_a_scalar_replaces_a_setting_and_an_axis_over_it() -> None:
    for axes in ("[axes]\nmixture.share = [0.1, 0.2]", '[axes]\n"mixture.share" = [0.1, 0.2]'):
        study = study_of(axes, "mixture.share=0.3")
        assert study.axes == ()
        assert study.scenario.mixture.share == 0.3


def test_a_list_makes_an_axis_or_replaces_one() -> None:
    for axes in (
        "",
        "[axes]\nmixture.share = [0.1]",
        '[[axes]]\npath = "mixture.share"\nvalues = [1.0]',
    ):
        study = study_of(axes, "mixture.share = [0.3, 0.4]")
        assert [(a.path, a.values) for a in study.axes] == [("mixture.share", (0.3, 0.4))]


def test_overrides_take_texts_with_and_without_quotes_and_a_leading_scenario() -> None:
    for written in ("mixture.design=accumulate", 'scenario.mixture.design = "accumulate"'):
        assert study_of("", written).scenario.mixture.design == "accumulate"


def test_a_list_fixes_a_setting_that_is_itself_a_list() -> None:
    study = parse_study(
        'name = "x"\n[scenario.world]\nkind = "table"\n',
        "x",
        overrides=('world.drop=["a", "b"]', 'world.categorical=[["a"], ["b"]]'),
    )
    assert study.scenario.world.drop == ("a", "b")
    assert [(a.path, a.values) for a in study.axes] == [("world.categorical", (("a",), ("b",)))]


def test_another_kind_leaves_the_settings_of_the_old_one_behind() -> None:
    study = load_study("digits", overrides=("model.ridge=0.5", "model.kind=logistic"))
    assert study.scenario.model.model_dump() == {
        "kind": "logistic",
        "ridge": 0.5,
        "intercept": False,
    }


def test_replicates_and_seed_can_be_given() -> None:
    study = load_study("atlas-small", replicates=2, seed=7)
    assert (study.replicates, study.seed) == (2, 7)


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        ("mixture.budget", "--set mixture.budget: write PATH=VALUE"),
        ("=3", "unknown setting ''"),
        ("mixture.shar=0.1", "unknown setting 'mixture.shar' — did you mean 'mixture.share'?"),
        ("share=0.1", "unknown setting 'share' — did you mean 'mixture.share'?"),
        ("mixture.share=1.4", "mixture.share: must be ≤ 1 (got 1.4)"),
        ("mixture.share=[0.1, nan]", "mixture.share: must be a finite number (got nan)"),
        ("mixture.share=", "mixture.share: must be a number (got '')"),
        ("mixture.share=true", "mixture.share: must be a number (got true)"),
        ("mixture.share=[]", "axes.mixture.share: must hold at least 1 value (got [])"),
        ("mixture.share=[0.1, 0.1]", "axes.mixture.share: the same value twice: [0.1, 0.1]"),
        ("mixture.budget=1.5", "mixture.budget: must be a whole number (got 1.5)"),
        ("model.kind=forest", "model.kind: must be one of 'count_table', 'logistic', 'mlp'"),
    ],
)
def test_a_wrong_override_is_named(override: str, reason: str) -> None:
    with pytest.raises(StudyError) as error:
        study_of("", override)
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"replicates": 0}, "--replicates 0: must be ≥ 1 (got 0)"),
        ({"replicates": 10**9}, "--replicates 1000000000: must be ≤ 100000"),
        ({"seed": -1}, "--seed -1: must be ≥ 0 (got -1)"),
        ({"seed": 2**63}, "--seed 9223372036854775808: must be < 9223372036854775808"),
    ],
)
def test_wrong_options_are_named(options: dict[str, int], reason: str) -> None:
    with pytest.raises(StudyError) as error:
        load_study("atlas-small", **options)  # type: ignore[arg-type]
    assert reason in str(error.value)


def test_everything_wrong_with_overrides_and_file_comes_in_one_go() -> None:
    with pytest.raises(StudyError) as error:
        parse_study(
            'name = "x"\nsead = 1\n[scenario.mixture]\nbudget = -1',
            "f.toml",
            overrides=("mixture.shar=1", "filter.strictness=2"),
            replicates=0,
        )
    starts = ["--set mixture.shar", "--set filter.st", "--replicates 0", "f.toml:2:", "f.toml:4:"]
    lines = str(error.value).splitlines()
    assert [line.startswith(start) for line, start in zip(lines, starts, strict=True)] == [True] * 5


# --- files


def test_names_of_files_are_relative_to_the_study_wherever_they_stand(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    path = tmp_path / "deep" / "study.toml"
    path.write_text(
        'name = "x"\n[scenario.world]\nkind = "table"\ndata = "../rows.csv"\n'
        '[scenario.source]\nkind = "file"\npath = "s1.csv"\n[axes]\n'
        'source.path = ["s1.csv", "s2.csv"]\n[axes.world]\ndata = ["../rows.csv", "digits"]\n'
        '[[variants]]\nname = "v"\nset = { source.path = "s3.csv" }\n'
        '[[variants]]\nname = "w"\nset = { "source.path" = "/s4.csv" }\n'
    )
    study = load_study(str(path))
    deep = tmp_path / "deep"
    assert study.scenario.world.data == str(tmp_path / "rows.csv")
    assert study.scenario.source.path == str(deep / "s1.csv")  # type: ignore[union-attr]
    assert [axis.values for axis in study.axes] == [
        (str(deep / "s1.csv"), str(deep / "s2.csv")),
        (str(tmp_path / "rows.csv"), "digits"),
    ]
    assert [v.set[0].value for v in study.variants] == [str(deep / "s3.csv"), "/s4.csv"]


def test_a_file_given_on_the_command_line_is_relative_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    study = load_study("my-table", overrides=("world.data=rows.csv",))
    assert study.scenario.world.data == str(tmp_path / "rows.csv")


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(SMALL, encoding="utf-8-sig")
    assert load_study(str(path)).name == "x"
