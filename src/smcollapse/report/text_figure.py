"""Figure: rare facts in two phrasings, perplexity of real text, variation of synthetic text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from smcollapse.report.selection import Drawn, Material, shares_of
from smcollapse.report.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    VERMILLION,
    draw_curve,
    new_figure,
    shade_claim,
    share_axis,
    span_at_least,
)
from smcollapse.report.wording import measure_name, percent, short_percent, shortened
from smcollapse.texts import RAREFIED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VARIATION = (("distinct_2", BLUE, "o"), ("template_rate", VERMILLION, "s"))
ASKED = "template_recall"
PHRASINGS = (
    ("rare_recall", BLUE, "o", "asked in real phrasing"),
    (ASKED, ORANGE, "s", "asked in the source's phrasing"),
)


def text_figure(material: Material) -> Figure | None:
    """Three panels; None where rows are no text.

    Fewer where the source has no phrasing to ask in, or too little text for its variation.
    """
    rows = material.reference.rows
    if "perplexity" not in rows:
        return None
    asked = _is_asked(material)
    below = 0.7 + 0.26 * len(material.drawn) if _varied(material) else 0.0
    figure = new_figure(9.0, 3.6 + below)
    above: Any = figure
    if below:
        parts: Any = figure.subfigures(2, 1, height_ratios=(3.6, below))
        above, beneath = parts
        _variation(beneath.subplots(), material)
    axes = above.subplots(1, 2 if asked else 1, squeeze=False)[0]
    if asked:
        _asked(axes[0], material)
    _perplexity(axes[-1], material)
    above.legend(loc="outside upper left", ncols=4, columnspacing=1.6)
    return figure


def _is_asked(material: Material) -> bool:
    """Whether rare facts are asked in the source's phrasing too."""
    rows = material.reference.rows
    return ASKED in rows and bool(rows[ASKED].notna().any())


def _varied(material: Material) -> list[str]:
    """The measures of variation that there is enough synthetic text for, in any condition."""
    return [
        measure
        for measure, _, _ in VARIATION
        if any(measure in one.rows and one.rows[measure].notna().any() for one in material.drawn)
    ]


def text_caption(material: Material) -> str:
    """What can be read off, in numbers."""
    rows = material.reference.rows
    last = shares_of(rows)[-1]
    late = rows[rows["share"] == last].mean(numeric_only=True)
    text = (
        f"At a synthetic share of {short_percent(last)} perplexity on real text is "
        f"{late['perplexity']:.1f}"
    )
    if ASKED in rows:
        text += (
            f"; rare facts asked in real phrasing are answered rightly "
            f"{percent(late['rare_recall'])}"
            f" of the time, asked in the source's phrasing {percent(late[ASKED])}"
        )
    varied = _varied(material)
    if not varied:
        return (
            f"{text}. The synthetic text has too few rows to say how varied it is: "
            f"{RAREFIED} are needed."
        )
    forms = " and rows of one of the commonest forms" if "template_rate" in varied else ""
    return (
        f"{text}. Below: the variation of the synthetic text by setting, distinct pairs of tokens "
        f"among all pairs{forms}, on equal amounts of text."
    )


def _asked(ax: Axes, material: Material) -> None:
    reference = material.reference
    shade_claim(ax)
    for measure, colour, marker, _ in PHRASINGS:
        draw_curve(ax, reference.rows, measure, material.replication, colour=colour, marker=marker)
    for _, colour, marker, name in PHRASINGS:
        ax.plot([], [], color=colour, marker=marker, label=name)
    share_axis(ax, shares_of(reference.rows))
    span_at_least(ax, 10.0)
    ax.set_title("Rare facts, asked in two ways")
    ax.set_ylabel("rare recall, %")


def _perplexity(ax: Axes, material: Material) -> None:
    reference = material.reference
    shade_claim(ax)
    if reference.control is not None:
        _raw(ax, reference.control, material, colour=GREY, dashed=True)
    _raw(ax, reference.rows, material, colour=BLUE)
    # labels come last: seaborn draws a legend of its own where it finds one
    if reference.control is not None:
        ax.plot([], [], color=GREY, linestyle=(0, (4, 2)), label="the same real rows alone")
    if not _is_asked(material):
        ax.plot([], [], color=BLUE, marker="o", label="real and synthetic rows")
    share_axis(ax, shares_of(reference.rows))
    ax.set_title("Perplexity of real text")
    ax.set_ylabel(measure_name("perplexity"))


def _raw(
    ax: Axes, rows: pd.DataFrame, material: Material, *, colour: str, dashed: bool = False
) -> None:
    """A measure that is no fraction: drawn as it is."""
    scaled = rows.assign(perplexity=rows["perplexity"] / 100.0)
    draw_curve(ax, scaled, "perplexity", material.replication, colour=colour, dashed=dashed)


def _variation(ax: Axes, material: Material) -> None:
    shown = [one for one in VARIATION if one[0] in _varied(material)]
    labels = [shortened(drawn.label, 64) for drawn in material.drawn]
    for place, drawn in enumerate(material.drawn):
        for measure, colour, marker in shown:
            value = _mean(drawn, measure)
            ax.plot([100.0 * value], [place], marker, color=colour, markersize=5.0)
    for measure, colour, marker in shown:
        name = measure_name(measure).removesuffix(" (synthetic)")
        ax.plot([], [], marker, color=colour, label=name)
    ax.set_yticks(range(len(labels)), labels, fontsize=7.5)
    ax.get_yticklabels()[0].set_color(BLACK)
    ax.invert_yaxis()
    ax.set_xlim(-3.0, 103.0)
    ax.set_title("Variation of the synthetic text")
    ax.set_xlabel("%")
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)


def _mean(drawn: Drawn, measure: str) -> float:
    """Mean over the models at the largest share at which the text was measured."""
    rows = drawn.rows[drawn.rows[measure].notna()]
    if rows.empty:
        return float("nan")
    return float(rows[rows["share"] == rows["share"].max()][measure].mean())
