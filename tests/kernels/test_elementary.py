"""Own logarithm, exponential and normal transform, against the library and their twins."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from smcollapse.kernels import elementary
from tests import reference
from tests.kernels.agreement import assert_same_bits, interpreted, needs_compiler, repeatable

WORD = st.integers(0, 2**32 - 1)


@repeatable
@given(st.floats(2.0**-40, 1.0, width=32))
def test_log32_twins(x):
    x = np.float32(x)
    assert_same_bits(np.float32(elementary.log32(x)), reference.log32(x))
    assert_same_bits(interpreted(elementary.log32)(x), reference.log32(x))


@repeatable
@given(st.floats(1e-12, 1e6))
def test_log64_twins(x):
    x = np.float64(x)
    assert_same_bits(np.float64(elementary.log64(x)), np.float64(reference.log64(x)))
    assert_same_bits(interpreted(elementary.log64)(x), np.float64(reference.log64(x)))


@repeatable
@given(st.floats(-800.0, 800.0))
def test_exp64_twins(x):
    x = np.float64(x)
    assert_same_bits(np.float64(elementary.exp64(x)), np.float64(reference.exp64(x)))
    assert_same_bits(interpreted(elementary.exp64)(x), np.float64(reference.exp64(x)))


@repeatable
@given(WORD, WORD)
def test_normal_pair_twins(radius, angle):  # interpreted: see test_streams, without a compiler
    expected = reference.normal_pair(radius, angle)
    words = np.uint64(radius), np.uint64(angle)
    assert_same_bits(np.array(elementary.normal_pair(*words), np.float32), np.array(expected))


def units_in_last_place(ours, exact):
    ours = np.array(ours)
    return np.max(np.abs(ours - exact) / np.spacing(np.abs(exact).astype(ours.dtype)))


@needs_compiler
def test_errors_stay_below_two_units_in_the_last_place():
    grid = np.exp(np.linspace(-27.0, 0.0, 4001))
    single = grid.astype(np.float32)
    log_single = [np.float32(elementary.log32(x)) for x in single[:-1]]
    assert units_in_last_place(log_single, np.log(single[:-1].astype(float))) < 1.5
    assert units_in_last_place([elementary.log64(x) for x in grid[:-1]], np.log(grid[:-1])) < 1.5
    line = np.linspace(-700.0, 700.0, 4001)
    assert units_in_last_place([elementary.exp64(x) for x in line], np.exp(line)) < 2.0


def test_normal_pair_at_its_ends():
    largest = np.hypot(*elementary.normal_pair(np.uint64(0), np.uint64(123456789)))
    assert abs(largest - np.sqrt(2.0 * 33.0 * np.log(2.0))) < 1e-5
    assert elementary.normal_pair(np.uint64(2**32 - 1), np.uint64(5)) == (0.0, 0.0)


def test_normal_pair_keeps_radius_and_uses_all_four_quarters():
    quarters = np.arange(4, dtype=np.uint64) << np.uint64(30)
    pairs = np.array([elementary.normal_pair(np.uint64(10**9), word) for word in quarters])
    assert len({tuple(signs) for signs in np.sign(pairs)}) == 4
    radius = np.sqrt(-2.0 * np.log((1e9 + 0.5) / 2.0**32))
    np.testing.assert_allclose(np.hypot(*pairs.T), radius, rtol=3e-7)
