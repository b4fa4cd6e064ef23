"""Laws: what a world's own seed settles, against definitions and against the draws."""

import numpy as np
import pytest

from smcollapse.laws import clusters_law, facts_law, pass_rates, rarity
from smcollapse.laws.contexts import rarest, zipf
from smcollapse.laws.synthetic import synthetic_frequency
from smcollapse.settings import ClustersWorld, FactsWorld, Filter


def test_zipf_is_the_power_law() -> None:
    w = zipf(600, 0.8)
    assert w.sum() == pytest.approx(1.0, abs=1e-12)
    ratios = w[1:] / w[0]
    assert ratios == pytest.approx(np.arange(2, 601) ** -0.8)


@pytest.mark.parametrize("mass", [0.05, 0.3, 0.9])
def test_rare_contexts_are_the_rarest_up_to_the_mass(mass: float) -> None:
    w = zipf(600, 0.8)
    rare = rarest(w, mass)
    assert w[rare].sum() <= mass
    assert w[rare].max() <= w[~rare].min()
    # One more context would exceed the mass: the set is as large as it may be.
    assert w[rare].sum() + w[~rare].min() > mass


def test_rarest_always_finds_one() -> None:
    assert rarest(np.array([0.5, 0.5]), 0.01).sum() == 1


def test_exceptions_are_rare_contradict_the_consensus_and_have_the_stated_number() -> None:
    law = facts_law(FactsWorld(exception_share=0.3))
    assert not (law.exception & ~law.rare).any()
    assert law.exception.sum() == round(0.3 * law.rare.sum())
    assert np.array_equal(law.truth != law.consensus, law.exception)
    assert np.array_equal(law.consensus, law.category % law.n_answers)


def test_the_world_seed_moves_the_exceptions_and_nothing_else_does() -> None:
    one, same, other = (
        facts_law(FactsWorld(seed=s, noise=n)) for s, n in [(1, 0), (1, 0.5), (2, 0)]
    )
    assert np.array_equal(one.exception, same.exception)
    assert np.array_equal(one.truth, same.truth)
    assert not np.array_equal(one.exception, other.exception)
    assert np.array_equal(one.rare, other.rare)


def test_synthetic_frequency_covers_the_head_and_tempers_it() -> None:
    w = zipf(100, 1.0)
    s = synthetic_frequency(w, coverage=0.35, tempering=0.5)
    assert (s > 0).sum() == 35
    assert (s[:35] > 0).all()
    assert s[0] / s[3] == pytest.approx((w[0] / w[3]) ** 0.5)
    assert synthetic_frequency(w, 1.0, 1.0) == pytest.approx(w)
    assert synthetic_frequency(w, 1.0, 0.0) == pytest.approx(np.full(100, 0.01))


def test_coverage_of_less_than_one_context_still_covers_one() -> None:
    assert (synthetic_frequency(zipf(10, 1.0), 0.01, 1.0) > 0).sum() == 1


def test_rarity_runs_from_zero_to_one() -> None:
    r = rarity(zipf(50, 1.2))
    assert r[0] == 0.0
    assert r[-1] == 1.0
    assert (np.diff(r) > 0).all()
    assert (rarity(np.full(4, 0.25)) == 0).all()


@pytest.mark.parametrize("strictness", [0.0, 0.4, 1.0])
def test_pass_rates_are_the_stated_products(strictness: float) -> None:
    atypicality = np.array([0.0, 0.5, 1.0])
    rates = pass_rates(Filter(strictness=strictness, detection=0.9, severity=0.5), atypicality)
    assert rates.agrees == pytest.approx(1 - strictness * 0.5 * atypicality)
    assert rates.contradicts == pytest.approx(rates.agrees * (1 - strictness * 0.9))


def test_cluster_means_follow_both_conventions() -> None:
    """theory notes §3: x = y(±rule·e₀ + ctx·e_k) or x = cue·rule·e₀ + ctx·e_k, label ±cue."""
    world = ClustersWorld(n_contexts=4, dimension=6, exception_share=1.0, rare_mass=0.4)
    signed = clusters_law(world)
    unsigned = clusters_law(world.model_copy(update={"convention": "unsigned_cue"}))
    for k in range(4):
        sign = -1.0 if signed.exception[k] else 1.0
        positive = np.zeros(6)
        positive[0], positive[1 + k] = sign * world.rule_strength, world.context_strength
        assert signed.means[1, k] == pytest.approx(positive)
        assert signed.means[0, k] == pytest.approx(-positive)
        assert unsigned.means[1, k] == pytest.approx(positive)
        negative = positive.copy()
        negative[0] *= -1.0
        assert unsigned.means[0, k] == pytest.approx(negative)
    assert signed.exception.any()
