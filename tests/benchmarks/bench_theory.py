"""Predictions against the training that they stand for, and against the usual special function.

All on one core, compiled before, medians.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import skellam

from smcollapse.laws import facts_law
from smcollapse.run import cores, run_study
from smcollapse.scenario import Scenario
from smcollapse.settings import FactsWorld
from smcollapse.study import Axis, Study
from smcollapse.theories import CATALOG

FINE = np.linspace(0.0, 0.6, 61)
COARSE = np.linspace(0.0, 0.6, 13)

FACTS = Scenario.model_validate({"mixture": {"budget": 60_000}})
TABLE = Scenario.model_validate({"mixture": {"budget": 60_000}, "model": {"kind": "count_table"}})
FEW_TEMPLATES = Scenario.model_validate(TABLE.model_dump() | {"source": {"templates": 300}})
SMOOTHED = Scenario.model_validate(
    TABLE.model_dump() | {"model": {"kind": "count_table", "pseudo_count": 5.0}}
)
CLUSTERS = Scenario.model_validate(
    {
        "world": {"kind": "clusters", "n_contexts": 20, "dimension": 400},
        "mixture": {"budget": 4000},
        "model": {"kind": "logistic", "ridge": 0.01},
    }
)


def by_skellam() -> float:
    """Rare recall of the facts scenario at 61 shares by scipy.stats.skellam, nothing else."""
    law = facts_law(FactsWorld())
    made = np.outer(60_000 * FINE, law.frequency)
    real = np.outer(60_000 * (1.0 - FINE), law.frequency)
    true = real * (1.0 - law.noise + law.noise / law.n_answers)
    rival = real * law.noise / law.n_answers + made
    tie = skellam.pmf(0, true, rival) - np.exp(-true - rival)
    recall = np.where(law.exception, skellam.sf(0, true, rival) + 0.5 * tie, 1.0)
    return float(np.average(recall[:, law.rare], axis=1, weights=law.frequency[law.rare])[0])


def median_ms(function: Callable[[], Any], runs: int) -> float:
    """Median time of a call in milliseconds, the first one left out."""
    function()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def training_ms(scenario: Scenario, replicates: int) -> float:
    """Time to train one replicate of the 13-share sweep, on one core, set-up left out."""
    study = Study(
        name="timing",
        scenario=scenario,
        axes=(Axis(path="mixture.share", values=tuple(float(s) for s in COARSE)),),
        replicates=replicates,
    )
    with tempfile.TemporaryDirectory() as folder:
        return 1e3 * run_study(study, Path(folder), device="cpu", workers=1).seconds / replicates


def theory_table() -> list[dict[str, str]]:
    """One row a prediction: its time, what it replaces, and the ratio."""
    counts, proportional = CATALOG["counts"], CATALOG["proportional"]
    population, coverage = CATALOG["population"], CATALOG["coverage"]
    sweep = "training the 13 shares, one replicate"
    cases: list[tuple[str, Callable[[], Any], str, Callable[[], float]]] = [
        (
            "counts, 61 shares, 600 contexts, all measures",
            lambda: counts.curve(FACTS, FINE),
            "scipy.stats.skellam, rare recall alone",
            lambda: median_ms(by_skellam, 9),
        ),
        (
            "counts, 13 shares, 600 contexts, all measures",
            lambda: counts.curve(FACTS, COARSE),
            f"{sweep}, mlp",
            lambda: training_ms(FACTS, 3),
        ),
        (
            "counts, 13 shares, 600 contexts, all measures",
            lambda: counts.curve(TABLE, COARSE),
            f"{sweep}, count_table",
            lambda: training_ms(TABLE, 10),
        ),
        (
            "counts, the same with 300 templates: tables are drawn",
            lambda: counts.curve(FEW_TEMPLATES, COARSE),
            f"{sweep}, count_table",
            lambda: training_ms(FEW_TEMPLATES, 10),
        ),
        (
            "counts, the same with a pseudo-count: tables are drawn",
            lambda: counts.curve(SMOOTHED, COARSE),
            f"{sweep}, count_table",
            lambda: training_ms(SMOOTHED, 10),
        ),
        (
            "population, 13 shares, 600 contexts",
            lambda: population.curve(FACTS, COARSE),
            f"{sweep}, mlp",
            lambda: training_ms(FACTS, 3),
        ),
        (
            "coverage, 13 shares, 600 contexts",
            lambda: coverage.curve(FACTS, COARSE),
            f"{sweep}, mlp",
            lambda: training_ms(FACTS, 3),
        ),
        (
            "proportional, 61 shares, 20 contexts, all measures",
            lambda: proportional.curve(CLUSTERS, FINE),
            f"{sweep}, logistic, d = 400",
            lambda: training_ms(CLUSTERS, 3),
        ),
    ]
    rows = []
    for name, ours, against, theirs in cases:
        mine, peer = median_ms(ours, 9), theirs()
        rows.append(
            {
                "prediction": name,
                "ms": f"{mine:.3g}",
                "against": against,
                "its ms": f"{peer:.4g}",
                "ratio": f"{peer / mine:.3g}",
            }
        )
    return rows


def phase_diagram(size: int = 200) -> list[dict[str, str]]:
    """The whole command for a phase diagram, 13 shares a point, as many processes as cores."""
    program = str(Path(sys.executable).with_name("smcollapse"))
    rows = []
    for axes in (
        ("source.tempering", "filter.strictness"),
        ("mixture.budget", "source.fidelity"),
    ):
        with tempfile.TemporaryDirectory() as folder:
            command = [program, "phase", "atlas", "--theory", "counts", "--out", folder]
            command += ["--x", axes[0], "--y", axes[1], "--size", str(size)]
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds = time.perf_counter() - start
        rows.append(
            {
                "phase diagram": f"{axes[0]} × {axes[1]}, {size} × {size}",
                "s": f"{seconds:.0f}",
                "ms a point, per core": f"{1e3 * seconds * cores() / size**2:.2f}",
            }
        )
    return rows
