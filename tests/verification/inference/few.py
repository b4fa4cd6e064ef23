"""Effects of two and three replicates: noise pooled over shares, beside the plain paired t."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from smcollapse.inference import effect
from tests.verification.inference.designs import BASE, Case
from tests.verification.inference.kinds import (
    AGAIN,
    Kind,
    Row,
    Summaries,
    covers_at_least,
    furthest,
)
from tests.verification.sections import Required, Section, markdown

NOISES = (
    "independent",
    "AR .5",
    "AR .8",
    "nested",
    "nested .9",
    "heteroscedastic",
    "growing",
)
WINDOWS = {
    "windows": ((0.0, 0.2), (0.45, 0.6)),
    "first to last": ((0.0, 0.0), (0.6, 0.6)),
}


@cache
def cases() -> tuple[Case, ...]:
    """Noises by the number of replicates."""
    return tuple(
        replace(
            BASE,
            name=f"{noise}, {replicates} replicates",
            noise=noise,
            replicates=replicates,
            own_corpora=True,
        )
        for replicates in (2, 3)
        for noise in NOISES
    )


def row(case: Case, number: int) -> Row:
    """Intervals of one data set, in points and relative, for both pairs of windows."""
    curves, shares = case.draw(number), np.array(case.shares)
    true = case.truth(shares)
    out: Row = {}
    for name, (before, after) in WINDOWS.items():
        first = (shares >= before[0] - 1e-9) & (shares <= before[1] + 1e-9)
        second = (shares >= after[0] - 1e-9) & (shares <= after[1] + 1e-9)
        level = float(true[first].mean())
        change = float(true[second].mean()) - level
        found = effect(curves, before, after)
        points, relative = found.points.interval, found.relative.interval
        assert points is not None
        assert relative is not None
        measured = curves.values[:, second].mean(axis=1)  # noqa: PD011 -- an array
        changes = measured - curves.values[:, first].mean(axis=1)  # noqa: PD011
        n = changes.size
        half = float(stdtrit(n - 1, 0.975)) * changes.std(ddof=1) / math.sqrt(n)
        out |= {
            f"{name}, points": float(change in points),
            f"{name}, width": points.width,
            f"{name}, relative": float(change / level in relative),
            f"{name}, t": float(abs(changes.mean() - change) <= half),
            f"{name}, t width": 2.0 * half,
        }
    return out


def required(case: Case, found: dict[str, float]) -> tuple[Required, ...]:
    """Coverage, where noise is about equal at all shares."""
    if case.beyond_pooling:
        return ()
    return tuple(
        covers_at_least(f"coverage: {case.name}, {name}, {unit}", found[f"{name}, {unit}"], sets)
        for sets in (found["sets"],)
        for name in WINDOWS
        for unit in ("points", "relative")
    )


def settled(case: Case, found: dict[str, float]) -> bool:
    """Whether all that is required is met."""
    return all(item.met for item in required(case, found))


def section(results: Summaries) -> Section:
    """Coverage and width, beside those of the paired t."""
    known = [(case, results[case.name]) for case in cases() if case.name in results]
    rows = [
        {
            "noise": case.noise,
            "replicates": case.replicates,
            "change": name,
            "points": found[f"{name}, points"],
            "its width": found[f"{name}, width"],
            "relative": found[f"{name}, relative"],
            "paired t": found[f"{name}, t"],
            "its width ": found[f"{name}, t width"],
        }
        for case, found in known
        for name in WINDOWS
    ]
    return Section(
        "few replicates",
        "Effects of two and three replicates",
        (
            "Changes between windows of shares (0 to .2, .45 to .6) and from the first share to "
            "the last: coverage of nominal .95 with noise pooled over shares, beside the paired t "
            "interval of one or two degrees of freedom. Nested: half (.9) of the variance in the "
            "replicate's level. Heteroscedastic and growing noise (s.d. four and seven times as "
            "large at the last share as at the first) is what pooling takes not to be there: "
            "reported, not required. Widths are medians, in units of the measure.",
            markdown(pd.DataFrame(rows), 4),
        ),
        furthest(
            ((case.replicates, *item.what.split(", ")[-2:]), item)
            for case, found in known
            for item in required(case, found)
        ),
    )


KIND = Kind(cases, row, section, stages=lambda _: AGAIN, settled=settled)
