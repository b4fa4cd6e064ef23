"""Separability: the share from which a training set can be told apart without a mistake.

In the limit of many rows and dimensions the rows can be separated through the origin exactly if

    Σ_c ν_c E (b ξ − t·μ_c/σ_c)_+² < 1,   b = √(1 + |t|²),   for some vector t,

ν_c distinct rows per dimension, ξ standard normal: Candès & Sur (2020, arXiv:1804.09753) for signed
clusters, by Gordon's inequality. Rows may be divided by their own σ, so heavy tails are a
mixture over σ; copies of a row do not count; an intercept brings in nothing in these symmetric
worlds. The left side is convex in t, a coordinate for each mean. Without a ridge the norm of the
weights diverges there; with one, training changes smoothly.
"""

from __future__ import annotations

import itertools

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import ndtr

from smcollapse.errors import TheoryError
from smcollapse.scenario import Scenario
from smcollapse.theories.base import Floats
from smcollapse.theories.signed_clusters import SignedClusters, signed_clusters

SHARES = np.arange(0.0, 0.96, 0.05)
"""Shares between which the transition is looked for."""

_STEEPEST = 100.0
"""Largest |μ|/σ taken as it is: beyond, a cluster is as good as a point."""


def load(clusters: SignedClusters) -> float:
    """The left side above at its minimum: below 1 the rows can be separated, above they cannot."""
    size = np.sqrt(clusters.rule**2 + clusters.context**2)
    inverse = np.minimum(1.0 / clusters.deviation, _STEEPEST / size.max())
    rule, weight = clusters.rule, clusters.weight

    def value(t: Floats) -> tuple[float, Floats]:
        b = float(np.sqrt(1.0 + t @ t))
        mean = rule * t[0] + clusters.context * t[1:]
        signed = np.stack([-mean, mean], axis=1)
        a = inverse[:, None, None] * signed
        z = a / b
        mass, density = ndtr(z), np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
        total = float((weight * ((a * a + b * b) * mass + a * b * density)).sum())
        by_mean = 2.0 * np.einsum("gks,g,gks->ks", weight, inverse, a * mass + b * density)
        by_mean = by_mean[:, 1] - by_mean[:, 0]
        gradient = 2.0 * float((weight * mass).sum()) * t
        gradient[0] += rule @ by_mean
        gradient[1:] += clusters.context * by_mean
        return total, gradient

    found = minimize(
        value,
        np.zeros(len(rule) + 1),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 5000, "ftol": 1e-12, "gtol": 1e-9},
    )
    return float(found.fun)


def separable(scenario: Scenario, share: float) -> bool:
    """Whether the training set at that share can be separated, in the limit."""
    return load(signed_clusters(scenario, share)) < 1.0


def separable_share(scenario: Scenario) -> float:
    """The smallest share below 0.95 from which on the training set can be separated.

    NaN if there is none; 0 if real rows alone can be separated.

    Raises
    ------
    TheoryError
        If the world is not `clusters` or the model not `logistic`.
    """
    if scenario.world.kind != "clusters" or scenario.model.kind != "logistic":
        raise TheoryError("separability is known for world 'clusters' and model 'logistic' alone")

    def excess(share: float) -> float:
        return load(signed_clusters(scenario, share)) - 1.0

    if excess(0.0) < 0.0:
        return 0.0
    for low, high in itertools.pairwise(SHARES):
        if excess(float(high)) < 0.0:
            return float(brentq(excess, float(low), float(high), xtol=1e-5))
    return float("nan")
