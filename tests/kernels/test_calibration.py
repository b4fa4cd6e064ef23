"""Calibration sums: twins, published answers, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smcollapse.kernels.calibration import fill_calibration_sums
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
