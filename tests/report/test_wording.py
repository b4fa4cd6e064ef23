"""Numbers as they are printed."""

from __future__ import annotations

import math

import pytest

from smcollapse.inference import Estimate, Interval
from smcollapse.report import making, wording
from smcollapse.report.wording import (
    decimals_for,
    estimate,
    number,
    percent,
    percent_range,
    short_percent,
    shortened,
)

NBSP, MINUS = "\u00a0", "\u2212"


def _estimate(value: float, interval: Interval | None, term: str = "effect") -> Estimate:
    return Estimate(term, value, 0.01, interval, "made up", 5)


@pytest.mark.parametrize(
    ("value", "signed", "text"),
    [
        (1.25, False, "1.2"),
        (-1.25, False, f"{MINUS}1.2"),
        (2.0, True, "+2.0"),
        (-0.04, True, "0.0"),
        (0.04, True, "0.0"),
    ],
)
def test_number_has_a_typographic_minus_and_no_signed_zero(value, signed, text):
    assert number(value, signed=signed) == text


def test_fractions_are_printed_in_per_cent():
    assert percent(0.4197) == f"42.0{NBSP}%"
    assert short_percent(0.35) == f"35{NBSP}%"
    assert short_percent(0.125) == f"12.5{NBSP}%"
    assert short_percent(7 * 0.05) == f"35{NBSP}%"
    assert percent_range(0.38, 0.42) == f"38–42{NBSP}%"


@pytest.mark.parametrize(
    ("interval", "decimals"),
    [
        (None, 1),
        (Interval(0.2, 0.3, 0.95), 1),
        (Interval(0.4, 0.404, 0.95), 1),
        (Interval(0.4, 0.4004, 0.95), 2),
        (Interval(0.4, 0.4, 0.95), 1),
        (Interval(0.4, math.inf, 0.95), 1),
    ],
)
def test_decimals_follow_the_interval(interval, decimals):
    assert decimals_for(interval) == decimals


def test_an_estimate_is_printed_with_its_unit_and_interval():
    measured = _estimate(-0.2302, Interval(-0.2514, -0.2086, 0.95))
    limits = f"[{MINUS}25.1, {MINUS}20.9]"
    assert estimate(measured, "points") == f"{MINUS}23.0{NBSP}points {limits}"
    assert estimate(measured, "relative") == f"{MINUS}23.0{NBSP}% {limits}"
    share = _estimate(0.4197, Interval(0.4122, 0.4279, 0.95), "knot")
    assert estimate(share, "share") == f"42.0{NBSP}% [41.2, 42.8]"


def test_what_is_not_there_is_said_in_words():
    assert estimate(_estimate(math.nan, None, "benchmark share"), "share") == "not reached"
    assert estimate(_estimate(0.42, None), "share") == f"42.0{NBSP}% (no interval)"
    open_above = Interval(0.4, math.inf, 0.95)
    assert "40.0, not reached]" in estimate(_estimate(0.5, open_above, "benchmark share"), "share")
    assert "40.0, open]" in estimate(_estimate(0.5, open_above, "transition centre"), "share")
    unbounded = Interval(-math.inf, math.inf, 0.95)
    assert "[open, open]" in estimate(_estimate(0.5, unbounded), "relative")


def test_long_labels_are_cut_to_one_line():
    assert shortened("two\nlines") == "two lines"
    assert len(shortened("x" * 100, 20)) == 20
    assert wording.measure_name("ece") == "calibration error (ECE)"
    assert wording.measure_name("transition centre") == "transition centre"


@pytest.mark.parametrize(
    ("seconds", "text"), [(8.24, "8.2 s"), (200.0, "3.3 min"), (8000.0, "2.2 h")]
)
def test_durations(seconds, text):
    assert making.duration(seconds) == text.replace(" ", NBSP)
