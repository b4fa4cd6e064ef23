"""The posterior of the mixture at each context and style of a `language` world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from smcollapse.laws.styles import Told
from smcollapse.scenario import Scenario
from smcollapse.theories.base import Floats
from smcollapse.theories.mixing import n_other, row_numbers
from smcollapse.theories.population_cells import Cells
from smcollapse.theories.population_facts import (
    LEFT_TO_CHANCE,
    chance_of_upset,
    facts_cells,
)
from smcollapse.theories.styled_counts import TEMPLATE_RECALL
from smcollapse.theories.styles import FINE, StyledLaws, evidence, label_rows, styled_laws


def styled_measures(
    styled: StyledLaws, real_rows: float, made_rows: float, test_size: int
) -> dict[str, float]:
    """Each of `MEASURES` and the recall of rare contexts in the source's phrasing.

    A style that no row shows is answered as the average sentence is.
    """
    styles, law = styled.styles, styled.world
    cells = []
    for real, made in zip(styles.real, styles.made, strict=True):
        shown = real_rows * real, made_rows * made
        cells.append(facts_cells(styled.plain, *(shown if sum(shown) else (real_rows, made_rows))))
    found = _joined(cells, styles.real).measures(law, test_size)
    recall = np.stack([one.recall for one in cells], axis=1) @ styles.made
    found[TEMPLATE_RECALL] = float(np.average(recall[law.rare], weights=law.frequency[law.rare]))
    return found


def _joined(cells: list[Cells], chance: Floats) -> Cells:
    """Cells of all styles as one set of test rows, each style with its chance."""
    parts = [
        replace(one, weight=one.weight * share)
        for one, share in zip(cells, chance, strict=True)
        if share > 0.0
    ]
    names = ("weight", "context", "recall", "accuracy", "confidence", "brier")
    return Cells(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def styled_chance_doubts(scenario: Scenario, shares: Floats, told: Told) -> tuple[str, ...]:
    """Doubt about expected majorities at those shares (S,), where chance settles too many."""
    styled = styled_laws(scenario, told, FINE)
    rows = row_numbers(scenario.mixture, shares)
    loose = [_left_to_chance(styled, real, made) for real, made in zip(*rows, strict=True)]
    worst = int(np.argmax(loose))
    if not loose[worst] > LEFT_TO_CHANCE:
        return ()
    return (
        f"chance settles the majority in {loose[worst]:.0%} of the rare mass at share "
        f"{shares[worst]:g} (at most {LEFT_TO_CHANCE:.0%} in the domain): more rows are needed",
    )


def _left_to_chance(styled: StyledLaws, real_rows: float, made_rows: float) -> float:
    """Mean chance of another majority than expected over rare questions."""
    found = evidence(styled, real_rows, made_rows)
    plain, law, others = styled.plain, styled.world, n_other(styled.plain)
    real = label_rows(found.real, plain.real.passed, others)
    made = label_rows(found.made, plain.synthetic.passed, others)
    copies = made_rows / plain.source.templates if plain.source.templates else 0.0
    chance = chance_of_upset(real + made, real + (1.0 + copies) * made, others)
    by_context = chance.reshape(len(law.rare), -1) @ styled.styles.real
    return float(np.average(by_context[law.rare], weights=law.frequency[law.rare]))
