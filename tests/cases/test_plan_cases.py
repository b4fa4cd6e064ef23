"""`plan` on tables as people have them, and what more shares are worth."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from smcollapse.inference.onsets.planning import POSITIONS, SupposedNoise, knots_near, plan
from tests.cases.tables import kink, table
from tests.cli.test_predict import strict


def odd(kind: str) -> pd.DataFrame:
    """A table of which no noise can be taken."""
    frame = table(kink(0.4), name="rare_recall")
    generator = np.random.default_rng(0)
    if kind == "identical replicates":
        return table(kink(0.4), sd=0.0, name="rare_recall")
    if kind == "constant":
        return frame.assign(rare_recall=0.5)
    if kind == "one share":
        return frame[frame["share"] == 0.0]
    if kind == "a share per run":
        return frame.assign(share=generator.uniform(0.0, 1.0, len(frame)))
    if kind == "one row":
        return frame.iloc[:1]
    if kind == "text":
        return frame.assign(rare_recall="high")
    if kind == "nan":
        return frame.assign(rare_recall=frame["rare_recall"].where(frame.index != 4))
    if kind == "all nan":
        return frame.assign(rare_recall=np.nan)
    if kind == "two replicates":
        return frame[frame["replicate"] < 2]
    return frame.assign(rare_recall=1e300 * frame["rare_recall"])


@pytest.mark.parametrize(
    "kind",
    [
        *("identical replicates", "constant", "one share", "a share per run", "one row", "text"),
        *("nan", "all nan", "two replicates", "huge"),
    ],
)
def test_a_plan_takes_no_noise_where_there_is_none(
    smcollapse: Any, tmp_path: Path, kind: str
) -> None:
    odd(kind).to_csv(tmp_path / "odd.csv", index=False)
    said = smcollapse("plan", "--drop", "0.2", "--from", tmp_path / "odd.csv")
    assert said.code == 2
    assert said.err.startswith("error: odd.csv")
    assert said.err.count("\n") == 1


def test_a_plan_reads_a_table_by_its_columns(smcollapse: Any, tmp_path: Path) -> None:
    frame = table(kink(0.4), sd=0.02, replicates=10, replicate="chain")
    frame.assign(share=100.0 * frame["share"]).to_csv(tmp_path / "own.csv", index=False)
    ask = ("plan", "--from", tmp_path / "own.csv", "--response", "recall", "--replicate", "chain")
    fast = ("--shares", "13", "--replicates", "5", "--slope-before", "-0.1", "--drop", "0.2")
    said = smcollapse(*ask, *fast, "--json")
    assert said.code == 0, said.err
    found = strict(said.out)
    assert found["noise"]["sd"] == pytest.approx(0.02, rel=0.2)
    assert found["slope_before"] == -0.1
    assert found["slope_change"] == pytest.approx(-0.2 / 0.2 + 0.1)
    assert "from -0.1" in smcollapse(*ask, *fast).out.replace("\n", " ")


@pytest.mark.parametrize(
    ("noise", "settings"),
    [
        (SupposedNoise(0.02), {"knot": 0.4, "slope_change": -0.8}),
        (
            SupposedNoise(0.02, correlation=0.3, level_part=0.5),
            {"knot": 0.35, "slope_change": -0.6, "slope_before": -0.1},
        ),
        (SupposedNoise(0.015, corpus_sd=0.01), {"knot": 0.3, "slope_change": -0.8}),
    ],
)
def test_more_shares_have_no_less_power(noise: SupposedNoise, settings: Any) -> None:
    """Beyond Monte-Carlo error: 995 data sets a power, in which draws of a place are common."""
    counts = (9, 13, 17, 25, 33)
    found = plan(noise, shares=counts, replicates=(5, 10), **settings)
    draws = 199 * len(POSITIONS)
    for replicates in (5, 10):
        row = [design for design in found.designs if design.replicates == replicates]
        assert [design.shares for design in row] == list(counts)
        powers = [design.power for design in row]
        for fewer, more in pairwise(powers):
            error = np.sqrt((fewer * (1 - fewer) + more * (1 - more)) / draws)
            assert more > fewer - 2.0 * error
        assert powers[-1] > powers[0]
        errors = [design.knot_se for design in row]
        assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("count", [9, 13, 17, 25])
@pytest.mark.parametrize("knot", [0.3, 0.4, 0.41])
def test_knots_lie_at_the_same_places_of_a_gap(count: int, knot: float) -> None:
    shares = np.linspace(0.0, 0.6, count)
    gap = shares[1]
    found = knots_near(knot, shares)
    assert [place / gap % 1.0 for place in found] == pytest.approx(list(POSITIONS))
    assert max(abs(place - knot) for place in found) <= gap / 2 + 1e-12


def test_a_knot_at_the_edge_stays_between_the_shares() -> None:
    found = knots_near(0.59, np.linspace(0.0, 0.6, 13))
    assert all(0.0 < place < 0.6 for place in found)
