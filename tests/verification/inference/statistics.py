"""Statistics that a test for a break could compare: false alarms against power, side by side.

All are of the kink against the skewed logistic, the rival that decides at the base design, on the
same draws, with the test's other conditions (the kink fits better, it fits, it is resolved).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from smcollapse.inference.dictionaries import Dictionary, dictionary
from smcollapse.inference.families import KINK, SKEWED
from smcollapse.inference.onsets.existence import resolved, separation
from smcollapse.inference.resampling import Array
from tests.verification.inference.designs import BASE, Case
from tests.verification.inference.existence import DRAWS
from tests.verification.inference.kinds import Kind, Row, Summaries
from tests.verification.inference.truths import SMOOTH
from tests.verification.sections import Section, markdown

LEVELS = tuple(np.round(np.arange(0.01, 0.1201, 0.005), 3).tolist())
SIZE = 0.06
ALARMS = ("Gompertz .1, late", "Gompertz .1, late, nearest")
STATISTICS = {
    "plain": "difference of residual sums of squares D, its law under the fitted rival",
    "studentised": "D over the rival's distance from the kinks, its law under the fitted rival "
    "(the test)",
    "averaged": "as plain, the likelihood of the kink averaged over its knots (Andrews & Ploberger "
    "1994)",
    "least favourable": "√D against the noise towards the kink: the largest critical value over "
    "all distances",
}


def cases() -> tuple[Case, ...]:
    """The base design's kink, and the two smooth curves that come closest to it."""
    return (
        replace(BASE, name="statistics, kink"),
        *(
            replace(BASE, name=f"statistics, {name}", truth=SMOOTH[name], knot=None)
            for name in ALARMS
        ),
    )


def row(case: Case, number: int) -> Row:
    """Whether each statistic shows a break in one data set, at each level."""
    curves = case.draw(number)
    root = np.sqrt(curves.weights)
    shape = dictionary(KINK, curves.shares, curves.weights)
    rival = dictionary(SKEWED, curves.shares, curves.weights)
    noise = curves.noise.draws(DRAWS, number)
    unit = float(np.sqrt(((noise * root) ** 2).mean()))
    radius = float(np.sqrt(((noise * root) ** 2).sum(axis=1).max()))
    fitted, broken = rival.fit(curves.mean), shape.fit(curves.mean)
    gain = float(fitted.rss[0] - broken.rss[0])
    misfit = shape.fit(broken.curves + noise).rss
    knots = curves.shares[0] + float(np.ptp(curves.shares)) * broken.parameters[:, 0]
    allowed = (
        gain > 0.0
        and (1 + int((misfit >= broken.rss[0]).sum())) / (DRAWS + 1) > 0.05
        and resolved((float(knots[0]),), curves.shares)
    )
    if not allowed:
        return {f"{name} {level}": 0.0 for name in STATISTICS for level in LEVELS}
    near = rival.near(fitted.curves[0], radius)
    drawn = fitted.curves + noise
    rivals, breaks = near.fit(drawn), shape.fit(drawn)
    towards = (broken.weighted - fitted.weighted)[0]
    along = (noise * root) @ (towards / np.linalg.norm(towards))
    exceeding = {
        "plain": rivals.rss - breaks.rss >= gain,
        "studentised": separation(rivals, breaks, shape, unit)
        >= separation(fitted, broken, shape, unit),
        "averaged": rivals.rss + averaged(shape, drawn, unit)
        >= fitted.rss + averaged(shape, curves.mean, unit),
        "least favourable": along >= np.sqrt(gain),
    }
    p_values = {name: (1 + int(more.sum())) / (DRAWS + 1) for name, more in exceeding.items()}
    return {
        f"{name} {level}": float(p_values[name] <= level) for name in STATISTICS for level in LEVELS
    }


def averaged(shape: Dictionary, curves: Array, unit: float) -> Array:
    """2s² times the log of the mean over knots of the likelihood exp(-RSS/2s²), (B,)."""
    weighted = np.atleast_2d(curves) * shape.root_weights
    residual = weighted - (weighted @ shape.basis) @ shape.basis.T
    scale = 2.0 * unit**2
    explained = ((residual @ shape.atoms[0]) ** 2) / scale
    found: Array = scale * logsumexp(explained, axis=1) - (residual**2).sum(axis=1)
    return found


def section(results: Summaries) -> Section:
    """Size at the nominal level, and the power that is left where the size is what is asked."""
    kink, *alarms = (results[case.name] for case in cases())
    rows = []
    for name, words in STATISTICS.items():
        power, *sizes = (
            np.array([found[f"{name} {level}"] for level in LEVELS]) for found in (kink, *alarms)
        )
        worst = np.max(sizes, axis=0)
        nominal = LEVELS.index(0.05)
        level = float(np.interp(SIZE, worst, LEVELS))
        rows.append(
            {
                "statistic": words,
                **{
                    f"{truth} at .05": float(size[nominal])
                    for truth, size in zip(ALARMS, sizes, strict=True)
                },
                "power at .05": float(power[nominal]),
                f"level with {SIZE:g} false alarms": level,
                "power there": float(np.interp(level, LEVELS, power)),
            }
        )
    sets = int(kink["sets"])
    return Section(
        "statistics",
        "Size and power of other statistics",
        (
            "The existence test is where false alarms and power compete. At the base design (slope "
            "-.05 before the break, -1.05 beyond it) these statistics were set side by side, on "
            f"the same {sets} data sets a truth and the same draws: their false alarms under the "
            "two smooth curves that come closest to the kink, their power, and the power that is "
            "left at the level where the worse of the two rates is what is asked. Differences "
            "between statistics are paired and smaller in error than the rates.",
            markdown(pd.DataFrame(rows), 3),
        ),
    )


KIND = Kind(cases, row, section, stages=lambda _: (0.5,))
