"""The data of a segmented regression: what statsmodels' models accept, read, checked and named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import pandas as pd

from smcollapse.inference.onsets.kinks import MINIMUM_SHARES
from smcollapse.inference.records import InferenceError
from smcollapse.inference.resampling import Array
from smcollapse.inference.segmented.profile import (
    Minima,
    Places,
    Problem,
    hinges,
    independent_columns,
    search,
    steps,
)

MINIMUM_DISTINCT = {1: MINIMUM_SHARES, 2: MINIMUM_SHARES + 2}  # two more per break and its slope


class SegmentedModel:
    """The data of a segmented regression, checked; base of the two models.

    ``groups`` are codes 0..G-1 (n,) or None, ``segmented`` is the number of the column that breaks.
    """

    def __init__(
        self, endog: Any, exog: Any, *, segmented: str | int | None, n_breaks: int, groups: Any
    ) -> None:
        if n_breaks not in MINIMUM_DISTINCT:
            raise InferenceError(f"n_breaks must be 1 or 2, got {n_breaks!r}")
        self.index = _index(endog) if _index(exog) is None else _index(exog)
        self.has_labels = self.index is not None
        self.exog = matrix(exog, "exog")
        self.exog_names = column_names(exog)
        self.endog = matrix(endog, "endog")
        self.endog_names = ", ".join(column_names(endog, "y"))
        self.n_breaks = n_breaks
        self._by_name = isinstance(exog, pd.DataFrame)
        self._design_info: Any = None
        if self.endog.shape[1] == 1:
            self.endog = self.endog[:, 0]
        _check_rows(endog, exog, self.endog, self.exog)
        self.segmented = segmented_column(self.exog, self.exog_names, segmented)
        self.groups = None if groups is None else group_codes(groups, len(self.exog))
        self._check_identified()

    @classmethod
    def from_formula(
        cls,
        formula: str,
        data: pd.DataFrame,
        *,
        segmented: str | int | None = None,
        n_breaks: int = 1,
        groups: Any = None,
        **options: Any,
    ) -> Self:
        """The model of a formula as in statsmodels, e.g. ``"y ~ x + z"``; ``segmented`` a term.

        ``groups``, ``freq_weights`` and ``var_weights`` may name columns of the data. Raises
        InferenceError for missing columns and values.
        """
        import patsy

        left, right = _patsy(patsy.dmatrices, formula, data, eval_env=2, NA_action="raise")
        names = {"freq_weights", "var_weights"} & options.keys()
        options |= {name: _column(data, options[name]) for name in names}
        model = cls(
            left,
            right,
            segmented=segmented,
            n_breaks=n_breaks,
            groups=_column(data, groups),
            **options,
        )
        model._design_info = right.design_info
        return model

    @property
    def x(self) -> Array:
        """The covariate that breaks (n,)."""
        column: Array = self.exog[:, self.segmented]
        return column

    def read_rows(self, exog: Any) -> tuple[Array, pd.Index | None]:
        """New rows (m, k) of the given columns, and their index if they have one."""
        if self._design_info is not None:
            import patsy

            exog = pd.DataFrame(exog)
            exog = _patsy(
                patsy.build_design_matrices, [self._design_info], exog, NA_action="raise"
            )[0]
        elif isinstance(exog, pd.DataFrame) and self._by_name:
            missing = [name for name in self.exog_names if name not in map(str, exog.columns)]
            if missing:
                raise InferenceError(
                    f"exog has no column {', '.join(missing)}; give {', '.join(self.exog_names)}"
                )
            exog = exog.rename(columns=str)[self.exog_names]
        elif np.ndim(exog) == 1 and len(self.exog_names) > 1:
            exog = np.asarray(exog)[None, :]  # one row, as in statsmodels
        rows = matrix(exog, "exog")
        if rows.shape[1] != len(self.exog_names):
            raise InferenceError(
                f"exog has {rows.shape[1]} columns; the model has {len(self.exog_names)}: "
                f"{', '.join(self.exog_names)}"
            )
        return rows, _index(exog)

    def _check_identified(self) -> None:
        """Raise InferenceError unless the rows can identify the breaks."""
        name, distinct = self.exog_names[self.segmented], np.unique(self.x).size
        needed = MINIMUM_DISTINCT[self.n_breaks]
        if distinct == 1:
            raise InferenceError(f"{name} is constant; segmented must name a column that varies")
        if distinct < needed:
            raise InferenceError(
                f"{self.n_breaks} break(s) need at least {needed} distinct values of {name}, "
                f"got {distinct}"
            )
        clash = {f"{word}{k}" for word in ("change", "break") for k in (1, 2)} & {*self.exog_names}
        if clash:
            raise InferenceError(f"rename the columns of exog called {', '.join(sorted(clash))}")
        n_rows, n_parameters = len(self.exog), self.exog.shape[1] + 2 * self.n_breaks
        if n_rows <= n_parameters:
            raise InferenceError(f"{n_parameters} parameters need more than {n_rows} rows")
        if not independent_columns(self.exog):
            raise InferenceError("columns of exog are linearly dependent; leave some out")

    def _problem(self) -> Problem:
        return Problem(self.x, self.exog, np.unique(self.x))

    def _knots(self, minima: Minima, budget: int) -> Array:
        """The best knots (b,) ascending."""
        knots, loss = search(minima, np.unique(self.x).size, self.n_breaks, budget)
        if not np.isfinite(loss):
            raise InferenceError(
                f"no break in {self.exog_names[self.segmented]} is identified beside the other "
                "columns of exog; leave out columns that follow every bend (such as dummies)"
            )
        return knots

    def _with_hinges(self, knots: Array) -> Array:
        """Design (n, k + b) of the fit at given knots."""
        return np.column_stack([self.exog, hinges(self.x, knots)])

    def _with_knots(self, knots: Array, changes: Array) -> Array:
        """Design (n, k + 2b) with the knots as parameters, at changes of slope (b,)."""
        # a change of slope of exactly zero leaves the knot without a derivative
        slopes = np.where(changes == 0.0, 1.0, changes)
        return np.column_stack([self._with_hinges(knots), -slopes * steps(self.x, knots)])

    def _covariance(self, cov_type: str, cov_kwds: Any, use_t: bool | None) -> dict[str, Any]:
        """statsmodels' settings of the covariance; clustered where there are groups."""
        if self.groups is None:
            return {"cov_type": cov_type, "cov_kwds": cov_kwds, "use_t": use_t}
        if cov_type not in ("nonrobust", "cluster") or cov_kwds:
            raise InferenceError(
                f"groups make the covariance clustered; leave out cov_type={cov_type!r} and "
                "cov_kwds, or build the model without groups"
            )
        settings = {"groups": self.groups, "use_correction": True, "df_correction": True}
        return {
            "cov_type": "cluster",
            "cov_kwds": settings,
            "use_t": True if use_t is None else use_t,
        }


