"""The cases of a corpus: runs of tokens that end at a token to be predicted, the rare ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smcollapse.errors import DataError
from smcollapse.laws.contexts import rarest
from smcollapse.settings import CorpusWorld
from smcollapse.streams import stream
from smcollapse.worlds.ngrams import Ngrams, Runs

FOLDS = 5
"""Parts of the documents, each judged by an n-gram model of the others."""

MARGIN = 0.01
"""What an n-gram model must know more than the commonest token, which it would say of noise."""

MINIMUM_OCCURRENCES = 5
"""Occurrences from which a run is a case of its own."""

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Cases:
    """The cases of a text, numbered over all of it; case 0 is every run too rare for its own.

    number    : (U,) case of each distinct run of `case_length` tokens
    frequency : (K,) share of the places that may be test rows
    recall    : (K,) share of them that the cross-validated n-gram model answers rightly
    learnable : (K,) cases it answers often enough
    rare      : (K,) the rarest of those
    accuracy  : share of all places that it answers rightly
    """

    number: Ints
    frequency: Floats
    recall: Floats
    learnable: Bools
    rare: Bools
    accuracy: float

    @property
    def rank(self) -> Longs:
        """(K,) from the case that stands for a row first: rare ones, the rarest first of all."""
        order = np.lexsort((self.frequency, ~self.rare, np.arange(len(self.rare)) == 0))
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return rank


def cases_of(runs: Runs, document: Ints, places: Longs, settings: CorpusWorld, file: str) -> Cases:
    """The cases of a text.

    document : (N,) the document of each token; places : (P,) tokens that may be test answers

    Raises
    ------
    DataError
        If no case can be learned.
    """
    right = _right(runs, document, places, settings.seed)
    _check_structure(float(right.mean()), runs.tokens[places], file)
    order = runs.orders[settings.case_length - 1]
    run = order.at[places]
    occurs = np.bincount(run, minlength=len(order.code))
    own = occurs >= MINIMUM_OCCURRENCES
    number = np.where(own, np.cumsum(own), 0).astype(np.int32)
    case = number[run]
    count = np.bincount(case, minlength=int(own.sum()) + 1)
    recall = np.bincount(case, weights=right, minlength=len(count)) / np.maximum(count, 1)
    learnable = recall >= settings.learnable
    learnable[0] = False
    if not learnable.any():
        raise DataError(
            f"{file}: an n-gram model answers none of {len(count) - 1} cases rightly at least "
            f"world.learnable = {settings.learnable:g} of the time: write a smaller learnable, a "
            "smaller vocabulary, or give more text"
        )
    frequency = count / count.sum()
    rare = np.zeros(len(count), dtype=np.bool_)
    known = np.flatnonzero(learnable)
    rare[known] = rarest(frequency[known] / frequency[known].sum(), settings.rare_mass)
    return Cases(number, frequency, recall, learnable, rare, float(right.mean()))


def _check_structure(accuracy: float, answers: Ints, file: str) -> None:
    commonest = np.bincount(answers).max() / len(answers)
    if accuracy < commonest + MARGIN:
        raise DataError(
            f"{file}: an n-gram model answers {accuracy:.1%} of the tokens rightly, and the "
            f"commonest token alone is {commonest:.1%} of them: nothing can be learned: give more "
            "text, or text of a language"
        )


def folds(document: Ints, n_documents: int, seed: int) -> Ints:
    """(N,) fold of each token: that of its document."""
    fold = stream(seed, None, "folds of documents").permutation(n_documents) % FOLDS
    return fold[document].astype(np.int32)


def _right(runs: Runs, document: Ints, places: Longs, seed: int) -> Bools:
    """(P,) whether a model of the other folds finds the token at each place most probable."""
    fold = folds(document, int(document[-1]) + 1, seed)
    right = np.zeros(len(places), dtype=np.bool_)
    for number in range(FOLDS):
        held = np.flatnonzero(fold[places] == number)
        predicted = Ngrams(runs, fold != number).predict_at(places[held])
        right[held] = predicted == runs.tokens[places[held]]
    return right
