"""Changes of measures between two windows of shares in a table of results, by condition."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from smcollapse.errors import DataError
from smcollapse.inference import (
    Curves,
    Effect,
    Equivalence,
    InferenceError,
    JointEffect,
    Record,
    effect,
    equivalence,
    joint_effect,
    net_effect,
)
from smcollapse.questions.claim import FEWEST_REPLICATES, effect_verdict, published_claim
from smcollapse.questions.columns import Columns, usual_columns
from smcollapse.questions.measures import EFFECT_MEASURES, Unit
from smcollapse.questions.results import (
    Data,
    Group,
    Results,
    in_options,
    is_run,
    laid_out,
    read_results,
    unanswered,
)

MARGIN = 0.25
"""Part of a claimed change within which a measured one counts as the same (TOST)."""

MOST_MEASURES = 8
"""How many measures are looked at where none is named."""

Window = tuple[float, float]


@dataclass(frozen=True)
class FoundEffect(Record):
    """Effects of one measure in one condition, alone and beyond the control, beside the claim.

    claimed, verdicts, equivalence : None and empty unless the claim is asked for
    """

    label: str
    response: str
    unit: Unit
    effect: Effect
    net: Effect | None
    claimed: float | None
    verdicts: dict[str, str]
    equivalence: dict[str, Equivalence]
    joint: JointEffect | None


@dataclass(frozen=True)
class LeftOut(Record):
    """A measure of a condition that could not be answered, and why."""

    label: str
    response: str
    reason: str


@dataclass(frozen=True)
class EffectReport(Record):
    """Effects of measures between two windows in every condition; ``claim``: beside the claim."""

    name: str
    before: Window
    after: Window
    claim: bool
    found: tuple[FoundEffect, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


def effect_report(
    source: Data,
    columns: Columns | None = None,
    responses: tuple[str, ...] = (),
    *,
    before: Window | None = None,
    after: Window | None = None,
    claim: bool = False,
    level: float = 0.95,
) -> EffectReport:
    """Replicate-paired changes of measures between two windows fixed in advance.

    responses : measures; by default the usual ones that are there, else all columns of numbers
    before, after : windows (low, high) of shares; by default the first and the last third of the
        table's shares, or the claim's
    claim : compare with the published claim, between its windows; always so for a run's folder

    A measure or condition that cannot be answered is reported in ``left_out``. Raises DataError
    where none can be, StoreError for a folder that is no run.
    """
    columns = columns or Columns(responses[0] if responses else EFFECT_MEASURES[0])
    claim = claim or is_run(source)
    notes: list[str] = []
    if not responses:
        responses, notes = _measures(source, columns)
    results = read_results(source, columns, responses)
    before, after = windows_of(results, responses, before, after, claim=claim)
    found: list[FoundEffect] = []
    left_out: list[LeftOut] = []
    reasons: list[str] = []
    for group in results.groups:
        for response in responses:
            try:
                one, said = _effect(group, results, response, before, after, level, claim=claim)
            except (InferenceError, DataError) as error:
                left_out.append(LeftOut(group.label, response, in_options(error)))
                reasons.append(group.located(f"{response}: {error}"))
            else:
                found.append(one)
                notes += [note for note in said if note not in notes]
    if not found:
        raise unanswered(reasons)
    return EffectReport(
        results.name, before, after, claim, tuple(found), tuple(left_out), tuple(notes)
    )


def _measures(source: Data, columns: Columns) -> tuple[tuple[str, ...], list[str]]:
    """The measures of a table or run where none is named, and what to say of the choice."""
    if is_run(source):
        return EFFECT_MEASURES, []
    table, file, _ = laid_out(source, columns, ())
    usual = tuple(name for name in EFFECT_MEASURES if name in table.columns)
    if usual:
        return usual, []
    others = usual_columns(table, columns)
    if not others:
        raise DataError(f"{file.name} has no column of numbers that varies: name one, --response")
    chosen = others[:MOST_MEASURES]
    more = f", the first {MOST_MEASURES} of {len(others)}" if len(others) > len(chosen) else ""
    note = f"no measure is named: columns of numbers that vary are taken{more}; --response names"
    return chosen, [f"{note} others"]


def windows_of(
    results: Results,
    responses: Iterable[str],
    before: Window | None,
    after: Window | None,
    *,
    claim: bool,
) -> tuple[Window, Window]:
    """The windows that are given, else the claim's or the first and last third of the shares."""
    if before is not None and after is not None:
        return before, after
    if claim:
        published = published_claim()
        return before or published.before, after or published.after
    shares = _shares_of(results, responses)
    if shares.size < 2:
        raise DataError(f"{results.name}: a change needs at least 2 shares, got {shares.size}")
    third = max(shares.size // 3, 1)
    first = (float(shares[0]), float(shares[third - 1]))
    last = (float(shares[-third]), float(shares[-1]))
    return before or first, after or last


def _shares_of(results: Results, responses: Iterable[str]) -> np.ndarray:
    """The shares of all conditions, ascending, as their curves have them."""
    found: set[float] = set()
    for response in responses:
        for group in results.groups:
            try:
                found |= set(group.curves(results.columns, response).shares.tolist())
            except DataError:
                continue
        if found:
            return np.array(sorted(found))
    return np.unique(np.asarray(results.table[results.columns.share], dtype=np.float64))


def _effect(
    group: Group,
    results: Results,
    response: str,
    before: Window,
    after: Window,
    level: float,
    *,
    claim: bool,
) -> tuple[FoundEffect, list[str]]:
    curves = group.curves(results.columns, response)
    if np.ptp(curves.values[np.isfinite(curves.values)]) == 0.0:
        raise DataError(f"{response!r} is constant ({curves.mean[0]:g} everywhere)")
    control = group.control_curves(results.columns, response)
    change = effect(curves, before, after, level=level)
    net = None if control is None else net_effect(curves, control, before, after, level=level)
    claimed, verdicts, tests = _beside_claim(response, change, level) if claim else (None, {}, {})
    notes = list(curves.notes) + ([] if curves.n_replicates < 2 else list(curves.noise.warnings))
    return FoundEffect(
        group.label,
        response,
        results.unit(response),
        change,
        net,
        claimed,
        verdicts,
        tests,
        _joint(curves, level),
    ), notes


def _beside_claim(
    response: str, change: Effect, level: float
) -> tuple[float | None, dict[str, str], dict[str, Equivalence]]:
    """The claimed change of a measure, verdicts by reading, and equivalence tests."""
    claim = published_claim()
    claimed = next((one for one in claim.effects if one.measure == response), None)
    if claimed is None:
        return None, {}, {}
    verdicts, tests = {}, {}
    for reading in claimed.readings:
        measured = getattr(change, reading)
        verdicts[reading] = effect_verdict(claimed.change, claim.rounding, measured)
        if measured.n_replicates < FEWEST_REPLICATES or measured.interval is None:
            continue
        if math.isfinite(measured.interval.width):
            margin = MARGIN * abs(claimed.change)
            tests[reading] = equivalence(measured, claimed.change, margin, level=level)
            verdicts[reading] += f" ({tests[reading].verdict})"
    return claimed.change, verdicts, tests


def _joint(curves: Curves, level: float) -> JointEffect | None:
    """Change beyond the estimated knot; None where the curve does not allow one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a regression that is singular gives no number
            return joint_effect(curves, level=level)
    except (InferenceError, Warning):
        return None
