"""Shape: change, turns, best shares; called where they are and rarely where they are not."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from smcollapse.inference import Curves, Onset, Shape, bracket, onset, shape_of
from smcollapse.inference import curves as curves_of
from tests.inference.sweeps import SHARES, kink, sweep

HUMP = 0.6 + 0.4 * np.minimum(SHARES, 0.2) - 0.3 * np.maximum(SHARES - 0.35, 0.0)
SHAPES = {
    "gain then loss": HUMP,
    "loss then gain": 1.2 - HUMP,
    "no change": np.full(13, 0.8),
}


def shape(curves: Curves, smallest: float = 0.01) -> Shape:
    """The shape alone, without what the onset says beside it."""
    found, better = (bracket(curves, 0.1, True, side, 0.95) for side in ("loss", "gain"))
    return shape_of(
        curves,
        found,
        better,
        smallest=smallest,
        relative=True,
        direction="loss",
        level=0.95,
    )


def answer(curves: Curves, **settings: object) -> Onset:
    return onset(curves, draws=99, thorough=False, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", SHAPES)
def test_shapes(kind: str) -> None:
    found = answer(sweep(SHAPES[kind], sd=0.008))
    assert found.verdict_kind == kind, found.verdict
    assert found.shape is not None
    if kind == "gain then loss":
        low, high = found.shape.best_set
        assert low <= 0.2 <= high or low <= 0.35 <= high
        assert (found.shape.gain, found.shape.harm) == ("shown", "excluded")
    if kind == "no change":
        assert "10 % is excluded at every tried share" in found.verdict
        assert (found.shape.harm, found.shape.gain) == ("excluded", "excluded")


def test_what_cannot_be_told_is_not_called_excluded() -> None:
    found = answer(sweep(np.full(13, 0.5), n=3, sd=0.12))
    assert found.shape is not None
    assert (found.shape.harm, found.shape.gain) == ("not shown", "not shown")


def test_harm_is_a_rise_of_an_error() -> None:
    error = sweep(0.1 + 0.4 * np.maximum(SHARES - 0.3, 0.0), sd=0.004)
    found = answer(error, direction="gain")
    assert found.shape is not None
    assert (found.shape.harm, found.shape.gain) == ("shown", "excluded")
    assert found.verdict.startswith(("rise", "break"))
    turned = answer(error, direction="loss")
    assert turned.shape is not None
    assert (turned.shape.harm, turned.shape.gain) == ("excluded", "shown")


def test_a_change_smaller_than_what_matters_is_no_headline() -> None:
    """Half a per cent lost, seen with great precision: shown only if one asks for it."""
    tiny = sweep(0.8 - 0.004 * (SHARES > 0.3), sd=0.0005)
    assert answer(tiny).verdict_kind == "no change"
    assert answer(tiny, smallest=0.001).verdict_kind != "no change"


def test_a_shown_decline_is_never_too_small_a_design() -> None:
    line = 0.9 - 0.5 * SHARES
    four = [0, 4, 8, 12]
    coarse = Curves(SHARES[four], sweep(line).values[:, four], tuple(range(10)))  # noqa: PD011 -- an array
    for curves in (sweep(line), coarse, sweep(line, n=2)):
        found = answer(curves)
        assert found.verdict_kind == "no break"
        assert found.verdict.startswith("decline")
        assert found.shape is not None
        assert found.shape.harm == "shown"
    assert any("pooled" in warning for warning in answer(sweep(line, n=2)).warnings)


def test_a_jump_is_no_kink() -> None:
    found = answer(sweep(np.where(SHARES > 0.31, 0.5, 0.8)))
    assert found.verdict_kind == "jump"
    assert "between 30" in found.verdict
    assert "35" in found.verdict


@pytest.mark.parametrize("truth", ["flat", "falling", "rising"])
def test_turns_are_rarely_called_where_there_are_none(truth: str) -> None:
    """Each turn at most .025, both .05; any change of a flat curve .05; 400 sets, s.e. .008, .011.

    Negative control: a hump of two standard deviations is called in most sets.
    """
    curve = {"flat": 0 * SHARES, "falling": -0.1 * SHARES, "rising": 0.1 * SHARES}[truth]
    kinds = [shape(sweep(0.8 + curve, seed, 6), 1e-9).kind for seed in range(400)]
    gain, loss = (kinds.count(kind) / 400 for kind in ("gain then loss", "loss then gain"))
    assert max(gain, loss) <= 0.025 + 3 * 0.008
    if truth == "flat":
        assert 1.0 - kinds.count("no change") / 400 <= 0.05 + 3 * 0.011
        hump = 0.8 - 4.0 * (SHARES - 0.3) ** 2 * 0.12
        called = [shape(sweep(hump, seed, 10)).kind for seed in range(40)]
        assert called.count("gain then loss") > 20


def test_the_set_of_best_shares_holds_the_best() -> None:
    """.95 nominal: 300 sets, s.e. .0126; and it is not everything."""
    hump = 0.8 - 1.5 * (SHARES - 0.3) ** 2
    found = [shape(sweep(hump, seed, 8)).best_set for seed in range(300)]
    assert np.mean([low <= 0.3 <= high for low, high in found]) > 0.95 - 3 * 0.0126
    assert np.mean([high - low for low, high in found]) < 0.45


def test_the_worst_replicate_stands_beside_the_mean() -> None:
    curves = sweep(kink())
    values = np.array(curves.values)
    values[7, -1] -= 0.4
    one = answer(Curves(SHARES, values, curves.replicates))
    assert one.worst is not None
    assert one.worst.replicate == 7
    assert one.worst.change < one.worst.mean_change - 0.3
    assert any("skewed" in warning for warning in one.warnings)
    assert not any("skewed" in warning for warning in answer(curves).warnings)


def test_words_of_a_verdict_name_the_direction_and_one_best_share_once() -> None:
    still = answer(sweep(np.full(13, 0.8)), direction="gain")
    assert "no change shown" in still.verdict
    assert "a rise of 10 % is excluded" in still.verdict
    peak = answer(sweep(0.6 + 0.3 * np.exp(-(((SHARES - 0.2) / 0.04) ** 2)), sd=0.005))
    assert peak.verdict == "gain then loss: best at 20\u00a0%"


def test_a_jump_within_a_bin_lies_between_the_bins_edges() -> None:
    missed = 0
    for seed in range(20):
        generator = np.random.default_rng(seed)
        shares = generator.uniform(0.0, 0.6, 200)
        values = np.where(shares > 0.33, 0.5, 0.8) + 0.03 * generator.standard_normal(200)
        rows = pd.DataFrame({"share": shares, "recall": values})
        found = answer(curves_of(rows, "recall", replicate=None, allow_missing=True))
        if found.verdict_kind == "jump":
            low, high = (float(end) for end in re.findall(r"([\d.]+)\s%", found.verdict))
            missed += not low <= 33.0 <= high
    assert missed == 0


@pytest.mark.parametrize(
    ("name", "n"), [("rounded", 4), ("twenty rows", 4), ("ten rows", 4), ("ten rows", 5)]
)
def test_ties_of_rounded_values_are_no_change(name: str, n: int) -> None:
    rows = {"twenty rows": (20, 0.98), "ten rows": (10, 0.95)}
    called = 0
    for seed in range(60):
        generator = np.random.default_rng([seed, 5])
        if name == "rounded":
            values = np.round(0.8 + 0.01 * generator.standard_normal((n, 13)), 2)
        else:
            values = generator.binomial(*rows[name], (n, 13)) / rows[name][0]
        called += shape(Curves(SHARES, values, tuple(range(n)))).kind != "no change"
    assert called <= 4


def test_only_values_on_a_grid_have_a_resolution() -> None:
    values = np.random.default_rng(0).normal(0.8, 0.02, (4, 13))
    assert Curves(SHARES, values, (0, 1, 2, 3)).resolution == 0.0
    assert Curves(SHARES, np.round(values, 2), (0, 1, 2, 3)).resolution == pytest.approx(0.01)
    assert Curves(SHARES, np.round(values, 2) * 1e15, (0, 1, 2, 3)).resolution == pytest.approx(
        1e13
    )
