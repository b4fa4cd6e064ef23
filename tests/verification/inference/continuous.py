"""Continuous shares: every run has a share of its own, and bins stand for tried shares."""

from __future__ import annotations

import math
import time
import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from smcollapse.inference import bracket, curves
from smcollapse.inference.resampling import Array
from tests.verification.inference.designs import SD
from tests.verification.inference.kinds import (
    Kind,
    Row,
    Summaries,
    covers_at_least,
    errors_at_most,
    furthest,
)
from tests.verification.inference.outcomes import LOSS, bracket_row, lost_at
from tests.verification.inference.truths import Truth, kink, logistic, staircase, step
from tests.verification.sections import Required, Section, at_most, markdown

LAST = 0.6
RUNS = (40, 120, 400, 3000)
REPLICATES = 10
ZERO = 0.1
"""Part of the runs at share 0, where there are some."""

MOST_SECONDS, MOST_GROUPS = 5.0, 41
TRUTHS: dict[str, Truth] = {
    "kink": kink(),
    "line": lambda x: 0.9 - 0.32 * x,
    "logistic": logistic(0.35, 0.05, 0.4),
    "step": step(0.31),
    "staircase": staircase(),
    "exponential, fast": lambda x: 0.6 + 0.3 * np.exp(-x / 0.06),
}


@dataclass(frozen=True)
class Continuous:
    """Runs at shares drawn evenly from 0 to .6, a tenth of them at 0 if ``zero``.

    replicates : "none" (no column), "crossed" (ten, independent noise) or "nested" (ten that hold
        half of the noise's variance in their level); correlation : of neighbouring runs
    """

    name: str
    shape: str
    truth: Truth
    runs: int
    replicates: str = "none"
    correlation: float = 0.0
    zero: bool = True

    def draw(self, number: int) -> tuple[pd.DataFrame, Array]:
        """Data set ``number``, and its shares (n,)."""
        generator = np.random.default_rng([zlib.crc32(self.name.encode()), number])
        shares = np.sort(generator.uniform(0.0, LAST, self.runs))
        if self.zero:
            shares[: round(ZERO * self.runs)] = 0.0
        noise = generator.standard_normal(self.runs)
        for place in range(1, self.runs if self.correlation else 0):
            noise[place] *= math.sqrt(1.0 - self.correlation**2)
            noise[place] += self.correlation * noise[place - 1]
        labels = generator.permutation(np.arange(self.runs) % REPLICATES)
        if self.replicates == "nested":
            noise = (noise + generator.standard_normal(REPLICATES)[labels]) / math.sqrt(2.0)
        values = self.truth(shares) + SD * noise
        return pd.DataFrame({"share": shares, "replicate": labels, "y": values}), shares


def cases() -> tuple[Continuous, ...]:
    """Curves by numbers of runs; correlated runs; no runs at share 0."""
    found = [
        (shape, runs, replicates, 0.0, True)
        for shape in TRUTHS
        for runs in RUNS
        for replicates in ("none", "crossed", "nested")
    ]
    found += [
        (shape, runs, "none", correlation, True)
        for shape in ("kink", "step")
        for runs in RUNS[:3]
        for correlation in (0.3, 0.5, 0.7)
    ]
    found += [(shape, 120, "none", 0.0, False) for shape in TRUTHS]
    return tuple(
        Continuous(
            f"{shape}, {runs} runs, replicates: {replicates}, correlation {correlation:g}"
            f"{'' if zero else ', none at 0'}",
            shape,
            TRUTHS[shape],
            runs,
            replicates,
            correlation,
            zero,
        )
        for shape, runs, replicates, correlation, zero in found
    )


def row(case: Continuous, number: int) -> Row:
    """Bracket of one data set, whether it was refused, and how long that took."""
    table, _ = case.draw(number)
    start = time.process_time()
    column = None if case.replicates == "none" else "replicate"
    made = curves(table, "y", replicate=column, allow_missing=True)
    lost, _ = lost_at(case.truth, (0.0, LAST))
    out = {"refused": float(not made.has_noise), "groups": float(made.shares.size)}
    found = dict.fromkeys(
        ("safe error", "bracket", "bracket width", "refined", "refined width"), math.nan
    )
    if made.has_noise:
        found = bracket_row(bracket(made, LOSS, True, "loss", 0.95), lost, lost)
    return {**out, **found, "seconds": time.process_time() - start}


