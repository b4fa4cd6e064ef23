"""Attribution: coefficients by hand, coverage with common replicates, and what cannot be told."""

import itertools
import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from scipy.special import expit

from smcollapse.inference import Curves, InferenceError, Replication, effect
from smcollapse.inference.attributions.attribution import Attribution, attribute
from smcollapse.inference.attributions.knobs import design, effect_table

KNOBS = ["width", "filter", "rate"]
CONDITIONS = list(itertools.product((1, 2, 4), ("none", "strict"), (0.1, 0.5)))
TRUTH = {
    "width": -0.04,
    "filter: strict": 0.03,
    "rate": 0.0,
    "width × filter: strict": 0.02,
    "width × rate": 0.0,
    "filter: strict × rate": 0.0,
}


def layout(n: int = 10) -> pd.DataFrame:
    rows = [(*condition, r) for condition in CONDITIONS for r in range(n)]
    return pd.DataFrame(rows, columns=[*KNOBS, "replicate"])


def simulated(
    generator: np.random.Generator, n: int = 10, *, levels: float = 0.05, slopes: float = 0.0
) -> pd.DataFrame:
    """Effects with replicate levels and slopes, common to all conditions, and noise of .02."""
    table = layout(n)
    x = design(table, KNOBS, interactions=True).matrix()
    coefficients = np.array([-0.1, *TRUTH.values()]) + np.column_stack(
        [levels * generator.standard_normal(n), slopes * generator.standard_normal((n, 6))]
    )
    y = (x * coefficients[table["replicate"]]).sum(axis=1)
    return table.assign(effect=y + 0.02 * generator.standard_normal(len(y)))


def quick(table: pd.DataFrame, **options: Any) -> Attribution:
    return attribute(table, "effect", KNOBS, mixed=False, draws=399, **options)


# -- coefficients


def test_exact_without_noise() -> None:
    table = simulated(np.random.default_rng(1))
    x = design(table, KNOBS, interactions=True).matrix()
    result = attribute(table.assign(effect=x @ [0.5, *TRUTH.values()]), "effect", KNOBS, draws=999)
    assert {row.term: row.estimate for row in result.terms} == pytest.approx(TRUTH, abs=1e-11)
    assert result.explained == pytest.approx(1.0)
    moved = {row.term for row in result.terms if row.p_adjusted <= 0.05}
    assert moved == {"width", "filter: strict", "width × filter: strict"}
    assert all(row.p_adjusted == 1.0 for row in result.terms if row.term not in moved)


def test_a_coefficient_is_the_change_over_the_range_averaged_over_the_other_knobs() -> None:
    """With or without interactions, and as the difference of plain means for two levels."""
    table = simulated(np.random.default_rng(2))
    with_pairs, without = quick(table), quick(table, interactions=False)
    for one, other in zip(without.terms, with_pairs.terms, strict=False):
        assert one.term == other.term
        assert one.estimate == pytest.approx(other.estimate)
    means = table.groupby("filter")["effect"].mean()
    assert with_pairs.terms[1].estimate == pytest.approx(means["strict"] - means["none"])
    assert with_pairs.terms[1].span == "from none to strict"
    assert with_pairs.terms[0].span == "from 1 to 4"
    line = np.polyfit((table["width"] - 1) / 3, table["effect"], 1)
    assert with_pairs.terms[0].estimate == pytest.approx(line[0])


def test_an_interaction_is_a_difference_of_differences() -> None:
    table = simulated(np.random.default_rng(3))
    means = table.groupby(["filter", "rate"])["effect"].mean()
    expected = means["strict", 0.5] - means["strict", 0.1] - means["none", 0.5] + means["none", 0.1]
    assert quick(table).terms[5].estimate == pytest.approx(expected)


def test_balanced_errors_are_the_t_test_of_each_replicates_coefficients() -> None:
    table = simulated(np.random.default_rng(4), 6, slopes=0.02)
    result = quick(table, level=0.9)
    own = []
    for _, part in table.groupby("replicate"):
        own.append(
            sm.OLS(part["effect"], design(part, KNOBS, interactions=True).matrix()).fit().params
        )
    for row, values in zip(result.terms, np.array(own).T[1:], strict=True):
        test = stats.ttest_1samp(values, 0.0)
        band = test.confidence_interval(0.9)
        assert row.estimate == pytest.approx(values.mean())
        assert row.se == pytest.approx(stats.sem(values))
        assert row.p_value == pytest.approx(test.pvalue)
        assert row.interval is not None
        assert (row.interval.lower, row.interval.upper) == pytest.approx(tuple(band))
        assert row.p_adjusted >= row.p_value


