"""The best strictness with its interval, and tests of what changes with it.

*Which strictness is best* is a choice among those tried, not a smooth function of the means. The
interval takes in every strictness that no other one is shown to beat: for each, max-T over all
others (Romano and Wolf, whole replicates) at the level asked for, which keeps the truly best one
with at least that chance, whatever the others are. On a plateau it therefore keeps the plateau,
ties included. It is widened to where the best of resampled mean curves (`replicate_weights`) lies,
which alone is too narrow on a plateau: draws follow the noise of the estimate, not the tie.

Coverage of nominal 95 % intervals, 8 strictnesses, noise s.d. .01 with correlation .5 along them,
1 000 data sets, 499 draws (Monte-Carlo error .007). "Each": how often the interval holds a truly
best strictness; "all": every one of them, where several are equally good; then the same of the band
of resampled optima alone, and the mean widths of both.

    replicates   truth                            each    all    resampled, all    widths
         5       flat                             .989    .914        .382        .99 .84
         5       plateau to .6, then -.06         .987    .952        .685        .60 .53
         5       parabola about .6                1.00    1.00        .999        .34 .22
         5       falling by .05, best at 0        1.00    1.00        1.00        .20 .15
        10       flat                             .988    .920        .413        .98 .86
        10       plateau to .6, then -.06         .980    .928        .721        .58 .54
        10       parabola about .6                .999    .999        .999        .21 .13
        10       falling by .05, best at 0        1.00    1.00        1.00        .06 .04
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from smcollapse.inference import (
    Interval,
    Replication,
    percentile_band,
    replicate_weights,
    romano_wolf,
)
from smcollapse.inference.multiplicity.hypotheses import Hypothesis
from smcollapse.questions.tradeoffs.results import Edge, Optimum

Floats = npt.NDArray[np.float64]

DRAWS = 999
TIE = 1e-12


def optimum_of(
    values: Floats,
    strictness: tuple[float, ...],
    replication: Replication,
    *,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Optimum:
    """Best strictness (T,) of an objective (R, T) whose higher values are better."""
    mean = values.mean(axis=0)
    best = int(np.argmax(mean >= mean.max() - TIE))
    last = len(strictness) - 1
    edge: Edge = "no filter" if best == 0 else "strictest" if best == last else ""
    if len(values) < 2:
        return Optimum(
            strictness[best], None, (), None, edge, best == 0, best == last, "one replicate"
        )
    kept = [
        place
        for place in range(len(strictness))
        if not _beaten(values, place, replication, level, draws, seed)
    ]
    band = _resampled(values, strictness, replication, level, draws, seed)
    at = [strictness[place] for place in (*kept, best)]
    interval = Interval(min(*at, band.lower), max(*at, band.upper), level)
    return Optimum(
        strictness=strictness[best],
        interval=interval,
        kept=tuple(strictness[place] for place in kept),
        resampled=band,
        edge=edge,
        open_below=interval.lower <= strictness[0],
        open_above=interval.upper >= strictness[last],
        method=f"best of {len(strictness)} strictnesses; those not beaten by max-T, {draws} "
        f"rotations, and the best of {draws} resampled means, whole replicates, seed {seed}",
    )


def _beaten(
    values: Floats, place: int, replication: Replication, level: float, draws: int, seed: int
) -> bool:
    """Whether some other strictness is shown to be better."""
    others = np.delete(values, place, axis=1) - values[:, [place]]
    tests = romano_wolf(
        others, alternative="greater", replication=replication, level=level, draws=draws, seed=seed
    )
    return bool(tests.rejected)


def _resampled(
    values: Floats,
    strictness: tuple[float, ...],
    replication: Replication,
    level: float,
    draws: int,
    seed: int,
) -> Interval:
    """Band of the best strictness of resampled means; of ties the outermost on either side."""
    weights = replicate_weights(len(values), draws, seed, replication.spread_factor(len(values)))
    means = weights @ values
    top = means >= means.max(axis=1, keepdims=True) - TIE
    axis = np.array(strictness)
    first = axis[top.argmax(axis=1)]
    last = axis[::-1][top[:, ::-1].argmax(axis=1)]
    lower, upper = (percentile_band(found, level) for found in (first, last))
    return Interval(lower.lower, upper.upper, level)


def tested(
    columns: list[Floats],
    names: list[str],
    replication: Replication,
    level: float,
    seed: int,
) -> tuple[tuple[Hypothesis, ...], str]:
    """All those contrasts (R,) as one family, and the method in words; none without replicates."""
    if not columns or len(columns[0]) < 2:
        return (), "one replicate: nothing can be tested"
    stacked: npt.NDArray[Any] = np.column_stack(columns)
    tests = romano_wolf(stacked, names, replication=replication, level=level, seed=seed)
    return tests.hypotheses, tests.method
