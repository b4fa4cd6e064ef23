"""Results of a specification curve: its rows, what each choice does, and the joint test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from smcollapse.inference.records import Interval, Record
from smcollapse.inference.resampling import Array, percentile_band, percentile_limit, standard_error
from smcollapse.inference.specifications.choices import DIMENSIONS, Combination, Estimates


@dataclass(frozen=True)
class SpecificationRow(Record):
    """One specification: its choices, and its estimate (a share, or a change in points).

    ``estimate`` is inf where a loss is not reached and where a transition is centred beyond the
    largest share. ``interval`` is None and ``se`` nan without
    noise, ``significant`` then, and without a reference, None.
    """

    measure: str
    scale: str
    window: str
    weighting: str
    trimming: str
    estimator: str
    estimate: float
    se: float
    interval: Interval | None
    significant: bool | None


@dataclass(frozen=True)
class ChoiceDifference(Record):
    """What one choice does: median over pairs of specifications that differ in it alone.

    ``difference`` : estimate with ``option`` minus estimate with ``against``, over ``pairs`` pairs
    of which both are finite; its interval is from the common draws
    """

    choice: str
    option: str
    against: str
    difference: float
    interval: Interval | None
    pairs: int


@dataclass(frozen=True)
class EstimandMedian(Record):
    """Median over the specifications that estimate one thing: one estimator of one measure.

    Over several estimands a median means nothing: a knot is no benchmark share. ``median`` is inf
    where most do not reach the loss; its interval is from the common draws.
    """

    measure: str
    estimator: str
    median: float
    interval: Interval | None
    specifications: int


@dataclass(frozen=True)
class JointTest(Record):
    """Test that nothing changes, over all specifications at once; see the module docstring.

    median : the statistic of ``p_median``, over all specifications; no estimate of anything
    ``as_if_independent`` : p-value of a binomial count of significant specifications, which is
    wrong, for comparison
    """

    median: float
    p_median: float
    significant_share: float
    dominant: str
    p_significant: float
    mean_t: float
    p_mean_t: float
    as_if_independent: float
    draws: int


@dataclass(frozen=True)
class SpecificationCurve(Record):
    """All specifications of one estimand, "onset" or "effect", ascending by estimate.

    medians : of every estimand, in the order of its estimators
    below, within, above : parts of the specifications with estimates below, in and above the
        ``reference`` (low, high); None without one
    claimed_side : the part that agrees with the claim: of onsets those within the claimed range, of
        effects those in the direction of harm
    turned : measures whose effects have the other sign here, so that harm is negative for all
    """

    estimand: str
    rows: tuple[SpecificationRow, ...]
    medians: tuple[EstimandMedian, ...]
    lowest: float
    highest: float
    reference: tuple[float, float] | None
    below: float | None
    within: float | None
    above: float | None
    claimed_side: float | None
    significant_share: float | None
    differences: tuple[ChoiceDifference, ...]
    joint: JointTest | None
    turned: tuple[str, ...]


@dataclass(frozen=True)
class Specification(Record):
    """Specification curves of the onset and of the effect; None where not asked for."""

    onset: SpecificationCurve | None
    effect: SpecificationCurve | None
    responses: tuple[str, ...]
    level: float
    method: str
    n_replicates: int
    notes: tuple[str, ...] = ()


def curve_of(
    estimand: str,
    found: list[Estimates],
    reference: tuple[float, float] | None,
    freedom: float,
    level: float,
    turned: tuple[str, ...] = (),
    sign: float = 1.0,
) -> SpecificationCurve:
    """The curve from all its specifications; ``sign`` -1 where harm is a rise."""
    signs = np.array([-1.0 if one.combination.measure in turned else 1.0 for one in found])
    values = signs * np.stack([one.values for one in found], axis=1)  # (1 + B, K)
    estimates, draws = values[0], values[1:]
    opened = [sign * one.opened() for sign, one in zip(signs, found, strict=True)]
    bands = [percentile_band(column, level) for column in opened] if len(draws) else None
    rows = []
    for k, one in enumerate(found):
        band = None if bands is None else bands[k]
        error = math.nan if bands is None else standard_error(opened[k], freedom)
        outside = None
        if reference is not None and band is not None:
            outside = band.upper < reference[0] or band.lower > reference[1]
        rows.append(SpecificationRow(*one.combination, float(estimates[k]), error, band, outside))
    below, within, above = _sides(estimates, reference)
    flags = [row.significant for row in rows if row.significant is not None]
    joint = None
    if estimand == "effect" and bands is not None:
        null = signs * np.stack([one.null for one in found if one.null is not None], axis=1)
        errors = np.stack([one.errors for one in found if one.errors is not None], axis=1)
        joint = _joint(estimates, null, errors, level)
    harmful = below if sign > 0 else above
    return SpecificationCurve(
        estimand=estimand,
        rows=tuple(sorted(rows, key=lambda row: row.estimate)),
        medians=_medians([one.combination for one in found], values, level),
        lowest=float(estimates.min()),
        highest=float(estimates.max()),
        reference=reference,
        below=below,
        within=within,
        above=above,
        claimed_side=within if estimand == "onset" else harmful,
        significant_share=float(np.mean(flags)) if flags else None,
        differences=_differences([one.combination for one in found], values, level),
        joint=joint,
        turned=turned,
    )


def _medians(
    combinations: list[Combination], values: Array, level: float
) -> tuple[EstimandMedian, ...]:
    """Median of each estimand's columns of (1 + B, K), the data's first."""
    places: dict[tuple[str, str], list[int]] = {}
    for k, one in enumerate(combinations):
        places.setdefault((one.measure, one.estimator), []).append(k)
    found = []
    for (measure, estimator), columns in places.items():
        medians = np.median(values[:, columns], axis=1)
        band = percentile_band(medians[1:], level) if len(medians) > 1 else None
        found.append(EstimandMedian(measure, estimator, float(medians[0]), band, len(columns)))
    return tuple(found)


def _sides(
    estimates: Array, reference: tuple[float, float] | None
) -> tuple[float | None, float | None, float | None]:
    """Parts below, within and above the reference."""
    if reference is None:
        return None, None, None
    below, above = estimates < reference[0], estimates > reference[1]
    return float(below.mean()), float((~below & ~above).mean()), float(above.mean())


def _differences(
    combinations: list[Combination], values: Array, level: float
) -> tuple[ChoiceDifference, ...]:
    """What every option does against the first of its dimension, other choices equal."""
    place = {combination: k for k, combination in enumerate(combinations)}
    out = []
    for number, choice in enumerate(DIMENSIONS):
        against, *options = dict.fromkeys(combination[number] for combination in combinations)
        for option in options:
            pairs = [
                (place[combination], place[twin])
                for combination in combinations
                if combination[number] == option
                and (twin := combination._replace(**{choice: against})) in place
            ]
            if not pairs:
                continue
            with np.errstate(invalid="ignore"):  # inf where a loss is not reached
                changes = values[:, [k for k, _ in pairs]] - values[:, [k for _, k in pairs]]
            out.append(_difference(choice, option, against, changes, level))
    return tuple(out)


def _difference(
    choice: str, option: str, against: str, changes: Array, level: float
) -> ChoiceDifference:
    """Median of the data's changes (first of (1 + B, pairs)), its interval from the others."""
    finite = np.isfinite(changes)
    held = np.asarray(finite.any(axis=1))
    medians = np.full(len(changes), math.nan)
    medians[held] = np.nanmedian(np.where(finite, changes, math.nan)[held], axis=1)
    drawn = medians[1:][held[1:]]
    # draws in which no pair is finite say nothing; where they are many, nor do the others
    band = percentile_band(drawn, level) if drawn.size > 0.95 * len(changes) - 1 > 0 else None
    return ChoiceDifference(choice, option, against, float(medians[0]), band, int(finite[0].sum()))


