"""What theories share: flips, numbers of rows, the calibration error that a report shows."""

import math

import numpy as np
import pytest

from smcollapse.errors import TheoryError
from smcollapse.kernels.calibration import fill_calibration_sums
from smcollapse.scenario import Scenario
from smcollapse.settings import Mixture
from smcollapse.theories import CATALOG, MEASURES
from smcollapse.theories.base import flip_of
from smcollapse.theories.calibration import N_BINS, expected_ece
from smcollapse.theories.mixing import laws_of, local_flips, row_numbers

FACTS = Scenario.model_validate({"mixture": {"budget": 1000}})
POPULATION = CATALOG["population"]


def test_half_of_the_exceptions_mass_decides_the_flip() -> None:
    flips = np.array([0.1, 0.5, 0.3, np.nan, 0.2])
    frequency = np.array([0.4, 0.2, 0.1, 0.2, 0.1])
    exception = np.array([False, True, True, True, True])
    # In order of their flips: .1 at .2, .2 at .3, .4 of .6 at .5: half is reached at .5.
    assert flip_of(flips, exception, frequency) == 0.5
    assert math.isnan(flip_of(np.full(5, np.nan), exception, frequency))
    assert math.isnan(flip_of(flips, np.zeros(5, dtype=np.bool_), frequency))


def test_numbers_of_rows_are_whole_and_follow_the_design() -> None:
    shares = np.array([0.0, 0.25, 0.5, 1.0])
    budget = 1001
    real, made = row_numbers(Mixture(budget=budget), shares)
    np.testing.assert_array_equal(made, [0, 250, 500, 1001])
    np.testing.assert_array_equal(real + made, budget)
    real, made = row_numbers(Mixture(budget=budget, design="accumulate"), shares)
    np.testing.assert_array_equal(real, budget)
    np.testing.assert_array_equal(made[:3], [0, 334, 1001])
    assert math.isnan(made[3])
    real, made = row_numbers(Mixture(budget=budget, design="real_only"), shares)
    np.testing.assert_array_equal(real, [1001, 751, 501, 0])
    np.testing.assert_array_equal(made, 0)


@pytest.mark.parametrize("detectability", [0.0, 0.4])
def test_an_exception_flips_where_its_margins_cancel(detectability: float) -> None:
    scenario = Scenario.model_validate(
        {
            "mixture": {"budget": 1000},
            "source": {"tempering": 0.5, "polish": 0.5, "detectability": detectability},
        }
    )
    laws = laws_of(scenario)
    flips = local_flips(laws, "replace")
    ratio = laws.source.frequency / laws.world.frequency
    # Of labels, .9 of real and .95 of synthetic ones are meant; noise is fair to all answers.
    expected = 1.0 / (1.0 + (1.0 - detectability) * ratio * 0.95 / 0.9)
    np.testing.assert_allclose(flips[laws.world.exception], expected[laws.world.exception])
    assert np.isnan(flips[~laws.world.exception]).all()
    assert np.isnan(local_flips(laws, "real_only")).all()


def test_expected_ece_is_the_mean_of_what_test_sets_show() -> None:
    """Against drawn test sets; the integral without noise, as negative control, is far off."""
    rng = np.random.default_rng(1)
    confidence = np.array([0.55, 0.72, 0.9, 0.99])
    right = np.array([0.55, 0.70, 0.93, 0.985])
    weight, size, draws = np.array([0.1, 0.2, 0.3, 0.4]), 1000, 4000
    found = np.empty(draws)
    sums = np.empty((3, N_BINS))
    for i in range(draws):
        at = rng.choice(4, size, p=weight)
        hit = (rng.random(size) < right[at]).astype(np.float64)
        fill_calibration_sums(confidence[at], hit, sums)
        found[i] = np.abs(sums[2] - sums[1]).sum() / size
    gap = weight * (right - confidence)
    square = weight * (right * (1 - 2 * confidence) + confidence**2)
    predicted = float(expected_ece(gap, (square - gap**2) / size))
    se = found.std() / math.sqrt(draws)
    assert se < 2e-4
    assert abs(found.mean() - predicted) < 4 * se
    assert abs(found.mean() - np.abs(gap).sum()) > 20 * se


def test_predict_is_the_curve_at_the_scenarios_share() -> None:
    scenario = Scenario.model_validate({"mixture": {"budget": 1000, "share": 0.3}})
    one, curve = POPULATION.predict(scenario), POPULATION.curve(scenario, [0.0, 0.3])
    assert set(one.measures) == set(curve.measures) == set(MEASURES)
    for name in MEASURES:
        assert one.measures[name] == curve.measures[name][1]
    assert one.flip == curve.flip


@pytest.mark.parametrize("shares", [[-0.1], [0.2, 1.1], [math.nan], [[0.1]]])
def test_shares_that_are_none_are_refused(shares: list[float]) -> None:
    with pytest.raises(TheoryError, match="shares must be numbers between 0 and 1"):
        POPULATION.curve(FACTS, shares)


def test_a_theory_that_does_not_apply_says_why() -> None:
    table = Scenario.model_validate({"world": {"kind": "table"}})
    linear = Scenario.model_validate({"model": {"kind": "logistic"}, "mixture": {"budget": 10}})
    with pytest.raises(TheoryError, match="'population' does not apply: the densities of a table"):
        POPULATION.curve(table, [0.0])
    with pytest.raises(TheoryError, match="'logistic' is linear"):
        POPULATION.predict(linear)
    for theory in CATALOG.values():
        assert theory.applies(table), theory.name


def test_every_theory_says_what_it_is() -> None:
    for name, theory in CATALOG.items():
        assert theory.name == name
        assert theory.title
        assert theory.source
        assert theory.assumptions
        assert theory.domain