def column_names(table: Any, single: str | None = None) -> list[str]:
    """Names of the columns, as statsmodels has them for arrays: const, x1, ...; or ``single``."""
    if isinstance(table, pd.DataFrame):
        return [str(name) for name in table.columns]
    if isinstance(table, pd.Series) and table.name is not None:
        return [str(table.name)]
    values = np.asarray(table)
    n_columns = 1 if values.ndim == 1 else values.shape[1]
    if single is not None:
        return [single] if n_columns == 1 else [f"{single}{k}" for k in range(1, n_columns + 1)]
    from statsmodels.regression.linear_model import OLS

    names: list[str] = OLS(np.zeros(len(values)), values).exog_names
    return names


def matrix(table: Any, what: str) -> Array:
    """Rows and columns (n, k) of finite numbers. Raises InferenceError for anything else."""
    try:
        values = np.asarray(table, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InferenceError(f"{what} must be numbers; code words as dummies ({error})") from error
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2 or values.size == 0:
        raise InferenceError(f"{what} must have rows and columns, got shape {values.shape}")
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if bad.size:
        raise InferenceError(
            f"{what} has missing or infinite values in {bad.size} row(s), the first is row "
            f"{bad[0]}; leave these rows out"
        )
    return values


def segmented_column(exog: Array, names: list[str], segmented: str | int | None) -> int:
    """Number of the column that breaks. Raises InferenceError if there is none or a choice."""
    if segmented is None:
        varying = np.flatnonzero(np.ptp(exog, axis=0) > 0.0)
        if varying.size != 1:
            found = ", ".join(names[k] for k in varying) or "no column"
            raise InferenceError(f"say which column breaks, segmented=...: {found} varies")
        return int(varying[0])
    if isinstance(segmented, str) and segmented in names:
        return names.index(segmented)
    if not isinstance(segmented, str) and 0 <= segmented < len(names):
        return int(segmented)
    raise InferenceError(f"no column {segmented!r} in exog; segmented is one of {', '.join(names)}")


def group_codes(groups: Any, n_rows: int) -> Places:
    """Codes 0..G-1 (n,) of the groups. Raises InferenceError for missing or fewer than 2 groups."""
    values = np.asarray(groups)
    if values.shape != (n_rows,):
        raise InferenceError(f"groups must have one entry per row, {n_rows}, got {values.shape}")
    codes, labels = pd.factorize(values)
    if (codes < 0).any():
        raise InferenceError(f"groups has no entry in row {int(np.argmin(codes))}; name its group")
    if len(labels) < 2:
        raise InferenceError("groups must name at least 2 groups; leave it out for one")
    return np.asarray(codes, dtype=np.int64)


def row_weights(weights: Any, what: str, n_rows: int) -> Array | None:
    """Positive weights (n,), or None. Raises InferenceError for others."""
    if weights is None:
        return None
    values = matrix(weights, what)[:, 0]
    if values.size != n_rows or (values <= 0.0).any():
        raise InferenceError(f"{what} must be {n_rows} positive numbers, one per row")
    return values


def _index(table: Any) -> pd.Index | None:
    return table.index if isinstance(table, pd.DataFrame | pd.Series) else None


def _check_rows(endog: Any, exog: Any, endog_rows: Array, exog_rows: Array) -> None:
    if len(endog_rows) != len(exog_rows):
        raise InferenceError(
            f"endog has {len(endog_rows)} rows and exog {len(exog_rows)}; they must be equal"
        )
    left, right = _index(endog), _index(exog)
    if left is not None and right is not None and not left.equals(right):
        raise InferenceError("endog and exog have different indexes; align them first")


def _column(data: pd.DataFrame, column: Any) -> Any:
    """The named column of the data; anything but a name as it is."""
    if not isinstance(column, str):
        return column
    if column not in data.columns:
        raise InferenceError(f"data has no column {column!r}; it has {', '.join(map(str, data))}")
    return data[column]


def _patsy(build: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
    """Tables that patsy builds, its complaints as InferenceError."""
    from patsy import PatsyError

    try:
        return build(*arguments, return_type="dataframe", **settings)
    except (PatsyError, NameError, KeyError) as error:
        raise InferenceError(
            f"the formula does not fit the data: {error}; name columns of the data, and leave out "
            "rows with missing values"
        ) from error
