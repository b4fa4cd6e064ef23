"""Existence of a break: does a kink say more than every smooth curve does?

Tests of a kink against a line reject under any bend. Here a break is declared by intersection and
union (Berger 1982): against each rival family g (line, quadratic, cubic, exponential, power or
logarithm, logistic, and any that is added) the statistic

    T_g = (D + δ²) / √(δ² + s²),   D = RSS_g - RSS_kink,   δ² = RSS of the kink fitted to ĝ,

with s the noise of the mean curve (root mean square of a share), is compared with its law under the
fitted rival, ĝ + ε*, ε* draws of the noise by the design (noise.py; Cox 1962 and Williams 1970 for
the parametric bootstrap of non-nested families). The p-value is the largest of them. To first order
D = -δ² + 2δZ, Z the noise in the direction from the rival to the kinks, so that T_g is 2Z whatever
the distance δ of the fitted rival: D alone has another law at every distance, and false alarms
under a late Gompertz curve are .056 with D, .043 with T, at a power of .77 and .76
(VERIFICATION_INFERENCE.md).
Against a line (δ = 0) this is the sup-F test of non-linearity.

Logarithm, power and arctangent stand in for what approaches its limit slowly: without them a break
is declared in up to .135 of logarithmic and .285 of arctangent curves. The logistic is the
generalised one (Richards 1959), symmetric or skewed, whose limit is the Gompertz curve: one corner
of a Gompertz curve is sharp enough to beat every symmetric logistic (.3 to .5 false alarms against
that one). Three conditions keep curves that are *not* listed (Hill and
others) from passing for a break:

1. the kink fits better than each rival, D_g > 0: to be less bad than a logistic that fits badly is
   no evidence;
2. the kink itself fits: its residual sum of squares is no surprise under the kink;
3. three shares lie strictly on either side of the knot: a fall within the last two shares can be
   a kink, a Gompertz curve or anything else.

Size and power compete: at a slope change of -1.0 the Gompertz curve nearest to the kink is 2.8
standard errors away. VERIFICATION_INFERENCE.md sets T beside D, a likelihood ratio averaged over
knots (Andrews & Ploberger 1994) and the critical value that is least favourable over δ: where the
worst false alarms are .06 each has a power of .70 to .75. A fast double bootstrap (Davidson &
MacKinnon 2007) of the logistic's p-value lay on the same line.

The power is that of this whole test at the observed design and noise, against a stated kink.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from smcollapse.inference.curves import Curves
from smcollapse.inference.dictionaries import Dictionary, Fits, dictionary
from smcollapse.inference.families import (
    CONSTANT,
    KINK,
    RIVALS,
    TWO_BREAKS,
    TWO_LOGISTICS,
    Family,
    minimum_shares,
)
from smcollapse.inference.records import InferenceError, Record, check_level
from smcollapse.inference.resampling import DEFAULT_DRAWS, Array

LEVELS = 5
"""Fitted rivals at which a power's critical values are simulated."""

SHARES_BESIDE = 3
"""Shares that must lie strictly on either side of a knot."""


class DrawsNoise(Protocol):
    """What a power needs of a noise: draws as the test makes them, and means as data have them."""

    def draws(self, count: int, seed: int) -> Array:
        """Draws (count, S)."""

    def sample(self, count: int, seed: int) -> Array:
        """Means (count, S)."""


@dataclass(frozen=True)
class RivalTest(Record):
    """A break against one smooth rival: residual sums of squares and the p-value of the rival."""

    rival: str
    rss_rival: float
    rss_break: float
    p_value: float


@dataclass(frozen=True)
class Existence(Record):
    """Whether a break is shown.

    p_value : the largest over ``rivals``, 1 where a rival fits better than the break
    p_fit : how surprising the misfit of the break itself is; it must not be
    p_change : that of a constant; where it is large no change is shown at all
    p_second_break : that of one break against two
    p_two_logistics : that of two smooth falls against a break that is shown: no rival, since with
        so few shares it would hide every second kink, but a reserve that the verdict makes
    reason : why no break is shown, empty where one is
    """

    exists: bool
    p_value: float
    rivals: tuple[RivalTest, ...]
    p_fit: float
    p_change: float
    p_second_break: float | None
    p_two_logistics: float | None
    knots: tuple[float, ...]
    reason: str
    alpha: float
    draws: int


