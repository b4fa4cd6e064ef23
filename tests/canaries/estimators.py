"""Canaries of layer `inference`: corrections, plans, specifications, regressions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import statsmodels.api as sm

from smcollapse import inference
from smcollapse.inference import (
    Curves,
    Interval,
    Replication,
    SegmentedGLM,
    SegmentedOLS,
    SupposedNoise,
)
from smcollapse.inference.agreement import agreement, z_scores
from smcollapse.inference.onsets.planning import planned_noise
from smcollapse.inference.resampling import percentile_limit, standard_error
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
from tests.canaries.sweeps import AFTER, BEFORE, DRAWS
from tests.canaries.tables import FITTED, Canaries, Canary


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
    """Canaries of corrections, plans, specifications and regressions."""
    functions: dict[str, Callable[[], Any]] = {
        "families of tests": families,
        "resampling": resampling,
        "plans": plans,
        "estimators": estimators,
        "segmented": segmented,
        "agreement": agreements,
    }
    found = {name: Canary(function) for name, function in functions.items()}
    found["segmented, generalized"] = Canary(generalized, FITTED)
    for name in ("kink", "missing", "two measures", "few choices", "one replicate"):
        found[f"specification: {name}"] = Canary(partial(specifications, name), FITTED)
    return found