def required(case: Continuous, found: dict[str, float]) -> tuple[Required, ...]:
    """Bands of independent runs that reach down to share 0; refusals; bounded work."""
    words, sets = case.name, found["sets"]
    answered = sets * (1.0 - found["refused"])
    work = [
        at_most(f"groups: {case.runs} runs", found["groups"], MOST_GROUPS, 0),
        at_most(
            f"whole CPU seconds a table: {case.runs} runs",
            math.ceil(found["seconds"]),
            MOST_SECONDS,
            0,
        ),
    ]
    if case.correlation or not case.zero:
        return ()
    return (
        covers_at_least(f"coverage of the bracket: {words}", found["bracket"], answered),
        errors_at_most(f"error of the safe share: {words}", found["safe error"], answered),
        errors_at_most(f"independent runs refused: {words}", found["refused"], sets),
        *(work if case.runs == RUNS[-1] else []),
    )


def settled(case: Continuous, found: dict[str, float]) -> bool:
    """Whether all that is required is met."""
    return all(item.met for item in required(case, found))


def stages(case: Continuous) -> tuple[float, ...]:
    """A quarter of the data sets, of the largest tables a twentieth; more where one misses."""
    return (0.05, 0.25) if case.runs == RUNS[-1] else (0.25, 1.0)


def section(results: Summaries) -> Section:
    """Brackets of independent runs, what correlation does, and what share 0 is needed for."""
    known = [(case, results[case.name]) for case in cases() if case.name in results]
    held = [pair for pair in known if required(*pair)]
    rows = [
        _table_row(case.shape, case.runs, case.replicates, found, groups=True)
        for case, found in held
    ]
    correlated = [
        {
            "correlation": f"{case.correlation:g}",
            "curve": case.shape,
            "runs": case.runs,
            "refused": found["refused"],
            "bracket, if not": found["bracket"],
            "safe share's error, if not": found["safe error"],
        }
        for case, found in known
        if case.correlation
    ]
    without = [
        _table_row(case.shape, case.runs, case.replicates, found)
        for case, found in known
        if not case.zero
    ]
    return Section(
        "continuous shares",
        "Continuous shares",
        (
            "Every run has a share of its own, drawn evenly from 0 to .6; a tenth of the runs has "
            "none (share 0). Bins of neighbouring runs stand for tried shares, and the curve is "
            "taken to be monotone. Replicates: no such column, ten of independent noise "
            "(crossed), ten that hold half of the variance in their level (nested). A quarter of "
            "the data sets (3000 runs: a twentieth), four times as many where a requirement is "
            "missed at first.",
            markdown(pd.DataFrame(rows), 3),
            "Without a replicate column the scatter of neighbouring runs is the only noise there "
            "is, and it is noise only if they are independent. Runs that resemble their "
            "neighbours are refused where that shows; what is not refused is answered, and may "
            "be wrong:",
            markdown(pd.DataFrame(correlated), 3),
            "No run at share 0: the first bin stands in for it, and the loss is counted from its "
            "mean. A curve that falls within that bin is then lost sight of (the truth is counted "
            "from share 0 here):",
            markdown(pd.DataFrame(without), 3),
        ),
        furthest(
            ((case.runs, item.what.split(":")[0]), item)
            for case, found in held
            for item in required(case, found)
        ),
    )


def _table_row(
    shape: str, runs: int, replicates: str, found: dict[str, float], *, groups: bool = False
) -> dict[str, str | int | float]:
    return {
        "curve": shape,
        "runs": runs,
        "replicates": replicates,
        **({"bins": round(found["groups"])} if groups else {}),
        "refused": found["refused"],
        "safe share's error": found["safe error"],
        "bracket": found["bracket"],
        "its width": found["bracket width"],
    }


KIND = Kind(cases, row, section, stages=stages, settled=settled)
