"""The regressions behind attribution: clustered fits, marginal effects, explained variation."""

from __future__ import annotations

import warnings as python_warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import expit, xlogy

from smcollapse.inference.attributions.knobs import Design
from smcollapse.inference.records import Estimate, InferenceError, Interval
from smcollapse.inference.resampling import Array

Integers = npt.NDArray[np.int64]
Family = Literal["gaussian", "quasi-binomial"]

ROUNDING = 1e-12
"""Relative to the response: below, a number is zero."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Coefficients (K,), intercept first, their clustered covariance (K, K), and ``contributions``
    (R, K) of the replicates, whose mean are the coefficients and whose scatter is the covariance's.
    """

    coefficients: Array
    covariance: Array
    contributions: Array

    @property
    def errors(self) -> Array:
        """Standard errors (K,); nan with one replicate."""
        errors: Array = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        return errors


def fit_clustered(y: Array, x: Array, groups: Integers, family: Family, *, balanced: bool) -> Fit:
    """Fit y (N,) on x (N, K) with errors clustered on ``groups`` (N,) numbered 0 ... R-1.

    The covariance is statsmodels' without its correction, times R/(R-1), which in a balanced table
    makes it that of the mean of R coefficients; else times (N-1)/(N-K) as well.
    """
    n, (rows, count) = int(groups.max()) + 1, x.shape
    if rows < count or (rows == count and family == "quasi-binomial"):
        raise InferenceError(
            f"{rows} rows are too few for {count} coefficients: name fewer knobs, leave out "
            "interactions, or add conditions"
        )
    clusters: dict[str, Any] = {}
    if n > 1:
        clusters = {
            "cov_type": "cluster",
            "cov_kwds": {"groups": groups, "use_correction": False, "df_correction": True},
            "use_t": True,
        }
    result = _fitted(y, x, family, **clusters)
    coefficients = np.asarray(result.params, dtype=np.float64)
    mean = x @ coefficients if family == "gaussian" else expit(x @ coefficients)
    weight = np.ones(rows) if family == "gaussian" else mean * (1.0 - mean)
    scores = np.zeros((n, count))
    np.add.at(scores, groups, x * (y - mean)[:, None])
    # rounding errors of a table without noise must not look like a scatter of its own
    unit = ROUNDING * float(np.abs(y).max())
    information = x.T @ (weight[:, None] * x)
    contributions = coefficients + n * np.linalg.solve(information, scores.T).T
    contributions = np.round(contributions / unit) * unit
    if n == 1:
        return Fit(coefficients, np.full((count, count), np.nan), contributions)
    correction = n / (n - 1.0)
    if not balanced:
        correction *= (rows - 1.0) / max(rows - count, 1)
    covariance = correction * np.asarray(result.cov_params(), dtype=np.float64)
    covariance[np.abs(covariance) < unit**2] = 0.0
    return Fit(coefficients, covariance, contributions)


def _fitted(y: Array, x: Array, family: Family, **options: Any) -> Any:
    """The statsmodels result; raises InferenceError where a binomial fit does not settle."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.regression.linear_model import OLS

    if family == "gaussian":
        return OLS(y, x).fit(**options)
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore")
        result = GLM(y, x, family=Binomial()).fit(scale="X2", **options)
    fitted = np.asarray(result.fittedvalues)
    if not result.converged or fitted.min() < 1e-6 or fitted.max() > 1.0 - 1e-6:
        raise InferenceError(
            "the quasi-binomial fit is not finite: some conditions are 0 or 1 throughout; leave "
            'out interactions or conditions, or use family="gaussian"'
        )
    return result


def marginal_effects(columns: Design, coefficients: Array) -> tuple[Array, Array]:
    """Average marginal effects (K-1,) of a logit model, and their gradients (K-1, K).

    For a main effect the mean over the rows of μ(knob at its end) - μ(knob at its start), for an
    interaction the second difference of both knobs.
    """
    effects, gradients = [], []
    for column in columns.columns:
        effect, gradient = 0.0, np.zeros_like(coefficients)
        corners: list[tuple[float, dict[tuple[int, int], float]]] = [(1.0, {})]
        for part in column.parts:
            corners = [
                (sign * side, {**settings, part: value})
                for sign, settings in corners
                for side, value in ((1.0, 1.0), (-1.0, 0.0))
            ]
        for sign, settings in corners:
            x = columns.matrix(settings)
            mean = expit(x @ coefficients)
            effect += sign * float(mean.mean())
            gradient += sign * (mean * (1.0 - mean)) @ x / len(x)
        effects.append(effect)
        gradients.append(gradient)
    return np.array(effects), np.array(gradients)


def explained_variation(
    y: Array, columns: Design, cells: Integers, family: Family
) -> tuple[dict[str, float], float]:
    """Part of the variation between conditions lost without each knob or pair; and kept by all.

    Variation is deviance: squares for gaussian. ``cells`` (N,) numbers the conditions.
    """
    x = columns.matrix()
    means = np.bincount(cells, weights=y) / np.bincount(cells)
    within = _deviance(y, means[cells], family)
    between = _deviance(y, np.full_like(y, y.mean()), family) - within
    full = _deviance(y, _predicted(y, x, family), family)
    groups = dict.fromkeys(column.knob for column in columns.columns)
    if between <= 1e-12 * max(within, 1e-300):
        return dict.fromkeys(groups, 0.0), 0.0
    lost = {}
    for group in groups:
        left = [0, *(k for k, column in enumerate(columns.columns, 1) if column.knob != group)]
        lost[group] = (_deviance(y, _predicted(y, x[:, left], family), family) - full) / between
    return lost, 1.0 - (full - within) / between


def _predicted(y: Array, x: Array, family: Family) -> Array:
    predicted: Array = np.asarray(_fitted(y, x, family).fittedvalues, dtype=np.float64)
    return predicted


def _deviance(y: Array, mean: Array, family: Family) -> float:
    if family == "gaussian":
        return float(((y - mean) ** 2).sum())
    full = xlogy(y, y) + xlogy(1.0 - y, 1.0 - y)
    return float(2.0 * (full - xlogy(y, mean) - xlogy(1.0 - y, 1.0 - mean)).sum())


def mixed_model(
    y: Array, columns: Design, groups: Integers, level: float
) -> tuple[tuple[Estimate, ...], str]:
    """Coefficients by REML with a replicate intercept, or none and why not."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    x, n = columns.matrix(), int(groups.max()) + 1
    if y.size <= x.shape[1] + 1:
        return (), "no mixed model: too few rows"
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore")  # a boundary is no fault here, convergence is asked
        try:
            result = MixedLM(y, x, groups).fit(reml=True)
        except (np.linalg.LinAlgError, ValueError) as error:
            return (), f"no mixed model: {error}"
        limits = np.asarray(result.conf_int(alpha=1.0 - level), dtype=np.float64)
        errors = np.asarray(result.bse_fe, dtype=np.float64)
    if not result.converged or not np.isfinite(errors).all():
        return (), "no mixed model: it did not converge"
    return tuple(
        Estimate(
            column.name,
            float(result.fe_params[k]),
            float(errors[k]),
            Interval(float(limits[k, 0]), float(limits[k, 1]), level),
            "linear mixed model, replicate intercept, REML, normal interval",
            n,
            column.span,
        )
        for k, column in enumerate(columns.columns, start=1)
    ), ""
