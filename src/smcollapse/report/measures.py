"""Figure: every measure of the reference condition against the share, the onsets marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from smcollapse.inference import BenchmarkShare, Break, Interval, Onset, Transition
from smcollapse.report.selection import Drawn, Material, curve_label, shares_of
from smcollapse.report.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    PURPLE,
    VERMILLION,
    claim_handle,
    draw_curve,
    new_figure,
    shade_claim,
    share_axis,
    span_at_least,
)
from smcollapse.report.wording import estimate, measure_name, percent

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = ("rare_recall", "exception_recall", "head_recall", "accuracy", "mean_confidence", "ece")
SPARE = "brier"
"""Shown where a world has no exceptions, whose recall is then undefined."""

MOST_THIN_LINES = 10
SMALLEST_SPAN = 8.0


def measures_figure(material: Material) -> Figure:
    """Six panels over the share: the reference condition, and its `real_only` control if any."""
    reference = material.reference
    shown = [m for m in (*PANELS, SPARE) if reference.rows[m].notna().any()][: len(PANELS)]
    figure = new_figure(9.0, 8.4)
    grid = figure.add_gridspec(3, 3)
    places = [grid[0:2, 0:2], grid[0, 2], grid[1, 2], grid[2, 0], grid[2, 1], grid[2, 2]]
    for number, (measure, place) in enumerate(zip(shown, places, strict=False)):
        ax = figure.add_subplot(place)
        _panel(ax, material, measure)
        if number == 0:
            _mark_onsets(ax, reference.condition.onset)
    _legend(figure, reference)
    return figure


def _panel(ax: Axes, material: Material, measure: str) -> None:
    reference = material.reference
    shade_claim(ax)
    if reference.control is not None and reference.control[measure].notna().any():
        draw_curve(ax, reference.control, measure, material.replication, colour=GREY, dashed=True)
    few = reference.rows["replicate"].nunique() <= MOST_THIN_LINES
    draw_curve(
        ax,
        reference.rows,
        measure,
        material.replication,
        colour=BLUE,
        replicates=few,
        zorder=4.0,
    )
    name = measure_name(measure)
    ax.set_title(name[0].upper() + name[1:] + (", %" if measure != SPARE else ", × 100"))
    share_axis(ax, shares_of(reference.rows))
    span_at_least(ax, SMALLEST_SPAN)


def _mark_onsets(ax: Axes, onset: Onset) -> None:
    """The onset estimands as intervals in a strip of their own below the curve."""
    marks = _marks(onset)
    if not marks:
        return
    lower, upper = ax.get_ylim()
    step = 0.095 * (upper - lower)
    ax.axhline(lower, color="#9A9A9A", linewidth=0.8)
    ax.set_ylim(lower - step * (len(marks) + 0.15), upper)
    ax.set_yticks([tick for tick in ax.get_yticks() if lower <= tick <= upper])
    first, last = ax.get_xlim()
    for row, mark in enumerate(marks):
        height = lower - step * (row + 0.8)
        ax.plot([mark.share] * 2, [height, upper], color=mark.colour, linewidth=0.8, linestyle=":")
        if mark.band is not None:
            ends = [
                min(max(100.0 * end, first), last) for end in (mark.band.lower, mark.band.upper)
            ]
            ax.plot(ends, [height] * 2, color=mark.colour, linewidth=2.4, solid_capstyle="butt")
        ax.plot([mark.share], [height], mark.marker, color=mark.colour, markersize=4.5)
        ax.annotate(
            mark.text,
            (0.012, height + 0.42 * step),
            xycoords=("axes fraction", "data"),
            va="center",
            color=mark.colour,
            fontsize=8.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )


class _Mark(NamedTuple):
    """An onset estimand in the strip: what it says, its share in per cent, its band."""

    text: str
    share: float
    band: Interval | None
    colour: str
    marker: str


def _marks(onset: Onset) -> list[_Mark]:
    """The estimands that have a value within the shares."""
    marks = []
    benchmark, knot, transition = onset.benchmark, onset.break_point, onset.transition
    if benchmark is not None and benchmark.safe_share is not None:
        safe = benchmark.safe_share
        marks.append(_Mark(f"safe share {percent(safe)}", 100.0 * safe, None, BLACK, "<"))
    if benchmark is not None and benchmark.share is not None:
        size = f"{100.0 * benchmark.loss:.3g} {'%' if benchmark.relative else 'points'} lost"
        name = f"benchmark share, {size}"
        marks.append(_mark(name, benchmark, benchmark.share, benchmark.band, VERMILLION, "o"))
    if knot is not None:
        marks.append(_mark("knot of a kink", knot, knot.knot, knot.band, PURPLE, "s"))
    if transition is not None and transition.shown:
        centre, band = transition.centre, transition.centre_band
        marks.append(_mark("transition centre", transition, centre, band, GREEN, "D"))
    return marks


def _mark(
    name: str,
    estimand: BenchmarkShare | Break | Transition,
    share: float,
    band: Interval | None,
    colour: str,
    marker: str,
) -> _Mark:
    text = f"{name}: {estimate(estimand.estimates()[0], 'share')}"
    return _Mark(text, 100.0 * share, band, colour, marker)


def _legend(figure: Figure, reference: Drawn) -> None:
    """Above the panels, so that it covers nothing."""
    from matplotlib.lines import Line2D

    mean = curve_label(reference)
    handles: list[Artist] = [Line2D([], [], color=BLUE, marker="o", label=mean)]
    if reference.control is not None:
        handles.append(
            Line2D(
                [],
                [],
                color=GREY,
                marker="o",
                markerfacecolor="white",
                linestyle=(0, (4, 2)),
                label="the same real rows alone (real_only)",
            )
        )
    handles.append(claim_handle())
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles), columnspacing=1.6)
