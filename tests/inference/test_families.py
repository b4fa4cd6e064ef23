"""Families of curves: atoms against scipy, exactness where it can be known, one's own family."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.special import expit

from smcollapse.inference import Family, InferenceError, profile_break
from smcollapse.inference.dictionaries import dictionary
from smcollapse.inference.families import (
    CUBIC,
    EXPONENTIAL,
    KINK,
    LOGISTIC,
    SKEWED,
    SOFTPLUS,
    TWO_BREAKS,
)
from smcollapse.kernels.atoms import best_atoms, exceedances
from tests.inference.sweeps import SHARES, kink, sweep
from tests.kernels.agreement import interpreted

MEANS = np.array([sweep(kink(), seed).mean for seed in range(40)])


def test_kinks_are_those_of_the_exact_search() -> None:
    fits = dictionary(KINK, SHARES).fit(MEANS)
    exact = [profile_break(SHARES, mean) for mean in MEANS]
    variance = 0.02**2 / 10
    assert np.max(np.abs(fits.rss - [fit.rss for fit in exact])) < 0.05 * variance
    assert np.min(fits.rss - [fit.rss for fit in exact]) > -1e-12


def test_a_logistic_is_fitted_as_well_as_scipy_does() -> None:
    """Curves with a logistic's shape; the solver starts at the truth."""
    truth = 0.9 - 0.4 * expit((SHARES - 0.38) / 0.06)
    means = truth + np.random.default_rng(1).normal(0.0, 0.006, (20, 13))
    found = dictionary(LOGISTIC, SHARES).fit(means).rss

    def residuals(p: np.ndarray, mean: np.ndarray) -> np.ndarray:
        return p[0] + p[1] * expit((SHARES - p[2]) / p[3]) - mean

    best = [2 * least_squares(residuals, [0.9, -0.4, 0.38, 0.06], args=(m,)).cost for m in means]
    assert np.all(found < np.array(best) * 1.001 + 1e-12)


@pytest.mark.parametrize("family", [CUBIC, EXPONENTIAL, KINK, LOGISTIC, SKEWED, SOFTPLUS])
def test_residual_sums_are_those_of_the_fitted_curves(family: Family) -> None:
    weights = np.linspace(0.5, 1.5, 13)
    fits = dictionary(family, SHARES, weights).fit(MEANS)
    rss = (weights * (fits.curves - MEANS) ** 2).sum(axis=1)
    np.testing.assert_allclose(fits.rss, rss, rtol=1e-6, atol=1e-12)


def test_pruning_loses_no_fit() -> None:
    whole = dictionary(SKEWED, SHARES)
    centre = whole.fit(MEANS[0]).curves[0]
    radius = float(np.sqrt(((MEANS - centre) ** 2).sum(axis=1).max()))
    near = whole.near(centre, radius)
    assert near.atoms.shape[2] < 0.5 * whole.atoms.shape[2]
    np.testing.assert_allclose(near.fit(MEANS).rss, whole.fit(MEANS).rss, rtol=1e-9)


def test_two_breaks_find_plateau_fall_and_floor() -> None:
    truth = np.interp(SHARES, [0.0, 0.2, 0.3, 0.6], [0.9, 0.9, 0.6, 0.6])
    single = dictionary(KINK, SHARES).fit(truth).parameters[0] * 0.6
    double = dictionary(TWO_BREAKS, SHARES).fit(truth)
    assert abs(single[0] - 0.2) > 0.03  # saturation moves a single knot
    assert double.rss[0] < 1e-9
    wider = np.interp(SHARES, [0.0, 0.2, 0.4, 0.6], [0.9, 0.9, 0.6, 0.6])
    knots = dictionary(TWO_BREAKS, SHARES).fit(wider).parameters[0] * 0.6
    np.testing.assert_allclose(knots, [0.2, 0.4], atol=1e-4)


def test_best_atoms_twins() -> None:
    atoms = np.random.default_rng(0).normal(size=(2, 5, 7))
    curves = np.random.default_rng(1).normal(size=(3, 5))
    expected = ((np.einsum("bs,ksg->bkg", curves, atoms)) ** 2).sum(axis=1)
    for kernel in (best_atoms, interpreted(best_atoms)):
        explained, index = np.empty(3), np.empty(3, dtype=np.int64)
        kernel(curves, atoms, explained, index)
        np.testing.assert_allclose(explained, expected.max(axis=1))
        assert index.tolist() == expected.argmax(axis=1).tolist()


def test_exceedances_twins() -> None:
    generator = np.random.default_rng(2)
    signals, noise = generator.normal(size=(2, 6)), generator.normal(size=(50, 6))
    groups, observed = np.array([[0, 2], [3, 6]]), np.array([0.3, 0.6])
    expected = []
    for row, (start, stop), least in zip(signals, groups, observed, strict=True):
        squares = (row + noise) ** 2
        gain = squares.max(axis=1) - squares[:, start:stop].max(axis=1)
        expected.append(int((gain >= least).sum()))
    for kernel in (exceedances, interpreted(exceedances)):
        counts = np.empty(2, dtype=np.int64)
        kernel(signals, noise, groups, observed, counts)
        assert counts.tolist() == expected


def test_a_family_needs_both_functions() -> None:
    with pytest.raises(InferenceError, match="both grid and columns"):
        Family("half", 0, 2, grid=lambda t: t[:, None])
