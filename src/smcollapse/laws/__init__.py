"""Laws of worlds: what is fixed before any draw. Torch-free and without sampling randomness.

Worlds draw from a law, theories read it, and tests check the draws against it.
"""

from smcollapse.laws.clusters import ClustersLaw, clusters_law
from smcollapse.laws.contexts import ContextLaw, rarity
from smcollapse.laws.facts import FactsLaw, facts_law
from smcollapse.laws.filters import PassRates, breakdown_point, pass_rates
from smcollapse.laws.labels import LabelLaw, real_labels, synthetic_labels
from smcollapse.laws.language import (
    LanguageLaw,
    PhrasingLaw,
    Vocabulary,
    equivalent_noise,
    language_law,
    made_phrasing,
    real_phrasing,
)
from smcollapse.laws.synthetic import SyntheticLaw, synthetic_law

__all__ = [
    "ClustersLaw",
    "ContextLaw",
    "FactsLaw",
    "LabelLaw",
    "LanguageLaw",
    "PassRates",
    "PhrasingLaw",
    "SyntheticLaw",
    "Vocabulary",
    "breakdown_point",
    "clusters_law",
    "equivalent_noise",
    "facts_law",
    "language_law",
    "made_phrasing",
    "pass_rates",
    "rarity",
    "real_labels",
    "real_phrasing",
    "synthetic_labels",
    "synthetic_law",
]
