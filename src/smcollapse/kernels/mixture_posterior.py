"""Label masses of a mixture of isotropic densities whose means have two coordinates each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import inline, jit

Float64 = npt.NDArray[np.float64]


@inline
def _square(length: float, first: float, own: float, rule: float, cue: float) -> float:
    """Squared distance from a mean (rule, cue); rounding may take it just below 0."""
    return max(0.0, length + rule * (rule - 2.0 * first) + cue * (cue - 2.0 * own))


@inline
def _relative(square: float, least: float, rate: float, power: float) -> float:
    """Density at a squared distance over the density at the least one."""
    if power == 0.0:
        return float(np.exp(rate * (least - square)))
    return float(np.exp(power * np.log((1.0 + rate * least) / (1.0 + rate * square))))


@jit
def fill_label_masses(
    cues: Float64,
    rows: Float64,
    length: Float64,
    rate: float,
    power: float,
    passed: Float64,
    masses: Float64,
    least: Float64,
) -> None:
    """Masses of both labels into ``masses`` (n, 2), in the unit of the largest density.

    A row of class c and context k stands around a mean with ``cues[c, k]`` in the coordinates 0
    and 1 + k, and zeros elsewhere: ``cues`` is (2, K, 2).  Its density falls with squared distance
    s as exp(-rate s), or as (1 + rate s)^-power where ``power`` is not 0.  The masses of its own
    label and of the other one are half of ``passed[k]`` (K, 2); contexts without any are left out.
    ``rows`` (n, K + 1) are the first coordinates, ``length`` (n,) the squared lengths of whole
    rows; ``least`` (n,) receives the smallest squared distance, infinite where there is no mass.
    """
    n_contexts = cues.shape[1]
    for i in range(rows.shape[0]):
        size, first = length[i], rows[i, 0]
        nearest = np.inf
        for k in range(n_contexts):
            if passed[k, 0] + passed[k, 1] > 0.0:
                own = rows[i, 1 + k]
                for c in range(2):
                    nearest = min(nearest, _square(size, first, own, cues[c, k, 0], cues[c, k, 1]))
        low, high = 0.0, 0.0
        for k in range(n_contexts):
            if passed[k, 0] + passed[k, 1] > 0.0:
                own = rows[i, 1 + k]
                zero = _relative(
                    _square(size, first, own, cues[0, k, 0], cues[0, k, 1]), nearest, rate, power
                )
                one = _relative(
                    _square(size, first, own, cues[1, k, 0], cues[1, k, 1]), nearest, rate, power
                )
                low += zero * passed[k, 0] + one * passed[k, 1]
                high += one * passed[k, 0] + zero * passed[k, 1]
        masses[i, 0] = 0.5 * low
        masses[i, 1] = 0.5 * high
        least[i] = nearest
