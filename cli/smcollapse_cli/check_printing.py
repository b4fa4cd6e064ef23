"""What `validate` and `calibrate` print: errors, verdicts, sets of worlds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smcollapse.errors import StoreError
from smcollapse_cli.printing import console, grid

if TYPE_CHECKING:
    from smcollapse.questions.calibration.calibrate import Calibration
    from smcollapse.questions.validation.validate import Validation
    from smcollapse.study import Study

MISSES = 10
"""Conditions outside a tolerance that are listed by theory."""


def validation(found: Validation, written: Sequence[Path]) -> None:
    """Errors by theory, model and measure; onsets; verdicts; notes."""
    from smcollapse.inference.agreement import VARIES
    from smcollapse.questions.validation.verdict import TOLERANCES

    out = console()
    rows = [
        (
            f"{one.theory} / {one.model}",
            one.measure,
            str(one.points),
            _plain(one.median_error, 4),
            _plain(one.p95_error, 4),
            _plain(one.largest_error, 4),
            one.largest_at,
            _plain(one.median_z, 1),
            "–" if math.isnan(one.z_below_2) else f"{100 * one.z_below_2:.0f} %",
            "–" if math.isnan(one.r2) else f"{one.r2:.3f} ({one.r2_conditions})",
        )
        for one in found.summaries
    ]
    columns = (
        "theory / model",
        "measure",
        "points",
        "median |error|",
        "95 %",
        "largest",
        "at",
        "median |z|",
        "|z| < 2",
        "R² (conditions)",
    )
    note = (
        "Error: trained mean − predicted, in units of the measure. z: error over the standard "
        "error over replicates, where there is one; it grows with the number of replicates, so "
        "read errors first, and shares of a replicate have their test rows in common. "
        "R²: across shares within a condition, median over the conditions "
        f"whose trained means span at least {VARIES:g}."
    )
    out.print(grid(f"{found.study}: theory against training", columns, rows, note))
    if found.onsets:
        out.print(_onsets(found))
    for verdict in found.verdicts:
        out.print(verdict.text, markup=False, style="bold")
        for miss in verdict.misses[:MISSES]:
            changed = f" [{miss.changed}]" if miss.changed else ""
            doubts = f"; doubted: {'; '.join(miss.doubts)}" if miss.doubts else "; not doubted"
            out.print(
                f"  {miss.condition}{changed}: {miss.measure} off by {miss.error:.3f} "
                f"(tolerance {miss.tolerance:g}){doubts}",
                markup=False,
            )
        if len(verdict.misses) > MISSES:
            out.print(f"  and {len(verdict.misses) - MISSES} more", markup=False)
    out.print(f"Tolerances: {TOLERANCES}.", markup=False)
    for note in found.notes:
        out.print(f"note: {note}", markup=False)
    for text in dict.fromkeys(
        f"{one.theory} says nothing about {one.condition}: {'; '.join(one.reasons)}"
        for one in found.unpredicted
    ):
        out.print(f"note: {text}", markup=False)
    _files(written)


def _onsets(found: Validation) -> object:
    rows = [
        (
            one.condition,
            one.theory,
            one.estimand,
            _onset(one.trained),
            _plain(one.se, 4),
            _onset(one.predicted),
            _plain(one.error, 4),
        )
        for one in found.onsets
    ]
    columns = ("condition", "theory", "onset", "trained", "s.e.", "predicted", "error")
    note = (
        "An onset that is not reached counts as the largest share in the error, which is then a "
        "lower bound. Transitions are compared where both curves show one."
    )
    return grid("Onsets of rare recall", columns, rows, note)


def calibrations(found: Sequence[Calibration], written: Sequence[Path]) -> None:
    """For every reading: which targets can be met together, by which worlds."""
    for one in found:
        _combinations(one)
        if one.extents:
            _extents(one)
        console().print(one.text, markup=False, style="bold")
        doubts = f" The theory doubts it: {'; '.join(one.best.doubts)}." if one.best.doubts else ""
        settings = ", ".join(f"{path}={value:g}" for path, value in one.best.settings.items())
        console().print(f"Best world: {settings}.{doubts}", markup=False)
        console().print(
            f"{one.n_points} worlds were evaluated in {one.seconds:.0f} s.", markup=False
        )
    _files(written)


def _combinations(one: Calibration) -> None:
    rows = []
    for found in one.combinations:
        outcomes = found.closest.outcomes
        rows.append(
            (
                " + ".join(found.targets),
                "yes" if found.met else f"no, by {found.miss:.2f} tolerances",
                f"{100 * found.share_of_box:.2f} %",
                ", ".join(f"{name} {outcomes[name]:.3f}" for name in found.targets),
            )
        )
    targets = ", ".join(
        f"{t.name} {t.value:g} ± {t.tolerance:g} ({t.reading})" for t in one.targets
    )
    console().print(
        grid(
            f"{one.theory}, reading “{one.reading}”: which targets can be met together?",
            ("targets", "met", "of the box", "closest world"),
            rows,
            f"Targets: {targets}. Onset: {one.estimand}. Of the box: share of the quasi-random "
            "worlds that meet them.",
        )
    )


def _extents(one: Calibration) -> None:
    rows = [
        (
            extent.path,
            f"{extent.box[0]:g} – {extent.box[1]:g}",
            f"{extent.low:g} – {extent.high:g}",
            f"{extent.q05:g}",
            f"{extent.median:g}",
            f"{extent.q95:g}",
            f"{extent.width:.2f}",
        )
        for extent in one.extents
    ]
    pairs = "; ".join(f"{p.first} and {p.second} {p.value:+.2f}" for p in one.correlations)
    console().print(
        grid(
            f"{one.theory}, reading “{one.reading}”: the worlds that meet all targets",
            ("setting", "box", "set reaches", "5 %", "median", "95 %", "relative width"),
            rows,
            "Quantiles are of a walk that is uniform over the set; relative width 1: the targets "
            "say nothing about the setting."
            + (f" Strong rank correlations: {pairs}." if pairs else ""),
        )
    )


def write_study(study: Study, path: Path) -> None:
    """Write a study file. Raises StoreError where it cannot be written."""
    from smcollapse.study_file import study_toml

    try:
        path.write_text(study_toml(study), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from None


def _plain(value: float, decimals: int) -> str:
    return "–" if math.isnan(value) else f"{value:.{decimals}f}"


def _onset(value: float | None) -> str:
    return "not reached" if value is None else f"{value:.3f}"


def _files(written: Sequence[Path]) -> None:
    for path in written:
        console().print(f"file: {path}", markup=False)
