"""Count tables whose calibration bins move in lumps: the theory against trained tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, norm, poisson

from smcollapse.kernels.label_draws import (
    binomial_quantile,
    fill_splits,
    fill_stratified,
    normal_quantile,
    poisson_quantile,
)
from smcollapse.theories import MEASURES, count_cells, counts
from smcollapse.theories.counts import Counts
from tests.kernels.agreement import needs_compiler
from tests.theories import test_counts
from tests.theories.test_counts import RESOLUTION, scenario, trained

pytestmark = needs_compiler

MANY_EMPTY = "many empty cells of few categories, not smoothed"
FEW_TEMPLATES = "a few templates with many copies each, not smoothed"
REPLICATES = 250
MORE_REPLICATES = {MANY_EMPTY: 1_200}

SCENARIOS: dict[str, dict[str, Any]] = {
    "few rows per category, strong smoothing": {
        "world": {
            "n_contexts": 160, "n_answers": 19, "n_categories": 19, "zipf_exponent": 1.16,
            "rare_mass": 0.14, "exception_share": 0.8, "noise": 0.04,
        },
        "source": {"coverage": 0.6, "fidelity": 0.1},
        "filter": {"strictness": 0.9, "detection": 0.05, "severity": 0.35},
        "mixture": {"share": 0.52, "budget": 2_000},
        "model": {"kind": "count_table", "pseudo_count": 5.7},
    },
    "templates make frequencies lumpy": {
        "world": {"n_contexts": 500, "n_answers": 6, "n_categories": 27, "noise": 0.25},
        "source": {"templates": 120, "coverage": 0.4, "contamination": 0.2},
        "mixture": {"share": 0.48, "budget": 8_000, "design": "accumulate"},
        "model": {"kind": "count_table", "pseudo_count": 13.0},
    },
    "seen styles share frequencies": {
        "world": {"n_contexts": 130, "n_answers": 13, "n_categories": 5, "noise": 0.2},
        "source": {"detectability": 0.7, "templates": 300},
        "mixture": {"share": 0.7, "budget": 4_000},
        "model": {"kind": "count_table", "pseudo_count": 2.0},
    },
    FEW_TEMPLATES: {
        "world": {
            "n_contexts": 280, "n_answers": 3, "zipf_exponent": 1.15, "rare_mass": 0.4,
            "exception_share": 0.67, "noise": 0.28, "test_size": 16_000,
        },
        "source": {
            "templates": 60, "coverage": 0.8, "tempering": 1.2, "fidelity": 0.55,
            "contamination": 0.25, "polish": 0.7,
        },
        "mixture": {"share": 0.65, "budget": 4_600, "design": "accumulate"},
    },
    "empty cells of categories with six rows each, not smoothed": {
        "world": {
            "n_contexts": 300, "n_answers": 38, "n_categories": 38, "zipf_exponent": 0.2,
            "rare_mass": 0.25, "exception_share": 0.35, "noise": 0.13,
        },
        "mixture": {"share": 0.88, "budget": 2_000, "design": "real_only"},
    },
    MANY_EMPTY: {
        "world": {
            "n_contexts": 1_300, "n_answers": 7, "n_categories": 7, "zipf_exponent": 0.02,
            "rare_mass": 0.1, "exception_share": 0.9, "noise": 0.26,
        },
        "mixture": {"share": 0.43, "budget": 4_000, "design": "real_only"},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def tables() -> dict[str, np.ndarray]:
    found = {}
    for name, parts in SCENARIOS.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(test_counts, "REPLICATES", MORE_REPLICATES.get(name, REPLICATES))
            found[name] = trained(scenario(parts))
    return found


def deviations(rows: np.ndarray, parts: dict[str, Any], theory: Counts | None = None) -> np.ndarray:
    found = (theory or Counts()).predict(scenario(parts)).measures
    predicted = np.array([found[name] for name in MEASURES])
    se = rows.std(axis=0, ddof=1) / len(rows) ** 0.5
    coarse = np.where(np.array(MEASURES) == "exception_recall", 7e-3, 3e-3)
    assert (se < coarse).all(), "the test cannot resolve this"
    resolution = RESOLUTION if "templates" not in parts.get("source", {}) else 1e-3
    return np.asarray((rows.mean(axis=0) - predicted) / np.hypot(se, resolution))


@pytest.mark.parametrize("name", SCENARIOS)
def test_trained_tables_are_predicted(tables: dict[str, np.ndarray], name: str) -> None:
    z = deviations(tables[name], SCENARIOS[name])
    assert (np.abs(z) < 4.0).all(), dict(zip(MEASURES, z.round(1), strict=True))


@pytest.mark.parametrize(
    ("name", "part", "setting", "wrong"),
    [
        ("few rows per category, strong smoothing", "model", "pseudo_count", 4.0),
        ("templates make frequencies lumpy", "source", "templates", 0),
        ("seen styles share frequencies", "source", "detectability", 0.6),
    ],
)
def test_a_wrong_theory_is_caught(
    tables: dict[str, np.ndarray], name: str, part: str, setting: str, wrong: float
) -> None:
    """Negative control: other smoothing, no templates, more hidden rows in the test cells."""
    parts = SCENARIOS[name]
    z = deviations(tables[name], parts | {part: parts[part] | {setting: wrong}})
    assert np.abs(z).max() > 6.0


def test_normal_gaps_of_few_templates_are_caught(
    tables: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: without the law of lumpy gaps the ECE alone is wrong."""
    monkeypatch.setattr(counts, "LUMPY", 0)
    name = FEW_TEMPLATES
    found = deviations(tables[name], SCENARIOS[name], Counts(sparse=1.0))
    z = dict(zip(MEASURES, found, strict=True))
    assert z["ece"] < -6.0
    assert abs(z["rare_recall"]) < 4.0


