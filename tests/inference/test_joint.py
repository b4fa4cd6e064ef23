"""The joint model: its functionals, their coverage with the knot estimated, and what fails."""

import json
import math

import numpy as np
import pytest
from scipy import stats

from smcollapse.inference import Curves, Estimate, InferenceError, Replication, profile_break
from smcollapse.inference.effect_sizes.joint import JointEffect, joint_effect, kink_effects

SHARES = np.round(np.linspace(0.0, 0.6, 13), 12)
# every run with a corpus of its own: no test for common scatter, which costs most of the time
OWN = Replication(own_corpora=True)


def kinked(knot: float = 0.4, change: float = -1.0) -> np.ndarray:
    return 0.9 - 0.05 * SHARES + change * np.maximum(SHARES - knot, 0.0)


def sweep(
    truth: np.ndarray,
    generator: np.random.Generator,
    n: int = 10,
    *,
    correlation: float = 0.0,
    levels: float = 0.0,
) -> Curves:
    """AR noise along the shares; replicates may differ in level, and in slope by 1.5 times that."""
    noise = generator.standard_normal((n, truth.size))
    for j in range(1, truth.size):
        noise[:, j] *= math.sqrt(1 - correlation**2)
        noise[:, j] += correlation * noise[:, j - 1]
    noise += levels * generator.standard_normal((n, 2)) @ np.stack([0 * SHARES + 1, 1.5 * SHARES])
    return Curves(SHARES, truth + 0.02 * noise, tuple(range(n)), replication=OWN)


def true_values(knot: float, change: float) -> tuple[float, float, float]:
    """Effect, relative effect and change of slope by numerical integration of the true line."""

    def line(x: np.ndarray) -> np.ndarray:
        return 0.9 - 0.05 * x + change * np.maximum(x - knot, 0.0)

    before = float(line(np.linspace(0.0, knot, 20001)).mean())
    effect = float(line(np.linspace(knot, 0.6, 20001)).mean()) - before
    return effect, effect / before, change


def covered(estimate: Estimate, value: float) -> bool:
    assert estimate.interval is not None
    return value in estimate.interval


@pytest.mark.parametrize("knot", [0.4, 0.325])
def test_exact_without_noise(knot: float) -> None:
    curves = Curves(SHARES, np.tile(kinked(knot), (3, 1)), (0, 1, 2))
    result = joint_effect(curves)
    found = [row.value for row in result.estimates()]
    assert found == pytest.approx(true_values(knot, -1.0), abs=1e-7)
    assert result.knot == pytest.approx(knot)
    assert result.level_before == pytest.approx(0.9 - 0.05 * knot / 2)
    assert result.points.interval is None
    assert "replicates do not differ" in result.points.note


def test_a_line_without_a_kink_has_the_effect_of_its_slope() -> None:
    """b·(last - first)/2, wherever the knot is taken to be."""
    curves = Curves(SHARES, np.tile(0.9 - 0.3 * SHARES, (2, 1)), (0, 1))
    assert joint_effect(curves).points.value == pytest.approx(-0.09)


def test_the_fit_is_that_of_all_rows_and_of_weighted_means() -> None:
    """Unbalanced: profile least squares of every single row is the same kink."""
    values = np.array(sweep(kinked(), np.random.default_rng(1)).values)
    values[2:7, 9] = values[0, 3] = np.nan
    curves = Curves(SHARES, values, tuple(range(10)), replication=OWN)
    replicate, place = np.nonzero(np.isfinite(values))
    fit = profile_break(SHARES[place], values[replicate, place])
    result = joint_effect(curves)
    assert result.knot == pytest.approx(fit.knot)
    assert result.slope_change.value == pytest.approx(fit.slope_after - fit.slope_before)
    before = fit.intercept + fit.slope_before * fit.knot / 2
    assert result.level_before == pytest.approx(before)
    assert result.clustered[2].value == pytest.approx(result.slope_change.value)
    assert [row.value for row in result.clustered[:2]] == pytest.approx(
        [result.points.value, result.relative.value]
    )


def test_clustered_errors_are_the_delta_method_of_replicate_vectors() -> None:
    """Slow twin: finite differences of the functionals in the mean curve, knot between shares."""
    curves = sweep(kinked(0.325), np.random.default_rng(3))
    result = joint_effect(curves)
    steps = 1e-6 * np.eye(13)
    up, _ = kink_effects(SHARES, np.ones(13), curves.mean + steps)
    down, _ = kink_effects(SHARES, np.ones(13), curves.mean - steps)
    influence = (curves.values - curves.mean) @ ((up - down) / 2e-6)  # (R, 4)
    expected = np.sqrt((influence**2).sum(axis=0) / (10 * 9))
    expected *= math.sqrt(129 / 126)  # (N-1)/(N-K) of statsmodels' small-sample correction
    assert [row.se for row in result.clustered] == pytest.approx(expected, rel=1e-3)
    band = result.clustered[0].interval
    assert band is not None
    assert band.width == pytest.approx(2 * stats.t.ppf(0.975, 9) * expected[0], rel=1e-3)


