"""Least squares over a dictionary: which atom of many explains most of each of many curves.

An atom is a set of K orthonormal rows (K, S). A curve explains itself through atom g by the sum
of its K squared inner products. Sums run over g in the innermost loop, so that the compiler can
use vector instructions without reordering any sum.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import jit

Array = npt.NDArray[np.float64]


@jit
def best_atoms(curves: Array, atoms: Array, explained: Array, index: npt.NDArray[np.int64]) -> None:
    """Fill ``explained`` (B,) and ``index`` (B,): the best atom of (K, S, G) for curves (B, S)."""
    n_rows, n_points, n_atoms = atoms.shape
    total = np.empty(n_atoms)
    inner = np.empty(n_atoms)
    for b in range(curves.shape[0]):
        total[:] = 0.0
        for k in range(n_rows):
            inner[:] = 0.0
            for s in range(n_points):
                value = curves[b, s]
                for g in range(n_atoms):
                    inner[g] += value * atoms[k, s, g]
            for g in range(n_atoms):
                total[g] += inner[g] * inner[g]
        best = 0
        for g in range(1, n_atoms):
            if total[g] > total[best]:
                best = g
        explained[b], index[b] = total[best], best


@jit
def exceedances(
    signals: Array,
    noise: Array,
    groups: npt.NDArray[np.int64],
    observed: Array,
    counts: npt.NDArray[np.int64],
) -> None:
    """Fill ``counts`` (J,): draws whose statistic under hypothesis j is at least the observed one.

    The statistic is the largest square of all scores less the largest within the hypothesis's own
    group of atoms.

    signals (J, G) : inner products of the atoms with the curve fitted under hypothesis j
    noise (B, G) : inner products of the atoms with the draws of the noise
    groups (J, 2) : first atom of hypothesis j, and one after its last; observed (J,)
    """
    n_atoms = noise.shape[1]
    for j in range(signals.shape[0]):
        start, stop = groups[j, 0], groups[j, 1]
        count = 0
        for b in range(noise.shape[0]):
            best = 0.0
            for g in range(n_atoms):
                score = signals[j, g] + noise[b, g]
                best = max(best, score * score)
            own = 0.0
            for g in range(start, stop):
                score = signals[j, g] + noise[b, g]
                own = max(own, score * score)
            if best - own >= observed[j]:
                count += 1
        counts[j] = count
