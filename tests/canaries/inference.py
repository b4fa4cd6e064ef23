"""Canaries of layer `inference`: every public estimator, on sweeps of every kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm

from smcollapse import inference
from smcollapse.inference import (
    Curves,
    Family,
    Interval,
    Replication,
    SegmentedGLM,
    SegmentedOLS,
    SupposedNoise,
)
from smcollapse.inference.agreement import agreement, z_scores
from smcollapse.inference.contrasts import contrast_tests
from smcollapse.inference.families import JUMP, JUMP_RIVALS, KINK, TWO_BREAKS, minimum_shares
from smcollapse.inference.onsets.benchmark import benchmark_error
from smcollapse.inference.onsets.planning import planned_noise
from smcollapse.inference.onsets.replicates import worst_replicate
from smcollapse.inference.pooled import pooled_noise
from smcollapse.inference.resampling import percentile_limit, standard_error
from smcollapse.inference.skewness import noticeably_skewed
from smcollapse.inference.specifications.choices import Choices
from smcollapse.inference.specifications.curve import specification
from smcollapse.inference.specifications.draws import location_of
from smcollapse.inference.specifications.estimators import (
    benchmark_shares,
    fit_kinks,
    isotonic_fall,
    transition_centres,
)
from tests.canaries import sweeps as made
from tests.canaries.tables import EXACT, FITTED, Canaries, Canary

DRAWS = 99
BEFORE, AFTER = (0.0, 0.2), (0.4, 0.6)
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
        "onset": inference.attribute_onset(made.swept(), "y", ["a", "b"], draws=DRAWS),
        "onset in points": inference.attribute_onset(
            made.swept(), "y", ["a", "b"], loss=0.2, relative=False, interactions=False, draws=DRAWS
        ),
        "table": inference.effect_table(made.swept(), "y", BEFORE, AFTER, ["a", "b"]),
    }


def families() -> dict[str, Any]:
    """Corrections for several tests."""
    draws = np.random.default_rng(8)
    values = draws.normal([0.0, 0.4, -0.6, 0.1], 0.5, (7, 4))
    values[:, 3] = 0.5 * values[:, 1] + 0.1
    common = draws.normal(0.0, 0.3, (199, 3))
    found = {
        f"{resampling}, {alternative}": inference.romano_wolf(
            values,
            ["a", "b", "c", "d"],
            null_values=0.05,
            alternative=alternative,
            resampling=resampling,
            draws=199,
            level=0.9,
        )
        for resampling in ("rotations", "sign flips")
        for alternative in ("two-sided", "greater", "less")
    }
    found["re-splits"] = inference.romano_wolf(
        values, replication=Replication("re-splits", 60, 40), draws=199
    )
    estimates = np.array([0.8, -0.2, 0.05])
    for alternative in ("two-sided", "greater", "less"):
        found[f"draws, {alternative}"] = inference.romano_wolf_draws(
            estimates, common, 7, alternative=alternative
        )
    found["draws, given errors"] = inference.romano_wolf_draws(
        estimates, common, 7, freedom=4.0, standard_errors=[0.3, 0.1, 0.2], null_values=0.1
    )
    return found


def resampling() -> dict[str, Any]:
    """Weights of replicates, bands of draws."""
    draws = np.r_[np.random.default_rng(6).normal(size=150), np.inf, np.inf, -np.inf]
    return {
        "factors": [
            inference.nadeau_bengio_factor(r, train, test)
            for r, train, test in ((1, 1, 1), (10, 700, 300), (3, 50, 200))
        ],
        "weights": [
            inference.replicate_weights(r, DRAWS, 5, factor) for r, factor in ((2, 1.0), (6, 2.5))
        ],
        "bands": [inference.percentile_band(draws, level) for level in (0.5, 0.95, 0.999)],
        "limits": [percentile_limit(draws, p, upper=up) for p in (0.1, 0.9) for up in (0, 1)],
        "errors": [standard_error(draws[:150], freedom) for freedom in (1.0, 9.0, np.inf)],
        "width": Interval(-1.0, 2.5, 0.9).width,
        "plain": inference.to_plain({"a": [np.nan, 1.5, np.array([2.0, np.inf])]}),
        "spread": [one.spread_factor(5) for one in (made.OWN, made.SPLITS)],
    }


def plans() -> dict[str, Any]:
    """Power of designs that are not run yet."""
    noise = SupposedNoise(0.02, 0.4, 0.05, 0.3, corpus_sd=0.01)
    plain = SupposedNoise(0.01)
    shares = np.linspace(0.0, 0.6, 8)
    laws = [planned_noise(noise, shares, 5, corpora) for corpora in (None, 1, 2)]
    return {
        "plan": inference.plan(
            noise, shares=(8, 12), replicates=(3, 8), corpora=(None, 2), draws=DRAWS, power=0.4
        ),
        "plain": inference.plan(
            plain, knot=0.3, slope_before=-0.1, shares=(9,), replicates=(4,), draws=DRAWS
        ),
        "covariance": [noise.covariance(shares), plain.covariance(shares)],
        "laws": [[law, law.draws(5, 1), law.sample(5, 1)] for law in laws],
    }


def specifications(name: str) -> Any:
    """Specification curves."""
    curves, windows = made.sweeps(), (BEFORE, AFTER)
    few = Choices(scales=("logit",), trimmings=("none",), weightings=("equal",))
    if name == "two measures":
        other = made.sweep(made.rise, 6, seed=0)
        pair = [curves["kink"], Curves(other.shares, other.values, other.replicates, "ece")]
        ways: Any = {"rare_recall": "loss", "ece": "gain"}
        return specification(
            pair,
            *windows,
            directions=ways,
            draws=DRAWS,
            claimed_onset=(0.38, 0.42),
            relative=False,
            loss=0.05,
        )
    if name == "few choices":
        return specification(curves["smooth"], *windows, choices=few, draws=DRAWS, level=0.8)
    return specification(curves[name], *windows, draws=DRAWS, claimed_onset=(0.3, 0.36))


def estimators() -> dict[str, Any]:
    """The estimators that specification curves share."""
    means = np.stack([made.kink(made.SHARES), made.smooth(made.SHARES), made.flat(made.SHARES)])
    means = np.concatenate([means, means + 0.01 * np.cos(40.0 * made.SHARES)])
    weights = np.linspace(0.5, 1.5, made.SHARES.size)
    uneven = np.broadcast_to(weights, means.shape)
    first = float(made.SHARES[0])
    values = np.random.default_rng(2).normal(size=(9, 4))
    return {
        "isotonic": [isotonic_fall(means[3:], uneven[3:])],
        "benchmarks": [
            benchmark_shares(
                made.SHARES, means, uneven, means[:, 0], first, "raw", loss, relative, way
            )
            for loss, relative, way in ((0.1, True, "loss"), (0.05, False, "loss"))
        ],
        "kinks": [fit_kinks(made.SHARES, means, uneven, flat=flat) for flat in (False, True)],
        "centres": transition_centres(made.SHARES, means, uneven),
        "locations": [location_of(values, name) for name in Choices().trimmings],
    }


def rows(seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Response (48,) and design (48, 3): constant, covariate, a column that breaks, with ties."""
    draws = np.random.default_rng(seed)
    x = draws.uniform(0.0, 1.0, 48).round(2)
    z = draws.normal(size=48)
    y = 1.0 + 0.4 * x - 2.0 * np.maximum(x - 0.45, 0.0) + 0.5 * z + 0.15 * draws.normal(size=48)
    return y, np.column_stack([np.ones(48), z, x])