def windows(curves: Curves, knot: float) -> tuple[float, float]:
    """Negative control: the paired t interval for shares after the *estimated* knot."""
    after = curves.shares > knot
    change = curves.values[:, after].mean(axis=1) - curves.values[:, ~after].mean(axis=1)
    low, high = stats.ttest_1samp(change, 0.0).confidence_interval(0.95)
    return float(low), float(high)


@pytest.mark.parametrize(
    ("change", "correlation", "levels"), [(-1.0, 0.0, 2.0), (-1.0, 0.5, 0.0), (-0.4, 0.0, 0.0)]
)
def test_coverage_with_an_estimated_knot(change: float, correlation: float, levels: float) -> None:
    """300 sets, s.e. .0126 at .95; the module docstring has 2 000 a case.

    Negative control: windows split at the estimated knot, in .54 to .76 of the cases.
    """
    generator, sets = np.random.default_rng(21), 300
    truth, values = kinked(0.4, change), true_values(0.4, change)
    true_windows = truth[SHARES > 0.41].mean() - truth[SHARES < 0.41].mean()
    hits = np.zeros(7)
    for seed in range(sets):
        curves = sweep(truth, generator, correlation=correlation, levels=levels)
        result = joint_effect(curves, draws=499, seed=seed)
        hits[:3] += [
            covered(row, value) for row, value in zip(result.estimates(), values, strict=True)
        ]
        hits[3:6] += [
            covered(row, value) for row, value in zip(result.clustered, values, strict=False)
        ]
        low, high = windows(curves, result.knot)
        hits[6] += low <= true_windows <= high
    np.testing.assert_allclose(hits[:6] / sets, 0.95, atol=3 * 0.0126)
    assert hits[6] / sets < 0.83


def test_re_splits_stretch_the_intervals() -> None:
    plain = sweep(kinked(), np.random.default_rng(4))
    splits = Curves(
        SHARES, plain.values, plain.replicates, replication=Replication("re-splits", 90, 10, True)
    )
    one, other = joint_effect(plain), joint_effect(splits)
    factor = math.sqrt(1 + 10 / 9)
    assert other.points.se == pytest.approx(factor * one.points.se, rel=0.1)
    assert other.clustered[0].se == pytest.approx(factor * one.clustered[0].se)


def test_the_scale_of_the_measure_does_not_matter_and_the_seed_decides() -> None:
    curves = sweep(kinked(), np.random.default_rng(5))
    scaled = Curves(SHARES, 100.0 * curves.values, curves.replicates, replication=OWN)
    one, other = joint_effect(curves, seed=3), joint_effect(scaled, seed=3)
    assert other.points.value == pytest.approx(100 * one.points.value)
    assert other.relative.se == pytest.approx(one.relative.se)
    assert joint_effect(curves, seed=3) == one
    assert joint_effect(curves, seed=4).points.interval != one.points.interval


def test_a_relative_effect_on_nothing_is_unbounded() -> None:
    noise = np.random.default_rng(6).standard_normal((10, 13))
    result = joint_effect(Curves(SHARES, noise, tuple(range(10)), replication=OWN))
    assert result.relative.interval is not None
    assert result.relative.interval.width == math.inf
    assert "unbounded" in result.relative.note
    json.dumps(result.to_dict(), allow_nan=False)


def single() -> JointEffect:
    return joint_effect(Curves(SHARES, kinked()[None, :] + 0.001 * np.cos(99 * SHARES), (0,)))


def test_one_replicate_has_no_clusters() -> None:
    assert single().clustered == ()
    few = Curves(SHARES[::3], kinked()[None, ::3], (0,))
    result = joint_effect(few)
    assert result.points.interval is None
    assert "no band" in result.points.note


def test_too_few_shares_and_a_level_of_zero_are_refused() -> None:
    with pytest.raises(InferenceError, match="at least 5"):
        joint_effect(Curves(SHARES[:4], np.ones((2, 4)), (0, 1)))
    with pytest.raises(InferenceError, match="level before is zero"):
        joint_effect(Curves(SHARES, np.zeros((2, 13)), (0, 1)))
