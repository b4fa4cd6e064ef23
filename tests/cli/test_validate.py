"""`smcollapse validate`."""

import json

import pandas as pd


def test_a_run_is_validated_and_drawn(smcollapse, store, tmp_path):
    csv = tmp_path / "points.csv"
    said = smcollapse("validate", store.folder, "--theory", "counts", "--csv", csv)
    assert (said.code, said.err) == (0, "")
    for shown in ("rare_recall", "median |error|", "Tolerances", "counts"):
        assert shown in said.out
    names = {path.name for path in (store.folder / "validation").iterdir()}
    assert names == {"counts.png", "counts.svg", "agreement.png", "agreement.svg"}
    points = pd.read_csv(csv)
    assert set(points.condition) == {"reference", "real only"}
    # The folder is still a store, and its results are as they were.
    assert smcollapse("table", store.folder, "--json").code == 0


def test_json_has_points_and_verdicts(smcollapse, store):
    said = smcollapse("validate", store.folder, "--theory", "counts", "--json")
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    assert {"files", "summaries", "verdicts", "onsets", "points"} <= set(found)
    assert len(found["points"]) == 2 * 4 * 8


def test_what_cannot_be_validated_is_said(smcollapse, store, tmp_path):
    assert smcollapse("validate", tmp_path / "nothing").code == 2
    said = smcollapse("validate", store.folder, "--theory", "proportional")
    assert said.code == 2
    assert "does not apply" in said.err
    said = smcollapse("validate", store.folder, "--theory", "cuonts")
    assert said.code == 2
    assert "did you mean 'counts'" in said.err
