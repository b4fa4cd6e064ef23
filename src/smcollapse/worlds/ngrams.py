"""An n-gram model of text: the chance of each token given up to three tokens before it.

Interpolated Kneser-Ney smoothing (Chen & Goodman 1999, §2.7): after the context h the token w has
p(w | h) = (max(c(hw) − D, 0) + D·T(h)·p(w | h'))/c(h), where T(h) is the number of distinct tokens
after h, h' is h without its first token, and D = n₁/(n₁ + 2n₂) of the counts of that order, kept
within 0.1 and 0.9. Counts of the highest order are of places, those of lower orders of the distinct
tokens before a run. The most probable token after h is either one that was seen after h, or the
most probable after h': so it is found without a table over the vocabulary.

All runs of the whole text are numbered once (`Runs`); a model of any part of it (`Ngrams`) is a
few counts over those numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

ORDER = 4
"""Tokens in the longest runs: the context has up to three."""

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class OneOrder:
    """The distinct runs of n tokens, sorted by code, so that runs of one context are neighbours.

    code    : (U,) the run as a number of base V
    at      : (N,) run that ends at each place of the text, −1 where its document is too short
    shorter : (U,) number of the run without its first token, in the order below
    context : (U,) number of the run without its last token, among the contexts of this order
    first   : (H,) first run of each context
    """

    code: Longs
    at: Ints
    shorter: Ints
    context: Ints
    first: Longs

    def find(self, code: Longs) -> Longs:
        """Numbers of runs, −1 where the text has none such."""
        return _find(self.code, code)

    def find_context(self, code: Longs, vocabulary: int) -> Longs:
        """Numbers of contexts, −1 where the text has none such."""
        return _find(self.code[self.first] // vocabulary, code)


@dataclass(frozen=True)
class Runs:
    """All runs of 1 … ORDER tokens of a text of documents.

    tokens : (N,) the documents, one after the other; vocabulary : V, at most 2^15
    orders : runs of n tokens at index n − 1
    """

    tokens: Ints
    vocabulary: int
    orders: tuple[OneOrder, ...]

    @classmethod
    def of(cls, tokens: Ints, starts: Longs, vocabulary: int) -> Self:
        """The runs of documents that start at `starts` (D,) of `tokens` (N,)."""
        place = np.arange(len(tokens)) - np.repeat(starts, np.diff([*starts, len(tokens)]))
        orders: list[OneOrder] = []
        code = np.zeros(len(tokens), dtype=np.int64)
        power = 1
        for n in range(1, ORDER + 1):
            # The run of n tokens is the run of n − 1 with the token n − 1 places back before it.
            code[n - 1 :] += power * tokens[: len(tokens) - n + 1].astype(np.int64)
            power *= vocabulary
            inside = place >= n - 1
            known, number = np.unique(code[inside], return_inverse=True)
            at = np.full(len(tokens), -1, dtype=np.int32)
            at[inside] = number
            shorter = np.zeros(len(known), dtype=np.int32)
            if orders:
                shorter[number] = orders[-1].at[inside]
            new = np.diff(known // vocabulary, prepend=-1) != 0
            context = (np.cumsum(new) - 1).astype(np.int32)
            orders.append(OneOrder(known, at, shorter, context, np.flatnonzero(new)))
        return cls(tokens, vocabulary, tuple(orders))

    def seen(self, places: Longs) -> list[tuple[Longs, Longs]]:
        """Of each order run and context at places (n, m) of the text, which rows hold whole.

        Column j has the j columns before it for context, as a learner has that sees the row alone.
        """
        found = []
        for n, order in enumerate(self.orders, 1):
            run = order.at[places].astype(np.int64)
            run[:, : n - 1] = -1
            found.append((run, np.where(run >= 0, order.context[run], -1)))
        return found

    def look_up(self, rows: Ints) -> list[tuple[Longs, Longs]]:
        """The same of any rows (n, m) of tokens."""
        found = []
        code = np.zeros(rows.shape, dtype=np.int64)
        power = 1
        for n, order in enumerate(self.orders, 1):
            code[:, n - 1 :] += power * rows[:, : rows.shape[1] - n + 1].astype(np.int64)
            power *= self.vocabulary
            run, context = np.full((2, *rows.shape), -1, dtype=np.int64)
            run[:, n - 1 :] = order.find(code[:, n - 1 :])
            context[:, n - 1 :] = order.find_context(
                code[:, n - 1 :] // self.vocabulary, self.vocabulary
            )
            found.append((run, context))
        return found


@dataclass(frozen=True)
class Ngrams:
    """The model of the part of a text that `fitted` (N,) marks."""

    runs: Runs
    fitted: Bools

    @cached_property
    def _counts(self) -> list[Floats]:
        """(U,) of each order: of places, or of distinct tokens before the run."""
        counts: list[Floats] = []
        for n in range(ORDER, 0, -1):
            order = self.runs.orders[n - 1]
            if n == ORDER:
                ends = order.at[self.fitted]
                found = np.bincount(ends[ends >= 0], minlength=len(order.code))
            else:
                longer = self.runs.orders[n].shorter[counts[-1] > 0]
                found = np.bincount(longer, minlength=len(order.code))
            counts.append(found.astype(np.float64))
        return counts[::-1]

    @cached_property
    def _fit(self) -> tuple[list[Floats], list[Floats], list[Ints]]:
        """Of each order chance of each run, weight of the order below after each context, and
        the most probable token after each context.
        """
        vocabulary = self.runs.vocabulary
        chances, weights, best = [], [], []
        shorter = np.full(1, 1.0 / vocabulary)  # below all orders: every token alike
        top, top_chance = np.zeros(1, dtype=np.int32), np.full(1, 1.0 / vocabulary)
        for n, (order, count) in enumerate(zip(self.runs.orders, self._counts, strict=True), 1):
            once, twice = (count == 1).sum(), (count == 2).sum()
            # Kept off the ends, at which seen or unseen tokens would have no chance at all.
            discount = min(max(once / max(once + 2 * twice, 1), 0.1), 0.9)
            total = np.add.reduceat(count, order.first)
            kinds = np.add.reduceat((count > 0).astype(np.float64), order.first)
            weight = np.where(total > 0, discount * kinds / np.maximum(total, 1.0), 1.0)
            own = np.maximum(count - discount, 0.0) / np.maximum(total, 1.0)[order.context]
            below = shorter[order.shorter]
            chance = own + weight[order.context] * below
            # The context without its first token, in the order below.
            under = (
                self.runs.orders[n - 2].context[order.shorter[order.first]]
                if n > 1
                else np.zeros(1, dtype=np.int64)
            )
            token, peak = _peaks(order, np.where(count > 0, chance, -1.0), vocabulary)
            backed_off = weight * top_chance[under]
            top = np.where(peak >= backed_off, token, top[under]).astype(np.int32)
            top_chance = np.maximum(peak, backed_off)
            shorter = chance
            chances.append(chance)
            weights.append(weight)
            best.append(top)
        return chances, weights, best

    def surprise(self, found: list[tuple[Longs, Longs]]) -> Floats:
        """(n, m) −ln of the chance of each token of rows, from `Runs.seen` or `Runs.look_up`."""
        chances, weights, _ = self._fit
        chance = np.full(found[0][0].shape, 1.0 / self.runs.vocabulary)
        for (run, context), known, weight in zip(found, chances, weights, strict=True):
            unseen = np.where(context >= 0, weight[context] * chance, chance)
            chance = np.where(run >= 0, known[run], unseen)
        return np.asarray(-np.log(chance))

    def predict(self, contexts: list[Longs]) -> Ints:
        """The most probable token after contexts, of each order, −1 where there is none such."""
        _, _, best = self._fit
        token = np.zeros(contexts[0].shape, dtype=np.int32)
        for context, known in zip(contexts, best, strict=True):
            token = np.where(context >= 0, known[context], token)
        return token

    def predict_at(self, places: Longs) -> Ints:
        """(n,) the most probable token at places of the text, from the tokens before them."""
        runs = [order.at[places] for order in self.runs.orders]
        return self.predict(
            [
                np.where(run >= 0, order.context[run], -1)
                for run, order in zip(runs, self.runs.orders, strict=True)
            ]
        )


def _peaks(order: OneOrder, chance: Floats, vocabulary: int) -> tuple[Longs, Floats]:
    """(H,) token of the largest chance after each context, the first of equals, and that chance."""
    peak = np.maximum.reduceat(chance, order.first)
    at = np.flatnonzero(chance == peak[order.context])
    context, first = np.unique(order.context[at], return_index=True)
    assert len(context) == len(peak)
    return order.code[at[first]] % vocabulary, peak


def _find(known: Longs, wanted: Longs) -> Longs:
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[at] == wanted, at, -1)
