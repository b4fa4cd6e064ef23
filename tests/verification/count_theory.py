"""Count theory of the design notes (section 2), by scipy.stats.skellam: an independent yardstick.

At context k the answer is the majority of Poisson counts. On an exception, with N(1−p)w_k real
and N p s_k synthetic examples expected, the truth and the consensus have means

    λ_true = N(1−p) w_k (1 − η + η/C) + N p s_k φ,   λ_cons = N(1−p) w_k η/C + N p s_k (1−φ),

recall is P(n_true > n_cons) + ½ P(tie, n > 0), and 1 where the consensus is the truth.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import skellam

from smcollapse.laws import FactsLaw


def rare_recall(
    law: FactsLaw, synthetic: NDArray[np.float64], share: float, budget: int, fidelity: float = 0.0
) -> float:
    """Recall over all rare contexts, example-weighted, at that share."""
    real = budget * (1.0 - share) * law.frequency
    made = budget * share * synthetic
    noise, answers = law.noise, law.n_answers
    true = real * (1.0 - noise + noise / answers) + made * fidelity
    consensus = real * noise / answers + made * (1.0 - fidelity)
    tie = skellam.pmf(0, true, consensus) - np.exp(-true - consensus)
    recall = np.where(law.exception, skellam.sf(0, true, consensus) + 0.5 * tie, 1.0)
    return float(np.average(recall[law.rare], weights=law.frequency[law.rare]))
