"""Benchmark share: exact without noise, equivariant, and plain about what was not reached."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smcollapse.inference import Curves, InferenceError, benchmark_share, benchmark_share_of
from smcollapse.inference.onsets.benchmark import benchmark_error

SHARES = np.round(np.linspace(0.0, 0.6, 13), 12)
KINK = 0.9 - np.maximum(SHARES - 0.4, 0.0)


def noisy(truth: np.ndarray, n: int = 10, sd: float = 0.02, seed: int = 0) -> Curves:
    noise = sd * np.random.default_rng(seed).standard_normal((n, truth.size))
    return Curves(SHARES, truth + noise, tuple(range(n)), "rare_recall")


def test_exact_on_noise_free_curves() -> None:
    assert benchmark_share_of(SHARES, KINK) == pytest.approx(0.49, abs=1e-12)
    assert benchmark_share_of(SHARES, KINK, 0.05, relative=False) == pytest.approx(0.45, abs=1e-12)
    assert benchmark_share_of([0, 0.5, 1], [0.8, 0.8, 0.6]) == pytest.approx(0.7, abs=1e-12)
    rising = 0.04 + 0.1 * SHARES
    assert benchmark_share_of(SHARES, rising, 0.5, direction="gain") == pytest.approx(0.2)
    assert benchmark_share_of(SHARES, rising) is None
    exact = Curves(SHARES, np.tile(KINK, (3, 1)), (0, 1, 2))
    result = benchmark_share(exact)
    assert result.share == pytest.approx(0.49, abs=1e-12)
    assert result.band is None  # replicates that are the same say nothing of the noise


def test_a_loss_reached_exactly_at_the_last_share_counts() -> None:
    values = np.array([1.0, 1.0, 0.9])
    assert benchmark_share_of([0, 0.3, 0.6], values * 0.7) == pytest.approx(0.6, abs=1e-9)
    assert benchmark_share_of([0, 0.3, 0.6], values * 0.7, 0.1001) is None


def test_a_dip_is_pooled_not_taken_for_the_crossing() -> None:
    """.85 then .95 pool to .90: the raw polyline would cross .86 at once, the isotonic does not."""
    values = [0.9, 0.85, 0.95, 0.9, 0.7]
    pooled = benchmark_share_of([0, 0.1, 0.2, 0.3, 0.4], values, 0.05)
    assert pooled == pytest.approx(0.3 + 0.1 * (0.9 - 0.855) / 0.2, abs=1e-12)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    drops=st.lists(st.floats(0.0, 0.2), min_size=3, max_size=12),
    scale=st.floats(0.1, 10.0),
    shift=st.floats(-3.0, 3.0),
    loss=st.floats(0.01, 0.5),
)
def test_equivariance(drops: list[float], scale: float, shift: float, loss: float) -> None:
    values = 1.0 - np.cumsum([0.0, *drops])
    x = np.linspace(0, 1, values.size)
    relative = benchmark_share_of(x, values, loss)
    points = benchmark_share_of(x, values, loss, relative=False)
    mirrored = benchmark_share_of(x, 5.0 - values, loss, False, "gain")
    assert points == pytest.approx(relative, abs=1e-7)  # the baseline is 1
    assert benchmark_share_of(x, scale * values, loss) == pytest.approx(relative, abs=1e-7)
    assert benchmark_share_of(x, values + shift, loss, relative=False) == pytest.approx(
        points, abs=1e-7
    )
    assert mirrored == pytest.approx(points, abs=1e-7)
    if points is not None:
        assert np.interp(points, x, values) == pytest.approx(1.0 - loss, abs=1e-9)


@settings(deadline=None, derandomize=True, max_examples=20)
@given(small=st.floats(0.02, 0.1), more=st.floats(0.001, 0.1), seed=st.integers(0, 99))
def test_a_larger_loss_is_reached_later(small: float, more: float, seed: int) -> None:
    measured = noisy(KINK, seed=seed)
    first, second = benchmark_share(measured, small), benchmark_share(measured, small + more)
    assert first.share is not None
    assert second.share is None or first.share <= second.share
    assert (first.safe_share or 0) <= (second.safe_share or 0)


def test_band_of_noisy_curves() -> None:
    result = benchmark_share(noisy(KINK))
    assert result.share is not None
    assert result.band is not None
    assert result.safe_share is not None
    assert result.share in result.band
    assert 0.49 in result.band
    assert result.safe_share < result.share
    assert result.band.width <= 0.1
    assert result == benchmark_share(noisy(KINK))


def test_not_reached_is_said_and_the_safe_share_stands() -> None:
    flat = noisy(0.9 - 0.01 * SHARES)
    result = benchmark_share(flat)
    assert result.share is None
    assert result.safe_share == 0.6
    assert result.band is not None
    assert (result.band.lower, result.band.upper) == (0.6, math.inf)
    assert "not reached up to 0.6" in result.note
    assert "at least 0.6, the largest share tried" in result.note
    plain = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert plain["share"] is None
    assert plain["bracket"]["band"]["upper"] is None
    assert math.isnan(result.estimates()[0].value)


def test_an_open_band_around_a_finite_share() -> None:
    edge = noisy(0.9 - 0.155 * SHARES, seed=5)  # 10 % lost at .58, close to the end
    result = benchmark_share(edge)
    assert result.band is not None
    assert result.band.upper == math.inf
    assert result.safe_share is not None
    assert 0.4 <= result.safe_share < 0.6
    assert "open above" in result.note


def test_one_replicate_and_few_shares_have_no_band() -> None:
    curves = noisy(KINK, n=1)
    few = Curves(SHARES[::3], curves.values[:, ::3], curves.replicates)
    result = benchmark_share(few)
    assert result.share is not None
    assert result.band is None
    assert result.safe_share is None
    assert math.isnan(benchmark_error(curves))
    assert "no band" in result.note


def test_a_baseline_other_than_share_zero_is_said() -> None:
    measured = noisy(KINK)
    cut = Curves(SHARES[1:], measured.values[:, 1:], measured.replicates)
    result = benchmark_share(cut)
    assert result.baseline_share == 0.05
    assert "baseline is the smallest share, 0.05" in result.note


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"loss": 0.0}, "loss must be"),
        ({"loss": -0.1}, "loss must be"),
        ({"loss": math.nan}, "loss must be"),
        ({"direction": "down"}, "direction must be"),
        ({"level": 95.0}, "level"),
    ],
)
def test_bad_settings_are_refused(settings_: dict[str, object], message: str) -> None:
    with pytest.raises(InferenceError, match=message):
        benchmark_share(noisy(KINK), **settings_)  # type: ignore[arg-type]


def test_bad_curves_are_refused() -> None:
    with pytest.raises(InferenceError, match="positive baseline"):
        benchmark_share(noisy(KINK - 1.0))
    assert benchmark_share(noisy(KINK - 1.0), 0.05, relative=False).share is not None
    with pytest.raises(InferenceError, match="at least 2"):
        benchmark_share(Curves(np.array([0.0]), np.ones((2, 1)), (0, 1)))
    with pytest.raises(InferenceError, match="equally long"):
        benchmark_share_of([0.0, 0.1], [1.0])
    with pytest.raises(InferenceError, match="ascending"):
        benchmark_share_of([0.0, 0.2, 0.1], [1.0, 1.0, 1.0])
    with pytest.raises(InferenceError, match="finite"):
        benchmark_share_of([0.0, 0.2], [1.0, math.nan])
