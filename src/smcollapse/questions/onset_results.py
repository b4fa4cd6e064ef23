"""The onset of a measure in a table of results, condition by condition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from smcollapse.errors import DataError
from smcollapse.inference import Curves, InferenceError, Onset, Record, onset, to_plain
from smcollapse.inference.onsets.benchmark import Direction
from smcollapse.questions.columns import Columns, ShareUnit
from smcollapse.questions.measures import Unit, Worse, worse_for
from smcollapse.questions.results import Data, Group, Results, in_options, read_results, unanswered

NO_ANSWER = "no answer"

ENOUGH_SHARES = 6
"""Shares from which single runs are described by fitted curves, without a test."""


@dataclass(frozen=True)
class FoundOnset(Record):
    """The onset of one condition, with the curves it came from.

    A condition that allows none has ``curves`` None and an onset whose verdict says why.
    """

    label: str
    settings: dict[str, Any]
    curves: Curves | None
    onset: Onset


@dataclass(frozen=True)
class OnsetReport(Record):
    """Onsets of one measure in every condition of a table or run.

    worse : which way harm lies; unit, share_unit : those of the measure and of the share in the
    file; replicate_column : what was recognised as the replicate, None if nothing was
    """

    name: str
    response: str
    direction: Direction
    worse: Worse
    unit: Unit
    share_unit: ShareUnit
    replicate_column: str | None
    found: tuple[FoundOnset, ...]
    folder: Path | None

    def to_dict(self) -> dict[str, Any]:
        """The documented keys of `smcollapse onset --json`; see :func:`plain_onset`."""
        read = {
            "worse": self.worse,
            "unit": self.unit,
            "share_unit": self.share_unit,
            "replicate_column": self.replicate_column,
        }
        conditions = [
            {
                "condition": one.label,
                "settings": to_plain(one.settings),
                **read,
                **plain_onset(one.onset),
            }
            for one in self.found
        ]
        head = {"name": self.name, "response": self.response, "direction": self.direction, **read}
        if len(conditions) == 1:
            return {**head, **conditions[0]}
        return {**head, "conditions": conditions}


def plain_onset(found: Onset) -> dict[str, Any]:
    """Flat, documented keys of an onset; the full records stand under ``details``.

    The knot is null unless the measure moves one way and a kink fits, which a line does not;
    ``exists`` says whether a break is shown. Bend, variants and transition are null where the curve
    is not shown to have them: what is fitted all the same is no estimate.
    """
    benchmark, knot, transition = found.benchmark, found.fitted_knot, found.shown_transition
    existence, shape = found.existence, found.shape
    bend = None if found.shown_knot is None else found.bend
    bracket = None if benchmark is None else benchmark.bracket
    safe = None if benchmark is None else benchmark.safe_share
    return {
        "verdict": found.verdict,
        "verdict_kind": found.verdict_kind,
        "safe_share": safe,
        "benchmark_bracket": None if bracket is None else _limits(bracket.band),
        "harm": None if shape is None else shape.harm,
        "gain": None if shape is None else shape.gain,
        "decline": None if shape is None else shape.decline,
        "rise": None if shape is None else shape.rise,
        "best_share": None if shape is None else shape.best_share,
        "best_set": None if shape is None else list(shape.best_set),
        "no_worse_until": safe,
        "worst_replicate": to_plain(found.worst),
        "benchmark_share": None if benchmark is None else benchmark.share,
        "benchmark_band": None if benchmark is None else _limits(benchmark.band),
        "step_down_safe_share": safe,
        "onset": None if knot is None else knot.knot,
        "band": None if knot is None else _limits(knot.band),
        "band_pieces": None
        if knot is None or knot.region is None
        else to_plain(knot.region.pieces),
        "level": found.level,
        "exists": None if existence is None else existence.exists,
        "p_value": None if existence is None else existence.p_value,
        "power": found.power,
        "bend_width": None if bend is None else bend.width,
        "bend_band": None if bend is None else _limits(bend.band),
        "transition_centre": None if transition is None else transition.centre,
        "transition_centre_band": None if transition is None else _limits(transition.centre_band),
        "transition_width": None if transition is None else transition.width,
        "transition_width_band": None if transition is None else _limits(transition.width_band),
        "variants": []
        if found.shown_knot is None or found.variants is None
        else to_plain(found.variants.found),
        "warnings": list(found.warnings),
        "details": found.to_dict(),
    }


def _limits(band: Any) -> list[float | None] | None:
    """[lower, upper], null on an open side."""
    return None if band is None else to_plain([band.lower, band.upper])


def onset_report(
    source: Data,
    columns: Columns | str,
    *,
    direction: Literal["auto", "loss", "gain"] = "auto",
    loss: float = 0.10,
    relative: bool = True,
    smallest: float | None = None,
    level: float = 0.95,
    draws: int = 999,
    seed: int = 0,
) -> OnsetReport:
    """The onset of a measure in every condition of a run or table.

    ``columns`` may be the measure's name alone; ``smallest`` is the smallest effect that matters,
    in the units of ``loss``, a tenth of it by default. A condition that allows no onset is reported
    with the reason. Raises DataError for a table or setting that allows none in any, and for a
    measure whose name does not say which way harm lies; StoreError for a folder that is no run.
    """
    columns = Columns(columns) if isinstance(columns, str) else columns
    results = read_results(source, columns.with_harm(direction))
    chosen = results.direction(columns.response, direction)

    def answer(group: Group) -> FoundOnset:
        curves = group.curves(results.columns)
        _require_noise(curves)
        found = onset(
            curves,
            loss=loss,
            relative=relative,
            smallest=smallest,
            direction=chosen,
            level=level,
            draws=draws,
            seed=seed,
        )
        warnings = tuple(map(in_options, found.warnings))
        return FoundOnset(group.label, group.settings, curves, replace(found, warnings=warnings))

    found, reasons = [], []
    for group in results.groups:
        try:
            found.append(answer(group))
        except (InferenceError, DataError) as error:
            reasons.append(group.located(error))
            silent = Onset(
                columns.response,
                level,
                verdict=f"{NO_ANSWER}: {in_options(error)}",
                verdict_kind=NO_ANSWER,
            )
            found.append(FoundOnset(group.label, group.settings, None, silent))
    if len(reasons) == len(found):
        raise unanswered(reasons)
    return _report(results, columns.response, chosen, tuple(found))


def _report(
    results: Results, response: str, direction: Direction, found: tuple[FoundOnset, ...]
) -> OnsetReport:
    return OnsetReport(
        results.name,
        response,
        direction,
        worse_for(direction),
        results.unit(response),
        results.columns.share_unit,
        results.columns.replicate,
        found,
        results.folder,
    )


def _require_noise(curves: Curves) -> None:
    """Raise DataError for single runs at so few shares that nothing tells a change from noise."""
    runs, shares = np.isfinite(curves.values).sum(axis=0), curves.shares.size
    if runs.max() > 1 or shares >= ENOUGH_SHARES or np.ptp(curves.mean) == 0.0:
        return
    first, last = float(curves.mean[0]), float(curves.mean[-1])
    raise DataError(
        f"one run at each of {shares} shares: {curves.response!r} goes from {first:.4g} to "
        f"{last:.4g}, but nothing tells a change from noise; give 3 replicates a share or more "
        f"(10 show a break better)"
    )
