"""Philox4x32-10: random words as a function of a counter and a key.

One call maps a counter of four 32-bit words and a key of two to four random words, by ten
rounds of multiplications and exclusive-ors [1]_.  There is no state: the draws of an item
are found from its number.  The words are held in uint64, where a product of two 32-bit
words is exact; upper halves are zero on entry and on return.

Counter layout used by every draw::

    word 0, 1   item number, low and high half
    word 2      block: how many calls this item has used before
    word 3      lane: which kind of draw (see the constants below)

References
----------
.. [1] Salmon, Moraes, Dror, Shaw (2011). Parallel random numbers: as easy as 1, 2, 3.
       Proceedings of SC '11. doi:10.1145/2063384.2063405
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import inline, jit

Words = tuple[np.uint64, np.uint64, np.uint64, np.uint64]

MULTIPLIER_0 = np.uint64(0xD2511F53)
MULTIPLIER_1 = np.uint64(0xCD9E8D57)
WEYL_0 = np.uint64(0x9E3779B9)  # golden ratio
WEYL_1 = np.uint64(0xBB67AE85)  # sqrt(3) - 1
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)

UNIFORM = np.uint64(0)
NORMAL = np.uint64(1)
FACT = np.uint64(2)  # words 0, 1: the context; words 2, 3: the answer
TEMPLATE = np.uint64(3)
SCALE = np.uint64(4)
PERMUTATION = np.uint64(5)
SENTENCE = np.uint64(6)  # three blocks, see kernels/phrases.py

BLOCK = 512  # counters per pass: the scratch of a kernel stays in the first-level cache


@inline
def philox4x32(
    counter_0: np.uint64,
    counter_1: np.uint64,
    counter_2: np.uint64,
    counter_3: np.uint64,
    key_0: np.uint64,
    key_1: np.uint64,
) -> Words:
    """Four random 32-bit words for a counter and a key (words and key halves below 2^32)."""
    for _ in range(10):
        product_0 = MULTIPLIER_0 * (counter_0 & LOW)
        product_1 = MULTIPLIER_1 * (counter_2 & LOW)
        counter_0 = (product_1 >> HALF) ^ counter_1 ^ key_0
        counter_2 = (product_0 >> HALF) ^ counter_3 ^ key_1
        counter_1 = product_1 & LOW
        counter_3 = product_0 & LOW
        key_0 = (key_0 + WEYL_0) & LOW
        key_1 = (key_1 + WEYL_1) & LOW
    return counter_0, counter_1, counter_2, counter_3


@inline
def random_words(key: np.uint64, item: np.uint64, block: np.uint64, lane: np.uint64) -> Words:
    """Four random 32-bit words for block ``block`` of item ``item`` in lane ``lane``."""
    return philox4x32(item & LOW, item >> HALF, block, lane, key & LOW, key >> HALF)


@inline
def bounded(high: np.uint64, low: np.uint64, bound: np.uint64) -> np.uint64:
    """Uniform integer below ``bound`` < 2^32 from two 32-bit words (bias below 2^-32)."""
    return np.uint64((high * bound + ((low * bound) >> HALF)) >> HALF)


@jit
def split_items(items: npt.NDArray[np.int64], counters: npt.NDArray[np.uint32]) -> None:
    """Write block 0 of each item into ``counters`` (3, >= n): low half, high half, block."""
    for i in range(items.size):
        item = np.uint64(items[i])
        counters[0, i] = np.uint32(item & LOW)
        counters[1, i] = np.uint32(item >> HALF)
        counters[2, i] = np.uint32(0)


@jit
def fill_words(
    key: np.uint64,
    lane: np.uint64,
    count: int,
    counters: npt.NDArray[np.uint32],
    words: npt.NDArray[np.uint32],
) -> None:
    """Random words (4, >= count) for ``count`` columns of ``counters`` (3, >= count).

    Memory holds 32-bit values only: with any 64-bit load LLVM halves the vector width.
    """
    for i in range(count):
        a, b, c, d = philox4x32(
            np.uint64(counters[0, i]),
            np.uint64(counters[1, i]),
            np.uint64(counters[2, i]),
            lane,
            key & LOW,
            key >> HALF,
        )
        words[0, i] = np.uint32(a)
        words[1, i] = np.uint32(b)
        words[2, i] = np.uint32(c)
        words[3, i] = np.uint32(d)
