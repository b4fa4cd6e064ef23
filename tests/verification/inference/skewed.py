"""Skewed replicates: what t intervals miss, Hall's transformation, and when the answer warns."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from smcollapse.inference import Curves, bracket, equivalence, hall_interval
from smcollapse.inference.resampling import Array
from smcollapse.inference.skewness import noticeably_skewed
from tests.verification.inference.designs import SD
from tests.verification.inference.kinds import AGAIN, Kind, Row, Summaries, errors_at_most
from tests.verification.inference.outcomes import LOSS, lost_at
from tests.verification.inference.truths import reached_at
from tests.verification.sections import Required, Section, at_least, at_most, markdown

SHARES = tuple(np.round(np.linspace(0.0, 0.6, 13), 12).tolist())
TRUTH = reached_at(0.25, 0.3, LOSS * 0.9)
BOOTSTRAPS = 999
MARGIN = 2.0
"""Margin of the equivalence test in s.d. of a replicate's change."""

WARNED = 0.06
HALL = {5: 0.90, 10: 0.93}
"""Least coverage of Hall's interval of exponential changes, by the number of replicates."""


@dataclass(frozen=True)
class Skewed:
    """Replicates of a law of mean 0 and s.d. 1; ``side`` -1 turns it round."""

    name: str
    law: str
    side: float
    replicates: int

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Values of that shape."""
        if self.law == "normal":
            drawn = generator.standard_normal(shape)
        elif self.law == "exponential":
            drawn = generator.exponential(1.0, shape) - 1.0
        else:  # chi-square with 1 d.f.
            drawn = (generator.chisquare(1.0, shape) - 1.0) / math.sqrt(2.0)
        out: Array = self.side * drawn
        return out


def cases() -> tuple[Skewed, ...]:
    """Laws, turned both ways, by the number of replicates."""
    return tuple(
        Skewed(f"{law}, {words}, {replicates} replicates", law, side, replicates)
        for replicates in HALL
        for law, side, words in (
            ("normal", 1.0, "symmetric"),
            ("exponential", 1.0, "tail upwards"),
            ("exponential", -1.0, "tail downwards"),
            ("chi-square 1", 1.0, "tail upwards"),
            ("chi-square 1", -1.0, "tail downwards"),
        )
    )


def row(case: Skewed, number: int) -> Row:
    """Intervals of the mean change 0, equivalence at both edges, the warning, the safe share."""
    generator = np.random.default_rng([zlib.crc32(case.name.encode()), number])
    changes = case.draw(generator, (case.replicates,))
    mean, error = changes.mean(), changes.std(ddof=1) / math.sqrt(case.replicates)
    half = float(stdtrit(case.replicates - 1, 0.975)) * error
    hall = hall_interval(changes, 0.95)
    low, high = _bootstrap_t(changes, generator)
    values = TRUTH(np.array(SHARES)) + SD * case.draw(generator, (case.replicates, len(SHARES)))
    curves = Curves(np.array(SHARES), values, tuple(range(case.replicates)))
    safe = bracket(curves, LOSS, True, "loss", 0.95).safe_share
    return {
        "t": float(abs(mean) <= half),
        "t width": 2.0 * half,
        "hall": float(0.0 in hall),
        "hall width": hall.width,
        "bootstrap-t": float(low <= 0.0 <= high),
        "bootstrap-t width": high - low,
        **{
            # the true change 0 lies exactly at the edge of what would count as equal
            f"equal at {words}": float(equivalence(changes, side * MARGIN, MARGIN).equivalent)
            for words, side in (("lower edge", 1.0), ("upper edge", -1.0))
        },
        "noticed": float(noticeably_skewed(changes)),
        "safe error": float(safe >= lost_at(TRUTH, SHARES)[1] - 1e-9),
    }


def _bootstrap_t(values: Array, generator: np.random.Generator) -> tuple[float, float]:
    """The bootstrap-t interval (Efron 1982), a competitor."""
    n = values.size
    drawn = values[generator.integers(0, n, (BOOTSTRAPS, n))]
    spread = drawn.std(axis=1, ddof=1)
    held = spread > 0.0
    t = (drawn.mean(axis=1)[held] - values.mean()) / (spread[held] / math.sqrt(n))
    low, high = np.quantile(t, [0.025, 0.975])
    error = values.std(ddof=1) / math.sqrt(n)
    return float(values.mean() - high * error), float(values.mean() - low * error)


def required(case: Skewed, found: dict[str, float]) -> tuple[Required, ...]:
    """Silence about normal replicates, Hall's interval for exponential ones."""
    sets = found["sets"]
    if case.law == "normal":
        return (
            at_most(f"warned without reason: {case.name}", round(found["noticed"], 4), WARNED),
            errors_at_most(f"error of the safe share: {case.name}", found["safe error"], sets),
        )
    if case.law == "exponential":
        rate = round(found["hall"], 4)
        return (at_least(f"coverage, Hall: {case.name}", rate, HALL[case.replicates]),)
    return ()


def settled(case: Skewed, found: dict[str, float]) -> bool:
    """Whether all that is required is met."""
    return all(item.met for item in required(case, found))


def section(results: Summaries) -> Section:
    """Coverage of intervals, size of the equivalence test, warnings, errors of the safe share."""
    known = [(case, results[case.name]) for case in cases() if case.name in results]
    rows = [
        {
            "replicates' law": case.name,
            "t": found["t"],
            "its width": found["t width"],
            "Hall": found["hall"],
            "its width ": found["hall width"],
            "bootstrap-t": found["bootstrap-t"],
            "its width  ": found["bootstrap-t width"],
            "equal, at the lower edge": found["equal at lower edge"],
            "at the upper edge": found["equal at upper edge"],
            "warned": found["noticed"],
            "safe share's error": found["safe error"],
        }
        for case, found in known
    ]
    return Section(
        "skewed replicates",
        "Skewed replicates",
        (
            "Changes of replicates from skewed laws of s.d. 1: coverage of nominal .95 by "
            "Student's t, by Hall's transformation (the line that stands beside it where "
            "skewness is noticed) and by the bootstrap-t; how often the equivalence test says "
            f"equal where the true change is exactly at an edge of ±{MARGIN:g} s.d. (at most .05 "
            "for normal changes); how often the answer warns. Last, the error of the safe share "
            "(13 shares, the loss exactly what is asked for from .3 on) where runs have that "
            "law: nothing mends a rare collapse in few replicates, which is why the worst one is "
            "always shown.",
            markdown(pd.DataFrame(rows), 3),
        ),
        tuple(item for case, found in known for item in required(case, found)),
    )


KIND = Kind(cases, row, section, stages=lambda _: AGAIN, settled=settled)
