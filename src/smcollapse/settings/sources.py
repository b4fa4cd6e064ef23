"""Synthetic sources: where synthetic data come from, and their knobs.

Diversity has three axes here, never one: `coverage`, `tempering` and `templates`. Their effects
have different signs, so a bundled "diversity" would hide more than it says.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from smcollapse.settings.base import Fraction, NonNegative, Probability, Value


class _Knobs(Value):
    """The knobs that every built-in source has.

    coverage       share of the contexts that are visited at all, most frequent first
    tempering      τ: synthetic frequencies are ∝ w_k^τ on the covered contexts
    templates      M: number of distinct synthetic examples, 0 for every example its own
    polish         share of the real mess that is removed (label noise, feature variance, tails)
    fidelity       φ: chance of the true answer on an exception, instead of the consensus
    contamination  chance of an invented wrong answer
    detectability  δ: chance that an example shows the synthetic style (real rows never do)
    """

    coverage: Fraction = 1.0
    tempering: NonNegative = 1.0
    templates: Annotated[int, Field(ge=0)] = 0
    polish: Probability = 0.9
    fidelity: Probability = 0.0
    contamination: Probability = 0.0
    detectability: Probability = 0.0


class ConsensusSource(_Knobs):
    """Draws from the law of a `facts` or `clusters` world, with the consensus on exceptions."""

    kind: Literal["consensus"] = "consensus"


class ShrunkenSource(_Knobs):
    """Class-conditional Gaussians fitted on the training part of a table, shrunken by `polish`.

    Templated and low-variance by construction: the covariance of each class (Ledoit-Wolf) is
    multiplied by 1 − polish, categorical columns are sharpened towards their most frequent value.
    """

    kind: Literal["shrunken"] = "shrunken"
    polish: Probability = 0.75
    fidelity: Probability = 1.0


class FileSource(Value):
    """The user's own synthetic rows: a file with the columns of the table (CSV, Parquet, .npz).

    Rows are taken in a random order; where more are wanted than the file has, it is gone through
    again, which shows in `duplication_rate`.
    """

    kind: Literal["file"] = "file"
    path: str
    detectability: Probability = 0.0


SourceSettings = Annotated[
    ConsensusSource | ShrunkenSource | FileSource, Field(discriminator="kind")
]
