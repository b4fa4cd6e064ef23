"""Separability: known limits, and linear programming at finite dimension."""

import numpy as np
import pytest
from scipy.optimize import brentq, linprog

from smcollapse.errors import TheoryError
from smcollapse.scenario import Scenario
from smcollapse.theories.separability import load, separable, separable_share
from smcollapse.theories.signed_clusters import SignedClusters

ROWS = 6.17


def one_mean(share: float, variance: float = 0.0025, rows: float = ROWS) -> SignedClusters:
    """Real rows around a mean of length 1, and narrow synthetic ones around the same mean."""
    return SignedClusters(
        weight=rows * np.array([[[1.0 - share, 0.0]], [[share, 0.0]]]),
        deviation=np.array([1.0, variance**0.5]),
        multiplicity=np.ones(2),
        rule=np.ones(1),
        context=np.zeros(1),
        ridge=0.1,
    )


def transition(variance: float, rows: float = ROWS) -> float:
    return float(brentq(lambda p: load(one_mean(p, variance, rows)) - 1.0, 0.0, 0.99))


def test_known_limits() -> None:
    """Cover (1965): one half without a signal. Rows of one mean: h = .2703."""
    none = SignedClusters(
        np.array([[[1.0, 0.0]]]), np.ones(1), np.ones(1), np.array([1e-9]), np.zeros(1), 0.1
    )
    assert load(none) == pytest.approx(0.5, abs=1e-6)
    assert load(one_mean(0.0, rows=1.0)) == pytest.approx(0.2703, abs=1e-4)


@pytest.mark.parametrize(("rows", "share"), [(6.17, 0.400), (8.0, 0.537), (10.0, 0.630)])
def test_narrow_templates_bring_the_transition_to_a_closed_form(rows: float, share: float) -> None:
    assert transition(1e-4, rows) == pytest.approx(share, abs=2e-3)


@pytest.mark.parametrize(
    ("variance", "share"), [(0.05, 0.40), (0.1, 0.42), (0.25, 0.53), (0.5, 0.91)]
)
def test_wider_synthetic_rows_move_it(variance: float, share: float) -> None:
    assert transition(variance) == pytest.approx(share, abs=6e-3)


def chance_of_separation(share: float, dimension: int, draws: int = 24) -> float:
    """Share of drawn training sets that a linear programme separates."""
    count = 0
    for number in range(draws):
        normal = np.random.default_rng((number, dimension)).standard_normal
        rows = normal((round(ROWS * dimension), dimension))
        rows[: round(share * len(rows))] *= 0.05
        rows[:, 0] += 1.0
        found = linprog(
            np.zeros(dimension),
            A_ub=-rows,
            b_ub=-np.ones(len(rows)),
            bounds=(None, None),
            method="highs",
        )
        count += found.status == 0
    return count / draws


def test_drawn_rows_become_separable_at_the_predicted_share() -> None:
    below, above = transition(0.0025) - 0.12, transition(0.0025) + 0.12
    small = [chance_of_separation(share, 24) for share in (below, above)]
    large = [chance_of_separation(share, 80) for share in (below, above)]
    assert large[0] <= 0.25
    assert large[1] >= 0.75
    assert large[1] - large[0] > small[1] - small[0]


def scenario(**changes: dict[str, object]) -> Scenario:
    parts: dict[str, dict[str, object]] = {
        "world": {"kind": "clusters", "dimension": 100, "n_contexts": 5, "noise": 0.05},
        "source": {"fidelity": 1.0},
        "mixture": {"budget": 500, "share": 0.0},
        "model": {"kind": "logistic"},
    }
    return Scenario(**{part: values | changes.get(part, {}) for part, values in parts.items()})


def test_the_share_of_a_scenario() -> None:
    share = separable_share(scenario())
    assert 0.0 < share < 0.95
    assert not separable(scenario(), share - 0.02)
    assert separable(scenario(), share + 0.02)
    assert separable_share(scenario(mixture={"budget": 100})) == 0.0
    assert np.isnan(separable_share(scenario(source={"polish": 0.0, "contamination": 0.3})))


def test_copies_do_not_count() -> None:
    with_copies = scenario(source={"templates": 20})
    assert separable_share(with_copies) <= separable_share(scenario()) + 1e-3


def test_other_models_are_refused() -> None:
    with pytest.raises(TheoryError, match="logistic"):
        separable_share(scenario(model={"kind": "mlp"}))
