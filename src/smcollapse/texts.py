"""What is measured of text beside the answers to test questions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from smcollapse.metrics import distinct_n, template_rate
from smcollapse.mixtures import Mixture
from smcollapse.models import Outcome, Task
from smcollapse.scenario import Scenario
from smcollapse.settings import SourceSettings
from smcollapse.sources import fit
from smcollapse.sources.base import AskingSource
from smcollapse.worlds import Language, Rows, World

MOST_ASKED = 1000
"""Rare test questions that are put once more in the phrasing of the source."""

RAREFIED = 500
"""Rows of text on which its variation is measured: it falls with the amount of text."""

MOST_MEASURED = 2000
"""Synthetic rows that are looked at for it."""


REAL_TEXT, SYNTHETIC_TEXT = TEXT_COLUMNS = ("real_text", "synthetic_text")
"""Columns with a few examples of either, a list of strings each; only rows of text have them."""

EXAMPLES = 3


def text_examples(task: Task, world: World, mixture: Mixture, member: int) -> dict[str, list[str]]:
    """Test rows as readable text and, where the source can put them, the same in its phrasing.

    Else the first synthetic rows of the mixture.
    """
    if task.inputs.tokens is None:
        return {}
    if task.contrast:
        at = np.flatnonzero(world.rare[task.test.context])[:EXAMPLES]
        real, made = task.test.codes[at], task.contrast[member].codes[:EXAMPLES]
    else:
        kept = mixture.slots[mixture.synthetic & (mixture.slots >= 0)]
        real, made = task.test.codes[:EXAMPLES], task.pool.codes[kept[:EXAMPLES]]
    read: Any = world
    return {
        name: [read.text(tokens) for tokens in rows]
        for name, rows in zip(TEXT_COLUMNS, (real, made), strict=True)
    }


def contrast_rows(
    scenarios: list[Scenario], world: World, test: Rows, seed: int, replicate: int
) -> list[Rows]:
    """Per scenario the rare test questions in its source's phrasing; empty where it has none."""
    if any(scenario.source.kind != "phrases" for scenario in scenarios):
        return []
    rare = test.take(np.flatnonzero(world.rare[test.context])[:MOST_ASKED])
    asked: dict[SourceSettings, Rows] = {}
    for source in dict.fromkeys(scenario.source for scenario in scenarios):
        fitted = fit(source, world, seed, replicate)
        assert isinstance(fitted, AskingSource)
        asked[source] = fitted.ask(rare)
    return [asked[scenario.source] for scenario in scenarios]


def text_measures(
    task: Task, world: World, mixture: Mixture, outcome: Outcome, member: int
) -> dict[str, float]:
    """Measures of one member and of its synthetic rows; none where rows are no text."""
    tokens = task.inputs.tokens
    if tokens is None or outcome.log_loss is None:
        return {}
    measures = {"perplexity": math.exp(outcome.log_loss[member])}
    if outcome.contrast is not None:
        answer = outcome.contrast[member].argmax(axis=1)
        measures["template_recall"] = float((answer == task.contrast[member].truth).mean())
    kept = mixture.slots[mixture.synthetic & (mixture.slots >= 0)]
    made = task.pool.codes[kept[:MOST_MEASURED]]
    for n in (1, 2):
        measures[f"distinct_{n}"] = distinct_n(made, n, RAREFIED, tokens.padding)
    if isinstance(world, Language):
        measures["template_rate"] = template_rate(made, world.law.vocabulary.forms, RAREFIED)
    return measures
