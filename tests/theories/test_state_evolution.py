"""The fixed point against slow, obvious twins of its equations, on both sides of separability."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit

from smcollapse.kernels.proximal import fill_dual
from smcollapse.theories import state_evolution
from smcollapse.theories.separability import load
from smcollapse.theories.signed_clusters import SignedClusters
from smcollapse.theories.state_evolution import FixedPoint, fixed_point

RIDGES = (1.0, 0.1, 1e-2, 1e-4, 1e-6)


def clusters(ridge: float, rows: float = 3.0) -> SignedClusters:
    """Three contexts; noisy real rows, narrow synthetic ones that occur once or three times."""
    real = rows * np.array([[0.45, 0.05], [0.27, 0.03], [0.18, 0.02]])
    made = rows * np.array([[0.3, 0.0], [0.1, 0.0], [0.0, 0.1]])
    return SignedClusters(
        weight=np.stack([real, 0.5 * made, 0.2 * made]),
        deviation=np.array([1.0, 0.3, 0.3]),
        multiplicity=np.array([1.0, 1.0, 3.0]),
        rule=np.array([1.5, 1.5, -1.5]),
        context=np.array([1.0, 2.0, 2.0]),
        ridge=ridge,
    )


def proximal(omega: float, variance: float) -> float:
    """The root of x − ω − V/(1 + e^x), by bisection."""
    return float(
        brentq(
            lambda x: x - omega - variance * expit(-x),
            omega - 1.0,
            omega + variance + 1.0,
            xtol=1e-13,
            rtol=1e-14,
        )
    )


def averages(c: SignedClusters, point: FixedPoint) -> dict[str, np.ndarray]:
    """F (K,), and the sums q̂, V̂ and Σ ν E f x over all clusters, on 1201 points."""
    z = np.linspace(-7.5, 7.5, 1201)
    normal = np.exp(-0.5 * z**2)
    normal /= normal.sum()
    force = np.zeros(len(c.rule))
    noise, width, work = np.zeros(1), np.zeros(1), np.zeros(1)
    for g, k, side in np.argwhere(c.weight > 0.0):
        nu, sigma, r = c.weight[g, k, side], c.deviation[g], c.multiplicity[g]
        sign, v = 1.0 - 2.0 * side, sigma**2 * r * point.susceptibility
        omega = sign * point.margin[k] + sigma * point.norm * z
        x = np.array([proximal(w, v) for w in omega])
        s = expit(-x)
        u = s * (1.0 - s)
        force[k] += sign * nu * r * normal @ s
        noise += nu * sigma**2 * r**2 * normal @ s**2
        width += nu * sigma**2 * r * normal @ (u / (1.0 + v * u))
        work += nu * r * normal @ (s * x)
    return {"force": force, "noise": noise, "width": width, "work": work}


@pytest.mark.parametrize("rows", [0.7, 3.0])
@pytest.mark.parametrize("ridge", RIDGES)
def test_equations_hold_on_both_sides_of_separability(ridge: float, rows: float) -> None:
    c = clusters(ridge, rows)
    assert (load(c) < 1.0) == (rows == 0.7)
    point = fixed_point(c)
    assert point is not None
    found = averages(c, point)
    norm, v = point.norm, point.susceptibility
    parts = np.concatenate([[c.rule @ found["force"]], c.context * found["force"]]) * v
    np.testing.assert_allclose(point.state[: len(parts)] * norm, parts, rtol=1e-3, atol=1e-3 * norm)
    np.testing.assert_allclose(norm**2, parts @ parts + v**2 * found["noise"], rtol=1e-3)
    np.testing.assert_allclose(1.0 / v, ridge + found["width"], rtol=2e-2)
    # Stationarity along the weights themselves, which no equation of the solver states.
    np.testing.assert_allclose(found["work"], ridge * norm**2, rtol=1e-2, atol=1e-4)


def test_start_does_not_matter() -> None:
    near = fixed_point(clusters(0.02))
    alone, warm = fixed_point(clusters(0.01)), fixed_point(clusters(0.01), near)
    assert alone is not None
    assert warm is not None
    np.testing.assert_allclose(alone.state, warm.state, atol=1e-7)


def test_a_multiplicity_is_not_so_many_distinct_rows() -> None:
    copies = replace(clusters(0.1), multiplicity=np.array([1.0, 1.0, 30.0]))
    weight = copies.weight.copy()
    weight[2] *= 30.0
    distinct = SignedClusters(
        weight, copies.deviation, np.ones(3), copies.rule, copies.context, copies.ridge
    )
    found = [fixed_point(c) for c in (copies, distinct)]
    assert found[0] is not None
    assert found[1] is not None
    assert abs(np.log(found[0].norm / found[1].norm)) > 0.01


def test_what_is_not_found_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_evolution, "_MAX_STEPS", 0)
    assert fixed_point(clusters(1e-4)) is None


@pytest.mark.parametrize("variance", [1e-6, 1.0, 50.0, 1e7])
def test_dual_variable_is_that_of_the_proximal_map(variance: float) -> None:
    out = np.empty(81)
    fill_dual(-30.0, 0.75, variance, out)
    expected = [expit(-proximal(-30.0 + 0.75 * i, variance)) for i in range(81)]
    np.testing.assert_allclose(out, expected, rtol=1e-6)
