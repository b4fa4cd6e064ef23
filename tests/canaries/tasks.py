"""What the canaries train: scenarios, models and their tasks."""

from __future__ import annotations

from typing import Any

from smcollapse.mixtures import budget_of, mix
from smcollapse.models import Task
from smcollapse.scenario import Scenario
from smcollapse.texts import contrast_rows
from smcollapse.units import inputs_of, sees_style
from smcollapse.worlds import world_of
from tests.canaries.world_settings import worlds

FACTS = {
    "world": {
        "kind": "facts",
        "n_contexts": 20,
        "n_answers": 4,
        "n_categories": 4,
        "test_size": 150,
    },
    "source": {"polish": 0.6, "templates": 60},
    "mixture": {"budget": 200},
}
CLUSTERS = {
    "world": {"kind": "clusters", "n_contexts": 5, "dimension": 8, "test_size": 150},
    "source": {"polish": 0.6},
    "mixture": {"budget": 150},
}
MLP = {"kind": "mlp", "embedding": 6, "width": 8, "passes": 3.0, "batch_size": 32}
STYLED = {"detectability": 0.6}
TEXT = {"kind": "transformer", "passes": 0.7, "batch_size": 16}


def sentences() -> dict[str, Any]:
    """A scenario of sentences."""
    world = worlds()["language"].model_copy(update={"n_contexts": 12, "test_size": 100})
    return {"world": world, "source": {"phrase_templates": 3}, "mixture": {"budget": 120}}


def models() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Scenario and settings of models, by kind and what is special about them."""
    styled = {**FACTS, "source": {**FACTS["source"], **STYLED}}
    styled_clusters = {**CLUSTERS, "source": {**CLUSTERS["source"], **STYLED}}
    logistic = {"kind": "logistic", "ridge": 0.02}
    return {
        "count_table": (FACTS, {"kind": "count_table"}),
        "count_table, smoothed": (styled, {"kind": "count_table", "pseudo_count": 2.5}),
        "logistic, codes": (styled, logistic),
        "logistic, features": (styled_clusters, {**logistic, "intercept": True}),
        "mlp, codes": (FACTS, MLP),
        "mlp, codes and style": (styled, {**MLP, "depth": 2, "weight_decay": 0.1}),
        "mlp, features": (CLUSTERS, {**MLP, "learning_rate": 0.03}),
        "mlp, features and style": (styled_clusters, {**MLP, "batch_size": 500}),
        "transformer": (sentences(), TEXT),
        "transformer, decay": (sentences(), {**TEXT, "weight_decay": 0.2, "size": "micro"}),
    }


def task_of(
    parts: dict[str, Any], settings: dict[str, Any], shares: tuple[float, ...] = (0.0, 0.5)
) -> tuple[Any, Task]:
    """Settings of a model, and what it is trained on at those shares."""
    scenarios = [
        Scenario.model_validate(
            {**parts, "mixture": {**parts["mixture"], "share": share}, "model": settings}
        )
        for share in shares
    ]
    first = scenarios[0]
    world = world_of(first.world)
    pool, mixtures = mix(scenarios, world, 1, 0)
    test = world.test(1, 0)
    task = Task(
        inputs=inputs_of(first),
        sees_style=sees_style(first),
        pool=pool,
        slots=[mixture.slots for mixture in mixtures],
        budget=budget_of(first, world),
        test=test,
        seed=1,
        replicate=0,
        synthetic=[mixture.synthetic for mixture in mixtures],
        weights=[mixture.weights for mixture in mixtures],
        contrast=contrast_rows(scenarios, world, test, 1, 0),
    )
    return first.model, task
