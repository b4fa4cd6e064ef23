"""Tables and figure of `smcollapse mitigate`: what helps, what it costs, whether theory knew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from smcollapse.inference.multiplicity.hypotheses import Hypothesis
from smcollapse.questions.mitigating.results import RESPONSE, MitigationReport, MitigationRow
from smcollapse.questions.mitigating.words import mitigation_table
from smcollapse.report.style import BLACK, BLUE, GREY, VERMILLION, new_figure
from smcollapse.report.tables import Table
from smcollapse.report.wording import number, percent, percent_range, shift_words, short_percent
from smcollapse.report.write_predictions import write_files

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = {RESPONSE: "rare recall", "ece": "ECE", "mean_confidence": "confidence"}
NAMES |= {"head_recall": "head accuracy"}
SILENT = "–"


def write_mitigations(report: MitigationReport, folder: Path) -> tuple[Path, ...]:
    """Write `mitigations.csv` and its figure. Raises StoreError for a folder not writable."""
    return write_files(
        folder,
        {"mitigations": mitigation_table(report)},
        {"mitigations": lambda: mitigations_figure(report)},
    )


def mitigations_table(report: MitigationReport) -> Table:
    """The comparison in points, significant changes marked."""
    alpha = 1.0 - report.level
    columns = (
        "mitigation",
        "onset",
        *(f"rare recall, {short_percent(share)}" for share in report.shares),
        *list(NAMES.values())[1:],
        "real rows",
        "predicted",
        "verdict",
    )
    reference = (
        "reference",
        "",
        *(percent(value) for value in report.at_shares),
        *(percent(report.reference[name]) for name in list(NAMES)[1:]),
        "",
        "",
        "",
    )
    rows = tuple(
        (
            row.label,
            _shift(row, alpha),
            *(_change(test, alpha) for test in row.at_shares),
            *(_change(row.late[name], alpha) for name in list(NAMES)[1:]),
            number(row.real_rows, 0, signed=True) if row.real_rows else "0",
            SILENT if row.prophecy is None else number(100 * row.prophecy.changes[-1], signed=True),
            row.verdict,
        )
        for row in report.rows
    )
    note = (
        f"Changes against the reference in points, paired over {report.replicates} replicates; "
        f"* p ≤ {alpha:.2g} corrected for all changes in the table. Onset: the benchmark share; "
        "≥ or ≤ where one of the two is not reached. ECE, confidence and head accuracy: means over "
        f"{_late(report)}. Real rows: needed beyond "
        "the reference at the largest share. Predicted: change of rare recall at "
        f"{short_percent(report.shares[-1])}, before any training."
    )
    return Table(
        f"{report.study}: what helps, and what it costs", columns, (reference, *rows), note
    )


def _change(test: Hypothesis, alpha: float) -> str:
    star = "*" if test.p_adjusted <= alpha else ""
    return f"{number(100.0 * test.estimate, signed=True)}{star}"


def _shift(row: MitigationRow, alpha: float) -> str:
    if row.shift is None:
        return SILENT
    star = "*" if row.shift.p_adjusted <= alpha else ""
    return shift_words(row.shift.shift, row.shift.bound, star)


def mitigations_figure(report: MitigationReport) -> Figure:
    """Change of rare recall with what theory said; the two trades, recall against ECE and head."""
    figure = new_figure(13.0, 1.6 + 0.3 * len(report.rows))
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.5, 1.0, 1.0))
    _forest(left, report)
    _trade(middle, report, "ece")
    _trade(right, report, "head_recall")
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def _forest(ax: Axes, report: MitigationReport) -> None:
    """Change of rare recall at the largest of the three shares, most helpful above."""
    rows = sorted(report.rows, key=lambda row: row.at_shares[-1].estimate)
    numbers = _numbers(report)
    place = np.arange(len(rows))
    for y, row in zip(place, rows, strict=True):
        test = row.at_shares[-1]
        open_ = test.interval.lower <= 0.0 <= test.interval.upper
        colour = GREY if open_ else BLUE if test.estimate > 0 else VERMILLION
        ax.plot(
            [100 * test.interval.lower, 100 * test.interval.upper], [y, y], color=colour, lw=1.6
        )
        ax.plot(100 * test.estimate, y, "o", color=colour, markersize=5, zorder=3)
        if row.prophecy is not None:
            ax.plot(
                100 * row.prophecy.changes[-1],
                y,
                "D",
                markerfacecolor="white",
                markeredgecolor=BLACK,
                markersize=5,
                zorder=4,
            )
    ax.axvline(0.0, color=BLACK, lw=0.8)
    ax.set_yticks(place, [f"{row.label}  {numbers[row.label]}" for row in rows])
    ax.set_ylim(-0.7, len(rows) - 0.3)
    ax.set_xlabel("change of rare recall, points")
    ax.set_title(f"Rare recall at a share of {short_percent(report.shares[-1])}")
    ax.plot([], [], "o-", color=BLUE, label=f"trained, simultaneous {report.level:.0%} intervals")
    ax.plot(
        [], [], "o", color=BLUE, markersize=9, label="right: no other is better in all, by means"
    )
    ax.plot([], [], "*", color=BLACK, markersize=11, label="right: doing nothing")
    if any(row.prophecy is not None for row in rows):
        ax.plot([], [], "D", markerfacecolor="white", markeredgecolor=BLACK, label="theory, before")


def _trade(ax: Axes, report: MitigationReport, measure: str) -> None:
    """Rare recall against another measure, means over the late shares; Pareto points filled."""
    numbers = _numbers(report)
    own = report.reference
    ax.plot(100 * own[measure], 100 * own[RESPONSE], "*", color=BLACK, markersize=13, zorder=4)
    for row in report.rows:
        x, y = 100 * row.levels[measure], 100 * row.levels[RESPONSE]
        fill = "white" if row.dominated else BLUE
        ax.plot(
            x,
            y,
            "o",
            markerfacecolor=fill,
            markeredgecolor=BLUE,
            markersize=13,
            zorder=3,
            clip_on=False,
        )
        ax.annotate(
            str(numbers[row.label]),
            (x, y),
            ha="center",
            va="center",
            fontsize=7.5,
            color=BLUE if row.dominated else "white",
            zorder=5,
        )
    ax.set_xlabel(f"{NAMES[measure]}, %, {_late(report)}")
    ax.set_ylabel(f"rare recall, %, {_late(report)}")
    ax.set_title(f"and {NAMES[measure]}")
    ax.margins(0.12)
    for low, high, limit in ((*ax.get_xlim(), ax.set_xlim), (*ax.get_ylim(), ax.set_ylim)):
        limit(max(low, -0.5), min(high, 100.8))


def _late(report: MitigationReport) -> str:
    """The late shares in words."""
    first, last = report.late[0], report.late[-1]
    if first == last:
        return f"share {short_percent(first)}"
    return f"shares {percent_range(first, last)}"


def _numbers(report: MitigationReport) -> dict[str, int]:
    return {row.label: place for place, row in enumerate(report.rows, start=1)}
