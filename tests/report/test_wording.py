"""Numbers as they are printed."""

from __future__ import annotations

import math

import pytest

from smcollapse.inference import Estimate, Interval
from smcollapse.inference.words import per_cent, share_words
from smcollapse.report import making, wording
from smcollapse.report.wording import (
    axis_name,
    decimals_for,
    estimate,
    number,
    percent,
    percent_range,
    shift_words,
    short_percent,
    shortened,
    size_words,
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


@pytest.mark.parametrize(
    ("unit", "value", "half", "text"),
    [
        ("fraction", -0.0526, 0.004, f"{MINUS}5.3{NBSP}points [{MINUS}5.7, {MINUS}4.9]"),
        ("percent", -5.26, 0.4, f"{MINUS}5.3{NBSP}points [{MINUS}5.7, {MINUS}4.9]"),
        ("fraction", -0.0024, 0.0002, f"{MINUS}0.24{NBSP}points [{MINUS}0.26, {MINUS}0.22]"),
        ("none", 48.31, 6.1, "+48.3 [+42.2, +54.4]"),
        ("none", 0.00123, 0.00021, "+0.00123 [+0.00102, +0.00144]"),
        ("none", 4831.0, 610.0, "+4831 [+4221, +5441]"),
        ("none", 4.831e20, 6.1e19, "+4.83e20 [+4.22e20, +5.44e20]"),
        ("none", 4.831e-20, 6.1e-21, f"+4.83e{MINUS}20 [+4.22e{MINUS}20, +5.44e{MINUS}20]"),
    ],
)
def test_a_change_has_the_unit_of_its_measure(unit, value, half, text):
    measured = _estimate(value, Interval(value - half, value + half, 0.95))
    assert estimate(measured, "points", unit) == text


def test_a_relative_change_is_in_per_cent_whatever_the_unit():
    measured = _estimate(-0.2, Interval(-0.3, -0.1, 0.95))
    assert estimate(measured, "relative", "none").startswith(f"{MINUS}20.0{NBSP}% [")


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0004, "0.040"), (0.00045, "0.045"), (0.0, "0.0"), (0.009, "0.90"), (0.0125, "1.2")],
)
def test_small_shares_keep_two_digits(share, text):
    assert percent(share) == f"{text}{NBSP}%"
    assert per_cent(share) == f"{text}{NBSP}%"


def test_bands_of_small_shares_have_the_digits_of_their_width():
    assert share_words(Interval(0.00039, 0.00041, 0.95)) == f"95{NBSP}% band 0.039 to 0.041{NBSP}%"
    assert share_words(Interval(0.371, 0.413, 0.95)) == f"95{NBSP}% band 37.1 to 41.3{NBSP}%"
    share = _estimate(0.0004, Interval(0.00039, 0.00041, 0.95), "knot")
    assert estimate(share, "share") == f"0.040{NBSP}% [0.039, 0.041]"


@pytest.mark.parametrize(
    ("loss", "relative", "unit", "text"),
    [
        (0.1, True, "none", f"10{NBSP}%"),
        (0.05, False, "fraction", f"5{NBSP}points"),
        (5.0, False, "percent", f"5{NBSP}points"),
        (3.0, False, "none", "3"),
    ],
)
def test_what_counts_as_lost_is_named(loss, relative, unit, text):
    assert size_words(loss, relative, unit) == text


def test_names_at_axes_have_their_unit():
    assert axis_name("minority_f1", "percent") == "minority F1, %"
    assert axis_name("accuracy", "fraction") == "accuracy, %"
    assert axis_name("fid", "none") == "FID"
    assert axis_name("FID", "none") == "FID"


@pytest.mark.parametrize(
    ("shift", "bound", "text"),
    [
        (0.166, "at least", "≥ +16.6"),
        (-0.166, "at most", f"≤ {MINUS}16.6"),
        (0.04, "", "+4.0"),
        (math.nan, "unknown", "unknown"),
    ],
)
def test_shifts_are_bounded_on_the_right_side(shift, bound, text):
    assert shift_words(shift, bound) == text


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
