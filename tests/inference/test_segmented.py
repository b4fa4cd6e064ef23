"""Segmented regression: published answers, slow twins, exact limits, coverage and refusals."""

import json
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize_scalar
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from smcollapse.inference import InferenceError, profile_break
from smcollapse.inference.segmented.model import SegmentedGLM, SegmentedOLS
from smcollapse.inference.segmented.profile import Problem, least_squares, search

# R data set "trees": girth and volume of 31 black cherry trees (Ryan, Joiner & Ryan 1976)
TREES = """
8.3 10.3  8.6 10.3  8.8 10.2  10.5 16.4  10.7 18.8  10.8 19.7  11.0 15.6  11.0 18.2
11.1 22.6  11.2 19.9  11.3 24.2  11.4 21.0  11.4 21.4  11.7 21.3  12.0 19.1  12.9 22.2
12.9 33.8  13.3 27.4  13.7 25.7  13.8 24.9  14.0 34.5  14.2 31.7  14.5 36.3  16.0 38.3
16.3 42.6  17.3 55.4  17.5 55.7  17.9 58.3  18.0 51.5  18.0 51.0  20.6 77.0
"""
# Down's syndrome by mother's age, British Columbia 1961-70 (Geyer 1991); "down" of R's segmented
BIRTHS = """
13555 13675 18752 22005 23896 24667 24807 23986 22860 21450 19202 17450 15685 13954 11987 10983
9825 8483 7448 6628 5780 4834 3961 2952 2276 1589 1018 596 327 249
"""
CASES = "16 15 16 22 16 12 17 22 15 14 27 14 9 12 12 18 13 11 23 13 17 15 30 31 33 20 16 22 11 7"
DOWN = pd.DataFrame(
    {
        "age": [17.0, *np.arange(18.5, 46.0), 47.0],
        "births": np.array(BIRTHS.split(), dtype=int),
        "cases": np.array(CASES.split(), dtype=int),
    }
)
LINE = np.linspace(0.0, 1.0, 41)


def kinked(x: np.ndarray, *pieces: tuple[float, float]) -> np.ndarray:
    """1 + x/2 plus hinges given as (knot, change)."""
    return 1.0 + 0.5 * x + sum(change * np.maximum(x - knot, 0.0) for knot, change in pieces)


def residual_sum(design: np.ndarray, x: np.ndarray, y: np.ndarray, knots: Any) -> float:
    full = np.column_stack([design, *(np.maximum(x - knot, 0.0) for knot in np.atleast_1d(knots))])
    return float(((y - full @ np.linalg.lstsq(full, y, rcond=None)[0]) ** 2).sum())


