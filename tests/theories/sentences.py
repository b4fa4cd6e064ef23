"""Sentences of a `language` world read word by word: what their style says of their source."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.phrases import ANSWER_AT
from smcollapse.laws import LanguageLaw, PhrasingLaw

Floats = npt.NDArray[np.float64]


def phrase_templates_of(codes: npt.NDArray[np.int32], law: LanguageLaw) -> npt.NDArray[np.int64]:
    """(n,) number of the phrase template of each sentence, from the words before its answer."""
    words, before = law.vocabulary, codes[:, :ANSWER_AT]
    function = (before >= words.first_function) & (before < words.first_relation)
    relation_first = _is_relation(before, law).argmax(axis=1) < _is_subject(before, law).argmax(
        axis=1
    )
    known = {
        (bool(first), tuple(sorted(lemma[lemma >= 0]))): number
        for number, (first, lemma) in enumerate(zip(law.relation_first, law.lemmas, strict=True))
    }
    assert len(known) == len(law.lemmas)
    lemmas = (before - words.first_function) // words.n_synonyms
    return np.array(
        [
            known[bool(first), tuple(sorted(lemma[at]))]
            for first, lemma, at in zip(relation_first, lemmas, function, strict=True)
        ]
    )


def log_ratio_of(codes: npt.NDArray[np.int32], law: LanguageLaw, made: PhrasingLaw) -> Floats:
    """(n,) log likelihood ratio made/real of each sentence, from the words before its answer."""
    words, real, before = law.vocabulary, law.phrasings, codes[:, :ANSWER_AT]
    function = (before >= words.first_function) & (before < words.first_relation)
    relation = _is_relation(before, law)
    fillers = ((before >= words.first_filler) & (before < words.first_function)).sum(axis=1)
    synonym = np.where(function, (before - words.first_function) % words.n_synonyms, 0) + np.where(
        relation, (before - words.first_relation) % words.n_synonyms, 0
    )
    at = phrase_templates_of(codes, law)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(made.phrasing[at]) - np.log(real.phrasing[at])
        word = np.log(made.synonym) - np.log(real.synonym)
        there = np.log(made.filler) - np.log(real.filler)
        absent = np.log(1.0 - made.filler) - np.log(1.0 - real.filler)
    ratio = ratio + np.where(function | relation, word[synonym], 0.0).sum(axis=1)
    for number, each in ((fillers, there), (2 - fillers, absent)):
        ratio = ratio + np.where(number > 0, number * each if np.isfinite(each) else each, 0.0)
    return np.asarray(ratio)


def _is_relation(before: npt.NDArray[np.int32], law: LanguageLaw) -> npt.NDArray[np.bool_]:
    words = law.vocabulary
    return (before >= words.first_relation) & (before < words.first_subject)


def _is_subject(before: npt.NDArray[np.int32], law: LanguageLaw) -> npt.NDArray[np.bool_]:
    words = law.vocabulary
    return (before >= words.first_subject) & (before < words.first_answer)
