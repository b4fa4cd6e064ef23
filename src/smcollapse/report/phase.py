"""Figure: predicted onset and loss over two settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from smcollapse.questions.phases.axes import Axis
from smcollapse.questions.phases.phase import PhaseDiagram
from smcollapse.report.predictions import setting_name
from smcollapse.report.style import BLACK, new_figure
from smcollapse.report.wording import NBSP, percent_range, short_percent

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

SAFE, HATCH = "#F1F1F1", "#C9C9C9"
STEP = 10.0
"""Per cent of share between two contour lines."""

ROOM = 0.24
"""Part of an axis that a region must span to hold its name."""


def phase_figure(diagram: PhaseDiagram) -> Figure:
    """Two maps: onset with contours and the region without, and the loss of rare recall."""
    figure = new_figure(10.4, 4.9)
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    for ax in (left, right):
        _axes(ax, diagram)
    _onset_map(figure, left, diagram)
    _loss_map(figure, right, diagram)
    right.set_ylabel("")
    _marks(right, diagram)
    handles = _marks(left, diagram)
    figure.suptitle(
        f"{diagram.study}, predicted by theory “{diagram.theory.name}”",
        x=0.004,
        ha="left",
        fontsize=10.0,
    )
    if handles:
        figure.legend(handles=handles, loc="outside lower left", ncols=4, columnspacing=1.6)
    return figure


def edges(axis: Axis) -> Floats:
    """Borders (n + 1,) of the cells around the points of an axis."""
    points = np.log(axis.points) if axis.logarithmic else axis.points
    middle = 0.5 * (points[1:] + points[:-1])
    ends = 1.5 * points[[0, -1]] - 0.5 * points[[1, -2]]
    borders = np.concatenate([ends[:1], middle, ends[1:]])
    return np.exp(borders) if axis.logarithmic else borders


def _axes(ax: Axes, diagram: PhaseDiagram) -> None:
    for axis, one, label in (
        (diagram.x, ax.xaxis, ax.set_xlabel),
        (diagram.y, ax.yaxis, ax.set_ylabel),
    ):
        if axis.logarithmic:
            from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

            (ax.set_xscale if one is ax.xaxis else ax.set_yscale)("log")
            decades = np.log10(axis.points[-1] / axis.points[0])
            subs = (1.0,) if decades > 3.0 else (1.0, 3.0) if decades > 1.6 else (1.0, 2.0, 5.0)
            one.set_major_locator(LogLocator(subs=subs))
            one.set_minor_locator(NullLocator())
            one.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))
        label(setting_name(axis.path))
    ax.set_xlim(*edges(diagram.x)[[0, -1]])
    ax.set_ylim(*edges(diagram.y)[[0, -1]])
    ax.grid(visible=False)


def _tick(value: float) -> str:
    """A number of any size in digits: '60 000', '0.01'."""
    return f"{value:,.0f}".replace(",", NBSP) if value >= 1.0 else f"{value:.6g}"


def _onset_map(figure: Figure, ax: Axes, diagram: PhaseDiagram) -> None:
    """Where the loss is not reached, the hatched ground shows through."""
    import seaborn as sns

    reached = np.isfinite(diagram.onset)
    onset = np.where(reached, 100.0 * diagram.onset, np.nan)
    borders = edges(diagram.x), edges(diagram.y)
    first, last = 100.0 * float(diagram.shares[0]), 100.0 * float(diagram.shares[-1])
    ax.patch.set(facecolor=SAFE, hatch="///", edgecolor=HATCH, linewidth=0.0)
    mesh = ax.pcolormesh(
        *borders,
        onset,
        cmap=sns.color_palette("rocket", as_cmap=True),
        vmin=first,
        vmax=last,
        rasterized=True,
    )
    unknown = np.where(np.isnan(diagram.onset), 0.0, np.nan)
    ax.pcolormesh(*borders, unknown, cmap="Greys", vmin=0.0, vmax=1.0, rasterized=True)
    levels = [
        level
        for level in np.arange(STEP * np.ceil(first / STEP + 1e-9), last, STEP)
        if reached.any() and np.nanmin(onset) < level < np.nanmax(onset)
    ]
    if levels:
        lines = ax.contour(
            diagram.x.points, diagram.y.points, onset, levels=levels, colors="white", linewidths=1.1
        )
        courses = [np.asarray(path.vertices) for path in lines.get_paths()]
        middles = [course[len(course) // 2] for course in courses if len(course)]
        ax.clabel(lines, fmt=lambda level: f"{level:g}{NBSP}%", fontsize=8.5, manual=middles)
    _name(ax, np.isinf(diagram.onset), f"not reached up to {short_percent(last / 100.0)}", diagram)
    _name(ax, np.isnan(diagram.onset), "no number", diagram)
    ax.set_title("Onset: share at which 10 % of rare recall is lost")
    _bar(figure, ax, mesh, "synthetic share, %")


def _loss_map(figure: Figure, ax: Axes, diagram: PhaseDiagram) -> None:
    import seaborn as sns

    loss = 100.0 * diagram.loss
    known = loss[np.isfinite(loss)]
    most = max(float(np.abs(known).max(initial=0.0)), 1.0)
    gains = float(known.min(initial=0.0)) < -0.05 * most
    mesh = ax.pcolormesh(
        edges(diagram.x),
        edges(diagram.y),
        loss,
        cmap=sns.color_palette("vlag" if gains else "mako_r", as_cmap=True),
        vmin=-most if gains else 0.0,
        vmax=most,
        rasterized=True,
    )
    before, after = (
        percent_range(low, high) if low < high else short_percent(low)
        for low, high in diagram.windows
    )
    ax.set_title("Loss of rare recall, points" + (" (negative: gain)" if gains else ""))
    _bar(figure, ax, mesh, f"from shares {before} to {after}")


def _bar(figure: Figure, ax: Axes, mesh: QuadMesh, label: str) -> None:
    bar = figure.colorbar(mesh, ax=ax, pad=0.02)
    bar.set_label(label)
    bar.outline.set_visible(False)


def _name(ax: Axes, region: npt.NDArray[np.bool_], name: str, diagram: PhaseDiagram) -> None:
    """The name of a region where it is widest; nothing where it has no room."""
    from scipy.ndimage import distance_transform_edt

    depth = distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]
    if 2.0 * depth.max() < ROOM * max(region.shape):
        return
    widest = np.argwhere(depth > depth.max() - 1e-9)
    row, column = widest[len(widest) // 2]
    ax.annotate(
        name.replace(" up", "\nup"),
        (diagram.x.points[column], diagram.y.points[row]),
        ha="center",
        va="center",
        fontsize=8.5,
        color=BLACK,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
    )


def _marks(ax: Axes, diagram: PhaseDiagram) -> list[Artist]:
    """What is drawn over both maps, as it stands in the legend."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Artist] = []
    if diagram.x.shows_own and diagram.y.shows_own:
        look: Any = {"marker": "*", "markersize": 13.0, "color": "white", "markeredgecolor": BLACK}
        ax.plot([diagram.x.own], [diagram.y.own], linestyle="", clip_on=False, zorder=5.0, **look)
        handles.append(Line2D([], [], linestyle="", label="the study itself", **look))
    if np.isinf(diagram.onset).any():
        name = f"loss not reached up to {short_percent(float(diagram.shares[-1]))}"
        handles.append(Patch(facecolor=SAFE, edgecolor=HATCH, hatch="///", label=name))
    if diagram.doubtful.any() and not diagram.doubtful.all():
        ax.contour(
            diagram.x.points,
            diagram.y.points,
            diagram.doubtful.astype(float),
            levels=[0.5],
            colors=BLACK,
            linestyles="--",
            linewidths=1.2,
        )
        handles.append(
            Line2D([], [], color=BLACK, linestyle="--", label="border of the measured domain")
        )
    return handles
