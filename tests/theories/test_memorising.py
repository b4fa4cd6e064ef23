"""Whether a network trains far enough to memorise its contexts."""

from typing import Any

import numpy as np
import pytest

from smcollapse.scenario import Scenario
from smcollapse.theories.memorising import memorising_doubts, reach

SHARES = np.array([0.0, 0.3, 0.6])


def _scenario(**parts: dict[str, Any]) -> Scenario:
    """100 contexts of equal frequency, 10 000 rows, 500 steps of 100 rows at rate .01."""
    basic: dict[str, dict[str, Any]] = {
        "world": {"n_contexts": 100, "zipf_exponent": 0.0},
        "source": {},
        "mixture": {"budget": 10_000},
        "model": {"passes": 5, "batch_size": 100, "learning_rate": 0.01},
        "filter": {},
    }
    return Scenario.model_validate({k: v | parts.get(k, {}) for k, v in basic.items()})


def test_reach_is_rate_times_steps_times_the_root_of_visits_per_step() -> None:
    visited = 1.0 - (1.0 - (1.0 - SHARES) / 100) ** 100
    np.testing.assert_allclose(
        reach(_scenario(), SHARES), 0.01 * 500 * np.sqrt(visited), rtol=1e-12
    )


def test_synthetic_rows_take_visits_away_in_both_designs_and_none_without_them() -> None:
    added = reach(_scenario(mixture={"design": "accumulate"}), SHARES)
    np.testing.assert_allclose(added, reach(_scenario(), SHARES), rtol=1e-4)
    alone = reach(_scenario(mixture={"design": "real_only"}), SHARES)
    np.testing.assert_allclose(alone, alone[0], rtol=1e-12)


@pytest.mark.parametrize(
    ("part", "change", "sign"),
    [
        ("model", {"passes": 10}, 1),
        ("model", {"learning_rate": 0.02}, 1),
        ("world", {"zipf_exponent": 1.0}, -1),
        ("world", {"n_contexts": 300}, -1),
        ("filter", {"strictness": 1.0, "detection": 0.0, "severity": 0.9}, 0),  # all equally rare
        ("source", {"fidelity": 0.5, "templates": 10}, 0),
    ],
)
def test_what_moves_the_reach(part: str, change: dict[str, Any], sign: int) -> None:
    before, after = (reach(s, SHARES) for s in (_scenario(), _scenario(**{part: change})))
    if sign:
        assert (sign * (after - before) > 0.0).all()
    else:
        np.testing.assert_allclose(after, before, rtol=1e-12)


def test_a_filter_against_rare_rows_shortens_the_reach() -> None:
    world = {"zipf_exponent": 1.0}
    strict = {"strictness": 1.0, "severity": 0.9}
    before, after = (reach(_scenario(world=world, filter=f), SHARES) for f in ({}, strict))
    assert (after < before).all()


def test_doubts_say_what_is_wrong() -> None:
    fine = _scenario()
    assert memorising_doubts(fine, SHARES) == ()
    (short,) = memorising_doubts(_scenario(model={"passes": 1}), SHARES)
    assert "reach 0.57 at share 0.6, 2 needed" in short
    styled = _scenario(source={"detectability": 0.5}, model={"passes": 4})
    assert memorising_doubts(_scenario(model={"passes": 4}), SHARES) == ()
    assert "3 needed" in memorising_doubts(styled, SHARES)[0]
    (decayed,) = memorising_doubts(_scenario(model={"weight_decay": 0.1}), SHARES)
    assert "weight decay" in decayed


def test_nothing_is_doubted_of_a_count_table() -> None:
    table = {"kind": "count_table"}
    scenario = Scenario.model_validate({"mixture": {"budget": 100}, "model": table})
    assert memorising_doubts(scenario, SHARES) == ()
