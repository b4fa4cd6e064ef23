"""Effects of crossed knobs: those that are there are found, and no others."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from smcollapse.inference import Replication
from smcollapse.questions.conditions import ConditionRows
from smcollapse.questions.factorial import WHOLE, factorial_of, half
from smcollapse.study import Study
from tests.inference.sweeps import SHARES

OWN = Replication(own_corpora=True)
KNOBS = ("phrase_templates", "polish", "lexical_variation")
VALUES = ((4, 0), (1.0, 0.0), (0.0, 1.0))


def study(values: tuple[tuple[float, ...], ...] = VALUES) -> Study:
    return Study.model_validate(
        {
            "name": "made-up",
            "scenario": {
                "world": {"kind": "language"},
                "source": {"phrase_templates": 4, "polish": 1.0, "lexical_variation": 0.0},
                "mixture": {"budget": 1000},
            },
            "axes": {
                **{f"source.{knob}": list(v) for knob, v in zip(KNOBS, values, strict=True)},
                "mixture.share": [0.0, 0.5],
            },
        }
    )


def conditions(
    templates: float = 0.0, both: float = 0.0, replicates: int = 6
) -> list[ConditionRows]:
    """A loss of rare recall beyond .35 that some knobs change; levels common to all cells."""
    levels = np.random.default_rng(99).normal(0.0, 0.03, replicates)
    generator = np.random.default_rng(5)
    found = []
    for number, cell in enumerate(itertools.product(*VALUES)):
        few, polished = cell[0] == 4, cell[1] == 1.0
        slope = 1.0 + templates * few + both * (few and polished)
        rows = [
            {
                "share": s,
                "replicate": r,
                "rare_recall": 0.9 - slope * max(s - 0.3, 0.0) + levels[r] + noise[0],
                "mean_confidence": 0.8 + noise[1],
                "ece": 0.05 + noise[2],
            }
            for r in range(replicates)
            for s in SHARES
            for noise in [generator.normal(0, 0.005, 3)]
        ]
        settings = {**dict(zip(KNOBS, cell, strict=True)), "variant": "reference"}
        found.append(ConditionRows(f"{cell}", settings, pd.DataFrame(rows), None, number == 0, OWN))
    return found


def test_the_knob_that_deepens_the_loss_is_found_with_its_size_and_no_other() -> None:
    found = factorial_of(study(), conditions(templates=0.5))
    assert found is not None
    rows = {row.term: row for row in found.rows}
    assert list(rows)[:3] == list(KNOBS)
    assert len(rows) == 6
    assert rows["phrase_templates"].versus == "4 against 0"
    change = rows["phrase_templates"].changes["rare_recall"]
    after = [s for s in SHARES if 0.45 <= s <= 0.6]
    before = [s for s in SHARES if s <= 0.35]
    excess = [np.mean([max(s - 0.3, 0.0) for s in window]) for window in (before, after)]
    assert change.se < 0.01
    assert change.estimate == pytest.approx(-0.5 * (excess[1] - excess[0]), abs=4 * change.se)
    assert change.rejected
    shown = [name for row in found.rows for name, one in row.changes.items() if one.rejected]
    assert shown == ["rare_recall", WHOLE]
    shift = rows["phrase_templates"].shifts["rare_recall"]
    assert shift.upper < 0.0
    assert shift.bound == ""
    assert "template_recall" not in rows["phrase_templates"].shifts
    assert "phrase_templates (4 against 0) deepens the loss" in found.verdict
    assert "polish (1 against 0) is not shown" in found.verdict


def test_an_interaction_is_half_the_difference_of_the_effects() -> None:
    found = factorial_of(study(), conditions(both=0.8))
    assert found is not None
    rows = {row.term: row for row in found.rows}
    together = rows["phrase_templates × polish"].changes["rare_recall"]
    alone = rows["phrase_templates"].changes["rare_recall"]
    assert together.rejected
    # an effect of 0.8 in one of four pairs of cells: main effect and interaction are equal
    assert together.estimate == pytest.approx(alone.estimate, abs=0.01)
    assert not rows["polish × lexical_variation"].changes["rare_recall"].rejected


def test_what_is_no_full_factorial_has_none() -> None:
    assert factorial_of(study(), conditions()[:-1]) is None
    assert factorial_of(study(), conditions(replicates=2)) is None
    assert factorial_of(study(((4,), (1.0,), (0.0,))), conditions()[:1]) is None


def test_interactions_of_an_additive_world_are_none_whatever_the_number_of_values() -> None:
    cells = list(itertools.product((4, 2, 0), (1.0, 0.0)))
    additive = np.array([(a == 4) + 3.0 * (b == 1.0) for a, b in cells])
    first, second = (np.array([cell[i] == cells[0][i] for cell in cells]) for i in (0, 1))
    product = 0.5 * len(cells) * half(first) * half(second)
    assert half(first) @ additive == pytest.approx(1.0)
    assert half(second) @ additive == pytest.approx(3.0)
    assert product @ additive == pytest.approx(0.0)
    both = np.array([float(a == 4 and b == 1.0) for a, b in cells])
    assert product @ both == pytest.approx(0.5)


def test_an_onset_that_one_half_does_not_reach_has_an_open_end() -> None:
    rows = conditions(templates=0.5)
    for one in rows:
        if one.settings["phrase_templates"] == 0:
            one.rows["rare_recall"] = 0.9 + 0.001 * one.rows["replicate"]
    found = factorial_of(study(), rows)
    assert found is not None
    shift = found.rows[0].shifts["rare_recall"]
    assert shift.bound == "at most"
    assert "at most" in found.verdict
    assert shift.lower == -np.inf
    assert np.isfinite(shift.upper)
