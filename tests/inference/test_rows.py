"""test_existence on the results of a SegmentedOLS: rows, repeated values, groups."""

from __future__ import annotations

import numpy as np
import pytest

from smcollapse.inference import InferenceError, SegmentedOLS


def fitted(truth, seed: int = 0, n: int = 200, sd: float = 1.0):
    x = np.linspace(0.0, 20.0, n)
    y = truth(x) + np.random.default_rng(seed).normal(0.0, sd, n)
    return SegmentedOLS(y, np.column_stack([np.ones(n), x])).fit()


def hinge(x: np.ndarray) -> np.ndarray:
    return 100.0 - 4.0 * x + 2.0 * np.maximum(x - 7.0, 0.0)


def test_a_break_is_shown_in_units_of_the_covariate() -> None:
    found = fitted(hinge).test_existence(draws=199)
    assert found.exists
    assert found.knots[0] == pytest.approx(7.0, abs=0.6)


def test_a_parabola_has_none() -> None:
    found = fitted(lambda x: 100.0 - 4.0 * x + 0.1 * x**2).test_existence(draws=199)
    assert not found.exists
    assert "quadratic" in found.reason


def test_groups_are_replicates() -> None:
    """Levels of groups are noise to rows, and no noise to their slopes."""
    generator = np.random.default_rng(1)
    x = np.tile(np.linspace(0.0, 20.0, 13), 10)
    groups = np.repeat(np.arange(10), 13)
    levels = generator.normal(0.0, 5.0, 10)[groups]
    y = hinge(x) + levels + generator.normal(0.0, 1.0, x.size)
    design = np.column_stack([np.ones_like(x), x])
    alone = SegmentedOLS(y, design).fit().test_existence(draws=199)
    grouped = SegmentedOLS(y, design, groups=groups).fit().test_existence(draws=199)
    assert grouped.exists
    assert grouped.p_value <= alone.p_value


def test_other_columns_are_refused() -> None:
    x = np.linspace(0.0, 20.0, 60)
    design = np.column_stack([np.ones(60), x, np.sin(x)])
    results = SegmentedOLS(hinge(x) + np.cos(9 * x), design, segmented=1).fit()
    with pytest.raises(InferenceError, match="regress the other columns out"):
        results.test_existence()
