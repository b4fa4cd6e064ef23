"""Figure: rare recall against the share, one panel per varied knob."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smcollapse.questions.answer import RESPONSE
from smcollapse.report.selection import Drawn, Material, curve_label, shares_of
from smcollapse.report.style import (
    BLACK,
    MARKERS,
    SERIES,
    claim_handle,
    draw_curve,
    new_figure,
    shade_claim,
    share_axis,
    span_at_least,
)
from smcollapse.report.wording import measure_name, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SEVERAL = "several settings at once"

TITLES = {"source.templates": "distinct examples (0: no limit)"}
"""Titles of panels whose values the setting's name does not explain."""
MOST_CURVES = len(SERIES)
"""More curves than that in one panel cannot be told apart; the table by condition has them all."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One knob with the conditions that differ from the reference in it alone.

    curves : label and condition, in the order of the knob's values
    left_out : number of conditions that are too many to be drawn
    """

    title: str
    reference: str
    curves: tuple[tuple[str, Drawn], ...]
    left_out: int


def panels_of(material: Material) -> tuple[Panel, ...]:
    """A panel per varied knob, and one for variants that change several at once.

    Combinations of crossed axes have no short name: they are in the table and the forest plot.
    """
    base = material.reference.condition.settings
    groups: dict[str, list[tuple[str, Drawn]]] = {}
    for drawn in material.drawn[1:]:
        settings = drawn.condition.settings
        if not drawn.rows[RESPONSE].notna().any():
            continue
        changed = [knob for knob in material.knobs if not same_value(settings[knob], base[knob])]
        if len(changed) == 1:
            knob = changed[0]
            groups.setdefault(knob, []).append((value_text(settings[knob]), drawn))
        elif drawn.label == settings["variant"]:
            groups.setdefault(SEVERAL, []).append((drawn.label, drawn))
    ordered = [knob for knob in (*material.knobs, SEVERAL) if knob in groups]
    return tuple(
        _panel(knob, material.knobs.get(knob, knob), groups[knob], base) for knob in ordered
    )


def _panel(knob: str, path: str, curves: list[tuple[str, Drawn]], base: dict[str, Any]) -> Panel:
    if knob != SEVERAL:
        curves = sorted(curves, key=lambda curve: order_of(curve[1].condition.settings[knob]))
    reference = "reference" if knob == SEVERAL else f"{value_text(base[knob])} (ref.)"
    kept = tuple(curves[:MOST_CURVES])
    title = TITLES.get(path, path.replace(".", " ").replace("_", " "))
    return Panel(title, reference, kept, len(curves) - len(kept))


def same_value(one: Any, other: Any) -> bool:
    return bool(one == other) or (_is_missing(one) and _is_missing(other))


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def value_text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def order_of(value: Any) -> tuple[int, float, str]:
    """Numbers by size, then everything else by its text."""
    number = isinstance(value, int | float) and not _is_missing(value)
    return (0, float(value), "") if number else (1, 0.0, str(value))


def knobs_figure(material: Material) -> Figure | None:
    """Small multiples with the reference curve in each; None where no knob is varied."""
    from matplotlib.lines import Line2D

    panels = panels_of(material)
    if not panels:
        return None
    columns = 2 if len(panels) == 4 else min(len(panels), 3)
    rows = math.ceil(len(panels) / columns)
    figure = new_figure(max(3.1 * columns + 0.3, 5.4), 2.9 * rows + 0.5)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for ax, panel in zip(axes.flat, panels, strict=False):
        _draw(ax, panel, material)
    for ax in axes.flat[len(panels) :]:
        ax.remove()
    span_at_least(axes[0, 0], 10.0)
    for place, (ax, panel) in enumerate(zip(axes.flat, panels, strict=False)):
        _label_ends(ax, panel, material)
        ax.xaxis.label.set_visible(place + columns >= len(panels))
    for ax in axes[:, 0]:
        ax.set_ylabel(f"{measure_name(RESPONSE)}, %")
    label = curve_label(material.reference)
    figure.legend(
        handles=[Line2D([], [], color=BLACK, marker="o", label=label), claim_handle()],
        loc="outside upper left",
        ncols=2 if len(label) <= 24 * columns else 1,
        columnspacing=1.6,
    )
    return figure


def _draw(ax: Axes, panel: Panel, material: Material) -> None:
    shade_claim(ax)
    ax.set_title(shortened(panel.title))
    for (_, drawn), colour, marker in zip(panel.curves, SERIES, MARKERS, strict=False):
        draw_curve(ax, drawn.rows, RESPONSE, material.replication, colour=colour, marker=marker)
    reference = material.reference.rows
    draw_curve(ax, reference, RESPONSE, material.replication, colour=BLACK, zorder=2.5)
    rows = [material.reference.rows, *(drawn.rows for _, drawn in panel.curves)]
    share_axis(ax, sorted({share for frame in rows for share in shares_of(frame)}))
    ax.tick_params(labelbottom=True)


def _label_ends(ax: Axes, panel: Panel, material: Material) -> None:
    """Name every curve at its right end, pushed apart where ends are close."""
    ends = [(panel.reference, BLACK, *_end(material.reference))]
    for (label, drawn), colour in zip(panel.curves, SERIES, strict=False):
        ends.append((label, colour, *_end(drawn)))
    lower, upper = ax.get_ylim()
    heights = spread([end[3] for end in ends], 0.075 * (upper - lower), lower, upper)
    right = ax.get_xlim()[1]
    for (label, colour, _, _), height in zip(ends, heights, strict=True):
        ax.annotate(
            shortened(label, 18),
            (right, height),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            fontsize=8.0,
            fontweight="bold",
            annotation_clip=False,
        )
    if panel.left_out:
        ax.set_xlabel(f"synthetic share, %   ({panel.left_out} more in the table)")


def _end(drawn: Drawn) -> tuple[float, float]:
    """Largest share and the mean there, in per cent."""
    rows = drawn.rows[drawn.rows[RESPONSE].notna()]
    last = rows["share"].max()
    return 100.0 * float(last), 100.0 * float(rows[rows["share"] == last][RESPONSE].mean())


def spread(heights: list[float], gap: float, lower: float, upper: float) -> list[float]:
    """Heights at least `gap` apart, in the same order and as near as pushing upwards allows.

    Where the pushed stack would leave `upper`, it is pushed down again from there; labels leave
    `lower` only where they do not fit at all.
    """
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    placed = list(heights)
    floor = lower
    for i in order:
        placed[i] = max(placed[i], floor)
        floor = placed[i] + gap
    ceiling = upper
    for i in reversed(order):
        placed[i] = min(placed[i], ceiling)
        ceiling = placed[i] - gap
    return placed
