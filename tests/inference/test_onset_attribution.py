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


def test_the_shift_is_covered_and_the_idle_knob_is_not_blamed() -> None:
    """30 tables at .95: at least 25 cover; the idle knob is blamed in at most 6 of them."""
    hits = blamed = 0
    for seed in range(30):
        found = attribute_onset(table(seed), "y", ["a", "b"], draws=299)
        terms = {term.term: term for term in found.terms}
        hits += terms["a"].band.lower <= 0.12 <= terms["a"].band.upper
        blamed += terms["b: on"].p_adjusted <= 0.05
        assert terms["a"].p_adjusted <= 0.05
    assert hits >= 25
    assert blamed <= 6


def test_a_condition_beyond_the_shares_is_said() -> None:
    found = attribute_onset(table(effect=0.19), "y", ["a", "b"], draws=199)
    assert found.censored == 2
    assert "too small" in found.warnings[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="a"), "no column 'a'"),
        (lambda t: t.assign(y=0.9), "no condition reaches"),
        (lambda t: t[t["replicate"] == 0], "at least 2 replicates"),
        (lambda t: t[(t["a"] > 0) | (t["replicate"] > 0)], "all conditions need them"),
        (lambda t: t.assign(a=1), "a"),
    ],
)
def test_wrong_tables_are_refused(change, words: str) -> None:
    with pytest.raises(InferenceError, match=words):
        attribute_onset(change(table()), "y", ["a", "b"], draws=99)
