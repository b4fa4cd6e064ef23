"""The law of labels against the rows that worlds, sources and filters really make."""

import math

import numpy as np
import pytest

from smcollapse.filters import survivors
from smcollapse.laws import facts_law, real_labels, synthetic_labels, synthetic_law
from smcollapse.scenario import Scenario
from smcollapse.settings import FactsWorld, Filter
from smcollapse.sources import fit
from smcollapse.streams import stream
from smcollapse.worlds import Rows, world_of

ROWS = 400_000
WORLD = {
    "kind": "facts",
    "n_contexts": 30,
    "n_answers": 5,
    "rare_mass": 0.5,
    "exception_share": 0.5,
}


def _found(rows: Rows, kept: np.ndarray, n_contexts: int) -> np.ndarray:
    """(K, 3) share of the rows that stand at k, say truth, rival or something else, and survive."""
    law = facts_law(FactsWorld(**WORLD))
    rival = np.where(law.exception, law.consensus, (law.truth + 1) % law.n_answers)
    kind = np.where(rows.label == rows.truth, 0, np.where(rows.label == rival[rows.context], 1, 2))
    cells = np.bincount(3 * rows.context[kept] + kind[kept], minlength=3 * n_contexts)
    return cells.reshape(n_contexts, 3) / len(rows)


@pytest.mark.parametrize("role", ["real", "synthetic"])
@pytest.mark.parametrize("strictness", [0.0, 0.8])
def test_frequencies_of_surviving_labels_follow_the_law(role: str, strictness: float) -> None:
    scenario = Scenario.model_validate(
        {
            "world": WORLD | {"noise": 0.3},
            "source": {
                "tempering": 0.5,
                "polish": 0.4,
                "fidelity": 0.3,
                "contamination": 0.2,
                "coverage": 0.8,
            },
            "filter": {"strictness": strictness},
            "mixture": {"share": 0.3, "budget": 1000},
        }
    )
    world = world_of(scenario.world)
    law = facts_law(scenario.world)
    if role == "real":
        rows = world.real(3, 0, ROWS)
        labels = real_labels(law, scenario.filter)
    else:
        rows = fit(scenario.source, world, 3, 0).sample(ROWS)
        synthetic = synthetic_law(law.frequency, scenario.source)
        labels = synthetic_labels(law, synthetic, scenario.filter)
    draws = stream(3, 0, "test of labels").uniforms(ROWS)
    kept = survivors(scenario.filter, rows, draws)
    expected = labels.passed * np.array([1, 1, law.n_answers - 2])
    error = (_found(rows, kept, law.n_contexts) - expected) / np.sqrt(
        np.maximum(expected, 1.0 / ROWS) / ROWS
    )
    assert np.abs(error).max() < 4.5
    # 90 squared z-scores: their mean is 1 with a standard error of about .15.
    assert abs((error**2).mean() - 1.0) < 0.6
    # A law without the filter or the noise would be caught.
    assert math.sqrt(expected.max() / ROWS) < 0.01 * expected.max()


def test_chances_of_all_answers_add_up() -> None:
    law = facts_law(FactsWorld(**WORLD))
    labels = real_labels(law, Filter())
    total = labels.chance @ np.array([1, 1, law.n_answers - 2])
    np.testing.assert_allclose(total, 1.0, rtol=1e-12)
