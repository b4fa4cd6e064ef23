"""Figures of a validation: theory as lines through trained points, and what is left between."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from smcollapse.errors import StoreError
from smcollapse.questions.validation.compare import Compared
from smcollapse.questions.validation.validate import Validation
from smcollapse.questions.validation.verdict import MEDIAN
from smcollapse.report.style import (
    BLACK,
    GREY,
    MARKERS,
    SERIES,
    image_files,
    new_figure,
    share_axis,
    span_at_least,
    style,
)
from smcollapse.report.wording import measure_name, shortened
from smcollapse.store.files import put

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = ("rare_recall", "mean_confidence", "ece")
"""Measures with a column of their own."""

MOST = 12
"""Conditions that a figure has colours for; of more, those with the largest errors are drawn."""

COLOURS = (BLACK, *SERIES, "#8C6D1F", "#7FBF4D", "#C9A0DC", "#5C4033", GREY)


def write_validation(found: Validation, folder: Path) -> tuple[Path, ...]:
    """Write the figures into that folder as PNG and SVG: one per theory, and all in one square.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    written: list[Path] = []
    theories = dict.fromkeys(one.theory for one in found.compared)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with style():
            figures = {name: curves_figure(found, name) for name in theories}
            figures["agreement"] = agreement_figure(found)
            for name, figure in figures.items():
                for suffix, content in image_files(figure).items():
                    written.append(folder / f"{name}.{suffix}")
                    put(written[-1], content)
    except OSError as error:
        raise StoreError(
            f"{folder}: the figures cannot be written: {error.strerror or error}"
        ) from None
    return tuple(written)


def drawn_conditions(found: Validation, theory: str) -> list[Compared]:
    """The conditions of one theory that a figure shows, in the study's order."""
    mine = [one for one in found.compared if one.theory == theory]
    if len(mine) <= MOST:
        return mine
    first, *others = mine
    worst = sorted(others, key=lambda one: -_size(one.points))[: MOST - 1]
    return [first, *(one for one in others if one in worst)]


def _size(points: pd.DataFrame) -> float:
    shown = points[points["measure"].isin(SHOWN)]
    return float(shown["error"].abs().max()) if len(shown) else 0.0


def curves_figure(found: Validation, theory: str) -> Figure:
    """Trained points on predicted lines, above what is left: one column per measure."""
    from matplotlib.lines import Line2D

    drawn = drawn_conditions(found, theory)
    total = len({one.condition.label for one in found.compared if one.theory == theory})
    figure = new_figure(9.6, 6.0 + 0.19 * max(0, (len(drawn) + 2) // 3 - 2))
    axes = figure.subplots(
        2, len(SHOWN), sharex=True, squeeze=False, gridspec_kw={"height_ratios": [2.1, 1.0]}
    )
    for column, measure in enumerate(SHOWN):
        upper, lower = axes[:, column]
        upper.set_title(measure_name(measure))
        for one, colour, marker in zip(drawn, COLOURS, _markers(), strict=False):
            _draw_curve(upper, one, measure, colour, marker)
            _draw_error(lower, one, measure, colour, marker)
        _tolerance(lower, measure)
        span_at_least(upper, 10.0)
        share_axis(lower, sorted({s for one in drawn for s in one.condition.shares}))
    axes[0, 0].set_ylabel("%")
    axes[1, 0].set_ylabel("trained − predicted,\npoints")
    handles = [
        Line2D([], [], color=colour, marker=marker, markersize=4.5, label=_label(one))
        for one, colour, marker in zip(drawn, COLOURS, _markers(), strict=False)
    ]
    left_out = f"; the {len(drawn)} with the largest errors of {total}" if total > MOST else ""
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=min(4, len(handles)),
        title=f"lines: theory “{theory}”; points: trained means ± 1 s.e.{left_out}; "
        "shaded: tolerance of the median",
        title_fontsize=8.5,
        columnspacing=1.6,
    )
    return figure


def _markers() -> tuple[str, ...]:
    return MARKERS + MARKERS


def _label(one: Compared) -> str:
    doubted = " (doubted)" if one.doubts else ""
    return shortened(one.condition.label, 26) + doubted


def _points(one: Compared, measure: str) -> pd.DataFrame:
    return one.points[one.points["measure"] == measure]


def _draw_curve(ax: Axes, one: Compared, measure: str, colour: str, marker: str) -> None:
    points = _points(one, measure)
    line = 100.0 * one.line[measure]
    ax.plot(100.0 * one.line_shares, line, color=colour, linewidth=1.2, alpha=0.85, zorder=2.5)
    ax.errorbar(
        100.0 * points["share"],
        100.0 * points["trained"],
        100.0 * points["se"].fillna(0.0),
        fmt=marker,
        color=colour,
        markersize=4.0,
        markeredgecolor="white",
        markeredgewidth=0.5,
        elinewidth=1.0,
        zorder=3.0,
    )


def _draw_error(ax: Axes, one: Compared, measure: str, colour: str, marker: str) -> None:
    points = _points(one, measure)
    ax.errorbar(
        100.0 * points["share"],
        100.0 * points["error"],
        100.0 * points["se"].fillna(0.0),
        fmt=marker,
        color=colour,
        linestyle="-",
        linewidth=0.7,
        alpha=0.9,
        markersize=3.2,
        markeredgecolor="white",
        markeredgewidth=0.4,
        elinewidth=0.8,
    )


def _tolerance(ax: Axes, measure: str) -> None:
    """The tolerance of the median as a band around no error."""
    limit = 100.0 * MEDIAN[measure]
    ax.axhspan(-limit, limit, color="#E9EEF2", linewidth=0.0, zorder=0.5)
    ax.axhline(0.0, color=GREY, linewidth=0.8, zorder=1.0)
    lower, upper = ax.get_ylim()
    ax.set_ylim(min(lower, -1.5 * limit), max(upper, 1.5 * limit))


def agreement_figure(found: Validation) -> Figure:
    """Predicted against trained, every point of every condition, colours by theory."""
    theories = list(dict.fromkeys(found.points["theory"]))
    figure = new_figure(9.6, 3.7)
    axes = figure.subplots(1, len(SHOWN), squeeze=False)[0]
    for ax, measure in zip(axes, SHOWN, strict=True):
        ax.set_title(measure_name(measure))
        chosen = found.points[found.points["measure"] == measure]
        values = 100.0 * chosen[["trained", "predicted"]].to_numpy()
        if not len(values):
            continue
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        margin = 0.05 * max(high - low, 1.0)
        ends = (low - margin, high + margin)
        ax.plot(ends, ends, color=GREY, linewidth=0.8, zorder=1.0)
        for theory, colour, marker in zip(theories, SERIES, MARKERS, strict=False):
            rows = chosen[chosen["theory"] == theory]
            ax.plot(
                100.0 * rows["predicted"],
                100.0 * rows["trained"],
                linestyle="",
                marker=marker,
                color=colour,
                markersize=4.0,
                alpha=0.6,
                markeredgewidth=0.0,
                label=theory,
            )
        ax.set(xlim=ends, ylim=ends, xlabel="predicted, %", aspect="equal")
    axes[0].set_ylabel("trained, %")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=len(labels), title=None)
    return figure
