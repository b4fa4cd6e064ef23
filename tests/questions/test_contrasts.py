"""Conditions against the reference: paired, corrected, and nothing where nothing differs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from smcollapse.inference import Replication
from smcollapse.questions.conditions import ConditionRows
from smcollapse.questions.contrasts import contrasts_of
from tests.inference.sweeps import SHARES

OWN = Replication(own_corpora=True)


def condition(label: str, knot: float, seed: int, extra: float = 0.0) -> ConditionRows:
    """Eight replicates whose levels are common to all conditions."""
    levels = np.random.default_rng(99).normal(0.0, 0.03, 8)
    generator = np.random.default_rng(seed)
    rows = pd.DataFrame(
        [
            {
                "share": s,
                "replicate": r,
                "rare_recall": 0.9 - max(s - knot, 0.0) + levels[r] + generator.normal(0, 0.01),
                "mean_confidence": 0.8 + extra * s + generator.normal(0, 0.005),
                "ece": 0.05 + generator.normal(0, 0.005),
            }
            for r in range(8)
            for s in SHARES
        ]
    )
    return ConditionRows(label, {}, rows, None, label == "reference", OWN)


def test_shifts_and_changes_are_found_and_the_same_condition_is_not() -> None:
    found = contrasts_of(
        [
            condition("reference", 0.35, 0),
            condition("the same", 0.35, 1),
            condition("earlier", 0.25, 2),
            condition("surer", 0.35, 3, extra=0.2),
        ]
    )
    assert found is not None
    rows = {row.label: row for row in found.rows}
    shift = rows["earlier"].shift
    assert shift is not None
    assert shift.lower < -0.1 < shift.upper
    assert shift.p_adjusted <= 0.05
    assert rows["earlier"].changes["rare_recall"].rejected
    assert rows["surer"].changes["mean_confidence"].rejected
    same = rows["the same"]
    assert same.shift is not None
    assert same.shift.p_adjusted > 0.05
    assert not any(change.rejected for change in same.changes.values())
    assert "earlier (-" in found.verdict
    assert "the same" not in found.verdict


def test_an_onset_beyond_the_shares_is_a_bound() -> None:
    found = contrasts_of([condition("reference", 0.35, 0), condition("never", 0.6, 1)])
    assert found is not None
    assert found.rows[0].shift is not None
    assert found.rows[0].shift.censored
    assert "at least +" in found.verdict


def test_one_condition_or_other_replicates_have_no_contrast() -> None:
    assert contrasts_of([condition("reference", 0.35, 0)]) is None
    other = condition("other", 0.35, 1)
    fewer = ConditionRows("fewer", {}, other.rows[other.rows["replicate"] < 5], None, False, OWN)
    assert contrasts_of([condition("reference", 0.35, 0), fewer]) is None
