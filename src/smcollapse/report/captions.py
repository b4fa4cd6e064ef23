"""What each figure shows, in a sentence with the numbers to see in it."""

from __future__ import annotations

import pandas as pd

from smcollapse.questions.answer import RESPONSE
from smcollapse.report.knobs import panels_of
from smcollapse.report.reliability import diagrams_of
from smcollapse.report.selection import Material, shares_of
from smcollapse.report.wording import estimate, number, percent, short_percent


def measures_caption(material: Material) -> str:
    """From the smallest to the largest share, with and without the synthetic rows."""
    reference = material.reference
    shares = shares_of(reference.rows)
    if len(shares) < 2:
        return (
            f"Every measure of condition “{reference.label}” at its one share, "
            f"{short_percent(shares[0])}: a curve, and with it an onset, needs several shares."
        )
    first, last = shares[0], shares[-1]
    text = (
        f"From a synthetic share of {short_percent(first)} to {short_percent(last)}, rare recall "
        f"goes from {_mean(reference.rows, first)} to {_mean(reference.rows, last)}"
    )
    control = reference.control
    if control is not None and (control["share"] == last).any():
        text += f"; the same real rows alone reach {_mean(control, last)} there"
    return text + "."


def reliability_caption(material: Material) -> str:
    """Gap between confidence and accuracy at the shares shown."""
    gaps = [
        f"{number(100.0 * (diagram.confidence - diagram.accuracy), signed=True)} points at a "
        f"share of {short_percent(diagram.share)}"
        for diagram in diagrams_of(material.reference)
    ]
    return (
        f"Mean confidence exceeds accuracy by {' and '.join(gaps)}; bins below the dashed line "
        "are over-confident, the panels underneath say how many rows each bin has."
    )


def knobs_caption(material: Material) -> str:
    """Which settings are varied."""
    titles = [panel.title for panel in panels_of(material)]
    return (
        f"Rare recall when {', '.join(titles)} differ from “{material.reference.label}” (black): "
        "a curve to the right of the black one takes more synthetic data, one to the left less."
    )


def onsets_caption(material: Material) -> str:
    """Smallest and largest benchmark share, and where none is reached."""
    found = [
        (one.label, one.condition.onset.benchmark)
        for one in material.drawn
        if one.condition.onset.benchmark is not None
    ]
    reached = sorted(
        ((label, b) for label, b in found if b is not None and b.share is not None),
        key=lambda item: item[1].share or 0.0,
    )
    never = [label for label, b in found if b is not None and b.share is None]
    parts = []
    if reached:
        label, lowest = reached[0]
        parts.append(
            f"the loss comes first in “{label}”, at {estimate(lowest.estimates()[0], 'share')}"
        )
    if len(reached) > 1:
        label, highest = reached[-1]
        parts.append(f"last in “{label}”, at {estimate(highest.estimates()[0], 'share')}")
    if never:
        parts.append("and is not reached in " + ", ".join(f"“{label}”" for label in never))
    text = ", ".join(parts).removeprefix("and ")
    return text[0].upper() + text[1:] + "."


def _mean(rows: pd.DataFrame, share: float) -> str:
    return percent(float(rows[rows["share"] == share][RESPONSE].mean()))
