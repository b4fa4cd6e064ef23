"""Settings given on the command line: scalars, lists, kinds, and what is wrong with them."""

import pytest

from smcollapse.errors import StudyError
from smcollapse.study import Study
from smcollapse.study_file import load_study, parse_study

SMALL = 'name = "x"\n[scenario.mixture]\nbudget = 100\n'


def study_of(text: str, *overrides: str) -> Study:
    return parse_study(SMALL + text, "x", overrides=overrides)


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
