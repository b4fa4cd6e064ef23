"""Scenarios of every kind for the canaries of theories."""

from __future__ import annotations

from typing import Any

from smcollapse.scenario import Scenario

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


def changed(parts: dict[str, Any], **changes: dict[str, Any]) -> Scenario:
    """A scenario with some settings of some parts replaced."""
    found = {**parts}
    for part, settings in changes.items():
        found[part] = {**parts.get(part, {}), **settings}
    return Scenario.model_validate(found)


def facts() -> dict[str, Scenario]:
    """Scenarios of facts."""
    table = {"kind": "count_table"}
    return {
        "facts": changed(FACTS),
        "facts, table": changed(FACTS, model=table),
        "facts, smoothed": changed(FACTS, model={**table, "pseudo_count": 1.5}),
        "facts, smoothed templates": changed(
            FACTS, model={**table, "pseudo_count": 0.5}, source={"templates": 80}
        ),
        "facts, every knob": changed(FACTS, source=KNOBS, filter=STRICT),
        "facts, few templates": changed(FACTS, source={**KNOBS, "templates": 30}, model=table),
        "facts, many templates": changed(FACTS, source={"templates": 4000}),
        "facts, often copied": changed(
            FACTS, mixture={"budget": 60_000}, source={"templates": 60}, model=table
        ),
        "facts, accumulate": changed(FACTS, mixture={"design": "accumulate"}, filter=STRICT),
        "facts, real only": changed(FACTS, mixture={"design": "real_only"}, source=KNOBS),
        "facts, few rows": changed(FACTS, mixture={"budget": 60}, model=table),
        "facts, many rows": changed(FACTS, mixture={"budget": 90_000}),
        "facts, two answers": changed(
            FACTS, world={"n_answers": 2, "n_categories": 2, "noise": 0.5}, model=table
        ),
        "facts, clean": changed(FACTS, world={"noise": 0.0}, source={"polish": 1.0}),
        "facts, short training": changed(FACTS, model={"kind": "mlp", "passes": 0.4}),
    }


def drawn() -> dict[str, Scenario]:
    """Scenarios of facts for which count theory draws tables, with ties in other theories."""
    table = {"kind": "count_table"}
    return {
        "facts, polished templates": changed(
            FACTS,
            model={**table, "pseudo_count": 0.5},
            source={"polish": 1.0, "templates": 70},
        ),
        "facts, filtered templates": changed(
            FACTS,
            model={**table, "pseudo_count": 0.5},
            source={**KNOBS, "templates": 70},
            filter=STRICT,
        ),
    }


def clusters() -> dict[str, Scenario]:
    """Scenarios of clusters."""
    tails = {"tail_heaviness": 0.3, "noise": 0.0, "exception_share": 0.5}
    return {
        "clusters": changed(CLUSTERS),
        "clusters, heavy tails": changed(CLUSTERS, world=tails, filter=STRICT),
        "clusters, every knob": changed(CLUSTERS, source={**KNOBS, "templates": 60}),
        "clusters, unsigned": changed(CLUSTERS, world={"convention": "unsigned_cue"}),
        "clusters, weak ridge": changed(
            CLUSTERS, model={"ridge": 1e-4}, mixture={"budget": 90, "design": "accumulate"}
        ),
        "clusters, real only": changed(CLUSTERS, mixture={"design": "real_only"}),
    }


def networks() -> dict[str, Scenario]:
    """Scenarios of clusters with a network."""
    mlp = {**CLUSTERS, "model": {"kind": "mlp"}}
    heavy = {"tail_heaviness": 0.2, "n_contexts": 3}
    return {
        "network": changed(mlp, world={"n_contexts": 3}),
        "network, heavy tails": changed(mlp, world=heavy, source=KNOBS, filter=STRICT),
        "network, unsigned": changed(mlp, world={"n_contexts": 3, "convention": "unsigned_cue"}),
        "network, real only": changed(
            mlp, world={"n_contexts": 3}, mixture={"design": "real_only"}
        ),
    }


def language() -> dict[str, Scenario]:
    """Scenarios of sentences."""
    return {
        "language": changed(LANGUAGE),
        "language, every knob": changed(LANGUAGE, source=KNOBS, filter=STRICT),
        "language, messy": changed(
            LANGUAGE,
            world={"negations": 0.3, "fillers": 0.6},
            source={"lexical_variation": 1.0, "phrase_templates": 0, "polish": 0.2},
        ),
        "language, accumulate": changed(LANGUAGE, mixture={"design": "accumulate"}),
    }


def mitigated() -> dict[str, Scenario]:
    """Scenarios with mitigations that a theory works out."""
    base = changed(FACTS, mixture={"budget": 400}, source={"templates": 60}).model_dump()
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
    found = facts() | drawn() | clusters() | networks() | language()
    return found | {f"mitigated by {name}": one for name, one in mitigated().items()}
