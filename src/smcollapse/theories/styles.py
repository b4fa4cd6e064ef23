"""Styles of a `language` world in theory: what is learned of a fact from sentences of all styles.

Which learner memorises sentences? One whose limit for n → ∞ is the posterior of the mixture (any
other leaves training loss behind that its capacity could take), and which at share 0, where styles
say nothing, does not split the few rows of a fact by them. It knows how likely each style z is to
be real, π(z), which all rows teach together, and needs two things of every context: what real and
what synthetic sentences answer. Both are found from the n rows of that context by a linear
regression of the answers on π, with a prior on its slope, which puts

    m_z = 1 / (1/n + d_z² V/(V + λ)²),   d_z = π_z − π̄,   V = Σ_z n_z d_z²

rows' worth of evidence behind a question of style z (the inverse of its leverage), of which a part
π̄ + d_z V/(V + λ) is real. λ is the variance of one label over that of the slope before any row is
seen, 1 if the sources are as likely to agree as to name two answers: with clean labels λ = 0, and
two styles have the rows of their own, m_z = n_z, which is `detectability` in `facts`; where labels
are noisy and rows few, styles are pooled. Two lesser learners are offered beside it: one that sees
phrase templates alone, and one that is blind to style, the theory of `facts`.

Trained transformers of size nano are none of the three (VERIFICATION.md). They remember sentences:
two wordings of one exception, though no evidence of a source, are answered differently in up to a
third of cases, and the mean over wordings is closer to the theory than single ones are after long
training. Of the evidence they use most where the source has a few phrase templates, and about a
third at best where its choice of synonyms alone betrays it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smcollapse.laws import FactsLaw, LanguageLaw, made_phrasing
from smcollapse.laws.styles import Styles, Told, styles_of
from smcollapse.scenario import Scenario
from smcollapse.settings import LanguageWorld, PhrasesSource
from smcollapse.theories.base import Floats
from smcollapse.theories.mixing import (
    Laws,
    laws_of,
    local_flips,
    n_other,
    row_numbers,
    world_law,
)

FINE, COARSE = (0.1, 8.0), (0.35, 6.0)
"""Width of a class in the log likelihood ratio, and the ratio beyond which all are one."""

MATTERS = 0.05
"""Difference of rare recall from which on it matters how well styles are told apart."""

_WORDS: dict[Told, str] = {
    "everything": "all evidence",
    "templates": "phrase templates alone",
    "nothing": "no evidence",
}
_LEVELS: tuple[Told, ...] = ("everything", "templates", "nothing")

ROUNDING = 1e-12
"""Spread of chances below which styles do not differ but for rounding."""


@dataclass(frozen=True)
class StyledLaws:
    """The laws of a `language` scenario.

    plain  : laws of sentences without a "not" before the answer, whatever their style
    styles : classes of their styles
    """

    plain: Laws
    styles: Styles

    @property
    def world(self) -> FactsLaw:
        """The facts that are told."""
        assert isinstance(self.plain.world, FactsLaw)
        return self.plain.world


def styled_laws(scenario: Scenario, told: Told, fineness: tuple[float, float]) -> StyledLaws:
    """Laws of a `language` scenario and of a learner that goes by so much of the style."""
    world, source = scenario.world, scenario.source
    assert isinstance(world, LanguageWorld)
    assert isinstance(source, PhrasesSource)
    law = world_law(world)
    assert isinstance(law, LanguageLaw)
    styles = styles_of(law, made_phrasing(world, source), told)
    return StyledLaws(laws_of(scenario), styles.grouped(*fineness))


@dataclass(frozen=True)
class Evidence:
    """What the answers to questions of K contexts in A styles rest on.

    real, made : (K, A) rows' worth of real and of synthetic sentences
    apart      : (K, A) d, how much likelier a sentence of that style is real than the average one
    level, slope : (K,) the variance of an answer is level + slope · d², in units of a label's
    """

    real: Floats
    made: Floats
    apart: Floats
    level: Floats
    slope: Floats

    def correlation(self, at: npt.NDArray[np.integer]) -> Floats:
        """(J, A, A) of the errors of two answers about the same context, at contexts (J,)."""
        apart, slope = self.apart[at], self.slope[at, None, None]
        error = self.level[at, None, None] + slope * apart[:, :, None] * apart[:, None, :]
        scale = np.sqrt(np.maximum(np.einsum("kaa->ka", error), 1e-300))
        return np.asarray(error / (scale[:, :, None] * scale[:, None, :]))


def evidence(styled: StyledLaws, n_real: float, n_made: float) -> Evidence:
    """The evidence after those numbers of rows before the filter, as the module says.

    A style that no row shows is answered as the average row is.
    """
    styles, plain = styled.styles, styled.plain
    answers = np.array([1.0, 1.0, n_other(plain)])
    real, made = n_real * (plain.real.passed @ answers), n_made * (plain.synthetic.passed @ answers)
    shown = real[:, None] * styles.real
    rows, total = shown + made[:, None] * styles.made, real + made
    mean = _ratio(real, total)
    apart = np.where(rows > 0.0, _ratio(shown, rows) - mean[:, None], 0.0)
    spread = (rows * apart**2).sum(axis=1)
    spread = np.where(spread > ROUNDING * total, spread, 0.0)
    kept = _ratio(spread, spread + 1.0 - plain.real.chance**2 @ answers)
    level, slope = _ratio(np.ones_like(total), total), _ratio(kept**2, spread)
    variance = level[:, None] + slope[:, None] * apart**2
    worth = _ratio(np.ones_like(variance), variance)
    part = np.clip(mean[:, None] + kept[:, None] * apart, 0.0, 1.0)
    return Evidence(worth * part, worth * (1.0 - part), apart, level, slope)


def label_rows(rows: Floats, passed: Floats, others: int) -> Floats:
    """(K · A, 3) rows with each label, as in `LabelLaw`, of rows (K, A) in all.

    passed : (K, 3) chances of labels that pass the filter, of each of C − 2 `others` in the last
    """
    label = _ratio(passed, np.repeat((passed @ [1.0, 1.0, others])[:, None], 3, axis=1))
    return np.asarray((rows[:, :, None] * label[:, None, :]).reshape(-1, 3))


def _ratio(above: Floats, below: Floats) -> Floats:
    """above / below, 0 where there is nothing below."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0.0)


