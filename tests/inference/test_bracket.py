"""Safe share and bracket: one error rate in order, valid on steps, refined where it may be."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from smcollapse.inference import Curves, InferenceError, Replication, benchmark_share
from smcollapse.inference.contrasts import contrast_tests
from smcollapse.inference.onsets.bracket import Bracket
from tests.inference.sweeps import SHARES, kink, sweep

STEP = np.where(SHARES >= 0.38, 0.6, 0.8)


def found(curves: Curves, loss: float = 0.10, **settings: object) -> Bracket:
    bracket = benchmark_share(curves, loss, **settings).bracket  # type: ignore[arg-type]
    assert bracket is not None
    return bracket


def test_a_step_between_two_shares_is_bracketed_by_them() -> None:
    answer = found(sweep(STEP))
    assert answer.safe_share == SHARES[7]
    assert (answer.band.lower, answer.band.upper) == (SHARES[7], SHARES[8])
    # the chord alone would cross 10 % before the step: all three lines must agree
    assert answer.refined.lower <= 0.38 <= answer.refined.upper


def test_relative_margins_are_fieller_s_and_limits_are_paired_t_limits() -> None:
    curves = sweep(kink())
    contrast = np.zeros((1, 13))
    contrast[0, 5], contrast[0, 0] = 1.0, -0.9
    tests = contrast_tests(curves, contrast)
    d = curves.values[:, 5] - 0.9 * curves.values[:, 0]
    expected = stats.ttest_1samp(d, 0.0, alternative="greater")
    assert tests.p_greater()[0] == pytest.approx(expected.pvalue)
    paired = curves.values[:, 0] - curves.values[:, 5]
    limit = stats.ttest_1samp(paired, 0.0).confidence_interval(0.90).high
    assert found(curves).limits[4] == pytest.approx(limit)
    assert found(curves).losses[4] == pytest.approx(paired.mean())


def test_a_later_share_cannot_be_safe_behind_an_unsafe_one() -> None:
    dip = np.where(np.isclose(SHARES, 0.2), 0.7, 0.9)
    answer = found(sweep(dip, sd=0.005))
    assert answer.safe_share == 0.15
    # regained later: only "at any share" can show it
    assert (answer.band.lower, answer.band.upper) == (0.15, 0.2)


@pytest.mark.parametrize(
    ("replicates", "sets"), [(10, 1500), (5, 1500), (2, 1500)], ids=["ten", "five", "two, pooled"]
)
def test_error_in_the_worst_case(replicates: int, sets: int) -> None:
    """Exactly δ is lost from .3 on: declared safe there in at most 5 %, U before it in 2.5 %.

    Monte-Carlo s.e. .0056 and .004. Negative control: at half of the loss .3 is mostly safe.
    """
    truth = np.where(SHARES >= 0.3, 0.72, 0.8)
    first = int(np.argmax(truth < 0.8))
    late = early = held = easy = 0
    for seed in range(sets):
        answer = found(sweep(truth, seed, replicates, sd=0.01))
        late += answer.safe_share >= SHARES[first]
        early += answer.band.upper < SHARES[first]
        held += SHARES[first] in answer.band
        easy += found(sweep((truth + 0.8) / 2, seed, replicates, sd=0.01)).safe_share >= 0.3
    assert 0.02 < late / sets < 0.05 + 3 * 0.0056
    assert early / sets < 0.025 + 3 * 0.004
    assert held / sets > 0.95 - 3 * 0.0056
    assert easy / sets > 0.5


def test_the_refinement_moves_into_inner_even_gaps_only() -> None:
    line = 0.9 - 0.6 * SHARES
    smooth = found(sweep(line, sd=0.004))
    assert smooth.band.lower < smooth.refined.lower < 0.15 < smooth.refined.upper
    assert smooth.refined.upper < smooth.band.upper
    steep = found(sweep(0.9 - 3.0 * SHARES, sd=0.004))  # lost at .03, in the first gap
    assert (steep.refined.lower, steep.refined.upper) == (0.0, 0.05)
    wide = Curves(
        SHARES[[0, 1, 2, 6, 7, 8]],
        sweep(line, sd=0.004).values[:, [0, 1, 2, 6, 7, 8]],
        tuple(range(10)),
    )
    uneven = found(wide)
    assert (uneven.refined.lower, uneven.refined.upper) == (uneven.band.lower, uneven.band.upper)


def test_the_chord_alone_is_the_negative_control() -> None:
    """On a staircase finer than the grid the envelope may fail, on a single step it does not."""
    inside = [found(sweep(STEP, seed)).refined for seed in range(60)]
    assert np.mean([0.38 in band for band in inside]) > 0.9
    chord = 0.35 + 0.05 * (0.8 * 0.1) / 0.2  # where lines between means lose 10 %
    assert chord not in inside[0] or chord == pytest.approx(0.37)


def test_a_rise_is_harm_where_it_is_asked_and_points_are_points() -> None:
    rising = sweep(0.1 + 0.5 * np.maximum(SHARES - 0.3, 0.0), sd=0.004)
    answer = found(rising, direction="gain")
    assert 0.25 <= answer.safe_share <= 0.30
    points = found(rising, 0.05, relative=False, direction="gain")
    assert 0.4 in points.band
    assert found(rising).all_safe


def test_nothing_safe_everything_safe() -> None:
    noisy = found(sweep(kink(), n=4, sd=0.3))
    assert noisy.safe_share == 0.0
    assert noisy.band.upper == math.inf
    flat = benchmark_share(sweep(np.full(13, 0.9), sd=0.001))
    assert flat.safe_share == 0.6
    assert "at least 0.6, the largest share tried" in flat.note


def test_one_run_a_share_shows_nothing() -> None:
    one = benchmark_share(sweep(kink(), n=1))
    assert one.bracket is None
    assert one.safe_share is None
    assert "no band" in one.note


def test_re_splits_are_harder_to_show_safe() -> None:
    curves = sweep(kink())
    splits = sweep(kink(), replication=Replication("re-splits", 90, 10))
    plain, split = found(curves), found(splits)
    np.testing.assert_allclose(
        np.subtract(split.limits, split.losses),
        np.sqrt(1 + 10 / 9) * np.subtract(plain.limits, plain.losses),
    )


def test_two_shares_are_enough() -> None:
    two = Curves(SHARES[[0, 12]], sweep(kink()).values[:, [0, 12]], tuple(range(10)))
    answer = found(two)
    assert (answer.safe_share, answer.band.upper) == (0.0, 0.6)
    with pytest.raises(InferenceError, match="at least 2"):
        benchmark_share(Curves(SHARES[:1], np.ones((2, 1)), (0, 1)))


@pytest.mark.parametrize("scale", [1e-20, 1e20])
def test_any_size_of_values_gives_the_same_bracket(scale: float) -> None:
    curves = sweep(kink())
    scaled = Curves(SHARES, scale * curves.values, curves.replicates, "x", curves.replication)
    assert found(scaled).band == found(curves).band