def existence(
    curves: Curves,
    rivals: Sequence[Family] = RIVALS,
    *,
    shape: Family = KINK,
    alpha: float = 0.05,
    draws: int = DEFAULT_DRAWS,
    seed: int = 0,
) -> Existence:
    """Test that a break exists; ``shape`` TWO_BREAKS tests two of them: one is a rival too, and two
    logistics are.

    ``shape`` JUMP tests a step within one gap, with the rivals JUMP_RIVALS.

    Raises InferenceError for fewer shares than the largest family has parameters plus one, and
    where no noise can be estimated.
    """
    check_level(alpha)
    families = (*rivals, *((KINK, TWO_LOGISTICS) if shape is TWO_BREAKS else ()))
    curves.require_shares(minimum_shares((shape, *families)), "a test for a break")
    tests = Comparison(curves, shape, draws, seed)
    found = tuple(tests.against(family) for family in families)
    p_value = max(test.p_value for test in found)
    p_fit = tests.p_fit()
    knots = tests.knots()
    p_second = None
    if shape is KINK and curves.shares.size >= minimum_shares((TWO_BREAKS,)):
        p_second = Comparison(curves, TWO_BREAKS, draws, seed).against(KINK).p_value
    reason = _reason(found, p_value, p_fit, knots, curves.shares, alpha)
    p_double = None
    if shape is KINK and not reason and curves.shares.size >= minimum_shares((TWO_LOGISTICS,)):
        p_double = tests.against(TWO_LOGISTICS).p_value
    return Existence(
        exists=not reason,
        p_value=p_value,
        rivals=found,
        p_fit=p_fit,
        p_change=tests.against(CONSTANT).p_value,
        p_second_break=p_second,
        p_two_logistics=p_double,
        knots=knots,
        reason=reason,
        alpha=alpha,
        draws=draws,
    )


class Comparison:
    """One shape against rivals on the same draws of the noise of one mean curve."""

    def __init__(self, curves: Curves, shape: Family, draws: int, seed: int) -> None:
        self.shares, self.weights, self.mean = curves.shares, curves.weights, curves.mean
        if not curves.has_noise:
            raise InferenceError(
                "whether a break exists cannot be tested without noise: give replicates"
            )
        self.noise = curves.noise.draws(draws, seed)
        self.shape = self._family(shape)
        self.fit = self.shape.fit(self.mean)
        self.radius, self.unit = _sizes(self.noise * np.sqrt(self.weights))

    def _family(self, family: Family) -> Dictionary:
        return dictionary(family, self.shares, self.weights)

    def knots(self) -> tuple[float, ...]:
        """Knots of the shape, in units of the share, on the dictionary's grid."""
        span = float(self.shares[-1] - self.shares[0])
        return tuple(float(self.shares[0] + span * knot) for knot in self.fit.parameters[0])

    def against(self, family: Family) -> RivalTest:
        """The shape against a rival: p-value of T under the fitted rival, 1 where D <= 0."""
        rival = self._family(family).fit(self.mean)
        rss_rival, rss_break = float(rival.rss[0]), float(self.fit.rss[0])
        rounding = 1e-12 * float((self.mean**2).sum())
        p_value = 1.0
        if rss_rival - rss_break > rounding:
            observed = float(separation(rival, self.fit, self.shape, self.unit)[0])
            near = self._family(family).near(rival.curves[0], self.radius)
            # a fit to a draw lies within twice the radius
            own = self.shape.near(rival.curves[0], 2.0 * self.radius)
            drawn = rival.curves + self.noise
            separations = separation(near.fit(drawn), own.fit(drawn), own, self.unit)
            p_value = (1.0 + int((separations >= observed).sum())) / (len(drawn) + 1.0)
        return RivalTest(family.name, rss_rival, rss_break, p_value)

    def p_fit(self) -> float:
        """p-value of the shape's own misfit, under the shape."""
        rss = self.shape.fit(self.fit.curves + self.noise).rss
        observed = float(self.fit.rss[0]) - 1e-12 * float((self.mean**2).sum())
        return (1.0 + int((rss >= observed).sum())) / (len(rss) + 1.0)


def separation(rivals: Fits, breaks: Fits, shape: Dictionary, unit: float) -> Array:
    """T (B,) of fits of a rival and of the shape to the same curves; see the module docstring."""
    squares = shape.squares(rivals.curves)
    separated: Array = (rivals.rss - breaks.rss + squares) / np.sqrt(squares + unit**2)
    return separated


