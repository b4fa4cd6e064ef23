"""Canaries of layer `inference`: grids and searches over scenarios."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from smcollapse.questions.calibration.calibrate import calibrate
from smcollapse.questions.calibration.found import correlations, extents
from smcollapse.questions.calibration.search import spread_places
from smcollapse.questions.calibration.space import SHARES, clusters_box, facts_box
from smcollapse.questions.calibration.targets import (
    ESTIMANDS,
    claim_targets,
    misses,
    outcome,
    own_targets,
)
from smcollapse.questions.phases.phase import phase_diagram
from smcollapse.theories import MEASURES
from tests.canaries import sweeps as made
from tests.canaries.designs import design, settings_of
from tests.canaries.stores import store
from tests.canaries.tables import FITTED, Canaries, Canary


def phases() -> dict[str, Any]:
    """A grid of predicted onsets."""
    study = store("conditions").study
    diagram = phase_diagram(
        study, "source.polish", "mixture.budget", size=3, workers=1, y_values=[400, 1500]
    )
    other = phase_diagram(
        study,
        "filter.strictness",
        "source.templates",
        size=2,
        workers=1,
        x_range=(0.1, 0.9),
        y_values=[0, 50],
        theory="population",
    )
    return {
        name: [one.x, one.y, one.onset, one.loss, one.doubtful, one.own, len(one.notes)]
        for name, one in (("counts", diagram), ("population", other))
    }


def targets() -> dict[str, Any]:
    """Targets of calibrations, and how curves miss them."""
    shares = np.array(SHARES)
    measures = np.stack([made.kink(shares) * (1.0 - 0.03 * k) for k in range(len(MEASURES))])
    short = np.stack([0.8 - 0.08 * shares**3] * len(MEASURES))
    relative = claim_targets("relative")
    own = own_targets("points", {"onset": 0.3, "ece": 0.1}, {"onset": 0.01})
    return {
        "targets": [claim_targets("points"), relative, own],
        "outcomes": [
            [outcome(target, shares, world, estimand) for target in (*relative, *own)]
            for world in (measures, short, measures * np.nan)
            for estimand in ESTIMANDS
        ],
        "misses": misses(relative, np.array([[0.4, -0.2, math.nan, 0.05], [0.1, 0.2, 0.3, 0.4]])),
        "places": spread_places(3, 5, 2),
    }


def boxes() -> dict[str, Any]:
    """Boxes of settings that calibrations search."""
    found = {}
    for name, box in (("facts", facts_box()), ("clusters", clusters_box())):
        places = spread_places(len(box.knobs), 4, 1)
        walk = np.random.default_rng(1).uniform(size=(40, len(box.knobs)))
        walk[:, 1] = 1.0 - walk[:, 0]
        found[name] = [
            [box.settings(place) for place in places],
            [[knob.place(knob.value(at)) for at in (0.0, 0.31, 1.0)] for knob in box.knobs],
            extents(box.knobs, walk[:20], walk),
            correlations(box.knobs, walk),
            [settings_of(box.scenario(place)) for place in places],
        ]
    return found


def calibrations(easy: bool) -> dict[str, Any]:
    """Worlds that meet some numbers, or that cannot."""
    fixed = {
        "world.n_contexts": 30,
        "mixture.budget": 2000,
        "world.n_answers": 5,
        "world.zipf_exponent": 0.8,
        "world.rare_mass": 0.3,
        "world.exception_share": 0.4,
        "source.tempering": 1.0,
        "source.coverage": 1.0,
        "source.contamination": 0.05,
        "source.detectability": 0.0,
        "filter.strictness": 0.0,
    }
    wanted = {"rare_recall": -0.3, "ece": 0.05} if easy else {"rare_recall": 0.9, "ece": 0.9}
    (found,) = calibrate(
        readings=("points",),
        values=wanted,
        tolerances=dict.fromkeys(wanted, 0.15 if easy else 1e-3),
        fix=fixed,
        points=12 if easy else 3,
        workers=1,
    )
    return {
        "numbers": [found.n_points, found.n_inside, found.undoubted, found.acceptance],
        "combinations": found.combinations,
        "best": found.best,
        "extents": found.extents,
        "correlations": found.correlations,
        "inside": found.inside.places[:5],
        "study": design(found.study),
        "table": found.table.select_dtypes("number"),
    }


def canaries() -> Canaries:
    """Canaries of grids and searches."""
    return {
        "phases": Canary(phases, FITTED),
        "calibration: targets": Canary(targets, FITTED),
        "calibration: boxes": Canary(boxes),
        "calibration: met": Canary(partial(calibrations, True), FITTED),
        "calibration: unmet": Canary(partial(calibrations, False), FITTED),
    }
