"""Which knob moves the onset: benchmark shares of all conditions, regressed on the knobs.

An onset belongs to a condition and not to a replicate, so its regression has one row per condition:
y_c, the benchmark share, on the centred knobs of knobs.py by ordinary least squares, b = A y. All
conditions are evaluated on the same whole-replicate draws (resampling.py), as common random numbers
pair them, and A times the drawn shares are draws of b: percentile bands, and Romano & Wolf's
adjusted p-values over all terms from the correlations of those draws (multiplicity.py).

A condition in which the loss is not reached counts with the largest share: its true onset lies
beyond, so that coefficients towards such conditions are too small, which is said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from smcollapse.inference.attributions.knobs import design
from smcollapse.inference.curves import Curves, curves
from smcollapse.inference.multiplicity.max_t import romano_wolf_draws
from smcollapse.inference.onsets.benchmark import Direction, common_draws_of
from smcollapse.inference.records import InferenceError, Interval, Record, check_level
from smcollapse.inference.resampling import (
    DEFAULT_DRAWS,
    INDEPENDENT,
    Array,
    Replication,
    percentile_band,
    replicate_weights,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class OnsetTerm(Record):
    """How far a knob moves the benchmark share, in units of the share; ``span`` says from where."""

    term: str
    knob: str
    span: str
    shift: float
    band: Interval
    p_value: float
    p_adjusted: float


@dataclass(frozen=True)
class OnsetAttribution(Record):
    """Terms of all knobs; ``censored`` conditions did not reach the loss."""

    response: str
    terms: tuple[OnsetTerm, ...]
    n_conditions: int
    n_replicates: int
    censored: int
    level: float
    method: str
    verdict: str
    warnings: tuple[str, ...]


def attribute_onset(
    table: pd.DataFrame,
    response: str,
    knobs: Sequence[str],
    *,
    loss: float = 0.10,
    relative: bool = True,
    direction: Direction = "loss",
    interactions: bool = True,
    share: str = "share",
    replicate: str = "replicate",
    replication: Replication = INDEPENDENT,
    level: float = 0.95,
    draws: int = DEFAULT_DRAWS,
    seed: int = 0,
) -> OnsetAttribution:
    """Attribute the benchmark share to knobs; a row per (condition, share, replicate).

    Raises InferenceError for tables and knobs that :func:`attribute` would refuse, for conditions
    that do not all have the same replicates, for fewer than 2 of these, and where no condition
    reaches the loss.
    """
    check_level(level)
    found = _conditions(table, response, knobs, share, replicate, replication)
    settings = found[0]
    measured = found[1]
    replicates = measured[0].replicates
    if any(one.replicates != replicates for one in measured):
        raise InferenceError(
            "the onset is attributed on common replicates: all conditions need them"
        )
    if len(replicates) < 2:
        raise InferenceError("attribution needs at least 2 replicates")
    weights = replicate_weights(len(replicates), draws, seed, measured[0].spread_factor)
    shares, drawn, censored = [], [], 0
    for one in measured:
        value, values, unreached = common_draws_of(one, weights, loss, relative, direction)
        shares.append(value)
        drawn.append(values)
        censored += unreached
    if censored == len(measured):
        raise InferenceError("no condition reaches the loss: there is no onset to attribute")
    columns = design(settings, knobs, interactions=interactions)
    matrix = columns.matrix()
    if matrix.shape[1] > len(measured):
        raise InferenceError(
            f"{len(measured)} conditions are fewer than {matrix.shape[1]} coefficients"
        )
    inverse = np.linalg.pinv(matrix)[1:]
    shifts, shift_draws = inverse @ np.array(shares), np.array(drawn).T @ inverse.T
    adjusted, plain = _p_values(shifts, shift_draws, len(replicates), level, seed)
    terms = tuple(
        OnsetTerm(
            column.name,
            column.knob,
            column.span,
            float(shifts[k]),
            percentile_band(shift_draws[:, k], level),
            float(plain[k]),
            float(adjusted[k]),
        )
        for k, column in enumerate(columns.columns)
    )
    warnings = []
    if censored:
        warnings.append(
            f"{censored} of {len(measured)} conditions do not reach the loss and count with the "
            "largest share: shifts towards them are too small"
        )
    if columns.aliased:
        warnings.append(f"left out, the table cannot tell them apart: {', '.join(columns.aliased)}")
    return OnsetAttribution(
        response,
        terms,
        len(measured),
        len(replicates),
        censored,
        level,
        f"least squares of benchmark shares on the knobs, {draws} common whole-replicate draws, "
        f"seed {seed}",
        _verdict(terms, level),
        tuple(warnings),
    )


def _conditions(
    table: pd.DataFrame,
    response: str,
    knobs: Sequence[str],
    share: str,
    replicate: str,
    replication: Replication,
) -> tuple[pd.DataFrame, list[Curves]]:
    """Settings, one row a condition, and the curves of each."""
    import pandas as pd

    missing = [name for name in (*knobs, share, replicate, response) if name not in table.columns]
    if missing or not knobs:
        what = f"the table has no column {missing[0]!r}" if missing else "name at least one knob"
        raise InferenceError(f"{what}; it has {', '.join(map(str, table.columns))}")
    keys, measured = [], []
    for key, rows in table.groupby(list(knobs), sort=True, observed=True):
        try:
            measured.append(curves(rows, response, share, replicate, replication))
        except InferenceError as error:
            where = ", ".join(f"{name}={value}" for name, value in zip(knobs, key, strict=True))
            raise InferenceError(f"condition {where}: {error}") from error
        keys.append(key)
    return pd.DataFrame(keys, columns=list(knobs)), measured


def _p_values(
    shifts: Array, drawn: Array, n_replicates: int, level: float, seed: int
) -> tuple[Array, Array]:
    """Romano-Wolf adjusted and plain p-values (K,); 1 where the draws do not vary at all."""
    varies = np.ptp(drawn, axis=0) > 1e-12
    adjusted, plain = np.ones(shifts.size), np.ones(shifts.size)
    if varies.any():
        tests = romano_wolf_draws(
            shifts[varies], drawn[:, varies], n_replicates, level=level, seed=seed
        )
        adjusted[varies] = [test.p_adjusted for test in tests.hypotheses]
        plain[varies] = [test.p_value for test in tests.hypotheses]
    return adjusted, plain


def _verdict(terms: tuple[OnsetTerm, ...], level: float) -> str:
    """Which knobs move the onset, the largest shift first."""
    shown = [term for term in terms if term.p_adjusted <= 1.0 - level]
    if not shown:
        return "no knob is shown to move the onset"
    shown.sort(key=lambda term: -abs(term.shift))
    said = [
        f"{term.term} {term.span} moves it by {100 * term.shift:+.1f} points of share "
        f"[{_limit(term.band.lower)}, {_limit(term.band.upper)}]"
        for term in shown
    ]
    return "; ".join(said)


def _limit(value: float) -> str:
    return "open" if math.isinf(value) else f"{100 * value:+.1f}"
