"""Agreement: by hand, calibrated where prediction is the truth, not where it is off."""

from __future__ import annotations

import math

import numpy as np
import pytest

from smcollapse.inference import InferenceError
from smcollapse.inference.agreement import agreement, z_scores


def test_by_hand() -> None:
    found = agreement([0.1, 0.3, 0.5, 0.9], [0.1, 0.3, 0.5, 0.7], [0.1, 0.1, 0.0, 0.1], "aaab")
    assert found.points == 4
    assert found.largest_error == pytest.approx(0.2)
    assert found.largest_at == 3
    assert found.median_error == 0.0
    assert found.z_below_2 == pytest.approx(2 / 3, abs=0.34)
    assert (found.r2, found.r2_curves) == (1.0, 1)


def test_z_of_the_truth_is_standard_normal_and_of_an_error_is_not() -> None:
    """4 000 points: a standard error of .0034 on .954."""
    noise = np.random.default_rng(0).normal(0.0, 0.01, 4000)
    truth = np.tile(np.linspace(0.2, 0.8, 10), 400)
    se = np.full(4000, 0.01)
    right = agreement(truth + noise, truth, se, np.repeat(np.arange(400), 10).tolist())
    wrong = agreement(truth + noise, truth + 0.01, se, np.repeat(np.arange(400), 10).tolist())
    assert abs(right.z_below_2 - 0.9545) < 4 * 0.0034
    assert wrong.z_below_2 < 0.88
    assert right.r2 > wrong.r2


def test_flat_curves_have_no_r2_and_bad_input_is_refused() -> None:
    assert math.isnan(agreement([0.5] * 3, [0.5] * 3, [0.1] * 3, "aaa").r2)
    assert np.isnan(z_scores([0.1], [0.0])).all()
    with pytest.raises(InferenceError, match="equally long"):
        agreement([0.1], [0.1, 0.2], [0.1], "a")
    with pytest.raises(InferenceError, match="finite"):
        agreement([math.nan], [0.1], [0.1], "a")
