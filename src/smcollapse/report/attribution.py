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
from smcollapse.report.wording import measure_name, points, scale_of, with_limits, written
from smcollapse.report.write_predictions import write_files

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Line = tuple[str, str, str, str, str]


class _Row(NamedTuple):
    """A term: name, span, value (nan if open) and interval in its unit, p-values of an effect.

    refined : of an onset, the limits if curves run straight between tried shares
    """

    term: str
    span: str
    value: float
    interval: Interval | None
    unit: Unit
    shown: bool
    p_value: float = math.nan
    p_adjusted: float = math.nan
    refined: Interval | None = None


def write_attribution(report: AttributionReport, folder: Path) -> tuple[Path, ...]:
    """Write `attribution.csv` and its figure. Raises StoreError for a folder not writable."""
    return write_files(
        folder,
        {"attribution": attribution_rows(report)},
        {"attribution": lambda: attribution_figure(report)},
    )


def effect_lines(found: Attribution, unit: Unit) -> list[Line]:
    """Rows for a terminal, in points of the measure or its own unit."""
    return [
        (row.term, row.span, _moved(row), _p(row.p_value), _p(row.p_adjusted))
        for row in _effect_rows(found, unit)
    ]


def onset_lines(found: OnsetAttribution) -> list[Line]:
    """Rows for a terminal, in points of share: estimate, limits for any curves, for straight."""
    return [
        (
            row.term,
            row.span,
            "beyond the shares"
            if math.isnan(row.value)
            else with_limits(row.value, None, row.unit, signed=True, word=points(row.unit))[0],
            _between(row.interval),
            _between(row.refined),
        )
        for row in _onset_rows(found)
    ]


def _between(limits: Interval | None) -> str:
    """Limits in points of share, in words where a side is open."""
    if limits is None or (math.isinf(limits.lower) and math.isinf(limits.upper)):
        return "open"
    ends = [written(100.0 * end, 1, signed=True) for end in _ends(limits) if math.isfinite(end)]
    if len(ends) == 2:
        return f"{ends[0]} to {ends[1]}"
    return f"at {'least' if math.isinf(limits.upper) else 'most'} {ends[0]}"


def attribution_rows(report: AttributionReport) -> pd.DataFrame:
    """One row per term and response."""
    rows = []
    for what, found in _parts(report):
        for row in found:
            low, high = _ends(row.interval)
            low_refined, high_refined = _ends(row.refined)
            rows.append(
                {
                    "of": what,
                    "term": row.term,
                    "span": row.span,
                    "value": row.value,
                    "lower": low,
                    "upper": high,
                    "lower_refined": low_refined,
                    "upper_refined": high_refined,
                    "shown": row.shown,
                    "p_value": row.p_value,
                    "p_adjusted": row.p_adjusted,
                }
            )
    return pd.DataFrame(rows)


def _ends(limits: Interval | None) -> tuple[float, float]:
    return (math.nan, math.nan) if limits is None else (limits.lower, limits.upper)


def _effect_rows(found: Attribution, unit: Unit) -> list[_Row]:
    return [
        _Row(
            t.term,
            t.span,
            t.points,
            t.points_interval,
            unit,
            t.p_adjusted <= 1.0 - found.level,
            t.p_value,
            t.p_adjusted,
        )
        for t in found.terms
    ]


def _onset_rows(found: OnsetAttribution) -> list[_Row]:
    return [
        _Row(
            t.term,
            t.span,
            math.nan if t.shift is None else t.shift,
            t.band,
            "fraction",
            t.shown,
            refined=t.refined,
        )
        for t in found.terms
    ]


def _parts(report: AttributionReport) -> list[tuple[str, list[_Row]]]:
    parts = []
    if report.effect is not None:
        parts.append(("effect", _effect_rows(report.effect, report.unit)))
    if report.onset is not None:
        parts.append(("onset", _onset_rows(report.onset)))
    return parts


def _moved(row: _Row) -> str:
    parts = with_limits(row.value, row.interval, row.unit, signed=True, word=points(row.unit))
    return " ".join(parts).strip()


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else f"{value:.3f}"


def attribution_figure(report: AttributionReport) -> Figure:
    """A forest of the terms for the effect and for the onset; grey where nothing is shown."""
    parts = _parts(report)
    most = max(len(rows) for _, rows in parts)
    figure = new_figure(5.4 * len(parts) + 1.2, 1.5 + 0.36 * most)
    axes = figure.subplots(1, len(parts), squeeze=False)[0]
    for ax, (what, rows) in zip(axes, parts, strict=True):
        _forest(ax, rows)
        name = measure_name(report.response)
        ax.set_title(f"change of {name}" if what == "effect" else f"benchmark share of {name}")
        word = ", points of share" if what == "onset" else ", points"
        word = "" if what == "effect" and report.unit == "none" else word
        ax.set_xlabel(
            f"moved by{word}   (coloured: shown, all terms together)"
            if what == "effect"
            else f"moved by{word}   (thin: any curves; thick: straight ones)"
        )
    return figure


def _forest(ax: Axes, rows: list[_Row]) -> None:
    """Limits as lines, which end at an arrow where they are open."""
    ax.axvline(0.0, color="#9A9A9A", linewidth=0.8)
    ends = [scale_of(row.unit) * end for row in rows for end in (*_ends(row.interval), row.value)]
    reach = 1.4 * max([abs(end) for end in ends if math.isfinite(end)], default=1.0)
    for y, row in enumerate(rows):
        scale = scale_of(row.unit)
        lower, upper = (scale * end for end in _ends(row.interval))
        colour = GREY if not row.shown else VERMILLION if lower < 0.0 and upper <= 0.0 else BLUE
        for limits, width in ((row.interval, 1.5), (row.refined, 3.5)):
            if limits is not None:
                drawn = [max(min(scale * end, reach), -reach) for end in _ends(limits)]
                ax.plot(drawn, [y, y], color=colour, linewidth=width, solid_capstyle="butt")
        for end, marker in ((lower, "<"), (upper, ">")):
            if math.isinf(end):
                place = math.copysign(reach, end)
                ax.plot([place], [y], marker, color=colour, markersize=6.0, clip_on=False)
        ax.plot([scale * row.value], [y], "o", color=colour, markersize=5.0)
    ax.set_yticks(range(len(rows)), [row.term for row in rows], fontsize=8.0)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.grid(visible=False, axis="y")