def test_unbalanced_errors_are_those_of_a_statsmodels_formula() -> None:
    table = simulated(np.random.default_rng(5)).drop(index=[0, 17, 40, 41, 99])
    result = quick(table)
    columns = {"w": (table["width"] - 1) / 3, "r": (table["rate"] - 0.1) / 0.4}
    columns["f"] = (table["filter"] == "strict") * 1.0
    frame = pd.DataFrame({name: column - column.mean() for name, column in columns.items()})
    fit = smf.ols("y ~ w + f + r + w:f + w:r + f:r", frame.assign(y=table["effect"])).fit(
        cov_type="cluster", cov_kwds={"groups": table["replicate"]}, use_t=True
    )
    np.testing.assert_allclose([row.estimate for row in result.terms], fit.params.iloc[1:])
    np.testing.assert_allclose([row.se for row in result.terms], fit.bse.iloc[1:])
    np.testing.assert_allclose([row.p_value for row in result.terms], fit.pvalues.iloc[1:])
    assert not result.balanced
    assert "unbalanced" in result.warnings[0]
    assert "Holm" in result.method


def test_explained_variation_adds_up_in_a_factorial() -> None:
    table = simulated(np.random.default_rng(6))
    result = quick(table)
    parts = {row.knob: row.explained for row in result.terms}
    assert sum(parts.values()) == pytest.approx(result.explained)
    assert 0.95 < result.explained < 1.0
    # width and rate only: what the others do is not explained
    cells = table.groupby(["width", "rate", "replicate"], as_index=False)["effect"].mean()
    curved = cells.assign(effect=cells["effect"] + 0.1 * (cells["width"] == 2))
    fewer = attribute(curved, "effect", ["width", "rate"], draws=99, mixed=False)
    assert fewer.explained < 0.5


def test_the_mixed_model_stands_beside() -> None:
    table = simulated(np.random.default_rng(7))
    result = attribute(table, "effect", KNOBS, draws=399)
    assert [row.value for row in result.mixed] == pytest.approx(
        [row.estimate for row in result.terms], abs=1e-6
    )
    x = design(table, KNOBS, interactions=True).matrix()
    residual_variance = sm.OLS(
        table["effect"], np.column_stack([x, pd.get_dummies(table["replicate"]).iloc[:, 1:] * 1.0])
    ).fit().mse_resid  # fmt: skip
    expected = np.sqrt(residual_variance * np.diag(np.linalg.inv(x.T @ x)))[1:]
    assert [row.se for row in result.mixed] == pytest.approx(expected, rel=1e-3)


def test_quasi_binomial_log_odds_and_margins() -> None:
    """Coefficients of a statsmodels GLM; margins by differences of its predictions."""
    generator = np.random.default_rng(8)
    table = simulated(generator)
    chance = expit(0.5 + 10 * (table["effect"] + 0.1))
    table["recall"] = generator.binomial(200, chance) / 200
    result = attribute(table, "recall", KNOBS, family="quasi-binomial", draws=399)
    x = by_hand(table, table)
    fit = sm.GLM(table["recall"], x, family=sm.families.Binomial()).fit(
        scale="X2",
        cov_type="cluster",
        cov_kwds={"groups": table["replicate"], "use_correction": False},
    )
    np.testing.assert_allclose([row.estimate for row in result.terms], fit.params.iloc[1:])
    np.testing.assert_allclose(
        [row.se for row in result.terms], fit.bse.iloc[1:] * math.sqrt(10 / 9), rtol=1e-8
    )

    def predicted(**settings: Any) -> np.ndarray:
        return fit.predict(by_hand(table.assign(**settings), table))

    change = predicted(width=4) - predicted(width=1)
    assert result.terms[0].points == pytest.approx(change.mean())
    second = (
        predicted(width=4, filter="strict")
        - predicted(width=4, filter="none")
        - predicted(width=1, filter="strict")
        + predicted(width=1, filter="none")
    )
    assert result.terms[3].points == pytest.approx(second.mean())
    assert result.terms[0].points_interval is not None
    # delta method: by finite differences in the coefficients
    steps = 1e-6 * np.eye(7)
    ends = [by_hand(table.assign(width=w), table) for w in (4, 1)]
    margins = [
        [
            (expit(ends[0] @ (fit.params + s)) - expit(ends[1] @ (fit.params + s))).mean()
            for s in sign
        ]
        for sign in (steps, -steps)
    ]
    gradient = (np.array(margins[0]) - np.array(margins[1])) / 2e-6
    variance = gradient @ (np.asarray(fit.cov_params()) * 10 / 9) @ gradient
    assert result.terms[0].points_se == pytest.approx(math.sqrt(variance), rel=1e-5)


