"""The fixed point of ridge logistic regression on signed clusters, by continuation in the ridge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smcollapse.kernels.state_evolution import solve
from smcollapse.theories.base import Floats
from smcollapse.theories.signed_clusters import SignedClusters

TOLERANCE = 1e-8
"""Largest residual, relative to the terms it balances, of a point that is returned."""

_MAX_STEPS = 40
_MAX_RIDGES = 200
_SMALLEST_FACTOR = 1.02


@dataclass(frozen=True)
class FixedPoint:
    """What training converges to.

    state : (K + 3,) α, β_k, log S and log V as in `kernels.state_evolution`
    margin : (K,) mean of weights · features in a row of positive class of each context
    norm : S, norm of the weights
    susceptibility : V
    """

    state: Floats
    margin: Floats
    norm: float
    susceptibility: float


def fixed_point(clusters: SignedClusters, start: FixedPoint | None = None) -> FixedPoint | None:
    """The fixed point, from a neighbouring one or else from a large ridge; None if not found.

    The problem is convex and, with a ridge, has one solution that moves smoothly with the ridge: it
    is followed downwards from where the weights are nearly 0. Steps in log λ shrink where Newton's
    method fails and grow where it does not.
    """
    if not (np.isfinite(clusters.weight).all() and clusters.weight.sum() > 0.0):
        return None
    if start is not None:
        found = _newton(clusters, start.state)
        if found is not None:
            return _point(clusters, found)
    state = _continued(clusters)
    return None if state is None else _point(clusters, state)


def _continued(clusters: SignedClusters) -> Floats | None:
    state, ridge = _weak(clusters)
    now = _newton(clusters.with_ridge(ridge), state)
    before, ridge_before, factor = now, ridge, 10.0
    for _ in range(_MAX_RIDGES):
        if now is None or ridge == clusters.ridge:
            return now
        target = max(clusters.ridge, ridge / factor)
        guess = now
        if before is not None and ridge_before > ridge:
            guess = now + (now - before) * np.log(ridge / target) / np.log(ridge_before / ridge)
        found = _newton(clusters.with_ridge(target), guess)
        if found is None:
            factor = factor**0.5
            if factor < _SMALLEST_FACTOR:
                return None
            continue
        before, ridge_before, now, ridge = now, ridge, found, target
        factor = min(factor * 1.5, 30.0)
    return None


def _weak(clusters: SignedClusters) -> tuple[Floats, float]:
    """State to first order under a ridge so large that all rows have a margin near 0; that ridge.

    There f = r/2, so that F_k, q̂ and V̂ are sums of weights.
    """
    square, r = clusters.deviation**2, clusters.multiplicity
    rows = clusters.weight
    force = 0.5 * np.einsum("g,gk->k", r, rows[:, :, 0] - rows[:, :, 1])
    noise = 0.25 * float(np.einsum("g,gks->", square * r**2, rows))
    width = 0.25 * float(np.einsum("g,gks->", square * r, rows))
    parts = np.concatenate([[clusters.rule @ force], clusters.context * force])
    strength = float(np.sqrt(parts @ parts + noise))
    mean_square = float((clusters.rule**2 + clusters.context**2).max() + square.max())
    ridge = max(clusters.ridge, 10.0 * width, 5.0 * strength * np.sqrt(mean_square))
    susceptibility = 1.0 / (ridge + width)
    logs = [np.log(strength * susceptibility), np.log(susceptibility)]
    return np.concatenate([parts / strength, logs]), ridge


def _newton(clusters: SignedClusters, start: Floats) -> Floats | None:
    state = np.array(start)
    error = solve(
        state,
        clusters.weight,
        clusters.deviation,
        clusters.multiplicity,
        clusters.rule,
        clusters.context,
        clusters.ridge,
        TOLERANCE,
        _MAX_STEPS,
    )
    return state if error <= TOLERANCE else None


def _point(clusters: SignedClusters, state: Floats) -> FixedPoint:
    norm = float(np.exp(state[-2]))
    margin = norm * (clusters.rule * state[0] + clusters.context * state[1:-2])
    return FixedPoint(state, margin, norm, float(np.exp(state[-1])))
