"""Existence of a break: power, false alarms under curves that are no rivals, verdict's reasons."""

from __future__ import annotations

import numpy as np
import pytest

from smcollapse.inference import Curves, Family, InferenceError, existence, power_against
from smcollapse.inference.dictionaries import dictionary
from smcollapse.inference.families import KINK, RIVALS, SKEWED, TWO_BREAKS
from smcollapse.inference.onsets.existence import resolved, separation
from tests.inference.sweeps import SHARES, kink, sweep

SETS = 60


def rate(truth: np.ndarray, sd: float = 0.02, **options) -> float:
    return float(
        np.mean(
            [
                existence(sweep(truth, seed, sd=sd), draws=199, seed=seed, **options).exists
                for seed in range(SETS)
            ]
        )
    )


def test_a_clear_break_is_shown_and_its_power_is_foreseen() -> None:
    """Noise s.d. .015: power near .95; 60 sets, Monte-Carlo s.e. .03 to .06."""
    truth = kink(before=-0.1)
    shown = rate(truth, 0.015)
    foreseen = power_against(truth, sweep(truth, sd=0.015), draws=299)
    assert shown > 0.8
    assert abs(shown - foreseen) < 0.15


@pytest.mark.parametrize(
    "truth",
    [
        0.9 - 0.6 * SHARES**4 / (0.45**4 + SHARES**4),
        0.9 - 0.5 * np.exp(-np.exp(-(SHARES - 0.4) / 0.15)),
        0.9 - 0.4 * (0.5 + np.arctan((SHARES - 0.4) / 0.05) / np.pi),
        0.9 - 1.0 * SHARES**2,
        0.9 - 0.5 * SHARES,
    ],
    ids=["Hill", "Gompertz", "arctangent", "quadratic", "line"],
)
def test_smooth_curves_are_no_breaks(truth: np.ndarray) -> None:
    """At most .06 asked; 60 sets allow .06 + 3 × .031. The control: the usual test fires."""
    found = [existence(sweep(truth, seed), draws=199, seed=seed) for seed in range(SETS)]
    assert np.mean([one.exists for one in found]) <= 0.06 + 3 * 0.031
    if np.ptp(np.diff(truth)) > 1e-6:
        assert np.mean([one.rivals[0].p_value <= 0.05 for one in found]) > 0.5


def test_the_statistic_has_one_law_near_and_far_from_the_kinks() -> None:
    """Noise of one unit. The control: the plain difference of sums of squares has not.

    2000 draws: Monte-Carlo s.e. of the 95 % points .06 (T) and .2 (D); D's differ by about 3.
    """
    unit = 0.02 / np.sqrt(10)
    weights = np.full(SHARES.size, unit**-2)
    rival, shape = dictionary(SKEWED, SHARES, weights), dictionary(KINK, SHARES, weights)
    noise = unit * np.random.default_rng(0).standard_normal((2000, SHARES.size))
    points = []
    for scale, centre, fall in ((0.1001, 0.5016, 0.3209), (0.15, 0.4, 0.5)):
        curve = 0.9 - fall * np.exp(-np.exp(-(SHARES - centre) / scale))
        rivals, breaks = rival.fit(curve + noise), shape.fit(curve + noise)
        squares = rivals.rss - breaks.rss
        separated = separation(rivals, breaks, shape, 1.0)
        points.append((np.quantile(squares, 0.95), np.quantile(separated, 0.95)))
    (near, near_separated), (far, far_separated) = points
    assert near - far > 1.5
    assert abs(near_separated - far_separated) < 0.35


def test_a_fall_in_the_last_two_shares_is_not_resolved() -> None:
    truth = np.where(SHARES > 0.52, 0.9 - 4.0 * (SHARES - 0.52), 0.9)
    assert not existence(sweep(truth), draws=199).exists
    assert not resolved((0.52,), SHARES)
    assert not resolved((0.1,), SHARES)
    assert resolved((0.15,), SHARES)
    assert resolved((0.15, 0.45), SHARES)


def test_two_breaks_are_shown_where_a_curve_saturates() -> None:
    truth = np.interp(SHARES, [0.0, 0.2, 0.35, 0.6], [0.9, 0.88, 0.6, 0.55])
    curves = sweep(truth, sd=0.01)
    single = existence(curves, draws=199)
    assert not single.exists
    assert single.p_second_break is not None
    assert single.p_second_break <= 0.05
    double = existence(curves, shape=TWO_BREAKS, draws=199)
    assert double.exists
    np.testing.assert_allclose(double.knots, [0.2, 0.35], atol=0.02)


def test_a_rival_of_ones_own_can_only_make_it_harder() -> None:
    """The truth itself as a rival: nothing beats it."""
    truth = kink()

    def grid(t: np.ndarray) -> np.ndarray:
        return np.zeros((1, 1))

    def columns(t: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        return np.broadcast_to(truth, (len(parameters), 1, t.size))

    own = Family("the truth", 0, 2, grid, columns, free=0)
    curves = sweep(truth, sd=0.012)
    with_it = existence(curves, (*RIVALS, own), draws=199)
    assert with_it.p_value > 0.05
    assert with_it.p_value >= existence(curves, draws=199).p_value
    assert "the truth" in with_it.reason


def test_seeded_and_refused() -> None:
    curves = sweep(kink())
    assert existence(curves, draws=199) == existence(curves, draws=199)
    assert existence(curves, draws=199, seed=1) != existence(curves, draws=199)
    with pytest.raises(InferenceError, match="at least 6 distinct shares"):
        existence(Curves(SHARES[:4], curves.values[:, :4], curves.replicates))
    same = Curves(SHARES, np.tile(kink(), (3, 1)), (0, 1, 2))
    with pytest.raises(InferenceError, match="without noise"):
        existence(same)
