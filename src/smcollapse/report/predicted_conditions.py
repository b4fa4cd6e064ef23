"""Figures: predicted onset of every condition, and what each varied knob does to the curve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from smcollapse.questions.predict import RESPONSE, Predicted, Predictions
from smcollapse.report.knobs import MOST_CURVES, SEVERAL, order_of, same_value, spread, value_text
from smcollapse.report.onsets import MOST_ROWS
from smcollapse.report.predictions import (
    colour_of,
    draw_prediction,
    setting_name,
    theory_label,
)
from smcollapse.report.style import (
    BLACK,
    GREY,
    MARKERS,
    SERIES,
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

NO_LIMIT = {"source.templates": " (0: no limit)"}


def onsets_figure(predictions: Predictions) -> Figure | None:
    """A row per condition, benchmark share and flip of every theory; None with one condition."""
    labels = list(dict.fromkeys(one.label for one in predictions.found))
    rows = {label: row for row, label in enumerate(labels[:MOST_ROWS])}
    if len(rows) < 2:
        return None
    leading = [predictions.by(theory)[0] for theory in predictions.theories]
    figure = new_figure(9.0, 1.5 + (0.26 + 0.12 * len(leading)) * len(rows))
    ax = figure.subplots()
    shade_claim(ax, labelled=True)
    share_axis(ax, sorted({float(s) for one in predictions.found for s in one.curve.shares}))
    beyond = False
    for number, theory in enumerate(predictions.theories):
        offset = 0.26 * (number - 0.5 * (len(leading) - 1))
        for one in predictions.by(theory):
            if one.label in rows:
                beyond |= _mark(ax, rows[one.label] + offset, one, colour_of(one, leading))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_yticks(range(len(rows)), [shortened(label) for label in rows])
    ax.tick_params(axis="y", length=0.0, labelsize=9.0, labelcolor=BLACK)
    ax.grid(visible=False, axis="y")
    if len(labels) > len(rows):
        ax.set_xlabel(f"synthetic share, %   ({len(labels) - len(rows)} more in the table)")
    _onsets_legend(figure, leading, beyond)
    return figure


def _mark(ax: Axes, height: float, one: Predicted, colour: str) -> bool:
    """Benchmark share and flip in a row; whether the onset lies beyond the shares."""
    share, flip, last = one.onsets.benchmark_share, one.onsets.flip, 100.0 * one.onsets.largest
    if flip is not None and 100.0 * flip <= ax.get_xlim()[1]:
        ax.plot([100.0 * flip], [height], "|", color=colour, markersize=11.0, markeredgewidth=1.6)
    if share is None:
        ax.plot([last], [height], ">", color=colour, markersize=6.0, clip_on=False)
        text = "not reached"
    elif math.isnan(share):
        text = "no number"
    else:
        ax.plot([100.0 * share], [height], "o", color=colour, markersize=5.5)
        text = percent(share)
    ax.annotate(
        text,
        (1.0, height),
        xycoords=("axes fraction", "data"),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.0,
        color=colour,
    )
    return share is None


def _onsets_legend(figure: Figure, leading: list[Predicted], beyond: bool) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour_of(one, leading), linewidth=4.0, label=theory_label(one))
        for one in leading
    ]
    marks = [("o", 5.5, "10 % of rare recall lost"), ("|", 11.0, "local majority flips")]
    marks += [(">", 6.0, "beyond the largest share")] if beyond else []
    handles += [
        Line2D([], [], linestyle="", marker=marker, color=GREY, markersize=size, label=name)
        for marker, size, name in marks
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=6, columnspacing=1.4)


def knobs_figure(predictions: Predictions) -> Figure | None:
    """Rare recall over the share, a panel per varied knob, by the first theory; None without."""
    theory = predictions.theories[0]
    reference, *others = predictions.by(theory)
    panels = panels_of(reference, others, predictions.knobs)
    if not panels:
        return None
    columns = 2 if len(panels) == 4 else min(len(panels), 3)
    height = math.ceil(len(panels) / columns)
    figure = new_figure(max(3.1 * columns + 0.3, 5.4), 2.9 * height + 0.5)
    axes = figure.subplots(height, columns, sharex=True, sharey=True, squeeze=False)
    for ax, (title, curves) in zip(axes.flat, panels.items(), strict=False):
        _draw_panel(ax, title, curves, reference)
    for ax in axes.flat[len(panels) :]:
        ax.remove()
    span_at_least(axes[0, 0], 10.0)
    for place, (ax, curves) in enumerate(zip(axes.flat, panels.values(), strict=False)):
        _label_ends(ax, curves[: MOST_CURVES + 1])
        ax.xaxis.label.set_visible(place + columns >= len(panels))
        if (more := len(curves) - 1 - MOST_CURVES) > 0:
            ax.set_xlabel(f"synthetic share, %   ({more} more in the table)")
    for ax in axes[:, 0]:
        ax.set_ylabel(f"{measure_name(RESPONSE)}, %")
    _knobs_legend(figure, reference)
    return figure


Curves = list[tuple[str, Predicted]]
"""Label and prediction, the reference first."""


def panels_of(
    reference: Predicted, others: list[Predicted], knobs: dict[str, str]
) -> dict[str, Curves]:
    """Title and curves of a panel per knob, and of one for variants that change several at once.

    Combinations of crossed axes have no short name: they are in the table and the forest plot.
    """
    base = reference.condition.settings
    groups: dict[str, Curves] = {}
    for one in others:
        settings = one.condition.settings
        changed = [knob for knob in knobs if not same_value(settings[knob], base[knob])]
        if len(changed) == 1:
            groups.setdefault(changed[0], []).append((value_text(settings[changed[0]]), one))
        elif one.label == settings["variant"]:
            groups.setdefault(SEVERAL, []).append((one.label, one))
    panels: dict[str, Curves] = {}
    for knob in (*knobs, SEVERAL):
        if knob not in groups:
            continue
        named, curves, title = "reference", groups[knob], SEVERAL
        if knob != SEVERAL:
            named = f"{value_text(base[knob])} (ref.)"
            curves = sorted(curves, key=lambda c: order_of(c[1].condition.settings[knob]))
            title = setting_name(knobs[knob]) + NO_LIMIT.get(knobs[knob], "")
        panels[title] = [(named, reference), *curves]
    return panels


def _draw_panel(ax: Axes, title: str, curves: Curves, reference: Predicted) -> None:
    shade_claim(ax)
    ax.set_title(shortened(title))
    for (_, one), colour, marker in zip(curves[1:], SERIES, MARKERS, strict=False):
        draw_prediction(ax, one, RESPONSE, colour, marker)
    draw_prediction(ax, reference, RESPONSE, BLACK)
    share_axis(ax, sorted({float(share) for _, one in curves for share in one.curve.shares}))
    ax.tick_params(labelbottom=True)


def _label_ends(ax: Axes, curves: Curves) -> None:
    """Name every curve at its right end, pushed apart where ends are close."""
    lower, upper = ax.get_ylim()
    ends = [_end(one) for _, one in curves]
    heights = spread(ends, 0.075 * (upper - lower), lower, upper)
    for (label, _), colour, height in zip(curves, (BLACK, *SERIES), heights, strict=False):
        ax.annotate(
            shortened(label, 18),
            (ax.get_xlim()[1], height),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            fontsize=8.0,
            fontweight="bold",
            annotation_clip=False,
        )


def _end(one: Predicted) -> float:
    """The last number of a curve, in per cent."""
    values = one.curve.measures[RESPONSE]
    known = values[~(values != values)]
    return 100.0 * float(known[-1]) if known.size else 0.0


def _knobs_legend(figure: Figure, reference: Predicted) -> None:
    from matplotlib.lines import Line2D

    handles: list[Artist] = [
        Line2D([], [], color=BLACK, marker="o", label=theory_label(reference)),
        claim_handle(),
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=2, columnspacing=1.6)
