"""Width of a bend: how sharp is the corner of a kink?

    y = a + b·x + c·s·log(1 + exp((x - θ)/s)),

the softplus, whose slope changes by a logistic of scale s at θ; s → 0 is the kink (a bent cable is
its twin with parabolas: Chiu, Lockhart & Routledge 2006). The width is that of 10 to 90 % of the
change of slope, 2 ln 9 · s. Its band inverts the same test as that of a knot (inversion.py), so
that "sharp" is a claim of its own: the width is compatible with 0 as far as the shares can tell,
and its upper limit says how soft the corner may be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smcollapse.inference.curves import Curves
from smcollapse.inference.dictionaries import dictionary
from smcollapse.inference.families import SOFTPLUS, width_of_softplus
from smcollapse.inference.onsets.inversion import group_p_values
from smcollapse.inference.records import Estimate, Interval, Record, check_level
from smcollapse.inference.resampling import DEFAULT_DRAWS, SILENT, Array

MINIMUM_SHARES = 6  # five parameters, and one degree of freedom to be wrong by


@dataclass(frozen=True)
class Bend(Record):
    """Softplus through the mean curve: its knot, and the 10-90 % width of its change of slope.

    ``band`` of the width: its lower limit is 0 where a sharp corner is not rejected, its upper
    limit inf where the widest bend searched is not rejected.
    """

    knot: float
    width: float
    band: Interval | None
    rss: float
    response: str
    method: str
    n_replicates: int
    note: str = ""

    @property
    def sharp_possible(self) -> bool:
        """Whether a sharp corner is not rejected."""
        return self.band is not None and self.band.lower == 0.0

    def estimates(self) -> tuple[Estimate, ...]:
        """One row: the width of the bend."""
        return (
            Estimate(
                "bend width",
                self.width,
                math.nan,
                self.band,
                self.method,
                self.n_replicates,
                self.note,
            ),
        )


def bend_width(
    curves: Curves, *, level: float = 0.95, draws: int = DEFAULT_DRAWS, seed: int = 0
) -> Bend:
    """Width of the bend of the mean curve with its band. Raises InferenceError below 6 shares."""
    check_level(level)
    curves.require_shares(MINIMUM_SHARES, "the width of a bend")
    family = dictionary(SOFTPLUS, curves.shares, curves.weights)
    fit = family.fit(curves.mean)
    first, span = float(curves.shares[0]), float(curves.shares[-1] - curves.shares[0])
    scales, starts = np.unique(family.grid[:, 1], return_index=True)
    knot, scale = (float(value) for value in fit.parameters[0])
    widths = np.array([width_of_softplus(float(s)) for s in scales]) * span
    band, note = None, ""
    if not curves.has_noise:
        note = SILENT
    else:
        groups = np.column_stack([starts, np.r_[starts[1:], len(family.grid)]]).astype(np.int64)
        accepted = group_p_values(family, curves, groups, draws=draws, seed=seed) > 1.0 - level
        band = _band(widths, accepted, level)
        if math.isinf(band.upper):
            note = f"the widest bend searched, {widths[-1]:.2g}, is not rejected"
    return Bend(
        knot=first + span * knot,
        width=0.0 if scale <= scales[0] else width_of_softplus(scale) * span,
        band=band,
        rss=float(fit.rss[0]),
        response=curves.response,
        method="softplus, least squares on a grid; band by test inversion",
        n_replicates=curves.n_replicates,
        note=note,
    )


def _band(widths: Array, accepted: npt.NDArray[np.bool_], level: float) -> Interval:
    """Hull of the accepted widths, taken outward to the next rejected one."""
    places = np.flatnonzero(accepted)
    low, high = int(places[0]), int(places[-1])
    return Interval(
        0.0 if low == 0 else float(widths[low - 1]),
        math.inf if high == widths.size - 1 else float(widths[high + 1]),
        level,
    )
