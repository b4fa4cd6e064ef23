"""Break: published answers, a brute-force twin, exact limits and refusals."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from smcollapse.inference import Curves, InferenceError, Replication, break_point, profile_break

SHARES = np.round(np.linspace(0.0, 0.6, 13), 12)
KINK = 0.9 - np.maximum(SHARES - 0.4, 0.0)

# R data set "trees": 31 felled black cherry trees (Ryan, Joiner & Ryan 1976)
TREES = """
8.3 10.3  8.6 10.3  8.8 10.2  10.5 16.4  10.7 18.8  10.8 19.7  11.0 15.6  11.0 18.2
11.1 22.6  11.2 19.9  11.3 24.2  11.4 21.0  11.4 21.4  11.7 21.3  12.0 19.1  12.9 22.2
12.9 33.8  13.3 27.4  13.7 25.7  13.8 24.9  14.0 34.5  14.2 31.7  14.5 36.3  16.0 38.3
16.3 42.6  17.3 55.4  17.5 55.7  17.9 58.3  18.0 51.5  18.0 51.0  20.6 77.0
"""


def noisy(truth: np.ndarray, n: int = 10, sd: float = 0.02, seed: int = 0) -> Curves:
    noise = sd * np.random.default_rng(seed).standard_normal((n, truth.size))
    return Curves(SHARES, truth + noise, tuple(range(n)))


def residual_sum(x: np.ndarray, y: np.ndarray, knot: float) -> float:
    basis = np.column_stack([np.ones_like(x), x, np.maximum(x - knot, 0.0)])
    coefficients = np.linalg.lstsq(basis, y, rcond=None)[0]
    return float(((y - basis @ coefficients) ** 2).sum())


def slow_profile(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Bounded search in every gap, from 40 starts; knot and RSS."""
    grid = np.unique(x)
    best = min((residual_sum(x, y, k), float(k)) for k in grid[1:-1])
    for left, right in pairwise(grid[1:-1]):
        edges = np.linspace(left, right, 41)
        for low, high in pairwise(edges):
            found = minimize_scalar(
                lambda k: residual_sum(x, y, k), bounds=(low, high), options={"xatol": 1e-10}
            )
            best = min(best, (float(found.fun), float(found.x)))
    return best[1], best[0]


def test_trees_known_answer() -> None:
    girth, volume = np.array(TREES.split(), dtype=float).reshape(-1, 2).T
    fit = profile_break(girth, volume)
    assert round(fit.knot, 4) == 15.4974
    assert round(fit.rss, 3) == 296.012
    assert fit.n == 31
    assert fit.rss_line == pytest.approx(524.3025, abs=1e-4)  # R: deviance(lm(Volume ~ Girth))


def test_piecewise_regression_readme_known_answer() -> None:
    noise = np.random.RandomState(0).normal(size=200)  # the published recipe
    x = np.linspace(0, 20, 200)
    y = 100 - 4 * x + 2 * np.maximum(x - 7, 0) + noise
    fit = profile_break(x, y)
    assert round(fit.knot, 5) == 6.48706
    assert round(fit.rss, 3) == 193.264


@pytest.mark.parametrize("seed", range(6))
def test_profile_equals_its_slow_twin(seed: int) -> None:
    generator = np.random.default_rng(seed)
    x = np.sort(
        np.round(generator.uniform(0, 1, 25), 1 if seed % 2 else 3)
    )  # with and without ties
    y = generator.normal(size=25) + (3.0 * np.maximum(x - 0.5, 0) if seed < 4 else 0.0)
    shuffle = generator.permutation(25)
    fit = profile_break(x[shuffle], y[shuffle])
    knot, rss = slow_profile(x, y)
    assert fit.rss == pytest.approx(rss, rel=1e-9)
    assert fit.knot == pytest.approx(knot, abs=1e-4)


@settings(deadline=None, derandomize=True, max_examples=80)
@given(
    knot=st.floats(0.051, 0.549),
    before=st.floats(-1.0, 1.0),
    change=st.one_of(st.floats(-2.0, -0.05), st.floats(0.05, 2.0)),
)
def test_exact_without_noise(knot: float, before: float, change: float) -> None:
    y = 0.5 + before * SHARES + change * np.maximum(SHARES - knot, 0.0)
    fit = profile_break(SHARES, y)
    assert fit.knot == pytest.approx(knot, abs=1e-9)
    assert fit.slope_before == pytest.approx(before, abs=1e-9)
    assert fit.slope_after == pytest.approx(before + change, abs=1e-9)
    assert fit.rss < 1e-20


