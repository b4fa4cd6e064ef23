"""Sentences: how a fact is worded, drawn and rendered to a row of tokens.

Item ``i`` is drawn from ``(key, ids[i])`` alone, by three blocks of random words::

    block 0   words 0, 1: the phrase template; word 2: whether a wrong answer is denied, and how;
              word 3: which wrong answer
    block 1   the synonyms of: the relation, the function words of the three gaps
    block 2   words 0, 1: whether a filler stands at the start, before the answer; 2, 3: which
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import inline, jit
from smcollapse.kernels.draws import alias_draw
from smcollapse.kernels.philox import BLOCK, HALF, SENTENCE, fill_words, split_items

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]
UInt32 = npt.NDArray[np.uint32]
Bools = npt.NDArray[np.bool_]

PADDING, START, END, NOT = 0, 1, 2, 3
"""The tokens that stand for themselves."""

LENGTH, ANSWER_AT = 12, 10
"""Tokens of a row, and the place of its answer. Most are needed by: start, filler, function word,
subject, function word, relation, function word, filler, "not", answer, end or "not"."""


_UNIT = 4294967296.0  # 2^32
_NOTHING = np.uint64(0)


@inline
def _synonym(word: np.uint32, table: UInt64) -> np.int64:
    """Synonym from one word: chances are exact to S * 2^-32."""
    return np.int64(alias_draw(np.uint64(word), _NOTHING, table))


@inline
def _below(word: np.uint32, bound: int) -> np.int64:
    """Uniform integer below ``bound`` from one word."""
    return np.int64((np.uint64(word) * np.uint64(bound)) >> HALF)


class Wording(NamedTuple):
    """How facts are put into words; all of it, so that a row is drawn from its number alone.

    A sentence of style s has the phrase template s · P + j, j drawn from row s of `templates`.

    truth, relation : (K,) int32, true answer and relation of each context
    templates       : (styles, P) uint64, alias tables
    relation_first  : (styles · P,) bool, whether the relation stands before the subject
    lemmas          : (styles · P, 3) int32, the function word in each gap, −1 for none
    synonyms        : (S,) uint64, alias table of the synonyms of a relation or function word
    first           : (5,) int64, first token of fillers, function words, relation words, subjects,
                      answers
    n_answers       : C
    filler          : chance of a filler at each of its two places
    denial_before, denial_after : chances of a denial by a word before, after the answer
    """

    truth: Int32
    relation: Int32
    templates: UInt64
    relation_first: Bools
    lemmas: Int32
    synonyms: UInt64
    first: Int64
    n_answers: int
    filler: float
    denial_before: float
    denial_after: float


@inline
def _render(
    words: UInt32,
    i: int,
    context: np.int32,
    template: np.int64,
    wording: Wording,
    fill_cut: np.uint64,
    end: int,
    row: Int32,
) -> None:
    """Write what stands before position ``end`` of a row, from the last word to the first.

    words : (8, >= i + 1), blocks 1 and 2 of the items
    """
    first, synonyms = wording.first, wording.synonyms
    n_fillers, n_synonyms = first[1] - first[0], synonyms.size
    subject = first[3] + context
    relation = wording.relation[context] * n_synonyms + _synonym(words[0, i], synonyms)
    at = end
    if np.uint64(words[5, i]) < fill_cut:
        at -= 1
        row[at] = np.int32(first[0] + _below(words[7, i], n_fillers))
    for gap in range(2, -1, -1):
        lemma = wording.lemmas[template, gap]
        if lemma >= 0:
            at -= 1
            word = lemma * n_synonyms + _synonym(words[1 + gap, i], synonyms)
            row[at] = np.int32(first[1] + word)
        if gap > 0:
            at -= 1
            here = wording.relation_first[template] == (gap == 1)
            row[at] = np.int32(first[2] + relation if here else subject)
    if np.uint64(words[4, i]) < fill_cut:
        at -= 1
        row[at] = np.int32(first[0] + _below(words[6, i], n_fillers))
    row[at - 1] = START
    row[: at - 1] = PADDING


@jit
def fill_sentences(
    key: np.uint64,
    ids: Int64,
    context: Int32,
    label: Int32,
    style: Int32,
    wording: Wording,
    out_row: Int32,
    out_label: Int32,
) -> None:
    """Rows (n, LENGTH) of sentences on these contexts with these labels, and their labels (n,).

    In a denial the label is replaced by an answer that is uniform over those other than the truth.
    """
    counters = np.empty((3, BLOCK), np.uint32)
    plan = np.empty((4, BLOCK), np.uint32)
    words = np.empty((8, BLOCK), np.uint32)
    n_templates = wording.templates.shape[1]
    fill_cut = np.uint64(np.rint(wording.filler * _UNIT))
    before_cut = np.uint64(np.rint(wording.denial_before * _UNIT))
    denial_cut = np.uint64(np.rint((wording.denial_before + wording.denial_after) * _UNIT))
    for start in range(0, ids.size, BLOCK):
        items = ids[start : start + BLOCK]
        split_items(items, counters)
        fill_words(key, SENTENCE, items.size, counters, plan)
        for block in range(1, 3):
            counters[2, :] = block
            fill_words(key, SENTENCE, items.size, counters, words[4 * block - 4 : 4 * block])
        for i in range(items.size):
            row = out_row[start + i]
            subject, answer = context[start + i], label[start + i]
            shown = np.int64(style[start + i])
            table = wording.templates[shown]
            drawn = alias_draw(np.uint64(plan[0, i]), np.uint64(plan[1, i]), table)
            event = np.uint64(plan[2, i])
            end = ANSWER_AT
            row[ANSWER_AT + 1] = END
            if event < denial_cut:
                wrong = _below(plan[3, i], wording.n_answers - 1)
                answer = np.int32(wrong + np.int64(wrong >= wording.truth[subject]))
                place = ANSWER_AT + 1
                if event < before_cut:
                    end -= 1
                    place = end
                row[place] = NOT
            row[ANSWER_AT] = np.int32(wording.first[4] + answer)
            out_label[start + i] = answer
            template = shown * n_templates + np.int64(drawn)
            _render(words, i, subject, template, wording, fill_cut, end, row)
