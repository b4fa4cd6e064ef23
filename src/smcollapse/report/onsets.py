"""Figure: benchmark share and safe share of every condition, a forest plot."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from smcollapse.inference import BenchmarkShare
from smcollapse.report.selection import Drawn, Material, shares_of
from smcollapse.report.style import (
    BLACK,
    BLUE,
    GREY,
    VERMILLION,
    new_figure,
    shade_claim,
    share_axis,
)
from smcollapse.report.wording import estimate, percent, short_percent, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHORT_NAME, LONGEST_NAME = 32, 64
"""Letters of a condition's name: up to which it is printed in full size, and at all."""

MOST_ROWS = 60


def onsets_figure(material: Material) -> Figure | None:
    """One row per condition; None with one condition, or where none has an estimate."""
    drawn = material.drawn[:MOST_ROWS]
    known = [one for one in drawn if one.condition.onset.benchmark is not None]
    if len(drawn) < 2 or not known:
        return None
    figure = new_figure(9.0, 1.3 + 0.36 * len(drawn))
    ax = figure.subplots()
    shade_claim(ax, labelled=True)
    shares = sorted({share for one in drawn for share in shares_of(one.rows)})
    share_axis(ax, shares)
    for row, one in enumerate(drawn):
        _draw(ax, row, one, shares[-1])
    ax.set_ylim(len(drawn) - 0.4, -0.6)
    names = [shortened(one.label, LONGEST_NAME) for one in drawn]
    ax.set_yticks(range(len(drawn)), names)
    size = 9.0 if max(map(len, names)) <= SHORT_NAME else 7.5
    ax.tick_params(axis="y", length=0.0, labelsize=size, labelcolor=BLACK)
    ax.grid(visible=False, axis="y")
    left_out = len(material.drawn) - len(drawn)
    if left_out:
        ax.set_xlabel(f"synthetic share, %   ({left_out} more conditions in the table)")
    _legend(figure, drawn)
    return figure


def _draw(ax: Axes, row: int, drawn: Drawn, largest: float) -> None:
    benchmark = drawn.condition.onset.benchmark
    colour = BLACK if row == 0 else BLUE
    if benchmark is None:
        text, dim = "no estimate: see the notes", True
    elif benchmark.share is None:
        _arrow(ax, row, 100.0 * _known_below(benchmark, largest), 100.0 * largest, colour)
        text, dim = f"not reached up to {short_percent(largest)}", False
    else:
        share = 100.0 * benchmark.share
        if benchmark.band is not None:
            lower, upper = 100.0 * benchmark.band.lower, 100.0 * benchmark.band.upper
            if _is_open(benchmark):
                _arrow(ax, row, lower, 100.0 * largest, colour)
            else:
                ax.plot([lower, upper], [row, row], color=colour, linewidth=1.6)
        ax.plot([share], [row], "o", color=colour, markersize=5.5)
        text, dim = estimate(benchmark.estimates()[0], "share"), False
    if benchmark is not None and benchmark.safe_share is not None:
        if benchmark.safe_share < largest:
            ax.plot([100.0 * benchmark.safe_share], [row], "|", color=VERMILLION, markersize=11.0)
        if benchmark.share is None:
            text += f"; safe share {percent(benchmark.safe_share)}"
    ax.annotate(
        text,
        (1.0, row),
        xycoords=("axes fraction", "data"),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
        color=GREY if dim else colour,
    )


def _known_below(benchmark: BenchmarkShare, largest: float) -> float:
    """Where the band begins of a benchmark share that was not reached."""
    return largest if benchmark.band is None else min(benchmark.band.lower, largest)


def _is_open(benchmark: BenchmarkShare) -> bool:
    """Whether the benchmark share, or its band, goes beyond the largest share."""
    band = benchmark.band
    return benchmark.share is None or (band is not None and math.isinf(band.upper))


def _arrow(ax: Axes, row: int, start: float, end: float, colour: str) -> None:
    """A band that is open above: from its lower limit beyond the largest share."""
    ax.plot([start, end], [row, row], color=colour, linewidth=1.6)
    ax.plot([end], [row], ">", color=colour, markersize=7.0, clip_on=False)


def _legend(figure: Figure, drawn: tuple[Drawn, ...]) -> None:
    """Above the panel, so that it covers nothing."""
    from matplotlib.lines import Line2D

    found = [one.condition.onset.benchmark for one in drawn]
    known = [benchmark for benchmark in found if benchmark is not None]
    size = f"{100.0 * known[0].loss:.3g} {'%' if known[0].relative else 'points'}"
    band = any(benchmark.band is not None for benchmark in known)
    name = f"benchmark share: {size} of rare recall lost" + (", 95 % band" if band else "")
    handles = [Line2D([], [], color=BLUE, marker="o", linewidth=1.6, markersize=5.5, label=name)]
    if band:
        handles.append(
            Line2D(
                [],
                [],
                linestyle="",
                marker="|",
                markersize=11.0,
                color=VERMILLION,
                label="safe share (its one-sided limit)",
            )
        )
    if any(_is_open(benchmark) for benchmark in known):
        beyond = "beyond the largest share"
        handles.append(Line2D([], [], linestyle="", marker=">", color=BLUE, label=beyond))
    figure.legend(handles=handles, loc="outside upper left", ncols=3, columnspacing=1.6)
