"""What a filter's trade-off says: the records."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from smcollapse.inference import Interval, Record
from smcollapse.inference.multiplicity.hypotheses import Hypothesis

BALANCED = "balanced_recall"
"""Mean of head recall and rare recall: the objective unless another measure is chosen."""

RARE, HEAD, EXCEPTIONS = "rare_recall", "head_recall", "exception_recall"
SHOWN = (HEAD, RARE, EXCEPTIONS, "accuracy")
"""Measures beside the objective."""

Edge = Literal["no filter", "strictest", ""]
Outcome = Literal["trade", "turn", "cost", "free", "open"]
"""Of one share, from some strictness to the strictest, by tests:

trade : rare recall falls while the head still rises
turn  : rare recall falls; the head is above no filter, but not shown to rise any more
cost  : rare recall falls, and the head is never shown to have gained
free  : every loss of rare recall above the tolerance is excluded
open  : none of these
"""


@dataclass(frozen=True)
class Level(Record):
    """Mean of a measure at each strictness (T,), with limits of its t interval, NaN without."""

    mean: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]


@dataclass(frozen=True)
class Optimum(Record):
    """Best of the strictnesses that were tried, for one objective.

    strictness : of the best mean; the mildest where several tie
    interval   : the strictnesses between which the best one lies; None with one replicate
    kept       : the strictnesses that no other one is shown to beat
    resampled  : where the best of resampled means lies (it alone is too narrow on a plateau)
    edge       : which end of the axis the best one is, "" if it lies inside
    open_below, open_above : whether the interval ends where the axis does
    """

    strictness: float
    interval: Interval | None
    kept: tuple[float, ...]
    resampled: Interval | None
    edge: Edge
    open_below: bool
    open_above: bool
    method: str


@dataclass(frozen=True)
class Foretold(Record):
    """What a theory says of one condition and share, on the same strictnesses.

    measures : each measure of the theory, and the objective where it can be had, (T,)
    optimum  : best strictness of the noise-free objective; NaN where there is none
    error    : theory's optimum less the trained one; NaN where either is missing
    inside   : whether it lies in the interval of the trained one; None where either is missing
    """

    measures: dict[str, tuple[float, ...]]
    optimum: float
    error: float
    inside: bool | None
    largest_error: dict[str, float]


@dataclass(frozen=True)
class FilterLaw(Record):
    """What the law of the filter says at each strictness (T,), with no training and no theory.

    contamination : share of invented wrong answers, neither truth nor consensus, among the
        synthetic rows that survive
    breakdown_head, breakdown_exceptions : share of wrong rows at which as many of them survive as
        of right ones (`laws.breakdown_point`), on head contexts and on exceptions; NaN where the
        world has none
    """

    contamination: tuple[float, ...]
    breakdown_head: tuple[float, ...]
    breakdown_exceptions: tuple[float, ...]


@dataclass(frozen=True)
class FilterCurve(Record):
    """One condition at one share, over the strictness of its filter.

    levels    : of the objective and of `SHOWN`; empty for a study that is not run
    gains     : objective at each strictness above 0 less that without a filter, positive = better
    changes   : rare and head recall at each strictness above 0 less that without a filter
    to_strictest : rare and head recall at the strictest filter less that at each milder one
    outcome, turning : what is shown of the trade; the strictness from which it is
    """

    label: str
    scope: str
    share: float
    strictness: tuple[float, ...]
    levels: dict[str, Level]
    optimum: Optimum | None
    gains: tuple[Hypothesis, ...]
    changes: dict[str, tuple[Hypothesis, ...]]
    to_strictest: dict[str, tuple[Hypothesis, ...]]
    outcome: Outcome
    turning: float
    foretold: Foretold | None
    law: FilterLaw | None
    replicates: int

    @property
    def gain(self) -> Hypothesis | None:
        """Of the best filter over none; its interval is simultaneous over all that were tried."""
        return max(self.gains, key=lambda test: test.estimate, default=None)

    def at(self, measure: str, strictness: float) -> float:
        """Trained mean of a measure at a strictness; NaN where it was not measured."""
        level = self.levels.get(measure)
        return math.nan if level is None else level.mean[self.strictness.index(strictness)]


@dataclass(frozen=True)
class TradeOff(Record):
    """What a filter gives and takes, by condition and share.

    objective : BALANCED or a measure's column; better is higher unless `lower_is_better`
    tolerance : loss of rare recall that counts as none
    theory    : the theory beside the training, None where none applies: `silence` says why
    trained   : whether there are trained models, or theory alone
    """

    study: str
    objective: str
    lower_is_better: bool
    curves: tuple[FilterCurve, ...]
    tolerance: float
    level: float
    replicates: int
    trained: bool
    theory: str | None
    silence: str
    method: str
    verdict: str
    notes: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Conditions, in the study's order."""
        return tuple(dict.fromkeys(curve.label for curve in self.curves))

    def of(self, label: str) -> tuple[FilterCurve, ...]:
        """The curves of a condition, by share."""
        return tuple(curve for curve in self.curves if curve.label == label)
