"""What is wrong with a study file: all of it at once, each with its line, in plain words."""

from pathlib import Path

import pytest

from smcollapse.errors import StudyError
from smcollapse.study_file import load_study, parse_study

HEAD = 'name = "x"\n[scenario.mixture]\nbudget = 100\n'
"""Three lines: what is appended starts at line 4."""


def said(text: str) -> list[str]:
    with pytest.raises(StudyError) as error:
        parse_study(text, "f.toml")
    return str(error.value).splitlines()


ONE_PROBLEM = {
    "unknown key of the study": (
        'name = "x"\nreplicats = 3\n[scenario.mixture]\nbudget = 1',
        "f.toml:2: study: unknown key 'replicats' — did you mean 'replicates'?",
    ),
    "a part outside the scenario": (
        f"{HEAD}[model]\nwidth = 3",
        "f.toml:4: study: unknown key 'model': write [scenario.model]",
    ),
    "unknown part": (
        f"{HEAD}[scenario.wordl]\nnoise = 0.1",
        "f.toml:4: scenario: unknown key 'wordl' — did you mean 'world'?",
    ),
    "unknown setting of a part": (
        f"{HEAD}shar = 0.1",
        "f.toml:4: scenario.mixture: unknown key 'shar' — did you mean 'share'?",
    ),
    "unknown setting of a kind": (
        f'{HEAD}[scenario.model]\n# comment = 1\nkind = "logistic"\nrige = 0.1',
        "f.toml:7: scenario.model: unknown key 'rige' — did you mean 'ridge'?",
    ),
    "setting of another kind": (
        f'{HEAD}[scenario.model]\nkind = "logistic"\nwidth = 3',
        "f.toml:6: scenario.model: unknown key 'width'",
    ),
    "unknown axis, dotted": (
        f"{HEAD}[axes]\nfilter.strictness = [0.1]\nmixture.shar = [0.1]",
        "f.toml:6: axes: unknown setting 'mixture.shar' — did you mean 'mixture.share'?",
    ),
    "unknown axis, quoted": (
        f'{HEAD}[axes]\n"filter.strictness" = [0.1]\n"mixture.shar" = [0.1]',
        "f.toml:6: axes: unknown setting 'mixture.shar' — did you mean 'mixture.share'?",
    ),
    "axis without its part": (
        f"{HEAD}[axes]\nshare = [0.1]",
        "f.toml:5: axes: unknown setting 'share' — did you mean 'mixture.share'?",
    ),
    "unknown key in an array of axes": (
        f'{HEAD}[[axes]]\npath = "mixture.share"\nvalue = [1]\nvalues = [0.1]',
        "f.toml:6: axes: unknown key 'value' — did you mean 'values'?",
    ),
    "too large": (
        f"{HEAD}share = 1.4",
        "f.toml:4: scenario.mixture.share: must be ≤ 1 (got 1.4)",
    ),
    "negative": (
        'name = "x"\n[scenario]\n# nothing\nmixture.budget = -1',
        "f.toml:4: scenario.mixture.budget: must be ≥ 0 (got -1)",
    ),
    "not above zero": (
        f"{HEAD}[scenario.model]\npasses = 0",
        "f.toml:5: scenario.model.passes: must be > 0 (got 0)",
    ),
    "not below a bound": (
        f"{HEAD}[scenario.world]\nrare_mass = 1.0",
        "f.toml:5: scenario.world.rare_mass: must be < 1 (got 1.0)",
    ),
    "not a number": (
        f"{HEAD}[scenario.world]\nnoise = nan",
        "f.toml:5: scenario.world.noise: must be a finite number (got nan)",
    ),
    "infinite": (
        f"{HEAD}[scenario.world]\nzipf_exponent = inf",
        "f.toml:5: scenario.world.zipf_exponent: must be a finite number (got inf)",
    ),
    "text for a number": (
        f'{HEAD}share = "0.3"',
        "f.toml:4: scenario.mixture.share: must be a number (got '0.3')",
    ),
    "true for a number": (
        'name = "x"\nseed = true\n[scenario.mixture]\nbudget = 1',
        "f.toml:2: seed: must be a whole number (got true)",
    ),
    "fraction for a whole number": (
        'name = "x"\nreplicates = 1.5\n[scenario.mixture]\nbudget = 1',
        "f.toml:2: replicates: must be a whole number (got 1.5)",
    ),
    "number for true": (
        f'{HEAD}[scenario.model]\nkind = "logistic"\nintercept = 1',
        "f.toml:6: scenario.model.intercept: must be true or false (got 1)",
    ),
    "date for a number": (
        f"{HEAD}share = 1979-05-27",
        "f.toml:4: scenario.mixture.share: must be a number (got 1979-05-27)",
    ),
    "text for a list": (
        'name = "x"\n[scenario.world]\nkind = "table"\ndrop = "a"',
        "f.toml:4: scenario.world.drop: must be a list (got 'a')",
    ),
    "wrong choice": (
        f'{HEAD}design = "mix"',
        "f.toml:4: scenario.mixture.design: must be 'replace', 'accumulate' or 'real_only' "
        "(got 'mix')",
    ),
    "wrong kind": (
        f'{HEAD}[scenario.world]\nnoise = 0.1\nkind = "fact"',
        "f.toml:6: scenario.world.kind: must be one of 'facts', 'clusters', 'table', 'language', "
        "'corpus' (got 'fact')",
    ),
    "missing setting": (
        'name = "x"\n[scenario.world]\nkind = "table"\n[scenario.source]\nkind = "file"',
        "f.toml:4: scenario.source.path: must be given",
    ),
    "part that is no table": (
        'name = "x"\n[scenario]\nmixture.budget = 3\nworld = 3',
        "f.toml:4: scenario.world: must be a table (got 3)",
    ),
    "scenario that is no table": (
        'name = "x"\nscenario = "facts"',
        "f.toml:2: scenario: must be a table (got 'facts')",
    ),
    "name with blanks": (
        '\nname = "my study"\n[scenario.mixture]\nbudget = 1',
        "f.toml:2: name: must be letters, digits, '-' and '_', the first a letter or digit "
        "(got 'my study')",
    ),
    "cross rule within a part": (
        f'{HEAD}[scenario.world]\nkind = "clusters"\ndimension = 9\nn_contexts = 9',
        "f.toml:6: scenario.world.dimension: dimension must be at least n_contexts + 1 = 10 "
        "(got 9): each context has a coordinate of its own",
    ),
    "parts that do not fit": (
        'name = "x"\n[scenario.world]\nkind = "table"\n[scenario.model]\nkind = "count_table"',
        "f.toml:5: scenario.model.kind: model 'count_table' does not fit world 'table': "
        "write mlp or logistic",
    ),
    "budget that must be given": (
        'name = "x"\n[scenario.world]\nnoise = 0.1\n[scenario.mixture]\nshare = 0.1',
        "f.toml:4: scenario.mixture.budget: mixture.budget must be at least 1 for world 'facts' "
        "(got 0)",
    ),
    "axis value out of range, over several lines": (
        f"{HEAD}[axes]\nmixture.share = [\n  0.1,\n  1.4,\n]",
        "f.toml:7: axes.mixture.share: must be ≤ 1 (got 1.4)",
    ),
    "axis value of a wrong type": (
        f"{HEAD}[axes]\nmixture.share = [0.1, [0.2]]",
        "f.toml:5: axes.mixture.share: must be a number (got (0.2,))",
    ),
    "axis that is no list": (
        f"{HEAD}[axes]\nmixture.share = 0.1",
        "f.toml:5: axes.mixture.share: must be a list (got 0.1)",
    ),
    "axis without values": (
        f"{HEAD}[axes]\nmixture.share = []",
        "f.toml:5: axes.mixture.share: must hold at least 1 value (got [])",
    ),
    "axis value twice": (
        f"{HEAD}[axes]\nmixture.share = [0.1, 0.2, 0.1]",
        "f.toml:5: axes.mixture.share: the same value twice: [0.1, 0.2, 0.1]",
    ),
    "axis twice": (
        f'{HEAD}[axes]\nmixture.share = [0.1]\n"mixture.share" = [0.2]',
        "f.toml:4: axes: two axes over 'mixture.share'",
    ),
    "axis value that does not fit the kind": (
        f'{HEAD}[scenario.world]\nkind = "clusters"\n[axes]\nworld.noise = [0.1, 0.7]',
        "f.toml:7: axes.world.noise: 0.7: world.noise: must be ≤ 0.5 (got 0.7)",
    ),
    "axis value that does not fit the scenario": (
        f'{HEAD}[axes]\nmodel.kind = ["mlp", "logistic"]\nsource.kind = ["consensus", "shrunken"]',
        "f.toml:6: axes.source.kind: 'shrunken': source 'shrunken' does not fit world 'facts': "
        "write consensus",
    ),
    "axes that do not fit each other": (
        f'{HEAD}[axes]\nmixture.share = [0.0, 1.0]\nmixture.design = ["replace", "accumulate"]',
        "f.toml:4: axes: mixture.share = 1.0, mixture.design = 'accumulate': design 'accumulate' "
        "keeps all real rows: share must be below 1",
    ),
    "unknown setting in the second variant": (
        f'{HEAD}[[variants]]\nname = "a"\n\n[[variants]]\nname = "b"\nset = {{ mixture.shar = 1 }}',
        "f.toml:9: variant 'b': unknown setting 'mixture.shar' — did you mean 'mixture.share'?",
    ),
    "value in the third variant": (
        f'{HEAD}[[variants]]\nname = "a"\n[[variants]]\nname = "b"\n[[variants]]\nname = "c"\n'
        "[variants.set]\nfilter.strictness = 0.1\nmixture.share = 1.3",
        "f.toml:12: variant 'c': mixture.share: must be ≤ 1 (got 1.3)",
    ),
    "unknown key of a variant": (
        f'{HEAD}[[variants]]\nname = "a"\nsets = {{ mixture.share = 0.1 }}',
        "f.toml:6: variant 'a': unknown key 'sets' — did you mean 'set'?",
    ),
    "variant without a name": (
        f"{HEAD}[[variants]]\nset = {{ mixture.share = 0.1 }}",
        "f.toml:4: variant 1: name: must be given",
    ),
    "two variants of a name": (
        f'{HEAD}[[variants]]\nname = "a"\n[[variants]]\nname = "b"\n[[variants]]\nname = "a"',
        "f.toml:9: variant 'a': name: two variants named 'a'",
    ),
    "a variant named as the reference": (
        f'{HEAD}[[variants]]\nname = "reference"',
        "f.toml:5: variant 'reference': name: two variants named 'reference'",
    ),
    "a variant that does not fit": (
        f'{HEAD}[[variants]]\nname = "a"\n[[variants]]\nname = "b"\n'
        'set = { world.kind = "table" }',
        "f.toml:6: variant 'b': source 'consensus' does not fit world 'table': "
        "write shrunken or file",
    ),
    "a variant that does not fit the axes": (
        f'{HEAD}[axes]\nmixture.share = [0.0, 1.0]\n[[variants]]\nname = "a"\n'
        'set = { mixture.design = "real_only" }',
        "f.toml:6: variant 'a': mixture.share = 1.0: design 'real_only' has no rows at share 1: "
        "write a smaller share",
    ),
    "variants that are one table": (
        f'{HEAD}[variants]\nname = "a"',
        "f.toml:4: variants: must be a list of tables: write [[variants]] above each",
    ),
    "a text that looks like a header": (
        'name = "x"\ntitle = """\n[scenario.mixture]\nbudget = -1\n"""\n'
        "[scenario.mixture]\nbudget = -2",
        "f.toml:7: scenario.mixture.budget: must be ≥ 0 (got -2)",
    ),
    "inline tables": (
        'name = "x"\nscenario = { mixture = { budget = 1 }, world = { noise = 2 } }',
        "f.toml:2: scenario.world.noise: must be ≤ 1 (got 2)",
    ),
    "invalid TOML": (
        'name = "x"\n[scenario\n',
        "f.toml:2: not valid TOML: Expected ']' at the end of a table declaration "
        "(at line 2, column 10)",
    ),
    "TOML that ends too early": (
        'name = "x"\ntitle = """',
        "f.toml:2: not valid TOML: Unterminated string (at end of document)",
    ),
    "a key twice": (
        'name = "x"\n\nname = "y"\n',
        "f.toml:3: not valid TOML: Cannot overwrite a value (at line 3, column 11)",
    ),
}


