"""Proportional theory: published numbers of its notes, limits, and trained logistic regression."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import poisson
from scipy.stats import t as student

from smcollapse.errors import TheoryError
from smcollapse.scenario import Scenario
from smcollapse.theories import MEASURES, state_evolution
from smcollapse.theories.calibration_slope import calibration_slope
from smcollapse.theories.margins import Margins, measures
from smcollapse.theories.proportional import Proportional
from smcollapse.theories.signed_clusters import SignedClusters, multiplicities, row_scales
from smcollapse.theories.state_evolution import fixed_point
from tests.verification.proportional import compared, controls, scenarios, trained

THEORY = Proportional()
SHARES = np.linspace(0.0, 0.6, 7)


def scenario(**changes: dict[str, Any]) -> Scenario:
    parts: dict[str, dict[str, Any]] = {
        "world": {"kind": "clusters", "dimension": 200, "n_contexts": 4, "rare_mass": 0.3},
        "mixture": {"share": 0.4, "budget": 600},
        "model": {"kind": "logistic", "ridge": 0.1},
    }
    parts |= {part: parts.get(part, {}) | values for part, values in changes.items()}
    return Scenario(**parts)


def two_means(
    share: float, rows: float, noise: float, made_variance: float
) -> tuple[float, float, float]:
    """Rare recall, mean confidence and ECE: orthogonal means 2 and 2.5, a tenth of rare rows.

    Synthetic rows are clean and cover the head alone.
    """
    real = rows * (1.0 - share) * np.array([[0.9], [0.1]]) * np.array([1.0 - noise, noise])
    made = rows * share * np.array([[1.0, 0.0], [0.0, 0.0]])
    point = fixed_point(
        SignedClusters(
            weight=np.stack([real, made]),
            deviation=np.array([1.0, made_variance**0.5]),
            multiplicity=np.ones(2),
            rule=np.array([2.0, 0.0]),
            context=np.array([0.0, 2.5]),
            ridge=0.1,
        )
    )
    assert point is not None
    margins = Margins(
        point.margin, np.array([0.9, 0.1]), np.array([point.norm]), np.ones(1), noise, 10**12
    )
    rare = np.array([False, True])
    found = measures(margins, rare, rare)
    return found["rare_recall"], found["mean_confidence"], found["ece"]


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, (0.744, 0.795, 0.048)), (0.4, (0.691, 0.858, 0.090)), (0.6, (0.660, 0.883, 0.119))],
)
def test_noisy_labels_inflate_confidence_and_ece(
    share: float, expected: tuple[float, float, float]
) -> None:
    """The numbers of the theory notes, section 3, which training reproduced."""
    assert two_means(share, 10.0, 0.15, 0.1) == pytest.approx(expected, abs=1e-3)


def test_clean_labels_let_the_ece_fall_while_confidence_rises() -> None:
    before, after = (two_means(share, 2.0, 0.0, 0.25) for share in (0.0, 0.6))
    assert before[2] == pytest.approx(0.0477, abs=2e-4)
    assert after[2] == pytest.approx(0.0425, abs=2e-4)
    assert after[1] > before[1]
    assert after[0] < before[0]


def test_curve_and_prediction_agree_and_hold_every_measure() -> None:
    curve = THEORY.curve(scenario(), SHARES)
    one = THEORY.predict(scenario())
    assert set(curve.measures) == set(one.measures) == set(MEASURES)
    for name, column in curve.measures.items():
        assert column.shape == SHARES.shape
        assert one.measures[name] == pytest.approx(column[4], abs=1e-6)
    assert curve.flip == pytest.approx(one.flip, abs=5e-3, nan_ok=True)


def test_margins_change_sign_at_the_flips() -> None:
    found = scenario(
        world={"rule_strength": 1.0, "context_strength": 2.0}, mixture={"budget": 4000}
    )
    curve = THEORY.curve(found, SHARES)
    assert 0.0 < curve.flip < 1.0
    around = THEORY.curve(found, [curve.flip - 0.02, curve.flip + 0.02])
    below, above = around.measures["exception_recall"]
    assert below > 0.5 > above


def test_what_was_not_solved_is_not_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_evolution, "_MAX_STEPS", 0)
    curve = THEORY.curve(scenario(), [0.1, 0.2])
    assert all(np.isnan(column).all() for column in curve.measures.values())
    assert "0.1, 0.2" in curve.notes[0]


def test_no_number_of_rows_is_no_number() -> None:
    curve = THEORY.curve(scenario(mixture={"design": "accumulate"}), [0.5, 1.0])
    assert np.isfinite(curve.measures["accuracy"][0])
    assert np.isnan(curve.measures["accuracy"][1])


def test_unsigned_cue_is_a_world_without_context_cues() -> None:
    unsigned = THEORY.predict(scenario(world={"convention": "unsigned_cue"})).measures
    without = THEORY.predict(scenario(world={"context_strength": 1e-9})).measures
    assert unsigned["rare_recall"] == pytest.approx(without["rare_recall"], abs=1e-6)
    assert unsigned["ece"] == pytest.approx(without["ece"], abs=1e-6)


def test_other_worlds_and_models_are_refused() -> None:
    with pytest.raises(TheoryError, match="logistic"):
        THEORY.curve(Scenario(world={"kind": "clusters"}, mixture={"budget": 100}), [0.1])
    with pytest.raises(TheoryError, match="clusters"):
        THEORY.curve(Scenario(mixture={"budget": 100}), [0.1])


@pytest.mark.parametrize("tail_heaviness", [0.01, 0.2, 0.4])
def test_scales_make_a_student_t_of_unit_variance(tail_heaviness: float) -> None:
    scale, chance = row_scales(tail_heaviness, 15)
    assert chance.sum() == pytest.approx(1.0)
    dof = 1.0 / tail_heaviness
    unit = np.sqrt((dof - 2.0) / dof)
    for x in (0.3, 1.0, 3.0):
        mixed = float(chance @ ndtr(x / scale))
        assert mixed == pytest.approx(student.cdf(x / unit, dof), abs=1e-4)


@pytest.mark.parametrize("rate", [0.3, 2.0, 40.0, 300.0, 5000.0])
def test_multiplicities_keep_the_numbers_of_rows(rate: float) -> None:
    r, chance = multiplicities(np.array([rate]))
    assert r @ chance[:, 0] == pytest.approx(rate, rel=1e-6)
    assert chance.sum() == pytest.approx(1.0 - np.exp(-rate), rel=1e-6)
    if rate <= 2.0:
        np.testing.assert_allclose(chance[:3, 0], poisson.pmf(r[:3], rate), rtol=1e-6)


@pytest.mark.parametrize(("number", "least"), [(3, 10), (6, 16), (20, 12)])
def test_training_is_predicted(number: int, least: int, tmp_path: Path) -> None:
    found = scenarios(number + 1, dimension=120)[number]
    row = compared(found, trained(found, tmp_path, first=least, most=least))
    for name in ("rare_recall", "mean_confidence", "ece"):
        assert row[f"{name}_se"] < 0.015
        assert abs(row[f"{name}_error"]) < 0.005 + 3.0 * row[f"{name}_se"], name


def test_a_missing_term_is_caught(tmp_path: Path) -> None:
    table = controls(tmp_path, replicates=6).set_index("left_out")
    assert (table.mean_confidence_se < 0.004).all()
    errors = table.mean_confidence_error.abs()
    assert errors["none"] < 0.01
    assert (errors.drop("none") > 0.015).all()


def test_doubts_name_what_is_small_or_close_to_separability() -> None:
    assert THEORY.doubts(scenario(), SHARES) == ()
    small = scenario(world={"dimension": 60}, source={"templates": 5})
    assert [doubt.split()[0] for doubt in THEORY.doubts(small, SHARES)] == ["60", "5"]
    weak = scenario(mixture={"budget": 800}, model={"ridge": 1e-6})
    assert any("separability" in doubt for doubt in THEORY.doubts(weak, SHARES))


def test_the_sign_of_the_calibration_slope_changes_at_separability() -> None:
    def slope(budget: int, ridge: float = 1e-4) -> tuple[float, float]:
        found = calibration_slope(
            scenario(
                world={"rule_strength": 1.2, "context_strength": 1.5},
                source={"polish": 0.8},
                mixture={"share": 0.0, "budget": budget},
                model={"ridge": ridge},
            )
        )
        assert found.gap == pytest.approx(found.norm + found.alignment - found.accuracy)
        return found.load, found.ece

    load, ece = slope(400)
    assert load < 1.0
    assert ece < 0.0
    load, ece = slope(1600)
    assert load > 1.0
    assert ece > 0.0
    assert slope(400, ridge=1.0)[1] < 0.0
