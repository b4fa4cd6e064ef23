"""The search for worlds that meet given numbers, on theories whose answer is known."""

import math

import numpy as np
import pytest

from smcollapse.errors import SmcollapseError
from smcollapse.inference import Curves, effect
from smcollapse.questions.calibration import calibrate as module
from smcollapse.questions.calibration.calibrate import Calibration, calibrate
from smcollapse.questions.calibration.search import Problem, spread_places, walked
from smcollapse.questions.calibration.search import evaluated as evaluate
from smcollapse.questions.calibration.space import BOXES, SHARES, Knob
from smcollapse.questions.calibration.targets import claim_targets, outcome, own_targets
from smcollapse.questions.claim import published_claim
from smcollapse.study_file import parse_study, study_toml
from smcollapse.theories import CATALOG, MEASURES, Curve, Theory

FIX = {
    "world.n_contexts": 200,
    "mixture.budget": 20_000,
    "world.n_answers": 10,
    "world.zipf_exponent": 0.8,
    "source.coverage": 1.0,
    "source.tempering": 1.0,
    "source.detectability": 0.0,
    "filter.strictness": 0.0,
}
"""What the theories below do not read; rare_mass and polish stay free though they do not either."""


class Toy(Theory):
    """Each target has a setting of its own: all can be met, and only those four are settled."""

    name = "toy"
    title = "known answers"
    source = "none"
    assumptions = ()
    domain = "none"

    def _applies(self, scenario):
        return ()

    def doubts(self, scenario, shares):
        return ("rare mass is large",) if scenario.world.rare_mass > 0.4 else ()

    def _curve(self, scenario, shares):
        centre = 0.3 + 0.5 * scenario.source.fidelity
        fall = scenario.world.exception_share / (1.0 + np.exp((centre - shares) / 0.05))
        found = {name: np.zeros_like(shares) for name in MEASURES}
        found["rare_recall"] = 1.0 - fall
        found["mean_confidence"] = 0.5 + scenario.world.noise * shares
        found["ece"] = 0.01 + self.miscalibration(scenario) * shares
        return Curve(shares, found, np.full(3, np.nan), math.nan)

    def miscalibration(self, scenario):
        return scenario.source.contamination


class Tied(Toy):
    """Confidence and calibration error rise together: they cannot rise by 13 and by 7 points."""

    def miscalibration(self, scenario):
        return scenario.world.noise


def toy_answer(monkeypatch, theory, reading="points", **options) -> Calibration:
    monkeypatch.setitem(CATALOG, "counts", theory)
    options = {"fix": FIX, "points": 300, "workers": 1} | options
    return calibrate("counts", (reading,), **options)[0]


@pytest.fixture(scope="module")
def met() -> Calibration:
    with pytest.MonkeyPatch.context() as patch:
        return toy_answer(patch, Toy())


@pytest.fixture(scope="module")
def conflict() -> Calibration:
    with pytest.MonkeyPatch.context() as patch:
        return toy_answer(patch, Tied())


def test_effects_and_onset_are_those_of_the_estimators():
    shares = np.array(SHARES)
    values = np.zeros((len(MEASURES), len(shares)))
    row = MEASURES.index("rare_recall")
    values[row] = 0.95 - 0.3 / (1.0 + np.exp((0.4 - shares) / 0.04))
    claim = published_claim()
    expected = effect(
        Curves(shares, np.stack([values[row]] * 2), (0, 1)), claim.before, claim.after
    )
    for reading in ("points", "relative"):
        onset, recall, *_ = claim_targets(reading)
        assert outcome(recall, shares, values) == pytest.approx(getattr(expected, reading).value)
    assert 0.3 < outcome(onset, shares, values) < 0.4


def test_a_loss_that_is_not_reached_lies_beyond_and_still_has_a_slope():
    shares, onset = np.array(SHARES), claim_targets("points")[0]
    values = np.zeros((len(MEASURES), len(shares)))
    found = []
    for loss in (0.02, 0.05, 0.08, 0.099):
        values[MEASURES.index("rare_recall")] = 1.0 - loss * shares / 0.6
        found.append(outcome(onset, shares, values))
    assert found == sorted(found, reverse=True)
    assert all(share > shares[-1] for share in found)


def test_the_claim_s_targets():
    points = {target.name: target for target in claim_targets("points")}
    relative = {target.name: target for target in claim_targets("relative")}
    assert (points["onset"].value, points["onset"].tolerance) == pytest.approx((0.4, 0.02))
    assert points["mean_confidence"].reading == "points"
    assert relative["mean_confidence"].reading == "relative"
    assert relative["ece"].reading == "points"
    assert relative["ece"].tolerance == published_claim().rounding


def test_known_settings_are_found_and_free_ones_left_open(met):
    assert met.n_inside > 0
    assert met.best.worst <= 1.0
    extents = {extent.path: extent for extent in met.extents}
    span = 0.35  # distance of the window means of the share
    assert extents["world.noise"].median == pytest.approx(0.13 / span, abs=0.005 / span)
    assert extents["source.contamination"].median == pytest.approx(0.07 / span, abs=0.005 / span)
    settled = [path for path, extent in extents.items() if extent.width < 1 / 3]
    assert settled == [
        "world.exception_share",
        "world.noise",
        "source.fidelity",
        "source.contamination",
    ]
    for free in ("world.rare_mass", "source.polish"):
        assert extents[free].width > 0.7
        assert free in met.text


