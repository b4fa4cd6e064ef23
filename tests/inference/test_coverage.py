"""Coverage of the onset bands on simulated sweeps, with the Monte-Carlo error stated.

The design of the project: 13 shares from 0 to .6, noise s.d. .02, independent or AR(.5) across the
shares of a replicate. A band passes if it covers .95 within 3 Monte-Carlo standard errors from
below *and* is no wider than a stated multiple of 2·1.96 times the true standard deviation of the
estimate, so that a band cannot pass by being useless.
"""

import math
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import pytest

from smcollapse.inference import (
    Curves,
    Interval,
    Replication,
    benchmark_share,
    break_point,
    effect,
    percentile_band,
    smooth_transition,
)
from smcollapse.inference.onsets.kinks import profile as _profile

SHARES = np.round(np.linspace(0.0, 0.6, 13), 12)
KINK = 0.9 - np.maximum(SHARES - 0.4, 0.0)
LOGISTIC = 0.7 + 0.25 / (1 + np.exp((SHARES - 0.42) / 0.05))
NOISE = 0.02

# data set -> (estimate, band)
Answer = tuple[float, Interval]


def sweep(
    truth: np.ndarray, generator: np.random.Generator, n: int, correlation: float
) -> np.ndarray:
    """Curves (n, S): AR(1) noise along the shares of a replicate, stationary s.d. NOISE."""
    noise = generator.standard_normal((n, truth.size))
    for j in range(1, truth.size):
        noise[:, j] *= math.sqrt(1 - correlation**2)
        noise[:, j] += correlation * noise[:, j - 1]
    return truth + NOISE * noise


def measured(values: np.ndarray) -> Curves:
    return Curves(SHARES, values, tuple(range(len(values))))


def knot(values: np.ndarray, seed: int) -> Answer:
    result = break_point(measured(values), seed=seed)
    assert result.band is not None
    return result.knot, result.band


def centre(values: np.ndarray, seed: int) -> Answer:
    result = smooth_transition(measured(values), seed=seed)
    assert result.centre_band is not None
    return result.centre, result.centre_band


def width(values: np.ndarray, seed: int) -> Answer:
    result = smooth_transition(measured(values), seed=seed)
    assert result.width_band is not None
    return result.width, result.width_band


CASES = [
    # estimand, truth, its value, replicates, correlation, sets, widest band allowed
    pytest.param(knot, KINK, 0.40, 10, 0.0, 400, 1.4, id="knot-10-independent"),
    pytest.param(knot, KINK, 0.40, 10, 0.5, 400, 1.4, id="knot-10-AR"),
    pytest.param(knot, KINK, 0.40, 3, 0.5, 300, 4.0, id="knot-3-AR"),
    pytest.param(centre, LOGISTIC, 0.42, 10, 0.5, 200, 1.4, id="centre-10-AR"),
    pytest.param(width, LOGISTIC, 0.05 * 2 * math.log(9), 5, 0.0, 200, 2.2, id="width-5"),
]


@pytest.mark.parametrize(("answer", "truth", "value", "n", "correlation", "sets", "widest"), CASES)
def test_bands_cover_and_are_no_wider_than_needed(
    answer: Callable[[np.ndarray, int], Answer],
    truth: np.ndarray,
    value: float,
    n: int,
    correlation: float,
    sets: int,
    widest: float,
    record_property: Callable[[str, object], None],
) -> None:
    """Monte-Carlo s.e. at .95: .011 (400 sets), .0126 (300), .0154 (200)."""
    target = value
    generator = np.random.default_rng(11)
    found = [answer(sweep(truth, generator, n, correlation), seed) for seed in range(sets)]
    estimates = np.array([estimate for estimate, _ in found])
    coverage = float(np.mean([target in band for _, band in found]))
    spread = float(np.median([band.width for _, band in found]))
    error = math.sqrt(0.95 * 0.05 / sets)
    record_property("coverage", coverage)
    record_property("bias", float(estimates.mean() - target))
    assert coverage > 0.95 - 3 * error
    assert spread < widest * 2 * 1.96 * estimates.std()
    assert abs(estimates.mean() - target) < 4 * estimates.std() / math.sqrt(sets) + 0.001


