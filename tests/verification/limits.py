"""Limits of the theories: rates of approach, published exponents, large trainings, controls."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from smcollapse.laws.contexts import zipf
from smcollapse.run import run_study
from smcollapse.scenario import Scenario
from smcollapse.study import Axis, Study
from smcollapse.theories import CATALOG, MEASURES
from smcollapse.theories.coverage import losses
from smcollapse.theories.tails import local_exponents, unseen_mass, zipf_unseen_mass

BUDGETS = (10**4, 10**5, 10**6, 10**7)
SHARES = (0.0, 0.2, 0.4, 0.6)
SEED = 72_001

ONE_FLIP = Scenario.model_validate(
    {
        "world": {"n_contexts": 20, "n_answers": 5, "n_categories": 5},
        "model": {"kind": "count_table"},
        "mixture": {"budget": 10**6},
    }
)
"""τ = 1: synthetic frequencies are the real ones, so that all exceptions flip at one share."""


def transition_widths() -> pd.DataFrame:
    """Width in share of the fall of exception recall from Φ(1) to Φ(−1), count theory, each N.

    Columns budget, width, slope: the logarithmic slope to the row before. Expected: −½.
    """
    widths = [_width(budget) for budget in BUDGETS]
    slopes = [math.nan, *local_exponents(BUDGETS, widths)]
    return pd.DataFrame({"budget": BUDGETS, "width": widths, "slope": slopes})


def fitted_slope(table: pd.DataFrame) -> float:
    """Least-squares slope of log width on log budget."""
    return float(np.polyfit(np.log(table.budget), np.log(table.width), 1)[0])


def _width(budget: int) -> float:
    scenario = _with_budget(ONE_FLIP, budget)
    flip = CATALOG["population"].curve(scenario, [0.0]).flip
    shares = np.clip(flip + np.linspace(-20.0, 20.0, 81) / math.sqrt(budget), 0.0, 1.0)
    recall = CATALOG["counts"].curve(scenario, shares).measures["exception_recall"]
    # Recall falls with the share; np.interp wants rising points.
    low, high = np.interp([0.1587, 0.8413], recall[::-1], shares[::-1])
    return float(low - high)


def approach_away_from_a_flip(share: float = 0.35) -> pd.DataFrame:
    """|counts − population| of rare recall at a share away from the flip (.476), each N.

    Columns budget, difference, slope: its logarithmic slope, which falls without bound where the
    difference vanishes faster than any power.
    """
    budgets = [round(400 * 2.0**i) for i in range(8)]
    differences = []
    for budget in budgets:
        scenario = _with_budget(ONE_FLIP, budget)
        counts, limit = (
            CATALOG[name].curve(scenario, [share]).measures["rare_recall"][0]
            for name in ("counts", "population")
        )
        differences.append(abs(counts - limit))
    slopes = [math.nan, *local_exponents(budgets, differences)]
    return pd.DataFrame({"budget": budgets, "difference": differences, "slope": slopes})


def coverage_exponents() -> pd.DataFrame:
    """Fitted and published exponents of unseen mass, for Zipf exponents α.

    Columns law, alpha, fitted, published, difference.
    """
    rows = []
    for alpha in (1.2, 1.5, 2.0, 3.0):
        sizes, covered = np.logspace(3, 8, 11), np.array([30, 100, 300, 1000, 3000])
        error = [zipf_unseen_mass(alpha, n, 0.0, 1).total for n in sizes]
        left = [zipf_unseen_mass(alpha, 1e13, 1.0, int(k)).total for k in covered]
        for law, x, y, published in (
            ("rows n", sizes, error, -(alpha - 1.0) / alpha),
            ("covered contexts k0", covered, left, -(alpha - 1.0)),
        ):
            fitted = float(np.polyfit(np.log(x), np.log(y), 1)[0])
            rows.append((law, alpha, fitted, published, abs(fitted - published)))
    return pd.DataFrame(rows, columns=["law", "alpha", "fitted", "published", "difference"])


def hidden_tail_loss() -> pd.DataFrame:
    """Total error and tail recall at shares 0 and .6 (α = 1.5, n = 10⁴, k₀ = 300).

    Columns contexts (inf for the Hurwitz sum), share, error, tail_recall.
    """
    rows = []
    for share in (0.0, 0.6):
        for k in (3 * 10**6, math.inf):
            if math.isinf(k):
                mass = zipf_unseen_mass(1.5, 1e4, share, 300)
            else:
                mass = unseen_mass(zipf(int(k), 1.5), 1e4, share, 300)
            rows.append((k, share, mass.total, 1.0 - mass.tail))
    return pd.DataFrame(rows, columns=["contexts", "share", "error", "tail_recall"])


def ways_to_lose() -> pd.DataFrame:
    """Losses of rare recall by cause, for sources that do and do not cover the rare contexts."""
    tables = []
    for coverage in (1.0, 0.3):
        scenario = _scenario({"source": {"coverage": coverage}}, 10_000)
        lost = losses(scenario, np.arange(0.0, 0.65, 0.1))
        tables.append(pd.DataFrame({"coverage": coverage, **vars(lost)}))
    return pd.concat(tables, ignore_index=True)


def facts_at_large_budgets(folder: Path, model: str, scenarios: int = 4) -> pd.DataFrame:
    """Population theory against trainings on many rows, random scenarios, nothing fitted.

    model : `count_table` (10⁶ rows) or `mlp` (2·10⁵ rows)
    Columns scenario, share, measure, predicted, trained, se, difference.
    """
    budget = 10**6 if model == "count_table" else 200_000
    drawn = [_random_facts(i, budget, model) for i in range(scenarios)]
    return _compared(folder, drawn)


def clusters_against_networks(folder: Path, budget: int = 500_000) -> pd.DataFrame:
    """Population theory against wide networks, in worlds of few dimensions; columns as above."""
    drawn = [
        _scenario(
            {
                "world": {"kind": "clusters", "n_contexts": k, "dimension": d},
                "source": {"polish": polish},
                "model": {"kind": "mlp", "width": 128, "depth": 2, "passes": 6}
                | {"learning_rate": 0.003},
            },
            budget,
        )
        for k, d, polish in ((4, 6, 0.0), (4, 6, 0.5), (4, 6, 0.9), (10, 16, 0.5))
    ]
    return _compared(folder, drawn, replicates=2)


def negative_controls() -> pd.DataFrame:
    """How far each theory moves when one term is left out.

    Columns theory, left_out, difference: the largest over measures and shares.
    """
    full: dict[str, Any] = {
        "world": {"n_contexts": 30, "n_answers": 5, "rare_mass": 0.5},
        "source": {"tempering": 0.5, "coverage": 0.7, "polish": 0.3, "fidelity": 0.2}
        | {"contamination": 0.2, "detectability": 0.3},
        "filter": {"strictness": 0.6},
    }
    neutral = {
        "tempering": 1.0,
        "coverage": 1.0,
        "polish": 1.0,
        "fidelity": 0.0,
        "contamination": 0.0,
        "detectability": 0.0,
        "strictness": 0.0,
    }
    rows = []
    for name, extra, budget in (
        ("population", {}, 10**5),
        ("population", {"kind": "clusters", "dimension": 31, "n_answers": None}, 10**5),
        ("coverage", {}, 2000),
    ):
        world = {k: v for k, v in (full["world"] | extra).items() if v is not None}
        parts = full | {"world": world}
        whole = CATALOG[name].curve(_scenario(parts, budget), SHARES).measures
        for knob, value in neutral.items():
            part = "filter" if knob == "strictness" else "source"
            less = parts | {part: parts[part] | {knob: value}}
            found = CATALOG[name].curve(_scenario(less, budget), SHARES).measures
            difference = max(np.abs(found[m] - whole[m]).max() for m in MEASURES)
            rows.append((name, world.get("kind", "facts"), knob, difference))
    return pd.DataFrame(rows, columns=["theory", "world", "left_out", "difference"])


def _with_budget(scenario: Scenario, budget: int) -> Scenario:
    mixture = scenario.mixture.model_copy(update={"budget": budget})
    return scenario.model_copy(update={"mixture": mixture})


def _scenario(parts: dict[str, Any], budget: int) -> Scenario:
    return Scenario.model_validate(parts | {"mixture": {"budget": budget}})


def _random_facts(index: int, budget: int, model: str) -> Scenario:
    """Scenario `index`: every knob is drawn, so that none can be left out unnoticed."""
    rng = np.random.default_rng([SEED, index])

    def between(low: float, high: float) -> float:
        return round(float(rng.uniform(low, high)), 3)

    return _scenario(
        {
            "world": {
                "seed": index,
                "n_contexts": int(rng.integers(15, 40)),
                "n_answers": int(rng.integers(2, 8)),
                "n_categories": 5,
                "rare_mass": 0.5,
                "exception_share": between(0.3, 1.0),
                "noise": between(0.0, 0.3),
            },
            "source": {
                "coverage": between(0.4, 1.0),
                "tempering": between(0.3, 1.2),
                "polish": between(0.0, 1.0),
                "fidelity": between(0.0, 0.4),
                "contamination": between(0.0, 0.3),
                "detectability": between(0.1, 0.6),
            },
            "filter": {"strictness": between(0.0, 0.8)},
            "model": {"kind": model},
        },
        budget,
    )


def _compared(folder: Path, scenarios: list[Scenario], replicates: int = 3) -> pd.DataFrame:
    rows = []
    for number, scenario in enumerate(scenarios):
        study = Study(
            name=f"limit-{number}",
            seed=SEED,
            replicates=replicates,
            scenario=scenario,
            axes=(Axis(path="mixture.share", values=SHARES),),
        )
        run = run_study(study, folder / f"{scenario.model.kind}-{number}", device="cpu", workers=1)
        groups = run.store.table().groupby("share")
        found = CATALOG["population"].curve(scenario, SHARES).measures
        for name in MEASURES:
            for i, share in enumerate(SHARES):
                trained, se = groups[name].mean()[share], groups[name].sem()[share]
                value = float(found[name][i])
                rows.append((number, share, name, value, trained, se, trained - value))
    columns = ["scenario", "share", "measure", "predicted", "trained", "se", "difference"]
    return pd.DataFrame(rows, columns=columns)
