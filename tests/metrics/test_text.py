"""Variation of text: against slow definitions, by chance, and where it cannot be measured."""

import math
from collections import Counter

import numpy as np
import pytest

from smcollapse.metrics import distinct_n, template_rate
from smcollapse.settings import LanguageWorld, PhrasesSource
from smcollapse.sources.phrases import Phrases
from smcollapse.worlds.language import Language

RNG = np.random.Generator(np.random.PCG64(0))
CODES = (RNG.zipf(1.6, (60, 8)) % 40).astype(np.int32)


def grams(codes: np.ndarray, n: int, padding: int = -1) -> list[tuple[int, ...]]:
    windows = [tuple(row[i : i + n]) for row in codes.tolist() for i in range(len(row) - n + 1)]
    return [window for window in windows if padding not in window]


@pytest.mark.parametrize("n", [1, 2, 3, 8])
@pytest.mark.parametrize("padding", [-1, 1])
def test_distinct_n_of_all_rows_is_distinct_over_all(n: int, padding: int) -> None:
    every = grams(CODES, n, padding)
    expected = len(set(every)) / len(every)
    assert distinct_n(CODES, n, 60, padding) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("rows", [4, 15, 45])
def test_distinct_n_of_fewer_rows_is_its_mean_over_subsets(rows: int) -> None:
    distinct, total = [], []
    for _ in range(2000):
        every = grams(CODES[RNG.permutation(60)[:rows]], 2, padding=1)
        distinct.append(len(set(every)))
        total.append(len(every))
    found = distinct_n(CODES, 2, rows, padding=1) * np.mean(total)
    error = np.std(distinct) / 2000**0.5 + np.std(total) / 2000**0.5
    assert error < 0.02 * np.mean(distinct)
    assert abs(found - np.mean(distinct)) < 4.5 * error
    # Negative control: all rows' own share, which is not rarefied, is far off.
    assert abs(distinct_n(CODES, 2, 60, padding=1) * np.mean(total) - np.mean(distinct)) > 9 * error


def test_distinct_n_does_not_depend_on_the_order_or_the_names_of_tokens() -> None:
    value = distinct_n(CODES, 3, 20)
    assert distinct_n(CODES[::-1], 3, 20) == pytest.approx(value, rel=1e-12)
    renamed = RNG.permutation(30_000).astype(np.int32)[CODES]
    assert distinct_n(renamed, 3, 20) == pytest.approx(value, rel=1e-12)
    assert distinct_n(renamed, 8, 60) == pytest.approx(distinct_n(CODES, 8, 60), rel=1e-12)


def test_template_rate_counts_the_commonest_forms() -> None:
    forms = np.minimum(np.arange(40), 5).astype(np.int32)
    counts = Counter(tuple(row) for row in forms[CODES[:50]].tolist())
    for commonest in (1, 3, 10):
        expected = sum(count for _, count in counts.most_common(commonest)) / 50
        assert template_rate(CODES, forms, 50, commonest) == pytest.approx(expected)
    masked = np.zeros(40, np.int32)
    assert template_rate(CODES, masked, 50) == 1.0
    different = np.arange(60, dtype=np.int32)[:, None]
    assert template_rate(different, np.arange(60, dtype=np.int32), 50) == pytest.approx(10 / 50)


def test_nothing_is_said_of_too_few_rows() -> None:
    forms = np.arange(40, dtype=np.int32)
    assert math.isnan(distinct_n(CODES, 2, 61))
    assert math.isnan(distinct_n(CODES, 9, 60))
    assert math.isnan(distinct_n(np.zeros((5, 4), np.int32), 2, 5, padding=0))
    assert math.isnan(template_rate(CODES, forms, 61))
    assert math.isnan(template_rate(CODES[:0], forms, 0))
    assert math.isnan(distinct_n(CODES[:0], 1, 0))


def test_each_knob_of_style_makes_text_less_varied_and_more_templated() -> None:
    world = Language(LanguageWorld())
    forms = world.law.vocabulary.forms
    plain = {"phrase_templates": 0, "polish": 0.0, "lexical_variation": 1.0}

    def measured(**knobs: float) -> tuple[float, float]:
        codes = Phrases(PhrasesSource(**plain | knobs), 1, 0, world).sample(2000).codes  # type: ignore[arg-type]
        return distinct_n(codes, 2, 500, padding=0), template_rate(codes, forms, 500)

    real = world.real(1, 0, 2000).codes
    variety, rate = measured()
    assert variety == pytest.approx(distinct_n(real, 2, 500, padding=0), rel=0.03)
    assert rate == pytest.approx(template_rate(real, forms, 500), abs=0.03)
    for knob, value in (("phrase_templates", 4), ("polish", 1.0), ("lexical_variation", 0.0)):
        less, more = measured(**{knob: value})
        assert less < 0.95 * variety
        assert more > 1.5 * rate
    # One example over and over leaves next to nothing.
    assert measured(templates=5)[0] < 0.1 * variety
