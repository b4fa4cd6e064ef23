"""The committed design: random scenarios over the whole space of settings, none picked by hand.

Scenario i of a set is drawn from a generator of its own, seeded by the set's number and i: it is
the same however many are drawn. A knob stands at its neutral value about half of the time, so that
single effects stay visible beside compound ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from smcollapse.scenario import Scenario
from smcollapse.study import Axis, Study

SHARES = tuple(round(0.05 * number, 2) for number in range(13))
"""Shares of the trained networks, 0 to .6: those of the atlas."""

SEEDS = {"counts_exact": 71_012, "development": 71_002, "test": 71_003}
"""Seed of each set; the test set shares nothing with the one that the domain was fixed on."""

LARGEST_TRAINING = 1_500_000
"""Examples that a network may be trained on in all, N × passes: larger ones are drawn again."""

_T = TypeVar("_T")


class _Draws:
    """Named ways to draw a setting."""

    def __init__(self, name: str, index: int) -> None:
        self.rng = np.random.default_rng([SEEDS[name], index])

    def uniform(self, low: float, high: float) -> float:
        return round(float(self.rng.uniform(low, high)), 4)

    def log_uniform(self, low: float, high: float) -> float:
        return float(f"{math.exp(self.rng.uniform(math.log(low), math.log(high))):.4g}")

    def whole(self, low: int, high: int) -> int:
        return round(self.log_uniform(low, high))

    def one_of(self, *values: _T) -> _T:
        return values[int(self.rng.integers(len(values)))]

    def often(self, neutral: _T, draw: Callable[[], _T], chance: float = 0.5) -> _T:
        """The neutral value with that chance, else a draw."""
        return neutral if self.rng.random() < chance else draw()


def table_scenario(index: int) -> Scenario:
    """Scenario `index` for the count table, at a random share."""
    draws = _Draws("counts_exact", index)
    parts = _facts(draws)
    parts["world"]["test_size"] = draws.whole(2_000, 20_000)
    parts["mixture"] |= {
        "budget": draws.whole(2_000, 200_000),
        "share": draws.often(0.0, lambda: draws.uniform(0.02, 0.9), 0.1),
    }
    pseudo_count = draws.often(0.0, lambda: draws.log_uniform(0.1, 20.0))
    parts["model"] = {"kind": "count_table", "pseudo_count": pseudo_count}
    return Scenario.model_validate(parts)


def network_scenario(name: str, index: int) -> Scenario:
    """Scenario `index` of the set `development` or `test` for the trained network, at share 0."""
    draws = _Draws(name, index)
    parts = _facts(draws)
    budget, passes = draws.whole(5_000, 100_000), draws.log_uniform(2.0, 40.0)
    while budget * passes > LARGEST_TRAINING:
        budget, passes = draws.whole(5_000, 100_000), draws.log_uniform(2.0, 40.0)
    parts["mixture"]["budget"] = budget
    parts["model"] = {
        "kind": "mlp",
        "passes": passes,
        "width": draws.whole(16, 128),
        "embedding": draws.whole(16, 64),
        "depth": draws.one_of(1, 1, 2),
        "batch_size": draws.one_of(128, 256, 512, 1024),
        "learning_rate": draws.log_uniform(0.003, 0.02),
    }
    return Scenario.model_validate(parts)


def _facts(draws: _Draws) -> dict[str, dict[str, Any]]:
    """World, source, filter and design of mixture."""
    answers = draws.whole(3, 50)
    return {
        "world": {
            "kind": "facts",
            "seed": int(draws.rng.integers(1, 2**31)),
            "n_contexts": draws.whole(100, 1500),
            "n_answers": answers,
            "n_categories": draws.often(answers, lambda: draws.whole(2, 60)),
            "zipf_exponent": draws.uniform(0.0, 1.2),
            "rare_mass": draws.uniform(0.1, 0.5),
            "exception_share": draws.uniform(0.1, 1.0),
            "noise": draws.often(0.0, lambda: draws.uniform(0.0, 0.3), 0.1),
        },
        "source": {
            "kind": "consensus",
            "coverage": draws.often(1.0, lambda: draws.uniform(0.3, 1.0)),
            "tempering": draws.often(1.0, lambda: draws.uniform(0.3, 1.3)),
            "templates": draws.often(0, lambda: draws.whole(50, 20_000)),
            "polish": draws.often(1.0, lambda: draws.uniform(0.0, 1.0)),
            "fidelity": draws.often(0.0, lambda: draws.uniform(0.0, 0.6)),
            "contamination": draws.often(0.0, lambda: draws.uniform(0.0, 0.3)),
            "detectability": draws.often(0.0, lambda: draws.uniform(0.0, 1.0)),
        },
        "filter": {
            "strictness": draws.often(0.0, lambda: draws.uniform(0.0, 1.0)),
            "detection": draws.uniform(0.0, 1.0),
            "severity": draws.uniform(0.0, 1.0),
            "scope": draws.one_of("both", "synthetic"),
        },
        "mixture": {
            "design": draws.one_of(*["replace"] * 5, "accumulate", "real_only"),
        },
    }


def study_of(name: str, index: int, replicates: int) -> Study:
    """The study that trains scenario `index` of a set: all shares, or its own for a count table."""
    scenario = table_scenario(index) if name == "counts_exact" else network_scenario(name, index)
    shares = (scenario.mixture.share,) if name == "counts_exact" else SHARES
    return Study(
        name=f"{name}-{index:03d}",
        seed=SEEDS[name] * 10_000 + index,
        replicates=replicates,
        scenario=scenario,
        axes=(Axis(path="mixture.share", values=shares),),
    )
