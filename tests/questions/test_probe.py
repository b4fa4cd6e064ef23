"""The probe of styles: it finds what the law says, never more, and nothing where there is none."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from smcollapse.errors import StudyError
from smcollapse.questions.probe import Detectability, judged, probe, styled_words
from smcollapse.scenario import Scenario
from smcollapse.worlds import world_of
from tests.kernels.agreement import needs_compiler

pytestmark = needs_compiler

UNTOLD = {"phrase_templates": 0, "polish": 0.0, "lexical_variation": 1.0}
N = 3_000


def scenario(source: dict[str, Any], world: dict[str, Any] | None = None) -> Scenario:
    return Scenario.model_validate(
        {
            "world": {"kind": "language", **(world or {})},
            "source": {"kind": "phrases", **source},
            "mixture": {"budget": 1_000},
        }
    )


def se(found: Detectability) -> float:
    return found.auc_interval.width / (2.0 * norm.ppf(0.975))


def test_sources_that_word_alike_are_not_told_apart() -> None:
    found = probe(scenario(UNTOLD), N)
    assert found.law.auc == pytest.approx(0.5)
    assert se(found) < 0.01
    assert abs(found.measured.auc - 0.5) < 4.0 * se(found)
    assert found.measured.synthetic_told < 0.02
    assert (found.never_real, found.never_synthetic) == (0.0, 0.0)


@pytest.mark.parametrize("told", [0.25, 0.75])
def test_own_phrasings_are_told_and_nothing_else(told: float) -> None:
    """Detectability δ: AUC 1/2 + δ/2, and δ of the sentences, whatever alarms are allowed."""
    found = probe(scenario({**UNTOLD, "detectability": told}), N)
    assert found.law.auc == pytest.approx(0.5 + told / 2.0)
    assert found.never_real == pytest.approx(told)
    assert abs(found.measured.auc - found.law.auc) < 4.0 * se(found)
    spread = np.sqrt(told * (1.0 - told) / N)
    assert abs(found.measured.synthetic_told - told) < 0.01 + 4.0 * spread
    assert abs(found.measured.auc - 0.5) > 10.0 * se(found)


def test_few_templates_leave_real_sentences_that_no_source_says() -> None:
    found = probe(scenario({**UNTOLD, "phrase_templates": 4}, {"phrasing_exponent": 0.0}), N)
    assert found.never_synthetic == pytest.approx(0.9)
    assert found.law.auc == pytest.approx(found.templates.auc)
    # Alarms are missed synthetic sentences here: 1 % of them makes 1 % of the shared real ones.
    assert found.law.real_told == pytest.approx(0.9 + 0.01 * 0.1)
    assert abs(found.measured.real_told - 0.9) < 0.03


def test_the_probe_comes_close_to_the_law_and_not_above_it() -> None:
    found = probe(scenario({}), N)
    assert found.law.auc - 0.02 < found.measured.auc < found.law.auc + 4.0 * se(found)
    assert found.templates.auc < found.law.auc - 0.05
    assert found.measured.auc > found.templates.auc + 4.0 * se(found)


def test_what_is_said_stays_hidden() -> None:
    """Subjects, relations and answers are no style: other facts tell nothing."""
    one = scenario({**UNTOLD, "coverage": 0.1, "tempering": 0.0})
    found = probe(one, N)
    assert abs(found.measured.auc - 0.5) < 4.0 * se(found)
    world = world_of(one.world)
    words = styled_words(world.real(1, 0, 50).codes, world.law)
    kinds = world.law.vocabulary
    assert all(sentence.count(-1) == 1 for sentence in words)
    assert {word for sentence in words for word in sentence if word < -1} == {-2, -3, -4, -5}
    assert max(word for sentence in words for word in sentence) < kinds.first_relation


def test_the_interval_covers_the_area_under_normal_scores() -> None:
    rng = np.random.default_rng(2)
    truth = norm.cdf(1.0 / np.sqrt(2.0))
    inside, wrong = 0, 0
    for _ in range(300):
        _, interval = judged(rng.normal(0.0, 1.0, 80), rng.normal(1.0, 1.0, 120))
        inside += truth in interval
        wrong += truth + 0.08 in interval
    assert abs(inside / 300 - 0.95) < 4.0 * np.sqrt(0.95 * 0.05 / 300)
    assert wrong < 200


def test_records_are_frozen_and_plain_and_errors_say_what_to_write() -> None:
    found = probe(scenario(UNTOLD), 200)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.n = 3  # type: ignore[misc]
    assert found.to_dict()["law"]["auc"] == pytest.approx(0.5)
    assert probe(scenario(UNTOLD), 200) == found
    with pytest.raises(StudyError, match="needs world 'language'"):
        probe(Scenario.model_validate({"mixture": {"budget": 100}}))
    with pytest.raises(StudyError, match="at least 100"):
        probe(scenario(UNTOLD), 20)
