"""Figure and table of `smcollapse effects`: a forest of changes, a panel per unit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from smcollapse.questions.effect_results import EffectReport, FoundEffect
from smcollapse.report.onset_results import estimate_row
from smcollapse.report.style import BLACK, BLUE, VERMILLION, new_figure
from smcollapse.report.wording import measure_name, scale_of, shortened
from smcollapse.report.write_predictions import write_files

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS = 48


def write_effects(report: EffectReport, folder: Path) -> tuple[Path, ...]:
    """Write `effects.csv` and its figure. Raises StoreError for a folder not writable."""
    return write_files(
        folder, {"effects": effect_rows(report)}, {"effects": lambda: effects_figure(report)}
    )


def effect_rows(report: EffectReport) -> pd.DataFrame:
    """One row per condition, measure, reading, and with or without the control taken off.

    Numbers are in the measure's own unit, which the column "unit" names.
    """
    rows = []
    for one in report.found:
        for kind, change in (("change", one.effect), ("net of control", one.net)):
            for reading in ("points", "relative"):
                if change is None:
                    continue
                row = estimate_row(
                    one.label, getattr(change, reading), one.verdicts.get(reading, "")
                )
                own = {"response": one.response, "unit": one.unit, "kind": kind, "reading": reading}
                rows.append({**row, **own})
    rows += [
        {"condition": one.label, "response": one.response, "verdict": f"no answer: {one.reason}"}
        for one in report.left_out
    ]
    return pd.DataFrame(rows)


def effects_figure(report: EffectReport) -> Figure:
    """A forest: every measure's change, alone and beyond the control, and the claim.

    Measures in per cent share a panel; one of its own units has a panel of its own.
    """
    found = report.found[:MOST_ROWS]
    panels: dict[str, list[FoundEffect]] = {}
    for one in found:
        panels.setdefault(one.response if one.unit == "none" else "", []).append(one)
    several = len({one.label for one in found}) > 1
    heights = [0.75 + 0.34 * len(rows) for rows in panels.values()]
    figure = new_figure(8.6, 0.65 + sum(heights))
    axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    for ax, (response, rows) in zip(axes, panels.items(), strict=True):
        _forest(ax, rows, several)
        words = f"change of {measure_name(response)}" if response else "change, points"
        ax.set_xlabel(words)
    _legend(figure, found)
    return figure


def _forest(ax: Axes, rows: list[FoundEffect], several: bool) -> None:
    ax.axvline(0.0, color="#9A9A9A", linewidth=0.8)
    for y, one in enumerate(rows):
        scale = scale_of(one.unit)
        for change, colour, shift, marker in (
            (one.effect, BLUE, -0.12, "o"),
            (one.net, VERMILLION, 0.12, "s"),
        ):
            if change is None:
                continue
            point = change.points
            if point.interval is not None:
                ends = [scale * point.interval.lower, scale * point.interval.upper]
                ax.plot(ends, [y + shift] * 2, color=colour, linewidth=1.5)
            ax.plot([scale * point.value], [y + shift], marker, color=colour, markersize=5.0)
        if one.claimed is not None:
            ax.plot(
                [100.0 * one.claimed], [y], "|", color=BLACK, markersize=13.0, markeredgewidth=1.6
            )
    names = [measure_name(one.response) for one in rows]
    labels = [
        f"{shortened(one.label)}: {name}" if several else name
        for one, name in zip(rows, names, strict=True)
    ]
    ax.set_yticks(range(len(rows)), labels)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.grid(visible=False, axis="y")


def _legend(figure: Figure, found: tuple[FoundEffect, ...]) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=BLUE, marker="o", label="change, 95 % interval")]
    if any(one.net is not None for one in found):
        handles.append(
            Line2D([], [], color=VERMILLION, marker="s", label="beyond the real_only control")
        )
    if any(one.claimed is not None for one in found):
        claimed = Line2D([], [], color=BLACK, marker="|", linestyle="", markersize=11.0)
        claimed.set_label("claimed (read as points)")
        handles.append(claimed)
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles))
