"""The test for a break: false alarms under smooth curves, power under kinks."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import norm

from smcollapse.inference.dictionaries import dictionary
from smcollapse.inference.families import POWER, SKEWED
from smcollapse.inference.onsets.existence import Existence, existence, resolved
from smcollapse.inference.resampling import Array
from tests.verification.inference.designs import BASE, Case
from tests.verification.inference.figure import draw_alarms
from tests.verification.inference.kinds import ONCE, Kind, Row, Summaries, monte_carlo
from tests.verification.inference.truths import SMOOTH, kink
from tests.verification.sections import Section, at_least, at_most, markdown

FALSE_ALARMS = 0.06
LEAST_POWER = 0.80
DRAWS = 499
"""Draws of a test for a break, half of the default: a rate is as good, a data set half the time."""

WORST = ("Gompertz .1, late", "Gompertz .1, late, nearest", "arctangent .1, late")
"""Smooth truths that come closest to a kink: also under the noises of ``FURTHER_NOISES``."""

EXISTENCE_NOISES = ("independent", "AR .5")
FURTHER_NOISES = ("nested", "heteroscedastic")
POWER_CHANGES = (-1.0, -0.4)
POWER_BEFORE = (0.0, -0.1)
"""Further slopes before the break, for a change of -1.0."""


def smooth_cases() -> tuple[Case, ...]:
    """Every smooth truth under every noise of the existence test."""
    return tuple(
        replace(BASE, name=f"{name} | {noise}", truth=truth, noise=noise, knot=None)
        for name, truth in SMOOTH.items()
        for noise in (*EXISTENCE_NOISES, *(FURTHER_NOISES if name in WORST else ()))
    )


def power_cases() -> tuple[Case, ...]:
    """Kinks under every noise of the existence test; the slope before is -.05 if none is named."""
    further = tuple(
        replace(
            BASE,
            name=f"slope change -1, slope before {before:g} | independent",
            truth=kink(before=before),
        )
        for before in POWER_BEFORE
    )
    return further + tuple(
        replace(
            BASE, name=f"slope change {change:g} | {noise}", truth=kink(change=change), noise=noise
        )
        for change in POWER_CHANGES
        for noise in (*EXISTENCE_NOISES, *FURTHER_NOISES)
    )


def cases() -> tuple[Case, ...]:
    """Kinks and smooth curves."""
    return (*power_cases(), *smooth_cases())


def row(case: Case, number: int) -> Row:
    """Whether a break is declared in one data set."""
    curves = case.draw(number)
    found = existence(curves, draws=DRAWS, seed=number)
    return {
        "exists": float(found.exists),
        "without": float(exists_without(found, POWER.name, curves.shares)),
        "sup-F": float(found.rivals[0].p_value <= found.alpha),
    }


def exists_without(found: Existence, rival: str, shares: Array) -> bool:
    """What the same test declares if one rival is left out."""
    others = max(test.p_value for test in found.rivals if test.rival != rival)
    return others <= found.alpha < found.p_fit and resolved(found.knots, shares)


def nearest_rival(case: Case) -> float:
    """Distance of the truth from the skewed logistics, in standard errors of the mean curve."""
    shares = np.array(case.shares)
    rss = float(dictionary(SKEWED, shares).fit(case.truth(shares)).rss[0])
    return math.sqrt(rss * case.replicates) / case.sd


def section(results: Summaries) -> Section:
    """The test for a break: false alarms under smooth curves, power under kinks."""
    alarms, required = [], []
    for case in smooth_cases():
        found = results.get(case.name)
        if found is None:
            continue
        truth, noise = case.name.split(" | ")
        alarms.append(
            {
                "truth": truth,
                "noise": noise,
                "break declared": found["exists"],
                "sup-F against a line": found["sup-F"],
            }
        )
        required.append(
            at_most(f"false alarms: {truth}, {noise}", round(found["exists"], 3), FALSE_ALARMS, 3)
        )
    powers = []
    for case in power_cases():
        found = results.get(case.name)
        if found is None:
            continue
        change, noise = case.name.split(" | ")
        distance = nearest_rival(case) if noise == "independent" else math.nan
        powers.append(
            {
                "truth": change,
                "noise": noise,
                "break declared": found["exists"],
                "without the power rival": found["without"],
                "distance of the nearest rival": distance,
                "at most, by any test": float(norm.cdf(distance - norm.ppf(1 - FALSE_ALARMS))),
            }
        )
        if change == "slope change -1" and noise == "independent":
            rate = round(found["exists"], 3)
            required.append(at_least(f"power: {change}, {noise}", rate, LEAST_POWER, 3))
        cost = round(found["without"] - found["exists"], 4)
        allowed = round(2.0 * monte_carlo(found["without"], found["sets"]), 4)
        required.append(
            at_most(f"power that the power rival costs: {change}, {noise}", cost, allowed)
        )
    return Section(
        "existence",
        "Existence of a break",
        (
            "Smooth curves: how often a break is declared at p ≤ .05 (499 draws). Hill and "
            "arctangent are no rivals of the test, and Gompertz curves only the limit of one; the "
            "one that is called nearest is the nearest of all to the base design's kink, so the "
            "worst case. Those that come closest to a kink are under further noises too. Beside it "
            "the usual test, sup-F of a kink against a line, which fires under any bend.",
            markdown(pd.DataFrame(alarms), 3),
            "![False alarms](paper/figures/inference_existence.png)",
            "Kinks: power, and what bounds it under independent noise. A test with .06 false "
            "alarms under the skewed logistic (a Gompertz curve is one) nearest to the kink shows "
            "the kink in at most Φ(distance - 1.55) of all sweeps, the distance in s.e. of a mean: "
            "Neyman and Pearson's bound for any test. A kink that is flat on the left is the "
            'hardest to tell. Beside it the power of the same test without the rival "power or '
            'logarithm", on the same data sets and draws.',
            markdown(pd.DataFrame(powers), 3),
        ),
        tuple(required),
    )


def stages(case: Case) -> tuple[float, ...]:
    """All data sets for the curves that come closest to a kink, else a quarter of them first."""
    return ONCE if case.name.split(" | ")[0] in WORST else (0.25, 1.0)


def settled(case: Case, found: dict[str, float]) -> bool:
    """Whether the rate is more than two standard errors away from what is required of it."""
    required = FALSE_ALARMS if case.knot is None else LEAST_POWER
    rate = found["exists"]
    return abs(rate - required) >= 2.0 * monte_carlo(rate, found["sets"])


KIND = Kind(cases, row, section, draw_alarms, stages, settled)
