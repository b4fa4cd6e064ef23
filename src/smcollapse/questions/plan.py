"""Planning an experiment: its noise supposed, or taken from results at hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from smcollapse.errors import DataError
from smcollapse.inference import Curves, InferenceError
from smcollapse.inference.onsets.planning import Plan, SupposedNoise, plan
from smcollapse.questions.results import Columns, read_results


def noise_from(source: Path, columns: Columns) -> SupposedNoise:
    """The noise of the first condition of a run or table: s.d., correlation, level, corpora.

    Raises DataError where the results have no noise to take.
    """
    results = read_results(source, columns)
    curves = results.groups[0].curves(results.columns)
    if curves.n_replicates < 3:
        raise DataError(
            f"{source}: {curves.n_replicates} replicates are too few to take a noise from: give 3 "
            "or more, or --sd"
        )
    run = math.sqrt(curves.noise.run_variance)
    if run == 0.0:
        raise DataError(f"{source}: the replicates are all the same: give --sd")
    level, correlation = _correlations(curves)
    apart = float(np.diff(curves.shares).min())
    return SupposedNoise(
        run, correlation, apart, level, corpus_sd=math.sqrt(curves.noise.corpus_variance)
    )


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
    level = float(np.clip(np.nanmean(np.concatenate(far)), 0.0, 0.95))
    near = float(np.nanmean(np.diag(correlation, 1)))
    return level, float(np.clip((near - level) / (1.0 - level), 0.0, 0.95))


def planned(
    noise: SupposedNoise,
    *,
    knot: float,
    slope_change: float | None,
    drop: float | None,
    last: float,
    shares: tuple[int, ...],
    replicates: tuple[int, ...],
    corpora: tuple[int | None, ...],
    power: float,
    seed: int,
) -> Plan:
    """The plan; the size of the break is a change of slope, or the drop that it makes by ``last``.

    Raises DataError for numbers that make no design.
    """
    if (slope_change is None) == (drop is None):
        raise DataError("say how large the break is: --slope-change -1 or --drop 0.2, one of them")
    if drop is not None:
        if not 0.0 < knot < last:
            raise DataError(f"--knot {knot:g} must lie between 0 and --last {last:g}")
        slope_change = -drop / (last - knot)
    assert slope_change is not None
    try:
        return plan(
            noise,
            knot=knot,
            slope_change=slope_change,
            last=last,
            shares=shares,
            replicates=replicates,
            corpora=corpora,
            power=power,
            seed=seed,
        )
    except InferenceError as error:
        raise DataError(str(error)) from None
