"""What is shown of the shape of a curve: change, turns, gains, and which share is best."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd

from smcollapse.inference import Curves, Shape
from smcollapse.inference.onsets.bracket import bracket
from smcollapse.inference.onsets.shape import SMALLEST, shape_of
from tests.verification.inference.designs import Case
from tests.verification.inference.kinds import (
    Kind,
    Row,
    Summaries,
    covers_at_least,
    errors_at_most,
    furthest,
)
from tests.verification.inference.outcomes import LOSS
from tests.verification.inference.truths import Truth, kink
from tests.verification.sections import Required, Section, markdown

REPLICATES = (3, 5, 10)
NOISES = ("independent", "AR .5", "nested", "growing")
NOTHING = 1e-9
"""A smallest effect that leaves the tests at their level; the default makes them err less."""

EVERY = 4
"""Every how many-th data set is also asked with the default smallest effect."""

FLAT = ("flat",)
FALLING = ("line", "kink", "convex", "saturating", "flat, then a fall", "fall, then flat")
RISING = ("rise", "flat, then a rise")
NEAR = ("flat", "flat, then a fall", "fall, then flat", "flat, then a rise", "hump", "plateau")
"""Curves under which a rate stands at its limit: they take more data sets."""

TRUTHS: dict[str, Truth] = {
    "flat": lambda x: 0.9 + 0.0 * x,
    "line": lambda x: 0.9 - 0.1 * x,
    "kink": kink(),
    "convex": lambda x: 0.9 - 0.3 * x**2,
    "saturating": lambda x: 0.84 + 0.06 * np.exp(-x / 0.1),
    "flat, then a fall": lambda x: 0.9 - 0.4 * np.maximum(x - 0.3, 0.0),
    "fall, then flat": lambda x: 0.9 - 0.4 * np.minimum(x, 0.3),
    "rise": lambda x: 0.84 + 0.1 * x,
    "flat, then a rise": lambda x: 0.84 + 0.4 * np.maximum(x - 0.3, 0.0),
    "hump": lambda x: 0.9 + 0.04 * (1.0 - ((x - 0.3) / 0.3) ** 2),
    "plateau": lambda x: 0.9 + 0.04 * np.clip(2.0 - np.abs(x - 0.3) / 0.15, 0.0, 1.0),
    "U": lambda x: 0.9 - 0.04 * (1.0 - ((x - 0.3) / 0.3) ** 2),
}
"""Hump, plateau and U are two s.d. of a run high."""


@dataclass(frozen=True)
class Part:
    """One case, by what names it."""

    truth: str
    replicates: int
    noise: str
    case: Case


@cache
def parts() -> dict[str, Part]:
    """All cases by their names."""
    found = {}
    for truth, function in TRUTHS.items():
        for replicates in REPLICATES:
            for noise in NOISES:
                name = f"shape, {truth} | {replicates} replicates | {noise}"
                case = Case(
                    name,
                    function,
                    replicates=replicates,
                    noise=noise,
                    knot=None,
                    own_corpora=True,
                )
                found[name] = Part(truth, replicates, noise, case)
    return found


def cases() -> tuple[Case, ...]:
    """All cases."""
    return tuple(part.case for part in parts().values())


def row(case: Case, number: int) -> Row:
    """What is shown of one data set, at the level of the tests and with the default."""
    curves = case.draw(number)
    level = _shape(curves, NOTHING, number)
    shares = np.array(case.shares)
    values = case.truth(shares)
    best = shares[values >= values.max() - 1e-9]
    low, high = level.best_set
    held = _held(_shape(curves, SMALLEST * LOSS, number) if number % EVERY == 0 else None)
    return {
        **_held(level),
        "first best": float(low <= best[0] <= high),
        "last best": float(low <= best[-1] <= high),
        "best width": high - low,
        **{f"{key}, default": value for key, value in held.items()},
    }


def _shape(curves: Curves, smallest: float, seed: int) -> Shape:
    found, better = (bracket(curves, LOSS, True, way, 0.95) for way in ("loss", "gain"))
    return shape_of(
        curves,
        found,
        better,
        smallest=smallest,
        relative=True,
        direction="loss",
        level=0.95,
        seed=seed,
    )


def _held(shape: Shape | None) -> Row:
    """Indicators of what is shown; nan where nothing was asked."""
    keys = ("gain then loss", "loss then gain", "turns", "changes", "decline", "rise", "harm")
    if shape is None:
        return dict.fromkeys((*keys, "gain"), math.nan)
    turns = (shape.kind == "gain then loss", shape.kind == "loss then gain")
    changes = shape.kind != "no change"
    shown = [getattr(shape, key) == "shown" for key in ("decline", "rise", "harm", "gain")]
    said = (*turns, any(turns), changes, *shown)
    return {key: float(value) for key, value in zip((*keys, "gain"), said, strict=True)}


def required(part: Part, found: dict[str, float]) -> tuple[Required, ...]:
    """What is required of one case, by the errors that its curve allows."""
    if part.case.beyond_pooling:
        return ()
    sets = found["sets"]
    items = [
        covers_at_least(f"the set of best shares holds the {end} one", found[end], sets)
        for end in ("first best", "last best")
    ]
    wrong: list[tuple[str, float]] = []
    if part.truth in FLAT + FALLING + RISING:
        wrong += [("gain then loss", 0.025), ("loss then gain", 0.025), ("turns", 0.05)]
    if part.truth in FLAT:
        wrong += [("changes", 0.05), ("harm", 0.025), ("gain", 0.025)]
    if part.truth in FALLING:
        wrong += [("rise", 0.025), ("gain", 0.025)]
    if part.truth in RISING:
        wrong += [("decline", 0.025), ("harm", 0.025)]
    items += [errors_at_most(WORDS[key], found[key], sets, level) for key, level in wrong]
    return tuple(items)


WORDS = {
    "gain then loss": '"gain then loss" where there is no turn',
    "loss then gain": '"loss then gain" where there is no turn',
    "turns": "either turn where there is none",
    "changes": "any change of a flat curve",
    "harm": "harm where there is none",
    "gain": "a gain where there is none",
    "rise": "a rise where there is none",
    "decline": "a decline where there is none",
}


def stages(case: Case) -> tuple[float, ...]:
    """Half of the data sets where a rate is at its limit, else a fifth; more where one misses."""
    return (0.5, 2.5) if parts()[case.name].truth in NEAR else (0.2, 1.0, 2.5)


def settled(case: Case, found: dict[str, float]) -> bool:
    """Whether all that is required is met."""
    return all(item.met for item in required(parts()[case.name], found))


Pairs = list[tuple[Part, dict[str, float]]]


def section(results: Summaries) -> Section:
    """Rates of what is shown, the sets of best shares, and the worst case of each requirement."""
    known = [(part, results[name]) for name, part in parts().items() if name in results]
    held = [pair for pair in known if not pair[0].case.beyond_pooling]
    shown, best = [], []
    for group in dict.fromkeys((part.truth, part.replicates) for part, _ in held):
        pairs = [pair for pair in held if (pair[0].truth, pair[0].replicates) == group]
        shown.append(_shown_row(pairs))
        best.append(_best_row(pairs))
    apart = [_shown_row([pair]) for pair in known if pair[0].case.beyond_pooling]
    return Section(
        "shapes",
        "Shape, turns, gains and the best shares",
        (
            "How often each is shown, 13 shares. No change, a monotone curve and a curve that "
            "turns are told apart by tests whose errors are stated: each turn is called under a "
            "flat or monotone curve in at most .025, either in at most .05, any change of a flat "
            "curve in at most .05. Rates of errors are those of the worst noise (independent; "
            "AR .5; nested; growing, sevenfold), where the curve shows what it does not do; the "
            "others, power, are means over noises. The smallest effect that matters is next to "
            'nothing (1e-9), so that the tests stand at their level; "default": a tenth of the '
            f"loss asked for, .009 here, on every {EVERY}th data set. Hump, plateau and U are two "
            "s.d. of a run high. Half of the data sets where a rate stands at its limit, else a "
            "fifth; five times as many where a requirement is missed at first.",
            markdown(pd.DataFrame(shown), 3),
            "Best shares: how often the set (its hull) holds the best share, the first and the "
            "last of several equally good ones (worst noise), its median width, and how often a "
            "gain over share 0 is shown at some share (mean over noises).",
            markdown(pd.DataFrame(best), 3),
            "Three replicates pool their noise over shares and take it to be equal at all of "
            "them. Where the s.d. grows sevenfold:",
            markdown(pd.DataFrame(apart), 3),
        ),
        furthest(
            ((item.what, part.replicates), _named(part, item))
            for part, found in known
            for item in required(part, found)
        ),
    )


def _shown_row(pairs: Pairs) -> dict[str, str | int | float]:
    part = pairs[0][0]
    wrong = {key for key in WORDS if WORDS[key] in {item.what for item in required(*pairs[0])}}

    def rate(key: str) -> float:
        rates = [found[key] for _, found in pairs]
        return float(max(rates) if key.split(",")[0] in wrong else np.nanmean(rates))

    columns = ("gain then loss", "loss then gain", "decline", "rise", "changes")
    return {
        "curve": part.truth,
        "replicates": part.replicates,
        **{key: rate(key) for key in columns},
        "a turn, default": rate("turns, default"),
        "changes, default": rate("changes, default"),
    }


def _best_row(pairs: Pairs) -> dict[str, str | int | float]:
    part = pairs[0][0]
    return {
        "curve": part.truth,
        "replicates": part.replicates,
        "first best held": min(found["first best"] for _, found in pairs),
        "last best held": min(found["last best"] for _, found in pairs),
        "width of the set": float(np.mean([found["best width"] for _, found in pairs])),
        "gain shown": float(np.mean([found["gain"] for _, found in pairs])),
        "harm shown": float(np.mean([found["harm"] for _, found in pairs])),
    }


def _named(part: Part, item: Required) -> Required:
    words = f"{item.what}: {part.replicates} replicates ({part.truth}, {part.noise})"
    return replace(item, what=words)


KIND = Kind(cases, row, section, stages=stages, settled=settled)
