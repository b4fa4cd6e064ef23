"""Figure: coverage by noise type, false alarms by smooth curve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from smcollapse.report.style import (
    BLUE,
    GREEN,
    GREY,
    PURPLE,
    VERMILLION,
    image_files,
    new_figure,
    style,
)
from tests.verification.inference.designs import NOISES
from tests.verification.inference.kinds import Summaries
from tests.verification.inference.truths import SMOOTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALARM_NOISES = ("independent", "AR .5", "nested", "heteroscedastic")


def draw_coverage(results: Summaries) -> bytes:
    """PNG of the coverage of the bands, case by case."""
    with style():
        figure = new_figure(7.5, 8.0)
        _coverage(figure.subplots(), results)
        return image_files(figure)["png"]


def draw_alarms(results: Summaries) -> bytes:
    """PNG of the breaks that are declared under smooth curves."""
    with style():
        figure = new_figure(7.5, 5.8)
        _alarms(figure.subplots(), results)
        return image_files(figure)["png"]


def _coverage(ax: Axes, results: Summaries) -> None:
    ax.axvspan(0.93, 0.98, color="#E3EEF6", zorder=0.2)
    ax.axvline(0.95, color="#9A9A9A", linewidth=0.8)
    known = [case.name for case in NOISES if case.name in results]
    for key, name, colour, marker, shift in (
        ("knot", "knot", PURPLE, "s", -0.2),
        ("refined", "benchmark share, refined", VERMILLION, "o", 0.0),
        ("bracket", "bracket of the benchmark share", GREEN, "<", 0.2),
        ("delta", "knot, delta method", GREY, "x", 0.0),
    ):
        found = [results[case] for case in known]
        rates = [row[key] for row in found]
        errors = [
            1.96 * math.sqrt(max(r * (1 - r), 1e-4) / row["sets"])
            for r, row in zip(rates, found, strict=True)
        ]
        places = [number + shift for number in range(len(known))]
        ax.errorbar(
            rates,
            places,
            xerr=errors,
            fmt=marker,
            color=colour,
            markersize=4.5,
            linewidth=1.0,
            label=name,
            clip_on=True,
        )
    ax.set_yticks(range(len(known)), known, fontsize=7.5)
    ax.set_ylim(len(known) - 0.4, -0.6)
    ax.set_xlim(0.5, 1.01)
    ax.set_xlabel("coverage of nominal .95 (95 % Monte-Carlo interval)")
    ax.legend(loc="lower left")


def _alarms(ax: Axes, results: Summaries) -> None:
    ax.axvline(0.06, color="#9A9A9A", linewidth=0.8, linestyle=(0, (3, 2)))
    names = list(SMOOTH)
    for number, noise in enumerate(ALARM_NOISES):
        found = [results.get(f"{name} | {noise}") for name in names]
        rates = [math.nan if row is None else row["exists"] for row in found]
        places = [place + 0.15 * (number - 1.5) for place in range(len(names))]
        colour = (BLUE, VERMILLION, GREEN, PURPLE)[number]
        ax.plot(rates, places, "o", color=colour, markersize=4.5, label=noise)
    ax.set_yticks(range(len(names)), names, fontsize=7.5)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(-0.005, 0.15)
    ax.set_xlabel("breaks declared where there is none, at .05")
    ax.legend(loc="lower right")
