"""Detectability, measured: how well a classifier tells from its style who wrote a sentence.

The probe is a logistic regression on runs of up to three words of what stands before the answer;
of the subject and the relation it sees only where they stand and which synonym is used, lest it
learn which facts a source tells. It is trained and judged
on different sentences (cross-validation), half of them real. Beside it stands the law's own answer,
which no classifier can beat: a probe that falls short of it says how much of the style is hard to
see, not how much there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from smcollapse.errors import StudyError
from smcollapse.inference import Interval, Record
from smcollapse.kernels.phrases import ANSWER_AT, NOT, PADDING
from smcollapse.laws import LanguageLaw, language_law, made_phrasing
from smcollapse.laws.styles import Styles, styles_of
from smcollapse.scenario import Scenario
from smcollapse.settings import LanguageWorld, PhrasesSource

FALSE_ALARMS = 0.01
"""Share of the other source's sentences that may be taken for those that are told."""

LEAST = 100
"""Sentences of each source below which nothing is measured."""

FOLDS = 5
RUN = 3
LEVEL = 0.95
NORMAL_QUANTILE = 1.959963984540054
SUBJECT = -1

Floats = npt.NDArray[np.float64]
Tokens = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Told(Record):
    """How well two sources are told apart.

    auc            : chance that a synthetic sentence looks more synthetic than a real one
    synthetic_told : share of synthetic sentences told where 1 % of the real ones are taken for such
    real_told      : share of real sentences told where 1 % of the synthetic ones are taken for such
    """

    auc: float
    synthetic_told: float
    real_told: float


@dataclass(frozen=True)
class Detectability(Record):
    """What a probe measured, and what the law says.

    measured, auc_interval : by the probe; DeLong's normal interval of its AUC, given the folds
    law             : by the likelihood ratio of the whole style, the best there is
    templates       : by the phrase template alone
    never_synthetic : share of real sentences that the source could never have said
    never_real      : share of synthetic sentences that real text never says
    n               : sentences of each source that were drawn, those with a "not" before the answer
                      among them
    """

    measured: Told
    auc_interval: Interval
    law: Told
    templates: Told
    never_synthetic: float
    never_real: float
    n: int


def probe(scenario: Scenario, n: int = 4_000, seed: int = 1, replicate: int = 0) -> Detectability:
    """Detectability in a `language` scenario, from n drawn sentences of each source.

    Sentences with a "not" before the answer are left out: no test question has one.

    Raises
    ------
    StudyError
        If the world is another one, or sentences are too few for the folds.
    """
    from smcollapse.sources import fit
    from smcollapse.worlds import world_of

    world, source = scenario.world, scenario.source
    if not isinstance(world, LanguageWorld) or not isinstance(source, PhrasesSource):
        raise StudyError(
            f"a probe of styles needs world 'language' (got '{world.kind}'), whose words are known"
        )
    if n < LEAST:
        raise StudyError(f"a probe needs at least {LEAST} sentences of each source (got {n})")
    drawn = world_of(world)
    law = language_law(world)
    real = drawn.real(seed, replicate, n).codes
    made = fit(source, drawn, seed, replicate).sample(n).codes
    measured, interval = tell_apart(styled_words(real, law), styled_words(made, law))
    phrasing = made_phrasing(world, source)
    whole = styles_of(law, phrasing)
    never_real, never_synthetic = whole.always_told
    return Detectability(
        measured=measured,
        auc_interval=interval,
        law=_of(whole),
        templates=_of(styles_of(law, phrasing, "templates")),
        never_synthetic=never_synthetic,
        never_real=never_real,
        n=n,
    )


def styled_words(codes: Tokens, law: LanguageLaw) -> list[tuple[int, ...]]:
    """What stands before the answer in sentences (n, L), but for padding and what they are about.

    The subject is −1 and synonym s of any relation −2 − s. Sentences with a "not" before the answer
    are left out.
    """
    words = law.vocabulary
    before = codes[codes[:, ANSWER_AT - 1] != NOT, :ANSWER_AT]
    subject = (before >= words.first_subject) & (before < words.first_answer)
    relation = (before >= words.first_relation) & (before < words.first_subject)
    synonym = (before - words.first_relation) % words.n_synonyms
    blanked = np.where(subject, SUBJECT, np.where(relation, SUBJECT - 1 - synonym, before))
    return [tuple(int(word) for word in row if word != PADDING) for row in blanked]


def tell_apart(real: list[tuple[int, ...]], made: list[tuple[int, ...]]) -> tuple[Told, Interval]:
    """How well the probe tells sentences apart that it was not trained on, and its AUC's interval.

    real, made : sentences as words that stand for themselves
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline

    sentences = [*real, *made]
    label = np.repeat([0, 1], [len(real), len(made)])
    score = np.empty(len(label))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    for known, asked in folds.split(np.zeros(len(label)), label):
        classifier = make_pipeline(
            CountVectorizer(analyzer=_runs, binary=True), LogisticRegression(max_iter=1000)
        )
        classifier.fit([sentences[i] for i in known], label[known])
        score[asked] = classifier.decision_function([sentences[i] for i in asked])
    return judged(score[label == 0], score[label == 1])


def judged(real: Floats, made: Floats) -> tuple[Told, Interval]:
    """AUC with DeLong's interval, and shares told, of scores (n,) that are higher for synthetic.

    DeLong, DeLong & Clarke-Pearson (1988): the variance of an AUC is that of the mean over real
    sentences of how many synthetic ones lie above, plus the same the other way round.
    """
    every = rankdata(np.concatenate([real, made]))
    over_real = (every[len(real) :] - rankdata(made)) / len(real)
    under_made = 1.0 - (every[: len(real)] - rankdata(real)) / len(made)
    auc = float(over_real.mean())
    se = np.sqrt(over_real.var(ddof=1) / len(made) + under_made.var(ddof=1) / len(real))
    reach = NORMAL_QUANTILE * float(se)
    interval = Interval(max(0.0, auc - reach), min(1.0, auc + reach), LEVEL)
    alarm = np.quantile(real, 1.0 - FALSE_ALARMS, method="higher")
    miss = np.quantile(made, FALSE_ALARMS, method="lower")
    return Told(auc, float((made > alarm).mean()), float((real < miss).mean())), interval


def _runs(sentence: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Runs of one to `RUN` words."""
    for length in range(1, RUN + 1):
        for start in range(len(sentence) - length + 1):
            yield sentence[start : start + length]


def _of(styles: Styles) -> Told:
    return Told(styles.auc, styles.told_at(FALSE_ALARMS), styles.real_told_at(FALSE_ALARMS))
