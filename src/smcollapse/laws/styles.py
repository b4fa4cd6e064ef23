"""How well real and synthetic sentences can be told apart by their style: the law's own answer.

Words are chosen independently of what a sentence says, so the evidence for one source or the other
is the likelihood ratio ℓ = made/real of its phrase template, of its synonyms and of its fillers:
a product over places. Sentences of one ratio are one class, whatever their words (Neyman & Pearson
1933: the ratio is sufficient).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from smcollapse.laws.contexts import Floats
from smcollapse.laws.language import LanguageLaw, PhrasingLaw

Told = Literal["everything", "templates", "nothing"]
"""What of a style a learner goes by: all that the law says, the phrase template, nothing."""

MOST_ATOMS = 4_000
"""Distinct ratios up to which none are taken together on the way."""

FILLER_PLACES = 2

SAME = 1e-9
"""Difference of log ratios that are taken to be the same."""


@dataclass(frozen=True)
class Styles:
    """Classes of styles, by rising likelihood ratio made/real.

    real, made : (A,) chance of each class in a real, in a synthetic sentence; both sum to 1
    """

    real: Floats
    made: Floats

    @property
    def log_ratio(self) -> Floats:
        """(A,) log ℓ; −∞ where the source never says it, ∞ where real text never does."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.made) - np.log(self.real))

    @property
    def auc(self) -> float:
        """Chance that a synthetic sentence has the larger ratio than a real one, ties by half."""
        below = np.cumsum(self.real) - self.real
        return float(self.made @ (below + 0.5 * self.real))

    @property
    def always_told(self) -> tuple[float, float]:
        """Share of synthetic, and of real sentences, that the other source can never say."""
        return float(self.made[self.real == 0.0].sum()), float(self.real[self.made == 0.0].sum())

    def told_at(self, false_alarms: float) -> float:
        """Share of synthetic sentences told by a test that takes so many real ones for such.

        The most powerful test, which decides by lot where ratios are tied.
        """
        return _power(self.real[::-1], self.made[::-1], false_alarms)

    def real_told_at(self, misses: float) -> float:
        """Share of real sentences told by a test that takes so many synthetic ones for such."""
        return _power(self.made, self.real, misses)

    def grouped(self, width: float, largest: float) -> Styles:
        """The same with ratios taken together that differ by less than `width` in log ℓ.

        Beyond ±`largest` in log ℓ all finite ratios are one group. What one source never says stays
        apart. Masses stay exact; each group has its mean ratio.
        """
        ratio = self.log_ratio
        finite = np.isfinite(ratio)
        place = np.floor(np.clip(ratio, -largest, largest) / width)
        place = np.where(finite, place, np.where(ratio > 0.0, np.inf, -np.inf))
        return Styles(*_summed(place, self.real, self.made))


ONE = Styles(np.ones(1), np.ones(1))
"""Styles that nobody can tell apart."""


def styles_of(law: LanguageLaw, made: PhrasingLaw, told: Told = "everything") -> Styles:
    """Classes of the styles of sentences without a denial before the answer.

    Raises nothing: phrasings that neither source uses are left out.
    """
    if told == "nothing":
        return ONE
    if told == "templates":
        return _merged(law.phrasings.phrasing, made.phrasing)
    words = words_with_synonyms(law)
    filler = _powered(
        np.array([1.0 - law.phrasings.filler, law.phrasings.filler]),
        np.array([1.0 - made.filler, made.filler]),
        FILLER_PLACES,
    )
    parts = []
    for number in np.unique(words):
        at = words == number
        template = (law.phrasings.phrasing[at], made.phrasing[at])
        weight = template[0].sum(), template[1].sum()
        if max(weight) > 0.0:
            synonyms = _powered(law.phrasings.synonym, made.synonym, int(number))
            parts.append(_both(_both(_merged(*template), synonyms), filler))
    return _merged(
        np.concatenate([part.real for part in parts]), np.concatenate([part.made for part in parts])
    )


def words_with_synonyms(law: LanguageLaw) -> npt.NDArray[np.int64]:
    """(P,) words of each phrase template that have synonyms: its function words, the relation."""
    return np.asarray(1 + (law.lemmas >= 0).sum(axis=1), dtype=np.int64)


def _powered(real: Floats, made: Floats, number: int) -> Styles:
    """The law of that many independent words."""
    out, one = ONE, _merged(real, made)
    for _ in range(number):
        out = _both(out, one)
    return out


def _both(first: Styles, second: Styles) -> Styles:
    """The law of two independent pieces of evidence; chances need not sum to 1."""
    return _merged(
        np.outer(first.real, second.real).ravel(), np.outer(first.made, second.made).ravel()
    )


def _merged(real: Floats, made: Floats) -> Styles:
    """Classes of equal ratio, by rising ratio; nearly equal ones too where they are many."""
    used = (real > 0.0) | (made > 0.0)
    styles = Styles(real[used], made[used])
    ratio = styles.log_ratio
    order = np.argsort(ratio, kind="stable")
    finite = np.isfinite(ratio[order])
    steps = np.diff(np.where(finite, ratio[order], 0.0))
    new = (steps > SAME) | (np.diff(np.sign(ratio[order]) * ~finite) != 0.0)
    merged = Styles(
        *_summed(np.concatenate([[0], np.cumsum(new)]), styles.real[order], styles.made[order])
    )
    if len(merged.real) <= MOST_ATOMS:
        return merged
    spread = merged.log_ratio[np.isfinite(merged.log_ratio)]
    return merged.grouped((spread.max() - spread.min()) / MOST_ATOMS, math.inf)


def _summed(place: npt.NDArray[np.generic], *masses: Floats) -> list[Floats]:
    """Each of the masses (n,) summed over equal places, by rising place."""
    _, index = np.unique(place, return_inverse=True)
    return [np.bincount(index, mass).astype(np.float64) for mass in masses]


def _power(null: Floats, alternative: Floats, size: float) -> float:
    """Mass of the alternative on the first classes that hold that mass of the null."""
    taken = np.clip((size - (np.cumsum(null) - null)) / np.where(null > 0.0, null, 1.0), 0.0, 1.0)
    return float(np.where(null > 0.0, taken, 1.0) @ alternative)
