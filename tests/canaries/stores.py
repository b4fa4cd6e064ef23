"""Runs that were never run: stores whose tables are made up, so that no other layer enters them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from smcollapse.store import Store
from smcollapse.study import Cell, Study
from smcollapse.study_file import parse_study
from tests.canaries.files import folder

MEASURES = (
    "rare_recall",
    "head_recall",
    "accuracy",
    "mean_confidence",
    "ece",
    "template_recall",
    "exception_recall",
)

CONDITIONS = """
name = "conditions"
seed = 2
replicates = 5
scenario.world = { kind = "facts", n_contexts = 30, n_answers = 5, n_categories = 5 }
scenario.mixture.budget = 1500

[axes]
mixture.share = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]

[[variants]]
name = "real only"
set = { mixture.design = "real_only" }

[[variants]]
name = "coarse"
set = { source.polish = 0.1 }

[[variants]]
name = "strict"
set = { filter.strictness = 0.8 }
"""

FACTORIAL = """
name = "factorial"
replicates = 4
scenario.world = { kind = "facts", n_contexts = 30, n_answers = 5, n_categories = 5 }
scenario.source = { polish = 0.9, coverage = 1.0 }
scenario.mixture.budget = 1500

[axes]
mixture.share = [0.0, 0.2, 0.3, 0.4, 0.5, 0.6]
source.polish = [0.9, 0.1]
source.coverage = [1.0, 0.5]
world.noise = [0.1, 0.3]
"""

MITIGATIONS = """
name = "mitigations"
replicates = 4
scenario.world = { kind = "facts", n_contexts = 30, n_answers = 5, n_categories = 5 }
scenario.mixture.budget = 1500

[axes]
mixture.share = [0.0, 0.3, 0.45, 0.6]

[[variants]]
name = "floor"
set = { mitigation.kind = "real_floor", mitigation.floor = 0.7 }

[[variants]]
name = "last"
set = { mitigation.kind = "real_data_last" }

[[variants]]
name = "ensemble"
set = { mitigation.kind = "ensemble", mitigation.members = 3 }

[[variants]]
name = "filter"
set = { filter.strictness = 0.7, filter.scope = "synthetic" }
"""

FILTERS = """
name = "filters"
replicates = 5
scenario.world = { kind = "facts", n_contexts = 30, n_answers = 5, n_categories = 5 }
scenario.source.contamination = 0.2
scenario.mixture.budget = 1500

[axes]
mixture.share = [0.3, 0.7]
filter.strictness = [0.0, 0.4, 0.8, 1.0]

[[variants]]
name = "synthetic"
set = { filter.scope = "synthetic" }
"""

TABLES = """
name = "tables"
replicates = 4

[scenario.world]
kind = "table"
data = "ROWS"
group = "segment"
categorical = ["city"]
drop = ["note"]
test_share = 0.35

[axes]
mixture.share = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
"""

STUDIES = {
    "conditions": CONDITIONS,
    "factorial": FACTORIAL,
    "mitigations": MITIGATIONS,
    "filters": FILTERS,
    "tables": TABLES,
}


@dataclass(frozen=True)
class MadeUp(Store):
    """A store with a table of its own."""

    rows: pd.DataFrame

    def count(self) -> tuple[int, int]:
        """All models but one."""
        return len(self.rows) - 1, len(self.rows)

    def table(self, *, complete: bool = False) -> pd.DataFrame:
        """The table, with the sizes of splits if wanted."""
        further = ["split_train", "split_test"]
        return self.rows.copy() if complete else self.rows.drop(columns=further)


@cache
def store(name: str) -> MadeUp:
    """The store of one of the studies."""
    text = STUDIES[name].replace("ROWS", str(folder() / "rows.csv"))
    study = parse_study(text, name)
    return MadeUp(Path("nowhere"), study, "cpu", (), _table(study))


def _table(study: Study) -> pd.DataFrame:
    """Rows of every cell: a recall that falls beyond a knot of its condition, and the rest."""
    cells = study.cells()
    common = np.random.default_rng(17).normal(0.0, 0.012, (study.replicates, len(MEASURES)))
    own = np.random.default_rng(18).normal(0.0, 0.008, (len(cells), len(MEASURES)))
    split = (97.0, 52.0) if study.scenario.world.kind == "table" else (math.nan, math.nan)
    rows = []
    for cell, noise in zip(cells, own, strict=True):
        scenario = cell.condition.scenario
        values = _truth(cell) + common[cell.replicate] + noise
        rows.append(
            {
                "variant": cell.condition.variant,
                "design": scenario.mixture.design,
                "share": scenario.mixture.share,
                "replicate": cell.replicate,
                **dict(cell.condition.knobs),
                **dict(zip(MEASURES, values, strict=True)),
                "split_train": split[0],
                "split_test": split[1],
            }
        )
    return pd.DataFrame(rows)


def _truth(cell: Cell) -> np.ndarray:
    """What the measures of a cell would be without noise, in the order of `MEASURES`."""
    scenario = cell.condition.scenario
    share, strict = scenario.mixture.share, scenario.filter.strictness
    polish = getattr(scenario.source, "polish", 0.5)
    knot = 0.22 + 0.1 * (1.0 - polish) + 0.1 * getattr(scenario.source, "coverage", 1.0)
    knot += 0.08 * (scenario.mitigation.kind != "none")
    fall = max(share - knot, 0.0) * (0.1 if scenario.mixture.design == "real_only" else 1.2)
    fall += 0.15 * strict**2 * (scenario.filter.scope == "both")
    noise = getattr(scenario.world, "noise", 0.1)
    recall = 0.9 - fall - 0.3 * noise
    return np.array(
        [
            recall,
            0.95 - 0.1 * fall + 0.05 * strict - noise,
            0.9 - 0.3 * fall - noise,
            0.7 + 0.3 * fall,
            0.03 + 0.4 * fall,
            recall - 0.1 * share,
            recall - 0.2,
        ]
    )
