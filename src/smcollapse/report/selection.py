"""Which rows of the tidy table belong to which condition of an answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from smcollapse.inference import INDEPENDENT, Replication
from smcollapse.metrics import Reliability
from smcollapse.questions.answer import Answer, ConditionAnswer, knob_columns
from smcollapse.simulate import BIN_COLUMNS
from smcollapse.store import Store


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

    knobs : columns of the varied settings other than the share, the design among them
    """

    answer: Answer
    drawn: tuple[Drawn, ...]
    knobs: tuple[str, ...]
    replication: Replication

    @property
    def reference(self) -> Drawn:
        """The first condition."""
        return self.drawn[0]


def material_of(store: Store, answer: Answer) -> Material:
    """The rows of every condition of an answer. Raises StoreError as `Store.table` does."""
    table = store.table(bins=True)
    knobs = tuple(knob_columns(store, table))
    columns = store.study.varied()
    shared = [
        column
        for path, column in columns.items()
        if column in knobs and column != "design" and not path.startswith("source.")
    ]
    drawn = tuple(
        Drawn(
            condition,
            _matching(table, condition.settings),
            _control(table, condition.settings, shared),
        )
        for condition in answer.conditions
    )
    return Material(answer, drawn, knobs, _replication(store))


def _matching(table: pd.DataFrame, settings: dict[str, Any]) -> pd.DataFrame:
    """Rows with those settings; a missing setting matches a missing one."""
    chosen = np.ones(len(table), dtype=bool)
    for column, value in settings.items():
        same = table[column].isna() if pd.isna(value) else table[column] == value
        chosen &= same.to_numpy(dtype=bool)
    return table[chosen]


def _control(
    table: pd.DataFrame, settings: dict[str, Any], shared: Iterable[str]
) -> pd.DataFrame | None:
    """Rows of the `real_only` design with the same settings but for the source's: it has none."""
    if settings["design"] == "real_only":
        return None
    wanted = {"design": "real_only", **{column: settings[column] for column in shared}}
    rows = _matching(table, wanted).drop_duplicates(["share", "replicate"])
    return None if rows.empty else rows


def _replication(store: Store) -> Replication:
    for made in store.provenance():
        if made["resplits"] is not None:
            return Replication("re-splits", **made["resplits"])
    return INDEPENDENT


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
