"""Count theory against training in a few scenarios of the committed design.

A test run catches a broken theory by them; `make verify` compares hundreds.
"""

import math

import numpy as np
import pandas as pd
import pytest

from smcollapse.run import run_study
from smcollapse.study import Axis, Study
from smcollapse.study_file import load_study
from smcollapse.theories.counts import Counts
from smcollapse.theories.memorising import memorising_doubts
from tests.verification import counts_exact
from tests.verification.controls import FEWER, MEANS, Control
from tests.verification.design import SHARES, network_scenario, table_scenario

TABLES = range(16)
REPLICATES = 32
LARGEST_Z = 4.5

NETWORK_SHARES = (0.0, 0.3, 0.45, 0.6)
TOLERANCE = 0.02


@pytest.fixture(scope="module")
def tables() -> pd.DataFrame:
    """Means and standard errors of the first scenarios for the count table, and the theory's."""
    frames = []
    for index in TABLES:
        frame = counts_exact.means(counts_exact.tables(index, REPLICATES))
        said = counts_exact.predicted(table_scenario(index))
        frame["predicted"] = said[frame.measure].to_numpy()
        frames.append(frame.assign(scenario=index))
    return pd.concat(frames, ignore_index=True).dropna()


def _z(found: pd.DataFrame, said: pd.Series) -> pd.Series:
    return counts_exact.z_of(found.trained - said, found.se)


def test_the_count_table_differs_from_its_theory_by_chance_alone(tables: pd.DataFrame) -> None:
    assert tables.se.median() < 0.002
    z = _z(tables, tables.predicted)
    assert z.abs().max() < LARGEST_Z
    assert math.sqrt((z**2).mean()) < 1.4


@pytest.mark.parametrize("control", counts_exact.CONTROLS, ids=lambda control: control.name)
def test_a_wrong_theory_of_the_count_table_is_caught(
    tables: pd.DataFrame, control: Control
) -> None:
    worst = []
    for index, frame in tables.groupby("scenario"):
        scenario = table_scenario(int(str(index)))
        if control.concerns(scenario):
            said = counts_exact.predicted(control.wrong(scenario))[frame.measure]
            worst.append(_z(frame, said.to_numpy()).abs().max())
    assert worst
    assert max(worst) > LARGEST_Z


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Rare recall, confidence and ECE of the reference scenario of the atlas, trained."""
    study = Study(
        name="networks",
        replicates=6,
        scenario=load_study("atlas").scenario,
        axes=(Axis(path="mixture.share", values=NETWORK_SHARES),),
    )
    folder = tmp_path_factory.mktemp("networks") / "reference"
    return run_study(study, folder, device="cpu", workers=1).store.table()


@pytest.mark.slow
@pytest.mark.parametrize("measure", ["rare_recall", "mean_confidence", "ece"])
def test_networks_are_predicted_within_a_fiftieth(networks: pd.DataFrame, measure: str) -> None:
    found = networks.groupby("share")[measure].agg(["mean", "sem"])
    assert len(found) == len(NETWORK_SHARES)
    assert found["sem"].max() < TOLERANCE / 2
    said = Counts().curve(load_study("atlas").scenario, NETWORK_SHARES).measures[measure]
    assert np.abs(found["mean"] - said).max() < TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize("control", [FEWER, MEANS], ids=lambda control: control.name)
def test_a_wrong_theory_of_networks_is_caught(networks: pd.DataFrame, control: Control) -> None:
    wrong = control.wrong(load_study("atlas").scenario)
    said = Counts().curve(wrong, NETWORK_SHARES).measures["rare_recall"]
    found = networks.groupby("share").rare_recall.mean()
    assert np.abs(found - said).max() > TOLERANCE


def test_the_theory_doubts_short_trainings_and_no_reference() -> None:
    shares = np.array(SHARES)
    reference = load_study("atlas").scenario
    assert memorising_doubts(reference, shares) == ()
    short = reference.model_copy(update={"model": reference.model.model_copy(update={"passes": 2})})
    assert any("too short" in doubt for doubt in memorising_doubts(short, shares))


def test_scenarios_of_the_design_stay_the_same() -> None:
    """Their numbers are in VERIFICATION.md: a change of the design is a new design."""
    drawn = [network_scenario("test", 0), network_scenario("development", 0), table_scenario(0)]
    assert [scenario.world.n_contexts for scenario in drawn] == [343, 293, 136]
