"""Canaries of layer `theory`: every theory on scenarios of every kind, and what theories share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from smcollapse.kernels.label_cells import N_COLUMNS, fill_cells
from smcollapse.kernels.label_recall import fill_recalls
from smcollapse.laws.contexts import zipf
from smcollapse.questions.planned import condition_curves
from smcollapse.questions.predict import change_of, predict_study
from smcollapse.scenario import Scenario
from smcollapse.study_file import parse_study
from smcollapse.theories import CATALOG
from smcollapse.theories.base import flip_of
from smcollapse.theories.calibration import expected_ece, skewness_of_ece, used_ece
from smcollapse.theories.calibration_slope import calibration_slope
from smcollapse.theories.counts import Counts
from smcollapse.theories.coverage import losses
from smcollapse.theories.memorising import reach, smallest_reach
from smcollapse.theories.mixing import laws_of, local_flips, n_other, row_numbers
from smcollapse.theories.population import Population
from smcollapse.theories.sampled_counts import SampledCounts
from smcollapse.theories.separability import load, separable, separable_share
from smcollapse.theories.signed_clusters import signed_clusters
from smcollapse.theories.tails import local_exponents, plateau, unseen_mass, zipf_unseen_mass
from tests.canaries.scenarios import (
    SHARES,
    changed,
    clusters,
    drawn,
    facts,
    language,
    mitigated,
    networks,
    scenarios,
)
from tests.canaries.tables import EXACT, FITTED, Canaries, Canary

LABELS = ([1, 1, 2, 0], [1, 0, 3, 0], [1, 1, 0, 0], [1, 1, 1, 1], [1, 1, 7, 0])
"""Labels of each group: the truth, its rival, others."""

RATES = (
    [2.0, 1.5, 0.3, 0.3],
    [0.0, 1.0, 0.5, 0.5],
    [25.0, 22.0, 1.0, 1.0],
    [3.0, 3.0, 3.0, 3.0],
    [300.0, 310.0, 12.0, 12.0],
    [60.0, 60.0, 55.0, 55.0],
    [700.0, 90.0, 4.0, 4.0],
)
"""Expected rows of each label, from a few to as many as are taken for normal."""

SOURCES = (
    ([0.0] * 4, [0.0] * 4),
    ([0.4, 0.3, 0.1, 0.1], [2.0, 1.5, 1.2, 1.2]),
    ([2.0, 3.0, 0.3, 0.3], [60.0, 45.0, 50.0, 50.0]),
)
"""Templates of each label and copies of each."""

SPREAD = (
    ([30.0, 2.0, 6.0, 6.0], [12.0, 10.0, 2.0, 2.0]),
    ([25.0, 0.0, 0.0, 0.0], [5.0, 0.0, 0.0, 0.0]),
)
"""The same where counts vary more than their mean."""

OFFSETS = (([0.0] * 4, 0.0), ([0.3, 1.7, 0.1, 0.1], 2.2), ([1.0, 2.0, 0.0, 0.0], 3.0))
"""What each label counts more, and the pseudo-count."""


def label_cells() -> dict[str, Any]:
    """Sums over cells of label counts, by every way that they are worked out."""
    found: dict[str, Any] = {}
    for number, (offset, pseudo_count) in enumerate(OFFSETS):
        for name, sources in (("offset", SOURCES), ("spread", SPREAD)):
            sums = _sums(sources, offset, pseudo_count)
            found[f"{name} {number}"] = [sums[:, column] for column in range(N_COLUMNS)]
    members, rate, distinct, copies = _cells(SOURCES)
    kept = members[:, 3] == 0
    found["recalls"] = np.empty(int(kept.sum()))
    three = [np.ascontiguousarray(x[kept, :3]) for x in (rate, distinct, copies, members)]
    fill_recalls(*three, found["recalls"])
    return found


def _cells(sources: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Labels, rates, templates and copies (n, 4) of every cell with those sources."""
    cells = [(m, r, *source) for m in LABELS for r in RATES for source in sources]
    members, rate, distinct, copies = (np.array(column) for column in zip(*cells, strict=True))
    return members, rate, distinct, copies


