"""Measures of how varied a body of text is, on a stated number of its rows.

Both fall or rise with the amount of text, so that bodies are compared on equally many rows only.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Ints = NDArray[np.int32]
Int64s = NDArray[np.int64]


def distinct_n(codes: Ints, n: int, rows: int, padding: int = -1) -> float:
    """Distinct n-grams / all n-grams of `rows` rows of the tokens `codes` (N, L), in (0, 1].

    Rarefied: the expected number of distinct ones among that many rows, drawn without replacement
    out of the N, over the expected number of all. n-grams with a `padding` token are left out.
    NaN where there are fewer rows, or no n-gram.

    Sources: Li et al. (NAACL 2016), distinct-n; Hurlbert (1971), doi:10.2307/1934145, rarefaction,
    with rows for the individuals.
    """
    row, gram = _grams(codes, n, padding)
    total = len(codes)
    if total < rows or not len(gram):
        return math.nan
    once_a_row = np.unique(gram * total + row) // total
    holding = np.unique(once_a_row, return_counts=True)[1].astype(np.float64)
    left = total - holding  # rows without it
    known = left >= rows
    missed = np.zeros(len(holding))
    missed[known] = np.exp(_log_choose(left[known], rows) - _log_choose(float(total), rows))
    return float((1.0 - missed).sum() / (len(gram) * rows / total))


def template_rate(codes: Ints, forms: Ints, rows: int, commonest: int = 10) -> float:
    """Share of the first `rows` rows whose form is one of the `commonest` ones among them.

    The form of a row (L,) is what is left of it when the words that carry its meaning are masked:
    token v counts as `forms[v]`, which is the same number for all subjects, say, and v itself for a
    word that belongs to the phrasing. NaN where there are fewer rows.

    An adaptation of the template rate of Shaib et al. (EMNLP 2024, "Detection and measurement of
    syntactic templates in generated text"). Theirs is the share of texts that hold at least one of
    the commonest sequences of a few part-of-speech tags. Here a form is a whole sentence, since
    rows are single short sentences; and words of phrasing are kept as they are instead of being
    tagged, so that a fixed choice of synonyms and fillers counts as templated too. By chance the
    rate is at least min(1, commonest/rows), and more if few rows share a form.
    """
    if len(codes) < rows or not rows:
        return math.nan
    shapes = np.ascontiguousarray(forms[codes[:rows]])
    times = np.unique(shapes, axis=0, return_counts=True)[1]
    return float(np.sort(times)[-commonest:].sum() / rows)


def _grams(codes: Ints, n: int, padding: int) -> tuple[Int64s, Int64s]:
    """Row and number of each n-gram without padding; equal ones have equal numbers, (m,) each."""
    places = max(codes.shape[1] - n + 1, 0)
    whole = np.ones((len(codes), places), dtype=np.bool_)
    number = np.zeros((len(codes), places), dtype=np.int64)
    for shift in range(n):
        token = codes[:, shift : shift + places]
        whole &= token != padding
        # Numbered anew at each token, so that no product outgrows 64 bits.
        pair = number * (int(codes.max(initial=0)) + 1) + token
        number = np.unique(pair, return_inverse=True)[1].reshape(pair.shape)
    row = np.broadcast_to(np.arange(len(codes))[:, None], whole.shape)
    return row[whole], number[whole]


def _log_choose(n: NDArray[np.float64] | float, k: int) -> NDArray[np.float64]:
    return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0))
