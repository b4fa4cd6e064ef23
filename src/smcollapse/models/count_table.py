"""Majority of counts per context, in closed form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smcollapse.models.base import HELD_BYTES, Answers, Shape, Task
from smcollapse.settings import CountTable
from smcollapse.streams import stream
from smcollapse.study import DeviceClass
from smcollapse.worlds import Rows

TIE_BREAK = 1e-6
"""Relative lead of the winner of a tie: eight units in the last place of a float32."""


class CountTables(Answers):
    """Label counts of each (context, style) cell, smoothed towards the category's.

    Posterior (n_y + κ π_y) / (n + κ) with n_y the counts of the cell and π the label frequencies
    of its category in the training data. For κ = 0 an empty cell has the posterior π. The largest
    of a random number per cell and answer wins a tie, so that ties are split evenly.
    """

    def device_class(self, wanted: DeviceClass) -> DeviceClass:
        """Counting is done on the CPU."""
        return "cpu"

    def stack_size(self, settings: CountTable, shape: Shape, device: DeviceClass) -> int:
        """Members share nothing; 64 at a time make a reasonable part of the store."""
        return max(1, min(64, HELD_BYTES[device] // shape.result_bytes))

    def probabilities(
        self, settings: CountTable, task: Task, device: DeviceClass
    ) -> NDArray[np.float32]:
        """(E, n_test, C) posteriors on the test rows."""
        cell, n_cells = _cells(task.pool, task)
        test_cell, _ = _cells(task.test, task)
        categories = task.inputs.fields[1]
        category_of = np.zeros(n_cells, dtype=np.int64)
        category_of[cell] = task.pool.codes[:, 1]
        category_of[test_cell] = task.test.codes[:, 1]
        c = task.inputs.n_classes
        tie = stream(task.seed, task.replicate, "ties").uniforms(n_cells * c).reshape(n_cells, c)
        out = np.empty((len(task.slots), len(task.test), c), dtype=np.float32)
        for member in range(len(task.slots)):
            weight = task.row_weights(member)
            counts = _sums(cell * c + task.pool.label, weight, n_cells, c)
            prior = _sums(task.pool.codes[:, 1] * c + task.pool.label, weight, categories, c)
            total = prior.sum(axis=1, keepdims=True)
            prior = np.where(total > 0, prior / np.maximum(total, 1.0), 1.0 / c)[category_of]
            out[member] = posterior(counts, prior, settings.pseudo_count, tie)[test_cell]
        return out


def posterior(
    counts: NDArray[np.float64],
    prior: NDArray[np.float64],
    pseudo_count: float,
    tie: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Smoothed posterior of each cell, (n_cells, C); all arguments have that shape.

    Of several largest entries the one with the largest number in `tie` ends up ahead.
    """
    empty = counts.sum(axis=1, keepdims=True) == 0
    weight = np.where(empty, prior, counts + pseudo_count * prior)
    best = weight == weight.max(axis=1, keepdims=True)
    contested = np.flatnonzero(best.sum(axis=1) > 1)
    winner = np.where(best[contested], tie[contested], -1.0).argmax(axis=1)
    weight[contested, winner] *= 1.0 + TIE_BREAK
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def _cells(rows: Rows, task: Task) -> tuple[NDArray[np.int64], int]:
    """(n,) cell of each row: its context, times its style where the learner sees it."""
    contexts = task.inputs.fields[0]
    cell = rows.codes[:, 0].astype(np.int64)
    if task.sees_style:
        return cell + contexts * rows.style.astype(np.int64), 2 * contexts
    return cell, contexts


def _sums(
    index: NDArray[np.integer], weight: NDArray[np.float64], n: int, c: int
) -> NDArray[np.float64]:
    return np.bincount(index, weights=weight, minlength=n * c).reshape(n, c).astype(np.float64)
