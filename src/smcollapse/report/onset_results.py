"""Figure and table of `smcollapse onset`: curves with their fits, onsets with their bands."""

from __future__ import annotations

import math
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit, stdtrit

from smcollapse.inference import Curves, Estimate, Interval, Onset
from smcollapse.inference.onsets.transition import WIDTH_PER_SCALE
from smcollapse.questions.onset_results import FoundOnset, OnsetReport
from smcollapse.report.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    PURPLE,
    VERMILLION,
    claim_handle,
    new_figure,
    shade_claim,
    share_axis,
    span_at_least,
)
from smcollapse.report.wording import axis_name, scale_of, shortened, size_words
from smcollapse.report.write_predictions import write_files

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 12
COLUMNS = 3


def write_onset(report: OnsetReport, folder: Path) -> tuple[Path, ...]:
    """Write `onset-RESPONSE.csv` and its figure. Raises StoreError for a folder not writable."""
    name = f"onset-{_file_name(report.response)}"
    return write_files(folder, {name: onset_rows(report)}, {name: lambda: onset_figure(report)})


def _file_name(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in text)


def onset_rows(report: OnsetReport) -> pd.DataFrame:
    """One row per condition and estimand; one with the reason for a condition without an answer."""
    rows = []
    for one in report.found:
        found = one.onset
        knot = found.shown_knot
        bend = None if knot is None else found.bend
        parts = (found.benchmark, knot, bend, found.shown_transition)
        estimates = [row for part in parts if part is not None for row in part.estimates()]
        estimates += [model.estimate() for model in found.models]
        rows += [estimate_row(one.label, estimate, found.verdict) for estimate in estimates]
        if one.curves is None:
            rows.append({"condition": one.label, "verdict": found.verdict})
    return pd.DataFrame(rows)


def estimate_row(label: str, estimate: Estimate, verdict: str) -> dict[str, object]:
    interval = estimate.interval
    return {
        "condition": label,
        "term": estimate.term,
        "value": estimate.value,
        "se": estimate.se,
        "lower": math.nan if interval is None else interval.lower,
        "upper": math.nan if interval is None else interval.upper,
        "verdict": verdict,
        "method": estimate.method,
        "note": estimate.note,
    }


def onset_figure(report: OnsetReport) -> Figure:
    """A panel per condition: runs, means, the fitted kink and logistic, onsets with their bands."""
    answered = [one for one in report.found if one.curves is not None]
    shown = answered[:MOST_PANELS]
    columns = min(COLUMNS, len(shown))
    lines = math.ceil(len(shown) / columns)
    alone = len(shown) == 1
    figure = new_figure(7.6 if alone else 3.7 * columns, 4.8 if alone else 3.1 * lines + 0.6)
    axes = figure.subplots(lines, columns, squeeze=False)
    for ax, one in zip(axes.flat, shown, strict=False):
        _panel(ax, one, report, alone)
    for ax in axes.flat[len(shown) :]:
        ax.set_visible(False)
    notes = []
    if len(answered) > len(shown):
        notes.append(f"{len(answered) - len(shown)} more conditions in the table")
    if len(report.found) > len(answered):
        notes.append(f"{len(report.found) - len(answered)} without an answer")
    if notes:
        figure.supxlabel(", ".join(notes), fontsize=8.5, color=GREY)
    _legend(figure, shown, report, alone)
    return figure


def _panel(ax: Axes, one: FoundOnset, report: OnsetReport, alone: bool) -> None:
    curves, found = one.curves, one.onset
    assert curves is not None
    scale = scale_of(report.unit)
    if report.folder is not None:
        shade_claim(ax)
    x = 100.0 * curves.shares
    if curves.n_replicates <= 40:
        for run in curves.values:  # noqa: PD011 -- an array
            ax.plot(
                x,
                scale * run,
                ".-",
                color=GREY,
                alpha=0.35,
                markersize=3.0,
                linewidth=0.5,
                zorder=1.5,
            )
    _means(ax, curves, scale)
    fine = np.linspace(curves.shares[0], curves.shares[-1], 200)
    _kink_line(ax, found, curves, fine, scale)
    _logistic_line(ax, found, fine, scale)
    share_axis(ax, curves.shares.tolist())
    if report.unit != "none":
        span_at_least(ax, 4.0)
    _bands(ax, found)
    ax.set_ylabel(axis_name(report.response, report.unit))
    text = found.verdict if alone else f"{shortened(one.label)}: {found.verdict}"
    # a number stays with its sign of per cent
    title = fill(text.replace(" %", "\u00a0%"), 92 if alone else 48)
    ax.set_title(title, fontsize=9.0 if alone else 7.5, fontweight="normal")


