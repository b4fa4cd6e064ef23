"""The conditions of a study, with their rows and their control."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from smcollapse.errors import StoreError
from smcollapse.inference import Replication
from smcollapse.simulate import SPLIT_COLUMNS
from smcollapse.store import Store
from smcollapse.study import Study, value_at

CONTROL = "real_only"
REFERENCE = "reference"


@dataclass(frozen=True, eq=False)
class ConditionRows:
    """One condition: all shares and replicates of one variant and setting of the knobs.

    control : rows of the `real_only` design that serve it, None where there are none
    is_reference : whether it is the study's own scenario, with which the claim is compared
    """

    label: str
    settings: dict[str, Any]
    rows: pd.DataFrame
    control: pd.DataFrame | None
    is_reference: bool
    replication: Replication


OWN_CORPORA = Replication(own_corpora=True)
"""Every replicate draws its own real and synthetic data."""


def replication_of(rows: pd.DataFrame) -> Replication:
    """How the replicates of those rows came about: independent draws, or splits of one table."""
    sizes = rows[list(SPLIT_COLUMNS)].drop_duplicates()
    if sizes.isna().all(axis=None):
        return OWN_CORPORA
    if len(sizes) > 1:
        raise StoreError("the rows of one condition come from splits of different sizes")
    n_train, n_test = (int(size) for size in sizes.iloc[0])
    return Replication("re-splits", n_train, n_test, own_corpora=True)


def knobs_of(store: Store, table: pd.DataFrame) -> dict[str, str]:
    """Column and path of each varied setting other than the share, the design among them."""
    return {
        column: path
        for path, column in store.study.varied().items()
        if path != "mixture.share" and column in table.columns
    }


def conditions_of(store: Store, table: pd.DataFrame) -> Iterator[ConditionRows]:
    """The conditions in a table (with bins) of that store, the reference first.

    Controls are left out unless there is nothing else.
    A control has no synthetic rows, so it serves every setting of the source.
    """
    paths = knobs_of(store, table)
    knobs = [column for column in paths if column != "design"]
    shared = [column for column in knobs if not paths[column].startswith("source.")]
    keys = ["variant", *knobs, "design"]
    groups = [
        (dict(zip(keys, map(present, key), strict=True)), rows)
        for key, rows in table.groupby(keys, sort=False, dropna=False)
    ]
    controls = {
        tuple(settings[knob] for knob in shared): rows
        for settings, rows in groups
        if settings["design"] == CONTROL
    }
    trained = [group for group in groups if group[0]["design"] != CONTROL] or groups
    reference = reference_of(store.study, [settings for settings, _ in trained])
    trained.sort(key=lambda group: group[0] is not reference)
    labels = labels_of([settings for settings, _ in trained], [*knobs, "design"])
    for label, (settings, rows) in zip(labels, trained, strict=True):
        control = controls.get(tuple(settings[knob] for knob in shared))
        yield ConditionRows(
            label=label,
            settings=settings,
            rows=rows,
            # Only a design that removes real rows has their removal to be told apart.
            control=control if settings["design"] == "replace" else None,
            is_reference=settings is reference,
            replication=replication_of(rows),
        )


def present(value: Any) -> Any:
    """The value, None where it is missing: missing values do not equal each other."""
    return None if isinstance(value, float) and math.isnan(value) else value


def reference_of(study: Study, found: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The condition with the study's own scenario, or the first of the reference variant."""
    own = [settings for settings in found if settings["variant"] == REFERENCE]
    values = {column: value_at(study.scenario, path) for path, column in study.varied().items()}
    for settings in own:
        if all(settings[column] == values[column] for column in settings if column in values):
            return settings
    return own[0] if own else None


def labels_of(trained: list[dict[str, Any]], columns: list[str]) -> list[str]:
    """The variants' names; where axes cross a variant, with the values that tell them apart."""
    variants = {settings["variant"] for settings in trained}
    labels = []
    for settings in trained:
        variant = settings["variant"]
        siblings = [other for other in trained if other["variant"] == variant]
        apart = [c for c in columns if len({str(other[c]) for other in siblings}) > 1]
        values = [f"{column} {settings[column]}" for column in apart]
        # several values tell a setting of the reference by themselves
        alone = values and (len(variants) == 1 or (variant == REFERENCE and len(values) > 1))
        labels.append(", ".join(values if alone else [variant, *values]))
    return labels
