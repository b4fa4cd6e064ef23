"""The figure of the verification: one row per theory.

Predicted against trained, what is left of it, and either the law of z where theory and training
may differ by chance alone, or the error where the domain of validity is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from smcollapse.report.style import BLACK, GREY, SERIES, image_files, new_figure, style
from tests.verification.sections import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MEASURES = {
    "rare_recall": "rare recall",
    "accuracy": "accuracy",
    "mean_confidence": "mean confidence",
    "ece": "ECE",
}
"""Measures shown, with their names in the figure."""

MANY = 1500
"""Points of a measure beyond which they are drawn smaller."""


def draw(sections: list[Section]) -> bytes:
    """PNG of the sections that have points; the rows of the figure in their order."""
    shown = [section for section in sections if len(section.points)]
    with style():
        figure = new_figure(10.5, 3.1 * max(1, len(shown)))
        axes = figure.subplots(max(1, len(shown)), 3, squeeze=False)
        for row, section in zip(axes, shown, strict=False):
            inside = section.points
            if "inside" in inside:
                inside = inside[inside.inside & (inside.set == "test")]
            _against(row[0], inside, section.title)
            _left(row[1], inside)
            if "inside" in section.points:
                _outside(row[2], section.points)
            else:
                _law_of_z(row[2], inside)
        return image_files(figure)["png"]


def _measures(points: pd.DataFrame) -> list[tuple[str, str, str, pd.DataFrame]]:
    found = []
    for number, (measure, label) in enumerate(MEASURES.items()):
        frame = points[points.measure == measure]
        if len(frame):
            found.append((measure, label, SERIES[number], frame))
    return found


def _against(ax: Axes, points: pd.DataFrame, title: str) -> None:
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, zorder=1)
    for _, label, colour, frame in _measures(points):
        ax.plot(
            frame.predicted,
            frame.trained,
            ".",
            color=colour,
            markersize=2.0 if len(frame) > MANY else 3.5,
            alpha=0.6,
            label=label,
        )
    ax.set(title=title, xlabel="predicted", ylabel="trained", xlim=(-0.02, 1.02))
    ax.set_ylim(-0.02, 1.02)
    ax.legend(loc="upper left", markerscale=2.0, handletextpad=0.2, fontsize=7.5)


def _left(ax: Axes, points: pd.DataFrame) -> None:
    ax.axhline(0.0, color=GREY, linewidth=0.8)
    for _, _, colour, frame in _measures(points):
        ax.plot(
            frame.predicted,
            frame.trained - frame.predicted,
            ".",
            color=colour,
            markersize=2.0 if len(frame) > MANY else 3.5,
            alpha=0.6,
        )
    ax.set(title="What is left", xlabel="predicted", ylabel="trained − predicted")
    ax.set_xlim(-0.02, 1.02)


def _law_of_z(ax: Axes, points: pd.DataFrame) -> None:
    spread = np.hypot(points.se, 3e-4)
    z = ((points.trained - points.predicted) / spread).to_numpy()
    grid = np.linspace(-5.0, 5.0, 201)
    ax.hist(np.clip(z, -5.0, 5.0), bins=40, range=(-5.0, 5.0), density=True, color=SERIES[5])
    ax.plot(grid, np.exp(-0.5 * grid**2) / np.sqrt(2 * np.pi), color=BLACK, linewidth=1.0)
    ax.set(title="Differences in standard errors", xlabel="z", ylabel="density")


def _outside(ax: Axes, points: pd.DataFrame) -> None:
    """Error of rare recall of each scenario against how far inside the domain it lies."""
    recall = points[points.measure == "rare_recall"]
    recall = recall.assign(error=(recall.trained - recall.predicted).abs())
    found = recall.groupby(["set", "scenario"]).agg(
        ratio=("ratio", "first"), error=("error", "mean")
    )
    for number, (name, frame) in enumerate(found.groupby("set")):
        ax.plot(
            frame.ratio,
            frame.error.clip(lower=1e-4),
            ".",
            color=SERIES[number],
            label=f"{name} set",
        )
    ax.axvline(1.0, color=BLACK, linewidth=1.0)
    ax.set(title="Where it stops", xlabel="reach of training / reach needed", xscale="log")
    ax.set(ylabel="mean abs. error of rare recall", yscale="log")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.legend(loc="lower left", handletextpad=0.2, fontsize=7.5)
