"""Results of a segmented regression: statsmodels' own, with the breaks among the parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from smcollapse.inference.records import Estimate, Interval, Record, check_level, to_plain
from smcollapse.inference.resampling import Array
from smcollapse.inference.segmented.profile import hinges

if TYPE_CHECKING:
    from smcollapse.inference.onsets.existence import Existence
    from smcollapse.inference.segmented.model import SegmentedGLM, SegmentedOLS

NOTES = (
    "Each break is a parameter of the regression: its uncertainty is in all standard errors.",
    "Whether there is a break at all: test_existence(). Without one it is not identified, and its "
    "t statistic and that of its change of slope have no t distribution (Davies 1987).",
)


@dataclass(frozen=True)
class SegmentedResults(Record):
    """Parameters are those of the given columns, then "change1", ..., then "break1", ....

    ``change`` is a change of slope, ``break`` a knot in units of the covariate. ``regression``
    holds statsmodels' results of the linearized model, in which a break counts from its estimate
    (coefficient 0) and to which every number here that is not a break or a label is due. Tables
    come as pandas objects if the data did, else as arrays, as in statsmodels.
    """

    model: SegmentedOLS | SegmentedGLM
    knots: tuple[float, ...]
    regression: Any = field(compare=False, repr=False)

    @property
    def breaks(self) -> Array:
        """Estimated knots (b,), ascending."""
        return np.array(self.knots)

    @property
    def breaks_se(self) -> Array:
        """Standard errors of the knots (b,)."""
        errors: Array = np.asarray(self.regression.bse)[-len(self.knots) :]
        return errors

    @property
    def param_names(self) -> list[str]:
        """Names of the parameters: the given columns, the changes of slope, the breaks."""
        numbers = range(1, len(self.knots) + 1)
        changes, breaks = [f"change{k}" for k in numbers], [f"break{k}" for k in numbers]
        return [*self.model.exog_names, *changes, *breaks]

    @property
    def params(self) -> Any:
        """Estimates (p,)."""
        values = np.array(self.regression.params, dtype=np.float64)
        values[-len(self.knots) :] += self.knots
        return self._named(values)

    @property
    def bse(self) -> Any:
        """Standard errors (p,), the uncertainty of the knots included."""
        return self._named(np.asarray(self.regression.bse))

    @property
    def tvalues(self) -> Any:
        """Estimate over standard error (p,); nan for a break, whose zero means nothing."""
        values = np.array(self.regression.tvalues)
        values[-len(self.knots) :] = np.nan
        return self._named(values)

    @property
    def pvalues(self) -> Any:
        """Two-sided p-values (p,); nan for a break and its change of slope (Davies 1987)."""
        values = np.array(self.regression.pvalues)
        values[-2 * len(self.knots) :] = np.nan
        return self._named(values)

    def conf_int(self, alpha: float = 0.05) -> Any:
        """Limits (p, 2) of intervals of level 1 - alpha. Raises InferenceError for a bad alpha."""
        check_level(1.0 - alpha)
        limits = np.array(self.regression.conf_int(alpha))
        limits[-len(self.knots) :] += self.breaks[:, None]
        return pd.DataFrame(limits, index=self.param_names) if self.model.has_labels else limits

    def cov_params(self) -> Any:
        """Covariance (p, p) of the parameters."""
        covariance = np.asarray(self.regression.cov_params())
        if not self.model.has_labels:
            return covariance
        return pd.DataFrame(covariance, index=self.param_names, columns=self.param_names)

    def slopes(self, alpha: float = 0.05) -> pd.DataFrame:
        """Slope of every segment: columns slope, se, lower, upper; one row per segment.

        A slope is the coefficient of the covariate plus the changes so far, on the scale of the
        linear predictor. Raises InferenceError for a bad alpha.
        """
        check_level(1.0 - alpha)
        n_breaks, n_given = len(self.knots), len(self.model.exog_names)
        contrasts = np.zeros((n_breaks + 1, n_given + 2 * n_breaks))
        contrasts[:, self.model.segmented] = 1.0
        contrasts[:, n_given : n_given + n_breaks] = np.tri(n_breaks + 1, n_breaks, -1)
        test = self.regression.t_test(contrasts)
        lower, upper = test.conf_int(alpha).T
        return pd.DataFrame(
            {
                "slope": np.ravel(test.effect),
                "se": np.ravel(test.sd),
                "lower": lower,
                "upper": upper,
            },
            index=[f"segment{k}" for k in range(1, n_breaks + 2)],
        )

    def predict(self, exog: Any = None) -> Any:
        """Mean (m,) at new rows of the given columns, hinges added; by default at the data.

        After ``from_formula`` the rows are data of the formula. Raises InferenceError for missing
        columns and values.
        """
        if exog is None:
            return self.fittedvalues
        rows, index = self.model.read_rows(exog)
        kinked = hinges(rows[:, self.model.segmented], self.breaks)
        design = np.column_stack([rows, kinked, np.zeros_like(kinked)])
        mean = self.regression.model.predict(self.regression.params, design)
        return mean if index is None else pd.Series(mean, index=index)

    @property
    def fittedvalues(self) -> Any:
        """Fitted mean (n,)."""
        return self._by_row(np.asarray(self.regression.fittedvalues))

    @property
    def nobs(self) -> float:
        """Number of rows."""
        return float(self.regression.nobs)

    @property
    def df_model(self) -> float:
        """Number of parameters, breaks included, less one for a constant."""
        return float(self.regression.df_model)

    @property
    def df_resid(self) -> float:
        """Rows (or the sum of their frequency weights) less parameters, breaks included."""
        return float(self.regression.df_resid)

    @property
    def scale(self) -> float:
        """Estimated dispersion: the residual variance of least squares."""
        return float(self.regression.scale)

    @property
    def llf(self) -> float:
        """Log-likelihood."""
        return float(self.regression.llf)

    @property
    def aic(self) -> float:
        """Akaike's criterion, every break counted as a parameter."""
        return float(self.regression.aic)

    @property
    def cov_type(self) -> str:
        """Kind of covariance, in statsmodels' words."""
        return str(self.regression.cov_type)

    @property
    def use_t(self) -> bool:
        """Whether intervals use t quantiles, else normal ones."""
        return bool(self.regression.use_t)

    def estimates(self) -> tuple[Estimate, ...]:
        """Rows for a table of results: every parameter with its 95 % interval."""
        groups = self.model.groups
        count = int(self.nobs) if groups is None else int(groups.max()) + 1
        method = f"segmented regression, {self.cov_type} covariance"
        limits = np.asarray(self.conf_int()).tolist()
        bands = [Interval(low, high, 0.95) if low <= high else None for low, high in limits]
        values, errors = np.asarray(self.params).tolist(), np.asarray(self.bse).tolist()
        rows = zip(self.param_names, values, errors, bands, strict=True)
        return tuple(Estimate(*row, method, count) for row in rows)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able dictionary of the estimates, the slopes and the fit."""
        plain: dict[str, Any] = {
            "breaks": list(self.knots),
            "parameters": [row.to_dict() for row in self.estimates()],
            "slopes": self.slopes().to_dict(orient="index"),
            "cov_type": self.cov_type,
            **{name: getattr(self, name) for name in ("nobs", "df_resid", "llf", "aic", "scale")},
        }
        return {name: to_plain(value) for name, value in plain.items()}

    def _named(self, values: Array) -> Any:
        return pd.Series(values, index=self.param_names) if self.model.has_labels else values

    def _by_row(self, values: Array) -> Any:
        return values if self.model.index is None else pd.Series(values, index=self.model.index)

    def _summary(self, title: str, right: list[tuple[str, list[str]]], alpha: float) -> Any:
        from statsmodels.iolib.summary import Summary

        check_level(1.0 - alpha)
        left = ("Dep. Variable:", "Model:", "Date:", "Time:", "No. Observations:", "Df Residuals:")
        common = [
            ("Breaks:", [str(len(self.knots))]),
            ("Covariance Type:", [self.cov_type]),
            ("Log-Likelihood:", None),
            ("AIC:", [f"{self.aic:#8.4g}"]),
        ]
        names = {"yname": self.model.endog_names, "xname": self.param_names}
        summary = Summary()
        summary.add_table_2cols(
            self,
            title=title,
            gleft=[(label, None) for label in left],
            gright=[*common, *right],
            **names,
        )
        summary.add_table_params(self, alpha=alpha, use_t=self.use_t, **names)
        summary.add_extra_txt(list(NOTES))
        return summary


@dataclass(frozen=True)
class SegmentedOLSResults(SegmentedResults):
    """Least squares with breaks; see :class:`SegmentedResults`."""

    @property
    def resid(self) -> Any:
        """Residuals (n,)."""
        return self._by_row(np.asarray(self.regression.resid))

    @property
    def ssr(self) -> float:
        """Residual sum of squares."""
        return float(self.regression.ssr)

    @property
    def rss(self) -> float:
        """Residual sum of squares, by its other name."""
        return self.ssr

    @property
    def rsquared(self) -> float:
        """1 - ssr/total sum of squares, the total centered if there is a constant."""
        return float(self.regression.rsquared)

    @property
    def bic(self) -> float:
        """Schwarz's criterion, every break counted as a parameter."""
        return float(self.regression.bic)

    def test_existence(
        self, rivals: Any = None, *, alpha: float = 0.05, draws: int = 999, seed: int = 0
    ) -> Existence:
        """Whether the break exists at all: it must beat every smooth curve (existence.py).

        ``rivals`` : families of curves, line to skewed logistic if left out. Only for a model of
        the covariate that breaks and a constant. Raises InferenceError for other columns and for
        too few distinct values.
        """
        from smcollapse.inference.segmented.rows import existence_of_rows

        return existence_of_rows(self, rivals, alpha, draws, seed)

    def summary(self, alpha: float = 0.05) -> Any:
        """statsmodels Summary of fit, parameters and breaks; InferenceError for a bad alpha."""
        right = [("R-squared:", [f"{self.rsquared:#8.3f}"]), ("BIC:", [f"{self.bic:#8.4g}"])]
        return self._summary("Segmented OLS Regression Results", right, alpha)


@dataclass(frozen=True)
class SegmentedGLMResults(SegmentedResults):
    """Generalized linear model with breaks; see :class:`SegmentedResults`."""

    @property
    def resid(self) -> Any:
        """Response residuals (n,): counts or values less their fitted means."""
        return self._by_row(np.asarray(self.regression.resid_response))

    @property
    def deviance(self) -> float:
        """Deviance."""
        return float(self.regression.deviance)

    @property
    def pearson_chi2(self) -> float:
        """Pearson's chi-squared statistic."""
        return float(self.regression.pearson_chi2)

    @property
    def bic(self) -> float:
        """Schwarz's criterion by the log-likelihood, every break counted as a parameter."""
        return float(self.regression.bic_llf)

    def summary(self, alpha: float = 0.05) -> Any:
        """statsmodels Summary of fit, parameters and breaks; InferenceError for a bad alpha."""
        right = [("Deviance:", [f"{self.deviance:#8.5g}"]), ("BIC:", [f"{self.bic:#8.4g}"])]
        return self._summary("Segmented GLM Regression Results", right, alpha)
