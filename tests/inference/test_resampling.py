"""Resampling: exact t law for linear functionals, seeds, ranks, and the re-split correction."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from smcollapse.inference import (
    INDEPENDENT,
    InferenceError,
    Replication,
    nadeau_bengio_factor,
    percentile_band,
    replicate_weights,
)
from smcollapse.inference.resampling import percentile_limit, standard_error


def test_weights_sum_to_one_and_follow_the_seed() -> None:
    weights = replicate_weights(5, 200, seed=3)
    assert weights.shape == (200, 5)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-9)
    np.testing.assert_array_equal(weights, replicate_weights(5, 200, seed=3))
    assert not np.array_equal(weights, replicate_weights(5, 200, seed=4))


def test_the_global_generator_is_left_alone() -> None:
    before = np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
    replicate_weights(5, 200, seed=3)
    after = np.random.get_state()[1]  # type: ignore[index]  # noqa: NPY002
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_percentile_band_of_a_mean_is_its_t_interval(n: int) -> None:
    """100 000 draws; the Kolmogorov distance to t has 99.9 % point 1.95/√B = .0062."""
    values = np.random.default_rng(n).normal(size=n)
    draws = replicate_weights(n, 100_000, seed=1) @ values
    standardised = (draws - values.mean()) / (values.std(ddof=1) / math.sqrt(n))
    assert stats.kstest(standardised, stats.t(n - 1).cdf).statistic < 0.0062
    # negative control: the ordinary multinomial bootstrap is far from that law
    counts = np.random.default_rng(1).multinomial(n, np.full(n, 1 / n), size=100_000)
    naive = (counts @ values / n - values.mean()) / (values.std(ddof=1) / math.sqrt(n))
    assert stats.kstest(naive, stats.t(n - 1).cdf).statistic > 0.0124


def test_draws_keep_the_correlation_between_shares() -> None:
    """Whole replicates are weighted, so a contrast within replicates keeps its own variance."""
    generator = np.random.default_rng(0)
    common = generator.normal(size=(6, 1))
    values = np.hstack([common, common]) + 0.001 * generator.normal(size=(6, 2))
    draws = replicate_weights(6, 999, seed=0) @ values
    assert standard_error(draws[:, 1] - draws[:, 0], 5) < 0.01 * standard_error(draws[:, 0], 5)


@pytest.mark.parametrize("n", [2, 3, 10])
def test_standard_error_is_that_of_the_mean(n: int) -> None:
    """A quantile of 20 000 draws has a relative s.e. of about 1.3 %."""
    values = np.random.default_rng(n).normal(size=n)
    draws = replicate_weights(n, 20_000, seed=2) @ values
    expected = values.std(ddof=1) / math.sqrt(n)
    assert standard_error(draws, n - 1) == pytest.approx(expected, rel=0.05)


def test_ranks_of_the_limits() -> None:
    draws = np.arange(1.0, 1000.0)  # 1 … 999
    np.random.default_rng(0).shuffle(draws)
    band = percentile_band(draws, 0.95)
    assert (band.lower, band.upper) == (25.0, 975.0)
    assert percentile_limit(draws, 0.05, upper=False) == 50.0


def test_infinite_draws_give_an_open_band_without_nan() -> None:
    draws = np.concatenate([np.linspace(0.3, 0.6, 900), np.full(99, np.inf)])
    band = percentile_band(draws, 0.95)
    assert math.isfinite(band.lower)
    assert band.upper == math.inf
    assert percentile_band(np.full(99, np.inf), 0.95).lower == math.inf
    assert standard_error(np.full(99, np.inf), 5) == math.inf


def test_nadeau_bengio_factor() -> None:
    # √((1/10 + 1/9) / (1/10)), their recommended 90/10 splits
    assert nadeau_bengio_factor(10, 900, 100) == pytest.approx(math.sqrt(1 + 10 / 9))
    assert nadeau_bengio_factor(1, 1000, 1) == pytest.approx(1.0, abs=1e-3)
    assert Replication("re-splits", 900, 100).spread_factor(10) == nadeau_bengio_factor(
        10, 900, 100
    )
    assert INDEPENDENT.spread_factor(10) == 1.0


def test_nadeau_bengio_interval_covers_where_the_plain_one_does_not() -> None:
    """4 000 sets of 10 splits that correlate as re-splits do, ρ = n_test/(n_train + n_test).

    Monte-Carlo s.e. .0034 at .95; without the correction coverage is near .75.
    """
    n, n_train, n_test, sets = 10, 80, 20, 4000
    rho = n_test / (n_train + n_test)
    generator = np.random.default_rng(7)
    values = math.sqrt(rho) * generator.normal(size=(sets, 1))
    values = values + math.sqrt(1 - rho) * generator.normal(size=(sets, n))
    half = stats.t.ppf(0.975, n - 1) * values.std(axis=1, ddof=1) / math.sqrt(n)
    error = np.abs(values.mean(axis=1))
    corrected = float((error <= half * nadeau_bengio_factor(n, n_train, n_test)).mean())
    assert abs(corrected - 0.95) < 4 * 0.0034
    assert float((error <= half).mean()) < 0.85


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: replicate_weights(1, 999, 0), "at least 2 replicates"),
        (lambda: replicate_weights(5, 10, 0), "at least 99"),
        (lambda: nadeau_bengio_factor(10, 0, 5), "positive counts"),
        (lambda: Replication("re-splits"), "needs n_train and n_test"),
        (lambda: Replication("re-splits", 10, 0), "positive counts"),
        (lambda: Replication(n_train=5, n_test=5), "re-splits"),
        (lambda: Replication("bootstrap"), "design must be"),  # type: ignore[arg-type]
        (lambda: percentile_band(np.zeros(99), 95.0), "level"),
    ],
)
def test_bad_settings_are_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InferenceError, match=message):
        call()
