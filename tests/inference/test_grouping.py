"""Which runs belong to one tried share: typed, realised, continuous shares."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from smcollapse.inference import Curves, benchmark_share, curves, onset
from smcollapse.inference.grouping import group_shares

GRID = np.round(np.arange(0.0, 0.601, 0.05), 12)
REPLICATES = np.repeat(np.arange(5), GRID.size)
TYPED = np.tile(GRID, 5)


def realised(jitter: float, seed: int = 0) -> np.ndarray:
    moved = TYPED + np.random.default_rng(seed).normal(0.0, jitter, TYPED.size)
    return np.where(TYPED == 0.0, 0.0, np.clip(moved, 0.0, 1.0))


def test_typed_shares_are_taken_as_they_are_with_or_without_holes() -> None:
    for kept in (np.ones(65, dtype=bool), np.random.default_rng(1).random(65) > 0.1):
        found = group_shares(TYPED[kept], REPLICATES[kept].tolist())
        assert found.kind == "exact"
        np.testing.assert_array_equal(found.shares, GRID)
        assert not found.note


@pytest.mark.parametrize("jitter", [0.0005, 0.004, 0.0075])
def test_realised_shares_are_grouped_at_their_own_means(jitter: float) -> None:
    for seed in range(50):
        shares = realised(jitter, seed)
        found = group_shares(shares, REPLICATES.tolist())
        assert found.kind == "rank"
        np.testing.assert_array_equal(found.group, np.tile(np.arange(13), 5))
        assert found.shares[7] == pytest.approx(shares[7::13].mean())
        assert "realised" in found.note


def test_a_jitter_in_common_is_not_taken_for_the_nominal_share() -> None:
    common = np.tile(GRID * 0.6, 5)
    found = group_shares(common + np.linspace(0, 1e-4, 65), REPLICATES.tolist())
    assert found.shares[-1] == pytest.approx(0.36, abs=1e-3)


def test_missing_runs_of_realised_shares_leave_clusters() -> None:
    kept = np.random.default_rng(2).random(65) > 0.1
    found = group_shares(realised(0.004)[kept], REPLICATES[kept].tolist())
    assert found.kind == "clusters"
    assert found.shares.size == 13


def test_a_jitter_as_wide_as_the_grid_gives_bins() -> None:
    found = group_shares(realised(0.03), REPLICATES.tolist())
    assert found.kind == "bins"
    assert (found.upper[:-1] < found.lower[1:]).all()
    assert "monotone" in found.note


def continuous(n: int, seed: int, sd: float = 0.02) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    shares = np.r_[np.zeros(8), generator.uniform(0.0, 0.7, n)]
    truth = 0.9 - np.maximum(shares - 0.35, 0.0)
    return pd.DataFrame({"share": shares, "y": truth + generator.normal(0.0, sd, shares.size)})


def test_brackets_of_continuous_shares_hold() -> None:
    """120 runs: 10 % are lost at .44; 100 sets, nominal .95, s.e. .022."""
    found, refused = [], 0
    for seed in range(100):
        made = curves(continuous(120, seed), "y", replicate=None, allow_missing=True)
        assert made.edges is not None
        assert 10 <= made.shares.size <= 17
        refused += not made.has_noise  # white noise that is taken for a correlated one
        benchmark = benchmark_share(made)
        found += [] if benchmark.bracket is None else [benchmark.bracket.band]
    assert refused <= 8
    assert np.mean([0.44 in band for band in found]) > 0.95 - 3 * 0.022
    assert np.median([band.width for band in found]) < 0.25


def test_runs_that_resemble_their_neighbours_say_nothing_of_noise() -> None:
    """AR(.6) noise, and no noise at all, along 100 shares; white noise is believed (40 sets)."""
    shares = np.linspace(0.0, 1.0, 100)
    generator = np.random.default_rng(0)

    def made(noise: np.ndarray) -> Curves:
        table = pd.DataFrame({"share": shares, "y": 0.8 - 0.3 * np.log1p(20 * shares) / 3 + noise})
        return curves(table, "y", replicate=None, allow_missing=True)

    wander = np.zeros(100)
    for i in range(1, 100):
        wander[i] = 0.6 * wander[i - 1] + generator.normal(0.0, 0.01)
    for noise in (wander, np.zeros(100)):
        assert not made(noise).has_noise
        assert onset(made(noise), draws=99).verdict_kind == "no noise"
    white = [made(generator.normal(0.0, 0.02, 100)).has_noise for _ in range(40)]
    assert sum(white) >= 34


def test_a_few_runs_of_their_own_are_no_bins() -> None:
    few = pd.DataFrame({"share": [0.0, 0.2, 0.4, 0.6], "y": [0.9, 0.8, 0.7, 0.6]})
    made = curves(few, "y", replicate=None, allow_missing=True)
    assert made.edges is None
    assert not made.has_noise


def test_thousands_of_shares_are_answered_in_bounded_time() -> None:
    table = continuous(3000, 0, 0.1)
    start = time.process_time()
    made = curves(table, "y", replicate=None, allow_missing=True)
    onset(made, draws=199, thorough=False)
    assert made.shares.size <= 41
    assert time.process_time() - start < 60.0  # a guard against the quadratic; BENCHMARKS.md times
