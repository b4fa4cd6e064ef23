"""Count theory against trained transformers on sentences: random scenarios, theory beside training.

Random `language` scenarios, drawn as in `design.py`; a third and more have a source without style,
which words its sentences as real text does. The three learners that the theory knows, which go by
all evidence of style, by phrase templates alone and by none, are compared side by side; the
prediction is the first (`smcollapse.theories.styles` says why). The domain
(`smcollapse.theories.memorising`) was fixed on the set `development` and is judged on the set
`test`. What of the theory fails is looked for in `wordings.py`.
"""

from __future__ import annotations

import itertools
from functools import partial

import numpy as np
import pandas as pd

from smcollapse.kernels.label_counts import RECALL
from smcollapse.laws.styles import Styles, Told
from smcollapse.scenario import Scenario
from smcollapse.study import Axis, Study
from smcollapse.theories.base import Floats
from smcollapse.theories.counts import Counts
from smcollapse.theories.memorising import (
    SMALLEST_REACH_OF_TRANSFORMER,
    WORDINGS_ARE_REMEMBERED,
    memorising_doubts,
    reach,
)
from smcollapse.theories.mixing import laws_of, row_numbers
from smcollapse.theories.styled_counts import evidence_at
from smcollapse.theories.styles import FINE, styled_laws
from smcollapse.worlds import world_of
from tests.verification.design import _Draws
from tests.verification.trainings import each, trained

SEEDS = {"development": 71_031, "test": 71_032}
"""Seeds of the sets; the set `test` shares nothing with the one that the domain was fixed on."""

NO_STYLE = {
    "phrase_templates": 0,
    "polish": 0.0,
    "lexical_variation": 1.0,
    "detectability": 0.0,
}
"""A source that words its sentences as real text does."""

N_DEVELOPMENT, N_DEVELOPMENT_FAR = 36, 24
"""Scenarios of the development set: the first so many, and after them the first so many that are
trained as far as is needed, whatever their learning rate."""

N_TEST, N_TEST_OUTSIDE = 30, 12
"""Scenarios of the test set: the first so many inside, and outside."""

REPLICATES = {"development": 1, "test": 2}
SHARES = (0.0, 0.15, 0.3, 0.45, 0.6)
LEVELS: tuple[Told, ...] = ("everything", "templates", "nothing")
COMPARED = ("rare_recall", "template_recall", "mean_confidence", "ece", "accuracy")
LARGEST_TRAINING = 150_000
"""Examples that a network may be trained on in all, N × passes: larger ones are drawn again."""

FREE_EVERY = 3
"""Every third scenario has no knob of style turned; of the others some have none by chance."""


class _Of(_Draws):
    """Draws of scenario `index` of a set of this file."""

    def __init__(self, name: str, index: int) -> None:
        self.rng = np.random.default_rng([SEEDS[name], index])


def style_free(scenario: Scenario) -> bool:
    """Whether it words its synthetic sentences as real ones."""
    source = scenario.source.model_dump()
    return all(source[name] == value for name, value in NO_STYLE.items())


def language_scenario(name: str, index: int) -> Scenario:
    """Scenario `index` of a set, at share 0."""
    draws = _Of(name, index)
    answers = draws.whole(4, 16)
    world = {
        "kind": "language",
        "seed": int(draws.rng.integers(1, 2**31)),
        "n_contexts": draws.whole(40, 120),
        "n_answers": answers,
        "n_categories": draws.often(answers, lambda: draws.whole(2, 20)),
        "zipf_exponent": draws.uniform(0.0, 1.1),
        "rare_mass": draws.uniform(0.2, 0.5),
        "exception_share": draws.uniform(0.2, 1.0),
        "noise": draws.often(0.0, lambda: draws.uniform(0.0, 0.2), 0.2),
        "negations": draws.often(0.0, lambda: draws.uniform(0.0, 0.2)),
        "fillers": draws.uniform(0.0, 0.5),
        "phrasings": draws.whole(4, 60),
        "phrasing_exponent": draws.uniform(0.0, 1.0),
        "synonyms": draws.whole(1, 6),
        "test_size": 4_000,
    }
    source = {
        "kind": "phrases",
        "tempering": draws.often(1.0, lambda: draws.uniform(0.4, 1.2)),
        "fidelity": draws.often(0.0, lambda: draws.uniform(0.0, 0.5)),
        "coverage": draws.often(1.0, lambda: draws.uniform(0.4, 1.0), 0.7),
        "phrase_templates": draws.often(0, lambda: draws.whole(1, 12)),
        "polish": draws.often(0.0, lambda: draws.uniform(0.0, 1.0)),
        "lexical_variation": draws.often(1.0, lambda: draws.uniform(0.0, 1.0)),
        "detectability": draws.often(0.0, lambda: draws.uniform(0.0, 1.0)),
    }
    if index % FREE_EVERY == 0:
        source |= NO_STYLE
    budget, passes = draws.whole(3_000, 12_000), draws.log_uniform(3.0, 32.0)
    while budget * passes > LARGEST_TRAINING:
        budget, passes = draws.whole(3_000, 12_000), draws.log_uniform(3.0, 32.0)
    model = {
        "kind": "transformer",
        "size": "nano",
        "passes": passes,
        "learning_rate": draws.log_uniform(0.004, 0.016),
    }
    return Scenario.model_validate(
        {"world": world, "source": source, "mixture": {"budget": budget}, "model": model}
    )


