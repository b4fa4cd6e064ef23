"""Studies as TOML: presets, axes, variants, paths of users' files."""

from pathlib import Path
from typing import Any

import pytest

from smcollapse.study import Study
from smcollapse.study_file import load_study, parse_study, presets, study_toml

SMALL = 'name = "x"\n[scenario.mixture]\nbudget = 100\n'


def study_of(text: str, *overrides: str) -> Study:
    return parse_study(SMALL + text, "x", overrides=overrides)


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