def with_covariates(seed: int, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    """Response (40,) and design (40, 4): constant, z, x, a dummy; x in column 2."""
    generator = np.random.default_rng(seed)
    x = generator.uniform(0, 1, 40).round(1 if ties else 6)
    z, dummy = generator.normal(size=40) + x, (generator.uniform(size=40) < 0.4).astype(float)
    y = kinked(x, (0.45, -2.0)) + z - dummy + 0.3 * generator.normal(size=40)
    return y, np.column_stack([np.ones(40), z, x, dummy])


# known answers


def test_down_known_answer() -> None:
    """The binomial fit of R's segmented (Muggeo 2008, R News 8/1)."""
    result = SegmentedGLM.from_formula(
        "cases + I(births - cases) ~ age", DOWN, segmented="age", family=sm.families.Binomial()
    ).fit()
    assert round(result.breaks[0], 4) == 31.0812
    assert round(result.breaks_se[0], 4) == 0.7242
    assert round(result.params["Intercept"], 5) == -6.78244
    assert round(result.params["age"], 5) == -0.01341
    assert round(result.params["change1"], 5) == 0.27422
    assert round(result.deviance, 2) == 43.94
    assert result.df_resid == 26


def test_piecewise_regression_readme_known_answer() -> None:
    noise = np.random.RandomState(0).normal(size=200)  # the published recipe
    x = np.linspace(0, 20, 200)
    y = 100 - 4 * x + 2 * np.maximum(x - 7, 0) + noise
    result = SegmentedOLS(y, sm.add_constant(x)).fit()
    assert round(result.breaks[0], 5) == 6.48706
    assert round(result.breaks_se[0], 3) == 0.137
    assert round(result.rss, 3) == 193.264


def test_trees_known_answer() -> None:
    girth, volume = np.array(TREES.split(), dtype=float).reshape(-1, 2).T
    result = SegmentedOLS(volume, sm.add_constant(girth)).fit()
    assert round(result.breaks[0], 4) == 15.4974
    assert round(result.ssr, 3) == 296.012
    assert result.nobs == 31


# the search


@pytest.mark.parametrize("seed", range(6))
def test_equals_profile_break(seed: int) -> None:
    generator = np.random.default_rng(seed)
    x = generator.uniform(0, 1, 30).round(1 if seed % 2 else 4)
    y = generator.normal(size=30) + (3.0 * np.maximum(x - 0.5, 0) if seed < 4 else 0.0)
    result, expected = SegmentedOLS(y, sm.add_constant(x)).fit(), profile_break(x, y)
    assert result.breaks[0] == pytest.approx(expected.knot, abs=1e-8)
    assert result.ssr == pytest.approx(expected.rss, rel=1e-10)
    slopes = result.slopes()["slope"].to_numpy()
    np.testing.assert_allclose(slopes, [expected.slope_before, expected.slope_after], atol=1e-8)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_covariates_slow_twin(seed: int, ties: bool) -> None:
    """Bounded searches from 100 starts find no smaller sum; inside a gap the score is zero."""
    y, design = with_covariates(seed, ties)
    x = design[:, 2]
    result = SegmentedOLS(y, design, segmented=2).fit()
    edges = np.linspace(*np.unique(x)[[1, -2]], 101)
    twin = min(
        float(
            minimize_scalar(
                lambda knot: residual_sum(design, x, y, knot),
                bounds=bounds,
                method="bounded",
                options={"xatol": 1e-7},
            ).fun
        )
        for bounds in pairwise(edges)
    )
    assert result.ssr == pytest.approx(twin, rel=1e-6)
    assert result.ssr <= twin * (1 + 1e-12)
    knot = result.breaks[0]
    if np.abs(x - knot).min() > 0:  # a knot off by δ leaves a score of about δ·change·rows
        score = result.resid @ (x > knot)
        assert abs(score) < 1e-9 * abs(result.params[-2]) * (x > knot).sum()


def test_two_breaks_slow_twin() -> None:
    """On random noise: no pair of knots on a grid is better, and the best is hardly worse."""
    generator = np.random.default_rng(4)
    x = np.repeat(np.linspace(0, 1, 9), 3)
    for _ in range(4):
        y = generator.normal(size=27)
        result = SegmentedOLS(y, sm.add_constant(x), n_breaks=2).fit()
        design, grid = sm.add_constant(x), np.linspace(0.125, 0.875, 61)
        pairs = {
            (one, two): residual_sum(design, x, y, (one, two))
            for one in grid
            for two in grid
            if np.sum((np.unique(x) >= one - 1e-12) & (np.unique(x) <= two + 1e-12)) >= 2
        }
        best = min(pairs, key=lambda pair: pairs[pair])
        assert result.ssr <= pairs[best] * (1 + 1e-12)
        assert result.ssr == pytest.approx(pairs[best], rel=5e-3)


@pytest.mark.parametrize("n_breaks", [1, 2])
def test_coarse_search_finds_what_the_exhaustive_one_does(n_breaks: int) -> None:
    generator = np.random.default_rng(7)
    x = np.sort(generator.uniform(0, 1, 80))
    y = kinked(x, (0.3, -2.0), (0.7, 2.0)) + 0.05 * generator.normal(size=80)
    minima = least_squares(Problem(x, sm.add_constant(x), x), y)
    exhaustive = search(minima, 80, n_breaks, 1_000_000)
    coarse = search(minima, 80, n_breaks, 60)
    np.testing.assert_allclose(coarse[0], exhaustive[0], atol=1e-12)
    assert coarse[1] == pytest.approx(exhaustive[1], rel=1e-12)


# exact limits

CHANGES = st.one_of(st.floats(-2.0, -0.05), st.floats(0.05, 2.0))


@settings(deadline=None, derandomize=True, max_examples=40)
@given(knot=st.floats(0.03, 0.97), change=CHANGES)
def test_exact_without_noise(knot: float, change: float) -> None:
    result = SegmentedOLS(kinked(LINE, (knot, change)), sm.add_constant(LINE)).fit()
    np.testing.assert_allclose(result.params, [1.0, 0.5, change, knot], atol=1e-9)
    assert result.ssr < 1e-20


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e5])
def test_the_knot_moves_with_origin_and_unit(unit: float) -> None:
    """Years, or seconds since 1970: far from zero, the knot is as exact as such numbers are."""
    generator = np.random.default_rng(9)
    y = kinked(LINE, (0.3, -2.0)) + 0.2 * generator.normal(size=41)
    plain = SegmentedOLS(y, sm.add_constant(LINE)).fit()
    far = unit * (2000.0 + LINE)
    moved = SegmentedOLS(y, sm.add_constant(far)).fit()
    assert moved.breaks[0] / unit - 2000.0 == pytest.approx(plain.breaks[0], abs=1e-8)
    assert moved.breaks_se[0] / unit == pytest.approx(plain.breaks_se[0], rel=1e-4)
    assert moved.ssr == pytest.approx(plain.ssr, rel=1e-8)


