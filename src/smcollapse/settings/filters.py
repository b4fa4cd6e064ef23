"""The filter between generation and training."""

from __future__ import annotations

from typing import Literal

from smcollapse.settings.base import Probability, Value


class Filter(Value):
    """Removes rows that contradict the consensus and rows that look atypical.

    A row survives with probability

        (1 − strictness · detection · contradicts) · (1 − strictness · severity · atypicality)

    where `contradicts` is 1 if its label differs from the consensus (a contaminated row, a messy
    label, but also the true answer on an exception) and `atypicality` in [0, 1] is how rare its
    context is (tables: how far the row lies from the mean of its class). With `scope = "both"`
    real rows pass the same filter: that is the trade-off between contamination and collapse.
    """

    strictness: Probability = 0.0
    detection: Probability = 0.9
    severity: Probability = 0.5
    scope: Literal["both", "synthetic"] = "both"
