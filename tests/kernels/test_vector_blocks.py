"""Blocks held in vector registers, against NumPy."""

import numpy as np
import pytest

from smcollapse.kernels.vector_blocks import (
    add_product,
    fill_lane_sums,
    fill_transposed,
    softmax_columns,
)

DRAWS = np.random.default_rng(0)


def floats(*shape: int) -> np.ndarray:
    return DRAWS.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("rows", [1, 8, 13, 40])
@pytest.mark.parametrize("columns", [16, 48, 80, 160])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("keep", [0, 1])
def test_products_of_all_remainders(rows: int, columns: int, turned: bool, keep: int) -> None:
    n = 37
    a, b, out = floats(rows, n), floats(n, columns + 16), floats(rows, columns + 16)
    expected = out.copy()
    expected[:, 16:] = keep * out[:, 16:] + a @ b[:, 16:]
    flat = (a.T if turned else a).ravel()
    strides = (1, rows) if turned else (n, 1)
    add_product(flat, 0, *strides, b.ravel(), 16, columns + 16,
                out.reshape(-1), 16, columns + 16, rows, n, columns, keep)  # fmt: skip
    assert out == pytest.approx(expected, abs=2e-5)
    # What lies beside the block stays as it was.
    assert np.array_equal(out[:, :16], expected[:, :16])


@pytest.mark.parametrize("number", [1, 4, 11, 16])
def test_sums_run_lane_by_lane(number: int) -> None:
    f, a, out = floats(5, 16), floats(5, number, 16), floats(number, 16)
    fill_lane_sums(f.ravel(), 0, 16, a.ravel(), 0, 16 * number, 16,
                   out.reshape(-1), 0, 16, number, 5)  # fmt: skip
    assert out == pytest.approx((f[:, None] * a).sum(axis=0), abs=1e-5)


def test_softmax_is_exact_to_a_few_units_and_survives_large_logits() -> None:
    x = np.float32(40.0) * floats(212, 32)
    x[3, :5] = 1e30
    weight, found = DRAWS.random(32).astype(np.float32), x.copy()
    softmax_columns(found.reshape(-1), 0, 32, 212, 32, np.float32(0.5), weight, 0)
    with np.errstate(under="ignore"):
        power = np.exp(np.maximum(0.5 * (x - x.max(axis=0)).astype(np.float64), -87.0))
    expected = weight * power / power.sum(axis=0)
    assert np.abs(found / expected - 1.0)[expected > 1e-30].max() < 1e-5
    assert np.isfinite(found).all()


def test_transposes() -> None:
    a, out = floats(32, 48), np.zeros((48, 32), dtype=np.float32)
    fill_transposed(a.ravel(), 0, 48, 32, 48, out.reshape(-1), 0, 32)
    assert np.array_equal(out, a.T)
