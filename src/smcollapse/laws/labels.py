"""What a row says: the chances of its context and its label, and of passing the filter.

Every label is of one of three kinds at its context: the *truth*; the *rival*, which is the
consensus on an exception and any one wrong answer elsewhere; the C − 2 *other* answers, equal among
themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smcollapse.laws.clusters import ClustersLaw
from smcollapse.laws.contexts import Bools, Floats, rarity
from smcollapse.laws.facts import FactsLaw
from smcollapse.laws.filters import pass_rates
from smcollapse.laws.synthetic import SyntheticLaw
from smcollapse.settings import Filter

TRUTH, RIVAL, OTHER = 0, 1, 2
"""Columns of the arrays below."""


@dataclass(frozen=True)
class LabelLaw:
    """Chances of one row, real or synthetic.

    frequency : (K,) chance that it stands at context k, sums to 1
    chance    : (K, 3) chance of the truth, of the rival, of *each* other answer, at that context
    survival  : (K, 3) chance that a row with such a label passes the filter
    """

    frequency: Floats
    chance: Floats
    survival: Floats

    @property
    def passed(self) -> Floats:
        """(K, 3) chance that a row stands at context k, has such a label and passes."""
        return self.frequency[:, None] * self.chance * self.survival


def n_answers(law: FactsLaw | ClustersLaw) -> int:
    """C, the number of answers."""
    return law.n_answers if isinstance(law, FactsLaw) else 2


def real_labels(law: FactsLaw | ClustersLaw, settings: Filter) -> LabelLaw:
    """Labels of real rows: the truth, replaced by a uniform answer with the noise's chance."""
    truth = np.zeros((law.n_contexts, 3))
    truth[:, TRUTH] = 1.0
    survival = _survival(law, settings)
    if settings.scope != "both":
        survival = np.ones_like(survival)
    return LabelLaw(law.frequency, _noisy(truth, _noise(law), n_answers(law)), survival)


def synthetic_labels(
    law: FactsLaw | ClustersLaw, synthetic: SyntheticLaw, settings: Filter
) -> LabelLaw:
    """Labels of synthetic rows: the consensus on exceptions, unless faithful or contaminated."""
    answers = n_answers(law)
    wrong = synthetic.contamination
    taken = np.where(law.exception, 1.0 - synthetic.fidelity, 0.0)
    clean = np.empty((law.n_contexts, 3))
    clean[:, TRUTH] = (1.0 - wrong) * (1.0 - taken)
    clean[:, RIVAL] = (1.0 - wrong) * taken + wrong / (answers - 1)
    clean[:, OTHER] = wrong / (answers - 1)
    chance = _noisy(clean, _noise(law) * synthetic.mess, answers)
    return LabelLaw(synthetic.frequency, chance, _survival(law, settings))


def _noise(law: FactsLaw | ClustersLaw) -> float:
    """Chance that a label is replaced by a uniform answer; a flip is half of such replacements."""
    return law.noise if isinstance(law, FactsLaw) else 2.0 * law.noise


def _noisy(clean: Floats, noise: float, answers: int) -> Floats:
    return (1.0 - noise) * clean + noise / answers


def _survival(law: FactsLaw | ClustersLaw, settings: Filter) -> Floats:
    rates = pass_rates(settings, rarity(law.frequency))
    agrees: Bools = np.zeros((law.n_contexts, 3), dtype=np.bool_)
    agrees[:, TRUTH] = ~law.exception
    agrees[:, RIVAL] = law.exception
    return np.where(agrees, rates.agrees[:, None], rates.contradicts[:, None])
