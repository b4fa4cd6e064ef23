"""What the kernel tests share: bitwise equality of twins, and agreement within k s.e."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import settings

KEY = np.uint64(0x9F3A_55D1_0C77_E2B4)
COMPILED = not numba.config.DISABLE_JIT

needs_compiler = pytest.mark.skipif(not COMPILED, reason="too slow without compilation")
repeatable = settings(deadline=None, derandomize=True, max_examples=30)


def interpreted(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The Python function that a kernel was compiled from."""
    return getattr(kernel, "py_func", kernel)


def assert_same_bits(left: Any, right: Any) -> None:
    """Equal shape, type and bits (so that -0.0 differs from 0.0)."""
    left, right = np.ascontiguousarray(left), np.ascontiguousarray(right)
    assert left.dtype == right.dtype
    assert left.shape == right.shape
    assert left.tobytes() == right.tobytes()


def within(estimate: Any, expected: Any, standard_error: Any, resolution: float) -> bool:
    """All estimates within 4.5 standard errors, which must be below ``resolution``."""
    assert np.all(np.asarray(standard_error) < resolution), "the test cannot resolve this"
    return bool(np.all(np.abs(np.asarray(estimate) - expected) < 4.5 * np.asarray(standard_error)))
