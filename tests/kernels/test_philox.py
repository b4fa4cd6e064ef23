"""Philox against the known answers of Random123, and against its twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smcollapse.kernels import philox
from tests import reference
from tests.kernels.agreement import KEY, interpreted, repeatable

WORD = st.integers(0, 2**32 - 1)

# Random123, kat_vectors, philox4x32 10
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


def kernel_words(function, counter, key):
    return tuple(int(word) for word in function(*map(np.uint64, (*counter, *key))))


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_known_answers(counter, key, expected):
    assert kernel_words(philox.philox4x32, counter, key) == expected
    assert kernel_words(interpreted(philox.philox4x32), counter, key) == expected
    assert tuple(reference.philox(counter, key)) == expected


@repeatable
@given(st.tuples(WORD, WORD, WORD, WORD), st.tuples(WORD, WORD))
def test_compiled_is_interpreted_is_reference(counter, key):
    expected = tuple(reference.philox(counter, key))
    assert kernel_words(philox.philox4x32, counter, key) == expected
    assert kernel_words(interpreted(philox.philox4x32), counter, key) == expected


def test_items_use_all_64_bits_of_number_and_key():
    items = [0, 1, 2**32 - 1, 2**32, 2**63 - 1]
    counters = np.empty((3, len(items)), np.uint32)
    words = np.empty((4, len(items)), np.uint32)
    philox.split_items(np.array(items), counters)
    philox.fill_words(KEY, philox.NORMAL, len(items), counters, words)
    for column, item in zip(words.T, items, strict=True):
        assert list(column) == reference.words(int(KEY), item, "normal")
    assert len({tuple(column) for column in words.T}) == len(items)
    assert reference.words(5, 0, "normal") != reference.words(5 + 2**32, 0, "normal")


def test_random_words_agree_with_the_array_form():
    drawn = philox.random_words(KEY, np.uint64(2**40 + 3), np.uint64(9), philox.SCALE)
    assert [int(word) for word in drawn] == reference.words(int(KEY), 2**40 + 3, "scale", 9)


@repeatable
@given(WORD, WORD, st.integers(1, 2**32 - 1))
def test_bounded_is_the_exact_product(high, low, bound):
    drawn = philox.bounded(np.uint64(high), np.uint64(low), np.uint64(bound))
    assert int(drawn) == (high * 2**32 + low) * bound // 2**64