def styled_flips(styled: StyledLaws, design: str) -> Floats:
    """(K,) share by which half of a context's real questions are answered wrongly, else NaN.

    In a style of ratio ℓ the odds of the flip are 1/ℓ times those of `local_flips`.
    """
    flips = local_flips(styled.plain, design)
    styles = styled.styles
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = (flips / (1.0 - flips))[:, None] * (styles.real / styles.made)
        at = np.where(np.isinf(odds), np.inf, odds / (1.0 + odds))
    at = np.where((flips == 0.0)[:, None], 0.0, np.where(np.isnan(at), np.inf, at))
    order = np.argsort(at, axis=1, kind="stable")
    mass = np.cumsum(styles.real[order], axis=1)
    middle = (mass < 0.5 - 1e-12).sum(axis=1)
    found = np.take_along_axis(at, order, axis=1)[np.arange(len(at)), middle]
    return np.where(np.isfinite(found) & (found < 1.0), found, np.nan)


def majority_recall(styled: StyledLaws, n_real: Floats, n_made: Floats) -> Floats:
    """(S,) rare recall where every (context, style) answers as its rows are expected to."""
    law, styles = styled.world, styled.styles
    real, made = styled.plain.real.passed[law.rare], styled.plain.synthetic.passed[law.rare]
    weight = law.frequency[law.rare] / law.frequency[law.rare].sum()
    wrong = slice(1, 3) if n_other(styled.plain) else slice(1, 2)
    ahead, against = real[:, :1] - real[:, wrong], made[:, :1] - made[:, wrong]
    found = np.empty(len(n_real))
    for i, (many, few) in enumerate(zip(n_real, n_made, strict=True)):
        lead = (
            many * styles.real[:, None, None] * ahead + few * styles.made[:, None, None] * against
        )
        found[i] = styles.real @ (lead > 0.0).all(axis=2) @ weight
    return found


def style_doubts(scenario: Scenario, shares: Floats, told: Told) -> tuple[str, ...]:
    """Doubt where it matters how well the learner tells styles apart; none where it does not."""
    rows = row_numbers(scenario.mixture, shares)
    recall = {one: majority_recall(styled_laws(scenario, one, FINE), *rows) for one in _LEVELS}
    said = recall[told]
    gap = np.max([np.abs(other - said) for other in recall.values()], axis=0)
    if not (gap > MATTERS).any():
        return ()
    at = int(np.nanargmax(gap))
    return (
        "it matters how well the learner tells styles apart, by "
        f"{_WORDS[told]} in this prediction: at share {shares[at]:g} expected majorities have "
        "rare recall " + ", ".join(f"{recall[one][at]:.2f} by {_WORDS[one]}" for one in _LEVELS),
    )
