"""Table and figure of `smcollapse tradeoff`: what a filter gives and takes, by share."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from smcollapse.questions.tradeoffs.results import (
    EXCEPTIONS,
    HEAD,
    RARE,
    FilterCurve,
    Optimum,
    Outcome,
    TradeOff,
)
from smcollapse.questions.tradeoffs.words import (
    name_of,
    optimum_words,
    titled,
    tradeoff_table,
)
from smcollapse.report.style import BLACK, BLUE, SERIES, VERMILLION, new_figure
from smcollapse.report.tables import Table
from smcollapse.report.wording import number, percent, short_percent
from smcollapse.report.write_predictions import write_files

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OUTCOMES: dict[Outcome, str] = {
    "trade": "trade: head up, rare down",
    "turn": "head up, then rare down",
    "cost": "rare down, no gain of the head shown",
    "free": "no loss of rare recall",
    "open": "not decided",
}
SILENT = "–"
COLUMNS = (
    "condition",
    "share",
    "best strictness",
    "theory",
    "gain",
    "head recall",
    "rare recall",
    "exception recall",
    "contamination left",
    "towards the strictest",
)
MOST_SHARES = len(SERIES)


def write_tradeoff(answer: TradeOff, folder: Path) -> tuple[Path, ...]:
    """Write `tradeoff.csv` and its figure. Raises StoreError for a folder not writable."""
    return write_files(
        folder, {"tradeoff": tradeoff_table(answer)}, {"tradeoff": lambda: tradeoff_figure(answer)}
    )


def tradeoff_rows(answer: TradeOff) -> Table:
    """One row per condition and share: best strictness, theory's, gain, what is paid."""
    rows = tuple(
        (
            curve.label,
            short_percent(curve.share),
            optimum_words(curve),
            _foretold(curve),
            _gain(curve, answer),
            _change(curve, HEAD),
            _change(curve, RARE),
            _change(curve, EXCEPTIONS),
            _left(curve),
            OUTCOMES[curve.outcome] if answer.trained else SILENT,
        )
        for curve in answer.curves
    )
    objective = name_of(answer.objective)
    note = (
        f"Best strictness: of {objective}, among those tried, with the {answer.level:.0%} interval "
        "of the choice; of one value where no other that was tried is in doubt. Gain: of the best "
        "filter over none, in points, simultaneous interval over all strictnesses, "
        "shares and conditions. Recalls and contamination: without a filter → at the best "
        "strictness; contamination is of the synthetic rows that survive, by the "
        "filter's law."
    )
    title = f"{answer.study}: what a filter gives and takes"
    return Table(title, COLUMNS, rows, note)


def _foretold(curve: FilterCurve) -> str:
    if curve.foretold is None or math.isnan(curve.foretold.optimum):
        return SILENT
    return f"{curve.foretold.optimum:g}"


def _gain(curve: FilterCurve, answer: TradeOff) -> str:
    test = curve.gain
    if test is None:
        return SILENT
    ends = f"[{number(100 * test.interval.lower, signed=True)}, "
    ends += f"{number(100 * test.interval.upper, signed=True)}]"
    mark = "*" if test.p_adjusted <= 1.0 - answer.level else ""
    return f"{number(100 * test.estimate, signed=True)} {ends}{mark}"


def _change(curve: FilterCurve, measure: str) -> str:
    """Level without a filter and at the best one."""
    if curve.optimum is None or measure not in curve.levels:
        return SILENT
    none, best = (curve.at(measure, one) for one in (0.0, curve.optimum.strictness))
    return _moved(none, best, curve.optimum)


def _left(curve: FilterCurve) -> str:
    if curve.law is None or curve.optimum is None:
        return SILENT
    best = curve.strictness.index(curve.optimum.strictness)
    left = curve.law.contamination
    return _moved(left[0], left[best], curve.optimum)


def _moved(none: float, best: float, optimum: Optimum) -> str:
    """Both levels; one where the best is to have no filter."""
    if optimum.edge == "no filter":
        return percent(none)
    return f"{number(100 * none)} → {percent(best)}"


def tradeoff_figure(answer: TradeOff) -> Figure:
    """A row per condition: law, recalls and objective over strictness, the best one by share."""
    labels = answer.labels
    law = answer.curves[0].law is not None
    measures = _shown(answer)
    columns = int(law) + len(measures) + 1
    figure = new_figure(2.85 * columns, 0.9 + 3.0 * len(labels))
    panels = figure.subplots(len(labels), columns, squeeze=False)
    for row, label in zip(panels, labels, strict=True):
        curves = _drawn(answer.of(label))
        if law:
            _law(row[0], curves[0])
        for ax, measure in zip(row[int(law) :], measures, strict=False):
            _over_strictness(ax, curves, measure, f"{name_of(measure).capitalize()}, %")
        _optimum(row[-1], answer.of(label), answer)
        row[0].set_ylabel(titled(answer, label).replace(" (", "\n("), fontweight="bold")
    for ax in panels[-1, :-1]:
        ax.set_xlabel("strictness of the filter")
    panels[-1, -1].set_xlabel("synthetic share, %")
    _legend(figure, answer)
    return figure


