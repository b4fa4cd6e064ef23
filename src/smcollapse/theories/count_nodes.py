"""Quadrature over contexts: a few of them stand for all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smcollapse.theories.base import Floats

Ints = npt.NDArray[np.int64]

STEP = 0.25
"""Largest distance of neighbouring nodes in log frequency (measured: tests/theories)."""

ORDER = 4
"""Nodes that a context between nodes is interpolated from."""


@dataclass(frozen=True)
class Nodes:
    """Contexts (J,) whose values, weighted, give sums over all K contexts.

    number, weight, square : (J,) such that Σ_k w_k^i f_k is close to Σ_j number_j f_j for i = 0,
                             Σ_j weight_j f_j for i = 1, Σ_j square_j f_j for i = 2
    """

    index: Ints
    number: Floats
    weight: Floats
    square: Floats


def all_contexts(frequency: Floats) -> Nodes:
    """Every context its own node."""
    return Nodes(np.arange(len(frequency)), np.ones_like(frequency), frequency, frequency**2)


def nodes_of(frequency: Floats, classes: Ints, levels: Floats, odds: Floats, rows: Floats) -> Nodes:
    """Nodes for functions that are smooth in log w within each class of contexts.

    frequency : (K,) w_k, decreasing
    classes   : (K,) contexts of different classes are not interpolated from each other
    levels    : (K, ·) logarithms of what the cells depend on, any of them infinite
    odds      : (K, 2) log odds of synthetic against real rows, of the truth and of the rival
    rows      : (K,) largest expected number of rows in the cell

    A cell's recall moves from 1 to 0 while its log odds change by about 2/√rows, so that neighbours
    differ by at most half of that, and by at most STEP in w and each level. Contexts in between are
    interpolated by Lagrange's cubic; their weights are handed to the nodes.
    """
    index, shares = [], []
    for name in np.unique(classes):
        members = np.flatnonzero(classes == name)
        x = np.log(frequency[members])
        jump = _largest_change(odds[members])
        far = np.maximum(-np.diff(x), _largest_change(levels[members]))
        fine = np.sqrt(np.maximum(rows[members][:-1], rows[members][1:]))
        stride = np.concatenate([[0.0], np.cumsum(np.maximum(far / STEP, jump * fine))])
        chosen = _spaced(stride)
        share = _lagrange(x, chosen)
        powers = frequency[members] ** np.arange(3)[:, None]
        index.append(members[chosen])
        shares.append(powers @ share)
    return Nodes(np.concatenate(index), *np.concatenate(shares, axis=1))


def _largest_change(logs: Floats) -> Floats:
    """(n − 1,) largest |difference| of neighbouring rows of (n, ·); infinite entries count 0."""
    finite = np.where(np.isfinite(logs), logs, 0.0)
    return np.asarray(np.abs(np.diff(finite, axis=0)).max(axis=1, initial=0.0))


def _spaced(stride: Floats) -> Ints:
    """Positions at most 1 apart where possible: the first, the last, and as few as need be."""
    chosen = [0]
    last = len(stride) - 1
    while stride[chosen[-1]] < stride[last]:
        at = chosen[-1]
        reach = int(np.searchsorted(stride, stride[at] + 1.0, side="right")) - 1
        chosen.append(max(reach, int(np.searchsorted(stride, stride[at], side="right"))))
    return np.array(chosen)


def _lagrange(x: Floats, chosen: Ints) -> Floats:
    """(n, J) values at x (n,) of the polynomials that are 1 at one node and 0 at its neighbours."""
    nodes = x[chosen]
    order = min(ORDER, len(nodes))
    out = np.zeros((len(x), len(nodes)))
    before = np.searchsorted(-nodes, -x, side="right") - 1
    first = np.clip(before - order // 2 + 1, 0, len(nodes) - order)
    rows = np.arange(len(x))
    for i in range(order):
        value = np.ones(len(x))
        for j in range(order):
            if j != i:
                value *= (x - nodes[first + j]) / (nodes[first + i] - nodes[first + j])
        out[rows, first + i] = value
    return out
