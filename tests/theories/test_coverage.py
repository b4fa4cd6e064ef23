"""Coverage theory: draws that it idealises, its decomposition, and the published exponents."""

import math
from typing import Any

import numpy as np
import pytest

from smcollapse.errors import TheoryError
from smcollapse.laws.contexts import zipf
from smcollapse.scenario import Scenario
from smcollapse.theories import CATALOG, MEASURES
from smcollapse.theories.coverage import losses
from smcollapse.theories.mixing import laws_of, row_numbers
from smcollapse.theories.tails import (
    local_exponents,
    plateau,
    unseen_mass,
    zipf_unseen_mass,
)

COVERAGE, POPULATION = CATALOG["coverage"], CATALOG["population"]
SHARES = np.array([0.0, 0.3, 0.6])


def _facts(budget: int = 4000, **parts: Any) -> Scenario:
    # Two categories, so that the consensus has the majority of each.
    world = {
        "n_contexts": 60,
        "n_answers": 5,
        "n_categories": 2,
        "noise": 0.0,
        "zipf_exponent": 1.2,
    }
    return Scenario.model_validate({"world": world, "mixture": {"budget": budget}} | parts)


@pytest.mark.parametrize("coverage", [0.2, 1.0])
def test_without_noise_recall_is_that_of_drawn_training_sets(coverage: float) -> None:
    """Truth shown and no override; forgetting that real rows are displaced is caught."""
    scenario = _facts(source={"coverage": coverage, "polish": 1.0, "tempering": 0.8}, budget=300)
    laws, share = laws_of(scenario), 0.3
    (real,), (made,) = row_numbers(scenario.mixture, np.array([share]))
    weight, exception, rare = laws.world.frequency, laws.world.exception, laws.world.rare
    rng, draws = np.random.default_rng(3), 20_000
    shown = rng.poisson(real * weight, (draws, len(weight))) > 0
    override = made * laws.source.frequency > real * weight
    right = ~exception | (shown & ~override)
    found = right[:, rare] @ weight[rare] / weight[rare].sum()
    se = found.std() / math.sqrt(draws)
    predicted = COVERAGE.curve(scenario, [share, 0.0]).measures["rare_recall"]
    assert se < 0.002
    assert abs(found.mean() - predicted[0]) < 4 * se
    assert abs(found.mean() - predicted[1]) > 20 * se


def test_with_endless_rows_it_is_the_population_limit() -> None:
    scenario = _facts(budget=10**9, source={"contamination": 0.2, "detectability": 0.3})
    mine, limit = (theory.curve(scenario, SHARES).measures for theory in (COVERAGE, POPULATION))
    for name in MEASURES:
        np.testing.assert_allclose(mine[name], limit[name], atol=1e-9)


def test_losses_add_up_and_have_the_right_cause() -> None:
    few = {"budget": 800}
    whole = losses(_facts(**few), SHARES)
    partial = losses(_facts(source={"coverage": 0.1}, **few), SHARES)
    for scenario, lost in (
        (_facts(**few), whole),
        (_facts(source={"coverage": 0.1}, **few), partial),
    ):
        recall = COVERAGE.curve(scenario, SHARES).measures["rare_recall"]
        total = lost.undersampling + lost.override + lost.dilution
        np.testing.assert_allclose(total, 1.0 - recall, atol=1e-12)
        law = laws_of(scenario).world
        np.testing.assert_allclose(lost.lost_mass, total * law.frequency[law.rare].sum())
        assert (np.diff(total) > 0.0).all()
        assert (lost.lost_contexts <= law.rare.sum()).all()
    np.testing.assert_array_equal(whole.dilution, 0.0)
    np.testing.assert_array_equal(partial.override, 0.0)
    # A source that leaves the exceptions alone costs less of them than one that overrides them.
    assert partial.dilution[-1] < whole.override[-1]
    # A style that gives every synthetic row away leaves dilution only.
    told = losses(_facts(source={"detectability": 1.0}, **few), SHARES)
    np.testing.assert_allclose(told.dilution, partial.dilution)
    np.testing.assert_array_equal(told.override, 0.0)


def test_losses_refuse_a_share_without_rows() -> None:
    scenario = _facts(mixture={"budget": 100, "design": "real_only"})
    with pytest.raises(TheoryError, match="no row is left at share 1"):
        losses(scenario, [0.5, 1.0])
    assert np.isnan(COVERAGE.curve(scenario, [1.0]).measures["accuracy"][0])