def test_every_world_of_the_set_meets_every_target(met, monkeypatch):
    assert np.abs(met.inside.misses).max() <= 1.0
    assert len(met.inside) == met.n_inside == (met.table.worst_miss <= 1.0).sum()
    monkeypatch.setitem(CATALOG, "counts", Toy())
    problem = Problem("counts", met.box, met.targets, "benchmark")
    again = evaluate(problem, met.inside.places[:10])
    assert np.array_equal(again.outcomes, met.inside.outcomes[:10])
    assert met.combinations[0].met


def test_the_best_world_is_one_that_the_theory_does_not_doubt(met):
    assert met.best.doubts == ()
    assert met.best.settings["world.rare_mass"] <= 0.4
    assert 0.0 < met.undoubted < 1.0


def test_targets_that_exclude_each_other_are_named_with_the_distance(conflict):
    assert conflict.n_inside == 0
    assert not conflict.extents
    by_name = {frozenset(found.targets): found for found in conflict.combinations}
    pair = by_name[frozenset(("mean_confidence", "ece"))]
    assert not pair.met
    # Halfway between 0.07 and 0.13 both are missed by 0.03, six tolerances.
    assert pair.miss == pytest.approx(6.0, rel=0.05)
    alone = by_name[frozenset(("ece",))]
    assert alone.miss < 1.0 < alone.closest.worst
    assert conflict.best.worst == pytest.approx(6.0, rel=0.05)
    for apart in ("mean_confidence", "ece"):
        assert by_name[frozenset(("onset", "rare_recall", apart))].met
    assert "Not met together: mean_confidence + ece (by 6.0 tolerances)" in conflict.text
    assert len(conflict.combinations) == 15


def test_a_smaller_demand_is_met_where_the_claim_is_not(monkeypatch):
    found = toy_answer(
        monkeypatch, Tied(), values={"mean_confidence": 0.13, "ece": 0.12}, tolerances={"ece": 0.02}
    )
    assert found.n_inside > 0
    assert found.best.outcomes["ece"] == pytest.approx(found.best.outcomes["mean_confidence"])


def test_the_same_seed_gives_the_same_worlds_and_another_one_others(monkeypatch):
    options = {"points": 100, "values": {"ece": 0.07}}
    first = toy_answer(monkeypatch, Toy(), **options).table
    assert first.equals(toy_answer(monkeypatch, Toy(), **options).table)
    assert not first.equals(toy_answer(monkeypatch, Toy(), seed=2, **options).table)


def test_the_walk_is_uniform_over_its_set(monkeypatch):
    """One target, one setting: the set is an interval, and the walk fills it evenly."""
    monkeypatch.setitem(CATALOG, "counts", Toy())
    fixed = FIX | {
        "world.exception_share": 0.3,
        "source.fidelity": 0.1,
        "world.rare_mass": 0.3,
        "source.polish": 1.0,
        "world.noise": 0.1,
    }
    box = BOXES["counts"]().fixed(fixed)
    assert [knob.path for knob in box.knobs] == ["source.contamination"]
    problem = Problem(
        "counts", box, own_targets("points", {"ece": 0.05}, {"ece": 0.02}), "benchmark"
    )
    covered = evaluate(problem, spread_places(1, 200, 1))
    members = covered.take(np.flatnonzero(covered.worst <= 1.0)[:20])
    states, accepted = walked(
        problem, members, 8000, 3, lambda places: evaluate(problem, places).measures
    )
    values = 0.35 * 0.3 * states.places[len(states) // 4 :, 0]
    assert accepted > 0.3
    assert values.min() >= 0.03 - 1e-4
    assert values.max() <= 0.07 + 1e-4
    assert np.quantile(values, [0.25, 0.5, 0.75]) == pytest.approx([0.04, 0.05, 0.06], abs=0.003)


def test_the_best_world_is_a_study_that_can_be_run(met):
    study = met.study
    again = parse_study(study_toml(study), "calibrated")
    assert again == study
    assert len(study.conditions()) == 26
    scenario = study.scenario
    assert scenario.world.noise == met.best.settings["world.noise"]
    assert scenario.world.n_contexts == 200


def test_settings_are_evaluated_as_they_are_written():
    knob = Knob("mixture.budget", 5_000, 100_000, "log", whole=True)
    assert knob.value(0.0) == 5_000
    assert knob.value(1.0) == 100_000
    assert knob.place(knob.value(0.37)) == pytest.approx(0.37, abs=1e-3)
    assert isinstance(knob.value(0.5), int)


def test_the_plain_form_is_json(met):
    import json

    plain = json.loads(json.dumps(met.to_dict(), allow_nan=False))
    assert plain["n_inside"] == met.n_inside
    assert "table" not in plain


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"values": {"onsett": 0.4}}, "did you mean 'onset'"),
        ({"tolerances": {"ece": 0.0}}, "above 0"),
        ({"values": {"ece": 0.1}, "tolerances": {"onset": 0.1}}, "no target of that name"),
        ({"fix": {"world.nois": 0.1}}, "did you mean 'world.noise'"),
        ({"fix": {"world.noise": 1.5}}, "less than or equal to 1"),
        ({"theory": "coverage"}, "no calibration for theory 'coverage'"),
    ],
)
def test_what_cannot_be_searched_is_refused(options, match):
    with pytest.raises(SmcollapseError, match=match):
        calibrate(**options, points=100, workers=1)


def test_every_box_is_one_its_theory_applies_to():
    for name, box in module.BOXES.items():
        chosen = box()
        for place in (0.01, 0.5, 0.99):
            scenario = chosen.scenario(np.full(len(chosen.knobs), place))
            assert CATALOG[name].applies(scenario) == ()
