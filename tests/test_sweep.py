"""A sweep in a script: from a data frame to a summary, for every question."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smcollapse import Sweep
from smcollapse.errors import DataError


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    generator = np.random.default_rng(4)
    rows = [
        (share, seed, size, 0.9 - max(share - knot, 0.0) + generator.normal(0.0, 0.01))
        for size, knot in (("small", 0.2), ("large", 0.4))
        for seed in range(5)
        for share in np.round(np.arange(0.0, 0.61, 0.1), 2)
    ]
    return pd.DataFrame(rows, columns=["share", "seed", "size", "recall"])


def test_every_question_has_a_summary_a_frame_and_a_dictionary(frame: pd.DataFrame) -> None:
    sweep = Sweep.from_frame(frame, response="recall", by="size")
    for answer, word in (
        (sweep.onset(draws=99), "size small"),
        (sweep.effects(), "recall"),
        (sweep.attribute(), "size: small"),
        (sweep.specify(draws=99), "Onset:"),
        (sweep.plan(drop=0.3, shares=[9], replicates=[5]), "s.d."),
    ):
        assert word in answer.summary()
        assert str(answer) == answer.summary()
        assert len(answer.to_frame())
        assert answer.to_dict()


def test_a_frame_a_path_and_text_say_the_same(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    said = [
        Sweep.from_frame(data, response="recall", by=["size"]).onset(draws=99).to_dict()
        for data in (frame, path, str(path))
    ]
    assert said[0]["conditions"] == said[1]["conditions"] == said[2]["conditions"]


def test_the_only_measure_needs_no_name(frame: pd.DataFrame) -> None:
    one = frame[frame["size"] == "small"].drop(columns="size")
    assert Sweep.from_frame(one).columns.response == "recall"
    with pytest.raises(DataError, match=r"several columns may be the measure \(recall, f1\)"):
        Sweep.from_frame(one.assign(f1=one["recall"] ** 2))


def test_a_run_is_a_sweep(finished: Path) -> None:
    answer = Sweep.from_frame(finished).onset(draws=99)
    assert answer.report.response == "rare_recall"
    assert "Verdict" in answer.summary()
