"""Canaries of layer `theory`: every theory on scenarios of every kind, and what theories share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

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
from tests.canaries.tables import EXACT, FITTED, Canaries, Canary

SHARES = (0.0, 0.2, 0.45, 0.7)

FACTS: dict[str, Any] = {
    "world": {
        "kind": "facts",
        "n_contexts": 40,
        "n_answers": 6,
        "n_categories": 6,
        "test_size": 500,
    },
    "source": {"polish": 0.7},
    "mixture": {"budget": 900},
}
CLUSTERS: dict[str, Any] = {
    "world": {"kind": "clusters", "n_contexts": 6, "dimension": 40, "test_size": 500},
    "source": {"polish": 0.6},
    "mixture": {"budget": 150},
    "model": {"kind": "logistic", "ridge": 0.01},
}
LANGUAGE: dict[str, Any] = {
    "world": {
        "kind": "language",
        "n_contexts": 20,
        "n_answers": 5,
        "n_categories": 4,
        "phrasings": 9,
        "synonyms": 3,
        "test_size": 400,
    },
    "source": {"phrase_templates": 3},
    "mixture": {"budget": 500},
}
KNOBS = {
    "coverage": 0.7,
    "tempering": 0.5,
    "fidelity": 0.3,
    "contamination": 0.15,
    "detectability": 0.4,
}
STRICT = {"strictness": 0.7}


def _changed(parts: dict[str, Any], **changes: dict[str, Any]) -> Scenario:
    """A scenario with some settings of some parts replaced."""
    found = {**parts}
    for part, settings in changes.items():
        found[part] = {**parts.get(part, {}), **settings}
    return Scenario.model_validate(found)


def facts() -> dict[str, Scenario]:
    """Scenarios of facts."""
    table = {"kind": "count_table"}
    return {
        "facts": _changed(FACTS),
        "facts, table": _changed(FACTS, model=table),
        "facts, smoothed": _changed(FACTS, model={**table, "pseudo_count": 1.5}),
        "facts, smoothed templates": _changed(
            FACTS, model={**table, "pseudo_count": 0.5}, source={"templates": 80}
        ),
        "facts, every knob": _changed(FACTS, source=KNOBS, filter=STRICT),
        "facts, few templates": _changed(FACTS, source={**KNOBS, "templates": 30}, model=table),
        "facts, many templates": _changed(FACTS, source={"templates": 4000}),
        "facts, accumulate": _changed(FACTS, mixture={"design": "accumulate"}, filter=STRICT),
        "facts, real only": _changed(FACTS, mixture={"design": "real_only"}, source=KNOBS),
        "facts, few rows": _changed(FACTS, mixture={"budget": 60}, model=table),
        "facts, many rows": _changed(FACTS, mixture={"budget": 90_000}),
        "facts, two answers": _changed(
            FACTS, world={"n_answers": 2, "n_categories": 2, "noise": 0.5}, model=table
        ),
        "facts, clean": _changed(FACTS, world={"noise": 0.0}, source={"polish": 1.0}),
        "facts, short training": _changed(FACTS, model={"kind": "mlp", "passes": 0.4}),
    }


def clusters() -> dict[str, Scenario]:
    """Scenarios of clusters."""
    tails = {"tail_heaviness": 0.3, "noise": 0.0, "exception_share": 0.5}
    return {
        "clusters": _changed(CLUSTERS),
        "clusters, heavy tails": _changed(CLUSTERS, world=tails, filter=STRICT),
        "clusters, every knob": _changed(CLUSTERS, source={**KNOBS, "templates": 60}),
        "clusters, unsigned": _changed(CLUSTERS, world={"convention": "unsigned_cue"}),
        "clusters, weak ridge": _changed(
            CLUSTERS, model={"ridge": 1e-4}, mixture={"budget": 90, "design": "accumulate"}
        ),
        "clusters, real only": _changed(CLUSTERS, mixture={"design": "real_only"}),
    }


def networks() -> dict[str, Scenario]:
    """Scenarios of clusters with a network."""
    mlp = {**CLUSTERS, "model": {"kind": "mlp"}}
    heavy = {"tail_heaviness": 0.2, "n_contexts": 3}
    return {
        "network": _changed(mlp, world={"n_contexts": 3}),
        "network, heavy tails": _changed(mlp, world=heavy, source=KNOBS, filter=STRICT),
        "network, unsigned": _changed(mlp, world={"n_contexts": 3, "convention": "unsigned_cue"}),
        "network, real only": _changed(
            mlp, world={"n_contexts": 3}, mixture={"design": "real_only"}
        ),
    }


def language() -> dict[str, Scenario]:
    """Scenarios of sentences."""
    return {
        "language": _changed(LANGUAGE),
        "language, every knob": _changed(LANGUAGE, source=KNOBS, filter=STRICT),
        "language, messy": _changed(
            LANGUAGE,
            world={"negations": 0.3, "fillers": 0.6},
            source={"lexical_variation": 1.0, "phrase_templates": 0, "polish": 0.2},
        ),
        "language, accumulate": _changed(LANGUAGE, mixture={"design": "accumulate"}),
    }


def mitigated() -> dict[str, Scenario]:
    """Scenarios with mitigations that a theory works out."""
    base = _changed(FACTS, mixture={"budget": 400}, source={"templates": 60}).model_dump()
    kinds: dict[str, dict[str, Any]] = {
        "weighting": {"synthetic_weight": 0.2},
        "tail_weight": {"factor": 3.0},
        "deduplication": {"copies": 2},
        "label_smoothing": {"smoothing": 0.2},
        "temperature_scaling": {"holdout": 40},
        "expectation_consistency": {"holdout": 40},
        "ensemble": {"members": 3},
        "real_floor": {"floor": 0.7},
        "provenance": {"marked": 0.8},
        "protective_filter": {"strictness": 0.6},
    }
    return {
        kind: Scenario.model_validate({**base, "mitigation": {"kind": kind, **settings}})
        for kind, settings in kinds.items()
    }


def scenarios() -> dict[str, Scenario]:
    """All of them, by name."""
    found = facts() | clusters() | networks() | language()
    return found | {f"mitigated by {name}": one for name, one in mitigated().items()}


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
    one = _changed(scenario.model_dump(mode="json"), mixture={"share": 0.3, "design": "replace"})
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
        "counts": facts() | language(),
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
