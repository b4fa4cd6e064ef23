"""Training rows of a `clusters` scenario as signed clusters in the proportional limit.

A row's features times its observed label are Gaussian around + or − the mean of its context: a
wrong label is a cluster with the mean turned round (theory notes, section 3). Heavy tails are a
mixture over standard deviations (Adomaityte et al. 2023, arXiv:2304.02912). Of M templates, each
occurs as often as a Poisson law says, and counts as one distinct row of that multiplicity.

In the convention `unsigned_cue` the context cue has the sign of the class in signed rows, and both
classes are equally frequent: the law of signed rows does not change when all context coordinates
and the intercept change sign, so that the unique minimum has zeros there. It is the problem with a
context strength of 0. In `signed_context` the intercept alone changes sign, and the weight of
the style is 0 in both for the same reason: real rows do not have it, and synthetic ones have it in
both classes alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import digamma, gammaln, polygamma

from smcollapse.laws import ClustersLaw
from smcollapse.laws.labels import RIVAL, TRUTH, LabelLaw
from smcollapse.scenario import Scenario
from smcollapse.settings import ClustersWorld
from smcollapse.theories.base import Floats
from smcollapse.theories.mixing import Laws, laws_of, row_numbers

N_SCALES = 5
"""Nodes of the average over row scales of a Student-t mixture; measures err by up to 3e−4."""

SMALLEST_DEVIATION = 1e-6
"""Standard deviation, relative to the world's, of rows that are polished to their mean."""

_SURE_RATE = 400.0
"""Expected multiplicity above which its Poisson spread, below 5 %, is left out."""
_NODE_RATIO = 0.15
_NEGLIGIBLE = 1e-6
"""Share of all rows below which a group is left out."""


@dataclass(frozen=True)
class SignedClusters:
    """Signed clusters of one training set, in G groups of equal spread and multiplicity.

    weight       : (G, K, 2) distinct rows per dimension, right labels first, wrong ones second
    deviation    : (G,) standard deviation of a row around its mean
    multiplicity : (G,) how often each row occurs
    rule         : (K,) rule cue of each context in a row of positive class
    context      : (K,) cue of each context in a coordinate of its own
    ridge        : λ of (1/d) Σ loss + λ/2 |v|², d the dimensions with noise
    """

    weight: Floats
    deviation: Floats
    multiplicity: Floats
    rule: Floats
    context: Floats
    ridge: float

    def with_ridge(self, ridge: float) -> SignedClusters:
        """The same rows under another ridge."""
        return replace(self, ridge=ridge)


def signed_clusters(scenario: Scenario, share: float) -> SignedClusters:
    """The signed clusters of that scenario, a `clusters` world, at that share.

    Weights are NaN where the share has no number of rows (design `accumulate` at 1).
    """
    assert isinstance(scenario.world, ClustersWorld)
    assert scenario.model.kind == "logistic"
    world, laws = scenario.world, laws_of(scenario)
    assert isinstance(laws.world, ClustersLaw)
    n_real, n_made = (float(n[0]) for n in row_numbers(scenario.mixture, np.array([share])))
    parts = [_real(laws, n_real), _synthetic(laws, n_made)]
    weight, deviation, multiplicity = (
        np.concatenate([part[i] for part in parts]) for i in range(3)
    )
    rows = weight.sum(axis=(1, 2)) * multiplicity
    used = ~(rows <= _NEGLIGIBLE * rows.sum())
    columns = world.dimension + (scenario.source.detectability > 0.0)
    cue = world.context_strength if world.convention == "signed_context" else 0.0
    return SignedClusters(
        weight=np.ascontiguousarray(weight[used]) / world.dimension,
        deviation=deviation[used],
        multiplicity=multiplicity[used],
        rule=laws.world.means[1, :, 0].astype(np.float64),
        context=np.full(world.n_contexts, cue),
        ridge=scenario.model.ridge * columns / world.dimension,
    )


def row_scales(tail_heaviness: float, n_nodes: int = N_SCALES) -> tuple[Floats, Floats]:
    """Scales of a Student-t mixture of unit variance and their chances, (n,) each.

    The scale is √((ν − 2) / 2G), G of the Gamma law of shape ν/2: Gauss's rule for log G.
    """
    if tail_heaviness < 1e-4:
        return np.ones(1), np.ones(1)
    shape = 0.5 / tail_heaviness
    spread = np.sqrt(float(polygamma(1, shape)))
    low, high = max(9.0 * spread, 32.0 / shape), 9.0 * spread
    u = float(digamma(shape)) + np.linspace(-low, high, 6001)
    density = np.exp(shape * u - np.exp(u) - gammaln(shape))
    node, chance = gauss_rule(u, density / density.sum(), n_nodes)
    return np.sqrt((shape - 1.0) * np.exp(-node)), chance


