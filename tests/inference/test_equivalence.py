"""Equivalence: size at the margin, agreement with statsmodels, and what cannot be tested."""

import json
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from smcollapse.inference import Curves, Estimate, InferenceError, Interval, Replication, effect
from smcollapse.inference.effect_sizes.equivalence import equivalence

CHANGES = np.array([-0.14, -0.17, -0.15, -0.12, -0.16, -0.18, -0.13, -0.15, -0.14, -0.16])
SETS = 2000
ERROR = math.sqrt(0.05 * 0.95 / SETS)


def estimate_of(changes: np.ndarray, level: float = 0.95) -> Estimate:
    value, se, n = changes.mean(), stats.sem(changes), changes.size
    half = stats.t.ppf(0.5 + level / 2, n - 1) * se
    return Estimate("effect", value, se, Interval(value - half, value + half, level), "t", n)


def test_p_values_are_those_of_scipys_one_sided_tests() -> None:
    result = equivalence(CHANGES, -0.13, 0.05)
    lower = stats.ttest_1samp(CHANGES, -0.18, alternative="greater").pvalue
    upper = stats.ttest_1samp(CHANGES, -0.08, alternative="less").pvalue
    assert result.p_lower == pytest.approx(lower)
    assert result.p_upper == pytest.approx(upper)
    assert result.p_value == max(result.p_lower, result.p_upper)
    assert result.p_difference == pytest.approx(stats.ttest_1samp(CHANGES, -0.13).pvalue)
    expected = stats.ttest_1samp(CHANGES, 0.0).confidence_interval(0.90)
    assert (result.interval.lower, result.interval.upper) == pytest.approx(tuple(expected))
    assert result.interval.level == pytest.approx(0.90)
    assert result.freedom == 9.0


def test_an_estimate_gives_the_same_as_its_changes() -> None:
    values, estimate = (
        equivalence(CHANGES, -0.16, 0.02),
        equivalence(estimate_of(CHANGES), -0.16, 0.02),
    )
    for name in ("p_lower", "p_upper", "p_value", "p_difference", "freedom"):
        assert getattr(estimate, name) == pytest.approx(getattr(values, name))
    assert estimate.interval.lower == pytest.approx(values.interval.lower)
    assert estimate.verdict == values.verdict


def test_the_degrees_of_freedom_are_those_of_the_estimates_interval() -> None:
    """An effect with the variance of shared corpora has fewer than R-1."""
    half = float(stats.t.ppf(0.975, 4.2)) * 0.01
    few = Estimate("effect", -0.1, 0.01, Interval(-0.1 - half, -0.1 + half, 0.95), "", 10)
    assert equivalence(few, -0.1, 0.02).freedom == pytest.approx(4.2, rel=1e-5)
    skewed = Estimate("relative effect", -0.1, 0.01, Interval(-0.13, -0.08, 0.95), "", 10)
    assert equivalence(skewed, -0.1, 0.02).freedom == 9.0


def test_an_effect_of_curves_can_be_given() -> None:
    shares = np.linspace(0.0, 0.6, 7)
    values = np.where(shares > 0.35, 0.75, 0.9) + CHANGES[:, None] * (shares > 0.35)
    own = Replication(own_corpora=True)  # a step is not scatter that runs have in common
    curves = Curves(shares, values, tuple(range(10)), replication=own)
    found = effect(curves, (0.0, 0.3), (0.4, 0.6))
    result = equivalence(found.points, -0.30, 0.03)
    assert result.p_value == pytest.approx(equivalence(CHANGES - 0.15, -0.30, 0.03).p_value)
    assert equivalence(found.relative, -1 / 3, 0.05).equivalent


@pytest.mark.parametrize(
    ("claimed", "margin", "kind", "words"),
    [
        (-0.15, 0.02, "equal", "equal to the claim within ±0.02"),
        (-0.165, 0.03, "equal", "equal to the claim within ±0.03, though shown to differ"),
        (-0.20, 0.02, "differs", "differs from the claim"),
        (-0.15, 0.005, "neither", "neither shown"),
    ],
)
def test_verdicts(claimed: float, margin: float, kind: str, words: str) -> None:
    result = equivalence(CHANGES, claimed, margin)
    assert result.verdict_kind == kind
    assert result.verdict.startswith(words)
    inside = claimed - margin < result.interval.lower and result.interval.upper < claimed + margin
    assert result.equivalent == inside
    json.dumps(result.to_dict(), allow_nan=False)