def _shown(answer: TradeOff) -> list[str]:
    """The measures to draw: those that this world has, the objective always."""
    known = {name for curve in answer.curves for name in curve.levels}
    known |= {name for curve in answer.curves if curve.foretold for name in curve.foretold.measures}
    return list(
        dict.fromkeys([*(m for m in (HEAD, RARE, EXCEPTIONS) if m in known), answer.objective])
    )


def _drawn(curves: tuple[FilterCurve, ...]) -> tuple[FilterCurve, ...]:
    """At most as many shares as there are colours, evenly chosen."""
    if len(curves) <= MOST_SHARES:
        return curves
    at = np.unique(np.linspace(0, len(curves) - 1, MOST_SHARES).round().astype(int))
    return tuple(curves[place] for place in at)


def _law(ax: Axes, curve: FilterCurve) -> None:
    """Contamination left, and how much would turn the survivors wrong, head and exceptions."""
    assert curve.law is not None
    law, x = curve.law, curve.strictness
    for values, colour, line, said in (
        (law.contamination, BLACK, "-", "contamination left"),
        (law.breakdown_head, BLUE, "--", "breakdown point, head"),
        (law.breakdown_exceptions, VERMILLION, "--", "breakdown point, exceptions"),
    ):
        if np.isfinite(values).any():
            ax.plot(x, 100.0 * np.array(values), line, color=colour, label=said, linewidth=1.5)
    ax.set_ylim(0.0, 142.0)
    ax.set_yticks(range(0, 101, 20))
    ax.set_title("By law: of synthetic survivors, %")
    ax.legend(loc="upper left", fontsize=7.5, borderaxespad=0.1)


def _over_strictness(ax: Axes, curves: tuple[FilterCurve, ...], measure: str, title: str) -> None:
    """Training as points with bars, theory as dashed lines, a colour per share."""
    dodge = 0.008 * (curves[0].strictness[-1] - curves[0].strictness[0])
    for place, (curve, colour) in enumerate(zip(curves, SERIES, strict=False)):
        x = np.array(curve.strictness) + dodge * (place - 0.5 * (len(curves) - 1))
        level = curve.levels.get(measure)
        if level is not None:
            mean = 100.0 * np.array(level.mean)
            ends = 100.0 * np.array([level.lower, level.upper])
            bars = None if np.isnan(ends).all() else np.abs(ends - mean)
            ax.errorbar(x, mean, bars, fmt="o", color=colour, markersize=4, elinewidth=1.1)
        if curve.foretold is not None and measure in curve.foretold.measures:
            line = 100.0 * np.array(curve.foretold.measures[measure])
            ax.plot(x, line, "--", color=colour, linewidth=1.3)
        elif level is not None:
            ax.plot(x, mean, "-", color=colour, linewidth=0.8, alpha=0.6)
    if measure.endswith(("recall", "accuracy")):  # a t interval knows no bounds
        lower, upper = ax.get_ylim()
        ax.set_ylim(max(lower, -2.0), min(upper, 100.0 + 0.04 * (100.0 - lower)))
    ax.set_title(title)


def _optimum(ax: Axes, curves: tuple[FilterCurve, ...], answer: TradeOff) -> None:
    """The best strictness with its interval against the share, the theory's beside it."""
    width = 100.0 * (curves[-1].share - curves[0].share) or 10.0
    for curve in curves:
        x = 100.0 * curve.share
        if curve.optimum is not None:
            if (band := curve.optimum.interval) is not None:
                ax.plot([x, x], [band.lower, band.upper], color=BLACK, linewidth=1.8)
            ax.plot(x, curve.optimum.strictness, "o", color=BLACK, markersize=6, zorder=3)
        if curve.foretold is not None and not math.isnan(curve.foretold.optimum):
            ax.plot(
                x + 0.035 * width,
                curve.foretold.optimum,
                "D",
                markerfacecolor="white",
                markeredgecolor=BLACK,
                markersize=5.5,
                zorder=4,
            )
    ends = answer.curves[0].strictness
    margin = 0.06 * (ends[-1] - ends[0])
    ax.set_ylim(ends[0] - margin, ends[-1] + margin)
    ax.set_xlim(100 * curves[0].share - 0.12 * width, 100 * curves[-1].share + 0.12 * width)
    ax.set_xticks([100 * curve.share for curve in curves])
    ax.set_title("Best strictness")


def _legend(figure: Figure, answer: TradeOff) -> None:
    """Shares by colour, and what points, lines and diamonds are."""
    from matplotlib.lines import Line2D

    shares = _drawn(answer.of(answer.labels[0]))
    handles = [
        Line2D([], [], color=colour, linewidth=2.5, label=f"share {short_percent(curve.share)}")
        for curve, colour in zip(shares, SERIES, strict=False)
    ]
    if answer.trained:
        said = f"trained, {answer.level:.0%} interval"
        handles.append(Line2D([], [], marker="o", color=BLACK, label=said))
    if answer.theory is not None:
        said = f"theory ({answer.theory}), before training"
        handles.append(
            Line2D([], [], marker="D", color=BLACK, markerfacecolor="white", ls="--", label=said)
        )
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
