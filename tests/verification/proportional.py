"""Proportional theory against trained logistic regression, over the whole space of scenarios.

The design is drawn once from a fixed seed; theory is never fitted to it. Results are stored in the
given folder, so that a second call computes only what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from smcollapse.run import run_study
from smcollapse.scenario import Scenario
from smcollapse.study import Study
from smcollapse.theories import CATALOG, MEASURES
from smcollapse.theories.calibration_slope import calibration_slope
from smcollapse.theories.separability import separable

DESIGN_SEED = 20_261
N_SCENARIOS = 64
RESOLUTION = 0.003
"""Standard error of each compared measure that is asked for."""
MOST = 400
"""Replicates that a scenario is given at most."""
TOLERANCE = 0.01
COMPARED = ("rare_recall", "mean_confidence", "ece")


def scenarios(
    n: int = N_SCENARIOS, dimension: int = 400, seed: int = DESIGN_SEED
) -> list[Scenario]:
    """n scenarios over the whole parameter space of `clusters` with `logistic`."""
    return [_scenario(np.random.default_rng((seed, number)), dimension) for number in range(n)]


def _scenario(draw: np.random.Generator, dimension: int) -> Scenario:
    def mostly_zero(chance: float, low: float, high: float) -> float:
        value, used = float(draw.uniform(low, high)), draw.uniform() < chance
        return round(value, 4) if used else 0.0

    def between(low: float, high: float) -> float:
        return round(float(draw.uniform(low, high)), 4)

    def powers(low: float, high: float) -> float:
        return float(np.exp(draw.uniform(np.log(low), np.log(high))))

    design = str(draw.choice(["replace", "accumulate", "real_only"], p=[0.7, 0.15, 0.15]))
    share = between(0.0, 0.7)
    templates = round(powers(0.15, 2.0) * dimension) if draw.uniform() < 0.5 else 0
    return Scenario(
        world={
            "kind": "clusters",
            "seed": int(draw.integers(1, 1000)),
            "n_contexts": int(draw.integers(2, 21)),
            "dimension": dimension,
            "convention": "unsigned_cue" if draw.uniform() < 0.15 else "signed_context",
            "zipf_exponent": between(0.0, 1.2),
            "rare_mass": between(0.15, 0.5),
            "exception_share": between(0.3, 1.0),
            "noise": mostly_zero(0.85, 0.0, 0.4),
            "rule_strength": between(0.3, 2.5),
            "context_strength": between(0.3, 3.0),
            "scale": between(0.6, 1.5),
            "tail_heaviness": mostly_zero(0.4, 0.05, 0.4),
        },
        source={
            "coverage": between(0.3, 1.0),
            "tempering": between(0.3, 1.5),
            "templates": templates,
            "polish": between(0.0, 1.0),
            "fidelity": mostly_zero(0.5, 0.0, 1.0),
            "contamination": mostly_zero(0.4, 0.0, 0.3),
            "detectability": mostly_zero(0.4, 0.0, 1.0),
        },
        filter={
            "strictness": mostly_zero(0.4, 0.1, 0.9),
            "detection": between(0.3, 1.0),
            "severity": between(0.0, 0.8),
            "scope": str(draw.choice(["both", "synthetic"])),
        },
        mixture={
            "design": design,
            "share": min(share, 0.5) if design == "accumulate" else share,
            "budget": round(powers(0.5, 12.0) * dimension),
        },
        model={
            "kind": "logistic",
            "ridge": powers(1e-6, 1.0),
            "intercept": bool(draw.uniform() < 0.3),
        },
    )


def trained(
    scenario: Scenario,
    folder: Path,
    *,
    resolution: float = RESOLUTION,
    first: int = 16,
    most: int = MOST,
    measures: Sequence[str] = COMPARED,
) -> pd.DataFrame:
    """Replicates of one scenario: as many as the resolution takes, at most `most`."""
    study = Study(name="proportional", seed=7, replicates=first, scenario=scenario)
    while True:
        table = run_study(study, folder, device="cpu", workers=1).store.table()
        spread = table[list(measures)].std(ddof=1).max()
        wanted = int(min(most, np.ceil((spread / resolution) ** 2)))
        if wanted <= study.replicates:
            return table
        study = study.model_copy(update={"replicates": wanted})


def compared(scenario: Scenario, table: pd.DataFrame) -> dict[str, Any]:
    """Prediction, trained mean, standard error and error of every measure."""
    prediction = CATALOG["proportional"].predict(scenario)
    row: dict[str, Any] = {"replicates": len(table), "solved": not prediction.notes}
    for name in MEASURES:
        value = prediction.measures[name]
        row |= {
            f"{name}_predicted": value,
            f"{name}_trained": table[name].mean(),
            f"{name}_se": table[name].sem(),
            f"{name}_error": table[name].mean() - value,
        }
    return row


def errors(folder: Path, n: int = N_SCENARIOS, most: int = MOST) -> pd.DataFrame:
    """One row per scenario of the design: what was varied, and the columns of `compared`.

    At `most` replicates each. `separable` says on which side of the transition it lies; `doubts`
    is what the theory itself says against its use there.
    """
    rows = []
    for number, scenario in enumerate(scenarios(n)):
        table = trained(scenario, folder / f"{number:03d}", most=most)
        knobs = {
            "scenario": number,
            "convention": scenario.world.convention,
            "n_contexts": scenario.world.n_contexts,
            "rows_per_dimension": scenario.mixture.budget / scenario.world.dimension,
            "ridge": scenario.model.ridge,
            "design": scenario.mixture.design,
            "share": scenario.mixture.share,
            "templates": scenario.source.templates,
            "tail_heaviness": scenario.world.tail_heaviness,
            "separable": separable(scenario, scenario.mixture.share),
            "doubts": "; ".join(CATALOG["proportional"].doubts(scenario, [scenario.mixture.share])),
        }
        rows.append(knobs | compared(scenario, table))
    return pd.DataFrame(rows)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Per compared measure: share of scenarios within the tolerance, median and largest |error|.

    `beyond_noise` is the share of scenarios whose error is above the tolerance by more than two
    standard errors.
    """
    rows = []
    for name in COMPARED:
        known = table[table[f"{name}_predicted"].notna() & table[f"{name}_trained"].notna()]
        error, noise = known[f"{name}_error"].abs(), known[f"{name}_se"]
        rows.append(
            {
                "measure": name,
                "scenarios": len(known),
                "within": (error <= TOLERANCE).mean(),
                "beyond_noise": (error > TOLERANCE + 2.0 * noise).mean(),
                "median_error": error.median(),
                "largest_error": error.max(),
                "median_se": noise.median(),
            }
        )
    return pd.DataFrame(rows)


