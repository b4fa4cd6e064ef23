"""Settings of worlds, sources and filters for the canaries."""

from __future__ import annotations

from typing import Any

from smcollapse.settings import (
    ClustersWorld,
    ConsensusSource,
    CorpusWorld,
    FactsWorld,
    FileSource,
    Filter,
    GeneratedSource,
    LanguageWorld,
    PhrasesSource,
    ShrunkenSource,
    TableWorld,
)
from tests.canaries.files import path


def worlds() -> dict[str, Any]:
    """Settings of worlds, by kind and what is special about them."""
    facts = FactsWorld(n_contexts=40, n_answers=7, n_categories=6, test_size=200)
    clusters = ClustersWorld(n_contexts=8, dimension=11, test_size=200)
    table = TableWorld(
        data=path("rows.csv"),
        group="segment",
        categorical=("city",),
        drop=("note",),
        test_share=0.35,
    )
    language = LanguageWorld(n_contexts=30, n_answers=6, n_categories=5, test_size=200)
    corpus = CorpusWorld(
        data=path("tales.txt"), vocabulary=120, length=12, test_size=300, rare_mass=0.3
    )
    return {
        "facts": facts,
        "facts, steep and clean": facts.model_copy(
            update={"seed": 4, "zipf_exponent": 1.4, "noise": 0.0, "exception_share": 0.8}
        ),
        "facts, flat": facts.model_copy(
            update={"zipf_exponent": 0.0, "rare_mass": 0.6, "noise": 0.7, "n_answers": 2}
        ),
        "clusters": clusters,
        "clusters, heavy tails": clusters.model_copy(
            update={"tail_heaviness": 0.3, "convention": "unsigned_cue", "scale": 0.7}
        ),
        "clusters, nearly normal": clusters.model_copy(
            update={"tail_heaviness": 0.04, "noise": 0.4, "exception_share": 0.5}
        ),
        "table": table,
        "table, clustered": TableWorld(
            data=path("holes.csv"),
            drop=("segment", "note", "city"),
            missing="drop",
            clusters_per_label=4,
            rare_mass=0.35,
            test_share=0.4,
        ),
        "table, arrays": TableWorld(data=path("rows.npz"), clusters_per_label=3, rare_mass=0.4),
        "table, parquet": table.model_copy(update={"data": path("rows.parquet")}),
        "language": language,
        "language, messy": language.model_copy(
            update={
                "seed": 3,
                "negations": 0.3,
                "fillers": 0.6,
                "phrasings": 300,
                "synonyms": 2,
                "phrasing_exponent": 1.2,
                "synonym_exponent": 0.4,
            }
        ),
        "language, plain": language.model_copy(
            update={"negations": 0.0, "fillers": 0.0, "noise": 0.0, "phrasings": 1, "synonyms": 1}
        ),
        "corpus": corpus,
        "corpus, long cases": corpus.model_copy(
            update={
                "case_length": 3,
                "seed": 2,
                "learnable": 0.5,
                "test_share": 0.35,
                "length": 9,
                "rare_mass": 0.5,
            }
        ),
    }


def sources() -> dict[str, tuple[str, Any]]:
    """World and settings of sources, by kind and what is special about them."""
    knobs = {
        "coverage": 0.6,
        "tempering": 0.5,
        "templates": 25,
        "polish": 0.4,
        "fidelity": 0.5,
        "contamination": 0.2,
        "detectability": 0.3,
    }
    steep = {"tempering": 2.5, "polish": 0.0, "fidelity": 1.0}
    return {
        "consensus, facts": ("facts", ConsensusSource()),
        "consensus, facts, every knob": ("facts", ConsensusSource(**knobs)),
        "consensus, facts, steep": ("facts, flat", ConsensusSource(**steep)),
        "consensus, clusters": ("clusters", ConsensusSource()),
        "consensus, clusters, every knob": ("clusters, heavy tails", ConsensusSource(**knobs)),
        "shrunken": ("table", ShrunkenSource()),
        "shrunken, every knob": ("table", ShrunkenSource(**knobs)),
        "shrunken, clustered": ("table, clustered", ShrunkenSource(**{**steep, "fidelity": 0.2})),
        "file": ("table", FileSource(path=path("made.csv"))),
        "file, marked": ("table", FileSource(path=path("made.csv"), detectability=0.5)),
        "phrases": ("language", PhrasesSource()),
        "phrases, every knob": ("language, messy", PhrasesSource(**knobs, phrase_templates=9)),
        "phrases, like real text": (
            "language, messy",
            PhrasesSource(phrase_templates=0, lexical_variation=1.0, polish=0.0),
        ),
        "phrases, one word each": (
            "language, messy",
            PhrasesSource(lexical_variation=0.0, detectability=1.0, phrase_templates=2),
        ),
        "generated": ("corpus", GeneratedSource(passes=0.5)),
        "generated, cautious": (
            "corpus",
            GeneratedSource(passes=0.5, temperature=0.6, top_k=20, best_of=2, detectability=0.4),
        ),
    }


def filters() -> dict[str, Filter]:
    """Settings of filters."""
    return {
        "none": Filter(),
        "both": Filter(strictness=0.6),
        "strict": Filter(strictness=1.0, detection=1.0, severity=0.8),
        "synthetic": Filter(strictness=0.7, detection=0.6, severity=1.0, scope="synthetic"),
    }
