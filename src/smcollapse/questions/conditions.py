"""The conditions of a study, with their rows and their control."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from smcollapse.inference import INDEPENDENT, Replication
from smcollapse.store import Store

CONTROL = "real_only"
REFERENCE = "reference"


@dataclass(frozen=True, eq=False)
class ConditionRows:
    """One condition: all shares and replicates of one variant and setting of the knobs.

    control : rows of the `real_only` design that serve it, None where there are none
    """

    label: str
    settings: dict[str, Any]
    rows: pd.DataFrame
    control: pd.DataFrame | None

    @property
    def is_reference(self) -> bool:
        """Whether it belongs to the reference scenario and not to a variant."""
        return bool(self.settings["variant"] == REFERENCE)


def replication_of(store: Store) -> Replication:
    """How the replicates of a store came about: independent draws, or splits of one table."""
    for made in store.provenance():
        if made["resplits"] is not None:
            return Replication("re-splits", **made["resplits"])
    return INDEPENDENT


def knobs_of(store: Store, table: pd.DataFrame) -> dict[str, str]:
    """Column and path of each varied setting other than the share, the design among them."""
    return {
        column: path
        for path, column in store.study.varied().items()
        if path != "mixture.share" and column in table.columns
    }


def conditions_of(store: Store, table: pd.DataFrame) -> Iterator[ConditionRows]:
    """The conditions in a table of that store, controls left out unless there is nothing else.

    A control has no synthetic rows, so it serves every setting of the source.
    """
    paths = knobs_of(store, table)
    knobs = [column for column in paths if column != "design"]
    shared = [column for column in knobs if not paths[column].startswith("source.")]
    keys = ["variant", *knobs, "design"]
    groups = [
        (dict(zip(keys, key, strict=True)), rows)
        for key, rows in table.groupby(keys, sort=False, dropna=False)
    ]
    controls = {
        tuple(settings[knob] for knob in shared): rows
        for settings, rows in groups
        if settings["design"] == CONTROL
    }
    trained = [group for group in groups if group[0]["design"] != CONTROL] or groups
    labels = _labels([settings for settings, _ in trained], [*knobs, "design"])
    for label, (settings, rows) in zip(labels, trained, strict=True):
        control = controls.get(tuple(settings[knob] for knob in shared))
        yield ConditionRows(
            label=label,
            settings=settings,
            rows=rows,
            control=None if settings["design"] == CONTROL else control,
        )


def _labels(trained: list[dict[str, Any]], columns: list[str]) -> list[str]:
    """The variants' names; where axes cross a variant, with the values that tell them apart."""
    variants = {settings["variant"] for settings in trained}
    labels = []
    for settings in trained:
        variant = settings["variant"]
        siblings = [other for other in trained if other["variant"] == variant]
        apart = [c for c in columns if len({str(other[c]) for other in siblings}) > 1]
        values = [f"{column} {settings[column]}" for column in apart]
        labels.append(", ".join(values if values and len(variants) == 1 else [variant, *values]))
    return labels
