"""Every mitigation: what it does to the rows, to training and to the answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from smcollapse.errors import StudyError
from smcollapse.mitigations import CATALOG, TrainingRows, at_temperature, hooks_of
from smcollapse.mitigations.temperature import confident_as_accurate, least_log_loss
from smcollapse.mixtures import mix
from smcollapse.models.training import cross_entropy_gradient
from smcollapse.scenario import Scenario
from smcollapse.simulate import simulate
from smcollapse.study import Study
from smcollapse.study_file import parse_study, study_toml
from smcollapse.units import units_of
from smcollapse.worlds import world_of

BASE = {
    "world": {"kind": "facts", "n_contexts": 60, "noise": 0.1, "test_size": 500},
    "source": {"polish": 1.0, "templates": 40},
    "mixture": {"budget": 1500, "share": 0.5},
    "model": {"kind": "mlp", "passes": 4, "embedding": 8, "width": 16, "batch_size": 100},
}
EXAMPLES: dict[str, dict] = {
    "real_floor": {"floor": 0.7},
    "weighting": {"synthetic_weight": 0.25},
    "tail_weight": {"factor": 2.0},
    "deduplication": {"copies": 2},
    "broader_generation": {"tempering": 0.5, "templates": 0},
    "faithful_generation": {"fidelity": 0.4},
    "provenance": {"marked": 0.8},
    "protective_filter": {"strictness": 0.6},
    "real_data_last": {"last": 0.5},
    "label_smoothing": {"smoothing": 0.2},
    "temperature_scaling": {"holdout": 100},
    "expectation_consistency": {"holdout": 100},
    "ensemble": {"members": 3},
}


def scenario(kind: str = "none", base: dict = BASE, **settings: object) -> Scenario:
    return Scenario.model_validate({**base, "mitigation": {"kind": kind, **settings}})


def test_the_catalog_and_the_settings_name_the_same_kinds() -> None:
    kinds = {
        member.model_fields["kind"].default
        for member in Scenario.model_fields["mitigation"].annotation.__args__  # type: ignore[union-attr]
    }
    assert kinds == {"none", *CATALOG} == {"none", *EXAMPLES}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_mitigation_is_a_value_and_goes_through_toml(kind: str) -> None:
    one = scenario(kind, **EXAMPLES[kind])
    assert hash(one.mitigation) == hash(scenario(kind, **EXAMPLES[kind]).mitigation)
    study = Study(name="x", replicates=2, scenario=one)
    assert parse_study(study_toml(study), "x") == study
    assert hooks_of(one) is not None
    assert hooks_of(one).scenario.mitigation.kind == "none"


def test_no_mitigation_leaves_no_trace_in_what_names_a_result() -> None:
    assert "mitigation" not in scenario().describe()
    assert scenario("ensemble").describe()["mitigation"] == {
        "kind": "ensemble",
        "members": 4,
        "saves": "passes",
    }


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_mitigation_trains_and_changes_something(kind: str) -> None:
    frames = []
    for mitigation in ({"kind": "none"}, {"kind": kind, **EXAMPLES[kind]}):
        study = Study.model_validate(
            {"name": "x", "replicates": 1, "scenario": {**BASE, "mitigation": mitigation}}
        )
        (unit,) = units_of(study, "cpu")
        frames.append(simulate(unit).iloc[0])
    plain, mitigated = frames
    assert mitigated["share"] == plain["share"] == 0.5
    assert np.isfinite(mitigated["rare_recall"])
    assert mitigated["nll"] != plain["nll"]


def test_the_floor_is_training_at_the_capped_share() -> None:
    world = world_of(scenario().world)
    capped = Scenario.model_validate({**BASE, "mixture": {"budget": 1500, "share": 0.3}})
    pool, (floored,) = mix([scenario("real_floor", floor=0.7)], world, 1, 0)
    other, (plain,) = mix([capped], world, 1, 0)
    assert np.array_equal(pool.label[floored.slots], other.label[plain.slots])
    _, (untouched,) = mix([scenario("real_floor", floor=0.4)], world, 1, 0)
    assert untouched.synthetic.sum() == 750


@pytest.mark.parametrize(
    ("by", "expected"), [("row", 0.25 / 0.75), ("mass", 0.25 * 2 / (0.75 * 1))]
)
def test_weights_of_rows_and_of_masses(by: str, expected: float) -> None:
    hooks = hooks_of(scenario("weighting", synthetic_weight=0.25, by=by))
    synthetic = np.array([True, False, False])
    assert hooks.weights is not None
    weights = hooks.weights(TrainingRows(synthetic, ~synthetic, np.arange(3)))
    assert weights[0] / weights[1] == pytest.approx(expected)
    assert weights[1] == weights[2]


def test_tail_weight_is_for_real_rows_of_rare_contexts_only() -> None:
    hooks = hooks_of(scenario("tail_weight", factor=5.0))
    synthetic, rare = np.array([0, 0, 1, 1], bool), np.array([0, 1, 0, 1], bool)
    assert hooks.weights is not None
    assert hooks.weights(TrainingRows(synthetic, rare, np.arange(4))).tolist() == [1, 5, 1, 1]


def test_weight_zero_is_a_row_that_is_absent_and_weight_two_a_row_repeated() -> None:
    counting = {**BASE, "model": {"kind": "count_table"}}
    out = {}
    for name, mitigation, design in (
        ("zero", {"kind": "weighting", "synthetic_weight": 0.0}, "replace"),
        ("absent", {"kind": "none"}, "real_only"),
        ("half", {"kind": "weighting", "synthetic_weight": 0.5}, "replace"),
        ("plain", {"kind": "none"}, "replace"),
    ):
        mixture = {"budget": 1500, "share": 0.5, "design": design}
        study = Study.model_validate(
            {
                "name": "x",
                "replicates": 1,
                "scenario": {**counting, "mixture": mixture, "mitigation": mitigation},
            }
        )
        (unit,) = units_of(study, "cpu")
        out[name] = simulate(unit)[["rare_recall", "nll", "ece"]].iloc[0]
    assert out["zero"].to_numpy() == pytest.approx(out["absent"].to_numpy(), rel=1e-6)
    assert out["half"].to_numpy() == pytest.approx(out["plain"].to_numpy(), rel=1e-6)
    assert out["zero"]["nll"] != pytest.approx(out["plain"]["nll"], rel=1e-3)


def test_deduplication_keeps_the_first_copies_of_synthetic_rows() -> None:
    hooks = hooks_of(scenario("deduplication", copies=2))
    synthetic = np.array([0, 0, 0, 1, 1, 1, 1, 1], bool)
    example = np.array([7, 7, 7, 3, 3, 9, 3, 9])
    assert hooks.keep is not None
    kept = hooks.keep(TrainingRows(synthetic, ~synthetic, example))
    assert kept.tolist() == [True, True, True, True, True, True, False, True]


def test_the_protective_filter_keeps_every_real_row() -> None:
    world = world_of(scenario().world)
    _, (mixture,) = mix([scenario("protective_filter", strictness=0.9)], world, 1, 0)
    assert (mixture.slots[~mixture.synthetic] >= 0).all()
    assert (mixture.slots[mixture.synthetic] < 0).any()


def test_held_out_rows_are_real_and_not_trained_on() -> None:
    world = world_of(scenario().world)
    pool, mixtures = mix(
        [scenario("temperature_scaling", holdout=100), scenario("deduplication")], world, 1, 0
    )
    held, other = mixtures
    assert len(held.holdout) == 100
    assert not np.isin(held.holdout, held.slots).any()
    assert (held.holdout < 1500).all(), "real rows stand first in the pool"
    assert len(other.holdout) == 0
    assert len(pool) == 2250


def test_a_hold_out_of_more_than_half_the_real_rows_is_refused() -> None:
    world = world_of(scenario().world)
    with pytest.raises(StudyError, match="holdout = 400 is more than half of the 750 real rows"):
        mix([scenario("temperature_scaling", holdout=400)], world, 1, 0)


def test_smoothed_targets_have_the_gradient_of_torch() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn((2, 5, 7), generator=generator, requires_grad=True)
    label = torch.randint(0, 5, (2, 1, 7), generator=generator)
    loss = torch.nn.functional.cross_entropy(
        logits[0].T, label[0, 0], label_smoothing=0.3
    ) + torch.nn.functional.cross_entropy(logits[1].T, label[1, 0], label_smoothing=0.3)
    (wanted,) = torch.autograd.grad(loss, logits)
    found = cross_entropy_gradient(logits.detach(), label, 0.3)
    torch.testing.assert_close(found, wanted)
    unsmoothed = cross_entropy_gradient(logits.detach(), label)
    assert (found - unsmoothed).abs().max() > 0.01


def test_temperatures_undo_a_known_distortion() -> None:
    rng = np.random.default_rng(3)
    logits = 2.0 * rng.standard_normal((20_000, 6))
    honest = at_temperature(np.exp(logits), 1.0)
    label = (rng.random(len(honest))[:, None] > honest.cumsum(axis=1)).sum(axis=1).clip(max=5)
    sharpened = at_temperature(honest, 3.0)
    # s.e. of the fitted inverse temperature is about .01/3 with 20 000 rows
    assert least_log_loss(sharpened, label) == pytest.approx(1 / 3, abs=0.015)
    inverse = confident_as_accurate(sharpened, label)
    assert inverse == pytest.approx(1 / 3, abs=0.02)
    confidence = at_temperature(sharpened, inverse).max(axis=1).mean()
    assert confidence == pytest.approx((sharpened.argmax(axis=1) == label).mean(), abs=1e-4)
    assert least_log_loss(honest, label) == pytest.approx(1.0, abs=0.03)


def test_temperatures_move_no_answer_and_stay_finite() -> None:
    probability = np.array([[1.0, 0.0, 0.0], [0.2, 0.5, 0.3]])
    moved = at_temperature(probability, 0.3)
    assert np.isfinite(moved).all()
    assert moved.sum(axis=1) == pytest.approx(1.0)
    assert moved.argmax(axis=1).tolist() == [0, 1]


def test_an_ensemble_saves_passes_or_nothing() -> None:
    saving = hooks_of(scenario("ensemble", members=4))
    assert saving.members == 4
    assert saving.scenario.model.passes == 1.0  # type: ignore[union-attr]
    full = hooks_of(scenario("ensemble", members=4, saves="nothing"))
    assert full.scenario.model.passes == 4.0  # type: ignore[union-attr]


def test_real_data_last_ends_on_real_rows_alone() -> None:
    from smcollapse.models import Task
    from smcollapse.models.training import optimisation, task_schedule
    from smcollapse.units import inputs_of

    one = scenario("real_data_last", last=0.5)
    world = world_of(one.world)
    pool, (mixture,) = mix([one], world, 1, 0)
    task = Task(
        inputs=inputs_of(hooks_of(one).scenario),
        sees_style=False,
        pool=pool,
        slots=[mixture.slots],
        budget=1500,
        test=world.test(1, 0),
        seed=1,
        replicate=0,
        synthetic=[mixture.synthetic],
        real_last=0.5,
    )
    plan = optimisation(one.model, 1500)  # type: ignore[arg-type]
    rows = task_schedule(task, plan)[:, 0].numpy()
    real = rows < 1500
    assert len(rows) == plan.steps
    assert real[plan.steps // 2 :].all()
    assert 0.4 < real[: plan.steps // 2].mean() < 0.6


@pytest.mark.parametrize(
    ("mitigation", "changes", "message"),
    [
        ({"kind": "ensemble"}, {"model": {"kind": "count_table"}}, "does not fit model"),
        ({"kind": "label_smoothing"}, {"model": {"kind": "logistic"}}, "write mlp"),
        ({"kind": "broader_generation"}, {}, "needs one of coverage, tempering, templates"),
        ({"kind": "real_data_last"}, {"mixture": {"budget": 10, "share": 1.0}}, "no real rows"),
        ({"kind": "weighting", "synthetic_weight": 1.0}, {}, "less than 1"),
        ({"kind": "prayer"}, {}, "does not match any of the expected tags"),
    ],
)
def test_what_does_not_fit_is_said(mitigation: dict, changes: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Scenario.model_validate({**BASE, **changes, "mitigation": mitigation})


def test_a_file_of_synthetic_rows_cannot_be_made_broader() -> None:
    table = {
        "world": {"kind": "table", "data": "digits"},
        "source": {"kind": "file", "path": "x.csv"},
        "mitigation": {"kind": "faithful_generation"},
    }
    with pytest.raises(ValidationError, match="does not fit source 'file', which has no fidelity"):
        Scenario.model_validate(table)


def test_an_ensemble_is_the_mean_of_networks_that_differ() -> None:
    from smcollapse.models import Task, model_of
    from smcollapse.units import inputs_of

    one = scenario()
    world = world_of(one.world)
    pool, (mixture,) = mix([one], world, 1, 0)
    inputs, test = inputs_of(one), world.test(1, 0)
    first, second = (
        model_of("mlp").probabilities(
            one.model,
            Task(inputs, False, pool, [mixture.slots], 1500, test, 1, 0, draw=draw),
            "cpu",
        )[0]
        for draw in (0, 1)
    )
    study = Study(name="x", replicates=1, scenario=scenario("ensemble", members=2, saves="nothing"))
    (unit,) = units_of(study, "cpu")
    measured = simulate(unit).iloc[0]
    at = np.arange(len(test)), test.label

    def log_loss(probability: np.ndarray) -> float:
        return float(-np.log(np.maximum(probability[at], 1e-12)).mean())

    assert measured["nll"] == pytest.approx(log_loss((first + second) / 2), rel=1e-4)
    assert abs(log_loss(first) - log_loss(second)) > 1e-3, "the networks differ"
    assert measured["nll"] < (log_loss(first) + log_loss(second)) / 2, "Jensen"


@pytest.mark.parametrize(
    ("mitigation", "share", "message"),
    [
        ({"kind": "real_data_last"}, 0.999, "finds no real row at share 0.999"),
        ({"kind": "weighting", "synthetic_weight": 0.0}, 1.0, "every row at share 1 has weight 0"),
    ],
)
def test_a_mixture_that_a_mitigation_empties_is_refused(
    mitigation: dict, share: float, message: str
) -> None:
    mixture = {"budget": 100, "share": share}
    one = Scenario.model_validate({**BASE, "mixture": mixture, "mitigation": mitigation})
    with pytest.raises(StudyError, match=message):
        mix([one], world_of(one.world), 1, 0)
