"""Hypotheses tested together: the records, plain and Holm's p-values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtr

from smcollapse.inference.records import Estimate, Interval, Record, join_notes
from smcollapse.inference.resampling import Array

Alternative = Literal["two-sided", "greater", "less"]


@dataclass(frozen=True)
class Hypothesis(Record):
    """One of the hypotheses "estimate = null_value" (or at most, at least: the alternative).

    p_value : unadjusted t test; p_adjusted : step-down max-T (Holm where the method says so);
    p_holm : Holm's; interval : simultaneous over the whole set, one side infinite for a one-sided
    alternative; rejected : p_adjusted <= 1 - level
    """

    name: str
    estimate: float
    null_value: float
    se: float
    statistic: float
    p_value: float
    p_adjusted: float
    p_holm: float
    rejected: bool
    interval: Interval


@dataclass(frozen=True)
class SimultaneousTests(Record):
    """Hypotheses tested together at one family-wise error rate, 1 - ``level``.

    critical_value : of the largest statistic; the simultaneous intervals are estimate ± it · s.e.
    """

    hypotheses: tuple[Hypothesis, ...]
    alternative: Alternative
    level: float
    critical_value: float
    freedom: float
    method: str
    n_replicates: int
    note: str = ""

    @property
    def rejected(self) -> tuple[str, ...]:
        """Names of the rejected hypotheses."""
        return tuple(row.name for row in self.hypotheses if row.rejected)

    def estimates(self) -> tuple[Estimate, ...]:
        """Rows for a table of results, with simultaneous intervals."""
        return tuple(
            Estimate(
                row.name,
                row.estimate,
                row.se,
                row.interval,
                f"simultaneous interval; {self.method}",
                self.n_replicates,
                join_notes(f"adjusted p = {row.p_adjusted:.3g}", self.note),
            )
            for row in self.hypotheses
        )


@dataclass(frozen=True, eq=False)
class Statistics:
    """What is to be tested: H names, and arrays (H,); ``freedom`` is that of each t statistic."""

    names: tuple[str, ...]
    estimates: Array
    nulls: Array
    errors: Array
    freedom: float
    alternative: Alternative
    level: float

    @property
    def values(self) -> Array:
        """t statistics (H,); infinite where there is a distance and no error, 0 where neither."""
        distance = self.estimates - self.nulls
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio: Array = np.where(distance == 0.0, 0.0, distance / self.errors)
        return ratio

    @property
    def p_values(self) -> Array:
        """Unadjusted p-values (H,) of t tests."""
        sides = 2.0 if self.alternative == "two-sided" else 1.0
        scores = in_doubt(self.values, self.alternative)
        p_values: Array = sides * np.asarray(stdtr(self.freedom, -scores), dtype=np.float64)
        return p_values

    def tested(
        self,
        adjusted: Array | None,
        critical_value: float,
        method: str,
        n_replicates: int,
        note: str,
    ) -> SimultaneousTests:
        """The record; Holm's p-values stand in where there are no adjusted ones (H,)."""
        statistics, plain = self.values, self.p_values
        holm = holm_p_values(plain)
        adjusted = holm if adjusted is None else adjusted
        half = critical_value * self.errors
        below, above = self.alternative == "less", self.alternative == "greater"
        hypotheses = tuple(
            Hypothesis(
                name=name,
                estimate=float(self.estimates[h]),
                null_value=float(self.nulls[h]),
                se=float(self.errors[h]),
                statistic=float(statistics[h]),
                p_value=float(plain[h]),
                p_adjusted=float(adjusted[h]),
                p_holm=float(holm[h]),
                rejected=bool(adjusted[h] <= 1.0 - self.level + 1e-12),
                interval=Interval(
                    -math.inf if below else float(self.estimates[h] - half[h]),
                    math.inf if above else float(self.estimates[h] + half[h]),
                    self.level,
                ),
            )
            for h, name in enumerate(self.names)
        )
        return SimultaneousTests(
            hypotheses,
            self.alternative,
            self.level,
            critical_value,
            self.freedom,
            method,
            n_replicates,
            note,
        )


def in_doubt(scores: Array, alternative: Alternative) -> Array:
    """Scores turned so that a large one puts the null in doubt."""
    if alternative == "two-sided":
        return np.abs(scores)
    return scores if alternative == "greater" else -scores


def holm_p_values(p_values: Array) -> Array:
    """Holm's (1979) step-down adjustment of p-values (H,).

    The numbers are those of statsmodels' multipletests, which collects garbage at every call and
    so takes 70 ms.
    """
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * np.arange(p_values.size, 0, -1)
    adjusted = np.empty_like(scaled)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted
