"""Transition: exact recovery, derivatives, the batched fit against scipy's, and the flags."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smcollapse.inference import Curves, InferenceError, smooth_transition
from smcollapse.inference.onsets.transition import (
    _fit,
    _fit_all,
    _jacobian,
    _residuals,
    _search_range,
)

SHARES = np.round(np.linspace(0.0, 0.6, 13), 12)


def logistic(centre: float, width: float, left: float = 0.95, right: float = 0.7) -> np.ndarray:
    """10-90 % width: 2 ln 9 scales."""
    return left + (right - left) / (1 + np.exp(-(SHARES - centre) * 2 * math.log(9) / width))


def noisy(truth: np.ndarray, n: int = 10, sd: float = 0.02, seed: int = 0) -> Curves:
    noise = sd * np.random.default_rng(seed).standard_normal((n, truth.size))
    return Curves(SHARES, truth + noise, tuple(range(n)))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    centre=st.floats(0.12, 0.5),
    width=st.floats(0.08, 0.5),
    left=st.floats(-2.0, 2.0),
    change=st.one_of(st.floats(-1.0, -0.05), st.floats(0.05, 1.0)),
)
def test_exact_without_noise(centre: float, width: float, left: float, change: float) -> None:
    curve = Curves(SHARES, logistic(centre, width, left, left + change)[None, :], (0,))
    result = smooth_transition(curve)
    assert result.centre == pytest.approx(centre, abs=1e-5)
    assert result.width == pytest.approx(width, abs=1e-4)
    assert result.left == pytest.approx(left, abs=1e-4)
    assert result.right == pytest.approx(left + change, abs=1e-4)
    assert result.better_than_line
    assert result.centre_inside


def test_width_is_the_distance_from_10_to_90_per_cent() -> None:
    result = smooth_transition(Curves(SHARES, logistic(0.3, 0.2, 1.0, 0.0)[None, :], (0,)))
    scale = result.width / (2 * math.log(9))
    for share, height in ((result.centre - result.width / 2, 0.9), (0.4, 0.1)):
        assert 1 - 1 / (1 + math.exp(-(share - result.centre) / scale)) == pytest.approx(
            height, abs=1e-6
        )


def test_jacobian_equals_central_differences() -> None:
    theta = np.array([[0.9, 0.6, 0.4, -3.0], [0.1, 0.5, 0.2, -2.0]])
    means = np.zeros((2, 13))
    analytic = _jacobian(SHARES, theta)
    for k in range(4):
        step = np.zeros(4)
        step[k] = 1e-6
        numeric = _residuals(SHARES, means, theta + step) - _residuals(SHARES, means, theta - step)
        np.testing.assert_allclose(analytic[:, :, k], numeric / 2e-6, atol=1e-8)


@pytest.mark.parametrize(("centre", "width"), [(0.42, 0.22), (0.3, 0.1), (0.5, 0.4)])
def test_batched_fit_equals_scipys(centre: float, width: float) -> None:
    """60 noisy curves: the batched fit is never worse, and agrees wherever the minimum is interior.

    Resolution: RSS within one part in 10⁴ of scipy's trust-region solution.
    """
    search = _search_range(SHARES)
    curves = noisy(logistic(centre, width), n=60, sd=0.007).values
    batched = _fit_all(SHARES, curves, search)
    batched_rss = (_residuals(SHARES, curves, batched) ** 2).sum(axis=1)
    single = np.array([_fit(SHARES, curve, search) for curve in curves])
    single_rss = (_residuals(SHARES, curves, single) ** 2).sum(axis=1)
    assert (batched_rss <= single_rss * (1 + 1e-4)).all()
    assert (single_rss <= batched_rss * (1 + 1e-4)).all()
    low, high = search.log_scale
    interior = (single[:, 3] > low + 0.5) & (single[:, 3] < high - 0.5)
    assert interior.sum() > 20
    np.testing.assert_allclose(batched[interior, 2], single[interior, 2], atol=2e-3)


@settings(deadline=None, derandomize=True, max_examples=15)
@given(scale=st.floats(0.1, 50.0), shift=st.floats(-9, 9), seed=st.integers(0, 9))
def test_centre_and_width_ignore_scale_and_shift(scale: float, shift: float, seed: int) -> None:
    measured = noisy(logistic(0.4, 0.2), seed=seed)
    moved = Curves(SHARES, scale * measured.values + shift, measured.replicates)
    first, second = smooth_transition(measured, draws=99), smooth_transition(moved, draws=99)
    assert second.centre == pytest.approx(first.centre, abs=1e-5)
    assert second.width == pytest.approx(first.width, abs=1e-4)
    assert first.centre_band is not None
    assert second.centre_band is not None
    assert second.centre_band.lower == pytest.approx(first.centre_band.lower, abs=1e-3)


def test_bands_of_a_noisy_transition() -> None:
    result = smooth_transition(noisy(logistic(0.4, 0.2)))
    assert result.centre_band is not None
    assert result.width_band is not None
    assert 0.4 in result.centre_band
    assert result.centre_band.width < 0.06
    assert 0.2 in result.width_band
    assert result.note == ""
    assert result == smooth_transition(noisy(logistic(0.4, 0.2)))
    assert result != smooth_transition(noisy(logistic(0.4, 0.2)), seed=1)
    assert [row.term for row in result.estimates()] == ["transition centre", "transition width"]


def test_a_line_is_flagged_and_its_bands_are_open() -> None:
    result = smooth_transition(noisy(0.9 - 0.3 * SHARES, seed=3))
    assert not result.better_than_line
    assert "no better than a straight line" in result.note
    assert result.width_band is not None
    assert result.width_band.upper == math.inf
    assert "band of the width open" in result.note


def test_a_centre_outside_the_shares_is_flagged() -> None:
    result = smooth_transition(noisy(logistic(0.7, 0.3), sd=1e-4))
    assert not result.centre_inside
    assert result.centre == pytest.approx(0.7, abs=0.02)
    assert "centre outside" in result.note


def test_a_step_between_two_shares_has_an_unresolved_width() -> None:
    result = smooth_transition(noisy(np.where(SHARES > 0.32, 0.7, 0.9), sd=0.001))
    assert 0.3 < result.centre < 0.35
    assert result.width < 0.05
    assert result.width_band is not None
    assert result.width_band.lower == 0.0


def test_a_constant_curve_is_fitted_without_warning() -> None:
    result = smooth_transition(Curves(SHARES, np.full((3, 13), 0.9), (0, 1, 2)))
    assert not result.better_than_line
    assert result.rss == pytest.approx(0.0, abs=1e-20)


def test_one_replicate_and_few_shares_have_no_band() -> None:
    curves = noisy(logistic(0.4, 0.2), n=1)
    result = smooth_transition(Curves(SHARES[::3], curves.values[:, ::3], curves.replicates))
    assert result.centre_band is None
    assert result.width_band is None
    assert math.isnan(result.centre_se)
    assert "no band" in result.note


def test_too_few_shares_are_refused() -> None:
    with pytest.raises(InferenceError, match="at least 5 distinct shares"):
        smooth_transition(Curves(SHARES[:4], np.ones((2, 4)), (0, 1)))
