"""Converged ridge logistic regression, by scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from smcollapse.errors import SmcollapseError
from smcollapse.models.base import HELD_BYTES, Answers, Shape, Task
from smcollapse.settings import Logistic
from smcollapse.study import DeviceClass
from smcollapse.worlds import Rows

TOLERANCE = 1e-8


class LogisticRegressions(Answers):
    """Minimises (1/d) Σ r_i ℓ_i + ridge/2 |v|², r_i the multiplicity of row i, d the input width.

    Features: Newton's method with Cholesky factors. Discrete inputs are one-hot encoded and
    solved by L-BFGS on a sparse matrix.
    """

    def device_class(self, wanted: DeviceClass) -> DeviceClass:
        """Solved on the CPU."""
        return "cpu"

    def stack_size(self, settings: Logistic, shape: Shape, device: DeviceClass) -> int:
        """Members are solved one by one; 16 make a reasonable part of the store."""
        return max(1, min(16, HELD_BYTES[device] // shape.result_bytes))

    def probabilities(
        self, settings: Logistic, task: Task, device: DeviceClass
    ) -> NDArray[np.float32]:
        """(E, n_test, C) probabilities on the test rows. Raises SmcollapseError."""
        pool, test = _matrix(task.pool, task), _matrix(task.test, task)
        out = np.zeros((len(task.slots), len(task.test), task.inputs.n_classes), dtype=np.float32)
        for member in range(len(task.slots)):
            weight = task.row_weights(member)
            used = np.flatnonzero(weight)
            label = task.pool.label[used]
            if len(np.unique(label)) < 2:
                out[member, :, label[0]] = 1.0
                continue
            model = _fitted(settings, pool[used], label, weight[used])
            out[member][:, model.classes_] = model.predict_proba(test)
        return out


def _fitted(
    settings: Logistic, x: Any, label: NDArray[np.int32], weight: NDArray[np.float64]
) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(
        C=1.0 / (settings.ridge * x.shape[1]),
        fit_intercept=settings.intercept,
        solver="lbfgs" if scipy.sparse.issparse(x) else "newton-cholesky",
        tol=TOLERANCE,
        max_iter=10_000,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            return model.fit(x, label, sample_weight=weight)
        except ConvergenceWarning as error:
            raise SmcollapseError(
                f"logistic regression with ridge {settings.ridge} did not converge "
                f"({str(error).splitlines()[0]}): write a larger model.ridge"
            ) from None


def _matrix(rows: Rows, task: Task) -> Any:
    """Inputs as a matrix: features with the style beside them, or one-hot codes (sparse)."""
    if not task.inputs.fields:
        x = rows.features.astype(np.float64)
        return np.column_stack([x, rows.style]) if task.sees_style else x
    codes = np.column_stack([rows.codes, rows.style]) if task.sees_style else rows.codes
    columns = codes + np.concatenate([[0], np.cumsum(task.inputs.fields)[:-1]])
    n, f = columns.shape
    return scipy.sparse.csr_matrix(
        (np.ones(n * f), columns.reshape(-1), np.arange(0, n * f + 1, f)),
        shape=(n, sum(task.inputs.fields)),
    )
