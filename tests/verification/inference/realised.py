"""Realised shares: which runs belong together, and what is shown of groups at their mean shares."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from smcollapse.inference import bracket, break_point, curves
from smcollapse.inference.grouping import group_shares
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
from tests.verification.inference.truths import kink
from tests.verification.sections import Required, Section, at_least, markdown

REPLICATES, LAST, KNOT = 10, 0.6, 0.4
GAPS = (0.05, 0.1)
JITTERS = (0.0005, 0.002, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03)
MISSING = (0.0, 0.1)
HARMLESS = {0.0: 0.15, 0.1: 0.05}
"""Jitters up to this part of the gap leave no doubt which runs belong together, by what misses."""

RIGHT, COVERED = 0.99, 0.93
TRUTH = kink(KNOT)
DRAWS = 499


@dataclass(frozen=True)
class Realised:
    """Runs whose shares scatter about those that were meant; runs without synthetic rows do not.

    gap : between shares; jitter : s.d. of a realised share, ``common`` if of all runs of a share
        alike; missing : part of the runs
    """

    name: str
    gap: float
    jitter: float
    common: bool = False
    missing: float = 0.0

    def draw(self, number: int) -> tuple[Array, Array, Array, Array]:
        """Realised shares, values, replicates and numbers of the meant shares, (n,) each."""
        generator = np.random.default_rng([zlib.crc32(self.name.encode()), number])
        meant = np.arange(0.0, LAST + 1e-9, self.gap)
        scatter = generator.standard_normal((1 if self.common else REPLICATES, meant.size))
        shares = np.clip(meant + self.jitter * scatter * (meant > 0.0), 0.0, 1.0)
        shares = np.broadcast_to(shares, (REPLICATES, meant.size))
        values = TRUTH(shares) + SD * generator.standard_normal(shares.shape)
        held = generator.random(shares.shape) >= self.missing
        replicates, numbers = np.nonzero(held)
        return shares[held], values[held], replicates, numbers


def cases() -> tuple[Realised, ...]:
    """Both grids, with and without missing runs; and jitters that replicates have in common."""
    found = [
        Realised(
            f"gap {gap:g}, jitter {jitter:g}, missing {missing:g}", gap, jitter, False, missing
        )
        for gap in GAPS
        for missing in MISSING
        for jitter in JITTERS
    ]
    return (
        *found,
        *(
            Realised(f"gap 0.05, jitter {jitter:g} in common", 0.05, jitter, common=True)
            for jitter in (0.005, 0.01)
        ),
    )


def row(case: Realised, number: int) -> Row:
    """Whether groups are right, and what is shown of the knot and the benchmark share."""
    shares, values, replicates, meant = case.draw(number)
    grouping = group_shares(shares, replicates.tolist())
    right, bins = bool(np.array_equal(grouping.group, meant)), grouping.kind == "bins"
    table = pd.DataFrame({"share": shares, "replicate": replicates, "y": values})
    made = curves(table, "y", allow_missing=True)
    lost, _ = lost_at(TRUTH, (0.0, LAST))
    found = bracket_row(bracket(made, LOSS, True, "loss", 0.95), lost, lost)
    region = break_point(made, draws=DRAWS, seed=number).region
    return {
        "right": float(right),
        "bins": float(bins),
        "otherwise": float(not right and not bins),
        "knot": math.nan if region is None else float(KNOT in region),
        "knot width": math.nan if region is None else region.width,
        **found,
    }


def required(case: Realised, found: dict[str, float]) -> tuple[Required, ...]:
    """Groups where nothing is in doubt, and bands everywhere."""
    words, sets = case.name, found["sets"]
    right, knot = round(found["right"], 4), round(found["knot"], 4)
    items = [at_least(f"groups right where nothing is in doubt: {words}", right, RIGHT)]
    return (
        *(items if case.common or case.jitter <= HARMLESS[case.missing] * case.gap else []),
        at_least(f"coverage of the knot: {words}", knot, COVERED),
        covers_at_least(f"coverage of the bracket: {words}", found["bracket"], sets),
        errors_at_most(f"error of the safe share: {words}", found["safe error"], sets),
    )


def settled(case: Realised, found: dict[str, float]) -> bool:
    """Whether all that is required is met."""
    return all(item.met for item in required(case, found))


def section(results: Summaries) -> Section:
    """Groups and bands by the jitter."""
    known = [(case, results[case.name]) for case in cases() if case.name in results]
    rows = [
        {
            "gap": f"{case.gap:g}",
            "missing": f"{case.missing:g}",
            "jitter": f"{case.jitter:g}{' in common' if case.common else ''}",
            "groups right": found["right"],
            "bins instead": found["bins"],
            "grouped otherwise": found["otherwise"],
            "knot": found["knot"],
            "its width": found["knot width"],
            "safe share's error": found["safe error"],
            "bracket": found["bracket"],
            "its width ": found["bracket width"],
            "refined": found["refined"],
        }
        for case, found in known
    ]
    return Section(
        "realised shares",
        "Realised shares",
        (
            f"{REPLICATES} replicates, each with runs at shares that scatter (normally, by the "
            "jitter) about those that were meant; runs at share 0 are exactly there. *Right*: all "
            "runs that were meant to have one share are one group, at its mean. Where that cannot "
            'be settled bins stand in, and the answer says so; "grouped otherwise": runs that '
            "passed those of the next share count with these, as their realised share says. "
            "Shares that scatter by no more than .15 of a gap (.05 where runs are missing) leave "
            "no doubt. The truth is the base design's kink. A quarter of the data sets, and all "
            "where a requirement is missed at first.",
            markdown(pd.DataFrame(rows), 3),
        ),
        furthest(
            (item.what.split(":")[0], item)
            for case, found in known
            for item in required(case, found)
        ),
    )


KIND = Kind(cases, row, section, stages=lambda _: (0.25, 1.0), settled=settled)
