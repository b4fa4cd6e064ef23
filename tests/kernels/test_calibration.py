"""Calibration sums: twins, published answers, and properties of the smoothed residual."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smcollapse.kernels.calibration import fill_calibration_sums, fill_smoothed_residual
from tests import reference
from tests.kernels.agreement import assert_same_bits, interpreted, repeatable

PREDICTIONS = st.lists(
    st.tuples(st.floats(0.0, 1.0), st.sampled_from([0.0, 1.0])), min_size=1, max_size=30
)


def sums(confidence, correct, n_bins, kernel=fill_calibration_sums):
    out = np.full((3, n_bins), np.nan)
    kernel(np.asarray(confidence, float), np.asarray(correct, float), out)
    return out


def calibration_error(confidence, correct, n_bins):
    count, confident, right = sums(confidence, correct, n_bins)
    return np.abs(confident - right).sum() / count.sum()


def residual(confidence, correct, bandwidth, grid, kernel=fill_smoothed_residual):
    out = np.full(len(grid), np.nan)
    kernel(np.asarray(confidence, float), np.asarray(correct, float), bandwidth, grid, out)
    return out


@repeatable
@given(PREDICTIONS, st.integers(1, 20))
def test_sums_twins(predictions, n_bins):
    confidence, correct = map(list, zip(*predictions, strict=True))
    expected = np.array(reference.calibration_sums(confidence, correct, n_bins))
    assert_same_bits(sums(confidence, correct, n_bins), expected)
    assert_same_bits(
        sums(confidence, correct, n_bins, interpreted(fill_calibration_sums)), expected
    )


@pytest.mark.parametrize(
    ("confidence", "correct", "n_bins", "expected"),
    [
        ([0.25, 0.25, 0.55, 0.75, 0.75], [0, 0, 1, 1, 1], 2, 0.29),
        # Kumar, Liang, Ma (2019): .5 lies in the lower of two bins
        ([0.5] * 4 + [0.6] * 5, [1, 0, 0, 0, 1, 1, 1, 1, 0], 2, 2.0 / 9.0),
        ([0.5] * 4 + [0.6] * 5, [1, 0, 0, 0, 1, 1, 1, 1, 0], 15, 2.0 / 9.0),
        ([0.95, 1.0], [1, 0], 10, 0.475),
    ],
)
def test_published_answers(confidence, correct, n_bins, expected):
    assert calibration_error(confidence, correct, n_bins) == pytest.approx(expected, abs=1e-12)


def test_edges_belong_to_the_lower_bin_and_the_ends_inside():
    count = sums([0.0, 0.25, 0.5, 0.75, 1.0], np.zeros(5), 4)[0]
    assert list(count) == [2, 1, 1, 1]


@repeatable
@given(PREDICTIONS, st.sampled_from([0.01, 0.1, 0.7]))
def test_smoothed_residual_twins(predictions, bandwidth):
    confidence, correct = map(list, zip(*predictions, strict=True))
    grid = np.linspace(0.0, 1.0, 5)
    compiled = residual(confidence, correct, bandwidth, grid)
    plain = residual(confidence, correct, bandwidth, grid, interpreted(fill_smoothed_residual))
    assert_same_bits(compiled, plain)
    expected = [reference.smoothed_residual(confidence, correct, bandwidth, t) for t in grid]
    np.testing.assert_allclose(compiled, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("bandwidth", [0.02, 0.2, 1.5])
def test_reflection_keeps_all_the_mass(bandwidth):
    grid = np.linspace(0.0, 1.0, 2001)
    for confidence in (0.0, 0.003, 0.5, 1.0):
        smooth = residual([confidence], [1.0], bandwidth, grid)
        assert np.trapezoid(smooth, grid) == pytest.approx(1.0 - confidence, abs=1e-6)


def test_a_wide_bandwidth_gives_the_mean_residual():
    smooth = residual([0.9, 0.8, 0.7], [1.0, 0.0, 0.0], 20.0, np.array([0.1, 0.9]))
    np.testing.assert_allclose(smooth, (0.1 - 0.8 - 0.7) / 3.0, rtol=1e-9)


def test_no_predictions_give_zero():
    assert np.all(residual([], [], 0.1, np.linspace(0.0, 1.0, 3)) == 0.0)
