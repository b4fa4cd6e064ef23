"""Agreement of predicted curves with measured ones, nothing being fitted between them.

Per point the error is measured - predicted and z is the error over the standard error of the
measured mean. Over points: median, 95th percentile and largest |error|, median |z| and the part
below 2 (.95 where prediction and measurement differ by chance alone, in few replicates less).
Within a curve R² = 1 - Σ error²/Σ (measured - mean)², taken where the curve moves at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smcollapse.inference.records import InferenceError, Record

VARIES = 0.02
"""R² within a curve is taken where the measured means span at least this much over shares."""


@dataclass(frozen=True)
class Agreement(Record):
    """Errors over all points; ``largest_at`` is the number of the worst point.

    r2 : median over the ``r2_curves`` curves that move; nan where there are none
    """

    points: int
    median_error: float
    p95_error: float
    largest_error: float
    largest_at: int
    median_z: float
    z_below_2: float
    r2: float
    r2_curves: int


def z_scores(errors: npt.ArrayLike, standard_errors: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Errors (n,) over standard errors (n,); nan where these are zero or missing."""
    error = np.asarray(errors, dtype=np.float64)
    se = np.asarray(standard_errors, dtype=np.float64)
    scores = np.full(error.shape, np.nan)
    np.divide(error, se, out=scores, where=se > 0.0)
    return scores


def agreement(
    measured: npt.ArrayLike,
    predicted: npt.ArrayLike,
    standard_errors: npt.ArrayLike,
    curves: Sequence[object],
) -> Agreement:
    """Agreement of n points; ``curves`` (n,) says to which curve each belongs.

    Raises InferenceError for arrays that are empty, of different lengths or not finite (standard
    errors may be nan).
    """
    found, foreseen = (np.asarray(values, dtype=np.float64) for values in (measured, predicted))
    if not found.size or found.shape != foreseen.shape or len(curves) != found.size:
        raise InferenceError(
            "measured, predicted and curves must be equally long and not empty, got "
            f"{found.shape}, {foreseen.shape} and {len(curves)}"
        )
    if not (np.isfinite(found).all() and np.isfinite(foreseen).all()):
        raise InferenceError("measured and predicted must be finite numbers")
    errors = np.abs(found - foreseen)
    z = np.abs(z_scores(found - foreseen, standard_errors))
    z = z[np.isfinite(z)]
    labels = np.array([str(label) for label in curves])
    shares = [
        value
        for label in dict.fromkeys(labels.tolist())
        if not math.isnan(value := _r2(found[labels == label], foreseen[labels == label]))
    ]
    return Agreement(
        points=found.size,
        median_error=float(np.median(errors)),
        p95_error=float(np.quantile(errors, 0.95)),
        largest_error=float(errors.max()),
        largest_at=int(errors.argmax()),
        median_z=float(np.median(z)) if z.size else math.nan,
        z_below_2=float((z < 2.0).mean()) if z.size else math.nan,
        r2=float(np.median(shares)) if shares else math.nan,
        r2_curves=len(shares),
    )


def _r2(measured: npt.NDArray[np.float64], predicted: npt.NDArray[np.float64]) -> float:
    """R² of one curve; nan where the measured means hardly move."""
    if measured.size < 3 or np.ptp(measured) < VARIES:
        return math.nan
    rest = float(((measured - predicted) ** 2).sum())
    return 1.0 - rest / float(((measured - measured.mean()) ** 2).sum())
