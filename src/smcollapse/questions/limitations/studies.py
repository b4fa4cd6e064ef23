"""Studies that several analyses share, so that each is trained once.

Statements, designs and falsifiers were settled on runs with another seed: what is committed was
trained afterwards, with seed 23. Since then review, not results, has corrected the statements of
`duplication_or_diversity` and `undetected_synthetic` and the interval of `where_theory_stops`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smcollapse.study_file import load_study, parse_study

if TYPE_CHECKING:
    from smcollapse.questions.limitations.limits import Lab
    from smcollapse.store import Store

WORLD = """
seed = 23
replicates = 10

[scenario.world]
kind = "facts"
n_contexts = 200
noise = 0.1

[scenario.source]
polish = 1.0

[scenario.mixture]
budget = 20000

[axes]
"""

REFERENCE = f"""
name = "reference"
title = "The reference of the limitation analyses: the world of atlas-small in three designs"
{WORLD}
mixture.share = [0.0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6]

[[variants]]
name = "accumulate"
set = {{ mixture.design = "accumulate" }}

[[variants]]
name = "real only"
set = {{ mixture.design = "real_only" }}
"""

BUDGETS = (2500, 5000, 10000, 20000, 40000)
BUDGET = f"""
name = "budget"
title = "Budgets from a dozen to two hundred rows a context, with the real rows alone beside them"
{WORLD}
mixture.share = [0.0, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6]
mixture.budget = {list(BUDGETS)}

[[variants]]
name = "real only"
set = {{ mixture.design = "real_only" }}
"""

NOISES = (0.0, 0.1, 0.3, 0.54)
NOISE = f"""
name = "noise"
title = "Real labels from clean to more than half noise, in a world near that of the preset claim"
seed = 23
replicates = 10

[scenario.world]
kind = "facts"
n_contexts = 150
rare_mass = 0.2

[scenario.source]
polish = 0.49
fidelity = 0.1
contamination = 0.05

[scenario.mixture]
budget = 20000

[scenario.model]
kind = "mlp"
passes = 20

[axes]
mixture.share = [0.0, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6]
world.noise = {list(NOISES)}
"""

LOGISTIC = """
name = "clusters-logistic"
title = "Separable and inseparable real rows, clean and messy labels"
seed = 23
replicates = 20

[scenario.world]
kind = "clusters"
dimension = 200
n_contexts = 4
rule_strength = 1.2
context_strength = 1.5

[scenario.source]
polish = 0.8

[scenario.mixture]
budget = 400

[scenario.model]
kind = "logistic"
ridge = 0.001

[axes]
mixture.share = [0.0, 0.2, 0.35, 0.45, 0.6]
mixture.budget = [400, 1600]
world.noise = [0.0, 0.1, 0.3]
"""

QUICK_SHARES = (0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.6)
"""What quick studies that only need an onset have beside share 0."""


def reference(lab: Lab) -> Store:
    """The reference study: shares 0 to 60 %, the designs replace, accumulate and real_only."""
    return lab.run(parse_study(REFERENCE, "reference"), quick_replicates=5)


def budgets(lab: Lab) -> Store:
    """`BUDGETS` rows of training data, the designs replace and real_only."""
    return lab.run(
        parse_study(BUDGET, "budget"), quick_replicates=4, quick_shares=(0.0, *QUICK_SHARES)
    )


def noises(lab: Lab) -> Store:
    """`NOISES` of the real labels, design replace."""
    return lab.run(
        parse_study(NOISE, "noise"), quick_replicates=4, quick_shares=(0.0, *QUICK_SHARES)
    )


def clusters(lab: Lab) -> Store:
    """The preset `clusters`: feature vectors, heavy tails, a network."""
    return lab.run(load_study("clusters"), quick_replicates=4, quick_shares=(0.0, *QUICK_SHARES))


def logistic(lab: Lab) -> Store:
    """Clusters and a nearly unregularised logistic regression, by rows a dimension and noise."""
    return lab.run(parse_study(LOGISTIC, "clusters-logistic"), quick_replicates=10)
