"""Tables and figure of `smcollapse attribute`: what moves the effect and the onset."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from smcollapse.inference import Interval
from smcollapse.inference.attributions.attribution import Attribution
from smcollapse.inference.attributions.onset_attribution import OnsetAttribution
from smcollapse.questions.attribute import AttributionReport
from smcollapse.questions.measures import Unit
from smcollapse.report.style import BLUE, GREY, VERMILLION, new_figure
from smcollapse.report.wording import measure_name, points, scale_of, with_limits
from smcollapse.report.write_predictions import write_files

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Line = tuple[str, str, str, str, str]


class _Row(NamedTuple):
    """A term: name, span, value and interval in its unit, p-values."""

    term: str
    span: str
    value: float
    interval: Interval | None
    p_value: float
    p_adjusted: float
    unit: Unit


def write_attribution(report: AttributionReport, folder: Path) -> tuple[Path, ...]:
    """Write `attribution.csv` and its figure. Raises StoreError for a folder not writable."""
    return write_files(
        folder,
        {"attribution": attribution_rows(report)},
        {"attribution": lambda: attribution_figure(report)},
    )


def effect_lines(found: Attribution, unit: Unit) -> list[Line]:
    """Rows for a terminal, in points of the measure or its own unit."""
    return [_line(row) for row in _effect_rows(found, unit)]


def onset_lines(found: OnsetAttribution) -> list[Line]:
    """Rows for a terminal, in points of share."""
    return [_line(row) for row in _onset_rows(found)]


def attribution_rows(report: AttributionReport) -> pd.DataFrame:
    """One row per term and response."""
    rows = []
    for what, found in _parts(report):
        for row in found:
            low, high = (
                (math.nan, math.nan)
                if row.interval is None
                else (row.interval.lower, row.interval.upper)
            )
            rows.append(
                {
                    "of": what,
                    "term": row.term,
                    "span": row.span,
                    "value": row.value,
                    "lower": low,
                    "upper": high,
                    "p_value": row.p_value,
                    "p_adjusted": row.p_adjusted,
                }
            )
    return pd.DataFrame(rows)


def _effect_rows(found: Attribution, unit: Unit) -> list[_Row]:
    return [
        _Row(t.term, t.span, t.points, t.points_interval, t.p_value, t.p_adjusted, unit)
        for t in found.terms
    ]


def _onset_rows(found: OnsetAttribution) -> list[_Row]:
    return [
        _Row(t.term, t.span, t.shift, t.band, t.p_value, t.p_adjusted, "fraction")
        for t in found.terms
    ]


def _parts(report: AttributionReport) -> list[tuple[str, list[_Row]]]:
    parts = []
    if report.effect is not None:
        parts.append(("effect", _effect_rows(report.effect, report.unit)))
    if report.onset is not None:
        parts.append(("onset", _onset_rows(report.onset)))
    return parts


def _line(row: _Row) -> Line:
    parts = with_limits(row.value, row.interval, row.unit, signed=True, word=points(row.unit))
    moved = " ".join(parts).strip()
    return (row.term, row.span, moved, _p(row.p_value), _p(row.p_adjusted))


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else f"{value:.3f}"


def attribution_figure(report: AttributionReport) -> Figure:
    """A forest of the terms for the effect and for the onset; grey where nothing is shown."""
    parts = _parts(report)
    most = max(len(rows) for _, rows in parts)
    figure = new_figure(5.4 * len(parts) + 1.2, 1.5 + 0.36 * most)
    axes = figure.subplots(1, len(parts), squeeze=False)[0]
    level = report.effect.level if report.effect is not None else 0.95
    for ax, (what, rows) in zip(axes, parts, strict=True):
        _forest(ax, rows, 1.0 - level)
        name = measure_name(report.response)
        ax.set_title(f"change of {name}" if what == "effect" else f"benchmark share of {name}")
        word = ", points of share" if what == "onset" else ", points"
        word = "" if what == "effect" and report.unit == "none" else word
        ax.set_xlabel(f"moved by{word}   (coloured: corrected p ≤ {1 - level:.2g})")
    return figure


def _forest(ax: Axes, rows: list[_Row], alpha: float) -> None:
    ax.axvline(0.0, color="#9A9A9A", linewidth=0.8)
    for y, row in enumerate(rows):
        shown = row.p_adjusted <= alpha
        colour = (VERMILLION if row.value < 0 else BLUE) if shown else GREY
        if row.interval is not None:
            ends = [scale_of(row.unit) * end for end in (row.interval.lower, row.interval.upper)]
            ax.plot(ends, [y, y], color=colour, linewidth=1.5)
        ax.plot([scale_of(row.unit) * row.value], [y], "o", color=colour, markersize=5.0)
    ax.set_yticks(range(len(rows)), [row.term for row in rows], fontsize=8.0)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.grid(visible=False, axis="y")
