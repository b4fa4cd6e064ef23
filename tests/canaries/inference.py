"""Canaries of layer `inference`: noise, onsets, effects, attributions, on sweeps of every kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from smcollapse import inference
from smcollapse.inference import (
    Curves,
    Family,
    Replication,
)
from smcollapse.inference.contrasts import contrast_tests
from smcollapse.inference.families import JUMP, JUMP_RIVALS, KINK, TWO_BREAKS, minimum_shares
from smcollapse.inference.onsets.benchmark import benchmark_error
from smcollapse.inference.onsets.replicates import worst_replicate
from smcollapse.inference.pooled import pooled_noise
from smcollapse.inference.skewness import noticeably_skewed
from tests.canaries import sweeps as made
from tests.canaries.sweeps import AFTER, BEFORE, DRAWS
from tests.canaries.tables import EXACT, FITTED, Canaries, Canary

ALL = tuple(made.sweeps())
NOISY = tuple(name for name in ALL if name != "one replicate")

Estimator = Callable[[Curves], Any]


def on(estimator: Estimator, *names: str) -> dict[str, Any]:
    """An estimator on some sweeps; one that refuses says so."""
    found = {}
    for name in names:
        try:
            found[name] = estimator(made.sweeps()[name])
        except inference.InferenceError:
            found[name] = "refused"
    return found


def noise(name: str) -> dict[str, Any]:
    """The law of the noise of a sweep, and draws of it."""
    curves = made.sweeps()[name]
    if not curves.has_noise:
        return {"mean": curves.mean, "weights": curves.weights, "has": False}
    law = curves.noise
    contrast = np.zeros((2, curves.shares.size))
    contrast[0, 0], contrast[0, -1] = -1.0, 1.0
    contrast[1, :3] = 1.0 / 3.0
    return {
        "mean": curves.mean,
        "weights": curves.weights,
        "spread": curves.spread_factor,
        "has": curves.has_noise,
        "complete": curves.complete,
        "law": law,
        "contrasts": law.variance_and_freedom(contrast),
        "without curve": law.variance_and_freedom(contrast, without_curve=True),
        "run": [law.run_variance, law.corpus_variance],
        "draws": curves.draw_means(DRAWS, 1),
        "tests": contrast_tests(curves, contrast),
    }


def tables() -> dict[str, Any]:
    """Curves from tidy tables: rounded shares, missing cells, corpora."""
    table = made.tidy()
    holes = table.drop(index=[4, 17, 30])
    own = table.assign(corpus=table["replicate"] // 2)
    one = table.assign(corpus="all")
    mixed = table.assign(corpus=table["replicate"] // 2, share=table["share"] + 1e-14)
    return {
        "plain": inference.curves(table, "ece"),
        "alone": inference.curves(table[table["replicate"] == 0], "ece"),
        "holes": inference.curves(holes, "rare_recall", allow_missing=True),
        "corpora": inference.curves(table, "rare_recall", corpus="corpus").corpora is not None,
        "averaged": inference.curves(own, "rare_recall", corpus="corpus"),
        "one corpus": inference.curves(one, "rare_recall", corpus="corpus"),
        "rounded": inference.curves(mixed, "rare_recall", corpus="corpus"),
        **realised(table),
    }


def realised(table: pd.DataFrame) -> dict[str, Any]:
    """Shares that no two runs have in common: grouped by rank, by clusters, in bins, refused."""
    draws = np.random.default_rng(12)
    moved = np.abs(table["share"] + draws.normal(0.0, 0.003, len(table)))
    wide = np.abs(table["share"] + draws.normal(0.0, 0.08, len(table)))
    shares = np.r_[np.zeros(6), np.linspace(0.0, 0.9, 70)]
    alone = pd.DataFrame({"share": shares, "y": made.kink(shares) + draws.normal(0, 0.02, 76)})
    exact = alone.assign(y=made.smooth(shares))
    near = alone.assign(share=np.round(shares, 1) + draws.uniform(0.0, 1e-3, 76))
    read = partial(inference.curves, response="y", replicate=None, allow_missing=True)
    return {
        "rank": inference.curves(table.assign(share=moved), "ece"),
        "clusters": inference.curves(
            table.assign(share=moved).drop(index=[7, 19]), "ece", allow_missing=True
        ),
        "bins": inference.curves(table.assign(share=wide), "ece", allow_missing=True),
        "own": read(alone),
        "own, near": read(near),
        "own, correlated": read(exact),
        "own, answered": inference.benchmark_share(read(alone)),
    }


def benchmarks() -> dict[str, Any]:
    """Benchmark shares: losses and gains, relative and in points, reached or not."""
    found: dict[str, Any] = {}
    for loss, relative in ((0.1, True), (0.05, False), (0.4, True)):
        estimator = partial(inference.benchmark_share, loss=loss, relative=relative, level=0.9)
        found[f"{loss} {relative}"] = on(estimator, *ALL)
    gain = made.sweep(made.rise)
    found["gain"] = [
        inference.benchmark_share(gain, 0.05, False, "gain"),
        inference.benchmark_share(gain, 0.5, True, "gain"),
    ]
    shares, values = made.SHARES, made.kink(made.SHARES)
    found["exact"] = [
        inference.benchmark_share_of(shares, values, loss) for loss in (0.02, 0.1, 0.9)
    ] + [inference.benchmark_share_of(shares, made.rise(shares), 0.05, False, "gain")]
    found["errors"] = on(partial(benchmark_error, draws=DRAWS), *ALL)
    models = partial(inference.model_shares, draws=DRAWS)
    found["models"] = on(models, "kink", "smooth", "missing", "flat")
    found["models of a gain"] = inference.model_shares(gain, 0.05, False, "gain", draws=DRAWS)
    return found


def breaks() -> dict[str, Any]:
    """Knots, bends, transitions and their bands."""
    draws = {"draws": DRAWS, "seed": 2}
    x = np.array([0.1, 0.5, 0.2, 0.2, 0.9, 0.7, 0.3, 0.6, 0.4, 0.8])
    y = np.array([1.0, 0.8, 1.1, 0.9, 0.1, 0.4, 1.0, 0.7, 0.95, 0.2])
    return {
        "knots": on(partial(inference.break_point, **draws), *ALL),
        "bends": on(partial(inference.bend_width, **draws), *NOISY),
        "kinks": [
            inference.kink_of(made.SHARES, truth(made.SHARES))
            for truth in (made.kink, made.smooth, made.rise)
        ],
        "raw": [inference.profile_break(x, y), inference.profile_break(x[:6], y[:6] ** 2)],
    }


def transitions() -> dict[str, Any]:
    """Logistics and their bands."""
    return on(partial(inference.smooth_transition, draws=DRAWS, seed=2), *ALL)


def existing() -> dict[str, Any]:
    """Tests for a break, and their power."""
    few: tuple[Family, ...] = inference.RIVALS[:3]
    one = partial(inference.existence, draws=DRAWS, seed=3)
    curves = made.sweeps()["kink"]
    return {
        "break": on(one, *NOISY),
        "two": on(partial(one, shape=TWO_BREAKS), "two breaks", "kink"),
        "jump": on(partial(one, rivals=JUMP_RIVALS, shape=JUMP), "jump", "smooth"),
        "few rivals": on(partial(one, rivals=few, alpha=0.2), "kink", "smooth"),
        "power": inference.power_against(curves.mean, curves, few, draws=DRAWS, alpha=0.3),
        "shares": [minimum_shares([family]) for family in (*inference.RIVALS, KINK, TWO_BREAKS)],
    }


def onsets(name: str) -> Any:
    """The onset with everything that comes with it."""
    gain = name == "gain"
    curves = made.sweep(made.rise) if gain else made.sweeps()[name]
    settings: dict[str, Any] = {"direction": "gain", "relative": False} if gain else {}
    return inference.onset(curves, draws=DRAWS, thorough=name in ("kink", "smooth"), **settings)


def shapes() -> dict[str, Any]:
    """Brackets and shapes, with both directions of harm; skewed replicates."""
    way = {"relative": True, "level": 0.9}

    def shape(curves: Curves, direction: Any = "loss", smallest: float = 0.01) -> Any:
        other: Any = "gain" if direction == "loss" else "loss"
        return inference.shape_of(
            curves,
            inference.bracket(curves, 0.1, direction=direction, **way),
            inference.bracket(curves, 0.1, direction=other, **way),
            smallest=smallest,
            direction=direction,
            **way,
        )

    rising = made.sweep(made.rise)
    skewed = np.random.default_rng(5).exponential(size=12)
    return {
        "brackets": on(lambda one: inference.bracket(one, 0.03, False, "loss", 0.8), *NOISY),
        "shapes": on(shape, *NOISY),
        "sizes": on(partial(shape, smallest=0.1), "hump", "kink"),
        "rising": [shape(rising, direction) for direction in ("loss", "gain")],
        "worst": [
            worst_replicate(made.sweeps()["kink"], direction) for direction in ("loss", "gain")
        ],
        "skewed": [
            inference.hall_interval(values, 0.9, factor)
            for values in (skewed, -skewed, np.arange(6.0))
            for factor in (1.0, 1.5)
        ],
        "noticed": [noticeably_skewed(values) for values in (skewed, skewed[:4], np.arange(9.0))],
        "pooled": [
            pooled_noise(deviations, np.full(9, 3), paired=paired)
            for paired in (True, False)
            for deviations in (np.random.default_rng(1).normal(size=(3, 9)),)
        ],
    }


def effects() -> dict[str, Any]:
    """Effects between windows, net of a control, beyond the estimated knot."""
    control = {name: made.sweep(made.flat, 6, seed=9) for name in ("kink", "flat", "few shares")}
    found: dict[str, Any] = {
        "effect": on(lambda one: inference.effect(one, BEFORE, AFTER), *ALL),
        "level": on(lambda one: inference.effect(one, BEFORE, AFTER, level=0.7), "kink"),
        "net": on(
            lambda one: inference.net_effect(one, control["kink"], BEFORE, AFTER), "kink", "flat"
        ),
        "joint": on(partial(inference.joint_effect, draws=DRAWS), *NOISY),
    }
    numbers = np.array([-0.22, -0.19, -0.2, -0.24, -0.21])
    splits = Replication("re-splits", 80, 20)
    measured = inference.effect(made.sweeps()["kink"], BEFORE, AFTER)
    found["equivalence"] = [
        inference.equivalence(numbers, claimed, margin, replication=design, level=level)
        for claimed, margin in ((-0.21, 0.05), (-0.1, 0.01), (-0.25, 0.03))
        for design, level in ((inference.INDEPENDENT, 0.95), (splits, 0.8))
    ] + [
        inference.equivalence(measured.points, -0.2, 0.05),
        inference.equivalence(measured.relative, -0.2, 0.5),
    ]
    return found


def attributions() -> dict[str, Any]:
    """Effects of knobs, of every family and with re-splits."""
    table, knobs = made.factorial(), list(made.KNOBS)
    splits = Replication("re-splits", 800, 200)
    return {
        "points": inference.attribute(table, "effect", knobs, draws=DRAWS),
        "main effects": inference.attribute(
            table, "effect", knobs, interactions=False, mixed=False, draws=DRAWS, level=0.8
        ),
        "re-splits": inference.attribute(
            table, "effect", knobs, mixed=False, draws=DRAWS, replication=splits
        ),
        "shares": inference.attribute(table, "recall", knobs, family="quasi-binomial", draws=DRAWS),
        "missing": inference.attribute(
            table.drop(index=[2, 9]), "effect", knobs, mixed=False, draws=DRAWS
        ),
        "onset": inference.attribute_onset(made.swept(), "y", ["a", "b"]),
        "onset in points": inference.attribute_onset(
            made.swept(), "y", ["a", "b"], loss=0.2, relative=False, interactions=False
        ),
        "table": inference.effect_table(made.swept(), "y", BEFORE, AFTER, ["a", "b"]),
    }


def canaries() -> Canaries:
    """Every canary of the estimators."""
    functions: dict[str, Callable[[], Any]] = {
        "curves": tables,
        "benchmark shares": benchmarks,
        "breaks": breaks,
        "transitions": transitions,
        "existence": existing,
        "shapes": shapes,
        "effects": effects,
        "attributions": attributions,
    }
    for name in ALL:
        functions[f"noise: {name}"] = partial(noise, name)
    for name in (*NOISY, "one replicate", "gain"):
        functions[f"onset: {name}"] = partial(onsets, name)
    iterative = ("transitions", "onset", "attributions")
    return {
        name: Canary(function, FITTED if name.startswith(iterative) else EXACT)
        for name, function in functions.items()
    }
