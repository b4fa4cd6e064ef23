"""Every model: conformance, then what stacked training promises."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from smcollapse.mixtures import mix
from smcollapse.models import CATALOG, Shape, Task, model_of
from smcollapse.models.count_table import posterior
from smcollapse.models.mlp import Mlps, examples, network
from smcollapse.models.training import (
    batch_orders,
    batch_schedule,
    first_slots,
    optimisation,
    task_schedule,
)
from smcollapse.scenario import Scenario
from smcollapse.settings import CountTable, Logistic, Mlp
from smcollapse.units import inputs_of, sees_style
from smcollapse.worlds import Inputs, Rows, world_of

MODELS: dict[str, Any] = {
    "count_table": CountTable(),
    "logistic": Logistic(ridge=0.01),
    "mlp": Mlp(embedding=8, width=16, passes=3, batch_size=64),
}
SMALL = {"kind": "facts", "n_contexts": 20, "n_answers": 4, "n_categories": 4, "test_size": 400}


def task(model: Any, shares: list[float], world: dict[str, Any] = SMALL, **parts: Any) -> Task:
    scenarios = [
        Scenario.model_validate(
            {
                "world": world,
                "mixture": {"share": share, "budget": 1000, **parts.get("mixture", {})},
                "source": parts.get("source", {}),
                "filter": parts.get("filter", {}),
                "model": model.model_dump(),
            }
        )
        for share in shares
    ]
    real = world_of(scenarios[0].world)
    pool, mixtures = mix(scenarios, real, 1, 0)
    return Task(
        inputs_of(scenarios[0]),
        sees_style(scenarios[0]),
        pool,
        [mixture.slots for mixture in mixtures],
        1000,
        real.test(1, 0),
        1,
        0,
    )


def alone(whole: Task, member: int) -> Task:
    return Task(**{**vars(whole), "slots": [whole.slots[member]]})


def test_the_suite_covers_the_catalog() -> None:
    assert set(MODELS) | {"transformer"} == set(CATALOG)  # of text: test_transformer.py


@pytest.mark.parametrize("kind", MODELS)
class TestConformance:
    def test_settings_are_frozen_hashable_and_documented(self, kind: str) -> None:
        settings = MODELS[kind]
        assert hash(settings) == hash(settings.model_copy())
        assert type(settings).__doc__
        assert type(model_of(kind)).__doc__

    def test_probabilities_sum_to_one_and_are_repeatable(self, kind: str) -> None:
        settings, whole = MODELS[kind], task(MODELS[kind], [0.0, 0.5])
        one = model_of(kind).probabilities(settings, whole, "cpu")
        two = model_of(kind).probabilities(settings, whole, "cpu")
        assert one.shape == (2, 400, 4)
        assert one.sum(axis=2) == pytest.approx(np.ones((2, 400)), abs=1e-5)
        assert np.array_equal(one, two)

    def test_a_member_of_a_stack_equals_the_same_model_alone(self, kind: str) -> None:
        settings, whole = MODELS[kind], task(MODELS[kind], [0.0, 0.3, 0.6])
        together = model_of(kind).probabilities(settings, whole, "cpu")
        for member in range(3):
            solo = model_of(kind).probabilities(settings, alone(whole, member), "cpu")
            assert together[member] == pytest.approx(solo[0], abs=2e-4)
        # Negative control: the members do differ by far more than that.
        assert np.abs(together[0] - together[2]).max() > 0.05

    def test_an_empty_slot_is_an_absent_row(self, kind: str) -> None:
        """A row with weight 0 changes nothing, whatever stands in it."""
        settings, whole = MODELS[kind], task(MODELS[kind], [0.3])
        slots = whole.slots[0].copy()
        slots[::5] = -1
        without = Task(**{**vars(whole), "slots": [slots]})
        poisoned = whole.pool.take(np.arange(len(whole.pool)))
        removed = np.setdiff1d(whole.slots[0], slots)
        poisoned.label[removed] = (poisoned.label[removed] + 1) % 4
        other = Task(**{**vars(without), "pool": poisoned})
        first = model_of(kind).probabilities(settings, without, "cpu")
        assert np.array_equal(first, model_of(kind).probabilities(settings, other, "cpu"))
        # Negative control: the same poison in rows that are present does show.
        shown = Task(**{**vars(whole), "pool": poisoned})
        assert not np.array_equal(first, model_of(kind).probabilities(settings, shown, "cpu"))

    def test_features_are_learnt_where_the_model_takes_them(self, kind: str) -> None:
        if kind == "count_table":
            with pytest.raises(ValueError, match="does not fit world"):
                task(MODELS[kind], [0.0], {"kind": "clusters"})
            return
        clusters = {"kind": "clusters", "n_contexts": 4, "dimension": 8, "noise": 0.0}
        whole = task(MODELS[kind], [0.0], clusters)
        answer = model_of(kind).probabilities(MODELS[kind], whole, "cpu")[0].argmax(axis=1)
        head = ~world_of(
            Scenario.model_validate({"world": clusters, "mixture": {"budget": 1}}).world
        ).rare[whole.test.context]
        assert (answer == whole.test.truth)[head].mean() > 0.93

    def test_the_style_is_an_input_only_where_there_is_one(self, kind: str) -> None:
        plain = task(MODELS[kind], [0.5])
        styled = task(MODELS[kind], [0.5], source={"detectability": 1.0})
        assert len(styled.inputs.fields) == len(plain.inputs.fields) + 1
        p, s = (model_of(kind).probabilities(MODELS[kind], t, "cpu") for t in (plain, styled))
        assert not np.allclose(p, s)


def test_count_table_is_the_posterior_of_counts() -> None:
    """Against the definition, row by row."""
    settings = CountTable(pseudo_count=2.0)
    whole = task(settings, [0.4])
    got = model_of("count_table").probabilities(settings, whole, "cpu")[0]
    rows = whole.pool.take(whole.slots[0])
    for i in range(0, 400, 37):
        context, category = whole.test.codes[i]
        n = np.bincount(rows.label[rows.context == context], minlength=4)
        prior = np.bincount(rows.label[rows.codes[:, 1] == category], minlength=4)
        expected = (n + 2.0 * prior / prior.sum()) / (n.sum() + 2.0)
        assert got[i] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("n", [3.0, 50.0, 1000.0])
@pytest.mark.parametrize("pseudo_count", [0.0, 1.5])
def test_count_table_splits_ties_evenly_as_stored(n: float, pseudo_count: float) -> None:
    draws = 40_000
    counts = np.tile([[n, 1.0, n, n]], (draws, 1))
    prior = np.full_like(counts, 0.25)
    tie = np.random.default_rng(0).random((draws, 4))
    se = (2 / 9 / draws) ** 0.5
    assert se < 0.003

    def shares(posterior: Any) -> Any:
        return np.bincount(posterior.astype(np.float32).argmax(axis=1), minlength=4) / draws

    given = posterior(counts, prior, pseudo_count, tie)
    assert shares(given)[1] == 0.0
    assert np.abs(shares(given)[[0, 2, 3]] - 1 / 3).max() < 4 * se
    # What is moved is far below what a measure shows.
    expected = (counts + pseudo_count / 4) / (3 * n + 1 + pseudo_count)
    assert given == pytest.approx(expected, rel=2e-6)
    # Negative control: random numbers added to counts are lost in single precision.
    added = counts + 1e-6 * tie
    lost = shares(added / added.sum(axis=1, keepdims=True))[0] - 1 / 3
    assert lost > 10 * se


def test_unseen_contexts_follow_the_category() -> None:
    prior, tie = np.array([[0.1, 0.7, 0.2]]), np.array([[0.9, 0.1, 0.5]])
    assert posterior(np.zeros((1, 3)), prior, 0.0, tie)[0] == pytest.approx(prior[0])


def test_logistic_is_the_stated_minimum() -> None:
    """The gradient of (1/d) Σ r ℓ + ridge/2 |v|² vanishes, multiplicities included."""
    from smcollapse.models.logistic import _fitted, _matrix

    clusters = {"kind": "clusters", "n_contexts": 4, "dimension": 8}
    settings = Logistic(ridge=0.05)
    whole = task(settings, [0.5], clusters, source={"templates": 30})
    count = whole.multiplicity(0)
    used = np.flatnonzero(count)
    x = _matrix(whole.pool, whole)[used]
    y = 2.0 * whole.pool.label[used] - 1.0
    v = _fitted(settings, x, whole.pool.label[used], count[used]).coef_[0]
    gradient = 0.05 * v - ((count[used] * y / (1 + np.exp(y * (x @ v)))) @ x) / 8
    assert np.abs(gradient).max() < 1e-6
    assert np.abs(v).max() > 0.1


def test_logistic_multiplicity_is_the_row_repeated() -> None:
    settings = Logistic(ridge=0.05)
    clusters = {"kind": "clusters", "n_contexts": 4, "dimension": 8}
    whole = task(settings, [0.0], clusters)
    twice = Task(**{**vars(whole), "slots": [np.concatenate([whole.slots[0][:300]] * 2)]})
    rows = whole.pool.take(np.concatenate([np.arange(300)] * 2))
    copied = Task(**{**vars(whole), "pool": rows, "slots": [np.arange(600)]})
    one, two = (model_of("logistic").probabilities(settings, t, "cpu") for t in (twice, copied))
    assert one == pytest.approx(two, abs=1e-6)


def test_batches_are_epochs_of_the_surviving_slots() -> None:
    orders = batch_orders(1, 0, 50, 3)
    assert all(np.array_equal(np.sort(order), np.arange(50)) for order in orders)
    slots = np.arange(100, 150)
    slots[10:20] = -1
    plan = optimisation(Mlp(batch_size=10, passes=3), 50)
    drawn = batch_schedule(slots, orders, plan)
    assert drawn.shape == (15, 10)
    for epoch in range(3):
        seen = drawn.reshape(-1)[40 * epoch : 40 * (epoch + 1)]
        assert np.array_equal(np.sort(seen), slots[slots >= 0])
    assert drawn.min() >= 100


def test_batch_orders_of_a_shorter_mixture_are_those_of_a_longer_one_with_the_rest_left_out() -> (
    None
):
    short, long = batch_orders(1, 0, 50, 2), batch_orders(1, 0, 80, 2)
    for a, b in zip(short, long, strict=True):
        assert np.array_equal(a, b[b < 50])


def test_first_slots_are_the_orders_of_a_smaller_mixture() -> None:
    orders = batch_orders(1, 0, 80, 3)
    assert np.array_equal(first_slots(orders, 50), batch_orders(1, 0, 50, 3))
    assert np.array_equal(first_slots(orders, 80), orders)


@pytest.mark.parametrize("design", ["replace", "accumulate", "real_only"])
def test_steps_are_those_of_the_budget_at_every_share(design: str) -> None:
    """A schedule's shape, whatever the number of slots; no filtered row is ever drawn."""
    settings = MODELS["mlp"]
    parts: dict[str, Any] = {"mixture": {"design": design}, "filter": {"strictness": 0.5}}
    whole = task(settings, [0.0, 0.3, 0.6], **parts)
    plan = optimisation(settings, 1000)
    schedule = task_schedule(whole, plan)
    assert schedule.shape == (round(3 * 1000 / 64), 3, 64)
    for member, slots in enumerate(whole.slots):
        assert set(schedule[:, member].unique().tolist()) <= set(slots[slots >= 0].tolist())
        solo = task_schedule(alone(whole, member), plan)[:, 0]
        assert torch.equal(schedule[:, member], solo)
    assert optimisation(Mlp(batch_size=512), 100).batch_size == 100