def rates(true_effect: float, margin: float, n: int, factor: float = 1.0) -> tuple[float, float]:
    """How often "equal" is declared, and how often a non-significant difference would say so."""
    generator = np.random.default_rng(7)
    equal = insignificant = 0
    for _ in range(SETS):
        # the mean of re-splits varies more than their scatter shows: a part common to all
        common = math.sqrt((factor**2 - 1) / n) * generator.standard_normal()
        changes = true_effect + 0.02 * (generator.standard_normal(n) + common)
        result = equivalence(estimate_of(changes), 0.0, margin)
        equal += result.equivalent
        insignificant += not result.different
    return equal / SETS, insignificant / SETS


@pytest.mark.parametrize("n", [3, 10])
def test_size_at_the_margin(n: int) -> None:
    """Declared equal in at most 5 % where the effect is exactly the margin away; s.e. .0049.

    With 10 replicates and a margin of six standard errors the size must also be *near* .05.
    Negative control: "no significant difference" passes for agreement far more often.
    """
    at_margin, insignificant = rates(0.02, 0.02, n)
    assert at_margin < 0.05 + 4 * ERROR
    assert insignificant > 0.05 + 4 * ERROR
    wide = 6 * 0.02 / math.sqrt(10)
    if n == 10:
        assert rates(wide, wide, n)[0] == pytest.approx(0.05, abs=4 * ERROR)
        assert rates(0.0, wide, n)[0] > 0.95


def test_size_for_re_splits_needs_the_correction() -> None:
    """2 000 sets of 10 re-splits 90:10, whose mean has √(1 + 10/9) times the plain error.

    Negative control: without the correction the size is above .05.
    """
    replication, n = Replication("re-splits", 90, 10), 10
    factor = replication.spread_factor(n)
    generator, margin = np.random.default_rng(8), 0.06
    corrected = plain = 0
    for _ in range(SETS):
        common = math.sqrt((factor**2 - 1) / n) * generator.standard_normal()
        changes = margin + 0.02 * (generator.standard_normal(n) + common)
        corrected += equivalence(changes, 0.0, margin, replication=replication).equivalent
        plain += equivalence(changes, 0.0, margin).equivalent
    assert corrected / SETS < 0.05 + 4 * ERROR
    assert plain / SETS > 0.05 + 8 * ERROR


def test_size_for_a_relative_effect() -> None:
    """The delta-method error of effect().relative at the margin: at most 5 %; s.e. .0049."""
    shares, truth, margin = np.array([0.0, 0.5]), -0.2, 0.05
    generator, declared = np.random.default_rng(9), 0
    for _ in range(SETS):
        levels = 0.8 * np.array([1.0, 1.0 + truth + margin])
        values = levels + 0.03 * generator.standard_normal((10, 2))
        values += 0.05 * generator.standard_normal((10, 1))
        found = effect(Curves(shares, values, tuple(range(10))), (0.0, 0.1), (0.4, 0.6))
        declared += equivalence(found.relative, truth, margin).equivalent
    assert declared / SETS < 0.05 + 4 * ERROR
    assert declared / SETS > 0.02


def test_equal_changes_are_compared_exactly() -> None:
    assert equivalence(np.full(5, -0.15), -0.15, 0.01).verdict_kind == "equal"
    assert equivalence(np.full(5, -0.15), -0.30, 0.01).verdict_kind == "differs"
    edge = equivalence(np.zeros(5), 0.25, 0.25)
    assert edge.p_value == 0.5
    assert not edge.equivalent


BAD: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
    ((CHANGES, 0.0, 0.0), {}, "margin must be a positive"),
    ((CHANGES, 0.0, math.inf), {}, "margin must be a positive"),
    ((CHANGES, math.nan, 0.1), {}, "claimed must be a finite"),
    ((CHANGES, 0.0, 0.1), {"level": 0.4}, "between 0.5 and 1"),
    (([0.1], 0.0, 0.1), {}, "at least 2 replicates"),
    (([0.1, math.nan], 0.0, 0.1), {}, "finite numbers"),
    ((Estimate("effect", 0.1, math.nan, None, "", 1, "no band"), 0.0, 0.1), {}, "no band"),
    (
        (estimate_of(CHANGES), 0.0, 0.1),
        {"replication": Replication("re-splits", 9, 1)},
        "leave replication out",
    ),
]


@pytest.mark.parametrize(("arguments", "options", "message"), BAD)
def test_what_cannot_be_tested_is_refused(
    arguments: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InferenceError, match=message):
        equivalence(*arguments, **options)