@pytest.mark.parametrize(("text", "message"), list(ONE_PROBLEM.values()), ids=list(ONE_PROBLEM))
def test_a_problem_is_named_with_its_line(text: str, message: str) -> None:
    assert said(text) == [message]


def test_an_empty_file_says_what_must_be_there() -> None:
    expected = ["f.toml:1: name: must be given", "f.toml:1: scenario: must be given"]
    assert said("") == expected


def test_every_problem_is_reported_at_once_in_the_order_of_the_file() -> None:
    text = """\
name = "a b"
sed = 1
[scenario]
wordl = 3
[scenario.world]
kind = "clusters"
noise = 0.7
rule = 1
[scenario.mixture]
budget = "many"
share = inf
[scenario.model]
kind = "forest"
width = 2.5
[axes]
mixture.shar = [0.1]
filter.strictness = [0.1, 2.0, -1.0]
[[variants]]
name = "v"
set = { mixture.share = "a", source.polis = 0.1 }
[[variants]]
name = "v"
"""
    problems = [line.removeprefix("f.toml:").split(": ", 1) for line in said(text)]
    assert [int(number) for number, _ in problems] == [
        *(1, 2, 4, 7, 8, 10, 11, 13, 14, 16, 17, 17, 20, 20)
    ]
    assert all(what for _, what in problems)


