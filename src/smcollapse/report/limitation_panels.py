"""Further panels of the figures of limitation analyses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from smcollapse.inference import Curves
from smcollapse.inference.resampling import Array
from smcollapse.questions.limitations.domains import Held
from smcollapse.questions.limitations.worlds import nominal_shares
from smcollapse.report.style import BLACK, GREY, MARKERS, SERIES, shade_claim, share_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PERCENT = 100.0


def relabelled_panel(ax: Axes, measured: Curves, unseen: Sequence[float], ylabel: str) -> None:
    """The mean curve under the nominal shares of pools with a part `unseen` of synthetic rows.

    A ring marks the baseline that such a pool has.
    """
    shade_claim(ax, labelled=True)
    for number, part in enumerate(unseen):
        shares = nominal_shares(measured.shares, part)
        mean = PERCENT * measured.mean[-shares.size :]
        colour = SERIES[number % len(SERIES)]
        ax.plot(
            PERCENT * shares,
            mean,
            color=colour,
            marker=MARKERS[number % len(MARKERS)],
            markersize=4.5,
            label=f"u = {PERCENT * part:g} %",
        )
        ax.plot(0.0, mean[0], marker="o", markersize=9, markerfacecolor="none", color=colour)
    share_axis(ax, measured.shares.tolist())
    ax.set(xlabel="nominal synthetic share, %", ylabel=f"{ylabel}, %")
    ax.legend(loc="lower left")


def domain_panel(
    ax: Axes, held: Sequence[Held], distance: Sequence[float], tolerance: float, xlabel: str
) -> None:
    """Largest error of each condition against its distance to the domain, 1 at the border.

    Full marks: the theory has no doubt at any share; a small error is drawn at .0005.
    """
    errors = np.maximum([float(one.errors.max()) for one in held], 5e-4)
    trusted = np.array([bool(one.inside.all()) for one in held])
    places = np.asarray(distance)
    for mask, label, face in ((trusted, "no doubts", SERIES[0]), (~trusted, "doubts", "white")):
        ax.plot(
            places[mask],
            PERCENT * errors[mask],
            linestyle="none",
            marker="o",
            color=SERIES[0],
            markerfacecolor=face,
            label=label,
        )
    ax.axhline(PERCENT * tolerance, color=GREY, linewidth=0.9, linestyle=(0, (4, 2)))
    ax.axvline(1.0, color=GREY, linewidth=0.9)
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel="largest error of rare recall, points")
    for axis in (ax.xaxis, ax.yaxis):  # powers of ten would be mathematics, which is not parsed
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("")
    ax.legend(loc="upper right")


def spread_panel(
    ax: Axes, columns: Mapping[str, Sequence[float]], band: tuple[float, float]
) -> None:
    """Onsets of many worlds as points beside each other, one column a question, over the band."""
    from smcollapse.report.style import BAND

    ax.axhspan(PERCENT * band[0], PERCENT * band[1], color=BAND, linewidth=0.0, zorder=0.5)
    for place, values in enumerate(columns.values()):
        known = np.sort(np.asarray(values, dtype=np.float64))
        across = place + 0.5 * (np.linspace(0.0, 1.0, known.size) - 0.5)
        ax.plot(
            across,
            PERCENT * known,
            linestyle="none",
            marker=MARKERS[place % len(MARKERS)],
            markersize=3.5,
            color=SERIES[place % len(SERIES)],
        )
        median = PERCENT * float(np.median(known))
        ax.plot([place - 0.3, place + 0.3], [median] * 2, color=BLACK, linewidth=1.2)
    ax.set_xticks(range(len(columns)), list(columns))
    ax.set_xlim(-0.6, len(columns) - 0.4)
    ax.grid(axis="x", visible=False)
    ax.set_ylabel("share, %")


def width_panel(ax: Axes, names: Sequence[str], places: Array) -> None:
    """How much of each setting's range a set of worlds (n, D) takes: 5, 50 and 95 % of it."""
    low, middle, high = np.quantile(places, [0.05, 0.5, 0.95], axis=0)
    for row in range(len(names)):
        ax.plot([0.0, PERCENT], [row, row], color="#E6E6E6", linewidth=6.0, zorder=1)
        ends = [PERCENT * low[row], PERCENT * high[row]]
        ax.plot(ends, [row, row], color=SERIES[0], linewidth=6.0, solid_capstyle="butt")
        ax.plot(PERCENT * middle[row], row, marker="|", markersize=9, color="white")
    ax.set_yticks(range(len(names)), list(names))
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("place within the range that was searched, %")
