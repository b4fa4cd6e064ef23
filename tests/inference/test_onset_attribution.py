"""Attribution of the onset: known shifts, censoring said, wrong tables refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from smcollapse.inference import InferenceError, attribute_onset
from tests.inference.sweeps import SHARES


def table(seed: int = 0, effect: float = 0.06, n: int = 6) -> pd.DataFrame:
    levels = np.random.default_rng([seed, 1]).normal(0.0, 0.02, n)
    generator = np.random.default_rng(seed)
    rows = []
    for a in (0, 1, 2):
        for b in ("off", "on"):
            knot = 0.2 + effect * a
            for r in range(n):
                for s in SHARES:
                    y = 0.9 + levels[r] - 1.2 * max(s - knot, 0.0) + generator.normal(0.0, 0.01)
                    rows.append({"share": s, "replicate": r, "a": a, "b": b, "y": y})
    return pd.DataFrame(rows)


def stepped(seed: int = 0, n: int = 6) -> pd.DataFrame:
    """Steps at .2 (a = 0) and .33 (a = 1), between tried shares."""
    generator = np.random.default_rng(seed)
    rows = [
        {"share": s, "replicate": r, "a": a, "y": 0.9 - 0.3 * (s >= place)}
        for a, place in ((0, 0.21), (1, 0.34))
        for r in range(n)
        for s in SHARES
    ]
    table = pd.DataFrame(rows)
    return table.assign(y=table["y"] + generator.normal(0.0, 0.01, len(table)))


def test_shifts_of_kinks_lie_in_both_limits_and_an_idle_knob_is_not_blamed() -> None:
    """Truth: .06 and .12 a step of a; b does nothing. 20 tables, of which at most two may miss."""
    missed = blamed = 0
    for seed in range(20):
        found = attribute_onset(table(seed, effect=0.1), "y", ["a", "b"], interactions=False)
        terms = {term.term: term for term in found.terms}
        assert terms["a"].shown
        assert terms["a"].shift == pytest.approx(0.2, abs=0.04)
        missed += not all(0.2 in limits for limits in (terms["a"].band, terms["a"].refined))
        missed += not all(0.0 in limits for limits in (terms["b: on"].band, terms["b: on"].refined))
        blamed += terms["b: on"].shown
        assert terms["a"].refined.width <= terms["a"].band.width
    assert missed <= 2
    assert blamed <= 1


def test_shifts_of_steps_lie_in_the_limits_that_hold_for_any_curve() -> None:
    """Onsets .21 and .34, at tried shares .25 and .35: the straight lines between say .10."""
    for seed in range(20):
        (term,) = attribute_onset(stepped(seed), "y", ["a"]).terms
        assert 0.13 in term.band
        assert 0.13 not in term.refined
        assert term.shown


def test_an_onset_beyond_the_shares_bounds_a_shift_on_one_side() -> None:
    """Knots at .2, .39 and .58, of which a tenth is lost at .28, .47 and .66, beyond .6."""
    found = attribute_onset(table(effect=0.19), "y", ["a", "b"])
    terms = {term.term: term for term in found.terms}
    assert found.censored == 2
    assert "beyond the largest share" in found.warnings[0]
    assert terms["a"].shift is None
    assert terms["a"].band.upper == np.inf
    assert 0.1 < terms["a"].band.lower < 0.38
    assert "a (from 0 to 2) moves it by at least +" in found.verdict
    assert "b" not in [term.term for term in found.terms if term.shown]


def test_conditions_need_not_share_replicates() -> None:
    own = table(effect=0.1)
    own["replicate"] = own["replicate"].astype(str) + own["b"]
    found = attribute_onset(own, "y", ["a", "b"])
    assert found.terms[0].shown


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="a"), "no column 'a'"),
        (lambda t: t.assign(y=0.9), "no condition reaches"),
        (lambda t: t[t["replicate"] == 0], "at least 2 replicates"),
        (lambda t: t[(t["a"] > 0) | (t["replicate"] < 1)], "2 replicates"),
        (lambda t: t.assign(a=1), "a"),
    ],
)
def test_wrong_tables_are_refused(change, words: str) -> None:
    with pytest.raises(InferenceError, match=words):
        attribute_onset(change(table()), "y", ["a", "b"])