def _means(ax: Axes, curves: Curves, scale: float) -> None:
    error = 0.0 * curves.mean
    if curves.has_noise:
        contrasts = np.eye(curves.shares.size)
        variance, freedom = curves.noise.variance_and_freedom(contrasts)
        with np.errstate(invalid="ignore"):
            quantile = np.where(np.isinf(freedom), 0.0, stdtrit(freedom, 0.975))
        error = quantile * np.sqrt(variance)
    ax.errorbar(
        100.0 * curves.shares,
        scale * curves.mean,
        yerr=scale * error,
        fmt="o",
        color=BLUE,
        markersize=4.5,
        linewidth=1.2,
        zorder=3.0,
    )


def _kink_line(ax: Axes, found: Onset, curves: Curves, fine: np.ndarray, scale: float) -> None:
    knot = found.shown_knot
    if knot is None:
        return
    basis = knot.slope_before * (curves.shares - knot.knot) + (
        knot.slope_change * np.maximum(curves.shares - knot.knot, 0.0)
    )
    level = float(np.average(curves.mean - basis, weights=curves.weights))
    line = level + knot.slope_before * (fine - knot.knot)
    line = line + knot.slope_change * np.maximum(fine - knot.knot, 0.0)
    ax.plot(100.0 * fine, scale * line, color=PURPLE, linewidth=1.8, zorder=2.5)


def _logistic_line(ax: Axes, found: Onset, fine: np.ndarray, scale: float) -> None:
    transition = found.shown_transition
    if transition is None:
        return
    z = (fine - transition.centre) / (transition.width / WIDTH_PER_SCALE)
    line = transition.left + (transition.right - transition.left) * expit(z)
    ax.plot(100.0 * fine, scale * line, color=GREEN, linewidth=1.8, zorder=2.4)


def _bands(ax: Axes, found: Onset) -> None:
    """Onsets with their bands in a strip of their own below the curves."""
    marks: list[tuple[float | None, Interval | None, str, str]] = []
    if found.benchmark is not None:
        marks.append((found.benchmark.share, found.benchmark.band, VERMILLION, "o"))
        if found.benchmark.safe_share is not None:
            marks.append((found.benchmark.safe_share, None, BLACK, "<"))
    if (knot := found.shown_knot) is not None:
        marks.append((knot.knot, knot.band, PURPLE, "s"))
    if (transition := found.shown_transition) is not None:
        marks.append((transition.centre, transition.centre_band, GREEN, "D"))
    low, high = ax.get_ylim()
    step = 0.07 * (high - low)
    left, right = ax.get_xlim()
    ax.axhline(low, color="#9A9A9A", linewidth=0.6)
    for number, (share, band, colour, marker) in enumerate(marks):
        y = low - (number + 0.8) * step
        if band is not None:
            ends = [max(100.0 * band.lower, left), min(100.0 * band.upper, right)]
            ax.plot(ends, [y, y], color=colour, linewidth=1.5)
            for end, is_open, arrow in (
                (ends[0], math.isinf(band.lower), "<"),
                (ends[1], math.isinf(band.upper), ">"),
            ):
                if is_open:
                    ax.plot([end], [y], arrow, color=colour, markersize=4.5, clip_on=False)
        if share is not None and left <= 100.0 * share <= right:
            ax.plot([100.0 * share], [y], marker, color=colour, markersize=5.0)
    ax.set_ylim(low - (len(marks) + 0.4) * step, high)
    ticks = [tick for tick in ax.get_yticks() if low <= tick <= high]
    ax.set_yticks(ticks)


def _legend(figure: Figure, shown: list[FoundOnset], report: OnsetReport, alone: bool) -> None:
    from matplotlib.lines import Line2D

    size = next(
        (
            size_words(found.loss, found.relative, report.unit)
            for one in shown
            if (found := one.onset.benchmark) is not None
        ),
        "",
    )
    handles: list[Artist] = [
        Line2D([], [], color=BLUE, marker="o", linestyle="", label="mean, 95 % interval"),
        Line2D([], [], color=VERMILLION, marker="o", label=f"benchmark share ({size})"),
        Line2D([], [], color=BLACK, marker="<", linestyle="", label="safe share"),
    ]
    if any(one.onset.shown_knot is not None for one in shown):
        handles.append(Line2D([], [], color=PURPLE, marker="s", label="kink and knot"))
    if any(one.onset.shown_transition is not None for one in shown):
        handles.append(Line2D([], [], color=GREEN, marker="D", label="logistic and centre"))
    if report.folder is not None:
        handles.append(claim_handle())
    figure.legend(
        handles=handles,
        loc="outside upper left",
        ncols=3 if alone or len(shown) < 3 else len(handles),  # two panels are as narrow as one
        columnspacing=1.4,
    )