def _sizes(weighted: Array) -> tuple[float, float]:
    """Largest length of weighted draws (B, S), and the root mean square of one share."""
    lengths = (weighted**2).sum(axis=1)
    return float(np.sqrt(lengths.max())), float(np.sqrt(lengths.mean() / weighted.shape[1]))


def _reason(
    found: tuple[RivalTest, ...],
    p_value: float,
    p_fit: float,
    knots: tuple[float, ...],
    shares: Array,
    alpha: float,
) -> str:
    if p_value > alpha:
        unbeaten = [test.rival for test in found if test.p_value > alpha]
        if len(unbeaten) == len(found):
            return "no better than any smooth curve"
        return f"not better than: {', '.join(unbeaten)}"
    if p_fit <= alpha:
        return f"the break itself does not fit (p = {p_fit:.3g})"
    if not resolved(knots, shares):
        return (
            f"fewer than {SHARES_BESIDE} shares lie beyond the knot on one side: too near the edge "
            "to tell from a smooth curve"
        )
    return ""


def resolved(knots: Sequence[float], shares: Array) -> bool:
    """Whether three shares lie strictly before the first and after the last knot."""
    slack = 1e-9 * float(shares[-1] - shares[0])
    before = int((shares < min(knots) - slack).sum())
    after = int((shares > max(knots) + slack).sum())
    return before >= SHARES_BESIDE and after >= SHARES_BESIDE


def power_against(
    curve: Array,
    curves: Curves,
    rivals: Sequence[Family] = RIVALS,
    *,
    alpha: float = 0.05,
    draws: int = 499,
    seed: int = 0,
) -> float:
    """Chance that :func:`existence` shows a break at this design and noise if ``curve`` is true.

    curve (S,) : the supposed truth on the shares, such as a kink; data are truth plus noise.
    """
    return power_of(curve, curves.shares, curves.weights, curves.noise, rivals, alpha, draws, seed)


def power_of(
    curve: Array,
    shares: Array,
    weights: Array,
    noise: DrawsNoise,
    rivals: Sequence[Family] = RIVALS,
    alpha: float = 0.05,
    draws: int = 499,
    seed: int = 0,
) -> float:
    """As :func:`power_against`, for a design that need not be in hand."""
    kinks = dictionary(KINK, shares, weights)
    null_noise = noise.draws(draws, seed)
    data = curve + noise.sample(draws, seed + 1)
    fit = kinks.fit(data)
    radius, _ = _sizes(np.vstack([null_noise, data - curve]) * np.sqrt(weights))
    unit = _sizes(null_noise * np.sqrt(weights))[1]
    shown = np.ones(draws, dtype=bool)
    for family in rivals:
        rival = dictionary(family, shares, weights)
        fitted = rival.near(curve, radius).fit(data)
        critical = _critical_values(rival, kinks, fitted.curves, null_noise, radius, unit, alpha)
        shown &= (fitted.rss > fit.rss) & (separation(fitted, fit, kinks, unit) > critical)
    misfit = kinks.fit(kinks.fit(curve).curves + null_noise).rss
    shown &= fit.rss <= np.quantile(misfit, 1.0 - alpha)
    knots = shares[0] + (shares[-1] - shares[0]) * fit.parameters[:, 0]
    shown &= np.array([resolved((float(knot),), shares) for knot in knots])
    return float(shown.mean())


def _critical_values(
    rival: Dictionary,
    kinks: Dictionary,
    fitted: Array,
    noise: Array,
    radius: float,
    unit: float,
    alpha: float,
) -> Array:
    """Critical values (B,) of T under each of the fitted rivals (B, S).

    T's law under a rival still depends a little on how far the rival is from every kink: the values
    are simulated at a few distances and interpolated.
    """
    distance = np.sqrt(kinks.fit(fitted).rss)
    order = np.argsort(distance)
    chosen = order[np.linspace(0, order.size - 1, LEVELS + 2).astype(int)[1:-1]]
    critical = []
    for curve in fitted[chosen]:
        drawn = curve + noise
        separations = separation(
            rival.near(curve, radius).fit(drawn), kinks.fit(drawn), kinks, unit
        )
        critical.append(float(np.quantile(separations, 1.0 - alpha)))
    # over distances that are almost the same only their mean is known
    if np.ptp(distance[chosen]) < 1e-9 * float(distance.max() + 1e-300):
        return np.full(len(fitted), float(np.mean(critical)))
    slope, level = np.polyfit(distance[chosen], critical, 1)
    values: Array = level + slope * distance
    return values