def _joint(estimates: Array, null: Array, errors: Array, level: float) -> JointTest:
    """The three statistics of estimates (K,) and their law in rotations (B, K).

    errors (1 + B, K) : standard errors in the data and in every rotation
    """
    from scipy.stats import binom

    rows = np.vstack([estimates, null])
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(errors > 0.0, rows / errors, 0.0)
    critical = np.array([percentile_limit(np.abs(one), level, upper=True) for one in t[1:].T])
    falls: Array = np.asarray((t < -critical).mean(axis=1), dtype=np.float64)
    rises: Array = np.asarray((t > critical).mean(axis=1), dtype=np.float64)
    medians, mean_t = np.median(rows, axis=1), t.mean(axis=1)
    p_median, p_share, p_t = (
        _p_value(drawn) for drawn in (np.abs(medians), np.maximum(falls, rises), np.abs(mean_t))
    )
    largest = max(float(falls[0]), float(rises[0]))
    count = round(largest * estimates.size)
    return JointTest(
        median=float(medians[0]),
        p_median=p_median,
        significant_share=largest,
        dominant="none" if not count else "falls" if falls[0] >= rises[0] else "rises",
        p_significant=p_share,
        mean_t=float(mean_t[0]),
        p_mean_t=p_t,
        as_if_independent=float(binom.sf(count - 1, estimates.size, 1.0 - level)),
        draws=len(null),
    )


def _p_value(statistics: Array) -> float:
    """Of the first against the others (1 + B,): (1 + #{at least as large}) / (1 + B)."""
    observed = float(statistics[0])
    least = observed - 1e-12 * abs(observed)
    return (1.0 + int(np.count_nonzero(statistics[1:] >= least))) / statistics.size
