"""Discrete draws: uniforms, contexts, answers, templates, permutations.

Item ``i`` of a kernel is drawn from ``(key, ids[i])`` alone.  ``ids`` (n,) are item numbers,
any int64 >= 0, in any order; ``out`` has one entry per item.  Probabilities of events are
resolved to 2^-32.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import inline, jit
from smcollapse.kernels.elementary import uniform64
from smcollapse.kernels.philox import (
    BLOCK,
    FACT,
    HALF,
    LOW,
    PERMUTATION,
    TEMPLATE,
    UNIFORM,
    bounded,
    fill_words,
    split_items,
)

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]
UInt32 = npt.NDArray[np.uint32]
Float64 = npt.NDArray[np.float64]

_UNIT = 4294967296.0  # 2^32
_ONE = np.uint64(1)
_SIGN_BIT = np.int64(63)


@jit
def fill_uniforms(key: np.uint64, ids: Int64, out: Float64) -> None:
    """Uniform float64 in [0, 1), multiples of 2^-53."""
    counters = np.empty((3, BLOCK), np.uint32)
    words = np.empty((4, BLOCK), np.uint32)
    for start in range(0, ids.size, BLOCK):
        items = ids[start : start + BLOCK]
        part = out[start : start + BLOCK]
        split_items(items, counters)
        fill_words(key, UNIFORM, items.size, counters, words)
        for i in range(items.size):
            part[i] = uniform64(np.uint64(words[0, i]), np.uint64(words[1, i]))


@jit
def fill_alias_table(weights: Float64, table: UInt64) -> None:
    """Alias table of ``weights`` (K,), all >= 0 with a positive sum, K < 2^31.

    A draw picks column k uniformly and keeps it with probability threshold / 2^32, else takes
    its alias; a column that is always kept is its own alias.  ``table`` (K,) receives
    threshold * 2^32 + alias: one load for both is four times faster than two.  Implied
    probabilities equal weights / sum(weights) to 2^-32.

    Source: Walker (1977), doi:10.1145/355744.355749; Vose (1991), doi:10.1109/32.92917.
    """
    n = weights.size
    total = 0.0
    for k in range(n):
        total += weights[k]
    share = np.empty(n, np.float64)
    poor = np.empty(n, np.int64)
    rich = np.empty(n, np.int64)
    n_poor = 0
    n_rich = 0
    for k in range(n):
        share[k] = weights[k] / total * n
        table[k] = (LOW << HALF) | np.uint64(k)
        if share[k] < 1.0:
            poor[n_poor] = k
            n_poor += 1
        else:
            rich[n_rich] = k
            n_rich += 1
    while n_poor > 0 and n_rich > 0:
        n_poor -= 1
        k = poor[n_poor]
        donor = rich[n_rich - 1]
        threshold = np.uint64(min(np.rint(share[k] * _UNIT), _UNIT - 1.0))
        table[k] = (threshold << HALF) | np.uint64(donor)
        share[donor] -= 1.0 - share[k]
        if share[donor] < 1.0:
            n_rich -= 1
            poor[n_poor] = donor
            n_poor += 1


@inline
def _below(value: np.uint64, bound: np.uint64) -> np.uint64:
    """All ones where value < bound (both at most 2^32), else 0: a choice without a branch."""
    return np.uint64((np.int64(value) - np.int64(bound)) >> _SIGN_BIT)


@inline
def alias_draw(high: np.uint64, low: np.uint64, table: UInt64) -> np.uint64:
    """Outcome of an alias table: a 64-bit uniform times K gives column and remainder."""
    n_contexts = np.uint64(table.size)
    position = high * n_contexts + ((low * n_contexts) >> HALF)
    column = position >> HALF
    entry = table[column]
    alias = entry & LOW
    return np.uint64(alias ^ ((column ^ alias) & _below(position & LOW, entry >> HALF)))


@inline
def _cuts(
    fidelity: float, contamination: float, noise: float
) -> tuple[np.uint64, np.uint64, np.uint64]:
    """Cumulative probabilities, times 2^32, of: noise, contamination, consensus."""
    wrong = noise + (1.0 - noise) * contamination
    consensus = wrong + (1.0 - wrong) * (1.0 - fidelity)
    return (
        np.uint64(np.rint(noise * _UNIT)),
        np.uint64(np.rint(wrong * _UNIT)),
        np.uint64(np.rint(consensus * _UNIT)),
    )


@inline
def _answer(
    event: np.uint64,
    pick: np.uint64,
    truth: np.uint64,
    consensus: np.uint64,
    cuts: tuple[np.uint64, np.uint64, np.uint64],
    n_answers: np.uint64,
) -> np.int32:
    """Answer from words 2 (what happens) and 3 (which answer, where one is drawn)."""
    noise_cut, wrong_cut, consensus_cut = cuts
    other = (pick * (n_answers - _ONE)) >> HALF
    wrong = other + np.uint64(other >= truth)
    anything = (pick * n_answers) >> HALF
    answer = truth ^ ((truth ^ consensus) & _below(event, consensus_cut))
    answer ^= (answer ^ wrong) & _below(event, wrong_cut)
    answer ^= (answer ^ anything) & _below(event, noise_cut)
    return np.int32(answer)


@jit
def fill_contexts(key: np.uint64, ids: Int64, table: UInt64, out: Int32) -> None:
    """Contexts with the probabilities of an alias table (see :func:`fill_alias_table`)."""
    counters = np.empty((3, BLOCK), np.uint32)
    words = np.empty((4, BLOCK), np.uint32)
    for start in range(0, ids.size, BLOCK):
        items = ids[start : start + BLOCK]
        part = out[start : start + BLOCK]
        split_items(items, counters)
        fill_words(key, FACT, items.size, counters, words)
        for i in range(items.size):
            part[i] = np.int32(alias_draw(np.uint64(words[0, i]), np.uint64(words[1, i]), table))


@jit
def fill_answers(
    key: np.uint64,
    ids: Int64,
    truth: Int32,
    consensus: Int32,
    fidelity: float,
    contamination: float,
    noise: float,
    n_answers: int,
    out: Int32,
) -> None:
    """Answers of a source, then label noise.

    The answer is ``truth``, or, where ``consensus`` differs from it, the consensus with
    probability 1 - fidelity.  With probability ``contamination`` it is instead wrong: uniform
    over the n_answers - 1 answers other than the truth (so n_answers >= 2 is needed).  With
    probability ``noise`` the label is then replaced by one uniform over all n_answers.
    """
    counters = np.empty((3, BLOCK), np.uint32)
    words = np.empty((4, BLOCK), np.uint32)
    cuts = _cuts(fidelity, contamination, noise)
    n = np.uint64(n_answers)
    for start in range(0, ids.size, BLOCK):
        items = ids[start : start + BLOCK]
        right = truth[start : start + BLOCK]
        common = consensus[start : start + BLOCK]
        part = out[start : start + BLOCK]
        split_items(items, counters)
        fill_words(key, FACT, items.size, counters, words)
        for i in range(items.size):
            event, pick = np.uint64(words[2, i]), np.uint64(words[3, i])
            part[i] = _answer(event, pick, np.uint64(right[i]), np.uint64(common[i]), cuts, n)


@jit
def fill_facts(
    key: np.uint64,
    ids: Int64,
    table: UInt64,
    truth_of_context: Int32,
    consensus_of_context: Int32,
    fidelity: float,
    contamination: float,
    noise: float,
    n_answers: int,
    out_context: Int32,
    out_label: Int32,
) -> None:
    """Contexts and their answers in one pass: one Philox call per fact.

    Equal, bit for bit, to :func:`fill_contexts` followed by :func:`fill_answers` with the
    truth and consensus (K,) of those contexts.
    """
    counters = np.empty((3, BLOCK), np.uint32)
    words = np.empty((4, BLOCK), np.uint32)
    cuts = _cuts(fidelity, contamination, noise)
    n = np.uint64(n_answers)
    known = np.empty(table.size, np.uint64)  # consensus * 2^32 + truth: one load for both
    for k in range(table.size):
        known[k] = (np.uint64(consensus_of_context[k]) << HALF) | np.uint64(truth_of_context[k])
    for start in range(0, ids.size, BLOCK):
        items = ids[start : start + BLOCK]
        contexts = out_context[start : start + BLOCK]
        labels = out_label[start : start + BLOCK]
        split_items(items, counters)
        fill_words(key, FACT, items.size, counters, words)
        for i in range(items.size):
            context = alias_draw(np.uint64(words[0, i]), np.uint64(words[1, i]), table)
            contexts[i] = np.int32(context)
            pair = known[context]
            event, pick = np.uint64(words[2, i]), np.uint64(words[3, i])
            labels[i] = _answer(event, pick, pair & LOW, pair >> HALF, cuts, n)


@jit
def fill_templates(key: np.uint64, ids: Int64, n_templates: int, out: Int64) -> None:
    """Template of each row, uniform over 0 .. n_templates - 1 (below 2^32).

    With n_templates <= 0 every row is its own template: ``out`` equals ``ids``.
    """
    if n_templates <= 0:
        for i in range(ids.size):
            out[i] = ids[i]
        return
    counters = np.empty((3, BLOCK), np.uint32)
    words = np.empty((4, BLOCK), np.uint32)
    n = np.uint64(n_templates)
    for start in range(0, ids.size, BLOCK):
        items = ids[start : start + BLOCK]
        part = out[start : start + BLOCK]
        split_items(items, counters)
        fill_words(key, TEMPLATE, items.size, counters, words)
        for i in range(items.size):
            part[i] = np.int64(bounded(np.uint64(words[0, i]), np.uint64(words[1, i]), n))


@jit
def fill_permutation(key: np.uint64, out: Int64) -> None:
    """Uniform permutation of 0 .. n - 1 (n < 2^32): Fisher and Yates, position i from item i."""
    n = out.size
    counters = np.empty((3, BLOCK), np.uint32)
    words = np.empty((4, BLOCK), np.uint32)
    for i in range(n):
        out[i] = i
    for stop in range(n, 0, -BLOCK):
        items = np.arange(max(stop - BLOCK, 0), stop)
        split_items(items, counters)
        fill_words(key, PERMUTATION, items.size, counters, words)
        for offset in range(items.size - 1, -1, -1):
            i = items[offset]
            high, low = np.uint64(words[0, offset]), np.uint64(words[1, offset])
            j = np.int64(bounded(high, low, np.uint64(i + 1)))
            out[i], out[j] = out[j], out[i]
