"""Figures of a calibration: the set of worlds in its box, and their curves beside the targets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from smcollapse.errors import StoreError
from smcollapse.questions.calibration.calibrate import Calibration
from smcollapse.questions.calibration.space import SHARES
from smcollapse.questions.calibration.targets import ONSET, RESPONSE, Target
from smcollapse.questions.claim import published_claim
from smcollapse.report.style import (
    BLUE,
    GREY,
    ORANGE,
    VERMILLION,
    image_files,
    new_figure,
    share_axis,
    span_at_least,
    style,
)
from smcollapse.report.wording import measure_name, number
from smcollapse.store.files import put
from smcollapse.theories import MEASURES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DRAWN = 60
"""Curves of the set that are drawn."""

BOX = "#E3E7EA"
SHORT = {"ece": "ECE"}


def write_calibrations(found: Sequence[Calibration], folder: Path) -> tuple[Path, ...]:
    """Write a figure per reading into that folder, as PNG and SVG.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with style():
            for one in found:
                for suffix, content in image_files(calibration_figure(one)).items():
                    written.append(folder / f"{one.theory}-{one.reading}.{suffix}")
                    put(written[-1], content)
    except OSError as error:
        raise StoreError(
            f"{folder}: the figures cannot be written: {error.strerror or error}"
        ) from None
    return tuple(written)


def calibration_figure(found: Calibration) -> Figure:
    """Left the range of each setting within its box, right the predicted curves."""
    knobs = len(found.box.knobs)
    shown = drawn_measures(found.targets)
    figure = new_figure(9.6, max(1.2 + 0.27 * knobs, 1.9 * len(shown) + 0.7))
    grid = figure.add_gridspec(len(shown), 2, width_ratios=[1.25, 1.0])
    _settings(figure.add_subplot(grid[:, 0]), found)
    for row, measure in enumerate(shown):
        ax = figure.add_subplot(grid[row, 1])
        _curves(ax, found, measure)
        if row + 1 < len(shown):
            ax.set_xlabel("")
    return figure


def drawn_measures(targets: Sequence[Target]) -> tuple[str, ...]:
    """The measures that the targets are about, in the order of the theories' measures."""
    named = {RESPONSE if target.name == ONSET else target.name for target in targets}
    return tuple(measure for measure in MEASURES if measure in named)


def _settings(ax: Axes, found: Calibration) -> None:
    """One row per setting: the box, what the set reaches, 90 % of it, its median, the best world.

    Positions are on the scale of the search, values are written beside them.
    """
    knobs = found.box.knobs
    extents = {extent.path: extent for extent in found.extents}
    best = found.inside if len(found.inside) else found.closest
    for row, (knob, place) in enumerate(zip(knobs, _best_place(found), strict=True)):
        ax.barh(row, 1.0, height=0.62, color=BOX, linewidth=0.0, zorder=1.0)
        if len(found.inside):
            reach = found.inside.places[:, row]
            ax.barh(
                row,
                np.ptp(reach),
                left=reach.min(),
                height=0.62,
                color=ORANGE,
                alpha=0.35,
                linewidth=0.0,
                zorder=2.0,
            )
        if (extent := extents.get(knob.path)) is not None:
            low, middle, high = (
                knob.place(value) for value in (extent.q05, extent.median, extent.q95)
            )
            ax.barh(row, high - low, left=low, height=0.3, color=ORANGE, linewidth=0.0, zorder=3.0)
            ax.plot([middle, middle], [row - 0.24, row + 0.24], color="white", lw=1.6, zorder=4.0)
        ax.plot(
            place,
            row,
            marker="D",
            color=BLUE,
            markersize=4.5,
            markeredgecolor="white",
            markeredgewidth=0.6,
            linestyle="",
            zorder=5.0,
        )
        for x, value, side in ((0.0, knob.lower, "right"), (1.0, knob.upper, "left")):
            ax.annotate(
                f"{value:g}",
                (x, row),
                xytext=(-3 if side == "right" else 3, 0),
                textcoords="offset points",
                ha=side,
                va="center",
                fontsize=7.5,
                color=GREY,
            )
    ax.set_yticks(
        range(len(knobs)),
        [
            knob.path.partition(".")[2].replace("_", " ")
            + (" (log)" if knob.scale == "log" else "")
            for knob in knobs
        ],
    )
    ax.set(xlim=(-0.13, 1.13), ylim=(len(knobs) - 0.4, -0.6), xticks=[])
    ax.grid(visible=False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(axis="y", length=0, pad=16)
    ax.set_title(_settings_title(found, len(best)))


def _best_place(found: Calibration) -> list[float]:
    return [knob.place(found.best.settings[knob.path]) for knob in found.box.knobs]


def _settings_title(found: Calibration, n: int) -> str:
    head = f"{found.theory}, reading “{found.reading}”: "
    if not len(found.inside):
        return f"{head}no world meets all targets\ngrey: the box; diamond: the closest world"
    drawn = "orange: the set, dark: 90 % of it; diamond: the best world"
    return f"{head}{n} worlds meet all targets\n{drawn}"


def _curves(ax: Axes, found: Calibration, measure: str) -> None:
    """Curves of the set (or of the closest world) with the target drawn on the best one."""
    shares = 100.0 * np.array(SHARES)
    column = MEASURES.index(measure)
    worlds = found.inside if len(found.inside) else found.closest
    rows = np.linspace(0, len(worlds) - 1, min(len(worlds), DRAWN)).astype(int)
    for row in rows:
        ax.plot(shares, 100.0 * worlds.measures[row, column], color=ORANGE, lw=0.7, alpha=0.45)
    best = 100.0 * found.best_measures[column]
    ax.plot(shares, best, color=BLUE, lw=1.8, marker="o", markersize=3.0, zorder=3.0)
    for target in found.targets:
        if target.name == ONSET and measure == RESPONSE:
            low, high = target.value - target.tolerance, target.value + target.tolerance
            ax.axvspan(100 * low, 100 * high, color="#F6DFA4", linewidth=0.0, zorder=0.5)
        elif target.name == measure:
            _effect(ax, target, best)
    ax.set_title(
        f"{SHORT.get(measure, measure_name(measure))}{_said(found, measure)}", fontsize=8.5
    )
    ax.set_ylabel("%")
    span_at_least(ax, 5.0)
    share_axis(ax, list(SHARES))


def _effect(ax: Axes, target: Target, best: np.ndarray) -> None:
    """The level before, and where the target puts the level after."""
    claim, shares = published_claim(), np.array(SHARES)
    before, after = claim.before, claim.after
    inside = (shares >= before[0] - 1e-9) & (shares <= before[1] + 1e-9)
    level = float(best[inside].mean())
    change = target.value * (level if target.reading == "relative" else 100.0)
    for window, height in ((before, level), (after, level + change)):
        ax.plot(
            [100 * window[0], 100 * window[1]],
            [height, height],
            color=VERMILLION,
            lw=1.4,
            linestyle=(0, (3, 1.5)),
            zorder=3.5,
        )


def _said(found: Calibration, measure: str) -> str:
    """The best world's outcome beside its target."""
    for target in found.targets:
        if target.name == measure:
            signs = [
                number(100.0 * value, 1, signed=True)
                for value in (found.best.outcomes[measure], target.value)
            ]
            return f": {signs[0]} (target {signs[1]}, {target.reading})"
    return ""
