"""`smcollapse calibrate`."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smcollapse.study_file import load_study
from smcollapse.theories import CATALOG, MEASURES, Curve, Theory

FIXED = (
    "world.n_contexts=100",
    "mixture.budget=10000",
    "world.n_answers=10",
    "world.zipf_exponent=0.8",
    "world.rare_mass=0.3",
    "source.coverage=1.0",
    "source.tempering=1.0",
    "source.detectability=0.0",
    "source.contamination=0.0",
    "filter.strictness=0.0",
)


class Quick(Theory):
    """Confidence rises with the noise, and so does the calibration error."""

    name = "quick"
    title = "quick"
    source = "none"
    assumptions = ()
    domain = "none"

    def _applies(self, scenario):
        return ()

    def _curve(self, scenario, shares):
        fall = scenario.world.exception_share / (1.0 + np.exp((0.4 - shares) / 0.05))
        found = {name: np.zeros_like(shares) for name in MEASURES}
        found["rare_recall"] = 1.0 - fall
        found["mean_confidence"] = 0.5 + scenario.world.noise * shares
        found["ece"] = 0.01 + scenario.world.noise * shares
        return Curve(shares, found, np.full(3, np.nan), math.nan)


@pytest.fixture
def search(smcollapse, monkeypatch, tmp_path):
    monkeypatch.setitem(CATALOG, "counts", Quick())
    fixed = [word for setting in FIXED for word in ("--fix", setting)]

    def run(*arguments):
        common = ("--points", 100, "--workers", 1, "--out", tmp_path / "figures")
        return smcollapse("calibrate", *common, *fixed, *arguments)

    return run


def test_one_target_is_met_saved_and_drawn(search, tmp_path: Path):
    saved, csv = tmp_path / "world.toml", tmp_path / "worlds.csv"
    said = search(
        "--reading", "points", "--target", "ece=0.1", "--save", saved, "--csv", csv, "--json"
    )
    assert (said.code, said.err) == (0, "")
    (found,) = json.loads(said.out)["calibrations"]
    assert found["combinations"][0]["met"]
    study = load_study(str(saved))
    assert study.scenario.world.noise == pytest.approx(0.1 / 0.35, abs=0.005 / 0.35)
    assert study.scenario.world.n_contexts == 100
    rows = pd.read_csv(csv)
    assert set(rows.stage) == {"box", "descent", "walk"}
    assert (rows.worst_miss <= 1.0).sum() == found["n_inside"]
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {
        "counts-points.png",
        "counts-points.svg",
    }


def test_both_readings_of_the_claim_are_answered(search):
    """13 points of confidence exclude 7 of the error; 13 % of a level of 0.53 do not."""
    said = search()
    assert (said.code, said.err) == (0, "")
    points, relative = said.out.split("reading “relative”: which", 1)
    assert "No world was found that meets all targets" in points
    assert "Not met together: mean_confidence + ece" in points
    assert "All targets can be met together" in relative


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--target", "onset"), "write NAME=VALUE"),
        (("--target", "onset=a third"), "is not a number"),
        (("--target", "ece=0.1", "--target", "ece=0.2"), "given twice"),
        (("--target", "speed=3"), "no target 'speed'"),
        (("--fix", "world.kind=clusters"), "--fix"),
        (("--theory", "population"), "no calibration for theory 'population'"),
    ],
)
def test_bad_input_is_one_message(search, arguments, message):
    said = search(*arguments)
    assert said.code == 2
    assert message in said.err
    assert "Traceback" not in said.err
