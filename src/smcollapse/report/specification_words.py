"""What is said of specification curves, in the figure and in the terminal."""

from __future__ import annotations

import math

from smcollapse.inference.specifications.choices import (
    EFFECTS,
    ONSETS,
    SCALES,
    TRIMMINGS,
    WEIGHTINGS,
    WINDOWS,
)
from smcollapse.inference.specifications.results import (
    ChoiceDifference,
    JointTest,
    SpecificationCurve,
)
from smcollapse.report.wording import NBSP, limits, measure_name, number, percent_range, shortened

ORDER = (*SCALES, *WINDOWS, *WEIGHTINGS, *TRIMMINGS, *ONSETS, *EFFECTS)
"""Options in the order in which they are listed."""


def curve_words(curve: SpecificationCurve) -> str:
    """One sentence: how many specifications, where they lie, what is claimed."""
    onset = curve.estimand == "onset"
    unit = f"{NBSP}%" if onset else f"{NBSP}points"
    text = f"{len(curve.rows)} specifications, median {value_words(curve, curve.median)}"
    if curve.median_interval is not None:
        text += f" {limits(curve.median_interval, signed=not onset, beyond='not reached')}"
    lowest, highest = (value_words(curve, end) for end in (curve.lowest, curve.highest))
    text += f", from {lowest.removesuffix(unit)} to {highest}"
    if curve.claimed_side is not None and curve.reference is not None:
        claimed = percent_range(*curve.reference)
        where = f"within the claimed {claimed}" if onset else "for the worse"
        text += f"; {_part(curve.claimed_side)} {where}"
    if curve.significant_share is not None:
        kind = "of the intervals leave it out" if onset else "significant"
        text += f", {_part(curve.significant_share)} {kind}"
    return text


def _part(fraction: float) -> str:
    return f"{100.0 * fraction:.0f}{NBSP}%"


def largest_words(curve: SpecificationCurve) -> str:
    """Which choice moves the estimate most; empty where there is no choice that can be compared."""
    told = [one for one in curve.differences if math.isfinite(one.difference)]
    if not told:
        return ""
    one = max(told, key=lambda one: abs(one.difference))
    size = number(100.0 * one.difference, signed=True)
    return (
        f"the {one.choice} moves it most: {size}{NBSP}points with {named(one.option)} instead of "
        f"{named(one.against)}"
    )


def joint_words(joint: JointTest) -> str:
    """The three p-values of "nothing changes"."""
    return (
        f"joint test of no change: p = {joint.p_median:.2g} (median), "
        f"{joint.p_significant:.2g} (significant specifications), {joint.p_mean_t:.2g} (mean t)"
    )


def difference_words(one: ChoiceDifference) -> tuple[str, str, str]:
    """Choice, "option instead of other", and what it does to the estimate."""
    size = number(100.0 * one.difference, signed=True) + f"{NBSP}points"
    if math.isnan(one.difference):
        size = "–"
    elif one.interval is not None:
        size += f" {limits(one.interval, signed=True, beyond='open')}"
    return one.choice, f"{named(one.option)} instead of {named(one.against)}", size


def value_words(curve: SpecificationCurve, value: float) -> str:
    """An estimate in print: a share in per cent, or a change in points."""
    if math.isinf(value):
        return "not reached"
    if curve.estimand == "onset":
        return number(100.0 * value) + f"{NBSP}%"
    return number(100.0 * value, signed=True) + f"{NBSP}points"


def named(option: str) -> str:
    """An option in print: a measure by its name."""
    return option if option in ORDER else shortened(measure_name(option))
