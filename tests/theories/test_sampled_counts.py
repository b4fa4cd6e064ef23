"""Count theory by drawn tables: against count theory, and against trained tables of counts."""

from __future__ import annotations

import numpy as np
import pytest

from smcollapse.scenario import Scenario
from smcollapse.simulate import simulate
from smcollapse.study import Study
from smcollapse.theories import CATALOG
from smcollapse.theories.sampled_counts import SampledCounts
from smcollapse.units import units_of

WORLD = {"kind": "facts", "n_contexts": 150, "noise": 0.1, "test_size": 4000}
SOURCE = {"polish": 1.0}
MODEL = {"kind": "count_table"}
SHARES = [0.0, 0.4, 0.5, 0.6]
REPLICATES = 24
BUDGET = 6000

MITIGATIONS = {
    "row weight": ({"kind": "weighting", "synthetic_weight": 0.35}, SOURCE),
    "mass weight": ({"kind": "weighting", "synthetic_weight": 0.45, "by": "mass"}, SOURCE),
    "tail weight": ({"kind": "tail_weight", "factor": 1.5}, SOURCE),
    "deduplication": ({"kind": "deduplication", "copies": 2}, {**SOURCE, "templates": 400}),
    "hidden, weighted": (
        {"kind": "weighting", "synthetic_weight": 0.4},
        {**SOURCE, "detectability": 0.3},
    ),
    "filtered, weighted": ({"kind": "tail_weight", "factor": 1.5}, SOURCE),
}


def scenario(mitigation: dict, source: dict, **parts: object) -> Scenario:
    return Scenario.model_validate(
        {
            "world": WORLD,
            "source": source,
            "mixture": {"budget": BUDGET},
            "model": MODEL,
            "mitigation": mitigation,
            **parts,
        }
    )


def trained(one: Scenario, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """Means and standard errors over replicates, (S,) each."""
    study = Study(
        name="x",
        replicates=REPLICATES,
        scenario=one,
        axes={"mixture": {"share": SHARES}},  # type: ignore[arg-type]
    )
    rows = [simulate(unit) for unit in units_of(study, "cpu")]
    values = np.array([frame.sort_values("share")[measure] for frame in _by_replicate(rows)])
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(REPLICATES)


def _by_replicate(frames: list) -> list:
    import pandas as pd

    return [rows for _, rows in pd.concat(frames).groupby("replicate")]


def test_without_a_mitigation_it_is_count_theory() -> None:
    one = scenario({"kind": "none"}, {**SOURCE, "templates": 300})
    drawn = SampledCounts(draws=200)._curve(one, np.array(SHARES)).measures
    summed = CATALOG["counts"].curve(one, SHARES).measures
    for name in ("rare_recall", "head_recall", "accuracy", "mean_confidence", "ece"):
        # s.e. of rare recall with 200 tables below .002; templates move whole contexts
        assert drawn[name] == pytest.approx(summed[name], abs=0.008), name
    assert summed["rare_recall"][0] - summed["rare_recall"][-1] > 0.1, "there is something to miss"


@pytest.mark.parametrize("name", MITIGATIONS)
def test_trained_tables_of_counts_agree(name: str) -> None:
    mitigation, source = MITIGATIONS[name]
    parts = {"filter": {"strictness": 0.4}} if name.startswith("filtered") else {}
    one = scenario(mitigation, source, **parts)
    curve = SampledCounts(draws=200).curve(one, SHARES).measures
    plain = (
        CATALOG["counts"]
        .curve(
            one.model_copy(update={"mitigation": scenario({"kind": "none"}, source).mitigation}),
            SHARES,
        )
        .measures
    )
    for measure in ("rare_recall", "mean_confidence", "accuracy"):
        mean, error = trained(one, measure)
        allowed = 4.5 * error + 0.004
        assert (error < 0.008).all(), "the comparison resolves nothing"
        assert (np.abs(mean - curve[measure]) < allowed).all(), (measure, mean, curve[measure])
        if measure == "rare_recall":
            # negative control: theory that does not know of the mitigation is found wrong
            assert (np.abs(mean - plain[measure]) > allowed).any()


def test_smoothing_moves_confidence_and_no_answer() -> None:
    smoothed = scenario(
        {"kind": "label_smoothing", "smoothing": 0.2}, SOURCE, model={"kind": "mlp"}
    )
    found = CATALOG["sampled counts"].curve(smoothed, SHARES).measures
    plain = CATALOG["counts"].curve(scenario({"kind": "none"}, SOURCE), SHARES).measures
    assert found["rare_recall"] == pytest.approx(plain["rare_recall"], abs=0.01)
    wanted = 0.8 * plain["mean_confidence"] + 0.2 / 20
    assert found["mean_confidence"] == pytest.approx(wanted, abs=0.003)


def test_consistency_makes_confidence_accuracy() -> None:
    one = scenario({"kind": "expectation_consistency", "holdout": 600}, SOURCE)
    found = CATALOG["sampled counts"].curve(one, [0.5]).measures
    plain = CATALOG["counts"].curve(scenario({"kind": "none"}, SOURCE), [0.5]).measures
    assert abs(found["confidence_gap"][0]) < 0.012  # accuracy of 600 rows: s.e. .015 / sqrt(16)
    assert plain["confidence_gap"][0] > 0.03


def test_what_a_temperature_rests_on_is_not_predicted() -> None:
    one = scenario({"kind": "temperature_scaling"}, SOURCE)
    found = CATALOG["sampled counts"].curve(one, [0.0, 0.5]).measures
    assert np.isnan(found["ece"]).all()
    assert np.isfinite(found["rare_recall"]).all()


@pytest.mark.parametrize("theory", ["counts", "population", "coverage"])
def test_theories_that_count_rows_say_that_they_do_not_weigh_them(theory: str) -> None:
    one = scenario({"kind": "weighting"}, SOURCE)
    assert CATALOG[theory].applies(one) == (
        "mitigation 'weighting' changes more than the scenario",
    )


def test_a_mitigation_that_changes_the_scenario_is_that_scenario() -> None:
    counts = CATALOG["counts"]
    floored = counts.curve(scenario({"kind": "real_floor", "floor": 0.6}, SOURCE), SHARES)
    capped = counts.curve(scenario({"kind": "none"}, SOURCE), [0.0, 0.4, 0.4, 0.4])
    assert floored.shares.tolist() == SHARES
    assert floored.measures["ece"] == pytest.approx(capped.measures["ece"])
    faithful = counts.curve(
        scenario({"kind": "faithful_generation", "fidelity": 0.5}, SOURCE), SHARES
    )
    source = {**SOURCE, "fidelity": 0.5}
    wanted = counts.curve(scenario({"kind": "none"}, source), SHARES)
    assert faithful.measures["rare_recall"] == pytest.approx(wanted.measures["rare_recall"])


def test_it_is_not_meant_for_scenarios_without_a_mitigation() -> None:
    plain = scenario({"kind": "none"}, SOURCE)
    assert not CATALOG["sampled counts"].meant_for(plain)
    assert "without drawing" in CATALOG["sampled counts"].applies(plain)[0]