def test_knot_error_is_that_of_least_squares() -> None:
    """RMSE of the knot over 4 000 mean curves of 10 replicates; Monte-Carlo s.e. 1.1 %.

    Between two shares it must be the Gauss-Newton value, the derivative of the curve in the knot
    being the step after it (slope change -1). On a share, where that derivative jumps, it must be
    near .0077, the value of the best packages for this design.
    """
    noise = NOISE / math.sqrt(10) * np.random.default_rng(2).standard_normal((4000, 13))

    def rmse(true_knot: float) -> float:
        curves = 0.9 - np.maximum(SHARES - true_knot, 0.0) + noise
        knots, _ = _profile(SHARES, np.ones(13), curves)
        return float(np.sqrt(np.mean((knots - true_knot) ** 2)))

    hinge = np.maximum(SHARES - 0.325, 0.0)
    tangent = np.column_stack([np.ones(13), SHARES, hinge, SHARES > 0.325])
    variance = NOISE**2 / 10 * np.linalg.inv(tangent.T @ tangent)[3, 3]
    assert rmse(0.325) == pytest.approx(math.sqrt(variance), rel=0.05)
    assert rmse(0.4) == pytest.approx(0.0077, rel=0.05)


def test_ordinary_bootstrap_of_three_replicates_under_covers() -> None:
    """Negative control: multinomial percentile bands; 400 sets, Monte-Carlo s.e. .018 at .85."""
    generator, hits = np.random.default_rng(11), 0
    for seed in range(400):
        values = sweep(KINK, generator, 3, 0.5)
        counts = np.random.default_rng(seed).multinomial(3, np.full(3, 1 / 3), size=999)
        knots, _ = _profile(SHARES, np.ones(13), counts @ values / 3)
        hits += 0.4 in percentile_band(knots, 0.95)
    assert hits / 400 < 0.95 - 3 * 0.018


def test_noise_common_to_all_replicates_is_noticed() -> None:
    """One synthetic corpus a share for all, not declared: it shows in the scatter of the means.

    Half of the noise variance common to the replicates: 200 sets, Monte-Carlo s.e. .018 at .93.
    The negative control is told that every run has its own corpus, and believes it.
    """
    generator, hits, fooled = np.random.default_rng(4), 0, 0
    for seed in range(200):
        own = sweep(KINK, generator, 10, 0.0) - KINK
        common = NOISE * generator.standard_normal((1, 13))
        values = KINK + math.sqrt(0.5) * (own + common)
        hits += 0.4 in knot(values, seed)[1]
        own_corpora = Curves(SHARES, values, tuple(range(10)), "x", Replication(own_corpora=True))
        band = break_point(own_corpora, seed=seed).band
        assert band is not None
        fooled += 0.4 in band
    assert hits / 200 > 0.87
    assert fooled / 200 < 0.80


def test_one_curve_is_answered_within_a_second() -> None:
    curves = measured(sweep(KINK, np.random.default_rng(0), 10, 0.5))
    break_point(curves, draws=99)  # statsmodels is imported on first use
    start = time.perf_counter()
    benchmark_share(curves)
    break_point(curves)
    smooth_transition(curves)
    effect(curves, (0.0, 0.3), (0.5, 0.6))
    assert time.perf_counter() - start < 1.0


def test_importing_inference_leaves_statsmodels_and_torch_alone() -> None:
    program = (
        "import sys, smcollapse.inference as i; "
        "i.benchmark_share_of([0, .3, .6], [1, 1, .8]); "
        "print([m for m in ('statsmodels', 'torch', 'pandas') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
