"""Numbers of analyses: paired intervals against the t interval, open sides, grades."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from smcollapse.inference import Curves, InferenceError
from smcollapse.questions.ledgers.findings import Grade, Quantity
from smcollapse.questions.limitations.estimates import (
    all_of,
    any_of,
    deciding_first,
    grade_above,
    grade_below,
    grade_inside,
    mean_of,
    not_of,
    onset_shift,
    paired,
    paired_all,
    window_change,
)

SHARES = np.array([0.0, 0.2, 0.4, 0.6])
LABELS = tuple(range(8))


def table(values: np.ndarray) -> Curves:
    return Curves(SHARES, values, LABELS)


@pytest.fixture
def noisy() -> tuple[Curves, Curves]:
    """Two conditions with a large part of the noise in common; the second falls by 0.1 more."""
    rng = np.random.default_rng(4)
    common = rng.normal(0.9, 0.05, (8, 4))
    other = common + rng.normal(0.0, 0.002, (8, 4)) - np.array([0.0, 0.0, 0.05, 0.1])
    return table(common), table(other)


def test_a_linear_functional_has_the_t_interval(noisy: tuple[Curves, Curves]) -> None:
    first, second = noisy
    found = paired("d", noisy, lambda a, b: float(b[-1] - a[-1]), "points", draws=40_000, level=0.9)
    change = second.values[:, -1] - first.values[:, -1]
    half = t.ppf(0.95, 7) * change.std(ddof=1) / math.sqrt(8)
    assert found.value == pytest.approx(change.mean())
    # Monte-Carlo error of a 5 % quantile of 40 000 t draws: 0.012 of the half width
    assert found.lower == pytest.approx(change.mean() - half, abs=0.05 * half)
    assert found.upper == pytest.approx(change.mean() + half, abs=0.05 * half)


def test_pairing_removes_what_conditions_share(noisy: tuple[Curves, Curves]) -> None:
    """The control takes the replicates of one condition in another order."""
    first, second = noisy
    mixed = table(np.array(second.values)[::-1])

    def width(one: Curves) -> float:
        found = paired("d", [first, one], lambda a, b: float((b - a)[-1]), "points")
        assert found.upper is not None
        assert found.lower is not None
        return found.upper - found.lower

    assert width(second) < 0.2 * width(mixed)


def test_several_functionals_share_draws(noisy: tuple[Curves, Curves]) -> None:
    one, twice = paired_all(
        {"one": "points", "twice": "points"}, noisy[:1], lambda m: [m[:, -1], 2.0 * m[:, -1]]
    )
    assert (twice.lower, twice.upper) == (2.0 * one.lower, 2.0 * one.upper)  # type: ignore[operator]


def test_a_loss_that_may_not_be_reached_leaves_the_side_open(noisy: tuple[Curves, Curves]) -> None:
    found = paired("d", noisy[:1], lambda m: math.inf if m[-1] > 0.89 else float(m[-1]), "share")
    assert found.upper is None
    with pytest.raises(InferenceError, match="is not a number"):
        paired("d", noisy[:1], lambda m: math.nan, "share")


def test_conditions_need_the_same_replicates(noisy: tuple[Curves, Curves]) -> None:
    other = Curves(SHARES, noisy[0].values[:7], LABELS[:7])
    with pytest.raises(InferenceError, match="different replicates"):
        paired("d", [noisy[0], other], lambda a, b: 0.0, "points")


def test_a_number_without_spread_is_a_point() -> None:
    found = paired("d", [table(np.full((8, 4), 0.3))], lambda m: float(m[0]), "share")
    assert found.lower == found.upper == found.value


def test_window_change_and_mean() -> None:
    change = window_change(SHARES, (0.0, 0.2), (0.4, 0.6))
    assert change(np.array([1.0, 0.8, 0.5, 0.3])) == pytest.approx(-0.5)
    found = mean_of("m", np.array([1.0, 2.0, 3.0]), "number", note="how")
    half = t.ppf(0.975, 2) / math.sqrt(3)
    assert (found.value, found.note) == (2.0, "how")
    assert found.upper == pytest.approx(2.0 + half)


def test_an_onset_that_is_not_reached_makes_the_shift_at_least() -> None:
    rng = np.random.default_rng(1)
    falls = 1.0 - np.array([0.0, 0.0, 0.2, 0.4]) + rng.normal(0, 0.004, (8, 4))
    flat = 1.0 + rng.normal(0, 0.004, (8, 4))
    found = onset_shift("s", table(flat), table(falls))
    assert found.value == pytest.approx(0.6 - 0.3, abs=0.02)
    assert found.note.startswith("at least")
    assert (found.upper, found.lower) == (None, pytest.approx(0.29, abs=0.03))
    back = onset_shift("s", table(falls), table(flat))
    assert back.value == pytest.approx(0.3 - 0.6, abs=0.02)
    assert back.note.startswith("at most")
    assert (back.lower, back.upper) == (None, pytest.approx(-0.29, abs=0.03))
    neither = onset_shift("s", table(flat), table(flat))
    assert (neither.value, neither.lower, neither.upper) == (None, None, None)
    assert neither.note.startswith("unknown")
    assert onset_shift("s", table(falls), table(falls)).value == 0.0


def quantity(lower: float | None, upper: float | None) -> Quantity:
    return Quantity("q", 0.0, lower, upper, "points")


@pytest.mark.parametrize(
    ("lower", "upper", "above", "inside"),
    [
        (0.1, 0.2, "supported", "supported"),
        (-0.2, -0.1, "contradicted", "supported"),
        (-0.1, 0.4, "not shown", "not shown"),
        (0.4, None, "supported", "contradicted"),
        (None, -0.4, "contradicted", "contradicted"),
        (None, None, "not shown", "not shown"),
    ],
)
def test_grades_look_at_the_interval(
    lower: float | None, upper: float | None, above: Grade, inside: Grade
) -> None:
    one = quantity(lower, upper)
    assert grade_above(one, 0.0) == above
    assert grade_below(one, 0.0) == not_of(above)
    assert grade_inside(one, -0.3, 0.3) == inside


def test_what_decides_stands_first() -> None:
    parts = [quantity(-0.1, 0.1), quantity(0.1, 0.2), quantity(-0.2, -0.1), quantity(0.2, 0.3)]
    ordered, grade = deciding_first(parts, [grade_above(one, 0.0) for one in parts])
    assert grade == "contradicted"
    assert ordered == [parts[2], parts[0], parts[1], parts[3]]


def test_grades_of_several_parts() -> None:
    assert all_of(["supported", "supported"]) == "supported"
    assert all_of(["supported", "not shown"]) == "not shown"
    assert all_of(["not shown", "contradicted"]) == "contradicted"
    assert any_of(["contradicted", "supported"]) == "supported"
    assert any_of(["contradicted", "not shown"]) == "not shown"
    assert any_of(["contradicted", "contradicted"]) == "contradicted"
