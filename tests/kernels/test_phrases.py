"""Sentences: twins, laws, and independence of blocks and order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from smcollapse.kernels import phrases
from smcollapse.kernels.draws import fill_alias_table
from smcollapse.streams import stream
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
CUTS = st.lists(st.integers(0, 1500), min_size=1, max_size=4)
CHANCE = st.sampled_from([0.0, 0.25, 0.5])
TEMPLATES = np.array([0.5, 0.3, 0.2])
SYNONYMS = np.array([0.6, 0.3, 0.1])
FILLERS, FUNCTIONS, RELATIONS, SUBJECTS, ANSWERS = FIRST = np.array([4, 9, 30, 42, 62])
K, C = 20, 7


def table(weights):
    entries = np.empty(len(weights), np.uint64)
    fill_alias_table(np.asarray(weights, float), entries)
    return entries


def wording(templates=TEMPLATES, synonyms=SYNONYMS, filler=0.3, before=0.1, after=0.2):
    """Two styles of three templates with function words in all, some or no gaps."""
    return phrases.Wording(
        truth=(np.arange(K) % C).astype(np.int32),
        relation=(np.arange(K) % 4).astype(np.int32),
        templates=np.stack([table(templates), table(templates[::-1])]),
        relation_first=np.array([False, True, False, True, False, True]),
        lemmas=np.array(
            [[0, 1, 2], [-1, 3, -1], [0, -1, -1], [4, 5, 6], [-1, -1, 6], [4, -1, -1]], np.int32
        ),
        synonyms=table(synonyms),
        first=FIRST,
        n_answers=C,
        filler=filler,
        denial_before=before,
        denial_after=after,
    )


def facts(n):
    context = (np.arange(n) * 7 % K).astype(np.int32)
    label = (np.arange(n) * 3 % C).astype(np.int32)
    style = (np.arange(n) // 3 % 2).astype(np.int32)
    return context, label, style


def filled(kernel, ids, context, label, style, how):
    row = np.full((len(ids), phrases.LENGTH), -1, np.int32)
    named = np.full(len(ids), -1, np.int32)
    kernel(KEY, ids, context, label, style, how, row, named)
    return row, named


def pairs(entries):
    return [(int(entry) >> 32, int(entry) % 2**32) for entry in entries]


@repeatable
@given(CHANCE, CHANCE, CHANCE, st.sampled_from([SYNONYMS, np.ones(1)]))
def test_compiled_is_interpreted_is_reference(filler, before, after, synonyms):
    how = wording(synonyms=synonyms, filler=2.0 * filler, before=before, after=after)
    given_facts = facts(len(IDS))
    plain = how._asdict() | {
        "templates": [pairs(entries) for entries in how.templates],
        "synonyms": pairs(how.synonyms),
        "truth": how.truth.tolist(),
        "relation": how.relation.tolist(),
        "lemmas": how.lemmas.tolist(),
        "first": how.first.tolist(),
    }
    expected = [
        reference.sentence(int(KEY), int(i), int(k), int(y), int(s), **plain)
        for i, k, y, s in zip(IDS, *given_facts, strict=True)
    ]
    for kernel in (phrases.fill_sentences, interpreted(phrases.fill_sentences)):
        row, named = filled(kernel, IDS, *given_facts, how)
        assert_same_bits(row, np.array([tokens for tokens, _ in expected], np.int32))
        assert_same_bits(named, np.array([answer for _, answer in expected], np.int32))


@needs_compiler
@repeatable
@given(CUTS, st.integers(0, 1000))
def test_rows_do_not_depend_on_blocks_or_order(cuts, seed):
    ids = np.arange(1500)
    how, given_facts = wording(), facts(1500)
    order = np.random.default_rng(seed).permutation(1500)
    row, named = filled(phrases.fill_sentences, ids, *given_facts, how)
    cuts = sorted(cuts)
    parts = [np.split(values, cuts) for values in (ids, *given_facts)]
    cut = [filled(phrases.fill_sentences, *part, how) for part in zip(*parts, strict=True)]
    assert_same_bits(np.concatenate([tokens for tokens, _ in cut]), row)
    assert_same_bits(np.concatenate([answer for _, answer in cut]), named)
    shuffled = [values[order] for values in (ids, *given_facts)]
    assert_same_bits(filled(phrases.fill_sentences, *shuffled, how)[0], row[order])


N = 400_000


def drawn(**knobs):
    """Rows of N plain sentences of the first style, each on context 0 with its true answer 0."""
    zero = np.zeros(N, np.int32)
    return filled(phrases.fill_sentences, np.arange(N), zero, zero, zero, wording(**knobs))


def shares(values, size):
    share = np.bincount(values, minlength=size) / len(values)
    return share, np.sqrt(share * (1.0 - share) / len(values)) + 1e-12


def relation_synonym(row):
    at = (row >= RELATIONS) & (row < SUBJECTS)
    assert (at.sum(axis=1) == 1).all()
    return (row[at] - RELATIONS) % 3


@needs_compiler
def test_templates_and_synonyms_have_their_law():
    row, _ = drawn()
    relation = (row >= RELATIONS) & (row < SUBJECTS)
    first = relation.argmax(axis=1) < (row == SUBJECTS).argmax(axis=1)
    functions = ((row >= FUNCTIONS) & (row < RELATIONS)).sum(axis=1)
    which = np.where(functions == 3, 0, np.where(first, 1, 2))
    share, error = shares(which, 3)
    assert within(share, TEMPLATES, error, resolution=0.002)
    assert not within(share, [0.51, 0.29, 0.2], error, resolution=0.002)
    synonym = relation_synonym(row)
    share, error = shares(synonym, 3)
    assert within(share, SYNONYMS, error, resolution=0.002)
    assert not within(share, [0.59, 0.31, 0.1], error, resolution=0.002)
    full = which == 0
    words = row[full][(row[full] >= FUNCTIONS) & (row[full] < RELATIONS)].reshape(-1, 3)
    assert ((words - FUNCTIONS) // 3 == [0, 1, 2]).all()
    for gap in range(3):
        share, error = shares((words[:, gap] - FUNCTIONS) % 3, 3)
        assert within(share, SYNONYMS, error, resolution=0.002)
    # Words of a sentence are independent of each other and of its template.
    cells = np.zeros((3, 3))
    np.add.at(cells, (which, synonym), 1)
    assert stats.chi2_contingency(cells).pvalue > 1e-3
    between = np.zeros((3, 3))
    np.add.at(between, ((words[:, 0] - FUNCTIONS) % 3, (words[:, 1] - FUNCTIONS) % 3), 1)
    assert stats.chi2_contingency(between).pvalue > 1e-3
    between[0, 1:] *= 1.08
    assert stats.chi2_contingency(between).pvalue < 1e-3


@needs_compiler
def test_fillers_stand_at_two_places_independently_and_are_uniform():
    row, _ = drawn(before=0.0)
    start = (row == phrases.START).argmax(axis=1)
    number = np.arange(N)
    words = row[number, start + 1], row[number, phrases.ANSWER_AT - 1]
    there = [(word >= FILLERS) & (word < FUNCTIONS) for word in words]
    for here, word in zip(there, words, strict=True):
        share, error = shares(here.astype(int), 2)
        assert within(share[1], 0.3, error, resolution=0.002)
        assert not within(share[1], 0.31, error, resolution=0.002)
        assert stats.chisquare(np.bincount(word[here] - FILLERS, minlength=5)).pvalue > 1e-3
    both = (there[0] & there[1]).mean()
    assert within(both, 0.09, (0.09 * 0.91 / N) ** 0.5, resolution=0.002)


@needs_compiler
def test_denials_have_their_chances_and_name_every_wrong_answer_alike():
    row, named = drawn()
    before = row[:, phrases.ANSWER_AT - 1] == phrases.NOT
    after = row[:, phrases.ANSWER_AT + 1] == phrases.NOT
    assert not (before & after).any()
    assert (row == phrases.NOT).sum() == before.sum() + after.sum()
    for here, chance in ((before, 0.1), (after, 0.2)):
        error = (chance * (1 - chance) / N) ** 0.5
        assert within(here.mean(), chance, error, resolution=0.002)
        assert not within(here.mean(), chance + 0.005, error, resolution=0.002)
        counts = np.bincount(named[here], minlength=C)
        assert counts[0] == 0
        assert stats.chisquare(counts[1:]).pvalue > 1e-3
    assert (named[~before & ~after] == 0).all()
    assert (row[:, phrases.ANSWER_AT] == ANSWERS + named).all()


@needs_compiler
@pytest.mark.parametrize(
    ("changed", "of", "message"),
    [
        ("context", K, "context must be in"),
        ("label", C, "label must be in"),
        ("style", 2, "style must be in"),
        ("style", None, "style must have shape"),
    ],
)
def test_streams_refuse_what_a_wording_does_not_know(changed, of, message):
    given_facts = dict(zip(("context", "label", "style"), facts(5), strict=True))
    wrong = np.full(5, of) if of else np.zeros(4, int)
    with pytest.raises(ValueError, match=message):
        stream(1, 0, "some").sentences(5, **given_facts | {changed: wrong}, wording=wording())
