"""What is measured of answers in many wordings, on answers that are made up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from smcollapse.worlds.language import Language
from tests.kernels.agreement import needs_compiler
from tests.verification import wordings
from tests.verification.counts_transformer import FREE_EVERY, chance, language_scenario, style_free
from tests.verification.wordings import WORDINGS, Asked, expected, gains, probes, scenario_of

pytestmark = needs_compiler


@pytest.fixture(scope="module")
def world() -> Language:
    return Language(scenario_of("4 templates", 0.3).world)  # type: ignore[arg-type]


def asked(world: Language, wrong: float = 0.0) -> Asked:
    """Labels all say the truth; so does the network, but in that part of the wordings."""
    law = world.law
    rare = np.flatnonzero(world.rare)
    counts = np.zeros((len(rare), law.n_answers), dtype=np.int64)
    counts[np.arange(len(rare)), law.truth[rare]] = 3
    elsewhere = np.zeros_like(counts)
    elsewhere[np.arange(len(rare)), law.consensus[rare]] = 3
    p = np.full((len(rare), WORDINGS, law.n_answers), 0.01)
    answer = np.tile(law.truth[rare][:, None], (1, WORDINGS))
    answer[:, : round(wrong * WORDINGS)] = law.consensus[rare][:, None]
    np.put_along_axis(p, answer[:, :, None], 1.0, axis=2)
    return Asked(world, p, counts, elsewhere)


def test_a_network_that_pools_differs_nowhere_and_follows_its_labels(world: Language) -> None:
    found = asked(world).measures()
    assert found["recall"] == found["pooled"] == found["majority"] == pytest.approx(1.0)
    assert found["differ"] == pytest.approx(0.0)
    assert found["agree"] == pytest.approx(1.0)
    assert found["agree elsewhere"] == pytest.approx(0.0)


def test_a_network_that_goes_by_the_wording_is_found_out(world: Language) -> None:
    found = asked(world, wrong=0.25).measures()
    assert found["pooled"] == pytest.approx(1.0)
    exceptions = asked(world).weight[world.exception[world.rare]].sum()
    assert found["recall"] == pytest.approx(1.0 - 0.25 * exceptions)
    assert found["differ"] == pytest.approx(2 * 0.25 * 0.75 * WORDINGS / (WORDINGS - 1))
    rule = asked(world, wrong=0.75).measures()
    assert rule["to the rule"] == pytest.approx(1.0)
    assert rule["to the truth"] == rule["agree"] == pytest.approx(0.0)


def test_memory_of_a_sentence_is_its_gain_over_fresh_wordings(world: Language) -> None:
    rows = probes(world, 0)
    p = np.full((len(rows), world.law.n_answers), 0.5)
    found = gains(asked(world, wrong=0.5), rows, p)
    true = rows.label == rows.truth
    exception = world.exception[rows.context]
    np.testing.assert_allclose(found[true & exception], 0.5 - 0.505)
    np.testing.assert_allclose(found[true & ~exception], 0.5 - 1.0)


def test_learners_expect_of_drawn_questions_what_they_predict() -> None:
    """Rare recall over drawn wordings is that of the curve; the blind one's is another."""
    scenario = scenario_of("4 templates", 0.45)
    world: Any = Language(scenario.world)  # type: ignore[arg-type]
    rows = probes(world, 0)
    drawn = Asked(world, np.empty((0, 0, 0)), np.empty((0, 0), int), np.empty((0, 0), int))
    weight = np.repeat(drawn.weight, WORDINGS)
    found = wordings.by_class(scenario, asked(world), rows)
    said = wordings.theory("4 templates")[1]
    assert abs(found["", "recall, everything"] - said) < 0.005
    blind = expected(scenario, "nothing", np.zeros(len(rows))) @ weight / weight.sum()
    assert said - blind > 0.05


def test_the_design_has_a_family_without_style() -> None:
    found = [style_free(language_scenario("test", index)) for index in range(12)]
    assert all(found[::FREE_EVERY])
    assert not all(found)
    assert 0.0 <= chance(language_scenario("test", 0), 0.45) < 0.2
