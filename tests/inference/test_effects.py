"""Effects: paired t and Fieller intervals, net effects, and windows that make no sense."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from smcollapse.inference import (
    Curves,
    Effect,
    InferenceError,
    Interval,
    Replication,
    effect,
    net_effect,
)

SHARES = np.round(np.linspace(0.0, 0.6, 13), 12)
KINK = 0.9 - np.maximum(SHARES - 0.4, 0.0)
BEFORE, AFTER = (0.0, 0.3), (0.5, 0.6)


def noisy(truth: np.ndarray, n: int = 10, sd: float = 0.02, seed: int = 0) -> Curves:
    noise = sd * np.random.default_rng(seed).standard_normal((n, truth.size))
    return Curves(SHARES, truth + noise, tuple(range(n)))


def interval(found: Interval | None) -> Interval:
    assert found is not None
    return found


def test_exact_without_noise() -> None:
    result = effect(Curves(SHARES, np.tile(KINK, (3, 1)), (0, 1, 2)), BEFORE, AFTER)
    assert result.points.value == pytest.approx(-0.15)
    assert result.relative.value == pytest.approx(-1 / 6)
    assert interval(result.relative.interval).width < 1e-12
    assert result.shares_after == (0.5, 0.55, 0.6)
    assert result.level_before == pytest.approx(0.9)


def test_points_equal_scipys_paired_t() -> None:
    measured = noisy(KINK)
    result = effect(measured, BEFORE, AFTER)
    before, after = measured.values[:, :7].mean(axis=1), measured.values[:, 10:].mean(axis=1)
    expected = stats.ttest_rel(after, before).confidence_interval(0.95)
    assert interval(result.points.interval).lower == pytest.approx(expected.low)
    assert interval(result.points.interval).upper == pytest.approx(expected.high)
    assert result.points.se == pytest.approx(stats.sem(after - before))


def test_fieller_limits_are_where_the_paired_t_test_starts_to_reject() -> None:
    measured = noisy(0.1 - 0.1 * (SHARES >= 0.5), sd=0.05)
    result = effect(measured, (0.0, 0.0), AFTER)
    base, after = measured.values[:, 0], measured.values[:, 10:].mean(axis=1)
    band = interval(result.relative.interval)
    for rho in (band.lower, band.upper):
        assert stats.ttest_1samp(after - base - rho * base, 0.0).pvalue == pytest.approx(0.05)
    middle = stats.ttest_1samp(after - base - result.relative.value * base, 0.0).pvalue
    assert middle == pytest.approx(1.0)


def test_fieller_is_unbounded_where_the_level_before_may_be_zero() -> None:
    result = effect(noisy(0.0 * SHARES, sd=0.05), BEFORE, AFTER)
    assert interval(result.relative.interval).width == math.inf
    assert "unbounded" in result.relative.note


@settings(deadline=None, derandomize=True, max_examples=30)
@given(scale=st.floats(0.1, 50.0), shift=st.floats(-9, 9), seed=st.integers(0, 99))
def test_equivariance(scale: float, shift: float, seed: int) -> None:
    measured = noisy(KINK, seed=seed)
    plain = effect(measured, BEFORE, AFTER)
    shifted = effect(Curves(SHARES, measured.values + shift, measured.replicates), BEFORE, AFTER)
    scaled = effect(Curves(SHARES, scale * measured.values, measured.replicates), BEFORE, AFTER)
    assert shifted.points.value == pytest.approx(plain.points.value)
    assert shifted.points.se == pytest.approx(plain.points.se)
    assert scaled.points.value == pytest.approx(scale * plain.points.value)
    assert scaled.relative.value == pytest.approx(plain.relative.value)
    assert interval(scaled.relative.interval).lower == pytest.approx(
        interval(plain.relative.interval).lower
    )


def autoregressive(generator: np.random.Generator, n: int, correlation: float) -> np.ndarray:
    rows = generator.standard_normal((n, 13))
    for j in range(1, 13):
        rows[:, j] *= math.sqrt(1 - correlation**2)
        rows[:, j] += correlation * rows[:, j - 1]
    return rows


@pytest.mark.parametrize("n", [3, 10])
def test_coverage_with_correlated_shares(n: int) -> None:
    """1 000 sets of AR(.8) rows with s.d. .02; Monte-Carlo s.e. .0069 at .95.

    Negative control: rows taken as independent of each other cover far less.
    """
    truth = np.where(SHARES > 0.42, 0.75, 0.9)  # flat in both windows, so rows differ by noise only
    generator = np.random.default_rng(5)
    hits = np.zeros(3)
    for _ in range(1000):
        values = truth + 0.02 * autoregressive(generator, n, 0.8)
        result = effect(Curves(SHARES, values, tuple(range(n))), BEFORE, AFTER)
        hits[0] += -0.15 in interval(result.points.interval)
        hits[1] += -1 / 6 in interval(result.relative.interval)
        first, last = values[:, :7].ravel(), values[:, 10:].ravel()
        unpaired = stats.ttest_ind(last, first, equal_var=False).confidence_interval(0.95)
        hits[2] += unpaired.low <= -0.15 <= unpaired.high
    coverage = hits / 1000
    np.testing.assert_allclose(coverage[:2], 0.95, atol=4 * 0.0069)
    assert coverage[2] < 0.85


def test_pairing_removes_the_level_of_a_replicate() -> None:
    """Levels with s.d. .1 around noise of .02: the paired interval must not see them."""
    generator = np.random.default_rng(6)
    noise, levels = generator.normal(0, 0.02, (10, 13)), generator.normal(0, 0.1, (10, 1))
    without = effect(Curves(SHARES, KINK + noise, tuple(range(10))), BEFORE, AFTER)
    among = effect(Curves(SHARES, KINK + noise + levels, tuple(range(10))), BEFORE, AFTER)
    assert among.points.se == pytest.approx(without.points.se)
    assert interval(among.points.interval).width < 0.03


def test_net_effect_takes_the_control_away_pair_by_pair() -> None:
    measured, control = noisy(KINK), noisy(0.9 - 0.1 * SHARES, seed=1)
    level = np.random.default_rng(2).normal(size=(10, 1))  # common to both designs: must cancel
    moved = Curves(SHARES, measured.values + level, measured.replicates)
    moved_control = Curves(SHARES, control.values + level, control.replicates)
    net, plain = (
        net_effect(moved, moved_control, BEFORE, AFTER),
        net_effect(measured, control, BEFORE, AFTER),
    )
    assert net.points.value == pytest.approx(plain.points.value)
    assert net.points.se == pytest.approx(plain.points.se)
    assert plain.points.value == pytest.approx(
        effect(measured, BEFORE, AFTER).points.value - effect(control, BEFORE, AFTER).points.value
    )
    assert plain.points.term == "net effect"
    assert -0.15 + 0.1 * (0.55 - 0.15) in interval(plain.points.interval)
    assert net_effect(measured, measured, BEFORE, AFTER).points.value == 0.0


def test_re_splits_stretch_both_intervals() -> None:
    measured = noisy(KINK)
    splits = Curves(
        SHARES, measured.values, measured.replicates, replication=Replication("re-splits", 90, 10)
    )
    plain, split = effect(measured, BEFORE, AFTER), effect(splits, BEFORE, AFTER)
    factor = math.sqrt(1 + 10 / 9)
    assert split.points.se == pytest.approx(factor * plain.points.se)
    assert interval(split.points.interval).width == pytest.approx(
        factor * interval(plain.points.interval).width
    )
    assert interval(split.relative.interval).width == pytest.approx(
        factor * interval(plain.relative.interval).width, rel=1e-3
    )
    assert "Nadeau-Bengio" in split.points.method


def test_one_replicate_has_no_interval() -> None:
    result = effect(noisy(KINK, n=1), BEFORE, AFTER)
    assert result.points.interval is None
    assert math.isnan(result.relative.se)
    assert all("no band" in row.note for row in result.estimates())


def other_shares() -> Curves:
    return Curves(SHARES[:-1], noisy(KINK).values[:, :-1], tuple(range(10)))


def other_labels() -> Curves:
    return Curves(SHARES, noisy(KINK).values, tuple("abcdefghij"))


def other_replication() -> Curves:
    return Curves(SHARES, noisy(KINK).values, tuple(range(10)), "x", Replication("re-splits", 9, 1))


BAD: list[tuple[Callable[[], Effect], str]] = [
    (lambda: effect(noisy(KINK), (0.31, 0.34), AFTER), "window before.*holds none"),
    (lambda: effect(noisy(KINK), BEFORE, (0.61, 0.7)), "window after.*holds none"),
    (lambda: effect(noisy(KINK), AFTER, BEFORE), "before below after"),
    (lambda: effect(noisy(KINK), (0.0, 0.4), (0.4, 0.6)), "before below after"),
    (lambda: effect(noisy(KINK), (0.3, 0.0), AFTER), "before below after"),
    (lambda: effect(noisy(0 * KINK, sd=0.0), BEFORE, AFTER), "level before is zero"),
    (lambda: effect(noisy(KINK), BEFORE, AFTER, level=2.0), "level"),
    (lambda: net_effect(noisy(KINK), other_shares(), BEFORE, AFTER), "same shares"),
    (lambda: net_effect(noisy(KINK), other_labels(), BEFORE, AFTER), "same replicates"),
    (lambda: net_effect(noisy(KINK), other_replication(), BEFORE, AFTER), "same replication"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_windows_and_controls_are_refused(call: Callable[[], Effect], message: str) -> None:
    with pytest.raises(InferenceError, match=message):
        call()


def test_runs_of_their_own_are_compared_by_welchs_test() -> None:
    """Runs without replicates: as scipy's Welch test of two shares; windows as their means."""
    generator = np.random.default_rng(3)
    low, high = 0.9 + generator.normal(0, 0.01, 6), 0.8 + generator.normal(0, 0.03, 8)
    values = np.full((14, 2), np.nan)
    values[:6, 0], values[6:, 1] = low, high
    result = effect(Curves(np.array([0.0, 0.5]), values, tuple(range(14))), (0.0, 0.0), (0.5, 0.5))
    expected = stats.ttest_ind(high, low, equal_var=False).confidence_interval(0.95)
    assert interval(result.points.interval).lower == pytest.approx(expected.low)
    assert interval(result.points.interval).upper == pytest.approx(expected.high)
    assert result.points.n_replicates == 14
    assert "Welch" in result.points.method
    ratio = interval(result.relative.interval)
    assert ratio.lower < -0.1 / 0.9 < ratio.upper
