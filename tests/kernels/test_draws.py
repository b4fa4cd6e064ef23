"""Discrete draws: twins, laws, and independence of blocks and order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from smcollapse.kernels import draws
from tests import reference
from tests.kernels.agreement import (
    KEY,
    assert_same_bits,
    interpreted,
    needs_compiler,
    repeatable,
    within,
)

IDS = np.array([0, 1, 2, 3, 511, 512, 513, 70_000, 2**32 - 1, 2**32, 2**62 + 5])
ZIPF = np.arange(1, 31) ** -1.1
TRUTH = (np.arange(30) % 7).astype(np.int32)
CONSENSUS = np.where(np.arange(30) < 20, TRUTH, (TRUTH + 2) % 7).astype(np.int32)
KNOBS = (0.3, 0.2, 0.1)  # fidelity, contamination, noise
CUTS = st.lists(st.integers(0, 1500), min_size=1, max_size=4)


def alias_table(weights):
    table = np.empty(len(weights), np.uint64)
    draws.fill_alias_table(np.asarray(weights, float), table)
    return table


def implied(table):
    """Probabilities of a table, from its meaning, one column at a time."""
    total = np.zeros(len(table))
    for column, entry in enumerate(table):
        threshold, alias = divmod(int(entry), 2**32)
        kept = 1.0 if alias == column else threshold / 2**32
        total[column] += kept / len(table)
        total[alias] += (1.0 - kept) / len(table)
    return total


def filled(kernel, dtype, ids, *arguments):
    out = np.empty(len(ids), dtype)
    kernel(KEY, ids, *arguments, out)
    return out


TABLE = alias_table(ZIPF)
PAIRS = [(int(e) >> 32, int(e) % 2**32) for e in TABLE]
CASES = {
    "uniforms": (draws.fill_uniforms, np.float64, (), lambda i: reference.uniform(int(KEY), i)),
    "contexts": (
        draws.fill_contexts,
        np.int32,
        (TABLE,),
        lambda i: reference.context(int(KEY), i, PAIRS),
    ),
    "templates": (
        draws.fill_templates,
        np.int64,
        (1000,),
        lambda i: reference.template(int(KEY), i, 1000),
    ),
    "own templates": (draws.fill_templates, np.int64, (0,), lambda i: i),
}


@pytest.mark.parametrize("case", CASES)
def test_compiled_is_interpreted_is_reference(case):
    kernel, dtype, arguments, twin = CASES[case]
    expected = np.array([twin(int(i)) for i in IDS], dtype)
    assert_same_bits(filled(kernel, dtype, IDS, *arguments), expected)
    assert_same_bits(filled(interpreted(kernel), dtype, IDS, *arguments), expected)


@repeatable
@given(st.tuples(*[st.sampled_from([0.0, 0.25, 0.9, 1.0])] * 3), st.integers(2, 40))
def test_answers_twins(knobs, n_answers):
    truth = (IDS % n_answers).astype(np.int32)
    consensus = (IDS // 3 % n_answers).astype(np.int32)
    expected = [
        reference.answer(int(KEY), int(i), int(t), int(c), *knobs, n_answers)
        for i, t, c in zip(IDS, truth, consensus, strict=True)
    ]
    for kernel in (draws.fill_answers, interpreted(draws.fill_answers)):
        label = filled(kernel, np.int32, IDS, truth, consensus, *knobs, n_answers)
        assert_same_bits(label, np.array(expected, np.int32))


@pytest.mark.parametrize("kernel", [draws.fill_facts, interpreted(draws.fill_facts)])
def test_facts_are_contexts_then_answers(kernel):
    ids = np.arange(1300)
    context, label = np.empty((2, 1300), np.int32)
    kernel(KEY, ids, TABLE, TRUTH, CONSENSUS, *KNOBS, 7, context, label)
    alone = filled(draws.fill_contexts, np.int32, ids, TABLE)
    assert_same_bits(context, alone)
    answers = (TRUTH[alone], CONSENSUS[alone], *KNOBS, 7)
    assert_same_bits(label, filled(draws.fill_answers, np.int32, ids, *answers))


@pytest.mark.parametrize("kernel", [draws.fill_alias_table, interpreted(draws.fill_alias_table)])
@pytest.mark.parametrize("weights", [[1.0], [1, 1, 1, 1], [0, 3, 0, 1], ZIPF, [1e-12, 1, 1e6]])
def test_alias_table_twins(kernel, weights):
    table = np.empty(len(weights), np.uint64)
    kernel(np.asarray(weights, float), table)
    pairs = [(int(entry) >> 32, int(entry) % 2**32) for entry in table]
    assert pairs == reference.alias_table([float(w) for w in weights])


@repeatable
@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=200).filter(lambda w: sum(w) > 0))
def test_alias_table_implies_the_weights(weights):
    probabilities = np.array(weights) / sum(weights)
    assert np.max(np.abs(implied(alias_table(weights)) - probabilities)) < 2.0**-32


def test_alias_table_check_would_see_a_wrong_threshold():
    table = TABLE.copy()
    table[-1] += np.uint64(1) << np.uint64(40)  # one threshold, 2^-24 higher
    assert np.max(np.abs(implied(table) - ZIPF / ZIPF.sum())) > 2.0**-32


@pytest.mark.parametrize("n", [0, 1, 2, 3, 600, 1025])
def test_permutation_twins(n):
    expected = np.array(reference.permutation(int(KEY), n), np.int64)
    for kernel in (draws.fill_permutation, interpreted(draws.fill_permutation)):
        out = np.empty(n, np.int64)
        kernel(KEY, out)
        assert_same_bits(out, expected)


@needs_compiler
@repeatable
@given(CUTS, st.integers(0, 1000))
def test_rows_do_not_depend_on_blocks_or_order(cuts, seed):
    ids = np.arange(1500)
    order = np.random.default_rng(seed).permutation(1500)
    for kernel, dtype, arguments, _ in CASES.values():
        whole = filled(kernel, dtype, ids, *arguments)
        parts = np.split(ids, sorted(cuts))
        cut = np.concatenate([filled(kernel, dtype, part, *arguments) for part in parts])
        assert_same_bits(cut, whole)
        assert_same_bits(filled(kernel, dtype, ids[order], *arguments), whole[order])


@needs_compiler
def test_uniforms_are_uniform_and_uncorrelated():
    n = 1_000_000
    u = filled(draws.fill_uniforms, np.float64, np.arange(n))
    assert u.min() >= 0.0
    assert u.max() < 1.0
    assert stats.kstest(u, "uniform").pvalue > 1e-3
    assert stats.kstest(u**1.01, "uniform").pvalue < 1e-3
    neighbours = np.corrcoef(u[:-1], u[1:])[0, 1]
    assert within(neighbours, 0.0, n**-0.5, resolution=0.002)


@needs_compiler
def test_contexts_have_the_frequencies_of_the_weights():
    n = 1_000_000
    counts = np.bincount(filled(draws.fill_contexts, np.int32, np.arange(n), TABLE), minlength=30)
    assert stats.chisquare(counts, n * ZIPF / ZIPF.sum()).pvalue > 1e-3
    tilted = np.arange(1, 31) ** -1.12
    assert stats.chisquare(counts, n * tilted / tilted.sum()).pvalue < 1e-6


def answer_law(truth, consensus, fidelity, contamination, noise, n_answers):
    """Probabilities of the labels, composed in the order of the words that define them."""
    law = np.zeros(n_answers)
    law[truth] += fidelity
    law[consensus] += 1.0 - fidelity
    wrong = np.full(n_answers, 1.0 / (n_answers - 1))
    wrong[truth] = 0.0
    law = (1.0 - contamination) * law + contamination * wrong
    return (1.0 - noise) * law + noise / n_answers


@needs_compiler
@pytest.mark.parametrize(("truth", "consensus"), [(4, 4), (4, 1), (0, 6)])
@pytest.mark.parametrize("knobs", [KNOBS, (1.0, 0.0, 0.15), (0.0, 0.3, 0.0)])
def test_answers_have_their_law(truth, consensus, knobs):
    n = 400_000
    rows = np.full(n, truth, np.int32), np.full(n, consensus, np.int32)
    label = filled(draws.fill_answers, np.int32, np.arange(n), *rows, *knobs, 7)
    share = np.bincount(label, minlength=7) / n
    law = answer_law(truth, consensus, *knobs, 7)
    error = np.sqrt(law * (1.0 - law) / n) + 1e-12
    assert within(share, law, error, resolution=0.002)
    other = answer_law(truth, consensus, knobs[0], knobs[1] + 0.02, knobs[2], 7)
    assert not within(share, other, error, resolution=0.002)


@needs_compiler
def test_label_noise_is_independent_of_the_context():
    n = 1_000_000
    table = alias_table(np.ones(8))
    zero = np.zeros(8, np.int32)
    context, label = np.empty((2, n), np.int32)
    draws.fill_facts(KEY, np.arange(n), table, zero, zero, 1.0, 0.0, 0.5, 10, context, label)
    cells = np.bincount(context * 10 + label, minlength=80).reshape(8, 10)
    assert stats.chi2_contingency(cells).pvalue > 1e-3
    cells[0, 1:] = cells[0, 1:] * 110 // 100
    assert stats.chi2_contingency(cells).pvalue < 1e-3


@needs_compiler
def test_templates_are_uniform():
    n = 400_000
    counts = np.bincount(filled(draws.fill_templates, np.int64, np.arange(n), 37), minlength=37)
    assert counts.size == 37
    assert stats.chisquare(counts).pvalue > 1e-3


@needs_compiler
def test_permutations_are_uniform():
    counts: dict[tuple[int, ...], int] = {}
    out = np.empty(4, np.int64)
    for key in range(24_000):
        draws.fill_permutation(np.uint64(key), out)
        counts[tuple(out)] = counts.get(tuple(out), 0) + 1
    assert len(counts) == 24
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3
