"""Figure: reliability diagrams of the reference condition below and above the claimed onset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from smcollapse.metrics import Reliability
from smcollapse.questions.claim import published_claim
from smcollapse.report.selection import Drawn, Material, pooled_bins, shares_of
from smcollapse.report.style import BLUE, GREY, VERMILLION, new_figure
from smcollapse.report.wording import number, percent, short_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

THIN_BIN = 1e-3
"""Bins with a smaller part of the rows are drawn hollow: their accuracy is mostly noise."""


@dataclass(frozen=True, eq=False)
class Diagram:
    """A reliability diagram: pooled bins of all replicates at one share, and their means.

    ece_mean : mean over replicates of the calibration error, as in the tidy table
    """

    share: float
    bins: Reliability
    confidence: float
    accuracy: float
    ece_mean: float


def diagrams_of(drawn: Drawn) -> tuple[Diagram, ...]:
    """Below and above the claimed onset; one diagram where the study has one share."""
    shares = shares_of(drawn.rows)
    claim = published_claim()
    low, high = _nearest(shares, claim.before), _nearest(shares, claim.after)
    chosen = (shares[0] if low is None else low, shares[-1] if high is None else high)
    return tuple(_diagram(drawn.rows, share) for share in dict.fromkeys(chosen))


def _nearest(shares: list[float], window: tuple[float, float]) -> float | None:
    """The share nearest to the window's middle, of those in the window."""
    inside = [share for share in shares if window[0] - 1e-9 <= share <= window[1] + 1e-9]
    middle = 0.5 * (window[0] + window[1])
    return min(inside, key=lambda share: round(abs(share - middle), 9), default=None)


def _diagram(rows: pd.DataFrame, share: float) -> Diagram:
    models = rows[rows["share"] == share]
    return Diagram(
        share,
        pooled_bins(models),
        float(models["mean_confidence"].mean()),
        float(models["accuracy"].mean()),
        float(models["ece"].mean()),
    )


def reliability_figure(material: Material) -> Figure:
    """Accuracy against confidence in 15 bins, with the rows per bin below."""
    diagrams = diagrams_of(material.reference)
    figure = new_figure(4.4 * len(diagrams) + 0.2, 5.5)
    axes = figure.subplots(
        2,
        len(diagrams),
        sharex=True,
        sharey="row",
        squeeze=False,
        gridspec_kw={"height_ratios": [3.2, 1.0]},
    )
    edges = np.linspace(0.0, 100.0, len(diagrams[0].bins.count) + 1)
    used = np.flatnonzero(sum(diagram.bins.count for diagram in diagrams))
    first = edges[used[0]]
    for (upper, lower), diagram, colour in zip(axes.T, diagrams, (BLUE, VERMILLION), strict=False):
        _draw_bins(upper, diagram, colour)
        _draw_counts(lower, diagram, edges, colour)
        upper.set_xlim(first - 1.0, 101.0)
    axes[0, 0].set_ylabel("accuracy, %")
    axes[1, 0].set_ylabel("rows, %")
    for ax in axes[1]:
        ax.set_xlabel("confidence, %")
    _legend(figure, columns=2 * len(diagrams))
    return figure


def _draw_bins(ax: Axes, diagram: Diagram, colour: str) -> None:
    bins = diagram.bins
    used = bins.count > 0
    thick = bins.count >= THIN_BIN * bins.count.sum()
    confidence, accuracy = 100.0 * bins.confidence, 100.0 * bins.accuracy
    ax.axline((100.0, 100.0), slope=1.0, color=GREY, linewidth=1.0, linestyle=(0, (4, 2)))
    ax.vlines(
        confidence[used], confidence[used], accuracy[used], color=colour, linewidth=5.0, alpha=0.25
    )
    ax.plot(confidence[used & thick], accuracy[used & thick], color=colour, linewidth=1.2)
    for chosen, face in ((used & thick, colour), (used & ~thick, "white")):
        ax.plot(
            confidence[chosen],
            accuracy[chosen],
            "o",
            markerfacecolor=face,
            markeredgecolor=colour,
            markersize=5.5,
            zorder=4.0,
        )
    ax.set_title(f"{_side(diagram.share)}: share {short_percent(diagram.share)}", pad=33.0)
    gap = number(100.0 * (diagram.confidence - diagram.accuracy), signed=True)
    ax.annotate(
        f"ECE {percent(diagram.ece_mean)} (of the pooled bins {percent(bins.ece)})\n"
        f"confidence {percent(diagram.confidence)} − accuracy {percent(diagram.accuracy)}: {gap}",
        (0.0, 1.0),
        xycoords="axes fraction",
        xytext=(0, 5),
        textcoords="offset points",
        va="bottom",
        linespacing=1.3,
    )


def _side(share: float) -> str:
    """Where a share lies to the claimed onset."""
    lower, upper = published_claim().onset
    if share < lower:
        return "Below the claimed onset"
    return "Above the claimed onset" if share > upper else "Within the claimed onset"


def _legend(figure: Figure, columns: int) -> None:
    """Above the panels, so that it covers nothing."""
    from matplotlib.lines import Line2D

    least = short_percent(THIN_BIN)
    handles = [
        Line2D([], [], color=GREY, linewidth=1.0, linestyle=(0, (4, 2)), label="calibrated"),
        Line2D([], [], color=GREY, linewidth=5.0, alpha=0.35, label="gap"),
        _dot(f"bin with {least} of the rows or more", GREY),
        _dot("bin with fewer", "white"),
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=columns, columnspacing=1.6)


def _dot(label: str, face: str) -> Line2D:
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        linestyle="",
        marker="o",
        markersize=5.5,
        markerfacecolor=face,
        markeredgecolor=GREY,
        label=label,
    )


def _draw_counts(ax: Axes, diagram: Diagram, edges: np.ndarray, colour: str) -> None:
    import seaborn as sns

    middles = 0.5 * (edges[1:] + edges[:-1])
    sns.histplot(
        x=middles,
        weights=100.0 * diagram.bins.count / diagram.bins.count.sum(),
        bins=edges.tolist(),
        color=colour,
        alpha=0.6,
        edgecolor="white",
        ax=ax,
    )
    ax.set(xlabel="", ylabel="")
