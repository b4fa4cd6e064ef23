"""The onset as a whole: verdicts in words, variants, bend, models, plan."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit

from smcollapse.inference import Curves, InferenceError, bend_width, model_shares, onset
from smcollapse.inference.onsets.planning import SupposedNoise, plan
from tests.inference.sweeps import OWN, SHARES, kink, sweep

VERDICTS = {
    "break": (kink(before=-0.1), 0.01, "break at "),
    "two breaks": (
        np.interp(SHARES, [0.0, 0.2, 0.35, 0.6], [0.9, 0.88, 0.6, 0.55]),
        0.01,
        "saturated: two breaks",
    ),
    "transition": (
        0.9 - 0.4 * expit((SHARES - 0.35) / 0.05),
        0.01,
        "smooth transition centred at 3",
    ),
    "no break": (0.9 - 0.5 * SHARES, 0.01, "decline, no break shown"),
    "no change": (np.full(13, 0.8), 0.02, "no change shown"),
    "jump": (np.where(SHARES > 0.31, 0.5, 0.8), 0.01, "decline by a jump"),
}


@pytest.mark.parametrize("kind", VERDICTS)
def test_verdicts(kind: str) -> None:
    truth, sd, words = VERDICTS[kind]
    found = onset(sweep(truth, seed=3, sd=sd), draws=299)
    assert found.verdict_kind == kind, found.verdict
    assert words in found.verdict or kind == "no change"


def test_no_noise_no_verdict_and_a_constant_is_refused() -> None:
    same = Curves(SHARES, np.tile(kink(), (3, 1)), (0, 1, 2))
    found = onset(same, draws=99)
    assert found.verdict_kind == "no noise"
    assert found.benchmark is not None
    assert found.benchmark.band is None
    with pytest.raises(InferenceError, match="constant"):
        onset(Curves(SHARES, np.full((3, 13), 0.4), (0, 1, 2)))
    with pytest.raises(InferenceError, match="at least 2"):
        onset(Curves(SHARES[:1], sweep(kink()).values[:, :1], tuple(range(10))))


def test_few_shares_give_what_they_can() -> None:
    few = Curves(SHARES[::3], sweep(kink()).values[:, ::3], tuple(range(10)), "x", OWN)
    found = onset(few, draws=99)
    assert found.benchmark is not None
    assert found.existence is None
    assert any("test for a break needs at least" in text for text in found.warnings)


def test_saturation_is_flagged() -> None:
    truth = np.interp(SHARES, [0.0, 0.2, 0.3, 0.6], [0.9, 0.9, 0.5, 0.5])
    found = onset(sweep(truth, sd=0.01), draws=299)
    assert found.variants is not None
    assert any("two breaks" in flag for flag in found.variants.flags)


def test_a_bend_has_its_width() -> None:
    """10-90 % width of a softplus of scale .05 is .22; a sharp kink is compatible with 0."""
    soft = 0.9 - np.logaddexp(0.0, (SHARES - 0.35) / 0.05) * 0.05
    wide, sharp = bend_width(sweep(soft, sd=0.008)), bend_width(sweep(kink(), sd=0.008))
    assert wide.band is not None
    assert sharp.band is not None
    assert 2 * math.log(9) * 0.05 in wide.band
    assert not wide.sharp_possible
    assert sharp.sharp_possible
    assert sharp.band.upper < 0.15


def test_models_share_the_kinks_benchmark() -> None:
    found = {model.model: model for model in model_shares(sweep(kink(), sd=0.01))}
    true = 0.4 + 0.07 / 1.05
    for name in ("kink", "model average"):
        assert true in found[name].band
    assert found["kink"].weight > 0.5
    assert found["kink"].band.width < 0.03


def test_a_rise_is_a_gain() -> None:
    rising = 0.05 + 0.5 * np.maximum(SHARES - 0.3, 0.0)
    found = onset(sweep(rising, sd=0.008), direction="gain", loss=0.05, relative=False, draws=199)
    assert found.benchmark is not None
    assert found.benchmark.band is not None
    assert 0.4 in found.benchmark.band


def test_a_plan_grows_with_replicates_and_takes_the_cheapest() -> None:
    found = plan(
        SupposedNoise(0.02), slope_before=-0.1, shares=(9, 13), replicates=(5, 10, 20), draws=199
    )
    power = {(one.shares, one.replicates): one.power for one in found.designs}
    assert power[13, 5] < power[13, 10] < power[13, 20]
    assert found.chosen is not None
    assert found.chosen.power >= 0.8
    cheaper = [one for one in found.designs if one.runs < found.chosen.runs]
    assert all(one.power < 0.8 for one in cheaper)


def test_shared_corpora_bound_a_plan() -> None:
    noise = SupposedNoise(0.02, corpus_sd=0.02)
    settings = {"slope_before": -0.1, "shares": (13,), "draws": 199}
    few = plan(noise, replicates=(40,), corpora=(2,), **settings).designs[0]
    own = plan(noise, replicates=(40,), corpora=(None,), **settings).designs[0]
    assert few.power < 0.5 * own.power
    assert few.knot_se > 1.5 * own.knot_se


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"slope_change": 0.0}, "other than 0"),
        ({"knot": 0.7}, "between the first and the last"),
        ({"shares": (5,)}, "at least 7 shares"),
        ({"replicates": (1,)}, "at least 2 replicates"),
        ({"corpora": (0,)}, "at least 1"),
    ],
)
def test_plans_that_are_none_are_refused(settings, words) -> None:
    with pytest.raises(InferenceError, match=words):
        plan(SupposedNoise(0.02), **settings)


def test_models_bear_a_last_share_that_rounding_moves() -> None:
    shares = np.linspace(0.064, 0.689, 13)
    assert shares[0] + (shares[-1] - shares[0]) > 0.689  # by a rounding error
    values = 0.9 - np.maximum(shares - 0.3, 0.0) + np.array([[-0.01], [0.01], [0.0]]) * shares
    found = model_shares(Curves(np.append(shares[:-1], 0.689), values, (0, 1, 2)))
    assert all(model.share is not None for model in found)
