"""The law of a `language` world: its facts, its vocabulary, and how real text and a source word it.

A sentence is worded by a phrase template and by words. A phrase template is an order of subject and
relation and, in each of the three gaps (before the first of them, between them, before the answer),
a function word or none. A function word or a relation is one of several synonyms. Further words
are mess: a filler at the start and one before the answer, and the "not" of a denial.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from smcollapse.kernels.phrases import NOT
from smcollapse.laws.contexts import Floats, zipf
from smcollapse.laws.facts import FactsLaw, facts_law
from smcollapse.settings import LanguageWorld, PhrasesSource
from smcollapse.streams import stream

Ints = NDArray[np.int32]

N_FILLERS = 16
N_GAPS = 3
_KINDS_OF_GAP = 4  # the word between depends on the order: "of" here, "has" there
_FEWEST_LEMMAS = 4


@dataclass(frozen=True)
class Vocabulary:
    """Where the words of each kind begin; the tokens of a kind end where the next one's begin.

    A function word is token `first_function` + lemma · S + synonym, a relation word
    `first_relation` + relation · S + synonym, both with the S synonyms commonest first; a subject
    is `first_subject` + context, an answer `first_answer` + class. Lemmas of the source's own
    phrasings stand after the real ones.
    """

    first_filler: int
    first_function: int
    first_relation: int
    first_subject: int
    first_answer: int
    size: int
    n_synonyms: int

    @property
    def firsts(self) -> NDArray[np.int64]:
        """(5,) first token of fillers, function words, relation words, subjects, answers."""
        return np.array(
            [
                self.first_filler,
                self.first_function,
                self.first_relation,
                self.first_subject,
                self.first_answer,
            ]
        )

    @property
    def forms(self) -> Ints:
        """(V,) what is left of each token in the form of a sentence, for `metrics.template_rate`.

        All subjects are one there, and so are all relation words and all answers.
        """
        tokens = np.arange(self.size, dtype=np.int32)
        for first in (self.first_relation, self.first_subject, self.first_answer):
            tokens[first:] = first
        return tokens


@dataclass(frozen=True)
class PhrasingLaw:
    """How one source, or real text, words its sentences.

    phrasing : (2P,) chance of each phrase template: the P real ones first, then P of the source's
        own; sums to 1
    synonym : (S,) chance of each synonym, commonest first, of a relation or function word
    filler : chance of a filler word at each of the two places
    noise : chance of a contradiction, whose answer is uniform over all
    denial_before : chance that a wrong answer, uniform over those, is denied by a word before it
    denial_after : ... by a word after it

    Contradictions and both denials exclude each other.
    """

    phrasing: Floats
    synonym: Floats
    filler: float
    noise: float
    denial_before: float
    denial_after: float

    @property
    def noise_if_undenied(self) -> float:
        """Chance of a contradiction among sentences that deny nothing."""
        return min(1.0, self.noise / (1.0 - self.denial_before - self.denial_after))

    @property
    def asked(self) -> Self:
        """The same among sentences without a "not" before the answer, as test questions are."""
        rest = 1.0 - self.denial_before
        return replace(
            self,
            noise=self.noise / rest,
            denial_before=0.0,
            denial_after=self.denial_after / rest,
        )


@dataclass(frozen=True)
class LanguageLaw(FactsLaw):
    """The facts that are told, and how.

    `noise` is that of real sentences without a "not" before the answer: see `equivalent_noise`.

    phrasings : how real text is worded
    relation_first : (2P,) bool, whether a phrase template has the relation before the subject
    lemmas : (2P, 3) int32, the function word of a phrase template in each gap, −1 for none
    vocabulary : the tokens
    """

    phrasings: PhrasingLaw
    relation_first: NDArray[np.bool_]
    lemmas: Ints
    vocabulary: Vocabulary


def language_law(world: LanguageWorld) -> LanguageLaw:
    """The law of that world: what its own seed settles, and nothing that a replicate redraws."""
    real = real_phrasing(world)
    facts = facts_law(world, equivalent_noise(real, world.n_answers))
    relation_first, lemmas = _phrase_templates(world)
    return LanguageLaw(
        **vars(facts),
        phrasings=real,
        relation_first=relation_first,
        lemmas=lemmas,
        vocabulary=_vocabulary(world),
    )


def real_phrasing(world: LanguageWorld) -> PhrasingLaw:
    """How real text is worded."""
    return _phrasing(world, world.phrasings, temperature=1.0, mess=1.0, own=0.0)


def made_phrasing(world: LanguageWorld, source: PhrasesSource) -> PhrasingLaw:
    """How that source words its sentences; real text's way where its knobs of style do nothing."""
    return _phrasing(
        world,
        min(source.phrase_templates, world.phrasings) or world.phrasings,
        temperature=source.lexical_variation,
        mess=1.0 - source.polish,
        own=source.detectability,
    )


