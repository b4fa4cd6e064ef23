"""Planning an experiment: its noise supposed, or taken from results at hand."""

from __future__ import annotations

import math

import numpy as np

from smcollapse.errors import DataError
from smcollapse.inference import Curves, InferenceError
from smcollapse.inference.onsets.planning import Plan, SupposedNoise, plan
from smcollapse.questions.columns import Columns
from smcollapse.questions.results import Data, read_results

SAME = 1e-9
"""Part of the level below which a standard deviation is rounding error."""


def noise_from(source: Data, columns: Columns) -> SupposedNoise:
    """The noise of the first condition of a run or table: s.d., correlation, level, corpora.

    Raises DataError where the results have no noise to take.
    """
    results = read_results(source, columns)
    group = results.groups[0]
    try:
        curves = group.curves(results.columns)
        name = columns.response
        if curves.n_replicates < 3:
            raise DataError(
                f"{curves.n_replicates} replicates are too few: give 3 or more, or --sd"
            )
        if curves.edges is not None:
            raise DataError(
                "every run has a share of its own, so that noise and curve cannot be told apart: "
                "give --sd, or results at a grid of shares"
            )
        if curves.shares.size < 2:
            raise DataError(f"one share ({curves.shares[0]:g}) shows no correlation: give --sd")
        runs = np.isfinite(curves.values).sum(axis=0)
        if runs.max() < 3:
            raise DataError(
                f"no share has 3 runs (of {curves.shares.size} shares): give --sd, or results at "
                "a grid of shares"
            )
        run, corpus = curves.noise.run_variance, curves.noise.corpus_variance
        if not math.isfinite(run) or math.sqrt(run) <= SAME * float(np.abs(curves.mean).max()):
            raise DataError(f"the replicates of {name!r} are all the same: give --sd")
        level, correlation = _correlations(curves)
        apart = float(np.diff(curves.shares).min())
        return SupposedNoise(math.sqrt(run), correlation, apart, level, corpus_sd=math.sqrt(corpus))
    except (InferenceError, DataError) as error:
        raise DataError(f"{group.source.name}: {group.located(error)}") from None


def _correlations(curves: Curves) -> tuple[float, float]:
    """Part of a replicate's own level, and correlation of neighbouring shares beyond it.

    The level is what shares more than half the range apart still have in common.
    """
    deviations = np.where(np.isfinite(curves.values), curves.values - curves.mean, 0.0)
    covariance = deviations.T @ deviations
    spread = np.sqrt(np.diag(covariance))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = covariance / np.outer(spread, spread)
    n_shares = curves.shares.size
    far = [np.diag(correlation, lag) for lag in range(n_shares // 2, n_shares)]
    level = float(np.clip(_mean(np.concatenate(far)), 0.0, 0.95))
    near = _mean(np.diag(correlation, 1))
    return level, float(np.clip((near - level) / (1.0 - level), 0.0, 0.95))


def _mean(values: np.ndarray) -> float:
    """Mean of the finite values, 0 without any."""
    held = values[np.isfinite(values)]
    return float(held.mean()) if held.size else 0.0


def planned(
    noise: SupposedNoise,
    *,
    knot: float,
    slope_change: float | None,
    slope_before: float,
    drop: float | None,
    last: float,
    shares: tuple[int, ...],
    replicates: tuple[int, ...],
    corpora: tuple[int | None, ...],
    power: float,
    seed: int,
) -> Plan:
    """The plan; the size of the break is a change of slope, or the drop from the knot to ``last``.

    Raises DataError for numbers that make no design.
    """
    if (slope_change is None) == (drop is None):
        raise DataError("say how large the break is: --slope-change -1 or --drop 0.2, one of them")
    if drop is not None:
        if not 0.0 < knot < last:
            raise DataError(f"--knot {knot:g} must lie between 0 and --last {last:g}")
        slope_change = -drop / (last - knot) - slope_before
    assert slope_change is not None
    try:
        return plan(
            noise,
            knot=knot,
            slope_change=slope_change,
            slope_before=slope_before,
            last=last,
            shares=shares,
            replicates=replicates,
            corpora=corpora,
            power=power,
            seed=seed,
        )
    except InferenceError as error:
        raise DataError(str(error)) from None
