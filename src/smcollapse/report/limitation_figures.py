"""Panels that the figures of limitation analyses are made of; all axes are in per cent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from smcollapse.inference import Curves
from smcollapse.questions.claim import ClaimedEffect, published_claim
from smcollapse.questions.ledgers.findings import Quantity
from smcollapse.questions.ledgers.ledger import limits_of
from smcollapse.questions.limitations.readings import Reading
from smcollapse.report.style import (
    BAND,
    BLACK,
    GREY,
    MARKERS,
    SERIES,
    draw_curve,
    new_figure,
    shade_claim,
    share_axis,
    span_at_least,
)
from smcollapse.report.wording import measure_name, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PERCENT = 100.0


def panels(
    count: int, *, width: float = 9.0, height: float = 3.6, ratios: Sequence[float] | None = None
) -> tuple[Figure, list[Axes]]:
    """A figure with that many panels beside each other."""
    figure = new_figure(width, height)
    axes = figure.subplots(1, count, squeeze=False, width_ratios=ratios)
    return figure, list(axes[0])


def curve_panel(
    ax: Axes,
    curves: Mapping[str, Curves],
    ylabel: str,
    *,
    predicted: Mapping[str, tuple[Any, Any]] | None = None,
    claim: bool = True,
    colours: Sequence[str] = SERIES,
    least: float = 5.0,
    legend: str = "best",
) -> None:
    """Mean curves by label with the t band over replicates, both axes in per cent.

    predicted : shares and values (fractions) of a theory, by label of the curve: dashed lines
    least : the vertical axis spans at least that many per cent
    legend : its place, empty for none
    """
    if claim:
        shade_claim(ax, labelled=True)
    for number, (label, one) in enumerate(curves.items()):
        colour = colours[number % len(colours)]
        draw_curve(
            ax,
            _rows(one),
            "value",
            one.replication,
            colour=colour,
            marker=MARKERS[number % len(MARKERS)],
        )
        ax.lines[-1].set_label(label)
        if predicted is not None and label in predicted:
            shares, values = predicted[label]
            ax.plot(
                PERCENT * np.asarray(shares),
                PERCENT * np.asarray(values),
                color=colour,
                linestyle=(0, (2, 1.5)),
                linewidth=1.1,
            )
    if predicted:
        ax.plot([], [], color=GREY, linestyle=(0, (2, 1.5)), linewidth=1.1, label="theory")
    share_axis(ax, next(iter(curves.values())).shares.tolist())
    ax.set_ylabel(f"{ylabel}, %")
    span_at_least(ax, least)
    if legend:
        ax.legend(loc=cast(Any, legend))


def interval_panel(
    ax: Axes,
    quantities: Sequence[Quantity],
    xlabel: str,
    *,
    names: Sequence[str] | None = None,
    scale: float = PERCENT,
    zero: bool = False,
    claim: bool = False,
    colours: Sequence[str] | None = None,
) -> None:
    """Numbers with their intervals, one below the other; an open side ends in an arrow.

    scale : factor on the values; names : instead of the terms; claim : shade the claimed onset
    """
    labels = [one.term for one in quantities] if names is None else list(names)
    ends = [end for one in quantities for end in (*limits_of(one), one.value)]
    known = [scale * end for end in ends if end is not None and math.isfinite(end)]
    room = 0.08 * (max(known) - min(known) or 1.0) if known else 1.0
    low, high = (min(known) - room, max(known) + room) if known else (0.0, 1.0)
    if claim:
        shade_claim(ax, labelled=True)
    for row, one in enumerate(quantities):
        colour = SERIES[0] if colours is None else colours[row]
        lower, upper = (scale * end for end in limits_of(one))
        left, right = max(lower, low), min(upper, high)
        ax.plot([left, right], [row, row], color=colour, linewidth=1.6, solid_capstyle="butt")
        if math.isinf(upper):
            ax.plot(right, row, marker=">", color=colour, markersize=5, clip_on=False)
        if math.isinf(lower):
            ax.plot(left, row, marker="<", color=colour, markersize=5, clip_on=False)
        if one.value is not None:
            ax.plot(scale * one.value, row, marker="o", color=colour, markersize=5)
    if zero:
        ax.axvline(0.0, color=GREY, linewidth=0.9, zorder=1)
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel(xlabel)


def readings_figure(
    readings: Sequence[Reading], claims: Sequence[ClaimedEffect], margin: float
) -> Figure:
    """Both readings of every world beside the claim ± margin, one panel a measure."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    figure, axes = panels(len(claims), width=10.0, height=4.2)
    for ax, claimed in zip(axes, claims, strict=True):
        own = [one for one in readings if one.measure == claimed.measure]
        names = [f"{one.world}, level {percent(one.level, 0)}" for one in own]
        interval_panel(
            ax,
            [number for one in own for number in one.numbers],
            f"change of {measure_name(claimed.measure)}, points or %",
            names=[name for one in names for name in (one, "")],
            zero=True,
            colours=SERIES[:2] * len(own),
        )
        low, high = (PERCENT * (claimed.change + side * margin) for side in (-1, 1))
        ax.axvspan(low, high, color=BAND, linewidth=0, zorder=0.5)
    handles = [
        Line2D([], [], marker="o", color=SERIES[0], label="points"),
        Line2D([], [], marker="o", color=SERIES[1], label="relative"),
        Patch(color=BAND, label=f"claim ± {PERCENT * margin:.0f}"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    return figure


def against_panel(
    ax: Axes,
    places: Sequence[float],
    series: Mapping[str, Sequence[Quantity]],
    xlabel: str,
    ylabel: str,
    *,
    log: bool = False,
    scale: float = PERCENT,
    predicted: Mapping[str, Sequence[float | None]] | None = None,
    claim: bool = False,
    legend: str = "best",
    ticks: Sequence[str] | None = None,
) -> None:
    """Numbers with intervals against a knob, one line a series; open sides end in arrows.

    predicted : a theory's values at the same places by label: crosses and dashed lines
    """
    if claim:
        lower, upper = published_claim().onset
        ax.axhspan(PERCENT * lower, PERCENT * upper, color=BAND, linewidth=0.0, zorder=0.5)
    if log:
        ax.set_xscale("log")
    for number, (label, quantities) in enumerate(series.items()):
        colour = SERIES[number % len(SERIES)]
        values = [math.nan if one.value is None else scale * one.value for one in quantities]
        shifted = _beside(places, number - (len(series) - 1) / 2.0, log)
        ax.plot(
            shifted,
            values,
            marker=MARKERS[number % len(MARKERS)],
            color=colour,
            label=label,
            markersize=5,
        )
        for place, one in zip(shifted, quantities, strict=True):
            _upright(ax, place, one, scale, colour)
        if predicted is not None and label in predicted:
            said = [math.nan if one is None else scale * one for one in predicted[label]]
            ax.plot(
                places,
                said,
                marker="x",
                color=BLACK if len(series) == 1 else colour,
                linestyle=(0, (2, 1.5)),
                linewidth=1.1,
                label="theory" if len(series) == 1 else f"{label}, theory",
            )
    ax.set_xticks(list(places), list(ticks) if ticks else [f"{place:g}" for place in places])
    ax.minorticks_off()
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if legend:
        ax.legend(loc=cast(Any, legend))


def _beside(places: Sequence[float], steps: float, log: bool) -> list[float]:
    """Places moved sideways by so many small steps, so that intervals do not lie on each other."""
    ends = [math.log(place) if log else place for place in (min(places), max(places))]
    step = 0.012 * steps * (ends[1] - ends[0])
    return [place * math.exp(step) if log else place + step for place in places]


def _upright(ax: Axes, place: float, one: Quantity, scale: float, colour: str) -> None:
    """The interval of one number; above its value an open side ends in an arrow."""
    lower, upper = (scale * end for end in limits_of(one))
    value = math.nan if one.value is None else scale * one.value
    if not math.isfinite(lower):
        return
    top = upper if math.isfinite(upper) else max(lower, value) if value == value else lower
    ax.plot([place, place], [lower, top], color=colour, linewidth=1.4)
    if math.isinf(upper):
        ax.annotate(
            "",
            (place, top),
            xytext=(0, 20),
            textcoords="offset points",
            arrowprops={"arrowstyle": "<-", "color": colour, "linewidth": 1.4},
            annotation_clip=False,
        )


def _rows(curves: Curves) -> pd.DataFrame:
    shares = np.tile(curves.shares, curves.n_replicates)
    replicate = np.repeat(np.arange(curves.n_replicates), curves.shares.size)
    value = np.ravel(curves.values)
    return pd.DataFrame({"share": shares, "value": value, "replicate": replicate})