@pytest.mark.parametrize("world", [SMALL, {"kind": "clusters", "n_contexts": 4, "dimension": 8}])
def test_networks_that_see_the_style_start_as_those_that_do_not(world: dict[str, Any]) -> None:
    settings = MODELS["mlp"]
    plain = task(settings, [0.5], world)
    styled = task(settings, [0.5], world, source={"detectability": 1.0})

    def logits(of: Task, style: int) -> torch.Tensor:
        parameters, forward = network(settings, of.inputs, 1, torch.device("cpu"), 1, 0)
        rows = dataclasses.replace(of.test, style=np.full_like(of.test.style, style))
        seen = examples(rows, of)
        return forward(parameters, seen.features[None], seen.codes[None]).detach()

    expected = logits(plain, 0)
    assert expected.std() > 0.1
    for style in (0, 1):
        assert torch.allclose(logits(styled, style), expected, atol=1e-5)
    # Negative control: weights that follow from the same shape without the mark differ.
    unmarked = dataclasses.replace(styled.inputs, style=False)
    assert not torch.allclose(logits(dataclasses.replace(styled, inputs=unmarked), 1), expected)


@pytest.mark.parametrize("world", [SMALL, {"kind": "clusters", "n_contexts": 4, "dimension": 8}])
def test_a_style_that_starts_at_zero_is_learnt(world: dict[str, Any]) -> None:
    """Synthetic rows are sure, real ones messy: so is the answer, once the style shows."""
    settings = MODELS["mlp"].model_copy(update={"passes": 20.0})
    world = {**world, "noise": 0.3}
    whole = task(settings, [0.5], world, source={"detectability": 1.0, "polish": 1.0})
    seen, hidden = (
        dataclasses.replace(
            whole, test=dataclasses.replace(whole.test, style=np.full_like(whole.test.style, style))
        )
        for style in (1, 0)
    )
    as_synthetic, as_real = (Mlps().probabilities(settings, t, "cpu")[0] for t in (seen, hidden))
    assert as_synthetic.max(axis=1).mean() > as_real.max(axis=1).mean() + 0.02


