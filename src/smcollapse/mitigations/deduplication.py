"""Copies of a synthetic example are dropped."""

from __future__ import annotations

import numpy as np

from smcollapse.mitigations.base import Bools, Hooks, TrainingRows, plain
from smcollapse.scenario import Scenario
from smcollapse.settings import Deduplication


def hooks(settings: Deduplication, scenario: Scenario) -> Hooks:
    """The first copies of each synthetic example stay, and every real row."""

    def keep(rows: TrainingRows) -> Bools:
        kept = np.ones(len(rows.synthetic), dtype=np.bool_)
        made = np.flatnonzero(rows.synthetic)
        kept[made] = copy_number(rows.example[made]) < settings.copies
        return kept

    return Hooks(plain(scenario), keep=keep)


def copy_number(example: np.ndarray[tuple[int], np.dtype[np.int64]]) -> np.ndarray:
    """(n,) how many copies of the same example stand before each row."""
    order = np.argsort(example, kind="stable")
    ordered = example[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    number = np.arange(len(example)) - np.repeat(starts, np.diff(np.r_[starts, len(example)]))
    out = np.empty(len(example), dtype=np.int64)
    out[order] = number
    return out
