"""Which rows of the tidy table belong to which condition of an answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from smcollapse.inference import Replication
from smcollapse.metrics import Reliability
from smcollapse.questions.answer import Answer, ConditionAnswer
from smcollapse.questions.conditions import conditions_of, knobs_of
from smcollapse.simulate import BIN_COLUMNS
from smcollapse.store import Store

LONGEST_NAME = 32
"""Letters of a condition's name in a legend."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """A condition with what is drawn of it: its rows, and those of its `real_only` control."""

    condition: ConditionAnswer
    rows: pd.DataFrame
    control: pd.DataFrame | None

    @property
    def label(self) -> str:
        """Label of the condition."""
        return self.condition.label


@dataclass(frozen=True, eq=False)
class Material:
    """All that figures are drawn from; the reference condition comes first.

    knobs : column and path of the varied settings other than the share, the design among them
    """

    answer: Answer
    drawn: tuple[Drawn, ...]
    knobs: dict[str, str]
    replication: Replication

    @property
    def reference(self) -> Drawn:
        """The first condition."""
        return self.drawn[0]


def material_of(store: Store, answer: Answer) -> Material:
    """The rows of every condition of an answer. Raises StoreError as `Store.table` does."""
    table = store.table(complete=True)
    found = list(conditions_of(store, table))
    drawn = tuple(
        Drawn(condition, rows.rows, rows.control)
        for condition, rows in zip(answer.conditions, found, strict=True)
    )
    return Material(answer, drawn, knobs_of(store, table), found[0].replication)


def curve_label(drawn: Drawn) -> str:
    """What the reference's curve and band are, for a legend; a long name is cut to "reference"."""
    n = len(drawn.rows["replicate"].unique())
    what = "one replicate" if n == 1 else f"mean and 95 % band, {n} replicates"
    return f"{drawn.label if len(drawn.label) <= LONGEST_NAME else 'reference'}: {what}"


def shares_of(rows: pd.DataFrame) -> list[float]:
    """The distinct shares, ascending."""
    return sorted(float(share) for share in rows["share"].unique())


def pooled_bins(rows: pd.DataFrame) -> Reliability:
    """Bins of the reliability diagram over all models of the rows: counts add, means are weighted.

    Means of empty bins are 0, as in the diagrams of single models.
    """
    count, confidence, accuracy = (np.stack(rows[column].tolist()) for column in BIN_COLUMNS)
    total = count.sum(axis=0)
    safe = np.maximum(total, 1.0)
    return Reliability(
        total, (count * confidence).sum(axis=0) / safe, (count * accuracy).sum(axis=0) / safe
    )
