"""Normals, Student-t scales and features: twins, laws, independence of blocks and threads."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from smcollapse.kernels import normals
from tests import reference
from tests.kernels.agreement import (
    KEY,
    assert_same_bits,
    interpreted,
    needs_compiler,
    repeatable,
    within,
)

IDS = np.array([0, 1, 2, 255, 2**32, 2**62 + 5])
DOFS = [0.05, 0.5, 1.0, 2.0, 2.5, 5.0, 40.0, 1e7, math.inf]


def draw_normals(ids, d, kernel=normals.fill_normals, key=KEY):
    out = np.empty((len(ids), d), np.float32)
    kernel(key, ids, out)
    return out


def draw_scales(ids, dof, kernel=normals.fill_scales):
    out = np.empty(len(ids), np.float32)
    kernel(KEY, ids, dof, out)
    return out


def feature_inputs(n, d):
    rng = np.random.default_rng(5)
    means = rng.normal(size=(3, d)).astype(np.float32)
    which = rng.integers(0, 3, n).astype(np.int32)
    return means, which, rng.random(n).astype(np.float32)


@pytest.mark.parametrize("d", [0, 1, 4, 7])
def test_normals_twins(d):
    expected = [[reference.normal(int(KEY), int(i), j) for j in range(d)] for i in IDS]
    expected = np.array(expected, np.float32).reshape(len(IDS), d)
    assert_same_bits(draw_normals(IDS, d), expected)
    assert_same_bits(draw_normals(IDS, d, interpreted(normals.fill_normals)), expected)


@pytest.mark.parametrize("dof", DOFS)
def test_scales_twins(dof):
    ids = np.arange(60) * 2**31
    expected = np.array([reference.scale(int(KEY), int(i), dof) for i in ids], np.float32)
    assert_same_bits(draw_scales(ids, dof), expected)
    assert_same_bits(draw_scales(ids, dof, interpreted(normals.fill_scales)), expected)


@pytest.mark.parametrize("kernel", [normals.fill_features, interpreted(normals.fill_features)])
def test_features_are_means_and_scaled_normals(kernel):
    ids = np.arange(300)
    means, which, scale = feature_inputs(300, 9)
    out = np.empty((300, 9), np.float32)
    kernel(KEY, ids, means, which, scale, out)
    drawn = draw_normals(ids, 9)
    assert_same_bits(out, means[which] + scale[:, None] * drawn)


@needs_compiler
@repeatable
@given(st.integers(1, 70), st.integers(1, 70), st.lists(st.integers(0, 700), max_size=3))
def test_normals_do_not_depend_on_width_or_blocks(d, more, cuts):
    ids = np.arange(700)
    wide = draw_normals(ids, d + more)
    assert_same_bits(wide[:, :d], draw_normals(ids, d))
    cut = np.concatenate([draw_normals(part, d) for part in np.split(ids, sorted(cuts))])
    assert_same_bits(cut, wide[:, :d])


@needs_compiler
def test_threads_and_blocks_give_the_same_features_and_scales():
    n, d = 20_000, 33
    ids = np.arange(n)
    means, which, scale = feature_inputs(n, d)

    def part(span):
        rows = slice(*span)
        out = np.empty((span[1] - span[0], d), np.float32)
        normals.fill_features(KEY, ids[rows], means, which[rows], scale[rows], out)
        return out, draw_scales(ids[rows], 0.7)

    edges = [0, 1, 700, 5_003, 5_004, 12_345, n]
    with ThreadPoolExecutor(4) as pool:
        features, scales = zip(*pool.map(part, pairwise(edges)), strict=True)
    whole, all_scales = part((0, n))
    assert_same_bits(np.concatenate(features), whole)
    assert_same_bits(np.concatenate(scales), all_scales)


@needs_compiler
def test_normals_follow_the_normal_law():
    z = draw_normals(np.arange(250_000), 8).ravel()
    assert stats.kstest(z, "norm").pvalue > 1e-3
    assert stats.kstest(1.01 * z, "norm").pvalue < 1e-3
    assert stats.kstest(z + 0.004, "norm").pvalue < 1e-3


@needs_compiler
def test_normals_have_the_moments_and_tails_of_the_normal_law():
    moments, tails, n = np.zeros(6), np.zeros(2), 20_000_000
    for block in range(20):
        z = draw_normals(np.arange(10_000) + 10_000 * block, 100).ravel().astype(np.float64)
        square = z * z
        moments += [
            z.sum(),
            square.sum(),
            (square * z).sum(),
            (square * square).sum(),
            (square * square * z).sum(),
            (square * square * square).sum(),
        ]
        tails += [np.count_nonzero(np.abs(z) > 3.0), np.count_nonzero(np.abs(z) > 4.0)]
    expected = np.array([0.0, 1.0, 0.0, 3.0, 0.0, 15.0])
    variance = np.array([1.0, 2.0, 15.0, 96.0, 945.0, 10170.0])
    assert within(moments / n, expected, np.sqrt(variance / n), resolution=0.03)
    chance = 2.0 * stats.norm.sf([3.0, 4.0])
    assert within(tails / n / chance, 1.0, 1.0 / np.sqrt(n * chance), resolution=0.05)
    cut = stats.norm.sf(4.0) / stats.norm.sf(3.95)  # what tails cut short by 0.05 would give
    assert not within(cut, 1.0, 1.0 / np.sqrt(n * chance[1]), resolution=0.05)


def largest_z(columns):
    """Largest correlation between columns or their squares, in standard errors."""
    n, d = columns.shape
    upper = np.triu_indices(d, 1)
    values = [np.corrcoef(c, rowvar=False)[upper] for c in (columns, columns**2)]
    return np.max(np.abs(values)) * np.sqrt(n)


@needs_compiler
def test_normals_are_uncorrelated_between_columns_rows_and_keys():
    z = draw_normals(np.arange(400_000), 9).astype(np.float64)
    other = draw_normals(np.arange(400_000), 2, key=np.uint64(KEY + np.uint64(1)))
    assert largest_z(z) < 4.5  # 36 pairs, with squares
    assert largest_z(np.column_stack([z[:-1, 0], z[1:, 0], z[:-1, 1], z[1:, 1]])) < 4.5
    assert largest_z(np.column_stack([z[:, :2], other])) < 4.5
    assert largest_z(np.column_stack([z[:, 0], z[:, 1] + 0.01 * z[:, 0]])) > 4.5


@needs_compiler
@pytest.mark.parametrize("dof", [0.5, 1.0, 2.0, 2.5, 5.0, 40.0])
def test_scales_have_chi_square_laws(dof):
    scale = draw_scales(np.arange(200_000), dof).astype(np.float64)
    chi_square = (dof - 2.0 if dof > 2.0 else dof) / scale**2
    assert stats.kstest(chi_square, stats.chi2(dof).cdf).pvalue > 1e-3
    assert stats.kstest(chi_square, stats.chi2(1.05 * dof).cdf).pvalue < 1e-3


@needs_compiler
def test_features_are_student_t_with_unit_variance():
    n, dof = 400_000, 6.0
    scale = draw_scales(np.arange(n), dof)
    out = np.empty((n, 2), np.float32)
    nowhere = np.zeros((1, 2), np.float32), np.zeros(n, np.int32)
    normals.fill_features(KEY, np.arange(n), *nowhere, scale, out)
    law = stats.t(dof, scale=np.sqrt((dof - 2.0) / dof))
    assert stats.kstest(out[:, 0], law.cdf).pvalue > 1e-3
    assert stats.kstest(out[:, 0], "norm").pvalue < 1e-6
    variance_error = np.sqrt((3.0 * (dof - 2.0) / (dof - 4.0) - 1.0) / n)
    assert within(np.mean(out.astype(float) ** 2, axis=0), 1.0, variance_error, resolution=0.01)
    # One scale per row: columns are uncorrelated, their squares are not.
    squares = out.astype(float) ** 2
    assert np.corrcoef(squares, rowvar=False)[0, 1] > 0.1


@needs_compiler
def test_scales_tend_to_one_and_stay_finite():
    assert np.all(draw_scales(np.arange(1000), math.inf) == 1.0)
    assert np.max(np.abs(draw_scales(np.arange(1000), 1e12) - 1.0)) < 1e-5
    heavy = draw_scales(np.arange(100_000), 0.02)
    assert np.all(np.isfinite(heavy))
    assert heavy.max() == np.float32(1e30)
