"""Real text as a world; replicates are random splits of its documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from smcollapse.errors import DataError
from smcollapse.settings import CorpusWorld
from smcollapse.streams import stream
from smcollapse.worlds.byte_pairs import MADE, START, BytePairs, learn
from smcollapse.worlds.corpus_cases import FOLDS, Cases, cases_of, folds
from smcollapse.worlds.corpus_reading import own_name, read_documents
from smcollapse.worlds.corpus_sizes import training_windows
from smcollapse.worlds.ngrams import Ngrams, Runs
from smcollapse.worlds.rows import Inputs, Ints, Rows, Tokens

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MINIMUM_DOCUMENTS = 20
DOCUMENT = 1000
"""Characters of a document, unless windows are so long that it would hold few of them."""


@dataclass(frozen=True)
class Part:
    """What training may learn from in one replicate, and what it is tested on.

    training : windows of the training part, in a random order
    test     : places of the test part, in a random order
    model    : the n-gram model of the training part
    consensus, surprise : of each training window, by a model of the other folds of that part
    """

    training: Longs
    test: Longs
    model: Ngrams
    consensus: Ints
    surprise: Floats


@dataclass(frozen=True)
class Corpus:
    """A text, cut into windows, with named cases.

    A row is START and L − 1 tokens of one document; its answer is the last. Training rows are
    successive windows of the training documents; test rows end at random places of the others. The
    case of a row is the run of tokens that its answer ends; that of a training row, whose every
    token is learned from, the rarest of the rare cases in it, or else its rarest case.

    What names things and sets units is settled on the whole text, once for all replicates: tokens,
    cases, and which of them are learnable and rare, by n-gram models that are each judged on
    documents they have not seen. So the level of rare recall is that of cases chosen for being
    learnable; what is compared, training sets, had no part in the choice. What training may learn
    from is the training part of a split alone, and so are consensus (what an n-gram model expects
    for an answer) and atypicality (rank of the row's mean surprise under it, among the training
    rows); each training row is judged by a model of documents other than its own. Copies of a
    paragraph or record are read once, so that none stands on both sides of a split.
    """

    settings: CorpusWorld

    @cached_property
    def file(self) -> str:
        """The text's own name, for messages."""
        return own_name(self.settings.data)

    @cached_property
    def documents(self) -> list[str]:
        """The documents. Raises DataError."""
        settings = self.settings
        documents = read_documents(
            settings.data, settings.text_field, max(DOCUMENT, 32 * settings.length)
        )
        if len(documents) < MINIMUM_DOCUMENTS:
            count = len(documents)
            raise DataError(
                f"{self.file}: {sum(map(len, documents))} characters make {count} "
                f"document{'s' * (count != 1)}, too few to train and test on (at least "
                f"{MINIMUM_DOCUMENTS} of some {max(DOCUMENT, 32 * settings.length)} characters, "
                "copies are read once): give more text, or write a smaller world.length"
            )
        return documents

    @cached_property
    def pairs(self) -> BytePairs:
        """How this text becomes tokens."""
        return learn(self.documents, self.settings.vocabulary, self.file)

    @cached_property
    def _cut(self) -> list[Ints]:
        return self.pairs.encode(self.documents)

    @cached_property
    def _sizes(self) -> Longs:
        """(D,) number of tokens of each document."""
        return np.array([len(tokens) for tokens in self._cut], dtype=np.int64)

    @cached_property
    def _starts(self) -> Longs:
        return np.cumsum(self._sizes) - self._sizes

    @cached_property
    def _document(self) -> Ints:
        """(N,) document of each token."""
        return np.repeat(np.arange(len(self._sizes), dtype=np.int32), self._sizes)

    @cached_property
    def runs(self) -> Runs:
        """The tokens of all documents and their runs."""
        return Runs.of(np.concatenate(self._cut), self._starts, self.settings.vocabulary)

    @cached_property
    def places(self) -> Longs:
        """(P,) tokens with a full context in their document, which may be test answers."""
        within = np.arange(len(self._document)) - self._starts[self._document]
        return np.flatnonzero(within >= self.settings.length - 2)

    @cached_property
    def windows(self) -> Longs:
        """(W,) first token of each window of L − 1 tokens, none of which overlap."""
        step = self.settings.length - 1
        count = self._sizes // step
        number = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return np.asarray(np.repeat(self._starts, count) + step * number)

    @cached_property
    def cases(self) -> Cases:
        """The cases of the whole text."""
        return cases_of(self.runs, self._document, self.places, self.settings, self.file)

    @property
    def frequency(self) -> Floats:
        """(K,) share of the places in each case."""
        return self.cases.frequency

    @property
    def inputs(self) -> Inputs:
        """The learner sees the tokens before the answer."""
        vocabulary, length = self.settings.vocabulary, self.settings.length
        return Inputs(0, (), vocabulary, tokens=Tokens(vocabulary, length, length - 1, 0, -1))

    @property
    def rare(self) -> Bools:
        """(K,) the rare cases: the rarest of those that can be learned."""
        return self.cases.rare

    @property
    def rare_share(self) -> float:
        """Share of the places in rare cases."""
        return float(self.frequency[self.rare].sum())

    @property
    def exception(self) -> Bools:
        """(K,) none: text has no rule that is told beside it."""
        return np.zeros(len(self.frequency), dtype=np.bool_)

    @cached_property
    def train_size(self) -> int:
        """Number of windows in the training part of every split. Raises DataError."""
        return training_windows(self._sizes, self.settings, self.file)

    @property
    def test_size(self) -> int:
        """Number of test rows."""
        return self.settings.test_size

    @property
    def split(self) -> tuple[float, float] | None:
        """Windows of the training part and of the test part."""
        return float(self.train_size), float(len(self.windows) - self.train_size)

    def text(self, tokens: Iterable[int]) -> str:
        """The text of a row, or of any tokens."""
        return self.pairs.decode(tokens)

    @cached_property
    def _part(self) -> Callable[[int, int], Part]:
        return lru_cache(maxsize=2)(self._split)

    def _split(self, seed: int, replicate: int) -> Part:
        size, step = self.train_size, self.settings.length - 1
        order = stream(seed, replicate, "split").permutation(len(self._sizes))
        count = (self._sizes // step)[order]
        before = np.cumsum(count) - count
        tested = np.zeros(len(order), dtype=np.bool_)
        tested[order[before < self.settings.test_share * count.sum()]] = True
        training = np.flatnonzero(~tested[self._document[self.windows]])
        draw = stream(seed, replicate, "training order").permutation(len(training))
        test = self.places[tested[self._document[self.places]]]
        shuffled = stream(seed, replicate, "test order").permutation(len(test))
        training = training[draw[:size]]
        fitted = ~tested[self._document]
        consensus, surprise = self._judged(training, fitted)
        return Part(
            training,
            test[shuffled[: self.test_size]],
            Ngrams(self.runs, fitted),
            consensus,
            surprise,
        )

    def _judged(self, windows: Longs, fitted: Bools) -> tuple[Ints, Floats]:
        """Consensus and mean surprise of windows, by models of other documents of that part."""
        fold = folds(self._document, len(self._sizes), self.settings.seed)
        own = fold[self.windows[windows]]
        consensus = np.empty(len(windows), dtype=np.int32)
        surprise = np.empty(len(windows))
        for number in range(FOLDS):
            at = np.flatnonzero(own == number)
            model = Ngrams(self.runs, fitted & (fold != number))
            inside = self._inside(windows[at])
            consensus[at] = model.predict_at(inside[:, -1])
            surprise[at] = model.surprise(self.runs.seen(inside)).mean(axis=1)
        return consensus, surprise

    def _inside(self, windows: Longs) -> Longs:
        """(n, L − 1) the tokens of windows."""
        return np.asarray(self.windows[windows, None] + np.arange(self.settings.length - 1))

    def real(self, seed: int, replicate: int, n: int) -> Rows:
        """The first n training windows of that split, in its random order."""
        part = self._part(seed, replicate)
        inside = self._inside(part.training[:n])
        shortest = self.settings.case_length - 1
        return self._rows(
            self.runs.tokens[inside],
            self._case_within(self.runs.orders[shortest].at[inside[:, shortest:]]),
            part.consensus[:n],
            _rank(part.surprise, part.surprise[:n]),
        )

    def test(self, seed: int, replicate: int) -> Rows:
        """Windows that end at random places of the test part of that split; no atypicality."""
        part = self._part(seed, replicate)
        inside = part.test[:, None] + np.arange(2 - self.settings.length, 1)
        case = self.cases.number[self.runs.orders[self.settings.case_length - 1].at[part.test]]
        return self._rows(
            self.runs.tokens[inside],
            case,
            part.model.predict_at(part.test),
            np.zeros(len(case), dtype=np.float32),
        )

    def made(self, seed: int, replicate: int, codes: Ints) -> Rows:
        """Rows of synthetic text (n, L), START or MADE first, judged by that training part."""
        part = self._part(seed, replicate)
        found = self.runs.look_up(codes[:, 1:])
        surprise = part.model.surprise(found).mean(axis=1)
        rows = self._rows(
            codes[:, 1:],
            self._case_within(found[self.settings.case_length - 1][0]),
            part.model.predict([context[:, -1] for _, context in found]),
            _rank(part.surprise, surprise),
        )
        return replace(rows, codes=codes, style=(codes[:, 0] == MADE).astype(np.int8))

    def _case_within(self, run: NDArray[np.integer]) -> Ints:
        """(n,) the case that stands for each row, of runs (n, m), −1 where there is none."""
        case = np.where(run >= 0, self.cases.number[run], 0)
        best = self.cases.rank[case].argmin(axis=1)
        return np.asarray(case[np.arange(len(case)), best], dtype=np.int32)

    def _rows(
        self, tokens: Ints, case: Ints, consensus: Ints, atypicality: NDArray[np.float32]
    ) -> Rows:
        n = len(tokens)
        label = tokens[:, -1].copy()
        return Rows(
            features=np.empty((n, 0), dtype=np.float32),
            codes=np.hstack([np.full((n, 1), START, dtype=np.int32), tokens]),
            style=np.zeros(n, dtype=np.int8),
            label=label,
            truth=label,
            consensus=consensus,
            context=case,
            atypicality=atypicality,
            example=_content(tokens),
        )


def _rank(known: Floats, values: Floats) -> NDArray[np.float32]:
    """(n,) share of the known values that are smaller."""
    rank = np.searchsorted(np.sort(known), values) / max(len(known), 1)
    return rank.astype(np.float32)


def _content(tokens: Ints) -> Longs:
    """(n,) a number of 63 bits that equal rows share, and others but by a chance of 2^−63."""
    mixed = np.full(len(tokens), 0xCBF29CE484222325, dtype=np.uint64)
    for column in tokens.T:
        # A step of splitmix64 (Steele, Lea & Flood 2014) over what came before.
        mixed = mixed + np.uint64(0x9E3779B97F4A7C15) + column.astype(np.uint64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return (mixed >> np.uint64(1)).astype(np.int64)
