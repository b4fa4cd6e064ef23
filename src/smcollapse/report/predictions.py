"""Figure: what every theory predicts for the reference condition, the onsets marked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from smcollapse.questions.conditions import REFERENCE
from smcollapse.questions.predict import RESPONSE, Predicted, Predictions
from smcollapse.report.measures import PANELS, SMALLEST_SPAN, SPARE
from smcollapse.report.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    VERMILLION,
    claim_handle,
    new_figure,
    shade_claim,
    share_axis,
    span_at_least,
)
from smcollapse.report.wording import measure_name, percent, shortened

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {"counts": BLUE, "proportional": BLUE, "population": VERMILLION, "coverage": GREEN}
"""Colours of the theories; others take what is left."""
OTHERS = (PURPLE, ORANGE)
SOLID = 2
"""So many theories have solid lines; the others, which may coincide with one, have dashes."""
DASHES = (0.0, (3.0, 2.0))

MARKS = (
    ("benchmark_share", "o", "benchmark share"),
    ("knot", "s", "knot"),
    ("transition_centre", "D", "transition centre"),
    ("flip", "|", "local majority flips"),
)
"""Onsets as they are marked: field of `Onsets`, marker, name."""


def predictions_figure(predictions: Predictions) -> Figure:
    """Six panels over the share, a line per theory; its first condition is the reference."""
    shown = [predictions.by(theory)[0] for theory in predictions.theories]
    measures = [name for name in (*PANELS, SPARE) if any(_known(one, name) for one in shown)]
    figure = new_figure(9.0, 8.4)
    grid = figure.add_gridspec(3, 3)
    places = [grid[0:2, 0:2], grid[0, 2], grid[1, 2], grid[2, 0], grid[2, 1], grid[2, 2]]
    for measure, place in zip(measures, places, strict=False):
        ax = figure.add_subplot(place)
        _panel(ax, shown, measure)
        if measure == RESPONSE:
            mark_onsets(ax, shown)
    _legend(figure, shown)
    return figure


def colour_of(one: Predicted, shown: list[Predicted]) -> str:
    """The colour of a theory among those that are shown together."""
    names = [other.theory.name for other in shown if other.theory.name not in COLOURS]
    name = one.theory.name
    return COLOURS[name] if name in COLOURS else OTHERS[names.index(name) % len(OTHERS)]


def setting_name(path: str) -> str:
    """A setting in print: `source.tempering` is "source tempering"."""
    return path.replace(".", " ").replace("_", " ")


def theory_label(one: Predicted) -> str:
    """The theory, and the condition where it is not the reference."""
    named = "" if one.label == REFERENCE else f", {shortened(one.label)}"
    return f"theory “{one.theory.name}”{named}"


def draw_prediction(
    ax: Axes, one: Predicted, measure: str, colour: str, marker: str = "o", *, dashed: bool = False
) -> None:
    """The line of a prediction, with a point at each of the study's shares, in per cent.

    Dashes without points, above all else, do not hide a line that they coincide with.
    """
    line = one.line
    values = 100.0 * line.measures[measure]
    if dashed:
        ax.plot(100.0 * line.shares, values, color=colour, linestyle=DASHES, zorder=4.0)
        return
    ax.plot(100.0 * line.shares, values, color=colour, zorder=3.0)
    ax.plot(
        100.0 * one.curve.shares,
        100.0 * one.curve.measures[measure],
        linestyle="",
        marker=marker,
        markersize=4.5 if one.curve is not line else 3.0,
        color=colour,
        markeredgecolor="white",
        markeredgewidth=0.6,
        zorder=3.5,
    )


def mark_onsets(ax: Axes, shown: list[Predicted]) -> None:
    """The onsets of every theory in a strip of their own below the curves, a row each."""
    lower, upper = ax.get_ylim()
    step = 0.12 * (upper - lower)
    ax.axhline(lower, color="#9A9A9A", linewidth=0.8)
    ax.set_ylim(lower - step * (len(shown) + 0.15), upper)
    ax.set_yticks([tick for tick in ax.get_yticks() if lower <= tick <= upper])
    for row, one in enumerate(shown):
        height, colour = lower - step * (row + 0.75), colour_of(one, shown)
        marked = 0
        for field, marker, _ in MARKS:
            share = getattr(one.onsets, field)
            if share is None or not math.isfinite(share):
                continue
            if field == "transition_centre" and not one.onsets.transition_shown:
                continue
            marked += 1
            ax.plot(
                [100.0 * share],
                [height],
                marker,
                color=colour,
                markersize=13.0 if marker == "|" else 6.0,
                markeredgecolor=colour if marker == "|" else "white",
                markeredgewidth=1.6 if marker == "|" else 0.6,
            )
        share = one.onsets.benchmark_share
        text = "loss not reached" if share is None else f"10 % lost at {percent(share)}"
        if share is not None and math.isnan(share):
            text = "no onset"
        ax.annotate(
            f"{one.theory.name}: {text}",
            (0.012, height + 0.46 * step),
            xycoords=("axes fraction", "data"),
            va="center",
            color=colour,
            fontsize=8.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )


def _known(one: Predicted, measure: str) -> bool:
    return any(math.isfinite(value) for value in one.curve.measures[measure])


def _panel(ax: Axes, shown: list[Predicted], measure: str) -> None:
    shade_claim(ax)
    for number, one in reversed(list(enumerate(shown))):
        draw_prediction(ax, one, measure, colour_of(one, shown), dashed=number >= SOLID)
    name = measure_name(measure)
    ax.set_title(name[0].upper() + name[1:] + (", %" if measure != SPARE else ", × 100"))
    share_axis(ax, sorted({float(share) for one in shown for share in one.curve.shares}))
    span_at_least(ax, SMALLEST_SPAN)


def _legend(figure: Figure, shown: list[Predicted]) -> None:
    """Above the panels, so that it covers nothing: theories, then marks."""
    from matplotlib.lines import Line2D

    handles: list[Artist] = [
        Line2D(
            [],
            [],
            color=colour_of(one, shown),
            marker="o" if number < SOLID else "",
            markeredgecolor="white",
            linestyle="-" if number < SOLID else DASHES,
            label=theory_label(one),
        )
        for number, one in enumerate(shown)
    ]
    handles.append(claim_handle())
    handles += [
        Line2D(
            [],
            [],
            linestyle="",
            marker=marker,
            color=GREY,
            markersize=11.0 if marker == "|" else 6.0,
            label=name,
        )
        for _, marker, name in MARKS
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=4, columnspacing=1.6)