@settings(deadline=None, derandomize=True, max_examples=15)
@given(
    scale=st.floats(0.1, 50.0),
    shift=st.floats(-9, 9),
    tilt=st.floats(-5, 5),
    seed=st.integers(0, 9),
)
def test_the_knot_ignores_scale_shift_and_tilt(
    scale: float, shift: float, tilt: float, seed: int
) -> None:
    """Adding a line changes both slopes and no knot; resampled bands follow exactly."""
    measured = noisy(KINK, seed=seed)
    moved = Curves(SHARES, scale * measured.values + shift + tilt * SHARES, measured.replicates)
    first, second = break_point(measured, draws=99), break_point(moved, draws=99)
    assert second.knot == pytest.approx(first.knot, abs=1e-8)
    assert first.band is not None
    assert second.band is not None
    assert second.band.lower == pytest.approx(first.band.lower, abs=1e-7)
    assert second.band.upper == pytest.approx(first.band.upper, abs=1e-7)
    assert second.slope_after == pytest.approx(scale * first.slope_after + tilt, abs=1e-6)
    assert second.rss == pytest.approx(scale**2 * first.rss, rel=1e-6)


def test_mirrored_shares_mirror_the_knot() -> None:
    measured = noisy(KINK)
    mirrored = Curves(SHARES, measured.values[:, ::-1], measured.replicates)
    assert break_point(mirrored).knot == pytest.approx(0.6 - break_point(measured).knot, abs=1e-9)


def test_the_knot_of_the_means_is_the_knot_of_all_rows() -> None:
    measured = noisy(KINK)
    rows = profile_break(np.tile(SHARES, 10), measured.values.ravel())
    assert rows.knot == pytest.approx(break_point(measured).knot, abs=1e-9)


def test_record_is_consistent() -> None:
    result = break_point(noisy(KINK))
    assert result.band is not None
    assert result.knot in result.band
    assert result.slope_before_band is not None
    assert result.slope_after_band is not None
    assert result.slope_change_band is not None
    assert 0.0 in result.slope_before_band
    assert -1.0 in result.slope_after_band
    assert -1.0 in result.slope_change_band
    assert result.slope_change == pytest.approx(result.slope_after - result.slope_before)
    assert result.rss < 0.2 * result.rss_line
    assert [row.term for row in result.estimates()] == [
        "knot",
        "slope before",
        "slope after",
        "slope change",
    ]
    assert result == break_point(noisy(KINK))
    assert result != break_point(noisy(KINK), seed=1)


def test_a_straight_line_leaves_the_knot_open() -> None:
    result = break_point(noisy(0.9 - 0.3 * SHARES))
    assert result.band is not None
    assert result.band.width > 0.4
    assert "open below and above: a knot is searched from 0.05 to 0.55" in result.note


def test_one_replicate_and_few_shares_have_no_band() -> None:
    curves = noisy(KINK, n=1)
    result = break_point(Curves(SHARES[::3], curves.values[:, ::3], curves.replicates))
    assert 0.1 < result.knot < 0.5
    assert result.band is None
    assert math.isnan(result.se)
    assert "no band" in result.note


def test_re_splits_widen_the_band() -> None:
    measured = noisy(KINK)
    splits = Curves(
        SHARES, measured.values, measured.replicates, replication=Replication("re-splits", 80, 20)
    )
    plain, split = break_point(measured), break_point(splits)
    # knots are not linear in the noise, so the factor √(1 + 10/4) = 1.87 holds roughly
    assert split.se / plain.se == pytest.approx(1.87, rel=0.15)
    assert "Nadeau-Bengio" in split.method


def test_bad_input_is_refused() -> None:
    four = Curves(SHARES[:4], np.ones((2, 4)), (0, 1))
    with pytest.raises(InferenceError, match="at least 5 distinct shares"):
        break_point(four)
    with pytest.raises(InferenceError, match="at least 5 distinct x, got 4"):
        profile_break([0, 1, 2, 3, 3], [0, 1, 2, 3, 4])
    with pytest.raises(InferenceError, match="equally long"):
        profile_break(SHARES, SHARES[1:])
    with pytest.raises(InferenceError, match="finite"):
        profile_break(SHARES, np.full(13, np.nan))
    with pytest.raises(InferenceError, match="level"):
        break_point(noisy(KINK), level=1.0)
