"""Onsets of predicted curves: the same functionals as of trained ones, without noise."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from smcollapse.inference import (
    InferenceError,
    benchmark_share,
    break_point,
    curves,
    kink_of,
    profile_break,
    smooth_transition,
)
from smcollapse.questions.onsets import onset_share, onsets_of

SHARES = np.linspace(0.0, 0.6, 13)


def logistic(centre: float, scale: float, low: float = 0.7) -> np.ndarray:
    return low + (1.0 - low) / (1.0 + np.exp((SHARES - centre) / scale))


@pytest.mark.parametrize(
    "values",
    [
        logistic(0.40, 0.05),
        logistic(0.25, 0.02),
        np.where(SHARES > 0.47, 0.7, 1.0),
        1.0 - 2.0 * np.maximum(SHARES - 0.33, 0.0),
        1.0 - SHARES**2,
    ],
    ids=["smooth", "steep", "step", "kink", "parabola"],
)
def test_they_are_what_the_estimators_find_of_replicates_without_noise(values: np.ndarray) -> None:
    rows = pd.DataFrame(
        {"share": [*SHARES, *SHARES], "replicate": [0] * 13 + [1] * 13, "y": [*values, *values]}
    )
    measured = curves(rows, "y")
    found = onsets_of(SHARES, values, flip=0.4)
    transition = smooth_transition(measured)
    assert found.benchmark_share == pytest.approx(benchmark_share(measured).share, abs=1e-9)
    assert found.knot == pytest.approx(break_point(measured).knot, abs=1e-9)
    # The logistic is found by iteration: how exactly, the processor has a say in.
    assert found.transition_centre == pytest.approx(transition.centre, abs=1e-6)
    assert found.transition_width == pytest.approx(transition.width, abs=1e-6)
    assert found.transition_shown == transition.shown
    assert found.flip == 0.4
    assert found.notes == ()


def test_a_kink_is_found_where_it_is() -> None:
    found = kink_of(SHARES, 1.0 - 0.1 * SHARES - 2.0 * np.maximum(SHARES - 0.337, 0.0))
    assert found.knot == pytest.approx(0.337, abs=1e-9)
    assert (found.slope_before, found.slope_after) == pytest.approx((-0.1, -2.1), abs=1e-9)
    assert found.rss < 1e-20 < found.rss_line


def test_kinks_are_those_of_the_regression_on_points() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        values = rng.normal(size=13).cumsum()
        quick, full = kink_of(SHARES, values), profile_break(SHARES, values)
        assert quick.knot == full.knot
        assert quick.slope_before == pytest.approx(full.slope_before)
        assert quick.slope_after == pytest.approx(full.slope_after)
        assert quick.rss == pytest.approx(full.rss)
        assert quick.rss_line == pytest.approx(full.rss_line)


@pytest.mark.parametrize(
    ("shares", "values"),
    [([0.0, 0.1, 0.2, 0.3], [1.0] * 4), ([0, 0.2, 0.1, 0.3, 0.4], [1.0] * 5), ([0.1] * 5, [1.0])],
)
def test_a_kink_needs_five_ascending_shares(shares: list[float], values: list[float]) -> None:
    with pytest.raises(InferenceError):
        kink_of(shares, values)


def test_a_flat_curve_has_no_onset() -> None:
    found = onsets_of(SHARES, np.full(13, 0.8) + 1e-9 * np.sin(50 * SHARES))
    assert found.benchmark_share is None
    assert (found.knot, found.transition_centre, found.transition_width) == (None, None, None)
    assert not found.transition_shown
    assert found.flip is None


def test_a_straight_line_has_a_benchmark_share_and_no_knot() -> None:
    found = onsets_of(SHARES, 0.8 - 0.4 * SHARES)
    assert found.benchmark_share == pytest.approx(0.2)
    assert (found.knot, found.transition_centre) == (None, None)


def test_a_knot_after_the_steep_part_is_where_a_curve_levels_off() -> None:
    assert onsets_of(SHARES, 1.0 - np.minimum(SHARES, 0.2)).levels_off
    assert not onsets_of(SHARES, 1.0 - np.maximum(SHARES - 0.4, 0.0)).levels_off


def test_shares_without_a_number_are_left_out_and_named() -> None:
    values = logistic(0.3, 0.03)
    values[10:] = np.nan
    found = onsets_of(SHARES, values)
    assert found.largest == pytest.approx(0.45)
    assert found.benchmark_share == onsets_of(SHARES[:10], values[:10]).benchmark_share
    assert found.notes == ("no number at shares 0.5, 0.55, 0.6",)


@pytest.mark.parametrize(
    ("shares", "values", "note"),
    [
        (SHARES, np.full(13, np.nan), "no values"),
        (SHARES[:2], [1.0, 0.5], "at least 3 distinct shares"),
        (SHARES, np.zeros(13), "positive baseline"),
    ],
)
def test_where_there_is_no_benchmark_share_it_is_said(
    shares: np.ndarray, values: np.ndarray, note: str
) -> None:
    found = onsets_of(shares, values)
    assert found.benchmark_share is not None
    assert math.isnan(found.benchmark_share)
    assert note in " ".join(found.notes)
    assert math.isnan(onset_share(np.asarray(shares), np.asarray(values))) or len(shares) == 2
    json.dumps(found.to_dict(), allow_nan=False)


def test_four_shares_have_a_benchmark_share_alone() -> None:
    found = onsets_of([0.0, 0.2, 0.4, 0.6], [1.0, 1.0, 0.8, 0.6])
    assert found.benchmark_share == pytest.approx(0.3)
    assert found.knot is None
    assert "at least 5 shares" in found.notes[0]


def test_the_short_way_tells_not_reached_from_not_known() -> None:
    assert onset_share(SHARES, logistic(0.4, 0.05)) == pytest.approx(
        onsets_of(SHARES, logistic(0.4, 0.05)).benchmark_share
    )
    assert onset_share(SHARES, logistic(0.4, 0.05, low=0.95)) == math.inf
    assert math.isnan(onset_share(SHARES, np.where(SHARES > 0.5, np.nan, 1.0)))
