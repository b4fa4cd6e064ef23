"""Single replicates beside the mean: the worst one, and a line where they are skewed."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from smcollapse.inference.curves import Curves
from smcollapse.inference.onsets.bracket import Direction
from smcollapse.inference.records import Record
from smcollapse.inference.skewness import hall_interval, noticeably_skewed
from smcollapse.inference.words import short_per_cent


@dataclass(frozen=True)
class Worst(Record):
    """The replicate that changes for the worse most, from the smallest to the largest share.

    change, mean_change : of that replicate and of the mean, in units of the measure
    """

    replicate: Hashable
    share: float
    change: float
    mean_change: float


def worst_replicate(curves: Curves, direction: Direction) -> Worst | None:
    """The worst replicate; None where replicates do not hold both ends of the sweep."""
    if not curves.paired:
        return None
    changes = curves.values[:, -1] - curves.values[:, 0]
    if not np.isfinite(changes).any():
        return None
    sign = 1.0 if direction == "loss" else -1.0
    row = int(np.nanargmin(sign * changes))
    return Worst(
        curves.replicates[row],
        float(curves.shares[-1]),
        float(changes[row]),
        float(np.nanmean(changes)),
    )


def skewness_note(curves: Curves, level: float) -> list[str]:
    """A line on the change to the largest share, where replicates are noticeably skewed."""
    if not curves.paired or curves.pooled:
        return []
    changes = curves.values[:, -1] - curves.values[:, 0]
    changes = changes[np.isfinite(changes)]
    if not noticeably_skewed(changes):
        return []
    band = hall_interval(changes, level, curves.spread_factor)
    return [
        f"replicates are skewed: the change from the smallest share to "
        f"{short_per_cent(float(curves.shares[-1]))} is {changes.mean():.3g}, and by Hall's "
        f"transformation within [{band.lower:.3g}, {band.upper:.3g}]; t intervals are too short"
    ]
