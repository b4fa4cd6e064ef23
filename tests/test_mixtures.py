"""Mixtures and filters: which rows are trained on, and that conditions stay paired."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from smcollapse.filters import survivors
from smcollapse.laws import pass_rates
from smcollapse.mixtures import Mixture, budget_of, counts, mix
from smcollapse.models import Task
from smcollapse.models.training import optimisation, task_schedule
from smcollapse.scenario import Scenario
from smcollapse.settings import Filter
from smcollapse.streams import stream
from smcollapse.units import inputs_of, sees_style
from smcollapse.worlds import Rows, World, world_of

WORLDS: dict[str, dict[str, Any]] = {
    "facts": {"n_contexts": 40, "n_answers": 5, "n_categories": 5, "test_size": 400},
    "clusters": {"kind": "clusters", "n_contexts": 5, "dimension": 6, "test_size": 300},
    "table": {"kind": "table"},
}
BUDGET = 1000
DESIGNS = ("replace", "accumulate", "real_only")
SHARES = (0.0, 0.3, 0.6)


@pytest.fixture(params=WORLDS)
def settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    return WORLDS[request.param]


def scenario(world: dict[str, Any], **parts: Any) -> Scenario:
    """A scenario of that world; `design`, `share` and `budget` go to the mixture."""
    mixture = {"budget": BUDGET}
    mixture |= {name: parts.pop(name) for name in ("design", "share", "budget") if name in parts}
    model = {"kind": "mlp", "batch_size": 50, "passes": 4}
    return Scenario.model_validate({"world": world, "mixture": mixture, "model": model, **parts})


def mixed(*scenarios: Scenario) -> tuple[World, Rows, list[Mixture]]:
    world = world_of(scenarios[0].world)
    return (world, *mix(list(scenarios), world, 1, 0))


def kept(mixture: Mixture, synthetic: bool) -> Any:
    """Pool rows of the surviving real or synthetic slots, sorted."""
    part = mixture.slots[mixture.synthetic == synthetic]
    return np.sort(part[part >= 0])


def same(a: Rows, b: Rows) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in vars(a))


@pytest.mark.parametrize("strictness", [0.0, 0.5])
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_real_only_sees_exactly_the_real_rows_of_replace(
    settings: dict[str, Any], share: float, strictness: float
) -> None:
    both, alone = (
        scenario(settings, design=design, share=share, filter={"strictness": strictness})
        for design in ("replace", "real_only")
    )
    _, _, (replace, real_only) = mixed(both, alone)
    assert np.array_equal(kept(replace, False), kept(real_only, False))
    assert len(kept(replace, False)) > 0
    assert len(kept(replace, True)) > 0
    assert len(kept(real_only, True)) == 0


def test_accumulate_keeps_all_real_rows(settings: dict[str, Any]) -> None:
    _, _, mixtures = mixed(*(scenario(settings, design="accumulate", share=s) for s in SHARES))
    for share, mixture in zip(SHARES, mixtures, strict=True):
        assert np.array_equal(kept(mixture, False), np.arange(BUDGET))
        n = len(kept(mixture, True))
        assert n / (n + BUDGET) == pytest.approx(share, abs=1e-3)


def test_numbers_of_rows_are_rounded_to_whole_rows_of_one_budget() -> None:
    def of(design: str, share: float, budget: int) -> tuple[int, int]:
        return counts(scenario(WORLDS["facts"], design=design, share=share), budget)

    assert of("replace", 0.3, 7) == (5, 2)
    assert of("real_only", 0.3, 7) == (5, 0)
    assert of("accumulate", 0.3, 7) == (7, 3)
    assert of("accumulate", 0.5, 7) == (7, 7)
    assert of("replace", 0.29, 100) == (71, 29)
    assert of("replace", 1.0, 7) == (0, 7)
    assert of("replace", 0.01, 7) == (7, 0)


def test_a_table_without_a_budget_uses_its_training_part() -> None:
    world = world_of(scenario(WORLDS["table"]).world)
    assert budget_of(scenario(WORLDS["table"], budget=0), world) == world.train_size
    assert budget_of(scenario(WORLDS["table"]), world) == BUDGET


def schedule(one: Scenario, pool: Rows, mixture: Mixture) -> torch.Tensor:
    """(steps, batch) pool rows of the batches of one mixture."""
    world = world_of(one.world)
    test = world.test(1, 0)
    task = Task(inputs_of(one), sees_style(one), pool, [mixture.slots], BUDGET, test, 1, 0)
    return task_schedule(task, optimisation(one.model, BUDGET))[:, 0]  # type: ignore[arg-type]


def in_order_of(first: Any, second: Any) -> bool:
    """Whether the items that both have come in the same order in both."""
    a, b = (x[np.isin(x, y)] for x, y in ((first, second), (second, first)))
    return len(a) > 100 and np.array_equal(a, b)


def test_batches_of_real_rows_are_paired_across_shares_and_designs(
    settings: dict[str, Any],
) -> None:
    """Steps and batch size are constant, and real rows come in the order of share 0."""
    conditions = [
        scenario(settings, design=design, share=share)
        for design, share in itertools.product(DESIGNS, SHARES)
    ]
    _, pool, mixtures = mixed(*conditions)
    schedules = [
        schedule(one, pool, mixture) for one, mixture in zip(conditions, mixtures, strict=True)
    ]
    assert {tuple(s.shape) for s in schedules} == {(4 * BUDGET // 50, 50)}
    assert len({s.numpy().tobytes() for s in schedules}) > 4
    whole = schedules[0].numpy().reshape(-1)[:BUDGET]
    assert np.array_equal(np.sort(whole), np.arange(BUDGET))
    for batches, mixture in zip(schedules, mixtures, strict=True):
        epoch = batches.numpy().reshape(-1)[: (mixture.slots >= 0).sum()]
        assert in_order_of(whole, epoch[epoch < BUDGET])
    # Negative control: the next epoch has an order of its own.
    assert not in_order_of(whole, schedules[0].numpy().reshape(-1)[BUDGET : 2 * BUDGET])


def test_a_mixture_does_not_depend_on_what_shares_its_unit(settings: dict[str, Any]) -> None:
    knobs: tuple[dict[str, Any], ...] = ({}, {"coverage": 0.4}, {"templates": 20})
    conditions = [
        scenario(settings, design=design, share=share, source=source, filter={"strictness": level})
        for design, share, source, level in itertools.product(DESIGNS, SHARES, knobs, (0.0, 0.5))
    ]
    _, pool, together = mixed(*conditions)
    for one, mixture in list(zip(conditions, together, strict=True))[::7]:
        _, own_pool, (alone,) = mixed(one)
        assert np.array_equal(mixture.synthetic, alone.synthetic)
        assert np.array_equal(mixture.slots >= 0, alone.slots >= 0)
        full = mixture.slots >= 0
        assert same(pool.take(mixture.slots[full]), own_pool.take(alone.slots[full]))


def test_shares_are_nested(settings: dict[str, Any]) -> None:
    """A larger share keeps the synthetic rows of a smaller one and adds to them."""
    _, _, mixtures = mixed(*(scenario(settings, share=share) for share in SHARES))
    for less, more in itertools.pairwise(mixtures):
        assert set(kept(less, True)) < set(kept(more, True))
        assert set(kept(less, False)) > set(kept(more, False))


def test_survivors_are_nested_over_strictness(settings: dict[str, Any]) -> None:
    levels = (0.0, 0.25, 0.5, 0.75, 1.0)
    _, _, mixtures = mixed(
        *(scenario(settings, share=0.4, filter={"strictness": level}) for level in levels)
    )
    for weak, strong in itertools.pairwise(mixtures):
        assert set(kept(strong, False)) < set(kept(weak, False))
        assert set(kept(strong, True)) <= set(kept(weak, True))
    assert len(kept(mixtures[-1], True)) < len(kept(mixtures[0], True))


def test_a_filter_of_synthetic_rows_leaves_real_rows_alone(settings: dict[str, Any]) -> None:
    plain, synthetic, both = (
        scenario(settings, share=0.4, filter={"strictness": level, "scope": scope})
        for level, scope in ((0.0, "both"), (0.8, "synthetic"), (0.8, "both"))
    )
    _, _, (all_rows, some, fewer) = mixed(plain, synthetic, both)
    assert np.array_equal(kept(some, False), kept(all_rows, False))
    assert np.array_equal(kept(some, True), kept(fewer, True))
    assert len(kept(some, True)) < len(kept(all_rows, True))
    assert len(kept(fewer, False)) < len(kept(some, False))


def real_rows(world: dict[str, Any], repeats: int) -> Rows:
    """Real rows of a world, several times over; some contradict the consensus."""
    rows = world_of(scenario(world).world).real(1, 0, BUDGET)
    return rows.take(np.tile(np.arange(BUDGET), repeats))


def test_observed_pass_rates_are_those_of_the_law(settings: dict[str, Any]) -> None:
    rows = real_rows(settings, 40)
    used = Filter(strictness=0.7)
    draws = stream(1, 0, "filter real").uniforms(len(rows))
    survived = survivors(used, rows, draws)

    def deviations(law: Filter) -> list[float]:
        """Survivors less expected ones, in standard errors, per group of rows."""
        rates = pass_rates(law, rows.atypicality.astype(np.float64))
        agrees = rows.label == rows.consensus
        rare = rows.atypicality > 0.6
        found = []
        for group, rate in (
            (agrees & rare, rates.agrees),
            (agrees & ~rare, rates.agrees),
            (~agrees, rates.contradicts),
        ):
            p = rate[group]
            se = float((p * (1 - p)).sum() ** 0.5)
            assert se / group.sum() < 0.015
            found.append(float(abs(survived[group].sum() - p.sum()) / se))
        return found

    assert max(deviations(used)) < 4
    # Negative control: neither another severity nor another detection would pass.
    assert max(deviations(Filter(strictness=0.7, severity=0.6))) > 4
    assert max(deviations(Filter(strictness=0.7, detection=0.8))) > 4


def test_copies_of_a_row_are_judged_one_by_one() -> None:
    rows = real_rows(WORLDS["facts"], 1).take(np.zeros(1000, dtype=np.int64))
    survived = survivors(Filter(strictness=1.0, detection=0.5), rows, np.arange(1000) / 1000)
    assert 0 < survived.sum() < 1000


def test_measures_of_a_mixture_made_by_hand() -> None:
    """Ten slots, real rows 0–4 and synthetic rows 5–8: one of each filtered out, one twice."""
    rows = real_rows(WORLDS["facts"], 1).take(np.arange(9))
    rows.context[:] = [0, 1, 2, 3, 0, 1, 1, 2, 3]
    rows.example[:] = [0, 1, 2, 3, 4, 0, 0, 1, 2]
    slots = np.array([5, 6, 7, -1, 6, 0, 1, -1, 3, 4])
    mixture = Mixture(slots, np.arange(10) < 5)
    found = mixture.measures(rows, 8)
    # Of eight survivors four are synthetic: contexts 1, 1, 2, 1 and examples 0, 0, 1, 0.
    assert found == {"mode_coverage": 2 / 8, "duplication_rate": 0.5, "realised_share": 0.5}
    bare = Mixture(slots, np.zeros(10, dtype=np.bool_)).measures(rows, 8)
    assert bare["realised_share"] == 0.0
    assert np.isnan(bare["mode_coverage"])
    assert np.isnan(bare["duplication_rate"])


def test_measures_of_real_mixtures(settings: dict[str, Any]) -> None:
    """Nominal and realised share agree without a filter; templates show as duplicates."""
    templates = {"templates": 20}
    world, pool, mixtures = mixed(
        scenario(settings, share=0.3),
        scenario(settings, share=0.3, source=templates),
        scenario(settings, share=0.3, filter={"strictness": 1.0, "scope": "synthetic"}),
        scenario(settings, share=0.3, design="real_only"),
    )
    plain, few, filtered, real = (m.measures(pool, len(world.rare)) for m in mixtures)
    assert plain["realised_share"] == 0.3
    assert plain["duplication_rate"] == 0.0
    assert few["duplication_rate"] == pytest.approx(1 - 20 / 300)
    assert few["mode_coverage"] < plain["mode_coverage"] <= 1.0
    n = len(kept(mixtures[2], True))
    assert filtered["realised_share"] == n / (n + 700) < 0.3
    assert real["realised_share"] == 0.0
