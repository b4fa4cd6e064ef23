"""Rows: what every world draws and every source makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Rows:
    """n examples with what the learner sees and what only the evaluation knows.

    features    : (n, d) float32, d = 0 where inputs are discrete
    codes       : (n, f) int32, f = 0 where inputs are features; of text the f tokens of a row
    style       : (n,) int8, 1 where the example shows the synthetic style
    label       : (n,) int32, observed answer
    truth       : (n,) int32, clean answer
    consensus   : (n,) int32, answer that the rule or a consensus model gives
    context     : (n,) int32
    atypicality : (n,) float32 in [0, 1], for the filter
    example     : (n,) int64, number of the distinct example; copies share it
    """

    features: NDArray[np.float32]
    codes: Ints
    style: NDArray[np.int8]
    label: Ints
    truth: Ints
    consensus: Ints
    context: Ints
    atypicality: NDArray[np.float32]
    example: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.label)

    def take(self, index: NDArray[np.int64]) -> Self:
        """The rows with those numbers, in that order."""
        return type(self)(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """The rows of all parts, one after the other."""
        return cls(
            **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)}
        )


@dataclass(frozen=True)
class Tokens:
    """Shape of rows that are text.

    vocabulary   : V, tokens are 0 … V − 1
    length       : L tokens in each row
    answer_at    : position of the answer, which is predicted from the tokens before it
    first_answer : token of class 0; class c is token first_answer + c
    padding      : token that fills rows up and is never a target, −1 if there is none
    """

    vocabulary: int
    length: int
    answer_at: int
    first_answer: int
    padding: int


@dataclass(frozen=True)
class Inputs:
    """Shape of what a learner sees: feature columns, sizes of the discrete fields, classes.

    style  : whether the last field, or else the last feature column, is the style
    tokens : shape of the text; fields are empty then, and the style is in the words
    """

    n_features: int
    fields: tuple[int, ...]
    n_classes: int
    style: bool = False
    tokens: Tokens | None = None

    def with_style(self) -> Inputs:
        """The same inputs with the style beside them: a feature column, or a field of size 2."""
        if self.tokens is not None:
            return self
        if self.fields:
            return Inputs(self.n_features, (*self.fields, 2), self.n_classes, style=True)
        return Inputs(self.n_features + 1, (), self.n_classes, style=True)
