"""Count and population theory of `language`: limits, drawn sentences, a drawn learner."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from smcollapse.errors import TheoryError
from smcollapse.kernels.phrases import ANSWER_AT, NOT
from smcollapse.laws import made_phrasing
from smcollapse.laws.labels import RIVAL, TRUTH
from smcollapse.laws.styles import Styles, Told, styles_of
from smcollapse.scenario import Scenario
from smcollapse.settings import LanguageWorld, PhrasesSource
from smcollapse.sources.phrases import Phrases
from smcollapse.theories import CATALOG, MEASURES
from smcollapse.theories.counts import Counts
from smcollapse.theories.mixing import laws_of
from smcollapse.theories.population import Population
from smcollapse.theories.styled_counts import TEMPLATE_RECALL
from smcollapse.theories.styles import COARSE, FINE, StyledLaws, evidence, label_rows, styled_laws
from smcollapse.worlds.language import Language
from tests.kernels.agreement import needs_compiler
from tests.theories.sentences import log_ratio_of

pytestmark = needs_compiler

Floats = npt.NDArray[np.float64]

SHARES = np.linspace(0.0, 0.6, 5)
LEVELS: tuple[Told, ...] = ("everything", "templates", "nothing")
UNTOLD = {"phrase_templates": 0, "polish": 0.0, "lexical_variation": 1.0}
"""A source that words sentences as real text does."""

CLEAN = {"noise": 0.0, "negations": 0.0}
FACTS = (
    *("seed", "n_contexts", "n_answers", "n_categories", "zipf_exponent"),
    *("rare_mass", "exception_share", "test_size"),
)


def language(
    world: dict[str, Any] | None = None,
    source: dict[str, Any] | None = None,
    mixture: dict[str, Any] | None = None,
) -> Scenario:
    return Scenario.model_validate(
        {
            "world": {"kind": "language", **(world or {})},
            "source": {"kind": "phrases", **(source or {})},
            "mixture": {"budget": 12_000, **(mixture or {})},
        }
    )


def facts(scenario: Scenario, noise: float, budget: int, **source: Any) -> Scenario:
    """The `facts` scenario with the same facts, that label noise and so many rows."""
    shared = {name: getattr(scenario.world, name) for name in FACTS}
    return Scenario.model_validate(
        {
            "world": {"kind": "facts", "noise": noise, **shared},
            "source": {"polish": 0.0, **source},
            "mixture": {"budget": budget},
            "model": {"kind": "count_table"},
        }
    )


def same(found: Any, expected: Any, tolerance: float) -> None:
    for name in MEASURES:
        np.testing.assert_allclose(found[name], expected[name], atol=tolerance, err_msg=name)


@pytest.mark.parametrize("theory", [Counts(np.inf), Population()])
def test_one_style_is_the_theory_of_facts(theory: Any) -> None:
    """Real wording, contradictions alone: `facts` with that noise, to rounding."""
    scenario = language({"negations": 0.0, "noise": 0.2}, UNTOLD)
    found = theory.curve(scenario, SHARES).measures
    same(found, theory.curve(facts(scenario, 0.2, 12_000), SHARES).measures, 1e-9)
    np.testing.assert_allclose(found[TEMPLATE_RECALL], found["rare_recall"], atol=1e-9)


@pytest.mark.parametrize("theory", [Counts(np.inf, "nothing"), Population("nothing")])
def test_a_learner_blind_to_style_has_one_class(theory: Any) -> None:
    scenario = language(CLEAN, {"phrase_templates": 3, "detectability": 0.4})
    plain = theory.curve(facts(scenario, 0.0, 12_000), SHARES).measures
    same(theory.curve(scenario, SHARES).measures, plain, 1e-9)


def test_denials_are_fewer_rows_and_more_noise() -> None:
    """Half of them have cells of their own; the others are C/(C − 1) replacements each."""
    scenario = language({"negations": 0.2, "noise": 0.1, "exception_share": 0.0}, UNTOLD)
    plain = facts(scenario, (0.1 + 0.1 * 10 / 9) / 0.9, 10_800)
    shares = [0.0, 0.5]
    found = Counts(np.inf).curve(scenario, shares).measures
    same(found, Counts(np.inf).curve(plain, shares).measures, 1e-9)
    more = Counts(np.inf).curve(facts(scenario, 0.2, 12_000), shares).measures
    assert np.abs(found["accuracy"] - more["accuracy"]).min() > 0.01


@pytest.mark.parametrize("told", [0.3, 0.8])
def test_own_phrasings_are_the_detectability_of_facts(told: float) -> None:
    """With clean labels the two styles have the rows of their own, as where a style is shown."""
    scenario = language(CLEAN, {**UNTOLD, "detectability": told}, {"budget": 3_000})
    plain = facts(scenario, 0.0, 3_000, detectability=told)
    for theory in (Counts(np.inf), Population()):
        found, expected = (theory.curve(one, SHARES).measures for one in (scenario, plain))
        same(found, expected, 1e-3)
    blind = Counts(np.inf).curve(facts(scenario, 0.0, 3_000), SHARES).measures
    assert np.abs(blind["rare_recall"] - expected["rare_recall"]).max() > 0.05


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_source_that_always_tells_itself_collapses_nothing(noise: float) -> None:
    scenario = language({"noise": noise}, {**UNTOLD, "detectability": 1.0})
    for theory in (Counts(), Population()):
        found = theory.curve(scenario, SHARES)
        np.testing.assert_allclose(found.measures["rare_recall"], 1.0, atol=2e-3)
        assert np.isnan(found.flips).all()
        assert (found.measures[TEMPLATE_RECALL][1:] < 0.72).all()


def test_few_phrase_templates_confine_the_collapse() -> None:
    """Only real questions worded in the shared ones are contested, however many rows there are."""
    source = {**UNTOLD, "phrase_templates": 4}
    scenario = language({"phrasing_exponent": 0.0}, source, {"budget": 60_000})
    law = laws_of(scenario).world
    worst = 0.1 * law.frequency[law.exception].sum() / law.frequency[law.rare].sum()
    for theory in (Counts(), Population()):
        found = theory.curve(scenario, [0.0, 0.4, 0.7]).measures
        np.testing.assert_allclose(found["rare_recall"][1:], 1.0 - worst, atol=4e-3)
        np.testing.assert_allclose(found[TEMPLATE_RECALL][1:], 1.0 - 10.0 * worst, atol=0.01)


@pytest.mark.parametrize("told", LEVELS)
@pytest.mark.parametrize("source", [{}, {"phrase_templates": 0, "lexical_variation": 0.5}])
def test_endless_rows_give_the_population(
    monkeypatch: pytest.MonkeyPatch, told: Told, source: dict[str, Any]
) -> None:
    monkeypatch.setattr("smcollapse.theories.counts.COARSE", FINE)
    scenario = language({}, source, {"budget": 10**9})
    shares = [0.0, 0.11, 0.23, 0.36, 0.47, 0.59]
    found = Counts(np.inf, told).curve(scenario, shares)
    limit = Population(told).curve(scenario, shares)
    for name in (*MEASURES, TEMPLATE_RECALL):
        np.testing.assert_allclose(
            found.measures[name], limit.measures[name], atol=5e-3, err_msg=name
        )


def test_classes_of_styles_are_fine_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = language({}, {"phrase_templates": 0, "lexical_variation": 0.5})
    few = Counts().curve(scenario, SHARES).measures
    monkeypatch.setattr("smcollapse.theories.counts.COARSE", FINE)
    many = Counts().curve(scenario, SHARES).measures
    for name in (*MEASURES, TEMPLATE_RECALL):
        np.testing.assert_allclose(few[name], many[name], atol=5e-3, err_msg=name)


# Drawn sentences, read word by word: a second way to the ratio, the chances and the labels.

N_SENTENCES = 60_000
STYLE = {"phrase_templates": 6, "polish": 0.5, "lexical_variation": 0.4, "detectability": 0.2}


@pytest.fixture(scope="module")
def drawn() -> tuple[Scenario, Language, Any, Any]:
    scenario = language({"negations": 0.2, "noise": 0.2}, STYLE | {"contamination": 0.1})
    world, source = scenario.world, scenario.source
    assert isinstance(world, LanguageWorld)
    assert isinstance(source, PhrasesSource)
    told = Language(world)
    return (
        scenario,
        told,
        told.real(3, 0, N_SENTENCES),
        Phrases(source, 3, 0, told).sample(N_SENTENCES),
    )


def class_z(styles: Styles, ratios: tuple[Floats, Floats]) -> Floats:
    """z of the mass of every class with 30 expected sentences, real and synthetic."""
    out = []
    edges = styles.log_ratio
    for chance, ratio in zip((styles.real, styles.made), ratios, strict=True):
        finite = np.where(np.isneginf(ratio), -1e9, np.where(np.isposinf(ratio), 1e9, ratio))
        cuts = np.where(np.isneginf(edges), -1e9, np.where(np.isposinf(edges), 1e9, edges))
        at = np.abs(finite[:, None] - cuts).argmin(axis=1)
        assert np.abs(finite - cuts[at]).max() < 1e-6
        seen, expected = np.bincount(at, minlength=len(chance)), chance * len(ratio)
        often = expected > 30.0
        assert (seen[expected == 0.0] == 0).all()
        out.append(((seen - expected) / np.sqrt(np.maximum(expected, 1.0)))[often])
    return np.concatenate(out)


def test_classes_are_those_of_drawn_sentences(drawn: Any) -> None:
    scenario, world, real, made = drawn
    phrasing = made_phrasing(scenario.world, scenario.source)
    ratios = tuple(
        log_ratio_of(rows.codes[rows.codes[:, ANSWER_AT - 1] != NOT][:8_000], world.law, phrasing)
        for rows in (real, made)
    )
    z = class_z(styles_of(world.law, phrasing), ratios)
    assert len(z) > 40
    assert np.abs(z).max() < 4.5
    other = made_phrasing(
        scenario.world, scenario.source.model_copy(update={"lexical_variation": 0.45})
    )
    wrong = styles_of(world.law, other)
    # Negative control: a little more variation has classes of other masses.
    assert abs(wrong.auc - styles_of(world.law, phrasing).auc) > 1e-3


@pytest.mark.parametrize("part", ["real", "made"])
def test_labels_are_those_of_drawn_sentences(drawn: Any, part: str) -> None:
    """Rows without a "not" before the answer, and their labels, on exceptions and elsewhere."""
    scenario, world, real, made = drawn
    rows = real if part == "real" else made
    laws = laws_of(scenario)
    labels = laws.real if part == "real" else laws.synthetic
    plain = rows.codes[:, ANSWER_AT - 1] != NOT
    for exception in (False, True):
        inside = world.law.exception == exception
        expected = np.array(
            [
                labels.passed[inside, column].sum()
                for column in ((TRUTH, RIVAL) if exception else (TRUTH,))
            ]
        )
        here = plain & inside[rows.context]
        seen = [(here & (rows.label == rows.truth)).sum()]
        if exception:
            seen.append((here & (rows.label == rows.consensus)).sum())
        z = (np.array(seen) - N_SENTENCES * expected) / np.sqrt(
            N_SENTENCES * expected * (1 - expected)
        )
        assert (np.abs(z) < 4.0).all(), (exception, z)
    mass = labels.passed @ [1.0, 1.0, laws.world.n_answers - 2.0]
    assert abs(plain.mean() - mass.sum()) < 4.0 * np.sqrt(0.1 / N_SENTENCES)
    assert abs(plain.mean() - 1.0) > 10.0 * np.sqrt(0.1 / N_SENTENCES) or part == "made"


# The learner of the module `styles`, drawn: a ridge regression on π in every context.


def learned(styled: StyledLaws, n_real: float, n_made: float, draws: int) -> tuple[Floats, Floats]:
    """(draws,) rare recall, and in the source's phrasing, of learners of drawn training sets.

    Every set has rows of each (context, style, label); the answer is the largest of the fitted
    chances, ties by lot.
    """
    rng = np.random.default_rng(5)
    law, styles, plain = styled.world, styled.styles, styled.plain
    rare = np.flatnonzero(law.rare)
    columns = [TRUTH, RIVAL] + [2] * (law.n_answers - 2)
    real = n_real * plain.real.passed[rare][:, None, columns] * styles.real[:, None]
    made = n_made * plain.synthetic.passed[rare][:, None, columns] * styles.made[:, None]
    rows = (real + made).sum(axis=2)
    chance = real.sum(axis=2) / np.where(rows > 0.0, rows, 1.0)
    noise = 1.0 - (plain.real.chance[rare][:, columns] ** 2).sum(axis=1)
    weight = law.frequency[rare] / law.frequency[rare].sum()
    out = np.empty((2, draws))
    for i in range(draws):
        count = rng.poisson(real + made)
        total = np.maximum(count.sum(axis=(1, 2)), 1)
        seen = count.sum(axis=2)
        mean = (seen * chance).sum(axis=1) / total
        apart = np.where(rows > 0.0, chance - mean[:, None], 0.0)
        spread = (seen * apart**2).sum(axis=1)
        slope = (apart[:, :, None] * count).sum(axis=1) / np.maximum(spread + noise, 1e-12)[:, None]
        fit = (count.sum(axis=1) / total[:, None])[:, None, :] + apart[:, :, None] * slope[:, None]
        fit = fit + 1e-9 * rng.random(fit.shape)
        right = fit.argmax(axis=2) == TRUTH
        out[:, i] = weight @ (right @ styles.real), weight @ (right @ styles.made)
    return out[0], out[1]


@pytest.mark.parametrize(
    ("world", "source"),
    [
        ({}, {}),
        ({"noise": 0.3}, {"phrase_templates": 0, "lexical_variation": 0.5, "polish": 0.5}),
        ({"noise": 0.2}, {**UNTOLD, "phrase_templates": 8, "detectability": 0.3}),
    ],
)
@pytest.mark.parametrize("share", [0.15, 0.5])
def test_a_drawn_learner_is_predicted(
    world: dict[str, Any], source: dict[str, Any], share: float
) -> None:
    """The effective rows are an approximation: what it may miss is stated here."""
    scenario = language({"n_contexts": 60, **world}, source, {"budget": 6_000})
    styled = styled_laws(scenario, "everything", COARSE)
    rare, asked = learned(styled, 6_000 * (1 - share), 6_000 * share, 60)
    right, blind = (Counts(np.inf, told).curve(scenario, [share]) for told in LEVELS[::2])
    missed = []
    for found, name, tolerance in ((rare, "rare_recall", 0.005), (asked, TEMPLATE_RECALL, 0.015)):
        se = found.std(ddof=1) / np.sqrt(len(found))
        assert se < 0.0025
        assert abs(found.mean() - right.measures[name][0]) < tolerance + 4.0 * se
        missed.append(abs(found.mean() - blind.measures[name][0]))
    # Negative control: a theory that ignores the style.
    assert share < 0.5 or max(missed) > 0.04


def test_evidence_is_between_the_rows_of_a_style_and_of_the_context() -> None:
    scenario = language({}, {"detectability": 0.2})
    styled = styled_laws(scenario, "everything", FINE)
    found = evidence(styled, 6_000.0, 6_000.0)
    plain = styled.plain
    answers = np.array([1.0, 1.0, styled.world.n_answers - 2.0])
    real, made = 6_000 * plain.real.passed @ answers, 6_000 * plain.synthetic.passed @ answers
    own = real[:, None] * styled.styles.real + made[:, None] * styled.styles.made
    worth = found.real + found.made
    assert (worth >= own * (1.0 - 1e-9)).all()
    assert (worth <= (real + made)[:, None] * (1.0 + 1e-9)).all()
    labels = label_rows(found.real, plain.real.passed, styled.world.n_answers - 2) @ answers
    np.testing.assert_allclose(labels.reshape(found.real.shape), found.real)


def test_measures_are_in_range_at_all_corners() -> None:
    for source in (
        {"templates": 20},
        {"coverage": 0.1, "tempering": 0.0},
        {"polish": 1.0, "lexical_variation": 0.0, "detectability": 1.0},
        {"lexical_variation": 10.0, "phrase_templates": 1, "fidelity": 1.0},
    ):
        for budget in (1, 300, 10**8):
            scenario = language({"synonyms": 12, "fillers": 1.0}, source, {"budget": budget})
            found = Counts().curve(scenario, [0.0, 0.4, 1.0]).measures
            for name in (*MEASURES, TEMPLATE_RECALL):
                low = -1.0 if name == "confidence_gap" else 0.0
                high = 2.0 if name == "brier" else 1.0
                assert np.isfinite(found[name][:2]).all(), name
                assert ((found[name] >= low - 1e-4) & (found[name] <= high + 1e-4)).all(), name


def test_where_it_matters_how_styles_are_told_a_doubt_says_so() -> None:
    apart, alike = language(), language({}, UNTOLD)
    for theory in (Counts(), Population()):
        assert any("tells styles apart" in doubt for doubt in theory.doubts(apart, SHARES))
        assert not any("tells styles apart" in doubt for doubt in theory.doubts(alike, SHARES))


def test_text_without_a_law_has_no_theory() -> None:
    corpus = Scenario.model_validate({"world": {"kind": "corpus"}, "mixture": {"budget": 100}})
    for name in ("counts", "population", "coverage"):
        assert CATALOG[name].applies(corpus)
        with pytest.raises(TheoryError, match="densities of a text"):
            CATALOG[name].curve(corpus, [0.1])
    assert CATALOG["coverage"].applies(language())
    assert CATALOG["sampled counts"].applies(language())


def test_transformers_are_doubted_and_more_so_outside_of_their_domain() -> None:
    def doubts(**model: Any) -> str:
        parts = language().model_dump(exclude_none=True)
        parts["model"] = {"kind": "transformer", **model}
        return "; ".join(Counts().doubts(Scenario.model_validate(parts), SHARES))

    assert "remembers single sentences" in doubts(passes=60.0)
    assert "get lost" in doubts(passes=60.0, learning_rate=0.014)
    assert "get lost" not in doubts(passes=60.0, learning_rate=0.012)
    assert "too short" in doubts(passes=4.0)
    assert "too short" not in doubts(passes=60.0)
    assert "size 'micro'" in doubts(passes=60.0, size="micro")
