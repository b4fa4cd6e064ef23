"""Segmented regression: statsmodels' OLS and GLM with breaks at unknown points.

    from smcollapse.inference import SegmentedOLS, SegmentedGLM

    SegmentedOLS(y, sm.add_constant(x)).fit().summary()
    SegmentedGLM.from_formula("cases + I(births - cases) ~ age", data, segmented="age",
                              family=sm.families.Binomial()).fit().breaks

The mean (GLM: the linear predictor) is Zα + Σ_k c_k·max(x - θ_k, 0) with Z the given columns, x one
of them, and one or two knots θ. The knots minimize the residual sum of squares or the deviance,
exactly unless the distinct x are too many to visit all places (profile.py). Then
each is a *parameter* of a last statsmodels regression, on

    Z,   max(x - θ_k, 0),   ∂f/∂θ_k = -c_k·1(x > θ_k),

so that the uncertainty of the knots enters the standard errors of all coefficients, whichever
covariance is asked for (Seber & Wild 1989, Nonlinear Regression, ch. 9; Muggeo 2003, Statistics in
Medicine 22). These are large-sample errors: where the change of slope is small against the noise,
or a knot is near an edge or sits at a data point, invert a test instead (breakpoint.py). A break
is found in every curve that bends; whether one *exists* is a question of its own (existence.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from smcollapse.inference.records import InferenceError
from smcollapse.inference.resampling import Array
from smcollapse.inference.segmented.data import SegmentedModel, row_weights
from smcollapse.inference.segmented.profile import deviance, least_squares
from smcollapse.inference.segmented.results import SegmentedGLMResults, SegmentedOLSResults

LEAST_SQUARES_BUDGET = 20_000  # places of knots tried at first, less for more than 2 000 rows
DEVIANCE_BUDGET = 400  # the same where each costs a fit of its own


class SegmentedOLS(SegmentedModel):
    """Least squares with one or two breaks; endog (n,), exog (n, k) without the hinges.

    ``segmented`` names (or numbers) the column of exog that breaks, by default the only one that
    is not constant. Each knot lies between the 2nd and the 2nd last distinct value of it, and two
    knots have at least two between them, the knots included. With ``groups`` (n,) the covariance
    is clustered, with small-sample correction and t quantiles with G - 1 degrees of freedom.
    Raises InferenceError for data that do not identify the breaks (fewer than 5 distinct values,
    7 for two breaks), and for missing values, columns and rows.
    """

    def __init__(
        self,
        endog: Any,
        exog: Any,
        *,
        segmented: str | int | None = None,
        n_breaks: int = 1,
        groups: Any = None,
    ) -> None:
        super().__init__(endog, exog, segmented=segmented, n_breaks=n_breaks, groups=groups)
        if self.endog.ndim != 1:
            raise InferenceError(f"endog must be one column, got {self.endog.shape[1]}")

    def fit(
        self, *, cov_type: str = "nonrobust", cov_kwds: Any = None, use_t: bool | None = None
    ) -> SegmentedOLSResults:
        """Least-squares knots; the covariance settings are those of statsmodels' OLS.

        Raises InferenceError where no break is identified, or if groups meet another cov_type.
        """
        from statsmodels.regression.linear_model import OLS, OLSResults

        covariance = self._covariance(cov_type, cov_kwds, use_t)
        minima = least_squares(self._problem(), self.endog)
        # 40 million numbers of designs take a few seconds
        knots = self._knots(minima, min(LEAST_SQUARES_BUDGET, max(500, 40_000_000 // self.x.size)))
        at_knots = OLS(self.endog, self._with_hinges(knots)).fit()
        model = OLS(self.endog, self._with_knots(knots, at_knots.params[-knots.size :]))
        # the estimates are those at the knots: at a data point the linearized fit would move on
        regression = OLSResults(
            model,
            np.r_[at_knots.params, np.zeros(knots.size)],
            normalized_cov_params=model.fit().normalized_cov_params,
            **covariance,
        )
        return SegmentedOLSResults(self, tuple(knots.tolist()), regression)


class SegmentedGLM(SegmentedModel):
    """Generalized linear model with one or two breaks in its linear predictor.

    As :class:`SegmentedOLS`; ``family``, ``freq_weights`` (n,) and ``var_weights`` (n,) as in
    statsmodels' GLM, so endog may be (n, 2) counts of successes and failures for a binomial family.
    """

    def __init__(
        self,
        endog: Any,
        exog: Any,
        *,
        family: Any,
        segmented: str | int | None = None,
        n_breaks: int = 1,
        groups: Any = None,
        freq_weights: Any = None,
        var_weights: Any = None,
    ) -> None:
        super().__init__(endog, exog, segmented=segmented, n_breaks=n_breaks, groups=groups)
        from statsmodels.genmod.families import Family

        if not isinstance(family, Family):
            raise InferenceError(f"family must be like sm.families.Binomial(), got {family!r}")
        self.family = family
        self.freq_weights = row_weights(freq_weights, "freq_weights", len(self.exog))
        self.var_weights = row_weights(var_weights, "var_weights", len(self.exog))

    def fit(
        self, *, cov_type: str = "nonrobust", cov_kwds: Any = None, use_t: bool | None = None
    ) -> SegmentedGLMResults:
        """Knots of smallest deviance; the covariance settings are those of statsmodels' GLM.

        Raises InferenceError where no break is identified, or if groups meet another cov_type.
        """
        from statsmodels.genmod.generalized_linear_model import GLMResults

        covariance = self._covariance(cov_type, cov_kwds, use_t)
        knots = self._knots(deviance(self._problem(), self._fitted), DEVIANCE_BUDGET)
        at_knots = np.asarray(self._fitted(self._with_hinges(knots), None).params)
        model = self._model(self._with_knots(knots, at_knots[-knots.size :]))
        # the estimates are those at the knots: at a data point the linearized fit would move on
        params = np.r_[at_knots, np.zeros(knots.size)]
        scale = model.fit(start_params=params, maxiter=0).scale
        information = model.hessian_factor(params, scale=1.0, observed=False)
        root = np.linalg.pinv(np.sqrt(information)[:, None] * model.exog)
        regression = GLMResults(model, params, root @ root.T, scale, **covariance)
        return SegmentedGLMResults(self, tuple(knots.tolist()), regression)

    def _model(self, design: Array) -> Any:
        from statsmodels.genmod.generalized_linear_model import GLM

        weights = {"freq_weights": self.freq_weights, "var_weights": self.var_weights}
        return GLM(self.endog, design, family=self.family, **weights)

    def _fitted(self, design: Array, start: Array | None) -> Any:
        return self._model(design).fit(start_params=start, atol=1e-10, rtol=1e-12)
