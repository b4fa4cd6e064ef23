"""Canaries of layer `worlds`: streams, laws, real rows, sources, filters, mixtures."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from smcollapse import laws
from smcollapse.filters import survivors
from smcollapse.laws.contexts import rarest, zipf
from smcollapse.laws.labels import n_answers
from smcollapse.laws.styles import styles_of, words_with_synonyms
from smcollapse.mixtures import counts, mix
from smcollapse.scenario import Scenario
from smcollapse.settings import (
    ConsensusSource,
)
from smcollapse.sources import fit
from smcollapse.streams import AliasTable, Stream, stream
from smcollapse.worlds import Corpus, Rows, Table, World, world_of
from smcollapse.worlds.corpus_reading import read_documents
from smcollapse.worlds.ngrams import Ngrams
from tests.canaries.files import path
from tests.canaries.tables import EXACT, TRAINED, Canaries, Canary
from tests.canaries.world_settings import filters, sources, worlds

ROWS = 60


def _world(name: str) -> World:
    return world_of(worlds()[name])


def _rows(rows: Rows) -> dict[str, Any]:
    return dict(vars(rows))


def real_rows(name: str) -> dict[str, Any]:
    """What a world is, and its rows in two replicates."""
    world = _world(name)
    found = {
        "inputs": world.inputs,
        "rare": world.rare,
        "rare_share": world.rare_share,
        "exception": world.exception,
        "train_size": world.train_size,
        "test_size": world.test_size,
        "split": world.split,
        "real": _rows(world.real(1, 0, ROWS)),
        "again": _rows(world.real(1, 1, 7)),
        "seed": _rows(world.real(2, 0, 7)),
        "test": _rows(world.test(1, 0)),
    }
    for attribute in ("law", "frequency", "rarity", "encoding", "cases"):
        if hasattr(world, attribute):
            found[attribute] = getattr(world, attribute)
    if isinstance(world, Table):
        found["looks"] = world._looks
        rows = world.rows
        found["nearest"] = world.nearest_context(rows.features[::3], rows.label[::3])
    return found


def texts(name: str) -> list[str]:
    """Rows of text as lines to read, as the lengths and sums of their characters."""
    world: Any = _world(name)
    rows = [*world.test(1, 0).codes[:30], *world.real(1, 0, 30).codes]
    return [_sum(world.text(row)) for row in rows]


def _sum(text: str) -> Any:
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.float64)
    return np.concatenate([[len(codes)], codes, np.zeros(max(0, 8 - len(codes)))])


def synthetic_rows(name: str) -> dict[str, Any]:
    """Rows of a source, and questions as it would put them."""
    kind, settings = sources()[name]
    world = _world(kind)
    source: Any = fit(settings, world, 1, 0)
    found = {"made": _rows(source.sample(150))}
    if hasattr(source, "ask"):
        found["asked"] = _rows(source.ask(world.test(1, 0).take(np.arange(40))))
    if hasattr(source, "generator"):
        found["score"] = source.generator.sample(20, 0.9, 10, 2)[1]
    return found


def mixed(**parts: Any) -> list[Any]:
    """Mixtures of one world at several shares, and what is measured of them."""
    scenarios = [
        Scenario.model_validate({**parts, "mixture": {**parts["mixture"], "share": share}})
        for share in parts.pop("shares", (0.0, 0.3, 0.7))
    ]
    world = world_of(scenarios[0].world)
    pool, found = mix(scenarios, world, 1, 2)
    return [
        {
            "numbers": counts(scenario, scenario.mixture.budget),
            "slots": mixture.slots,
            "synthetic": mixture.synthetic,
            "weights": mixture.weights,
            "holdout": mixture.holdout,
            "measures": mixture.measures(pool, len(world.rare)),
            "labels": pool.label,
        }
        for scenario, mixture in zip(scenarios, found, strict=True)
    ]


def mixtures() -> dict[str, Callable[[], Any]]:
    """Designs, with and without filters and mitigations."""
    base = {
        "world": worlds()["facts"],
        "source": {"polish": 0.5, "contamination": 0.2, "templates": 30},
        "mixture": {"budget": 160},
    }
    strict = {"strictness": 0.8}
    found: dict[str, Callable[[], Any]] = {}
    for design in ("replace", "accumulate", "real_only"):
        one = {**base, "mixture": {"budget": 160, "design": design}}
        found[design] = partial(mixed, **one)
        found[f"{design}, filtered"] = partial(mixed, **one, filter=strict)
    synthetic_only = {**strict, "scope": "synthetic", "severity": 1.0}
    found["replace, synthetic filtered"] = partial(mixed, **base, filter=synthetic_only)
    for kind, settings in {
        "deduplication": {"copies": 2},
        "weighting": {"synthetic_weight": 0.2},
        "tail_weight": {"factor": 4.0},
        "temperature_scaling": {"holdout": 20},
        "real_floor": {"floor": 0.6},
    }.items():
        mitigation = {"kind": kind, **settings}
        found[f"replace, {kind}"] = partial(mixed, **base, mitigation=mitigation)
    table = {"world": worlds()["table"], "mixture": {"budget": 0}}
    found["replace, a whole table"] = partial(mixed, **table, shares=(0.2, 1.0))
    return found


def filtered(name: str) -> dict[str, Any]:
    """Pass rates, survivors and breakdown points of a filter."""
    settings, world = filters()[name], _world("facts")
    rows = fit(ConsensusSource(contamination=0.4), world, 1, 0).sample(150)
    atypicality = np.linspace(0.0, 1.0, 9)
    rates = laws.pass_rates(settings, atypicality)
    return {
        "rates": rates,
        "survivors": survivors(settings, rows, stream(1, 0, "canary").uniforms(150)),
        "breakdown": laws.breakdown_point(rates.agrees, rates.contradicts),
        "weighed": laws.breakdown_point(rates.contradicts, rates.agrees, zipf(9, 1.0)),
        "nothing": laws.breakdown_point(np.zeros(2), np.zeros(2)),
    }


def labels_of(name: str) -> dict[str, Any]:
    """Laws of labels, real and synthetic, through every filter."""
    law: Any = _world(name).law  # type: ignore[attr-defined]
    found: dict[str, Any] = {"answers": n_answers(law)}
    knobs = {"coverage": 0.7, "tempering": 0.5, "contamination": 0.1, "fidelity": 0.3}
    for label, source in {"plain": ConsensusSource(), "knobs": ConsensusSource(**knobs)}.items():
        made = laws.synthetic_law(law.frequency, source)
        found[label] = made
        for kind, settings in filters().items():
            synthetic = laws.synthetic_labels(law, made, settings)
            found[f"{label} {kind}"] = (synthetic, synthetic.passed)
    for kind, settings in filters().items():
        found[f"real {kind}"] = laws.real_labels(law, settings)
    return found


def phrasings(name: str) -> dict[str, Any]:
    """How real text and sources are worded, and how well their styles are told apart."""
    settings = worlds()[name]
    law = laws.language_law(settings)
    found: dict[str, Any] = {
        "law": law,
        "firsts": law.vocabulary.firsts,
        "forms": law.vocabulary.forms,
        "asked": law.phrasings.asked,
        "undenied": law.phrasings.noise_if_undenied,
        "real": laws.real_phrasing(settings),
        "equivalent": laws.equivalent_noise(law.phrasings, 7),
        "words": words_with_synonyms(law),
    }
    for label, (_, source) in sources().items():
        if not label.startswith("phrases"):
            continue
        made = laws.made_phrasing(settings, source)
        found[label] = made
        for told in ("everything", "templates", "nothing"):
            styles = styles_of(law, made, told)
            few = styles.grouped(0.5, 3.0)
            found[f"{label}, {told}"] = {
                "styles": styles,
                "auc": styles.auc,
                "always": styles.always_told,
                "told": [styles.told_at(rate) for rate in (0.0, 0.05, 0.5)],
                "real_told": [styles.real_told_at(rate) for rate in (0.0, 0.05, 0.5)],
                "grouped": few,
                "ratio": few.log_ratio,
            }
    return found


def contexts() -> dict[str, Any]:
    """Frequencies, rare contexts and rarity."""
    frequency = zipf(30, 1.1)
    return {
        "zipf": frequency,
        "flat": zipf(5, 0.0),
        "rarest": [rarest(frequency, mass) for mass in (1e-6, 0.2, 0.9)],
        "rarity": laws.rarity(frequency),
        "flat rarity": laws.rarity(np.full(4, 0.25)),
        "zero": laws.rarity(np.array([0.5, 0.5, 0.0])),
    }


def streams() -> dict[str, Any]:
    """Every kind of draw, by number and in another order."""
    draws, ids = Stream(0x0123456789ABCDEF), np.array([5, 0, 2**40, 77, 3, 2**33 + 1, 9])
    table = AliasTable.from_weights([0.0, 3.0, 1.0, 0.5, 2.5])
    truth, consensus = np.array([0, 1, 2, 3, 4]), np.array([0, 1, 3, 3, 0])
    noisy = {"n_answers": 6, "fidelity": 0.4, "contamination": 0.2, "noise": 0.3}
    return {
        "keys": [stream(7, None, "a").key, stream(7, 0, "a").key, stream(7, 0, "a", 1, "b").key],
        "uniforms": (draws.uniforms(50), draws.uniforms(ids)),
        "normals": (draws.normals(40, 5), draws.normals(ids, 3), draws.normals(3, 0)),
        "table": (table.entries, table.probabilities, table.size),
        "contexts": (draws.contexts(80, table), draws.contexts(ids, table)),
        "permutations": [draws.permutation(n) for n in (0, 1, 2, 13, 100)],
        "templates": [draws.templates(ids, n) for n in (0, 1, 12)],
        "many templates": draws.templates(ids, 2**32 - 1),
        "answers": draws.answers(ids[:5], truth, consensus, **noisy),
        "facts": draws.facts(120, table, truth, consensus, **noisy),
        "sure facts": draws.facts(30, table, truth, consensus, n_answers=6),
        "scales": [draws.scales(60, dof) for dof in (0.7, 2.5, 3.0, 20.0, math.inf)],
        "features": draws.features(
            ids, np.arange(12.0).reshape(3, 4), np.array([0, 2, 1, 1, 0, 2, 2]), np.arange(7) / 3.0
        ),
        "many": draws.uniforms(np.arange(100_000, 100_050)),
    }


def documents() -> dict[str, Any]:
    """Texts and records cut into documents."""
    found = {}
    for characters in (200, 900):
        cut = read_documents(path("texts"), "text", characters)
        found[str(characters)] = [len(cut), np.array([len(one) for one in cut])]
    found["body"] = np.array([len(one) for one in read_documents(path("texts"), "body", 300)])
    return found


def ngrams() -> dict[str, Any]:
    """Counts, surprise and predictions of an n-gram model."""
    world = _world("corpus")
    assert isinstance(world, Corpus)
    runs = world.runs
    half = np.arange(len(runs.tokens)) % 3 > 0
    model = Ngrams(runs, half)
    places = world.places[::17]
    foreign = (np.arange(60, dtype=np.int32).reshape(5, 12) * 7) % 120
    seen = runs.seen(places[:, None] + np.arange(-3, 1))
    asked = runs.look_up(foreign)
    return {
        "orders": [len(order.code) for order in runs.orders],
        "at": [order.at for order in runs.orders],
        "surprise": model.surprise(seen),
        "foreign": model.surprise(asked),
        "predicted": model.predict_at(places),
        "said": model.predict([context[:, -1] for _, context in asked]),
    }


def canaries() -> Canaries:
    """Every canary of the layer."""
    found: dict[str, Canary] = {
        "streams": Canary(streams),
        "contexts": Canary(contexts),
        "documents": Canary(documents),
        "n-grams": Canary(ngrams),
    }
    for name in worlds():
        found[f"world: {name}"] = Canary(partial(real_rows, name))
    for name, (_, settings) in sources().items():
        tolerance = TRAINED if settings.kind == "generated" else EXACT
        found[f"source: {name}"] = Canary(partial(synthetic_rows, name), tolerance)
    for name in filters():
        found[f"filter: {name}"] = Canary(partial(filtered, name))
    for name, function in mixtures().items():
        found[f"mixture: {name}"] = Canary(function)
    for name in ("facts", "facts, flat", "clusters"):
        found[f"labels: {name}"] = Canary(partial(labels_of, name))
    for name in ("language", "language, messy", "language, plain"):
        found[f"phrasing: {name}"] = Canary(partial(phrasings, name))
    for name in ("language", "corpus"):
        found[f"text: {name}"] = Canary(partial(texts, name))
    return found
