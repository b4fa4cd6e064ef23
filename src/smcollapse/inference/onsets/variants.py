"""Variants of a knot: the same curve, other assumptions, and a flag where they disagree.

* flat-left: no slope before the knot;
* two breaks: with a plateau, a fall and a floor a single kink lies between the two (plateau to .20,
  floor from .30: a single kink says .39), so that saturation moves the knot;
* logit: quasi-binomial regression with the knot as a parameter, for measures in [0, 1].

A variant disagrees where it lies outside the band of the plain knot, or where the plain knot's band
is open and the two are more than a tenth of the range apart.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from smcollapse.inference.curves import Curves
from smcollapse.inference.dictionaries import dictionary
from smcollapse.inference.families import FLAT_LEFT, TWO_BREAKS, minimum_shares
from smcollapse.inference.onsets.breakpoint import Break
from smcollapse.inference.records import InferenceError, Record
from smcollapse.inference.words import per_cent


@dataclass(frozen=True)
class Variant(Record):
    """A knot (or two) by other assumptions; ``agrees`` with the plain one's band."""

    name: str
    knots: tuple[float, ...]
    rss: float
    agrees: bool


@dataclass(frozen=True)
class Variants(Record):
    """All variants, and flags in words where they disagree."""

    found: tuple[Variant, ...]
    flags: tuple[str, ...]


def knot_variants(curves: Curves, plain: Break) -> Variants:
    """Variants of the knot of these curves beside the plain one."""
    found = []
    for family in (FLAT_LEFT, TWO_BREAKS):
        if curves.shares.size < minimum_shares((family,)):
            continue
        fit = dictionary(family, curves.shares, curves.weights).fit(curves.mean)
        span = float(curves.shares[-1] - curves.shares[0])
        knots = tuple(float(curves.shares[0] + span * t) for t in fit.parameters[0])
        # of two breaks the nearer one is compared
        near = min(knots, key=lambda knot: abs(knot - plain.knot))
        found.append(Variant(family.name, knots, float(fit.rss[0]), _agrees(curves, plain, near)))
    logit = _logit_knot(curves)
    if logit is not None:
        found.append(Variant("logit scale", (logit,), float("nan"), _agrees(curves, plain, logit)))
    gap = float(np.diff(curves.shares).min())
    flags = tuple(
        f"the knot depends on the form: {variant.name} puts it at "
        f"{' and '.join(per_cent(knot, gap) for knot in variant.knots)}, the plain kink at "
        f"{per_cent(plain.knot, gap)}"
        for variant in found
        if not variant.agrees
    )
    return Variants(tuple(found), flags)


def _agrees(curves: Curves, plain: Break, knot: float) -> bool:
    if plain.band is None:
        return True
    span = float(curves.shares[-1] - curves.shares[0])
    if np.isinf(plain.band.width):
        return abs(knot - plain.knot) <= span / 10.0
    return knot in plain.band


def _logit_knot(curves: Curves) -> float | None:
    """Knot on the logit scale by quasi-binomial regression; None for a measure outside [0, 1]."""
    from statsmodels.genmod.families import Binomial

    from smcollapse.inference.segmented.model import SegmentedGLM

    mean = curves.mean
    if mean.min() < 0.0 or mean.max() > 1.0:
        return None
    design = np.column_stack([np.ones_like(curves.shares), curves.shares])
    try:
        with warnings.catch_warnings():  # a mean of 0 or 1 separates perfectly
            warnings.simplefilter("ignore")
            fit = SegmentedGLM(mean, design, family=Binomial(), var_weights=curves.weights).fit()
    except (InferenceError, np.linalg.LinAlgError):
        return None
    return float(fit.breaks[0])