def _plain(dimension: int = 400, **changes: dict[str, Any]) -> Scenario:
    """A scenario of few contexts, three rows per dimension and a tenth of noise, with changes."""
    parts: dict[str, dict[str, Any]] = {
        "world": {
            "kind": "clusters",
            "dimension": dimension,
            "n_contexts": 4,
            "rule_strength": 1.2,
            "context_strength": 1.5,
            "rare_mass": 0.3,
            "noise": 0.1,
        },
        "source": {"polish": 0.8},
        "filter": {},
        "mixture": {"share": 0.4, "budget": 3 * dimension},
        "model": {"kind": "logistic", "ridge": 0.1},
    }
    return Scenario(**{part: values | changes.get(part, {}) for part, values in parts.items()})


def finite_size(
    folder: Path,
    replicates: Sequence[tuple[int, int]] = ((25, 1200), (50, 900), (100, 500), (200, 400)),
) -> pd.DataFrame:
    """Bias of the theory against the dimension: (dimension, replicates).

    One row for two dimensions, where the bias is largest; with three rows per dimension it cannot
    be told from zero at 50 dimensions.
    """
    rows = []
    for dimension, number in replicates:
        scenario = _plain(
            dimension,
            world={"n_contexts": 8, "noise": 0.05, "test_size": 4000},
            mixture={"budget": dimension // 2, "share": 0.2},
            model={"ridge": 0.3},
        )
        study = Study(name="finite-size", seed=11, replicates=number, scenario=scenario)
        table = run_study(study, folder / f"d{dimension}", device="cpu", workers=1).store.table()
        rows.append({"dimension": dimension} | compared(scenario, table))
    return pd.DataFrame(rows)


def controls(folder: Path, replicates: int = 24) -> pd.DataFrame:
    """Errors of the theory, and of theories with a term left out on purpose, at one scenario.

    `multiplicity`: copies of a template are taken for distinct rows; `wrong labels`: all labels are
    taken for right; `scale mixture`: heavy tails are taken for Gaussian ones.
    """
    scenario = _plain(
        world={"tail_heaviness": 0.35, "noise": 0.2},
        source={"templates": 120, "polish": 0.3},
        mixture={"share": 0.6, "budget": 1200},
        model={"ridge": 0.01},
    )
    study = Study(name="controls", seed=13, replicates=replicates, scenario=scenario)
    table = run_study(study, folder, device="cpu", workers=1).store.table()
    wrong = {
        "none": {},
        "multiplicity": {"source": {"templates": 0}},
        "wrong labels": {"world": {"noise": 0.0}},
        "scale mixture": {"world": {"tail_heaviness": 0.0}},
    }
    rows = []
    for name, changes in wrong.items():
        parts = scenario.model_dump()
        believed = Scenario(**{part: parts[part] | changes.get(part, {}) for part in parts})
        rows.append({"left_out": name} | compared(believed, table))
    return pd.DataFrame(rows)


SIDES: dict[str, dict[str, dict[str, Any]]] = {
    "separable, noisy labels": {
        "world": {"noise": 0.1},
        "mixture": {"budget": 800},
        "model": {"ridge": 1e-3},
    },
    "not separable, noisy labels": {
        "world": {"noise": 0.1},
        "mixture": {"budget": 3200},
        "model": {"ridge": 1e-3},
    },
    "under-confident by a strong ridge": {
        "world": {"noise": 0.05},
        "mixture": {"budget": 800},
        "model": {"ridge": 1.0},
    },
    "separable, clean labels": {
        "world": {"noise": 0.0, "rule_strength": 0.8, "context_strength": 1.0},
        "mixture": {"budget": 600},
        "model": {"ridge": 1e-3},
    },
}
"""Where the calibration error falls (first, third, fourth) and where it rises (second)."""


def calibration_sides(folder: Path, step: float = 0.3, replicates: int = 24) -> pd.DataFrame:
    """Change of the ECE from share 0 to `step`, predicted and trained, on both sides of the law."""
    rows = []
    for number, (name, changes) in enumerate(SIDES.items()):
        scenario = _plain(**changes | {"mixture": {"share": 0.0} | changes["mixture"]})
        study = Study(
            name="calibration-sides",
            seed=17,
            replicates=replicates,
            scenario=scenario,
            axes={"mixture.share": [0.0, step]},  # type: ignore[arg-type]
        )
        store = run_study(study, folder / str(number), device="cpu", workers=1).store
        table = store.table().set_index(["share", "replicate"]).ece
        change = table.loc[step] - table.loc[0.0]
        slope = calibration_slope(scenario)
        curve = CATALOG["proportional"].curve(scenario, [0.0, step]).measures["ece"]
        rows.append(
            {
                "side": name,
                "load": slope.load,
                "gap_before": slope.gap_before,
                "slope": slope.ece,
                "change_predicted": curve[1] - curve[0],
                "change_trained": change.mean(),
                "change_se": change.sem(),
            }
        )
    return pd.DataFrame(rows)