def _sums(sources: Any, offset: list[float], pseudo_count: float) -> np.ndarray:
    """(n, N_COLUMNS) sums of those cells."""
    members, rate, distinct, copies = _cells(sources)
    shift, n = np.tile(offset, (len(rate), 1)), len(rate)
    out = np.empty((n, N_COLUMNS))
    squares = (members * shift**2).sum(axis=1)
    smoothing = np.full(n, pseudo_count)
    fill_cells(rate, distinct, copies, members, shift, squares, smoothing, 0.905, 0.005, out)
    return out


def said(theory: str, name: str) -> dict[str, Any]:
    """What a theory says of a scenario: its curve, its doubts share by share."""
    chosen, scenario = _theory(theory), scenarios()[name]
    reasons = chosen.applies(scenario)
    if reasons:
        return {"silent": len(reasons)}
    curve = chosen.curve(scenario, SHARES)
    found: dict[str, Any] = {
        "measures": {measure: list(column) for measure, column in curve.measures.items()},
        "flips": curve.flips,
        "flip": curve.flip,
        "notes": len(curve.notes),
        "doubts": [len(chosen.doubts(scenario, [share])) for share in SHARES],
        "meant": chosen.meant_for(scenario),
        "one": chosen.predict(scenario).measures,
    }
    if isinstance(chosen, Counts):
        found["quick"] = dict(chosen.quick_curve(scenario, [0.3]).measures)
        found["recall"] = chosen.rare_recall_curve(scenario, SHARES)
    return found


def _theory(name: str) -> Any:
    """A theory; the one that draws tables draws few of them here."""
    return SampledCounts(draws=5, calibrated_draws=3) if name == "sampled counts" else CATALOG[name]


def told() -> dict[str, Any]:
    """Theories of sentences whose learner goes by less than the whole style."""
    found: dict[str, Any] = {}
    for name in ("language, every knob", "language, messy"):
        for by in ("templates", "nothing"):
            for theory in (Counts(told=by), Population(told=by)):  # type: ignore[arg-type]
                curve = theory.curve(language()[name], [0.1, 0.6])
                found[f"{name} by {by}, {theory.name}"] = dict(curve.measures)
    return found


def mixing(name: str) -> dict[str, Any]:
    """Laws of a mixture, numbers of rows, flips, reach."""
    scenario = scenarios()[name]
    laws = laws_of(scenario)
    found: dict[str, Any] = {
        "laws": laws,
        "rows": [row_numbers(scenario.mixture, np.array([*SHARES, 1.0]))],
        "flips": [local_flips(laws, design) for design in ("replace", "accumulate", "real_only")],
        "others": n_other(laws),
    }
    if scenario.model.kind in ("mlp", "transformer"):
        found["reach"] = reach(scenario, np.array(SHARES)), smallest_reach(scenario)
    return found


def separability(name: str) -> dict[str, Any]:
    """Signed clusters, separability, and the slope of the calibration error."""
    scenario = clusters()[name]
    found = {}
    for share in (0.0, 0.5):
        signed = signed_clusters(scenario, share)
        found[str(share)] = [signed, load(signed), separable(scenario, share)]
    one = changed(scenario.model_dump(mode="json"), mixture={"share": 0.3, "design": "replace"})
    return {
        "clusters": found,
        "share": separable_share(scenario),
        "slope": calibration_slope(one, 0.05),
    }


def lost() -> dict[str, Any]:
    """Losses of coverage theory, taken apart."""
    return {
        name: losses(facts()[name], SHARES)
        for name in ("facts", "facts, every knob", "facts, few rows", "facts, accumulate")
    }


def tails() -> dict[str, Any]:
    """Mass that is never shown."""
    weights = zipf(50, 1.2)
    return {
        "unseen": [
            unseen_mass(weights, rows, share, covered)
            for rows in (1.0, 80.0)
            for share, covered in ((0.0, 50), (0.6, 12), (1.0, 3))
        ],
        "endless": [zipf_unseen_mass(1.5, 1e4, 0.3, 20), zipf_unseen_mass(1.2, 1e9, 0.0, 5)],
        "plateau": [plateau(1.5, 20), plateau(2.0, 1)],
        "exponents": local_exponents([1.0, 3.0, 10.0], [0.5, 0.3, 0.05]),
    }


