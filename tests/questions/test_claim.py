"""The claim as data, and the words for how a measurement lies to it."""

import math

import pytest

from smcollapse.inference import Estimate, Interval
from smcollapse.questions.claim import effect_verdict, onset_verdict, published_claim


def estimate(lower: float, upper: float) -> Estimate:
    return Estimate("x", (lower + upper) / 2, 0.0, Interval(lower, upper, 0.95), "m", 10)


def test_the_published_numbers() -> None:
    claim = published_claim()
    assert claim.onset == (0.38, 0.42)
    assert {effect.measure: effect.change for effect in claim.effects} == {
        "rare_recall": -0.21,
        "mean_confidence": 0.13,
        "ece": 0.07,
    }
    # The windows leave the claimed onset out on both sides.
    assert claim.before[1] < claim.onset[0] <= claim.onset[1] < claim.after[0]
    readings = {effect.measure: effect.readings for effect in claim.effects}
    assert readings["rare_recall"] == ("points", "relative")
    assert readings["ece"] == ("points",)


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        ((0.30, 0.37), "contradicted: earlier"),
        ((0.43, 0.50), "contradicted: later"),
        ((0.39, 0.41), "agrees"),
        ((0.35, 0.45), "compatible, not decided"),
        ((0.41, math.inf), "compatible, not decided"),
        ((0.6, math.inf), "contradicted: later"),
    ],
)
def test_onset_verdicts(interval: tuple[float, float], words: str) -> None:
    assert onset_verdict((0.38, 0.42), estimate(*interval)) == words


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        ((-0.25, -0.20), "compatible"),
        ((-0.221, -0.213), "compatible"),  # -0.213 rounds to the claimed -0.21
        ((-0.221, -0.216), "contradicted: larger"),
        ((-0.10, -0.05), "contradicted: smaller"),
        ((-0.40, -0.30), "contradicted: larger"),
        ((0.01, 0.02), "contradicted: opposite sign"),
        ((-0.02, 0.02), "contradicted: no change shown"),
    ],
)
def test_effect_verdicts(interval: tuple[float, float], words: str) -> None:
    assert effect_verdict(-0.21, 0.005, estimate(*interval)) == words


def test_without_replicates_there_is_no_verdict() -> None:
    alone = Estimate("x", 0.4, math.nan, None, "m", 1)
    assert onset_verdict((0.38, 0.42), alone) == "no interval"
    assert effect_verdict(-0.21, 0.005, alone) == "no interval"