def test_fixed_confidence_of_empty_cells_is_caught(tables: dict[str, np.ndarray]) -> None:
    """Negative control: label frequencies at their means miss how cells spread over bins."""
    name = MANY_EMPTY
    found = deviations(tables[name], SCENARIOS[name], Counts(sparse=1.0))
    z = dict(zip(MEASURES, found, strict=True))
    assert z["ece"] > 5.0
    assert abs(z["rare_recall"]) < 4.0


@pytest.mark.parametrize("name", SCENARIOS)
def test_other_draws_hardly_change_a_prediction(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = scenario(SCENARIOS[name])
    found = []
    for seed in range(1, 6):
        monkeypatch.setattr(count_cells, "SEED", seed)
        found.append(Counts().predict(settings).measures)
    for measure in MEASURES:
        spread = np.std([values[measure] for values in found], ddof=1)
        recall = measure.endswith("recall")
        assert spread < (3e-3 if recall else 1.5e-3), (measure, spread)


def test_equal_settings_give_equal_predictions() -> None:
    settings = scenario(SCENARIOS["seen styles share frequencies"])
    first, second = (Counts().predict(settings).measures for _ in range(2))
    assert dict(first) == dict(second)


def test_vanishing_smoothing_is_no_smoothing_of_filled_cells() -> None:
    """κ → 0 only breaks ties: with two labels and an odd number of rows there are none."""
    world = {"n_contexts": 60, "n_answers": 2, "n_categories": 1, "noise": 0.2}
    parts = {"world": world, "mixture": {"share": 0.3, "budget": 30_000}}
    model = {"kind": "count_table", "pseudo_count": 1e-6}
    drawn = Counts().curve(scenario(parts | {"model": model}), [0.0, 0.3]).measures
    exact = Counts().curve(scenario(parts), [0.0, 0.3]).measures
    for name in ("head_recall", "mean_confidence", "brier"):
        np.testing.assert_allclose(drawn[name], exact[name], atol=1e-3, err_msg=name)


def test_strata_are_filled_evenly_and_in_random_order() -> None:
    strata = np.empty((400, 50))
    fill_stratified(np.array([3], dtype=np.uint64), strata)
    np.testing.assert_array_equal(np.sort((strata * 50).astype(int), axis=1), [range(50)] * 400)
    assert abs(np.corrcoef(strata[:, 0], strata[:, 1])[0, 1] + 1 / 49) < 4 / 400**0.5
    np.testing.assert_allclose(strata.mean(axis=0), 0.5, atol=4 * (1 / 12 / 400) ** 0.5)


def test_quantiles_are_those_of_scipy() -> None:
    u = (np.arange(4_000) + 0.5) / 4_000
    np.testing.assert_allclose([normal_quantile(x) for x in u], norm.ppf(u), atol=1e-6)
    for rate in (0.02, 3.0, 49.0):
        np.testing.assert_array_equal([poisson_quantile(x, rate) for x in u], poisson.ppf(u, rate))
    for rate in (60.0, 1e4):
        found = np.array([poisson_quantile(x, rate) for x in u])
        assert np.mean(found != poisson.ppf(u, rate)) < 0.02
    for size, p in ((3, 0.4), (40, 0.9), (5_000, 0.004), (7, 0.0), (7, 1.0), (0, 0.3)):
        found = np.array([binomial_quantile(x, float(size), p) for x in u])
        # Above one half it counts down.
        np.testing.assert_array_equal(np.sort(found), binom.ppf(u, size, p))
    found = np.array([binomial_quantile(x, 900.0, 0.3) for x in u])
    assert np.mean(found != binom.ppf(u, 900, 0.3)) < 0.02


@pytest.mark.parametrize("size", [0, 1, 9, 60, 3_000, 10**7])
@pytest.mark.parametrize("chance", [0.0, 0.03, 0.5, 0.9, 1.0])
def test_splits_have_the_binomial_moments(size: int, chance: float) -> None:
    values, weights = np.empty(256), np.empty(256)
    moments = []
    for jitter in (np.arange(40) + 0.5) / 40:
        n = fill_splits(float(size), chance, jitter, values, weights)
        x, w = values[:n] - size * chance, weights[:n]
        moments.append([w.sum(), w @ x, w @ x**2])
    whole, mean, square = np.mean(moments, axis=0)
    variance = size * chance * (1.0 - chance)
    assert whole == pytest.approx(1.0, abs=1e-5)
    assert abs(mean) < 3e-3 * variance**0.5 + 1e-12
    assert square == pytest.approx(variance, rel=5e-3, abs=1e-9)
