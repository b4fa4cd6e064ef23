"""Schedules: twins and what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smcollapse.kernels.schedule import fill_schedule
from tests import reference
from tests.kernels.agreement import interpreted, repeatable


@st.composite
def schedules(draw):
    n_slots = draw(st.integers(1, 8))
    order = draw(st.lists(st.permutations(range(n_slots)), min_size=1, max_size=4))
    count = draw(st.lists(st.integers(0, 3), min_size=n_slots, max_size=n_slots))
    return np.array(order), np.array(count, np.int32), draw(st.integers(0, 60))


@pytest.mark.parametrize("kernel", [fill_schedule, interpreted(fill_schedule)])
def test_twins(kernel):
    @repeatable
    @given(schedules())
    def check(schedule):
        order, count, n_draws = schedule
        out = np.full(n_draws, -1)
        filled = kernel(order, count, out)
        assert filled == (n_draws if count.sum() else 0)
        assert list(out[:filled]) == reference.schedule(order.tolist(), count.tolist(), n_draws)

    check()


def test_a_full_epoch_visits_each_row_as_often_as_it_counts():
    rng = np.random.default_rng(0)
    count = rng.integers(0, 4, 50).astype(np.int32)
    order = np.array([rng.permutation(50) for _ in range(2)])
    out = np.empty(2 * count.sum(), np.int64)
    fill_schedule(order, count, out)
    for epoch in np.split(out, 2):
        assert np.array_equal(np.bincount(epoch, minlength=50), count)
    assert not np.array_equal(*np.split(out, 2))


def test_weight_zero_is_row_absent():
    order = np.array([[3, 1, 0, 2], [0, 2, 3, 1]])
    with_zero, without = np.empty((2, 11), np.int64)
    fill_schedule(order, np.array([1, 0, 2, 1], np.int32), with_zero)
    fill_schedule(np.array([[3, 0, 2], [0, 2, 3]]), np.array([1, 1, 2, 1], np.int32), without)
    assert np.array_equal(with_zero, without)


def test_all_counts_zero_fills_nothing():
    out = np.full(5, -1)
    assert fill_schedule(np.array([[0, 1]]), np.zeros(2, np.int32), out) == 0
    assert np.all(out == -1)
