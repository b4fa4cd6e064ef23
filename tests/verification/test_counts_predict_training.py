"""The trained network against count theory, on the same exceptions, nothing fitted."""

import numpy as np
import pytest
from tests.verification.count_theory import rare_recall

from smcollapse.laws import facts_law
from smcollapse.settings import FactsWorld
from smcollapse.simulate import simulate
from smcollapse.study_file import load_study
from smcollapse.units import units_of

REPLICATES = 6
TOLERANCE = 0.02


@pytest.fixture(scope="module")
def trained() -> dict[float, tuple[float, float]]:
    """Mean rare recall and its standard error by share, reference scenario of the atlas."""
    study = load_study("atlas", replicates=REPLICATES).model_copy(update={"variants": ()})
    rows = [row for unit in units_of(study, "cpu") for row in simulate(unit).itertuples()]
    by_share: dict[float, list[float]] = {}
    for row in rows:
        by_share.setdefault(row.share, []).append(row.rare_recall)
    return {
        share: (float(np.mean(values)), float(np.std(values, ddof=1) / len(values) ** 0.5))
        for share, values in by_share.items()
    }


def test_rare_recall_is_predicted_within_a_fiftieth_at_every_share(
    trained: dict[float, tuple[float, float]],
) -> None:
    law = facts_law(FactsWorld())
    assert len(trained) == 13
    for share, (mean, se) in trained.items():
        assert se < TOLERANCE / 2
        assert abs(mean - rare_recall(law, law.frequency, share, 60_000)) <= TOLERANCE, share


def test_a_wrong_theory_is_caught(trained: dict[float, tuple[float, float]]) -> None:
    """Negative controls: a term that is wrong by little misses the same tolerance."""
    law = facts_law(FactsWorld())
    flat = law.frequency**0.7 / (law.frequency**0.7).sum()
    for wrong in (
        lambda share: rare_recall(law, flat, share, 60_000),
        lambda share: rare_recall(law, law.frequency, share, 60_000, fidelity=0.1),
        lambda share: rare_recall(law, law.frequency, share, 40_000),
    ):
        assert max(abs(mean - wrong(share)) for share, (mean, _) in trained.items()) > TOLERANCE
