"""Figure of `smcollapse specify`: estimates sorted, their choices below them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from smcollapse.inference.specifications.choices import DIMENSIONS
from smcollapse.inference.specifications.results import SpecificationCurve
from smcollapse.questions.measures import Unit
from smcollapse.questions.specify import SpecificationReport
from smcollapse.report.specification_words import (
    ORDER,
    curve_words,
    joint_words,
    largest_words,
    named,
    value_words,
)
from smcollapse.report.style import BAND, BLACK, BLUE, GREY, VERMILLION, new_figure
from smcollapse.report.wording import NBSP, measure_name, percent_range, scale_of, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, LEFT, RIGHT = 9.6, 2.3, 0.65
TITLE, HEAD, UPPER, GAP, ROW, FOOT = 0.2, 0.86, 2.6, 0.22, 0.185, 0.12
"""Inches: of the figure and its margins; of its title, the words above a panel, the estimates, what
parts them from their matrix, a row of that, and the lower margin."""

LEFT_SHIFT = (LEFT - 0.15) / (WIDTH - LEFT - RIGHT)
"""How far left of a panel its title starts, in widths of the panel."""


def specification_figure(report: SpecificationReport, place: int = 0) -> Figure:
    """Onset and effect of one condition, each as sorted estimates above a matrix of choices."""
    one, unit = report.found[place], report.unit
    assert one.specification is not None
    curves = [
        curve for curve in (one.specification.onset, one.specification.effect) if curve is not None
    ]
    lower = [ROW * len(_options(curve)) for curve in curves]
    height = TITLE + sum(HEAD + UPPER + GAP + rows for rows in lower) + FOOT
    figure = new_figure(WIDTH, height)
    figure.set_layout_engine("none")  # everything has its size in inches

    def axes(top: float, tall: float) -> Axes:
        box = (LEFT / WIDTH, (top - tall) / height, (WIDTH - LEFT - RIGHT) / WIDTH, tall / height)
        return figure.add_axes(box)

    top = height - TITLE
    for curve, rows in zip(curves, lower, strict=True):
        _estimates(axes(top - HEAD, UPPER), curve, unit)
        if rows:
            _matrix(axes(top - HEAD - UPPER - GAP, rows), curve, unit)
        top -= HEAD + UPPER + GAP + rows
    title = ", ".join(measure_name(name) for name in report.responses)
    if len(report.found) > 1:
        title = f"{shortened(one.label, 60)}: {title}"
    figure.text(
        0.15 / WIDTH, 1.0 - 0.12 / height, title, va="top", fontsize=10.5, fontweight="bold"
    )
    return figure


def _estimates(ax: Axes, curve: SpecificationCurve, unit: Unit) -> None:
    """Sorted estimates with intervals; where a loss is not reached, a mark at the upper edge."""
    onset = curve.estimand == "onset"
    scale = 100.0 if onset else scale_of(unit)
    low, high = _span(curve, scale)
    size = _marker(curve, 4.2)
    for kind in (False, None, True):
        places = [k for k, row in enumerate(curve.rows) if row.significant is kind]
        if not places:
            continue
        colour = _colour(curve, kind)
        rows = [curve.rows[k] for k in places]
        bands = [row.interval for row in rows if row.interval is not None]
        if len(bands) == len(rows):
            ends = np.clip([[scale * band.lower, scale * band.upper] for band in bands], low, high)
            ax.vlines(
                places, ends[:, 0], ends[:, 1], color=colour, linewidth=0.25 * size, alpha=0.45
            )
        values = [scale * row.estimate for row in rows]
        inside = [(k, y) for k, y in zip(places, values, strict=True) if y <= high]
        beyond = [k for k, y in zip(places, values, strict=True) if y > high]
        if inside:
            ax.plot(*zip(*inside, strict=True), "o", color=colour, markersize=size)
        if beyond:
            (mark,) = ax.plot(beyond, [high] * len(beyond), "^", color=colour)
            mark.set(markersize=size + 1.0, clip_on=False)
    if curve.reference is not None and onset:
        ax.axhspan(*(100.0 * end for end in curve.reference), color=BAND, linewidth=0, zorder=0.5)
    if not onset:
        ax.axhline(0.0, color="#9A9A9A", linewidth=0.9, zorder=1.0)
    ax.set_ylim(low, high)
    ax.set_xlim(-1.0, len(curve.rows))
    words = "change" if unit == "none" else "change, points"
    if curve.turned:
        words += " (harm is negative)"
    ax.set_ylabel("onset, synthetic share, %" if onset else words)
    ax.grid(visible=False, axis="x")
    ax.tick_params(axis="x", bottom=False, labelbottom=False)
    ax.spines["bottom"].set_visible(False)
    _title(ax, curve, unit)
    _legend(ax, curve)


def _title(ax: Axes, curve: SpecificationCurve, unit: Unit) -> None:
    name = "Onset" if curve.estimand == "onset" else "Change"
    lines = [f"{name}: {curve_words(curve, unit)}"]
    last = largest_words(curve, unit) if curve.joint is None else joint_words(curve.joint)
    if last:
        lines.append(last[0].upper() + last[1:])
    ax.set_title("\n".join(lines), fontsize=8.5, fontweight="normal", pad=20.0, x=-LEFT_SHIFT)


def _legend(ax: Axes, curve: SpecificationCurve) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    onset = curve.estimand == "onset"
    level = next((row.interval.level for row in curve.rows if row.interval is not None), None)
    handles: list[Line2D | Patch] = []
    names = {
        True: "interval leaves out the claimed range" if onset else "interval leaves out 0",
        False: "interval reaches it" if onset else "interval reaches 0",
        None: "estimate" if level is None else f"estimate, {100 * level:.3g} % interval",
    }
    for kind in (True, False, None):
        if any(row.significant is kind for row in curve.rows):
            colour, label = _colour(curve, kind), names[kind]
            handles.append(Line2D([], [], color=colour, marker="o", markersize=4.2, label=label))
            handles[-1].set_linewidth(1.0)
    if onset and curve.reference is not None:
        handles.append(Patch(color=BAND, label=f"claimed, {percent_range(*curve.reference)}"))
    if any(math.isinf(row.estimate) for row in curve.rows):
        handles.append(
            Line2D([], [], color=GREY, marker="^", linestyle="", markersize=5, label="not reached")
        )
    ax.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        borderaxespad=0.2,
        ncols=len(handles),
        fontsize=8.0,
        handlelength=1.6,
        columnspacing=1.4,
    )


def _marker(curve: SpecificationCurve, largest: float) -> float:
    """Size of a mark in points: as wide as its place at most, two thirds of it."""
    place = 72.0 * (WIDTH - LEFT - RIGHT) / (len(curve.rows) + 1)
    return min(largest, max(0.66 * place, 1.2))


def _colour(curve: SpecificationCurve, significant: bool | None) -> str:
    """Blue speaks for a claim, vermillion against it, grey for neither."""
    if curve.estimand == "onset":
        return VERMILLION if significant else BLUE
    return BLUE if significant or significant is None else GREY


def _span(curve: SpecificationCurve, scale: float) -> tuple[float, float]:
    """Limits of the vertical axis as printed: all estimates, and most of their intervals."""
    values = [scale * row.estimate for row in curve.rows if math.isfinite(row.estimate)]
    ends = [
        scale * end
        for row in curve.rows
        if row.interval is not None
        for end in (row.interval.lower, row.interval.upper)
        if math.isfinite(end)
    ]
    if ends:
        values += [float(np.quantile(ends, 0.02)), float(np.quantile(ends, 0.98))]
    marks = [0.0] if curve.estimand == "effect" else [100.0 * end for end in curve.reference or ()]
    low, high = min([*values, *marks], default=0.0), max([*values, *marks], default=1.0)
    margin = 0.06 * (high - low) or 1.0
    if curve.estimand == "onset":  # a share, though the centre of a logistic may lie outside
        low, high = max(low, margin), min(high, 100.0)
    return low - margin, high + margin


def _options(curve: SpecificationCurve) -> list[tuple[str, str]]:
    """Dimension and option of every row of the matrix; a choice without alternative has none."""
    out = []
    for name in ("estimator", *DIMENSIONS[:-1]):
        held = list(dict.fromkeys(getattr(row, name) for row in curve.rows))
        if name != "measure":
            held.sort(key=ORDER.index)
        if len(held) > 1:
            out += [(name, option) for option in held]
    return out


def _matrix(ax: Axes, curve: SpecificationCurve, unit: Unit) -> None:
    """A row per option, a dot where a specification takes it, an estimand's median at its end."""
    options = _options(curve)
    size = _marker(curve, 3.6)
    for y, (name, option) in enumerate(options):
        places = [k for k, row in enumerate(curve.rows) if getattr(row, name) == option]
        ax.plot(places, [y] * len(places), "o", color=BLACK, markersize=size, markeredgewidth=0.0)
        ax.annotate(
            _median_text(curve, name, option, unit),
            (1.0, y),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.8,
            color=GREY,
        )
    groups = list(dict.fromkeys(name for name, _ in options))
    for number_, group in enumerate(groups):
        rows = [y for y, (name, _) in enumerate(options) if name == group]
        if number_ % 2 == 0:
            ax.axhspan(rows[0] - 0.5, rows[-1] + 0.5, color="#F3F3F3", linewidth=0, zorder=0.2)
        ax.annotate(
            group,
            (0.0, (rows[0] + rows[-1]) / 2.0),
            xycoords=("axes fraction", "data"),
            xytext=(-72.0 * (LEFT - 0.15), 0),
            textcoords="offset points",
            ha="left",
            va="center",
            fontsize=8.2,
            fontweight="bold",
        )
    ax.annotate(
        "median",
        (1.0, 1.0),
        xycoords="axes fraction",
        xytext=(6, 2),
        textcoords="offset points",
        va="bottom",
        fontsize=7.8,
        color=GREY,
    )
    ax.set_yticks(range(len(options)), [named(option) for _, option in options], fontsize=8.0)
    ax.set_ylim(len(options) - 0.5, -0.5)
    ax.set_xlim(-1.0, len(curve.rows))
    ax.tick_params(axis="both", length=0, labelbottom=False)
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _median_text(curve: SpecificationCurve, name: str, option: str, unit: Unit) -> str:
    """The median of an estimator's estimates; of other choices, which mix estimands, nothing."""
    found = [one for one in curve.medians if name == "estimator" and one.estimator == option]
    if len(found) != 1:  # one for each of several measures: they stand in the table
        return ""
    if math.isinf(found[0].median):
        return "–"
    text = value_words(curve, found[0].median, unit)
    return text.removesuffix(f"{NBSP}points").removesuffix(f"{NBSP}%")
