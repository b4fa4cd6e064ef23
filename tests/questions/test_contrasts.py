"""Conditions against the reference: paired, corrected, and nothing where nothing differs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from smcollapse.inference import Replication
from smcollapse.questions.conditions import ConditionRows
from smcollapse.questions.contrasts import contrasts_of, open_band
from smcollapse.report.wording import shift_words
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


@pytest.mark.parametrize(
    ("reference", "condition_", "bound", "shift"),
    [
        (0.35, 0.6, "at least", 0.6 - 0.44),
        (0.6, 0.35, "at most", 0.44 - 0.6),
        (0.6, 0.6, "unknown", None),
        (0.35, 0.25, "", -0.1),
    ],
)
def test_an_onset_beyond_the_shares_is_a_bound(
    reference: float, condition_: float, bound: str, shift: float | None
) -> None:
    """A tenth of .9 is lost .09 beyond the knot; nothing is lost up to .6 where the knot is."""
    found = contrasts_of([condition("reference", reference, 0), condition("other", condition_, 1)])
    assert found is not None
    held = found.rows[0].shift
    assert held is not None
    assert held.bound == bound
    if shift is None:
        assert np.isnan(held.shift)
        assert (held.lower, held.upper, held.p_adjusted) == (-np.inf, np.inf, 1.0)
        assert held.to_dict()["shift"] is None
        assert "no condition is shown to move the onset" in found.verdict
        assert shift_words(held.shift, held.bound) == "unknown"
        return
    assert held.shift == pytest.approx(shift, abs=0.02)
    assert np.isinf(held.upper) == (bound == "at least")
    assert np.isinf(held.lower) == (bound == "at most")
    assert held.lower <= shift <= held.upper
    sign = "+" if shift > 0 else "-"
    assert f"other ({bound} {sign}".replace("( ", "(") in found.verdict
    mark = {"at least": "≥ +", "at most": "≤ \u2212", "": "\u2212"}[bound]
    assert shift_words(held.shift, held.bound).startswith(mark)


def test_a_side_that_draws_do_not_reach_is_open() -> None:
    """Onsets near the last share: some draws do not reach them, and the interval says so."""
    one, other = np.full(1000, 0.55), np.full(1000, 0.40)
    one[:200] = 0.6
    low, high = open_band(one, other, 0.6, 0.95)
    assert low == pytest.approx(0.15)
    assert high == np.inf
    assert open_band(other, one, 0.6, 0.95) == (-np.inf, pytest.approx(-0.15))
    one[:200] = 0.59
    assert open_band(one, other, 0.6, 0.95)[1] == pytest.approx(0.19)


def test_one_condition_or_other_replicates_have_no_contrast() -> None:
    assert contrasts_of([condition("reference", 0.35, 0)]) is None
    other = condition("other", 0.35, 1)
    fewer = ConditionRows("fewer", {}, other.rows[other.rows["replicate"] < 5], None, False, OWN)
    assert contrasts_of([condition("reference", 0.35, 0), fewer]) is None