def errors() -> dict[str, Any]:
    """Calibration errors that are to be expected, and the share of a flip."""
    gap = np.array([[0.01, -0.02, 0.0], [0.03, 0.001, -0.01], [0.0, 0.02, 0.004]])
    square = np.array([[0.01, 0.02, 0.0], [0.03, 0.001, 0.01], [0.0, 0.04, 0.004]])
    flips = np.array([0.3, np.nan, 0.1, 0.5, np.nan])
    exception = np.array([True, False, True, True, True])
    frequency = np.array([0.1, 0.5, 0.1, 0.15, 0.15])
    few = np.array([True, False, False, False, True])
    return {
        "expected": [expected_ece(gap, square), expected_ece(gap, 0.0 * square)],
        "used": used_ece(gap, square, 0.1 * square, np.array([1.0, 0.5, 0.0])),
        "skewness": skewness_of_ece(gap, square, 300),
        "flip": [
            flip_of(flips, exception, frequency),
            flip_of(flips, few, frequency),
            flip_of(flips, few & False, frequency),
        ],
    }


STUDY = """
name = "canary"
replicates = 3
scenario.world = { kind = "facts", n_contexts = 30, n_answers = 5, n_categories = 5 }
scenario.mixture.budget = 1500

[axes]
mixture.share = [0.0, 0.15, 0.3, 0.4, 0.5, 0.6]
source.polish = [0.2, 1.0]

[[variants]]
name = "real only"
set = { mixture.design = "real_only" }

[[variants]]
name = "strict"
set = { filter.strictness = 0.8 }
"""


def predictions() -> dict[str, Any]:
    """A study as theory predicts it: conditions, curves, onsets, changes."""
    study = parse_study(STUDY, "canary")
    found = predict_study(study)
    shares = np.linspace(0.0, 0.6, 7)
    values = 1.0 - shares**2
    return {
        "conditions": [(one.shares, one.scenario) for one in condition_curves(study)],
        "onsets": found.onset_table.drop(columns=["theory", "condition", "notes"]),
        "table": found.table.drop(columns=["theory"]),
        "effects": [one.effects for one in found.found],
        "silent": len(found.silent),
        "lines": [one.line.measures["ece"] for one in found.found[:3]],
        "changes": [
            change_of(shares, values, (0.0, 0.2), (0.5, 0.6)),
            change_of(shares, values, (0.01, 0.02), (0.5, 0.6)),
            change_of(shares, 0.0 * values, (0.0, 0.2), (0.5, 0.6)),
        ],
    }


def canaries() -> Canaries:
    """Every canary of the layer."""
    groups: dict[str, dict[str, Scenario]] = {
        "counts": facts() | drawn() | language(),
        "coverage": facts(),
        "population": facts() | networks() | language(),
        "proportional": clusters(),
        "sampled counts": {f"mitigated by {name}": one for name, one in mitigated().items()},
    }
    functions: dict[str, Callable[[], Any]] = {
        "told by less": told,
        "losses": lost,
        "tails": tails,
        "expected errors": errors,
        "label cells": label_cells,
        "predictions": predictions,
    }
    for theory, known in groups.items():
        for name in known:
            functions[f"{theory}: {name}"] = partial(said, theory, name)
    for name in (*facts(), *clusters(), *language()):
        functions[f"mixing: {name}"] = partial(mixing, name)
    for name in clusters():
        if "real only" not in name:
            functions[f"separability: {name}"] = partial(separability, name)
    for name in ("real_floor", "provenance", "protective_filter", "ensemble"):
        functions[f"counts: mitigated by {name}"] = partial(said, "counts", f"mitigated by {name}")
    iterative = ("predictions", "proportional", "separability")
    return {
        name: Canary(function, FITTED if name.startswith(iterative) else EXACT)
        for name, function in functions.items()
    }