def test_coverage_theory_is_about_facts_that_are_memorised() -> None:
    clusters = Scenario.model_validate({"world": {"kind": "clusters"}, "mixture": {"budget": 9}})
    assert "clusters" in COVERAGE.applies(clusters)[0]
    assert "logistic" in COVERAGE.applies(_facts(model={"kind": "logistic"}))[0]


@pytest.mark.parametrize("exponent", [1.2, 1.5, 2.0, 3.0])
def test_exponents_are_the_published_ones(exponent: float) -> None:
    """Hutter (2021): n^(−(α−1)/α); Dohmatob et al. (2024): a plateau k₀^(−(α−1))."""
    sizes = 10.0 ** np.arange(4, 9)
    error = [zipf_unseen_mass(exponent, n, 0.0, 1).total for n in sizes]
    np.testing.assert_allclose(
        local_exponents(sizes, error), -(exponent - 1.0) / exponent, atol=0.005
    )
    covered = np.array([100, 1000, 10_000])
    left = [zipf_unseen_mass(exponent, 1e13, 1.0, int(k)).total for k in covered]
    np.testing.assert_allclose(local_exponents(covered, left), -(exponent - 1.0), atol=0.05)
    np.testing.assert_allclose(left, [plateau(exponent, int(k)) for k in covered], rtol=1e-4)
    # Real rows beside the synthetic ones take the plateau away, so the exponent would be missed.
    mixed = [zipf_unseen_mass(exponent, 1e13, 0.5, int(k)).total for k in covered]
    assert np.abs(local_exponents(covered, mixed)).max() < 0.1


def test_the_headline_metric_hides_the_loss_of_the_tail() -> None:
    """Theory notes, section 4 (α = 1.5, n = 10⁴, k₀ = 300), where the sum had an end."""
    weights = zipf(3_000_000, 1.5)
    for found, tolerance in (
        ([unseen_mass(weights, 1e4, share, 300) for share in (0.0, 0.6)], 1e-4),
        ([zipf_unseen_mass(1.5, 1e4, share, 300) for share in (0.0, 0.6)], 5e-4),
    ):
        assert [mass.total for mass in found] == pytest.approx([0.0433, 0.0467], abs=tolerance)
        assert [1.0 - mass.tail for mass in found] == pytest.approx([0.152, 0.068], abs=0.0015)


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_unseen_mass_is_that_of_drawn_rows(share: float) -> None:
    weights, covered, n = zipf(2000, 1.3), 50, 3000
    rng, draws = np.random.default_rng(5), 1000
    head = weights[:covered] / weights[:covered].sum()
    chance = (1.0 - share) * weights
    chance[:covered] += share * head
    unseen = rng.multinomial(n, chance / chance.sum(), size=draws) == 0
    total = unseen @ weights
    tail = unseen[:, covered:] @ weights[covered:] / weights[covered:].sum()
    predicted = unseen_mass(weights, n, share, covered)
    for drawn, value in ((total, predicted.total), (tail, predicted.tail)):
        se = drawn.std() / math.sqrt(draws)
        assert se < 0.001
        assert abs(drawn.mean() - value) < 4.0 * se
        wrong = unseen_mass(weights, n, share + 0.1, covered)
        assert abs(tail.mean() - wrong.tail) > 10.0 * tail.std() / math.sqrt(draws)


def test_integrals_and_sums_agree() -> None:
    """The mass beyond 10⁶ contexts is added by hand: none of them is likely to be seen."""
    weights = np.arange(1, 10**6 + 1) ** -2.0 * 6.0 / math.pi**2
    near = unseen_mass(weights, 1e5, 0.3, 100)
    far = zipf_unseen_mass(2.0, 1e5, 0.3, 100)
    assert far.total == pytest.approx(near.total + plateau(2.0, 10**6), rel=1e-4)


def test_wrong_tails_are_refused() -> None:
    with pytest.raises(TheoryError, match="exponent above 1"):
        zipf_unseen_mass(1.0, 100.0, 0.1, 10)
    with pytest.raises(TheoryError, match="covered must be between 1 and 5"):
        unseen_mass(zipf(5, 1.0), 100.0, 0.1, 6)
    with pytest.raises(TheoryError, match="between 0 and 1"):
        unseen_mass(zipf(5, 1.0), 100.0, 1.1, 3)
