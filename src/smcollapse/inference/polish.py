"""Gauss-Newton steps from the best atom of a dictionary, for many curves at once.

With r the part of a curve beyond the linear columns, c(ψ) the non-linear ones (likewise cleaned)
and γ their coefficients, a step regresses r on c and on γ·∂c/∂ψ and moves ψ by the coefficients of
the latter (Golub & Pereyra 1973, in Kaufman's form). A step that explains less is not taken, and
parameters stay within the range of the grid.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from smcollapse.inference.resampling import Array

Columns = Callable[[Array], Array]
"""Parameters (B, d) -> weighted columns (B, K, S), cleaned of the linear ones."""

STEPS = 2
DIFFERENCE = 1e-5
RIDGE = 1e-11


def polish(
    columns: Columns, residual: Array, parameters: Array, explained: Array, limits: Array, free: int
) -> tuple[Array, Array, Array]:
    """Parameters (B, d), explained sums of squares (B,) and fitted parts (B, S) after the steps.

    residual (B, S) beyond the linear columns; limits (2, d); the first ``free`` parameters move.
    """
    current = columns(parameters)
    fitted, _ = _projected(current, residual)
    for _ in range(STEPS if free else 0):
        _, coefficients = _projected(current, residual)
        slopes = np.stack(
            [
                np.einsum("bk,bks->bs", coefficients, derivative)
                for derivative in _derivatives(columns, parameters, current, limits, free)
            ],
            axis=1,
        )
        _, solved = _projected(np.concatenate([current, slopes], axis=1), residual)
        proposal = parameters.copy()
        proposal[:, :free] += solved[:, current.shape[1] :]
        proposal = np.clip(proposal, limits[0], limits[1])
        moved = columns(proposal)
        part, _ = _projected(moved, residual)
        gain = 2.0 * (part * residual).sum(axis=1) - (part**2).sum(axis=1)
        better = np.isfinite(gain) & (gain > explained)
        parameters = np.where(better[:, None], proposal, parameters)
        explained = np.where(better, gain, explained)
        fitted = np.where(better[:, None], part, fitted)
        current = np.where(better[:, None, None], moved, current)
    return parameters, explained, fitted


def _derivatives(
    columns: Columns, parameters: Array, current: Array, limits: Array, free: int
) -> list[Array]:
    """Forward differences of the columns, (B, K, S) each."""
    out = []
    for i in range(free):
        step = DIFFERENCE * (limits[1, i] - limits[0, i])
        shifted = parameters.copy()
        shifted[:, i] += step
        out.append((columns(shifted) - current) / step)
    return out


def _projected(columns: Array, residual: Array) -> tuple[Array, Array]:
    """Projections (B, S) of residuals on columns (B, K, S), and coefficients (B, K)."""
    size = np.sqrt((columns**2).sum(axis=2, keepdims=True)) + 1e-300
    unit = columns / size
    normal = unit @ unit.transpose(0, 2, 1)
    normal += RIDGE * np.eye(normal.shape[1])
    coefficients = np.linalg.solve(normal, unit @ residual[:, :, None])[:, :, 0]
    fitted: Array = np.einsum("bk,bks->bs", coefficients, unit)
    return fitted, coefficients / size[:, :, 0]