def test_members_never_couple() -> None:
    """Poisoning one member's labels leaves every other member's training unmoved."""
    settings = MODELS["mlp"]
    whole = task(settings, [0.2, 0.2])
    own = np.arange(len(whole.pool)) + len(whole.pool)
    poisoned = whole.pool.take(np.arange(len(whole.pool)))
    poisoned.label[:] = 0
    pool = Rows.concatenate([whole.pool, poisoned])
    clean = Task(**{**vars(whole), "pool": pool, "slots": [whole.slots[0], whole.slots[1]]})
    mixed = Task(**{**vars(whole), "pool": pool, "slots": [whole.slots[0], own[whole.slots[1]]]})
    a, b = (Mlps().probabilities(settings, t, "cpu") for t in (clean, mixed))
    assert np.array_equal(a[0], b[0])
    assert np.abs(a[1] - b[1]).max() > 0.1


def test_stack_sizes_follow_from_the_shape() -> None:
    def size(settings: Mlp, fields: tuple[int, ...] = (20, 4), **changes: int) -> int:
        shape = Shape(Inputs(0, fields, changes.pop("n_classes", 4)), 1000, 400)
        return Mlps().stack_size(settings, dataclasses.replace(shape, **changes), "cpu")

    small = Mlp(embedding=16, width=32, batch_size=64)
    assert size(small) == 64
    assert size(Mlp(embedding=512, width=2048, batch_size=512)) == 1
    # The schedule of a long training bounds the stack too: 1e8 draws of 4 bytes.
    assert size(Mlp(width=16, passes=10), budget=10**7) == 1
    # So do 20 000 x 10 000 probabilities, and an embedding table of a million codes.
    assert size(small, n_test=20_000, n_classes=10_000) == 1
    assert size(small, fields=(1_000_000, 4)) == 4
    # The reference scenario of the atlas.
    assert size(Mlp(), (600, 20), budget=60_000, n_test=20_000, n_classes=20) == 20


@pytest.mark.parametrize("kind", MODELS)
def test_results_of_a_stack_fit_the_memory(kind: str) -> None:
    inputs = Inputs(0, (20, 4), 10_000)
    sizes = [
        model_of(kind).stack_size(MODELS[kind], Shape(inputs, 1000, n), "cpu")
        for n in (100, 2_000, 100_000)
    ]
    assert sizes[0] > sizes[1] > sizes[2] == 1
    assert sizes[1] * 2_000 * 10_000 * 8 <= 2**30


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_trains_the_same_networks_to_float_tolerance() -> None:
    settings, whole = MODELS["mlp"], task(MODELS["mlp"], [0.0, 0.5])
    cpu, cuda = (Mlps().probabilities(settings, whole, d) for d in ("cpu", "cuda"))
    assert cuda == pytest.approx(cpu, abs=5e-3)
