"""Safe share and bracket of the benchmark share at the tried shares, whatever the curve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from smcollapse.inference import Curves
from smcollapse.inference.onsets.benchmark import crossing_of
from smcollapse.inference.onsets.bracket import bracket
from smcollapse.inference.resampling import percentile_band
from tests.verification.inference.designs import Case
from tests.verification.inference.kinds import (
    AGAIN,
    Kind,
    Row,
    Summaries,
    covers_at_least,
    errors_at_most,
    furthest,
)
from tests.verification.inference.outcomes import LOSS, bracket_row, lost_at, within
from tests.verification.inference.truths import (
    Truth,
    kink,
    logistic,
    reached_at,
    staircase,
    step,
)
from tests.verification.sections import Required, Section, at_least, markdown

SHARES = {
    "13": tuple(np.round(np.linspace(0.0, 0.6, 13), 12).tolist()),
    "4": (0.0, 0.2, 0.4, 0.6),
    "uneven": (0.0, 0.05, 0.1, 0.25, 0.5, 0.6),
}
REPLICATES = (2, 3, 5, 10)
NOISES = ("independent", "AR .5", "nested", "growing")
WORST = ("just lost from one share on", "just lost at the last share")
SMOOTH = ("line", "kink", "logistic", "exponential, fast")
REFINED = 0.93
EVERY = 20
"""Every how many-th data set the interpolated band of old is made too."""

DRAWS = 499


def truths(shares: tuple[float, ...]) -> dict[str, Truth]:
    """True curves; those that turn at a tried share do so at the middle one."""
    before, middle = shares[len(shares) // 2 - 1 : len(shares) // 2 + 1]
    return {
        "line": lambda x: 0.9 - 0.32 * x,
        "kink": kink(),
        "logistic": logistic(0.35, 0.05, 0.4),
        "exponential, fast": lambda x: 0.6 + 0.3 * np.exp(-x / 0.06),
        "step at a tried share": step(middle),
        "step between tried shares": step(0.4 * before + 0.6 * middle),
        "staircase": staircase(),
        "lost, then regained": lambda x: 0.9 - 0.25 * np.exp(-(((x - 0.25) / 0.12) ** 2)),
        WORST[0]: reached_at(before, middle, LOSS * 0.9),
        WORST[1]: reached_at(shares[-2], shares[-1], LOSS * 0.9),
    }


@dataclass(frozen=True)
class Part:
    """One case, by what names it."""

    truth: str
    shares: str
    replicates: int
    noise: str
    case: Case

    @property
    def words(self) -> str:
        """The case in words."""
        return f"{self.shares} shares, {self.replicates} replicates ({self.truth}, {self.noise})"


@cache
def parts() -> dict[str, Part]:
    """All cases by their names."""
    found = {}
    for label, shares in SHARES.items():
        for truth, function in truths(shares).items():
            for replicates in REPLICATES:
                for noise in NOISES:
                    name = f"{truth} | {label} shares | {replicates} replicates | {noise}"
                    case = Case(
                        name,
                        function,
                        shares=shares,
                        replicates=replicates,
                        noise=noise,
                        knot=None,
                        own_corpora=True,  # their scatter is not the bracket's, and costs most
                    )
                    found[name] = Part(truth, label, replicates, noise, case)
    return found


def cases() -> tuple[Case, ...]:
    """All cases."""
    return tuple(part.case for part in parts().values())


def row(case: Case, number: int) -> Row:
    """Safe share and bracket of one data set."""
    curves = case.draw(number)
    lost, tried = lost_at(case.truth, case.shares)
    found = bracket_row(bracket(curves, LOSS, True, "loss", 0.95), lost, tried)
    interpolated = {"interpolated": math.nan, "interpolated width": math.nan}
    return found | (_interpolated(curves, lost, number) if number % EVERY == 0 else interpolated)


def _interpolated(curves: Curves, lost: float, seed: int) -> Row:
    """The band of old: percentiles of where resampled isotonic curves cross the loss."""
    means = curves.draw_means(DRAWS, seed)
    band = percentile_band(crossing_of(curves.shares, means, LOSS, True, "loss"), 0.95)
    last = float(curves.shares[-1])
    return {
        "interpolated": within(band, lost),
        "interpolated width": min(band.upper, last) - min(band.lower, last),
    }


def required(part: Part, found: dict[str, float]) -> tuple[Required, ...]:
    """What is required of one case; nothing where its noise is not what pooling takes it to be."""
    if part.case.beyond_pooling:
        return ()
    words, sets = part.words, found["sets"]
    items = [
        errors_at_most(f"error of the safe share: {words}", found["safe error"], sets),
        covers_at_least(f"coverage of the bracket: {words}", found["bracket"], sets),
    ]
    if part.truth in SMOOTH:
        refined = round(found["refined"], 4)
        items.append(at_least(f"coverage, refined, of smooth curves: {words}", refined, REFINED))
    return tuple(items)


def settled(case: Case, found: dict[str, float]) -> bool:
    """Whether all that is required is met."""
    return all(item.met for item in required(parts()[case.name], found))


def section(results: Summaries) -> Section:
    """One row for every curve, design and number of replicates, the worst noise named."""
    known = [(part, results[name]) for name, part in parts().items() if name in results]
    held = [pair for pair in known if required(*pair)]
    rows = [
        _table_row([pair for pair in held if _group(pair[0]) == group])
        for group in dict.fromkeys(_group(part) for part, _ in held)
    ]
    violated = [
        _worst_of(label, replicates, pairs)
        for label in SHARES
        for replicates in REPLICATES[:2]
        if (pairs := _of([p for p in known if p not in held], label, replicates))
    ]
    return Section(
        "safe share",
        "Safe share and bracket of the benchmark share",
        (
            "A tenth of the value at share 0 is the loss. *Error*: how often a tried share counts "
            "as safe at which the true curve has lost it (one-sided .05). *Bracket*: how often "
            "(L, U] holds the share at which the true curve first loses it (two-sided .95). Each "
            "is of the worst of the noises (independent; AR .5; nested, half of the variance in "
            "the replicate's level; growing, the s.d. seven times as large at the last share as "
            "at the first). Two and three replicates pool their noise over shares: growing noise "
            "is what they take not to be there, and stands apart. *Refined*: the bracket moved "
            "into gaps that look harmless, which a curve that jumps or turns within one may not "
            f"be: required (≥ {REFINED:g}) of smooth curves only. *Interpolated*, the negative "
            "control: percentiles of where resampled isotonic curves, joined by straight lines, "
            f"cross the loss (every {EVERY}th data set). Widths are medians over data sets, "
            'averaged over noises, in units of share. "Just lost" is the worst case of the safe '
            "share: the loss is exactly what is asked for from the middle share on, or at the "
            "last share; it takes all data sets, the others a quarter, and all where that misses "
            "what is required. A case that still does takes four times as many again.",
            markdown(pd.DataFrame(rows), 3),
            "Growing noise of two and three replicates, the worst curve of each design:",
            markdown(pd.DataFrame(violated), 3),
        ),
        furthest(
            ((part.shares, part.replicates, item.what.split(":")[0]), item)
            for part, found in held
            for item in required(part, found)
        ),
    )


Pairs = list[tuple[Part, dict[str, float]]]


def _group(part: Part) -> tuple[str, str, int]:
    return part.truth, part.shares, part.replicates


def _of(pairs: Pairs, label: str, replicates: int) -> Pairs:
    return [p for p in pairs if (p[0].shares, p[0].replicates) == (label, replicates)]


def _worst(pairs: Pairs, key: str, *, errors: bool = False) -> tuple[Part, dict[str, float]]:
    """The case with the lowest coverage, or with most errors."""
    return max(pairs, key=lambda pair: pair[1][key] if errors else -pair[1][key])


def _table_row(pairs: Pairs) -> dict[str, str | int | float]:
    unsafe, missed = _worst(pairs, "safe error", errors=True), _worst(pairs, "bracket")

    def mean(key: str) -> float:
        return float(np.mean([found[key] for _, found in pairs]))

    return {
        "curve": pairs[0][0].truth,
        "shares": pairs[0][0].shares,
        "replicates": pairs[0][0].replicates,
        "error": unsafe[1]["safe error"],
        "under": unsafe[0].noise if unsafe[1]["safe error"] > 0.0 else "",
        "bracket": missed[1]["bracket"],
        "under ": missed[0].noise if missed[1]["bracket"] < 1.0 else "",
        "its width": mean("bracket width"),
        "refined": _worst(pairs, "refined")[1]["refined"],
        "its width ": mean("refined width"),
        "interpolated": _worst(pairs, "interpolated")[1]["interpolated"],
        "its width  ": mean("interpolated width"),
    }


def _worst_of(label: str, replicates: int, pairs: Pairs) -> dict[str, str | int | float]:
    unsafe, missed = _worst(pairs, "safe error", errors=True), _worst(pairs, "bracket")
    return {
        "shares": label,
        "replicates": replicates,
        "error": unsafe[1]["safe error"],
        "curve": unsafe[0].truth,
        "bracket": missed[1]["bracket"],
        "curve ": missed[0].truth,
    }


def stages(case: Case) -> tuple[float, ...]:
    """All data sets where the error is at its limit, else a quarter of them first."""
    return AGAIN if parts()[case.name].truth in WORST else (0.25, *AGAIN)


KIND = Kind(cases, row, section, stages=stages, settled=settled)
