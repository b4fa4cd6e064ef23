"""The onset and the effects of a table of results, condition by condition."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from smcollapse.errors import DataError
from smcollapse.inference import (
    Curves,
    Effect,
    Equivalence,
    InferenceError,
    JointEffect,
    Onset,
    Record,
    effect,
    equivalence,
    joint_effect,
    net_effect,
    onset,
    to_plain,
)
from smcollapse.inference.onsets.benchmark import Direction
from smcollapse.questions.claim import Claim, effect_verdict, published_claim
from smcollapse.questions.results import Columns, Group, Results, read_results

MARGIN = 0.25
"""Part of a claimed change within which a measured one counts as the same (TOST)."""

RISING = ("confidence", "ece", "brier", "nll", "loss", "error", "perplexity")
"""Measures whose rise is the harm, by parts of their names."""

Window = tuple[float, float]


@dataclass(frozen=True)
class FoundOnset(Record):
    """The onset of one condition, with the curves it came from."""

    label: str
    settings: dict[str, Any]
    curves: Curves
    onset: Onset


@dataclass(frozen=True)
class OnsetReport(Record):
    """Onsets of one measure in every condition of a table or run."""

    name: str
    response: str
    direction: Direction
    found: tuple[FoundOnset, ...]
    folder: Path | None

    def to_dict(self) -> dict[str, Any]:
        """The documented keys of `smcollapse onset --json`; see :func:`plain_onset`."""
        conditions = [
            {"condition": one.label, "settings": to_plain(one.settings), **plain_onset(one.onset)}
            for one in self.found
        ]
        head = {"name": self.name, "response": self.response, "direction": self.direction}
        if len(conditions) == 1:
            return {**head, **conditions[0]}
        return {**head, "conditions": conditions}


def plain_onset(found: Onset) -> dict[str, Any]:
    """Flat, documented keys of an onset; the full records stand under ``details``."""
    benchmark, knot, transition = found.benchmark, found.break_point, found.transition
    existence = found.existence
    details = found.to_dict()
    return {
        "verdict": found.verdict,
        "verdict_kind": found.verdict_kind,
        "benchmark_share": None if benchmark is None else benchmark.share,
        "benchmark_band": None if benchmark is None else _limits(benchmark.band),
        "safe_share": None if benchmark is None else benchmark.safe_share,
        "step_down_safe_share": None if found.step_down is None else found.step_down.safe_share,
        "onset": None if knot is None else knot.knot,
        "band": None if knot is None else _limits(knot.band),
        "band_pieces": None
        if knot is None or knot.region is None
        else to_plain(knot.region.pieces),
        "level": found.level,
        "exists": None if existence is None else existence.exists,
        "p_value": None if existence is None else existence.p_value,
        "power": found.power,
        "bend_width": None if found.bend is None else found.bend.width,
        "bend_band": None if found.bend is None else _limits(found.bend.band),
        "transition_centre": None if transition is None else transition.centre,
        "transition_centre_band": None if transition is None else _limits(transition.centre_band),
        "transition_width": None if transition is None else transition.width,
        "transition_width_band": None if transition is None else _limits(transition.width_band),
        "variants": [] if found.variants is None else to_plain(found.variants.found),
        "warnings": list(found.warnings),
        "details": details,
    }


def _limits(band: Any) -> list[float | None] | None:
    """[lower, upper], null on an open side."""
    return None if band is None else to_plain([band.lower, band.upper])


def onset_report(
    source: Path,
    columns: Columns | str,
    *,
    direction: Literal["auto", "loss", "gain"] = "auto",
    loss: float = 0.10,
    relative: bool = True,
    tolerance: float = 0.02,
    level: float = 0.95,
    draws: int = 999,
    seed: int = 0,
) -> OnsetReport:
    """The onset of a measure in every condition of a run or table.

    ``columns`` may be the measure's name alone. Raises DataError for a table or setting that
    allows none, StoreError for a folder that is no run.
    """
    columns = Columns(columns) if isinstance(columns, str) else columns
    results = read_results(source, columns)
    chosen = direction_of(columns.response) if direction == "auto" else direction
    found = []
    for group in results.groups:
        curves = group.curves(results.columns)
        try:
            answer = onset(
                curves,
                loss=loss,
                relative=relative,
                direction=chosen,
                tolerance=tolerance,
                level=level,
                draws=draws,
                seed=seed,
            )
        except InferenceError as error:
            where = "" if group.label == "all rows" else f"{group.label}: "
            raise DataError(f"{where}{error}") from None
        found.append(FoundOnset(group.label, group.settings, curves, answer))
    return OnsetReport(results.name, columns.response, chosen, tuple(found), results.folder)


def direction_of(response: str) -> Direction:
    """What counts as harm: a rise of a calibration error or confidence, a loss of anything else."""
    return "gain" if any(part in response.lower() for part in RISING) else "loss"


@dataclass(frozen=True)
class FoundEffect(Record):
    """Effects of one measure in one condition, alone and beyond the control, beside the claim."""

    label: str
    response: str
    effect: Effect
    net: Effect | None
    claimed: float | None
    verdicts: dict[str, str]
    equivalence: dict[str, Equivalence]
    joint: JointEffect | None


@dataclass(frozen=True)
class EffectReport(Record):
    """Effects of measures between two windows in every condition."""

    name: str
    before: Window
    after: Window
    found: tuple[FoundEffect, ...]
    notes: tuple[str, ...]


def effect_report(
    source: Path,
    columns: Columns,
    responses: tuple[str, ...],
    *,
    before: Window | None = None,
    after: Window | None = None,
    level: float = 0.95,
) -> EffectReport:
    """Replicate-paired changes of measures between windows fixed in advance (the claim's)."""
    results = read_results(source, columns)
    claim = published_claim()
    before, after = before or claim.before, after or claim.after
    found: list[FoundEffect] = []
    notes: list[str] = []
    for group in results.groups:
        for response in responses:
            one = _effect(group, results, response, before, after, level, claim)
            notes += [note for note in one[1] if note not in notes]
            found.append(one[0])
    return EffectReport(results.name, before, after, tuple(found), tuple(notes))


def _effect(
    group: Group,
    results: Results,
    response: str,
    before: Window,
    after: Window,
    level: float,
    claim: Claim,
) -> tuple[FoundEffect, list[str]]:
    curves = group.curves(results.columns, response)
    control = group.control_curves(results.columns, response)
    try:
        change = effect(curves, before, after, level=level)
        net = None if control is None else net_effect(curves, control, before, after, level=level)
    except InferenceError as error:
        raise DataError(f"{group.label}, {response}: {error}") from None
    joint = _joint(curves, level)
    claimed = next((one for one in claim.effects if one.measure == response), None)
    verdicts, tests = {}, {}
    if claimed is not None:
        for reading in claimed.readings:
            measured = getattr(change, reading)
            verdicts[reading] = effect_verdict(claimed.change, claim.rounding, measured)
            if measured.interval is not None and math.isfinite(measured.interval.width):
                margin = MARGIN * abs(claimed.change)
                tests[reading] = equivalence(measured, claimed.change, margin, level=level)
                verdicts[reading] += f" ({tests[reading].verdict})"
    notes = list(curves.notes) + ([] if curves.n_replicates < 2 else list(curves.noise.warnings))
    size = None if claimed is None else claimed.change
    return FoundEffect(group.label, response, change, net, size, verdicts, tests, joint), notes


def _joint(curves: Curves, level: float) -> JointEffect | None:
    """Change beyond the estimated knot; None where the curve does not allow one."""
    try:
        return joint_effect(curves, level=level)
    except InferenceError:
        return None
