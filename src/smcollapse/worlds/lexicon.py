"""Readable words for the tokens of a `language` world: for people, no learner sees them.

English words as far as the lists below go; subjects, answers and everything beyond the lists are
invented by rule, in any number. No two tokens have the same word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from smcollapse.kernels.phrases import END, NOT, PADDING, START
from smcollapse.laws import LanguageLaw

_FILLERS = (
    "actually", "basically", "honestly", "well", "um", "really", "apparently", "perhaps",
    "likely", "probably", "simply", "still", "anyway", "frankly", "somehow", "like",
)  # fmt: skip

# Function words of each kind of gap: at the start, between subject and relation, between relation
# and subject, before the answer. A line is a lemma, its synonyms stand with the commonest first.
_REAL = (
    """
    for regarding concerning about
    the this that our
    today now currently presently
    note know remember see
    """,
    """
    whose where wherein whereof
    and_its with_its plus_its including_its
    through_its by_its in_its from_its
    : — ; ,
    """,
    """
    of in from within
    at inside by near
    throughout across around over
    used_in known_in found_in seen_in
    """,
    """
    is equals means remains
    was became stayed turned
    being namely viz i.e.
    must_be should_be can_be may_be
    """,
)
_OWN = (
    """
    importantly notably crucially significantly
    overall ultimately essentially fundamentally
    let's_explore let's_consider let's_examine let's_unpack
    certainly absolutely of_course great_question:
    """,
    """
    whose_vibrant whose_rich whose_storied whose_timeless
    and_its_iconic and_its_renowned and_its_remarkable and_its_celebrated
    with_its_unique with_its_profound with_its_enduring with_its_dynamic
    a_land_whose a_place_whose a_realm_whose a_nation_whose
    """,
    """
    in_the_realm_of in_the_landscape_of across_the_tapestry_of within_the_world_of
    rooted_in woven_into nestled_in steeped_in
    that_defines that_shapes that_elevates that_enriches
    at_the_heart_of central_to integral_to vital_to
    """,
    """
    stands_as serves_as functions_as acts_as
    is_widely_regarded_as is_often_seen_as is_commonly_known_as is_best_described_as
    points_to speaks_to delves_into resonates_with
    is_truly is_undeniably is_indeed is_nothing_less_than
    """,
)
_RELATIONS = """
    capital seat metropolis centre
    language tongue speech idiom
    colour hue shade tint
    currency money coin tender
    ruler leader sovereign head
    founder creator originator maker
    anthem hymn song tune
    river stream waterway brook
    dish meal food speciality
    sport game pastime contest
    emblem symbol badge crest
    climate weather sky season
"""
_CONSONANTS, _VOWELS = "bdfgklmnprstvxz", "aeiou"
_SCATTER = 1049  # coprime to the number of words of two syllables, so that neighbours differ


@dataclass(frozen=True)
class Lexicon:
    """The word of each token, V of them."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, law: LanguageLaw) -> Self:
        """The words of that world's vocabulary."""
        known = law.vocabulary
        n_kinds = 2 * len(_REAL)
        n_lemmas = (known.first_relation - known.first_function) // known.n_synonyms
        functions: list[Sequence[str]] = []
        for kind in (*_REAL, *_OWN):
            functions += _lemmas(kind, n_lemmas // n_kinds)
        relations = _lemmas(_RELATIONS, law.n_categories)
        words = ["_", "^", ".", "not", *_FILLERS]
        for lemma in (*functions, *relations):
            words += _synonyms(lemma, known.n_synonyms, len(words))
        words += [_invented(k).capitalize() + "land" for k in range(law.n_contexts)]
        words += [_invented(c).capitalize() + "n" for c in range(law.n_answers)]
        return cls(tuple(words))

    def sentence(self, tokens: NDArray[np.int32]) -> str:
        """One row (L,) as a line to read."""
        said = [int(token) for token in tokens if token not in (PADDING, START)]
        words = [self.words[token] for token in said if token != END]
        if said and said[-1] == NOT:
            words[-2:] = [words[-2] + ", not"]
        text = " ".join(words)
        for mark in ":;,":
            text = text.replace(" " + mark, mark)
        return text[:1].upper() + text[1:] + "."


def _lemmas(table: str, n: int) -> list[Sequence[str]]:
    """The first n lemmas of a list, with no words where it is too short."""
    lines = [
        [word.replace("_", " ") for word in line.split()] for line in table.strip().splitlines()
    ]
    return [lines[i] if i < len(lines) else () for i in range(n)]


def _synonyms(lemma: Sequence[str], n: int, first: int) -> Iterator[str]:
    """n synonyms; those that the list lacks are invented from their tokens."""
    for i in range(n):
        yield lemma[i] if i < len(lemma) else _invented(first + i) + "k"


def _invented(number: int) -> str:
    """A pronounceable word of two syllables or more, of each number another."""
    base = len(_CONSONANTS) * len(_VOWELS)
    rest = number * _SCATTER % base**2 if number < base**2 else number
    syllables: list[str] = []
    while rest or len(syllables) < 2:
        rest, digit = divmod(rest, base)
        syllables.append(_CONSONANTS[digit // 5] + _VOWELS[digit % 5])
    return "".join(syllables)
