"""A filter's trade-off: its law, the best strictness and its interval, the answer of a run."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.stats import t as student

from smcollapse.errors import StudyError
from smcollapse.filters import survivors
from smcollapse.inference import INDEPENDENT, Replication
from smcollapse.laws import breakdown_point, pass_rates
from smcollapse.questions.tradeoffs.optimum import optimum_of
from smcollapse.questions.tradeoffs.results import BALANCED, HEAD, RARE, TradeOff
from smcollapse.questions.tradeoffs.theory import law_of
from smcollapse.questions.tradeoffs.tradeoff import filter_tradeoff
from smcollapse.questions.tradeoffs.words import tradeoff_table
from smcollapse.report.style import style
from smcollapse.report.tradeoff import tradeoff_figure, tradeoff_rows
from smcollapse.run import run_study
from smcollapse.scenario import Scenario
from smcollapse.settings import Filter
from smcollapse.sources import fit
from smcollapse.store import Store
from smcollapse.streams import stream
from smcollapse.study import Study
from smcollapse.study_file import load_study, presets
from smcollapse.theories import CATALOG
from smcollapse.worlds import world_of

STRICTNESS = [0.0, 0.5, 0.8, 1.0]
BASE = {
    "name": "tiny-filter",
    "seed": 3,
    "replicates": 6,
    "scenario": {
        "world": {"kind": "facts", "n_contexts": 40, "n_answers": 5, "test_size": 2000},
        "source": {"polish": 1.0, "contamination": 0.4},
        "mixture": {"budget": 1000},
        "model": {"kind": "count_table"},
    },
    "axes": {"mixture": {"share": [0.2, 0.6]}, "filter": {"strictness": STRICTNESS}},
    "variants": [
        {"name": "synthetic alone", "set": [{"path": "filter.scope", "value": "synthetic"}]},
        {"name": "strong", "set": [{"path": "filter.strictness", "value": 0.75}]},
        {"name": "real only", "set": [{"path": "mixture.design", "value": "real_only"}]},
    ],
}
STUDY = Study.model_validate(BASE)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return run_study(STUDY, tmp_path_factory.mktemp("run") / "run", device="cpu", workers=1).store


@pytest.fixture(scope="module")
def answer(store: Store) -> TradeOff:
    return filter_tradeoff(store)


def test_breakdown_point_is_the_published_one_where_rates_do_not_depend_on_rarity() -> None:
    rng = np.random.default_rng(0)
    frequency = rng.dirichlet(np.ones(50))
    for good, bad in ((0.9, 0.3), (1.0, 1.0), (0.2, 0.7)):
        expected = 1.0 / (1.0 + bad / good)
        found = breakdown_point(np.full(50, good), np.full(50, bad), frequency)
        assert found == pytest.approx(expected, abs=1e-12)
    # a filter that spares wrong rows where they are rare breaks down elsewhere
    bad = np.where(frequency < np.median(frequency), 0.9, 0.1)
    uneven = breakdown_point(np.full(50, 0.9), bad, frequency)
    assert abs(uneven - 1.0 / (1.0 + bad.mean() / 0.9)) > 0.02


def test_at_the_breakdown_point_half_of_the_survivors_are_wrong() -> None:
    settings = Filter(strictness=0.7, severity=0.6)
    rates = pass_rates(settings, np.zeros(1))
    point = breakdown_point(rates.agrees, rates.contradicts)
    assert point == pytest.approx(1.0 / (1.0 + 1.0 - 0.7 * 0.9))
    for contamination, expected in ((point, 0.5), (0.9 * point, None)):
        scenario = _scenario(
            strictness=0.7, contamination=contamination, answers=2, exceptions=0.0, severity=0.6
        )
        law = law_of([scenario])
        assert law is not None
        assert law.breakdown_head[0] == pytest.approx(point)
        assert math.isnan(law.breakdown_exceptions[0])
        if expected is None:
            assert law.contamination[0] < 0.48
        else:
            assert law.contamination[0] == pytest.approx(expected, abs=1e-12)


def test_a_stricter_filter_takes_more_lies_on_the_head_and_fewer_on_exceptions() -> None:
    law = law_of([_scenario(strictness=s) for s in STRICTNESS])
    assert law is not None
    assert law.breakdown_head[0] == law.breakdown_exceptions[0] == pytest.approx(0.5)
    assert (np.diff(law.breakdown_head) > 0.05).all()
    assert (np.diff(law.breakdown_exceptions) < -0.05).all()
    assert (np.diff(law.contamination) < -0.05).all()


def test_contamination_left_is_that_of_drawn_rows() -> None:
    scenario = _scenario(strictness=0.8)
    world, n = world_of(scenario.world), 40_000
    rows = fit(scenario.source, world, 1, 0).sample(n)
    kept = survivors(scenario.filter, rows, stream(1, 0, "test").uniforms(np.arange(n)))
    invented = (rows.label != rows.consensus) & (rows.label != rows.truth)
    law, strict = law_of([scenario]), law_of([_scenario(strictness=0.6)])
    assert law is not None
    assert strict is not None
    drawn = float(invented[kept].mean())
    error = math.sqrt(drawn * (1.0 - drawn) / kept.sum())
    assert error < 0.004
    assert abs(drawn - law.contamination[0]) < 4.0 * error
    assert abs(drawn - strict.contamination[0]) > 4.0 * error


def _scenario(
    *,
    strictness: float,
    contamination: float = 0.4,
    answers: int = 5,
    exceptions: float = 0.3,
    severity: float = 0.5,
) -> Scenario:
    world = {"n_contexts": 40, "n_answers": answers, "exception_share": exceptions}
    return Scenario.model_validate(
        {
            "world": world,
            "source": {"polish": 1.0, "contamination": contamination},
            "mixture": {"budget": 1000},
            "filter": {"strictness": strictness, "severity": severity},
        }
    )


AXIS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def _values(truth: list[float], noise: float = 0.01, replicates: int = 8) -> np.ndarray:
    rng = np.random.default_rng(5)
    common = rng.normal(size=(replicates, 1))
    return np.array(truth) + noise * (common + rng.normal(size=(replicates, len(truth))))


def test_a_flat_objective_leaves_every_strictness_open() -> None:
    found = optimum_of(_values([0.9] * 6), AXIS, INDEPENDENT)
    assert found.interval is not None
    assert (found.interval.lower, found.interval.upper) == (0.0, 1.0)
    assert found.open_below
    assert found.open_above
    tied = optimum_of(np.ones((5, 6)), AXIS, INDEPENDENT)
    assert tied.kept == AXIS
    assert tied.strictness == 0.0


def test_a_peak_is_found_and_an_edge_is_called_one() -> None:
    peak = optimum_of(_values([0.5, 0.6, 0.7, 0.8, 0.7, 0.5]), AXIS, INDEPENDENT)
    assert (peak.strictness, peak.edge, peak.kept) == (0.6, "", (0.6,))
    assert not peak.open_below
    assert not peak.open_above
    rising = optimum_of(_values([0.5, 0.6, 0.7, 0.75, 0.8, 0.9]), AXIS, INDEPENDENT)
    assert (rising.strictness, rising.edge, rising.open_above) == (1.0, "strictest", True)
    falling = optimum_of(_values([0.9, 0.8, 0.7, 0.6, 0.5, 0.4]), AXIS, INDEPENDENT)
    assert (falling.strictness, falling.edge, falling.open_below) == (0.0, "no filter", True)
    alone = optimum_of(_values([0.5, 0.9, 0.5, 0.5, 0.5, 0.5])[:1], AXIS, INDEPENDENT)
    assert (alone.strictness, alone.interval) == (0.2, None)


def test_resplits_of_one_table_widen_the_interval() -> None:
    values = _values([0.880, 0.888, 0.892, 0.895, 0.892, 0.880], noise=0.002)
    apart = optimum_of(values, AXIS, INDEPENDENT)
    splits = optimum_of(values, AXIS, Replication("re-splits", 70, 30))
    assert apart.interval is not None
    assert splits.interval is not None
    assert splits.interval.width > apart.interval.width


def test_the_answer_is_that_of_the_paired_table(store: Store, answer: TradeOff) -> None:
    assert answer.labels == ("reference", "synthetic alone")
    assert [curve.share for curve in answer.of("reference")] == [0.2, 0.6]
    assert any("strong" in note for note in answer.notes)
    table = store.table()
    rows = table[(table.variant == "reference") & (table.share == 0.2)]
    rows = rows.assign(objective=(rows.head_recall + rows.rare_recall) / 2)
    wide = rows.pivot_table("objective", index="replicate", columns="strictness")
    curve = answer.of("reference")[0]
    assert curve.levels[BALANCED].mean == pytest.approx(wide.mean().tolist())
    half = student.ppf(0.975, 5) * wide.sem()
    assert curve.levels[BALANCED].upper == pytest.approx((wide.mean() + half).tolist())
    assert curve.optimum is not None
    assert curve.optimum.strictness == wide.mean().idxmax()
    gains = wide[STRICTNESS[1:]].sub(wide[0.0], axis=0)
    assert [test.estimate for test in curve.gains] == pytest.approx(gains.mean().tolist())
    plain = student.ppf(0.975, 5) * gains.sem()
    for test, unadjusted in zip(curve.gains, plain, strict=True):
        assert test.interval.width / 2.0 > 1.2 * unadjusted
    assert curve.gain is not None
    assert curve.gain.estimate == max(test.estimate for test in curve.gains)


def test_filtering_real_rows_costs_exceptions_and_filtering_synthetic_ones_does_not(
    answer: TradeOff,
) -> None:
    both, alone = answer.of("reference")[0], answer.of("synthetic alone")[0]
    assert (both.scope, alone.scope) == ("both", "synthetic")
    assert both.outcome == "cost"
    assert both.changes[RARE][-1].interval.upper < -0.05
    assert alone.outcome == "free"
    assert both.optimum is not None
    assert both.optimum.edge == "no filter"
    assert "costs rare recall" in answer.verdict
    assert "costs no rare recall at a share of 20" in answer.verdict


def test_theory_stands_beside_and_is_close(answer: TradeOff) -> None:
    assert answer.theory == "counts"
    for curve in answer.curves:
        assert curve.foretold is not None
        level = curve.levels[RARE]
        for place, predicted in enumerate(curve.foretold.measures[RARE]):
            half = (level.upper[place] - level.lower[place]) / 2.0
            assert half < 0.08
            assert abs(predicted - level.mean[place]) < 2.0 * half + 0.01
        best = int(np.argmax(curve.foretold.measures[BALANCED]))
        assert curve.foretold.optimum == curve.strictness[best]


def test_an_error_is_best_where_it_is_smallest(store: Store) -> None:
    found = filter_tradeoff(store, "ece")
    assert found.lower_is_better
    for curve in found.curves:
        assert curve.optimum is not None
        assert curve.at("ece", curve.optimum.strictness) == min(curve.levels["ece"].mean)


def test_a_study_alone_is_answered_by_theory() -> None:
    found = filter_tradeoff(STUDY)
    assert not found.trained
    assert "theory counts expects" in found.verdict
    assert all(not curve.levels and curve.optimum is None for curve in found.curves)
    table = tradeoff_table(found)
    assert table[f"{RARE}_predicted"].between(0.0, 1.0).all()


def test_table_figure_and_json_hold_every_strictness(answer: TradeOff) -> None:
    table = tradeoff_table(answer)
    assert len(table) == 2 * 2 * len(STRICTNESS)
    assert {f"{HEAD}_predicted", "contamination_left", "gain_lower", "optimum"} <= set(table)
    assert len(tradeoff_rows(answer).rows) == len(answer.curves)
    with style():
        figure = tradeoff_figure(answer)
    assert [len(ax.lines) > 0 for ax in figure.axes] == [True] * 12
    json.dumps(answer.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("change", "objective", "message"),
    [
        ({"axes": {"mixture": {"share": [0.2]}}}, BALANCED, "has no axis filter.strictness"),
        (
            {"axes": {"filter": {"strictness": [0.2, 0.5, 1.0]}}},
            BALANCED,
            r"with 0 \(no filter\)",
        ),
        ({}, "rare_recal", "did you mean 'rare_recall'"),
        (
            {
                "scenario": {"world": {"kind": "table"}, "mixture": {"budget": 0}},
                "variants": [],
            },
            BALANCED,
            "no theory applies .* run it",
        ),
    ],
)
def test_what_cannot_be_answered_says_what_to_write(
    change: dict, objective: str, message: str
) -> None:
    with pytest.raises(StudyError, match=message):
        filter_tradeoff(Study.model_validate(BASE | change), objective)


def test_both_sides_show_in_the_shipped_study_before_training() -> None:
    assert "filter-tradeoff" in presets()
    scenario = load_study("filter-tradeoff").scenario
    found = {
        strictness: CATALOG["counts"].curve(
            scenario.model_copy(
                update={"filter": scenario.filter.model_copy(update={"strictness": strictness})}
            ),
            [0.45],
        )
        for strictness in (0.0, 0.8, 1.0)
    }
    head, rare = (
        [float(found[s].measures[name][0]) for s in (0.0, 0.8, 1.0)] for name in (HEAD, RARE)
    )
    assert head[1] - head[0] > 0.01
    assert rare[1] - rare[0] > 0.03
    assert rare[1] - rare[2] > 0.03
    assert not CATALOG["counts"].doubts(scenario, [0.1, 0.6])
