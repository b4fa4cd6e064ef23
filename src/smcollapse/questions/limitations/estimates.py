"""Numbers of analyses: quantities from estimates, paired functionals of curves, grades.

Estimators are those of `smcollapse.inference`. What is added is one thing: an interval for any
functional of the mean curves of one or several conditions, on common draws of whole replicates,
so that what conditions of a replicate share drops out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from smcollapse.inference import (
    Curves,
    Estimate,
    InferenceError,
    benchmark_share,
    equivalence,
    percentile_band,
    replicate_weights,
)
from smcollapse.inference.effect_sizes.effects import window_masks
from smcollapse.inference.resampling import Array
from smcollapse.questions.contrasts import bound_of
from smcollapse.questions.ledgers.findings import Grade, Quantity, Unit
from smcollapse.questions.ledgers.ledger import Above, Below, Inside, limits_of
from smcollapse.questions.onsets import LOSS, onset_share

DRAWS = 999
LEVEL = 0.95
ROUNDING = 1e-9
"""An interval that is no wider is a point."""


def quantity_of(estimate: Estimate, unit: Unit, term: str = "") -> Quantity:
    """An estimate of `smcollapse.inference` as a quantity of a finding."""
    term, band = term or estimate.term, estimate.interval
    if band is None:
        return Quantity(term, estimate.value, None, None, unit, note=estimate.note)
    return Quantity(term, estimate.value, band.lower, band.upper, unit, band.level, estimate.note)


def exact(term: str, value: float, unit: Unit = "number", note: str = "") -> Quantity:
    """A number that is counted or computed, not estimated: its interval is a point."""
    return Quantity(term, value, value, value, unit, note=note)


def paired(
    term: str,
    tables: Sequence[Curves],
    functional: Callable[..., float],
    unit: Unit,
    *,
    draws: int = DRAWS,
    level: float = LEVEL,
    seed: int = 0,
    note: str = "",
) -> Quantity:
    """A functional of the mean curves (S,) of several conditions, one argument each.

    Its interval is that of the functional on common draws of whole replicates (resampling.py): for
    a linear one the paired t interval. Values may be infinite where a loss is not reached; that
    side of the interval is then open. All conditions need the same replicates, in the same order.
    Raises InferenceError where they differ, there is one replicate, or a value is not a number.
    """

    def each(*means: Array) -> list[Array]:
        return [np.array([functional(*rows) for rows in zip(*means, strict=True)])]

    (quantity,) = paired_all({term: unit}, tables, each, draws=draws, level=level, seed=seed)
    return replace(quantity, note=note)


def paired_all(
    terms: Mapping[str, Unit],
    tables: Sequence[Curves],
    functional: Callable[..., Sequence[Array]],
    *,
    draws: int = DRAWS,
    level: float = LEVEL,
    seed: int = 0,
) -> tuple[Quantity, ...]:
    """Several functionals on the same draws, else as `paired`.

    functional : mean curves (B, S) of every condition to one column (B,) a term
    """
    first = tables[0]
    if any(one.replicates != first.replicates for one in tables):
        raise InferenceError(f"{', '.join(terms)}: conditions have different replicates")
    weights = replicate_weights(first.n_replicates, draws, seed, first.spread_factor)
    means = [np.vstack([one.mean, weights @ one.values]) for one in tables]
    columns, found = functional(*means), []
    for (term, unit), column in zip(terms.items(), columns, strict=True):
        if np.isnan(column).any():
            raise InferenceError(f"{term}: is not a number on some of the draws")
        value, band = float(column[0]), percentile_band(column[1:], level)
        ends = (band.lower, band.upper) if band.width > ROUNDING else (value, value)
        found.append(Quantity(term, value, *ends, unit, level))
    return tuple(found)


def onset_quantity(curves: Curves, term: str = "", loss: float = LOSS) -> Quantity:
    """The benchmark share of a measure that is lost, with its band."""
    return quantity_of(benchmark_share(curves, loss).estimates()[0], "share", term)


def onset_shift(
    term: str, one: Curves, other: Curves, loss: float = LOSS, *, level: float = LEVEL
) -> Quantity:
    """Benchmark share in one condition less that in another, in points of share, paired.

    A loss that is not reached counts with the largest share: the shift is then a bound, at least
    what is stated where it is that of ``one``, at most where it is that of ``other``, its interval
    open to that side; where neither reaches it there is no value.
    """

    def shifts(*means: Array) -> list[Array]:
        """Columns (B,): the shift, and what it may be at least and at most."""
        held = [
            np.array([onset_share(table.shares, row, loss) for row in rows])
            for table, rows in zip((one, other), means, strict=True)
        ]
        lasts = [float(table.shares[-1]) for table in (one, other)]
        open_, shut = (np.isinf(column) for column in held)
        first, second = (np.minimum(*pair) for pair in zip(held, lasts, strict=True))
        shift = first - second
        return [shift, np.where(shut, -np.inf, shift), np.where(open_, np.inf, shift)]

    terms: dict[str, Unit] = dict.fromkeys((term, "at least", "at most"), "points")
    shift, low, high = paired_all(terms, [one, other], shifts, draws=1999, level=level)
    reached = [math.isfinite(onset_share(table.shares, table.mean, loss)) for table in (one, other)]
    bound = bound_of(not reached[0], not reached[1])
    note = {"": "", "unknown": "unknown: neither reaches the loss"}.get(
        bound, f"{bound}: the loss is not reached"
    )
    value = None if bound == "unknown" else shift.value
    lower = low.lower if reached[1] else None
    upper = high.upper if reached[0] else None
    return Quantity(term, value, lower, upper, "points", level, note)


def window_change(
    shares: Array, before: tuple[float, float], after: tuple[float, float]
) -> Callable[[Array], float]:
    """The change of a mean curve (S,) between two windows of shares, as a functional."""
    first, second = window_masks(Curves(shares, shares[None, :], ("shares",)), before, after)
    return lambda mean: float(mean[second].mean() - mean[first].mean())


def mean_of(
    term: str, values: Array, unit: Unit, note: str = "", *, level: float = LEVEL
) -> Quantity:
    """Mean of one number a replicate (R,), with its t interval."""
    column = np.asarray(values, dtype=np.float64)
    estimate = equivalence(column, 0.0, 1.0, level=level).effect
    return replace(quantity_of(estimate, unit, term), note=note)


def grade_above(quantity: Quantity, value: float) -> Grade:
    """Of the sentence "it is larger than that", by the side on which the interval lies."""
    return Above(rule="above", finding="-", quantity="-", value=value).grade_of(quantity)


def grade_below(quantity: Quantity, value: float) -> Grade:
    """Of the sentence "it is smaller than that"."""
    return Below(rule="below", finding="-", quantity="-", value=value).grade_of(quantity)


def grade_inside(quantity: Quantity, lower: float, upper: float) -> Grade:
    """Of the sentence "it lies in that range"."""
    return Inside(rule="inside", finding="-", quantity="-", lower=lower, upper=upper).grade_of(
        quantity
    )


def all_of(grades: Sequence[Grade]) -> Grade:
    """Of a sentence with several parts: one contradicted part contradicts it."""
    if "contradicted" in grades:
        return "contradicted"
    return "supported" if all(grade == "supported" for grade in grades) else "not shown"


def any_of(grades: Sequence[Grade]) -> Grade:
    """Of "at least one of these": only if all are contradicted it is."""
    if "supported" in grades:
        return "supported"
    return "contradicted" if all(grade == "contradicted" for grade in grades) else "not shown"


def deciding_first(
    quantities: Sequence[Quantity], grades: Sequence[Grade]
) -> tuple[list[Quantity], Grade]:
    """Grade of a sentence with one part a quantity, and the quantities, those that decide first."""
    grade = all_of(grades)
    order = sorted(range(len(grades)), key=lambda part: grades[part] != grade)
    return [quantities[part] for part in order], grade


def not_of(grade: Grade) -> Grade:
    """Of the opposite sentence."""
    opposite: dict[Grade, Grade] = {"supported": "contradicted", "contradicted": "supported"}
    return opposite.get(grade, grade)


def apart(one: Quantity, other: Quantity) -> bool:
    """Whether two intervals have no number in common."""
    (low, high), (least, most) = limits_of(one), limits_of(other)
    return high < least or low > most