@settings(deadline=None, derandomize=True, max_examples=15)
@given(first=st.floats(0.06, 0.45), second=st.floats(0.55, 0.94), one=CHANGES, two=CHANGES)
def test_two_breaks_exact_without_noise(
    first: float, second: float, one: float, two: float
) -> None:
    x = np.linspace(0, 1, 21)
    result = SegmentedOLS(kinked(x, (first, one), (second, two)), sm.add_constant(x), n_breaks=2)
    np.testing.assert_allclose(result.fit().params, [1.0, 0.5, one, two, first, second], atol=1e-9)


@pytest.mark.parametrize("knot", [0.31, 0.5])
def test_glm_exact_without_noise(knot: float) -> None:
    """Means as responses: deviance zero at the true knot, inside a gap and at a data point."""
    mean = np.exp(kinked(LINE, (knot, -2.0)))
    model = SegmentedGLM(mean, sm.add_constant(LINE), family=sm.families.Poisson())
    with pytest.warns(PerfectSeparationWarning):  # statsmodels' word for a fit without residuals
        result = model.fit()
    np.testing.assert_allclose(result.params, [1.0, 0.5, -2.0, knot], atol=1e-8)
    assert result.deviance < 1e-12


def test_gaussian_glm_is_ols() -> None:
    y, design = with_covariates(0, ties=False)
    one = SegmentedOLS(y, design, segmented=2).fit()
    two = SegmentedGLM(y, design, segmented=2, family=sm.families.Gaussian()).fit(use_t=True)
    np.testing.assert_allclose(two.params, one.params, atol=1e-8)
    np.testing.assert_allclose(two.cov_params(), one.cov_params(), rtol=1e-6)
    np.testing.assert_allclose(two.conf_int(0.1), one.conf_int(0.1), rtol=1e-6)
    assert two.deviance == pytest.approx(one.ssr)
    assert two.llf == pytest.approx(one.llf, abs=0.5)  # statsmodels' scales differ, n and n - p


# standard errors


@pytest.mark.parametrize("cov_type", ["nonrobust", "HC3"])
def test_errors_are_statsmodels_own_on_the_linearized_design(cov_type: str) -> None:
    y, design = with_covariates(0, ties=False)
    result = SegmentedOLS(y, design, segmented=2).fit(cov_type=cov_type)
    knot, change, x = result.breaks[0], result.params[-2], design[:, 2]
    assert np.abs(x - knot).min() > 1e-6  # inside a gap, where both are the same model
    full = np.column_stack([design, np.maximum(x - knot, 0), -change * (x > knot)])
    expected = sm.OLS(y, full).fit(cov_type=cov_type)
    shift = np.r_[np.zeros(5), knot]
    np.testing.assert_allclose(result.params, expected.params + shift, atol=1e-8)
    np.testing.assert_allclose(result.bse, expected.bse, rtol=1e-6)
    np.testing.assert_allclose(result.cov_params(), expected.cov_params(), rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(result.conf_int(), expected.conf_int() + shift[:, None], atol=1e-7)
    np.testing.assert_allclose(result.pvalues[:4], expected.pvalues[:4], atol=1e-7)
    assert np.isnan(result.pvalues[4:]).all()  # no break: no knot, no t distribution
    for name in ("aic", "bic", "llf", "rsquared", "df_resid", "scale"):
        assert getattr(result, name) == pytest.approx(getattr(expected, name)), name


def test_mirrored_data_mirror_slopes_and_errors() -> None:
    generator = np.random.default_rng(2)
    y = kinked(LINE, (0.3, -2.0)) + 0.1 * generator.normal(size=41)
    one = SegmentedOLS(y, sm.add_constant(LINE)).fit()
    two = SegmentedOLS(y, sm.add_constant(1.0 - LINE)).fit()
    assert two.breaks[0] == pytest.approx(1.0 - one.breaks[0], abs=1e-9)
    assert two.breaks_se[0] == pytest.approx(one.breaks_se[0])
    slopes, mirrored = one.slopes().to_numpy(), two.slopes().to_numpy()[::-1]
    np.testing.assert_allclose(mirrored[:, :2], slopes[:, :2] * [-1.0, 1.0], rtol=1e-6)
    np.testing.assert_allclose(mirrored[:, 2:], -slopes[:, [3, 2]], rtol=1e-6)


def test_a_knot_at_a_data_point_keeps_its_estimates() -> None:
    """V shapes about a point that sticks out: the knot sits on it, and has a standard error."""
    x = np.linspace(0, 1, 11)
    y = np.abs(x - 0.5) - 0.2 * (x == 0.5)
    result = SegmentedOLS(y, sm.add_constant(x)).fit()
    assert result.breaks[0] == 0.5
    assert result.ssr == pytest.approx(residual_sum(sm.add_constant(x), x, y, 0.5))
    np.testing.assert_allclose(result.fittedvalues + result.resid, y)
    assert 0.0 < result.breaks_se[0] < 0.1


def test_clusters_of_copies_count_once() -> None:
    """Four copies of every row in its own cluster: HC0 of the rows, times the correction."""
    y, design = with_covariates(3, ties=False)
    rows = np.repeat(np.arange(40), 4)
    copies = SegmentedOLS(y[rows], design[rows], segmented=2, groups=rows).fit()
    ignorant = SegmentedOLS(y[rows], design[rows], segmented=2).fit()
    single = SegmentedOLS(y, design, segmented=2).fit(cov_type="HC0")
    assert (copies.bse > 1.3 * ignorant.bse).all()
    correction = math.sqrt(40 / 39 * 159 / (160 - 6))
    np.testing.assert_allclose(copies.bse, correction * single.bse, rtol=1e-6)
    half = np.diff(copies.conf_int())[:, 0] / 2
    np.testing.assert_allclose(half, stats.t.ppf(0.975, 39) * copies.bse, rtol=1e-9)
    slopes = copies.slopes()
    half = (slopes["upper"] - slopes["lower"]) / 2
    np.testing.assert_allclose(half, stats.t.ppf(0.975, 39) * slopes["se"], rtol=1e-9)
    assert copies.use_t
    assert copies.cov_type == "cluster"
    assert copies.estimates()[0].n_replicates == 40


def test_clustered_glm_uses_t_with_one_less_than_the_groups() -> None:
    generator = np.random.default_rng(3)
    x, groups = np.tile(LINE, 8), np.repeat(list("abcdefgh"), 41)
    y = generator.poisson(np.exp(kinked(x, (0.4, -3.0))))
    result = SegmentedGLM(y, sm.add_constant(x), family=sm.families.Poisson(), groups=groups).fit()
    half = np.diff(result.conf_int())[:, 0] / 2
    np.testing.assert_allclose(half, stats.t.ppf(0.975, 7) * result.bse, rtol=1e-9)
    change, knot = result.params[2:]
    full = np.column_stack([sm.add_constant(x), np.maximum(x - knot, 0), -change * (x > knot)])
    expected = sm.GLM(y, full, family=sm.families.Poisson()).fit(
        cov_type="cluster", cov_kwds={"groups": np.repeat(np.arange(8), 41)}
    )
    np.testing.assert_allclose(result.bse, expected.bse, rtol=1e-5)


def test_frequency_weights_are_repeated_rows() -> None:
    generator = np.random.default_rng(5)
    y = generator.poisson(np.exp(kinked(LINE, (0.4, -3.0))))
    counts = generator.integers(1, 4, 41)
    poisson = sm.families.Poisson()
    design = sm.add_constant(LINE)
    weighted = SegmentedGLM(y, design, family=poisson, freq_weights=counts).fit()
    rows = np.repeat(np.arange(41), counts)
    repeated = SegmentedGLM(y[rows], design[rows], family=poisson).fit()
    np.testing.assert_allclose(weighted.params, repeated.params, atol=1e-7)
    np.testing.assert_allclose(weighted.bse, repeated.bse, rtol=1e-6)
    assert weighted.df_resid == counts.sum() - 4


def test_binomial_counts_are_proportions_with_variance_weights() -> None:
    binomial, design = sm.families.Binomial(), sm.add_constant(DOWN["age"])
    counts = np.column_stack([DOWN["cases"], DOWN["births"] - DOWN["cases"]])
    one = SegmentedGLM(counts, design, family=binomial).fit()
    rate = DOWN["cases"] / DOWN["births"]
    two = SegmentedGLM(rate, design, family=binomial, var_weights=DOWN["births"]).fit()
    np.testing.assert_allclose(two.params, one.params, rtol=1e-8)
    np.testing.assert_allclose(two.bse, one.bse, rtol=1e-6)


SHARES = np.linspace(0.0, 0.6, 13)


def test_coverage_of_knot_and_change() -> None:
    """800 samples, 4 rows at each of 13 x, knot inside a gap; Monte-Carlo s.e. .0077 at .95.

    Negative control: an interval of the change that takes the knot as known covers too rarely.
    """
    x, generator, hits = np.repeat(SHARES, 4), np.random.default_rng(11), np.zeros(3)
    design, truth, quantile = sm.add_constant(x), kinked(x, (0.12, -1.5)), stats.t.ppf(0.975, 49)
    for _ in range(800):
        y = truth + 0.01 * generator.normal(size=x.size)
        result = SegmentedOLS(y, design).fit()
        limits = result.conf_int()
        hits[0] += limits[3, 0] <= 0.12 <= limits[3, 1]
        hits[1] += limits[2, 0] <= -1.5 <= limits[2, 1]
        full = np.column_stack([design, np.maximum(x - result.breaks[0], 0.0)])
        naive = math.sqrt(result.ssr / 49 * np.linalg.inv(full.T @ full)[2, 2])
        hits[2] += abs(result.params[2] + 1.5) <= quantile * naive
    coverage = hits / 800
    np.testing.assert_allclose(coverage[:2], 0.95, atol=4 * 0.0077)
    assert coverage[2] < 0.88


def test_clustered_coverage_of_the_knot() -> None:
    """400 sets of 78 groups of 3 rows with a shock in common; Monte-Carlo s.e. .0109 at .95.

    Negative control: rows taken as independent cover too rarely.
    """
    x, groups = np.repeat(SHARES, 18), np.repeat(np.arange(78), 3)
    design, generator, hits = sm.add_constant(x), np.random.default_rng(12), np.zeros(2)
    for _ in range(400):
        noise = generator.normal(size=78)[groups] + 0.5 * generator.normal(size=x.size)
        y = kinked(x, (0.22, -1.5)) + 0.015 * noise
        clustered = SegmentedOLS(y, design, groups=groups).fit()
        for column, fitted in enumerate((clustered, SegmentedOLS(y, design).fit())):
            low, high = fitted.conf_int()[3]
            hits[column] += low <= 0.22 <= high
    np.testing.assert_allclose(hits[0] / 400, 0.95, atol=4 * 0.0109)
    assert hits[1] / 400 < 0.85


# like statsmodels


def frame() -> pd.DataFrame:
    y, design = with_covariates(2, ties=False)
    kind = np.where(design[:, 3] == 1.0, "b", "a")
    table = pd.DataFrame({"y": y, "z": design[:, 1], "x": design[:, 2], "kind": kind})
    return table.set_index(pd.Index(np.arange(100, 140)))


@pytest.mark.parametrize("n_breaks", [1, 2])
def test_formula_equals_arrays(n_breaks: int) -> None:
    table = frame()
    by_formula = SegmentedOLS.from_formula(
        "y ~ z + x + C(kind)", table, segmented="x", n_breaks=n_breaks, groups="kind"
    ).fit()
    design = np.column_stack([np.ones(40), table["kind"] == "b", table["z"], table["x"]])
    by_array = SegmentedOLS(
        table["y"].to_numpy(), design, segmented=3, n_breaks=n_breaks, groups=table["kind"]
    ).fit()
    np.testing.assert_allclose(by_formula.params, by_array.params, atol=1e-9)
    np.testing.assert_allclose(by_formula.cov_params(), by_array.cov_params(), atol=1e-9)
    new = table.iloc[:7].drop(columns="y")
    predicted = by_formula.predict(new)
    assert list(predicted.index) == list(new.index)
    np.testing.assert_allclose(predicted, by_array.predict(design[:7]), atol=1e-9)
    np.testing.assert_allclose(by_formula.predict(), by_formula.predict(table), atol=1e-9)


def test_labels_follow_the_data() -> None:
    table = frame()
    exog = sm.add_constant(table[["x"]])
    labelled = SegmentedOLS(table["y"], exog).fit()
    assert list(labelled.params.index) == ["const", "x", "change1", "break1"]
    assert list(labelled.cov_params().columns) == list(labelled.bse.index)
    assert list(labelled.conf_int().index) == list(labelled.params.index)
    assert list(labelled.resid.index) == list(table.index)
    bare = SegmentedOLS(table["y"].to_numpy(), exog.to_numpy()).fit()
    assert isinstance(bare.params, np.ndarray)
    assert bare.param_names == ["const", "x1", "change1", "break1"]
    np.testing.assert_array_equal(bare.params, labelled.params)
    new = pd.DataFrame({"x": [0.1, 0.9], "other": 0.0, "const": 1.0}, index=["low", "high"])
    predicted = labelled.predict(new)
    assert list(predicted.index) == ["low", "high"]
    np.testing.assert_allclose(bare.predict([[1.0, 0.1], [1.0, 0.9]]), predicted)
    np.testing.assert_allclose(bare.predict([1.0, 0.9]), predicted.iloc[1:])


def test_predictions_kink_at_the_break_and_follow_the_link() -> None:
    result = SegmentedGLM.from_formula(
        "cases / births ~ age",
        DOWN,
        family=sm.families.Binomial(),
        segmented="age",
        var_weights="births",
    ).fit()
    grid = pd.DataFrame({"age": result.breaks[0] + np.array([-2.0, -1.0, 0.0, 1.0, 2.0])})
    rate = result.predict(grid)
    steps = np.diff(np.log(rate / (1 - rate)))
    np.testing.assert_allclose(steps, np.repeat(result.slopes()["slope"], 2), rtol=1e-9)
    np.testing.assert_allclose(result.predict(DOWN), result.fittedvalues)


def test_summary_and_dictionary() -> None:
    table = frame()
    result = SegmentedOLS.from_formula("y ~ x", table, n_breaks=2).fit()
    text = result.summary(alpha=0.1).as_text()
    for word in ("SegmentedOLS", "Intercept", "change2", "break2", "R-squared", "[0.05", "0.95]"):
        assert word in text, word
    row = next(line.split() for line in text.splitlines() if line.startswith("break1"))
    assert float(row[1]) == pytest.approx(result.breaks[0], abs=5e-5)
    assert float(row[2]) == pytest.approx(result.breaks_se[0], abs=5e-4)
    assert row[3:5] == ["nan", "nan"]
    plain = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert plain["breaks"] == result.breaks.tolist()
    assert [term["term"] for term in plain["parameters"]] == result.param_names
    assert list(plain["slopes"]) == ["segment1", "segment2", "segment3"]
    glm = SegmentedGLM.from_formula("y ~ x", table, family=sm.families.Gaussian()).fit()
    assert "Deviance" in glm.summary().as_text()
    assert glm.bic - glm.aic == pytest.approx(4 * (math.log(40) - 2))  # 3 coefficients, 1 break


# refusals

X = np.linspace(0, 1, 12)
Y = np.random.default_rng(0).normal(size=12)
D = sm.add_constant(X)
HOLED = np.where(np.arange(12) == 3, np.nan, X)


def ols(endog: Any = Y, exog: Any = D, **options: Any) -> SegmentedOLS:
    return SegmentedOLS(endog, exog, **options)


def formula(text: str = "y ~ x", **options: Any) -> SegmentedOLS:
    return SegmentedOLS.from_formula(text, pd.DataFrame({"y": Y, "x": X, "w": HOLED}), **options)


BAD: list[tuple[Callable[[], Any], str]] = [
    (lambda: ols(exog=sm.add_constant(np.arange(12) // 3)), "at least 5 distinct values.*got 4"),
    (lambda: ols(exog=sm.add_constant(np.arange(12) // 2), n_breaks=2), "at least 7 .* got 6"),
    (lambda: ols(segmented=0), "const is constant"),
    (lambda: ols(exog=np.ones((12, 1))), "no column varies"),
    (lambda: ols(exog=np.column_stack([D, X**2])), "say which column breaks.*x1, x2"),
    (lambda: ols(n_breaks=3), "n_breaks must be 1 or 2, got 3"),
    (lambda: ols(n_breaks=0), "n_breaks must be 1 or 2, got 0"),
    (lambda: ols(exog=sm.add_constant(HOLED)), "exog has missing.*first is row 3"),
    (lambda: ols(endog=HOLED), "endog has missing.*first is row 3"),
    (lambda: ols(endog=np.where(X > 0.9, np.inf, X)), "endog has missing or infinite"),
    (lambda: ols(endog=Y[1:]), "endog has 11 rows and exog 12"),
    (lambda: ols(endog=np.column_stack([Y, Y])), "one column"),
    (lambda: ols(endog=list("abcdefghijkl")), "endog must be numbers"),
    (lambda: ols(segmented="age"), "no column 'age' in exog.*const, x1"),
    (lambda: ols(segmented=2), "no column 2 in exog"),
    (lambda: ols(exog=np.column_stack([D, 1 - X]), segmented=1), "linearly dependent"),
    (lambda: ols(exog=np.column_stack([D, np.eye(12)[:, 1:9]]), segmented=1), "more than 12 rows"),
    (lambda: ols(exog=pd.DataFrame({"c": 1.0, "break1": X})), "rename.*break1"),
    (lambda: ols(pd.Series(Y), pd.DataFrame(D, index=range(1, 13))), "different indexes"),
    (lambda: ols(groups=[1, 2]), "one entry per row, 12"),
    (lambda: ols(groups=np.ones(12)), "at least 2 groups"),
    (lambda: ols(groups=HOLED), "no entry in row 3"),
    (lambda: ols(groups=X > 0.5).fit(cov_type="HC3"), "leave out cov_type='HC3'"),
    (lambda: ols().fit().predict(np.ones((3, 3))), "exog has 3 columns; the model has 2"),
    (lambda: ols().fit().predict([[1.0, np.nan]]), "missing"),
    (lambda: ols().fit().conf_int(alpha=1.5), "level"),
    (lambda: ols().fit().slopes(alpha=0.0), "level"),
    (lambda: ols(exog=pd.DataFrame(D)).fit().predict(pd.DataFrame({"1": X})), "no column 0"),
    (lambda: formula("y ~ nothing"), "formula does not fit.*nothing"),
    (lambda: formula("y ~ w"), "formula does not fit.*missing"),
    (lambda: formula(groups="school"), "data has no column 'school'"),
    (lambda: formula(segmented="w"), "no column 'w' in exog"),
    (lambda: formula().fit().predict(pd.DataFrame({"w": X})), "formula does not fit"),
    (lambda: SegmentedGLM(Y, D, family="binomial"), "family must be like"),
    (
        lambda: SegmentedGLM(Y, D, family=sm.families.Gaussian(), freq_weights=np.zeros(12)),
        "freq_weights must be 12 positive",
    ),
    (
        lambda: SegmentedGLM(Y, D, family=sm.families.Gaussian(), var_weights=Y[1:] ** 2),
        "var_weights must be 12 positive",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InferenceError, match=message):
        call()


def test_columns_that_follow_every_bend_are_refused() -> None:
    x = np.repeat(np.arange(6.0), 4)
    dummies = (x[:, None] == np.arange(1, 5)).astype(float)
    model = SegmentedOLS(
        np.random.default_rng(0).normal(size=24),
        np.column_stack([np.ones(24), x, dummies]),
        segmented=1,
    )
    with pytest.raises(InferenceError, match="no break in x1 is identified"):
        model.fit()