def test_a_problem_of_many_combinations_is_reported_once() -> None:
    text = f"{HEAD}[axes]\nmixture.budget = [0, 10]\nfilter.strictness = [0.1, 0.2, 0.3]"
    assert said(text) == [
        "f.toml:5: axes.mixture.budget: 0: mixture.budget must be at least 1 for world 'facts' "
        "(got 0)"
    ]


@pytest.mark.parametrize("text", [text for text, _ in ONE_PROBLEM.values()])
def test_messages_hold_no_words_of_the_libraries_below(text: str) -> None:
    for word in (
        "Input should",
        "Value error",
        "pydantic",
        "https://",
        "type=",
        "tuple",
        "valid dict",
    ):
        assert word not in "\n".join(said(text))


# --- what is not a study file at all


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"no study file '.*none.toml'"):
        load_study(str(tmp_path / "none.toml"))


def test_a_misspelt_preset_is_corrected() -> None:
    with pytest.raises(StudyError, match=r"no study 'atlsa'.*did you mean 'atlas'"):
        load_study("atlsa")


def test_a_folder_is_not_a_study(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="is a folder"):
        load_study(str(tmp_path))


def test_a_binary_file_is_not_a_study(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff\xfe")
    with pytest.raises(StudyError, match=r"study\.toml: is not a text file"):
        load_study(str(path))


def test_errors_name_the_file_as_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(f"{HEAD}share = 2")
    with pytest.raises(StudyError) as error:
        load_study(str(path))
    assert str(error.value) == f"{path}:4: scenario.mixture.share: must be ≤ 1 (got 2)"