def gauss_rule(x: Floats, weight: Floats, n_nodes: int) -> tuple[Floats, Floats]:
    """Nodes and weights (n,) with the first 2n moments of a discrete law on x.

    Recurrence by the procedure of Stieltjes, nodes by Golub and Welsch (1969).
    """
    before, now = np.zeros_like(x), np.ones_like(x)
    alpha, beta = np.empty(n_nodes), np.empty(n_nodes)
    size = 1.0
    for i in range(n_nodes):
        square = float(weight @ now**2)
        alpha[i], beta[i] = float(weight @ (x * now**2)) / square, square / size
        before, now = now, (x - alpha[i]) * now - (beta[i] if i else 0.0) * before
        size = square
    off = np.sqrt(beta[1:])
    node, vector = np.linalg.eigh(np.diag(alpha) + np.diag(off, 1) + np.diag(off, -1))
    return node, vector[0] ** 2


def multiplicities(rate: Floats) -> tuple[Floats, Floats]:
    """Nodes r ≥ 1 (R,) and chances (R, ...) of a Poisson multiplicity with those means (...).

    All means share the nodes: whole numbers as long as these lie farther apart than 15 %, then
    that far apart. A whole number in between is split between its two neighbours, which keeps the
    number of distinct rows and of all rows.
    """
    largest = float(rate.max(initial=0.0))
    smallest = float(np.min(rate, initial=largest, where=rate > 0.0))
    nodes = [max(1.0, np.floor(min(smallest, 1e300) - 5.0 * np.sqrt(smallest) - 1.0))]
    while nodes[-1] < largest + 6.0 * np.sqrt(largest) + 2.0:
        nodes.append(nodes[-1] + max(1.0, np.floor(_NODE_RATIO * nodes[-1])))
    r = np.array(nodes)
    chance = np.zeros((len(r), *rate.shape))
    for at in np.ndindex(rate.shape):
        mean = float(rate[at])
        if mean > _SURE_RATE:
            count, mass = np.array([mean]), np.ones(1)
        else:
            count = np.arange(1.0, mean + 10.0 * np.sqrt(mean) + 12.0)
            mass = np.exp(count * np.log(max(mean, 1e-300)) - mean - gammaln(count + 1.0))
        left = np.clip(np.searchsorted(r, count, side="right") - 1, 0, len(r) - 2)
        upper = np.clip((count - r[left]) / (r[left + 1] - r[left]), 0.0, 1.0)
        np.add.at(chance, (left, *at), mass * (1.0 - upper))
        np.add.at(chance, (left + 1, *at), mass * upper)
    return r, chance


def _kept(labels: LabelLaw) -> tuple[Floats, Floats]:
    """(K, 2) chance of context and label, and of survival, right labels first."""
    columns = [TRUTH, RIVAL]
    return labels.frequency[:, None] * labels.chance[:, columns], labels.survival[:, columns]


def _spread_out(
    rows: Floats, multiplicity: Floats, scale: float, tail_heaviness: float
) -> tuple[Floats, Floats, Floats]:
    """Groups of rows (R, K, 2) with those multiplicities (R,), split by their scales."""
    node, chance = row_scales(tail_heaviness)
    weight = (chance[:, None, None, None] * rows).reshape(-1, *rows.shape[1:])
    return weight, np.repeat(scale * node, len(rows)), np.tile(multiplicity, len(node))


def _real(laws: Laws, n: float) -> tuple[Floats, Floats, Floats]:
    assert isinstance(laws.world, ClustersLaw)
    chance, survival = _kept(laws.real)
    rows = n * chance * survival
    return _spread_out(rows[None], np.ones(1), laws.world.scale, laws.world.tail_heaviness)


def _synthetic(laws: Laws, n: float) -> tuple[Floats, Floats, Floats]:
    assert isinstance(laws.world, ClustersLaw)
    chance, survival = _kept(laws.synthetic)
    templates, mess = laws.source.templates, laws.source.mess
    if templates and n > 0.0:
        r, occurs = multiplicities(n / templates * survival)
        rows = templates * chance * occurs
    else:
        r, rows = np.ones(1), (n * chance * survival)[None]
    scale = laws.world.scale * max(np.sqrt(mess), SMALLEST_DEVIATION)
    return _spread_out(rows, r, scale, laws.world.tail_heaviness * mess)
