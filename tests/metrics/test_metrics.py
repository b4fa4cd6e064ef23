"""Measures: known answers, definitions and limits."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from smcollapse.metrics import (
    Predictions,
    Reliability,
    duplication_rate,
    measure,
    mode_coverage,
    reliability,
)
from smcollapse.metrics.calibration import ece_mass, ece_smooth
from tests import reference


def ece(confidence: list[float], correct: list[float], bins: int) -> float:
    return reliability(np.array(confidence), np.array(correct, dtype=float), bins).ece


def test_known_expected_calibration_errors() -> None:
    """Two bins: .29; the example of Kumar, Liang & Ma 2019: 2/9; confidence 1.0 counts."""
    assert ece([0.25, 0.25, 0.55, 0.75, 0.75], [0, 0, 1, 1, 1], 2) == pytest.approx(0.29)
    confidence, correct = [0.5] * 4 + [0.6] * 5, [1, 0, 0, 0, 1, 1, 1, 1, 0]
    assert ece(confidence, correct, 15) == pytest.approx(2 / 9)
    assert ece([0.95, 1.0], [1, 0], 15) == pytest.approx(0.475)


def test_a_bin_holds_what_it_should() -> None:
    bins = reliability(np.array([0.1, 0.1, 0.9]), np.array([1.0, 0.0, 1.0]), 10)
    assert bins.count.sum() == 3
    full = np.flatnonzero(bins.count)
    assert bins.confidence[full] == pytest.approx([0.1, 0.9])
    assert bins.accuracy[full] == pytest.approx([0.5, 1.0])


def calibrated(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.2, 1.0, n)
    return confidence, (rng.random(n) < confidence).astype(float)


def test_calibrated_predictions_have_small_errors_and_shifted_ones_the_shift() -> None:
    """inference notes §10, n = 300: equal-mass .071, debiased .044, smooth .037 on average."""
    small = [calibrated(300, seed) for seed in range(200)]
    mass = np.mean([ece_mass(c, y) for c, y in small])
    smooth = np.mean([ece_smooth(c, y) for c, y in small])
    debiased = np.mean([reliability(c, y).ece_debiased for c, y in small])
    plain = np.mean([reliability(c, y).ece for c, y in small])
    assert smooth < mass
    assert debiased < 0.7 * plain
    assert mass == pytest.approx(0.071, abs=0.012)
    assert debiased == pytest.approx(0.044, abs=0.008)
    assert smooth == pytest.approx(0.037, abs=0.009)
    c, y = calibrated(200_000, 1)
    shifted = np.clip(c + 0.1, 0, 1)
    for value in (reliability(shifted, y).ece, ece_mass(shifted, y), ece_smooth(shifted, y)):
        assert value == pytest.approx(np.mean(shifted - c), abs=0.006)
    assert reliability(c, y).ece < 0.01


def test_debiased_error_subtracts_the_bias_that_resampling_finds() -> None:
    """Closed form against the resampling estimate of Kumar, Liang & Ma 2019."""
    bins = reliability(*calibrated(300, 3))
    used = bins.count > 0
    gap = np.abs(bins.accuracy - bins.confidence)[used]
    spread = np.sqrt(bins.accuracy * (1 - bins.accuracy) / np.maximum(bins.count, 1))[used]
    rng = np.random.default_rng(0)
    resampled = np.abs(gap + spread * rng.standard_normal((40_000, used.sum())))
    estimates = resampled @ (bins.count[used] / 300)
    se = estimates.std() / 200
    assert se < 2e-4
    assert abs(bins.ece_debiased - (2 * bins.ece - estimates.mean())) < 4 * se
    assert bins.ece_debiased < bins.ece - 50 * se


def smooth_error(confidence: np.ndarray, correct: np.ndarray) -> float:
    """smECE from its definition: the bandwidth σ that equals ∫|r_σ(t)| dt, by brute force."""
    grid = (np.arange(200) + 0.5) / 200

    def excess(bandwidth: float) -> float:
        c, y = confidence.tolist(), correct.tolist()
        return bandwidth - float(
            np.mean([abs(reference.smoothed_residual(c, y, bandwidth, t)) for t in grid])
        )

    return float(brentq(excess, 0.01, 1.0, xtol=1e-4))


@pytest.mark.parametrize("shift", [-0.3, 0.0, 0.15])
def test_smooth_error_is_its_definition(shift: float) -> None:
    confidence, correct = calibrated(25, 4)
    confidence = np.clip(confidence + shift, 0.0, 1.0)
    expected = smooth_error(confidence, correct)
    assert ece_smooth(confidence, correct) == pytest.approx(expected, abs=2e-3)
    # Negative control: the same rows without their confidences near the true ones.
    assert abs(ece_smooth(1.0 - confidence, correct) - expected) > 0.01


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.lists(st.tuples(st.floats(0.01, 1.0), st.booleans()), min_size=1, max_size=60))
def test_errors_lie_between_zero_and_one_and_ignore_the_order(
    rows: list[tuple[float, bool]],
) -> None:
    c, y = np.array([r[0] for r in rows]), np.array([float(r[1]) for r in rows])
    for function in (lambda c, y: reliability(c, y).ece, ece_mass, ece_smooth):
        assert -1e-12 <= function(c, y) <= 1.0 + 1e-12
        assert function(c[::-1], y[::-1]) == pytest.approx(function(c, y), abs=1e-9)
    # One bin over everything bounds every binned error from below.
    assert reliability(c, y).ece >= abs((y - c).mean()) - 1e-12


def predictions(n: int = 6) -> Predictions:
    probability = np.full((n, 3), 0.1, dtype=np.float32)
    answer = np.array([0, 1, 2, 0, 1, 2][:n])
    probability[np.arange(n), answer] = 0.8
    return Predictions(
        probability=probability,
        label=np.array([0, 1, 2, 1, 1, 0], dtype=np.int32)[:n],
        truth=np.array([0, 1, 2, 1, 2, 2], dtype=np.int32)[:n],
        rare=np.array([False, False, False, True, True, True])[:n],
        exception=np.array([False, False, False, True, False, False])[:n],
    )


def test_recalls_are_against_the_truth_and_accuracy_against_the_label() -> None:
    values = measure(predictions())
    assert values["head_recall"] == 1.0
    assert values["rare_recall"] == pytest.approx(1 / 3)
    assert values["exception_recall"] == 0.0
    assert values["accuracy"] == pytest.approx(4 / 6)
    assert values["mean_confidence"] == pytest.approx(0.8)
    assert values["confidence_gap"] == pytest.approx(0.8 - 4 / 6)


def test_brier_and_likelihood_are_their_definitions() -> None:
    values = measure(predictions())
    hit, miss = 0.2**2 + 2 * 0.1**2, 0.8**2 + 0.9**2 + 0.1**2
    assert values["brier"] == pytest.approx((4 * hit + 2 * miss) / 6, abs=1e-6)
    assert values["nll"] == pytest.approx(-(4 * math.log(0.8) + 2 * math.log(0.1)) / 6, abs=1e-6)


def test_recall_without_rows_is_missing_not_zero() -> None:
    assert math.isnan(measure(predictions(3))["rare_recall"])


def test_diversity_measures() -> None:
    assert mode_coverage(np.array([0, 0, 3], dtype=np.int32), 8) == 0.25
    assert duplication_rate(np.array([5, 5, 5, 7])) == 0.5
    assert math.isnan(duplication_rate(np.array([], dtype=np.int64)))


def test_empty_bins_do_not_count() -> None:
    bins = Reliability(np.array([0.0, 2.0]), np.array([0.0, 0.7]), np.array([0.0, 0.5]))
    assert bins.ece == pytest.approx(0.2)
