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
    EstimandMedian,
    JointTest,
    SpecificationCurve,
)
from smcollapse.questions.measures import Unit
from smcollapse.report.wording import (
    NBSP,
    UNITS,
    change,
    measure_name,
    percent,
    percent_range,
    points,
    shortened,
    with_limits,
)

ORDER = (*SCALES, *WINDOWS, *WEIGHTINGS, *TRIMMINGS, *ONSETS, *EFFECTS)
"""Options in the order in which they are listed."""


def curve_words(curve: SpecificationCurve, unit: Unit) -> str:
    """One sentence: how many specifications, where they lie, what is claimed."""
    onset = curve.estimand == "onset"
    lowest, highest = (value_words(curve, end, unit) for end in (curve.lowest, curve.highest))
    text = f"{len(curve.rows)} specifications, from {_bare(lowest)} to {highest}"
    if curve.claimed_side is not None and curve.reference is not None:
        claimed = percent_range(*curve.reference)
        where = f"within the claimed {claimed}" if onset else "for the worse"
        text += f"; {_part(curve.claimed_side)} {where}"
    if curve.significant_share is not None:
        kind = "of the intervals leave it out" if onset else "significant"
        text += f", {_part(curve.significant_share)} {kind}"
    return text


def median_words(curve: SpecificationCurve, one: EstimandMedian, unit: Unit) -> tuple[str, ...]:
    """Measure, estimand, median with its interval, and over how many specifications."""
    onset = curve.estimand == "onset"
    if math.isinf(one.median):
        text = "not reached"
    else:
        text = " ".join(
            with_limits(
                one.median,
                one.interval,
                _unit(curve, unit),
                signed=not onset,
                word=UNITS["share"] if onset else points(unit),
                beyond="not reached" if onset else "open",
            )
        )
    return measure_name(one.measure), one.estimator, text.strip(), str(one.specifications)


def _unit(curve: SpecificationCurve, unit: Unit) -> Unit:
    """The unit of the curve's numbers: shares are fractions, changes have the measure's."""
    return "fraction" if curve.estimand == "onset" else unit


def _bare(words: str) -> str:
    """A number in words without its unit."""
    return words.removesuffix(f"{NBSP}%").removesuffix(f"{NBSP}points")


def _part(fraction: float) -> str:
    return f"{100.0 * fraction:.0f}{NBSP}%"


def largest_words(curve: SpecificationCurve, unit: Unit) -> str:
    """Which choice moves the estimate most; empty where there is no choice that can be compared."""
    ends = [abs(end) for end in (curve.lowest, curve.highest) if math.isfinite(end)]
    rounding = 1e-9 * max(ends, default=0.0)
    told = [one for one in curve.differences if rounding < abs(one.difference) < math.inf]
    if not told:
        return ""
    one = max(told, key=lambda one: abs(one.difference))
    return (
        f"the {one.choice} moves it most: {change(one.difference, _unit(curve, unit))} with "
        f"{named(one.option)} instead of {named(one.against)}"
    )


def joint_words(joint: JointTest) -> str:
    """The three p-values of "nothing changes"."""
    return (
        f"joint test of no change: p = {joint.p_median:.2g} (median), "
        f"{joint.p_significant:.2g} (significant specifications), {joint.p_mean_t:.2g} (mean t)"
    )


def difference_words(
    curve: SpecificationCurve, one: ChoiceDifference, unit: Unit
) -> tuple[str, str, str]:
    """Choice, "option instead of other", and what it does to the estimate."""
    size, own = "–", _unit(curve, unit)
    if math.isfinite(one.difference):
        size = " ".join(
            with_limits(one.difference, one.interval, own, signed=True, word=points(own))
        ).strip()
    return one.choice, f"{named(one.option)} instead of {named(one.against)}", size


def value_words(curve: SpecificationCurve, value: float, unit: Unit) -> str:
    """An estimate in print: a share in per cent, or a change of the measure."""
    if math.isinf(value):
        return "not reached"
    return percent(value) if curve.estimand == "onset" else change(value, unit)


def named(option: str) -> str:
    """An option in print: a measure by its name."""
    return option if option in ORDER else shortened(measure_name(option))
