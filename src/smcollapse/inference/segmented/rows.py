"""The test for a break on the rows of a segmented regression, as curves over its covariate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from smcollapse.inference.curves import Curves
from smcollapse.inference.families import KINK, RIVALS, TWO_BREAKS, Family
from smcollapse.inference.onsets.existence import Existence, existence
from smcollapse.inference.records import InferenceError
from smcollapse.inference.resampling import Array

MOST_PLACES = 60
"""Distinct values of the covariate beyond which neighbours are averaged."""


def existence_of_rows(
    results: Any,
    rivals: Sequence[Family] | None,
    alpha: float,
    draws: int,
    seed: int,
) -> Existence:
    """:func:`existence` on the rows behind results of SegmentedOLS.

    Groups are the replicates; without them every row is a run of its own. Knots are in units of
    the covariate.
    """
    model, n_breaks = results.model, len(results.knots)
    others = np.delete(model.exog, model.segmented, axis=1)
    if others.size and float(np.ptp(others, axis=0).max()) > 0.0:
        raise InferenceError(
            "test_existence takes a constant and the covariate that breaks only: regress the "
            "other columns out first"
        )
    places, codes = _places(model.x)
    low, span = float(places[0]), float(places[-1] - places[0])
    # averaged neighbours are first moved along the fitted line to their common place
    fitted = np.asarray(results.fittedvalues, dtype=np.float64)
    moved = model.endog - fitted + np.interp(places, *_line(model.x, fitted))[codes]
    values = _values(moved, codes, places.size, model.groups)
    curves = Curves((places - low) / span, values, tuple(range(len(values))), "endog")
    found = existence(
        curves,
        RIVALS if rivals is None else rivals,
        shape=KINK if n_breaks == 1 else TWO_BREAKS,
        alpha=alpha,
        draws=draws,
        seed=seed,
    )
    knots = tuple(low + span * knot for knot in found.knots)
    return Existence(**{**vars(found), "knots": knots})


def _places(x: Array) -> tuple[Array, np.ndarray[Any, np.dtype[np.int64]]]:
    """Distinct values of the covariate, or the means of as many bins of equal numbers of rows."""
    distinct, codes = np.unique(x, return_inverse=True)
    if distinct.size <= MOST_PLACES:
        return distinct, codes.astype(np.int64)
    bins = (np.arange(distinct.size) * MOST_PLACES // distinct.size)[codes].astype(np.int64)
    means = np.bincount(bins, weights=x) / np.bincount(bins)
    return means, bins


def _line(x: Array, fitted: Array) -> tuple[Array, Array]:
    """Distinct x, ascending, and the fitted values there."""
    distinct, first = np.unique(x, return_index=True)
    return distinct, fitted[first]


def _values(y: Array, codes: Any, n_places: int, groups: Any) -> Array:
    """Means (runs, places), nan where a run has none; without groups a row is a run."""
    runs = np.arange(y.size) if groups is None else np.asarray(groups)
    n_runs = int(runs.max()) + 1
    cells = runs * n_places + codes
    counts = np.bincount(cells, minlength=n_runs * n_places)
    sums = np.bincount(cells, weights=y, minlength=n_runs * n_places)
    with np.errstate(invalid="ignore"):
        means: Array = (sums / counts).reshape(n_runs, n_places)
    return means