def fitted(results: Any) -> dict[str, Any]:
    """Every number of a segmented regression."""
    names = (
        "breaks",
        "breaks_se",
        "params",
        "bse",
        "tvalues",
        "pvalues",
        "fittedvalues",
        "resid",
        "nobs",
        "df_model",
        "df_resid",
        "scale",
        "llf",
        "aic",
        "bic",
    )
    found: dict[str, Any] = {name: np.asarray(getattr(results, name)) for name in names}
    found["conf_int"] = np.asarray(results.conf_int(0.1))
    found["cov"] = np.asarray(results.cov_params())
    found["slopes"] = results.slopes(0.1).to_numpy()
    found["estimates"] = results.estimates()
    return found


def segmented() -> dict[str, Any]:
    """Segmented regressions: plain, clustered, robust, two breaks."""
    y, design = rows()
    groups = np.arange(48) // 8
    single = sm.add_constant(design[:, 2])
    two = y - 2.5 * np.maximum(design[:, 2] - 0.75, 0.0)
    plain = SegmentedOLS(y, design, segmented=2).fit()
    alone = SegmentedOLS(y - 0.5 * design[:, 1], single, groups=groups).fit()
    new = np.column_stack([np.ones(3), [0.0, 1.0, -1.0], [0.1, 0.5, 0.9]])
    return {
        "plain": fitted(plain)
        | {"ssr": plain.ssr, "r2": plain.rsquared, "new": plain.predict(new)},
        "robust": fitted(SegmentedOLS(y, design, segmented=2).fit(cov_type="HC1")),
        "clustered": fitted(alone),
        "two": fitted(SegmentedOLS(two, design, segmented=2, n_breaks=2).fit()),
        "exists": alone.test_existence(inference.RIVALS[:3], draws=DRAWS),
    }