def equivalent_noise(phrasing: PhrasingLaw, n_answers: int) -> float:
    """Label noise η of the sentences without a "not" before the answer, the truth being told.

    Among those, a share (1 − η) + η/C names the truth and a share η/C each wrong answer: a denial
    by a word after the answer counts as a replacement by a uniform answer, C/(C − 1) times, since
    one of C such replacements hits the truth,

        η = (noise + denial_after · C / (C − 1)) / (1 − denial_before).
    """
    after = phrasing.denial_after * n_answers / (n_answers - 1)
    return (phrasing.noise + after) / (1.0 - phrasing.denial_before)


def _phrasing(
    world: LanguageWorld, n_templates: int, *, temperature: float, mess: float, own: float
) -> PhrasingLaw:
    """Real text's way with the `n_templates` most frequent phrase templates, and so on."""
    frequency = np.zeros(world.phrasings)
    frequency[:n_templates] = zipf(n_templates, world.phrasing_exponent)
    denial = world.negations / 2.0 * mess
    return PhrasingLaw(
        phrasing=np.concatenate([(1.0 - own) * frequency, own * frequency]),
        synonym=_synonyms(world, temperature),
        filler=world.fillers * mess,
        noise=world.noise * mess,
        denial_before=denial,
        denial_after=denial,
    )


def _synonyms(world: LanguageWorld, temperature: float) -> Floats:
    """Chances ∝ p^(1/T) of the synonyms, (S,); the first one alone at T = 0."""
    if temperature > 0.0:
        return zipf(world.synonyms, world.synonym_exponent / temperature)
    commonest = np.zeros(world.synonyms)
    commonest[0] = 1.0
    return commonest


def _n_lemmas(world: LanguageWorld) -> int:
    """Function words that one gap can hold: as many as it takes for so many phrase templates."""
    lemmas = _FEWEST_LEMMAS
    while 2 * ((lemmas + 1) ** N_GAPS - 1) < world.phrasings:
        lemmas += 1
    return lemmas


def _phrase_templates(world: LanguageWorld) -> tuple[NDArray[np.bool_], Ints]:
    """Whether the relation comes first (2P,), and the lemmas (2P, 3): P real ones, P own ones.

    Both are distinct ones out of all that there are, in an order that the world's seed draws. The
    source's own have lemmas of their own, at least one: no real sentence has their words.
    """
    n = _n_lemmas(world)
    base = n + 1
    orders, words = [], []
    for purpose, first, plain in (
        ("phrase templates", 0, 0),
        ("own phrase templates", _KINDS_OF_GAP * n, 1),
    ):
        every = stream(world.seed, None, purpose).permutation(2 * (base**N_GAPS - plain))
        number = every[: world.phrasings]
        order, rest = number % 2, number // 2 + plain
        digit = np.stack([rest // base**gap % base for gap in range(N_GAPS)], axis=1)
        kind = np.stack([np.zeros_like(order), 1 + order, np.full_like(order, 3)], axis=1)
        orders.append(order == 1)
        words.append(np.where(digit > 0, first + kind * n + digit - 1, -1))
    return np.concatenate(orders), np.concatenate(words).astype(np.int32)


def _vocabulary(world: LanguageWorld) -> Vocabulary:
    lemmas = 2 * _KINDS_OF_GAP * _n_lemmas(world)
    sizes = (
        NOT + 1,
        N_FILLERS,
        lemmas * world.synonyms,
        world.n_categories * world.synonyms,
        world.n_contexts,
        world.n_answers,
    )
    filler, function, relation, subject, answer, end = (int(first) for first in np.cumsum(sizes))
    return Vocabulary(filler, function, relation, subject, answer, end, world.synonyms)
