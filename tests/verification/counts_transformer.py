"""Count theory against trained transformers on sentences: which learner they are, and from when on.

Random `language` scenarios, drawn as in `design.py`, are trained at five shares. The three learners
that the theory knows, which go by all evidence, by phrase templates alone and by none, are compared
with them side by side; the prediction is the first (`smcollapse.theories.styles` says why), and the
set `development` is there to settle how far training must reach for it.

    python -m tests.verification.counts_transformer [development|test] [scenarios] [workers]
"""

from __future__ import annotations

import itertools
import math
import sys
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from smcollapse.laws.styles import Told
from smcollapse.scenario import Scenario
from smcollapse.study import Axis, Study
from smcollapse.theories.counts import Counts
from smcollapse.theories.memorising import reach
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

N_DEVELOPMENT, N_TEST = 36, 24
REPLICATES = {"development": 1, "test": 2}
SHARES = (0.0, 0.15, 0.3, 0.45, 0.6)
LEVELS: tuple[Told, ...] = ("everything", "templates", "nothing")
COMPARED = ("rare_recall", "template_recall", "mean_confidence", "ece", "accuracy")
LARGEST_TRAINING = 150_000
"""Examples that a network may be trained on in all, N × passes: larger ones are drawn again."""

FREE_EVERY = 3
"""Every third scenario is of the family without style: no knob of style is turned."""

BINS = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, math.inf)
"""Edges of the smallest reach of training over the shares."""


class _Of(_Draws):
    """Draws of scenario `index` of a set of this file."""

    def __init__(self, name: str, index: int) -> None:
        self.rng = np.random.default_rng([SEEDS[name], index])


def style_free(index: int) -> bool:
    """Whether scenario `index` words its synthetic sentences as real ones."""
    return index % FREE_EVERY == 0


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
    if style_free(index):
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


def study_of(name: str, index: int) -> Study:
    """The study that trains scenario `index` of a set."""
    return Study(
        name=f"transformer_{name}-{index:03d}",
        seed=SEEDS[name] * 10_000 + index,
        replicates=REPLICATES[name],
        scenario=language_scenario(name, index),
        axes=(Axis(path="mixture.share", values=SHARES),),
    )


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
    found["family"] = "style-free" if style_free(index) else "styled"
    return found.assign(smallest=float(np.nanmin(reached)))


def by_reach(found: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Errors of one measure at shares above 0, by the reach of training and by learner."""
    rows = []
    at = found[(found.measure == measure) & (found.share > 0.0)]
    for low, high in itertools.pairwise(BINS):
        part = at[(at.reach >= low) & (at.reach < high)]
        if part.empty:
            continue
        row: dict[str, object] = {"reach": f"{low:g} to {high:g}", "points": len(part) // 3}
        for told in LEVELS:
            error = part.error[part.told == told]
            row[f"{told}: median abs."] = float(error.abs().median())
            row[f"{told}: 90 %"] = float(error.abs().quantile(0.9))
        row["mean"] = float(part.error[part.told == LEVELS[0]].mean())
        rows.append(row)
    return pd.DataFrame(rows)


def main(name: str = "development", scenarios: str = "24", workers: str = "1") -> None:
    """Train what is missing of a set and print the errors."""
    indices = list(range(int(scenarios)))
    found = pd.concat(each(f"{name} set", partial(compared, name), indices, int(workers)))
    for measure in COMPARED:
        print(f"\n{measure}\n{by_reach(found, measure).round(3).to_string(index=False)}")


if __name__ == "__main__":
    main(*sys.argv[1:4])
