"""Step-down safe share: the sequence keeps one error rate, and stops where it must."""

import numpy as np
import pytest
from scipy import stats

from smcollapse.inference import Curves, InferenceError, Replication, step_down_safe_share

SHARES = np.round(np.linspace(0.0, 0.6, 13), 12)
KINK = 0.9 - np.maximum(SHARES - 0.4, 0.0)


def noisy(truth: np.ndarray, n: int = 10, sd: float = 0.02, seed: int = 0) -> Curves:
    noise = sd * np.random.default_rng(seed).standard_normal((n, truth.size))
    return Curves(SHARES, truth + noise, tuple(range(n)))


def test_exact_without_noise() -> None:
    exact = Curves(SHARES, np.tile(KINK, (3, 1)), (0, 1, 2))
    assert step_down_safe_share(exact).safe_share == 0.4
    assert step_down_safe_share(exact, 0.12).safe_share == 0.5
    rising = Curves(SHARES, np.tile(1 - KINK, (3, 1)), (0, 1, 2))
    assert step_down_safe_share(rising, direction="gain").safe_share == 0.4
    assert step_down_safe_share(rising).safe_share == 0.6


def test_limits_are_one_sided_paired_t_limits() -> None:
    measured = noisy(KINK)
    result = step_down_safe_share(measured)
    assert result.upper_limits is not None
    paired = measured.values[:, 0] - measured.values[:, 5]
    test = stats.ttest_1samp(paired, 0.0).confidence_interval(0.90)
    assert result.upper_limits[4] == pytest.approx(test.high)
    assert result.losses[4] == pytest.approx(paired.mean())


def test_a_later_share_cannot_be_safe_behind_an_unsafe_one() -> None:
    truth = np.where(np.isclose(SHARES, 0.2), 0.8, 0.9)
    assert step_down_safe_share(noisy(truth, sd=0.005)).safe_share == 0.15


def test_error_rate_at_the_worst_case() -> None:
    """Loss exactly the tolerance from .4 on: declared safe there in at most 5 % of 2 000 sets.

    Monte-Carlo s.e. .0049. Negative control: at half that loss it must often be declared safe.
    """
    generator = np.random.default_rng(3)

    def declared(loss: float) -> float:
        truth = np.where(SHARES >= 0.4, 0.9 - loss, 0.9)
        count = 0
        for _ in range(2000):
            # smaller shares are almost noise-free, so that every sequence arrives at .4
            sd = np.where((SHARES >= 0.4) | (SHARES == 0.0), 0.01, 1e-6)
            values = truth + sd * generator.standard_normal((10, 13))
            values[:, 1:8] = values[:, :1]
            safe = step_down_safe_share(Curves(SHARES, values, tuple(range(10)))).safe_share
            count += safe is not None and safe >= 0.4
        return count / 2000

    assert 0.05 - 4 * 0.0049 < declared(0.02) < 0.05 + 4 * 0.0049
    assert declared(0.01) > 0.5


def test_nothing_shown_safe_is_said() -> None:
    result = step_down_safe_share(noisy(KINK, n=3, sd=0.2))
    assert result.safe_share == 0.0
    assert "no share above 0 is shown safe" in result.note


def test_all_shown_safe_is_said() -> None:
    result = step_down_safe_share(noisy(np.full(13, 0.9), sd=0.001))
    assert result.safe_share == 0.6
    assert "every share up to the largest" in result.note


def test_one_replicate_shows_nothing() -> None:
    result = step_down_safe_share(noisy(KINK, n=1))
    assert result.safe_share is None
    assert result.upper_limits is None
    assert "no band" in result.note
    assert np.isnan(result.estimates()[0].value)


def test_re_splits_are_harder_to_show_safe() -> None:
    measured = noisy(KINK)
    splits = Curves(
        SHARES, measured.values, measured.replicates, replication=Replication("re-splits", 90, 10)
    )
    plain, split = step_down_safe_share(measured), step_down_safe_share(splits)
    assert plain.upper_limits is not None
    assert split.upper_limits is not None
    np.testing.assert_allclose(
        np.subtract(split.upper_limits, split.losses),
        np.sqrt(1 + 10 / 9) * np.subtract(plain.upper_limits, plain.losses),
    )
    assert "Nadeau-Bengio" in split.method


def test_bad_settings_are_refused() -> None:
    with pytest.raises(InferenceError, match="tolerance must be positive"):
        step_down_safe_share(noisy(KINK), 0.0)
    with pytest.raises(InferenceError, match="direction"):
        step_down_safe_share(noisy(KINK), direction="up")  # type: ignore[arg-type]
    with pytest.raises(InferenceError, match="at least 2"):
        step_down_safe_share(Curves(np.array([0.0]), np.ones((2, 1)), (0, 1)))