def doubts_of(scenario: Scenario) -> set[str]:
    """Why the scenario is outside of the domain; none inside, where one doubt always stands."""
    return set(memorising_doubts(scenario, np.array(SHARES))) - {WORDINGS_ARE_REMEMBERED}


def far(scenario: Scenario) -> bool:
    """Whether it is trained as far as a transformer has to be, at every share."""
    return bool((reach(scenario, np.array(SHARES)) >= SMALLEST_REACH_OF_TRANSFORMER).all())


def development() -> list[int]:
    """Numbers of the scenarios that the domain was fixed on."""
    after = (
        index
        for index in itertools.count(N_DEVELOPMENT)
        if far(language_scenario("development", index))
    )
    return [*range(N_DEVELOPMENT), *itertools.islice(after, N_DEVELOPMENT_FAR)]


def first(name: str, number: int, *, inside: bool) -> list[int]:
    """Numbers of the first so many scenarios of a set inside of the domain, or outside."""
    found = (
        index
        for index in itertools.count()
        if inside != bool(doubts_of(language_scenario(name, index)))
    )
    return list(itertools.islice(found, number))


def study_of(name: str, index: int) -> Study:
    """The study that trains scenario `index` of a set."""
    return Study(
        name=f"transformer_{name}-{index:03d}",
        seed=SEEDS[name] * 10_000 + index,
        replicates=REPLICATES[name],
        scenario=language_scenario(name, index),
        axes=(Axis(path="mixture.share", values=SHARES),),
    )


def cell_recall(scenario: Scenario, told: Told, share: float) -> tuple[Floats, Styles]:
    """(R, A) recall of every rare context in every style by that learner, and the styles."""
    styled = styled_laws(scenario, told, FINE)
    rows = row_numbers(scenario.mixture, np.array([share]))
    _, cells = evidence_at(styled, float(rows[0][0]), float(rows[1][0]))
    many = len(styled.styles.real)
    index = np.arange(len(styled.world.frequency) * many)
    recall = cells.sums(index, *rows)[0, :, RECALL].reshape(-1, many)
    return recall[styled.world.rare], styled.styles


def chance(scenario: Scenario, share: float) -> float:
    """Standard deviation of rare recall between replicates, as the theory has it, at most.

    From the labels of training sets, all styles of a context being right or wrong together, and
    from the test questions.
    """
    recall, styles = cell_recall(scenario, LEVELS[0], share)
    law = laws_of(scenario).world
    mass = law.frequency[law.rare]
    weight, each = mass / mass.sum(), np.clip(recall @ styles.real, 0.0, 1.0)
    mean = float(weight @ each)
    asked = world_of(scenario.world).test_size * mass.sum()
    return float(np.sqrt(weight**2 @ (each * (1.0 - each)) + mean * (1.0 - mean) / asked))


def compared(name: str, index: int) -> pd.DataFrame:
    """Theory beside training for one scenario: one row per learner, share and measure."""
    scenario = language_scenario(name, index)
    groups = trained(study_of(name, index)).groupby("share")[list(COMPARED)]
    mean, se = groups.mean(), groups.sem()
    shares = mean.index.to_numpy()
    reached = reach(scenario, shares)
    frames = []
    for told in LEVELS:
        curve = Counts(told=told).curve(scenario, shares)
        frames += [
            pd.DataFrame(
                {
                    "told": told,
                    "measure": measure,
                    "share": shares,
                    "reach": reached,
                    "predicted": curve.measures[measure],
                    "trained": mean[measure].to_numpy(),
                    "se": se[measure].to_numpy(),
                }
            )
            for measure in COMPARED
        ]
    found = pd.concat(frames, ignore_index=True).assign(set=name, scenario=index)
    found["error"] = found.trained - found.predicted
    expected = {share: chance(scenario, share) / REPLICATES[name] ** 0.5 for share in shares}
    found["chance"] = found.share.map(expected)
    found["family"] = "style-free" if style_free(scenario) else "styled"
    found["ratio"] = float(np.nanmin(reached)) / SMALLEST_REACH_OF_TRANSFORMER
    found["learning_rate"] = scenario.model.learning_rate  # type: ignore[union-attr]
    return found.assign(inside=not doubts_of(scenario))


def compared_all(name: str, indices: list[int], workers: int) -> pd.DataFrame:
    """Theory beside training for those scenarios of a set."""
    found = each(f"transformers, {name} set", partial(compared, name), indices, workers)
    return pd.concat(found, ignore_index=True)
