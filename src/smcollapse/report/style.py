"""How figures look, and how they become bytes: the same bytes on every run.

Figures are made through matplotlib's object interface: no display, no global list of figures.
Colours are those of Okabe & Ito (2008), told apart with every common colour vision.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from smcollapse.inference import Replication
from smcollapse.questions.claim import published_claim
from smcollapse.report.wording import percent_range

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#A3477F"
ORANGE, SKY, BLACK, GREY = "#E69F00", "#56B4E9", "#1A1A1A", "#6B6B6B"
BAND = "#F6DFA4"
SERIES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
MARKERS = ("o", "s", "^", "D", "v", "P")

LEVEL = 0.95
PIXELS_PER_INCH = 200

_SETTINGS: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.edgecolor": "#9A9A9A",
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.7,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "xtick.color": "#4A4A4A",
    "ytick.color": "#4A4A4A",
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.8,
    "figure.dpi": 100.0,
    "svg.hashsalt": "smcollapse",
    "text.parse_math": False,  # a dollar in a user's label is a dollar
}

Band = Callable[[pd.Series], tuple[float, float]]


@contextmanager
def style() -> Iterator[None]:
    """Settings under which figures are made and saved; restored on leaving."""
    import matplotlib as mpl
    import seaborn as sns

    with mpl.rc_context(), warnings.catch_warnings():
        # letters that the font lacks show as boxes; that is not worth a warning
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        mpl.rcdefaults()  # whatever the user's matplotlibrc says
        mpl.rcParams.update(sns.axes_style("ticks"))
        mpl.rcParams.update(_SETTINGS)
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of that size in inches, not known to pyplot."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def image_files(figure: Figure) -> dict[str, bytes]:
    """The figure as PNG and SVG, by suffix; without dates, so that bytes repeat."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    png, svg = io.BytesIO(), io.BytesIO()
    figure.savefig(png, format="png", dpi=PIXELS_PER_INCH)
    absent = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(svg, format="svg", metadata=absent)
    return {"png": png.getvalue(), "svg": svg.getvalue()}


def t_band(replication: Replication) -> Band:
    """Limits of the t interval of a mean over replicates, widened for re-splits of one table."""

    def band(values: pd.Series) -> tuple[float, float]:
        sample: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
        n = len(sample)
        if n < 2:
            return np.nan, np.nan
        error = float(sample.std(ddof=1)) / np.sqrt(n) * replication.spread_factor(n)
        half = float(stdtrit(n - 1, 0.5 + LEVEL / 2.0)) * error
        return float(sample.mean()) - half, float(sample.mean()) + half

    return band


def draw_curve(
    ax: Axes,
    rows: pd.DataFrame,
    measure: str,
    replication: Replication,
    *,
    colour: str,
    dashed: bool = False,
    marker: str = "o",
    replicates: bool = False,
    zorder: float = 3.0,
) -> None:
    """Mean of a measure against the share, both in per cent, with the t band over replicates.

    Where there is one share only, the band is an error bar.
    """
    import seaborn as sns

    frame = pd.DataFrame(
        {
            "share": 100.0 * rows["share"],
            "value": 100.0 * rows[measure],
            "replicate": rows["replicate"],
        }
    ).dropna()
    several = len(frame["replicate"].unique()) > 1
    one_share = len(frame["share"].unique()) == 1
    if replicates and several:
        sns.lineplot(
            frame,
            x="share",
            y="value",
            units="replicate",
            estimator=None,
            ax=ax,
            color=colour,
            linewidth=0.6,
            alpha=0.35,
            zorder=zorder - 0.5,
        )
    sns.lineplot(
        frame,
        x="share",
        y="value",
        errorbar=t_band(replication) if several else None,
        ax=ax,
        color=colour,
        linestyle=(0, (4, 2)) if dashed else "-",
        marker=marker,
        markersize=4.0 if dashed else 4.5,
        markerfacecolor="white" if dashed else colour,
        markeredgecolor=colour if dashed else "white",
        markeredgewidth=0.9 if dashed else 0.6,
        err_style="bars" if one_share else "band",
        err_kws={"linewidth": 1.2} if one_share else {"alpha": 0.18, "linewidth": 0.0},
        zorder=zorder,
    )
    ax.set(xlabel="", ylabel="")


def shade_claim(ax: Axes, *, labelled: bool = False) -> None:
    """The claimed onset as a band behind the data, its name above the axes if `labelled`."""
    lower, upper = published_claim().onset
    ax.axvspan(100.0 * lower, 100.0 * upper, color=BAND, linewidth=0.0, zorder=0.5)
    if labelled:
        ax.annotate(
            f"claimed onset {percent_range(lower, upper)}",
            (50.0 * (lower + upper), 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8.0,
            color="#7A5B00",
        )


def claim_handle() -> Patch:
    """The claimed onset in a legend."""
    from matplotlib.patches import Patch

    return Patch(color=BAND, label=f"claimed onset, {percent_range(*published_claim().onset)}")


def share_axis(ax: Axes, shares: list[float]) -> None:
    """The share in per cent, from the smallest to the largest, with a margin."""
    from matplotlib.ticker import MaxNLocator

    first, last = 100.0 * shares[0], 100.0 * shares[-1]
    margin = 0.04 * (last - first) if last > first else 10.0
    ax.set_xlim(first - margin, last + margin)
    ax.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10], integer=last - first > 4.0))
    ax.set_xlabel("synthetic share, %")


def span_at_least(ax: Axes, points: float) -> None:
    """Widen the vertical axis to that many per cent, so that noise does not look like an effect.

    Limits stay within 0 and 100 per cent with a small margin.
    """
    lower, upper = ax.get_ylim()
    missing = points - (upper - lower)
    if missing > 0.0:
        lower, upper = lower - missing / 2.0, upper + missing / 2.0
    edge = 0.03 * (upper - lower)
    if upper > 100.0 + edge:
        lower, upper = max(lower - (upper - 100.0 - edge), -edge), 100.0 + edge
    if lower < -edge:
        lower, upper = -edge, min(upper - lower - edge, 100.0 + edge)
    ax.set_ylim(lower, upper)
