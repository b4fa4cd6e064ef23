"""The trained network against count theory, on the same exceptions, nothing fitted."""

import pytest

from smcollapse.laws import facts_law
from smcollapse.run import run_study
from smcollapse.settings import FactsWorld
from smcollapse.study_file import load_study
from tests.verification.count_theory import rare_recall

REPLICATES = 6
TOLERANCE = 0.02


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[float, tuple[float, float]]:
    """Mean rare recall and its standard error by share, reference scenario of the atlas."""
    study = load_study("atlas", replicates=REPLICATES).model_copy(update={"variants": ()})
    folder = tmp_path_factory.mktemp("verification") / "reference"
    table = run_study(study, folder, device="cpu", workers=1).store.table()
    found = table.groupby("share").rare_recall.agg(["mean", "sem"])
    return {float(row.Index): (row.mean, row.sem) for row in found.itertuples()}


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
        lambda share: rare_recall(law, law.frequency, share, 15_000),
    ):
        assert max(abs(mean - wrong(share)) for share, (mean, _) in trained.items()) > TOLERANCE