def generalized() -> dict[str, Any]:
    """Segmented generalized linear models."""
    y, design = rows()
    single = sm.add_constant(design[:, 2])
    counts = np.column_stack([np.round(8.0 / (1.0 + np.exp(-2.0 * y))), np.full(48, 8.0)])
    counts[:, 1] -= counts[:, 0]
    binomial = SegmentedGLM(
        counts, single, family=sm.families.Binomial(), freq_weights=1.0 + np.arange(48) % 3
    ).fit()
    poisson = SegmentedGLM(
        np.round(6.0 * np.exp(0.5 * y)),
        single,
        family=sm.families.Poisson(),
        groups=np.arange(48) // 8,
    ).fit()
    return {
        "binomial": fitted(binomial) | {"deviance": binomial.deviance},
        "poisson": fitted(poisson) | {"chi2": poisson.pearson_chi2},
    }


def agreements() -> dict[str, Any]:
    """Measured beside predicted."""
    draws = np.random.default_rng(4)
    predicted = np.linspace(0.2, 0.9, 20)
    measured = predicted + 0.02 * draws.normal(size=20)
    errors = np.where(np.arange(20) % 7 == 0, 0.0, 0.02)
    curves = list(np.arange(20) // 5)
    return {
        "agreement": agreement(measured, predicted, errors, curves),
        "exact": agreement(predicted, predicted, errors, curves),
        "z": z_scores(measured - predicted, errors),
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
        "families of tests": families,
        "resampling": resampling,
        "plans": plans,
        "estimators": estimators,
        "segmented": segmented,
        "segmented, generalized": generalized,
        "agreement": agreements,
    }
    for name in ALL:
        functions[f"noise: {name}"] = partial(noise, name)
    for name in (*NOISY, "one replicate", "gain"):
        functions[f"onset: {name}"] = partial(onsets, name)
    for name in ("kink", "missing", "two measures", "few choices", "one replicate"):
        functions[f"specification: {name}"] = partial(specifications, name)
    iterative = ("transitions", "segmented, generalized", "onset", "attributions", "specification")
    return {
        name: Canary(function, FITTED if name.startswith(iterative) else EXACT)
        for name, function in functions.items()
    }