def by_hand(part: pd.DataFrame, table: pd.DataFrame) -> np.ndarray:
    """Design columns of ``part`` by hand, centred and scaled as in ``table``."""
    width = (part["width"] - table["width"].mean()) / 3
    rate = (part["rate"] - table["rate"].mean()) / 0.4
    strict = (part["filter"] == "strict") * 1.0 - (table["filter"] == "strict").mean()
    columns = [width * 0 + 1, width, strict, rate, width * strict, width * rate, strict * rate]
    return np.column_stack(columns)


# -- coverage


def coverage(sets: int, seed: int, **noise: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Coverage of every coefficient, clustered and with rows as independent; false rejections."""
    generator, hits, plain, wrong = np.random.default_rng(seed), np.zeros(6), np.zeros(6), 0
    truth = np.array(list(TRUTH.values()))
    x = design(layout(), KNOBS, interactions=True).matrix()
    for number in range(sets):
        table = simulated(generator, **noise)
        rows = quick(table, seed=number).terms
        hits += [
            row.interval is not None and t in row.interval
            for row, t in zip(rows, truth, strict=True)
        ]
        wrong += any(row.p_adjusted <= 0.05 for row in rows if TRUTH[row.term] == 0.0)
        limits = sm.OLS(table["effect"], x).fit().conf_int().to_numpy()[1:]
        plain += (limits[:, 0] <= truth) & (truth <= limits[:, 1])
    return hits / sets, plain / sets, wrong / sets


def test_coverage_with_replicates_common_to_all_conditions() -> None:
    """250 sets, s.e. .0138; 2 000 in the module docstring. The levels of replicates must cancel.

    Negative control: rows taken as independent cover 1.00, their intervals being far too wide.
    """
    clustered, independent, wrong = coverage(250, 41)
    np.testing.assert_allclose(clustered, 0.95, atol=3.5 * 0.0138)
    assert independent.min() > 0.995
    assert wrong < 0.05 + 4 * 0.0138


def test_coverage_where_slopes_vary_by_replicate() -> None:
    """Negative control: rows taken as independent, with nothing but slopes, cover too little."""
    clustered, independent, _ = coverage(250, 42, levels=0.0, slopes=0.03)
    np.testing.assert_allclose(clustered, 0.95, atol=3.5 * 0.0138)
    assert independent[:3].max() < 0.95 - 3.5 * 0.0138


# -- tables and words


def sweep_table() -> pd.DataFrame:
    generator, rows = np.random.default_rng(9), []
    for width, kind in itertools.product((1, 4), ("none", "strict")):
        for r in range(5):
            for share in (0.0, 0.1, 0.4, 0.5):
                fall = 0.1 * width * (share > 0.3)
                rows.append(
                    (width, kind, share, r, 0.9 - fall + 0.01 * generator.standard_normal())
                )
    return pd.DataFrame(rows, columns=["width", "filter", "share", "replicate", "recall"])


def test_the_table_of_effects_holds_paired_changes() -> None:
    table = sweep_table()
    effects = effect_table(table, "recall", (0.0, 0.2), (0.4, 0.6), ["width", "filter"])
    assert list(effects.columns) == ["width", "filter", "replicate", "effect"]
    assert len(effects) == 20
    part = table[(table["width"] == 4) & (table["filter"] == "none")]
    values = part.pivot_table(index="replicate", columns="share", values="recall").to_numpy()
    curves = Curves(np.array([0.0, 0.1, 0.4, 0.5]), values, tuple(range(5)))
    found = effects[(effects["width"] == 4) & (effects["filter"] == "none")]["effect"]
    assert found.mean() == pytest.approx(effect(curves, (0.0, 0.2), (0.4, 0.6)).points.value)
    result = attribute(effects, "effect", ["width", "filter"])
    assert result.terms[0].estimate == pytest.approx(-0.3, abs=0.03)
    with pytest.raises(InferenceError, match=r"condition width=1, filter=none: .*holds none"):
        effect_table(table, "recall", (0.2, 0.3), (0.4, 0.6), ["width", "filter"])
    with pytest.raises(InferenceError, match="no column 'depth'"):
        effect_table(table, "recall", (0.0, 0.2), (0.4, 0.6), ["depth"])
    with pytest.raises(InferenceError, match="at least one knob"):
        effect_table(table, "recall", (0.0, 0.2), (0.4, 0.6), [])


def test_the_verdict_names_knobs_and_amounts() -> None:
    table = simulated(np.random.default_rng(10))
    table["effect"] += 0.02 * (table["width"] == 4) * (table["filter"] == "strict")
    result = attribute(table, "effect", KNOBS)
    assert result.verdict.startswith("effect is moved by width (-0.0")
    assert "from 1 to 4, 95 % interval" in result.verdict
    assert "act together: width × filter: strict (+0.0" in result.verdict
    assert result.verdict.endswith("not shown to matter on average: rate")
    noise = layout().assign(effect=np.random.default_rng(11).standard_normal(120))
    assert quick(noise).verdict == "no knob is shown to move effect on average"
    json.dumps(result.to_dict(), allow_nan=False)
    assert [row.term for row in result.estimates()] == list(TRUTH)


def test_interactions_that_the_design_cannot_tell_are_left_out_and_named() -> None:
    """One knob at a time from a base: no pair is ever moved together."""
    cells = [(1, 0.1), (4, 0.1), (1, 0.5)]
    generator = np.random.default_rng(12)
    rows = [
        (*c, r, 0.1 * c[0] + 0.01 * generator.standard_normal()) for c in cells for r in range(6)
    ]
    table = pd.DataFrame(rows, columns=["width", "rate", "replicate", "effect"])
    result = attribute(table, "effect", ["width", "rate"])
    assert [row.term for row in result.terms] == ["width", "rate"]
    assert any("width × rate" in note for note in result.warnings)
    assert result.terms[0].estimate == pytest.approx(0.3, abs=0.02)


def test_ordered_and_boolean_knobs() -> None:
    table = simulated(np.random.default_rng(13))
    table["filter"] = pd.Categorical(table["filter"], ["strict", "none"])
    table["rate"] = table["rate"] > 0.3
    names = [row.term for row in quick(table, interactions=False).terms]
    assert names == ["width", "filter: none", "rate: True"]


def test_few_replicates_are_said_and_one_has_no_interval() -> None:
    table = simulated(np.random.default_rng(14), 3)
    assert "few replicates (3)" in quick(table).warnings[0]
    one = quick(table[table["replicate"] == 0])
    assert all(row.interval is None and math.isnan(row.p_adjusted) for row in one.terms)
    assert "one replicate" in one.verdict
    assert quick(table).terms[0].estimate == pytest.approx(
        np.mean([quick(table[table["replicate"] == r]).terms[0].estimate for r in range(3)])
    )


def test_re_splits_stretch_the_errors() -> None:
    table = simulated(np.random.default_rng(15))
    plain, split = quick(table), quick(table, replication=Replication("re-splits", 90, 10))
    assert split.terms[0].se == pytest.approx(math.sqrt(1 + 10 / 9) * plain.terms[0].se)
    assert split.terms[0].p_value > plain.terms[0].p_value


def test_the_seed_decides() -> None:
    table = simulated(np.random.default_rng(16))
    assert quick(table, seed=1) == quick(table, seed=1)
    assert quick(table, seed=1) != quick(table, seed=2)


GOOD = simulated(np.random.default_rng(0))
BAD: list[tuple[pd.DataFrame, list[str], dict[str, Any], str]] = [
    (GOOD, [], {}, "at least one knob"),
    (GOOD, ["width", "width"], {}, "each once"),
    (GOOD, ["depth"], {}, "no column 'depth'"),
    (GOOD.assign(rate=0.1), KNOBS, {}, "knob 'rate' is 0.1 in every row"),
    (GOOD.assign(rate=GOOD["width"] * 2), KNOBS, {}, "'rate' is determined by 'width'"),
    (GOOD.assign(rate=np.nan), KNOBS, {}, "knob 'rate' has missing"),
    (GOOD.assign(rate=np.where(GOOD["rate"] > 0.2, np.inf, 0.1)), KNOBS, {}, "infinite"),
    (GOOD, ["width", "filter"], {}, "several rows for width=1, filter=none, replicate=0"),
    (GOOD.assign(effect=np.nan), KNOBS, {}, "finite number in every row"),
    (GOOD.assign(effect="a"), KNOBS, {}, "finite number in every row"),
    (GOOD.assign(effect=0.25), KNOBS, {}, "'effect' is 0.25 in every row"),
    (GOOD.assign(replicate=np.nan), KNOBS, {}, "'replicate' has missing"),
    (GOOD.drop(columns="replicate"), KNOBS, {}, "no column 'replicate'"),
    (GOOD, KNOBS, {"family": "quasi-binomial"}, r"in \[0, 1\]"),
    (GOOD, KNOBS, {"family": "poisson"}, "family must be"),
    (GOOD, KNOBS, {"level": 1.5}, "level"),
    (GOOD.iloc[[0, 10, 20, 35]], KNOBS, {"interactions": False}, "too few|determined|every row"),
    (
        GOOD.assign(effect=(GOOD["width"] > 1) * 1.0),
        KNOBS,
        {"family": "quasi-binomial"},
        "not finite",
    ),
]


@pytest.mark.parametrize(("table", "knobs", "options", "message"), BAD)
def test_what_cannot_be_attributed_is_refused(
    table: pd.DataFrame, knobs: list[str], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InferenceError, match=message):
        attribute(table, "effect", knobs, **options)
