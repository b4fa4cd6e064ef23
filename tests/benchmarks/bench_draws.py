"""Our draws beside vectorised NumPy (and torch) draws of the same law, one thread each.

Runs are paired: ours, theirs, ours, theirs, ...; times are medians over the pairs, after one
run of each.  ``python tests/benchmarks/bench_draws.py`` prints the table.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import numpy as np
import torch

from smcollapse.settings import LanguageWorld
from smcollapse.streams import AliasTable, stream
from smcollapse.worlds.language import Language

N_ROWS = 60_000
N_CONTEXTS = 600
N_ANSWERS = 20
FIDELITY, CONTAMINATION, NOISE = 0.2, 0.05, 0.1
SECONDS_PER_ROW = 1.0

Draw = Callable[[], object]
Row = dict[str, object]

OURS = stream(0, 0, "benchmark")
RNG = np.random.Generator(np.random.PCG64(0))
WEIGHTS = np.arange(1, N_CONTEXTS + 1) ** -0.8
TABLE = AliasTable.from_weights(WEIGHTS)
TRUTH = RNG.integers(0, N_ANSWERS, N_CONTEXTS).astype(np.int32)
CONSENSUS = np.where(np.arange(N_CONTEXTS) < 400, TRUTH, (TRUTH + 1) % N_ANSWERS).astype(np.int32)


def paired_medians(ours: Draw, theirs: Draw) -> tuple[float, float]:
    """Median milliseconds of each, from alternating runs over about ``SECONDS_PER_ROW``."""
    times: tuple[list[float], list[float]] = ([], [])
    ours(), theirs()
    stop = time.perf_counter() + SECONDS_PER_ROW
    while time.perf_counter() < stop or len(times[0]) < 5:
        for kept, draw in zip(times, (ours, theirs), strict=True):
            start = time.perf_counter()
            draw()
            kept.append(1e3 * (time.perf_counter() - start))
    return median(times[0]), median(times[1])


def row(name: str, size: str, ours: Draw, methods: Mapping[str, Draw]) -> Row:
    """Our draw beside the fastest of the named methods."""

    def seconds(method: str) -> float:
        start = time.perf_counter()
        methods[method]()
        return time.perf_counter() - start

    fastest = min(methods, key=lambda method: min(seconds(method) for _ in range(3)))
    own, other = paired_medians(ours, methods[fastest])
    return {
        "draw": name,
        "size": size,
        "ours ms": own,
        "theirs ms": other,
        "method": fastest,
        "ratio": other / own,
    }


def context_methods() -> dict[str, Callable[[], np.ndarray[Any, Any]]]:
    """Three ways to draw contexts with NumPy."""
    probability = WEIGHTS / WEIGHTS.sum()
    cumulative = np.cumsum(probability)
    cumulative[-1] = 1.0
    kept = (TABLE.entries >> np.uint64(32)) / 2.0**32
    alias = (TABLE.entries & np.uint64(2**32 - 1)).astype(np.int64)

    def by_alias() -> np.ndarray[Any, Any]:
        u = RNG.random(N_ROWS)
        u *= N_CONTEXTS
        column = u.astype(np.int64)
        u -= column
        return np.where(u < kept[column], column, alias[column])

    return {
        "rng.choice": lambda: RNG.choice(N_CONTEXTS, N_ROWS, p=probability),
        "searchsorted": lambda: np.searchsorted(cumulative, RNG.random(N_ROWS), side="right"),
        "alias method": by_alias,
    }


def plain_labels(truth: np.ndarray[Any, Any], consensus: np.ndarray[Any, Any]) -> object:
    """Labels as they are defined, one mask and one replacement after the other."""
    label = np.where(RNG.random(N_ROWS) < FIDELITY, truth, consensus)
    wrong = RNG.integers(0, N_ANSWERS - 1, N_ROWS, dtype=np.int32)
    wrong += wrong >= truth
    label = np.where(RNG.random(N_ROWS) < CONTAMINATION, wrong, label)
    anything = RNG.integers(0, N_ANSWERS, N_ROWS, dtype=np.int32)
    return np.where(RNG.random(N_ROWS) < NOISE, anything, label)


def tuned_labels(truth: np.ndarray[Any, Any], consensus: np.ndarray[Any, Any]) -> object:
    """Labels with one uniform per row; further draws only for the rows that need them."""
    wrong_cut = NOISE + (1 - NOISE) * CONTAMINATION
    event = RNG.random(N_ROWS)  # float32 would resolve probabilities to 2^-24 only
    label = np.where(event < wrong_cut + (1 - wrong_cut) * (1 - FIDELITY), consensus, truth)
    changed = np.flatnonzero(event < wrong_cut)
    noisy = event[changed] < NOISE
    pick = RNG.integers(0, N_ANSWERS - 1, changed.size, dtype=np.int32)
    pick += pick >= truth[changed]
    anything = RNG.integers(0, N_ANSWERS, changed.size, dtype=np.int32)
    label[changed] = np.where(noisy, anything, pick)
    return label


def discrete_rows() -> list[Row]:
    """Contexts, answers, facts, uniforms, permutations."""
    knobs = {
        "n_answers": N_ANSWERS,
        "fidelity": FIDELITY,
        "contamination": CONTAMINATION,
        "noise": NOISE,
    }
    contexts = context_methods()
    context = OURS.contexts(N_ROWS, TABLE)
    truth, consensus = TRUTH[context], CONSENSUS[context]

    def facts_with(method: str, labels: Callable[..., object]) -> Draw:
        def draw() -> object:
            drawn = contexts[method]()
            return drawn, labels(TRUTH[drawn], CONSENSUS[drawn])

        return draw

    def our_facts() -> object:
        return OURS.facts(N_ROWS, TABLE, TRUTH, CONSENSUS, **knobs)

    size = f"n={N_ROWS}, K={N_CONTEXTS}"
    return [
        row(
            "facts",
            size,
            our_facts,
            {f"{method}, masks": facts_with(method, plain_labels) for method in contexts},
        ),
        row(
            "facts",
            size,
            our_facts,
            {f"{method}, tuned labels": facts_with(method, tuned_labels) for method in contexts},
        ),
        row("contexts", size, lambda: OURS.contexts(N_ROWS, TABLE), contexts),
        row(
            "answers",
            f"n={N_ROWS}",
            lambda: OURS.answers(N_ROWS, truth, consensus, **knobs),
            {"tuned labels": lambda: tuned_labels(truth, consensus)},
        ),
        row(
            "uniforms",
            f"n={N_ROWS}",
            lambda: OURS.uniforms(N_ROWS),
            {"rng.random": lambda: RNG.random(N_ROWS)},
        ),
        row(
            "permutation",
            f"n={N_ROWS}",
            lambda: OURS.permutation(N_ROWS),
            {"rng.permutation": lambda: RNG.permutation(N_ROWS)},
        ),
    ]


def normal_rows(dimension: int) -> list[Row]:
    """Standard normals beside NumPy's and torch's."""
    size = f"n={N_ROWS}, d={dimension}"

    def by_numpy() -> object:
        return RNG.standard_normal((N_ROWS, dimension), dtype=np.float32)

    def by_torch() -> object:
        return torch.empty(N_ROWS, dimension).normal_()

    def ours() -> object:
        return OURS.normals(N_ROWS, dimension)

    return [
        row("normals", size, ours, {"rng.standard_normal": by_numpy}),
        row("normals", size, ours, {"torch.normal_": by_torch}),
    ]


def feature_row(dimension: int, dof: float) -> Row:
    """Cluster features, Gaussian (infinite ``dof``) or Student-t."""
    means = RNG.standard_normal((10, dimension), dtype=np.float32)
    which = RNG.integers(0, 10, N_ROWS).astype(np.int32)
    ones = np.ones(N_ROWS, np.float32)
    heavy = np.isfinite(dof)

    def ours() -> object:
        scale = OURS.scales(N_ROWS, dof) if heavy else ones
        return OURS.features(N_ROWS, means, which, scale)

    def by_numpy() -> object:
        out = RNG.standard_normal((N_ROWS, dimension), dtype=np.float32)
        if heavy:
            scale = np.sqrt((dof - 2.0) / RNG.chisquare(dof, N_ROWS))
            out *= scale.astype(np.float32)[:, None]
        out += means[which]
        return out

    name = f"features, t({dof:g})" if heavy else "features, gaussian"
    method = "standard_normal, chisquare" if heavy else "standard_normal"
    return row(name, f"n={N_ROWS}, d={dimension}", ours, {method: by_numpy})


def sentence_row() -> Row:
    """Sentences on given facts beside columns of words that NumPy draws and moves together."""
    world = Language(LanguageWorld())
    how = world.wording(world.law.phrasings)
    fillers, functions, relations, subjects, answers = how.first
    template_chance, synonym_chance = world.law.phrasings.phrasing[:40], world.law.phrasings.synonym
    template_cuts, synonym_cuts = np.cumsum(template_chance), np.cumsum(synonym_chance)
    template_cuts[-1] = synonym_cuts[-1] = 1.0
    context = OURS.contexts(N_ROWS, world.contexts)
    label, style = how.truth[context], np.zeros(N_ROWS, np.int8)

    def filler() -> np.ndarray[Any, Any]:
        word = fillers + RNG.integers(0, functions - fillers, N_ROWS, dtype=np.int32)
        return np.where(RNG.random(N_ROWS) < how.filler, word, -1)

    def by_columns() -> object:
        template = np.searchsorted(template_cuts, RNG.random(N_ROWS), side="right")
        synonym = np.searchsorted(synonym_cuts, RNG.random((4, N_ROWS)), side="right")
        lemmas = how.lemmas[template].T
        words = np.where(lemmas >= 0, functions + lemmas * len(how.synonyms) + synonym[:3], -1)
        relation = relations + how.relation[context] * len(how.synonyms) + synonym[3]
        first = how.relation_first[template]
        event = RNG.random(N_ROWS)
        before = event < how.denial_before
        denied = event < how.denial_before + how.denial_after
        wrong = RNG.integers(0, how.n_answers - 1, N_ROWS, dtype=np.int32)
        wrong += wrong >= how.truth[context]
        named = np.where(denied, wrong, label)
        prefix = np.empty((N_ROWS, 10), np.int32)
        prefix[:, 0] = 1
        prefix[:, 1] = filler()
        prefix[:, 2] = words[0]
        prefix[:, 3] = np.where(first, relation, subjects + context)
        prefix[:, 4] = words[1]
        prefix[:, 5] = np.where(first, subjects + context, relation)
        prefix[:, 6] = words[2]
        prefix[:, 7] = filler()
        prefix[:, 8] = np.where(before, 3, -1)
        prefix[:, 9] = -1
        said = prefix >= 0
        place = 10 - np.cumsum(said[:, ::-1], axis=1)[:, ::-1]
        row = np.zeros((N_ROWS, 12), np.int32)
        row[np.nonzero(said)[0], place[said]] = prefix[said]
        row[:, 10] = answers + named
        row[:, 11] = np.where(denied & ~before, 3, 2)
        return row, named

    def ours() -> object:
        return OURS.sentences(N_ROWS, context, label, style, how)

    return row("sentences", f"n={N_ROWS}, L=12", ours, {"columns, scattered": by_columns})


def draw_table() -> list[Row]:
    """All rows of the comparison."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rows = [*discrete_rows(), sentence_row()]
        for dimension in (2, 32, 128):
            rows += normal_rows(dimension)
        for dof in (np.inf, 5.0):
            rows += [feature_row(dimension, dof) for dimension in (32, 64, 128)]
    finally:
        torch.set_num_threads(threads)
    return rows


def main() -> None:
    """Print the comparison as a Markdown table."""
    rows = draw_table()
    print("| " + " | ".join(rows[0]) + " |")
    print("|" + "---|" * len(rows[0]))
    for entry in rows:
        cells = [f"{v:.3g}" if isinstance(v, float) else str(v) for v in entry.values()]
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
