"""Facts told as sentences: the law, the draws against it, the source's knobs, the words."""

import re
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from smcollapse.kernels.phrases import ANSWER_AT, END, LENGTH, NOT, PADDING, START
from smcollapse.laws import equivalent_noise, language_law, made_phrasing, real_phrasing
from smcollapse.settings import LanguageWorld, PhrasesSource
from smcollapse.sources.phrases import Phrases
from smcollapse.worlds import Rows
from smcollapse.worlds.language import Language

WORLD = Language(LanguageWorld(n_contexts=50, negations=0.3, noise=0.2, rare_mass=0.6))
LAW = WORLD.law
WORDS = LAW.vocabulary
AS_REAL: dict[str, Any] = {"phrase_templates": 0, "polish": 0.0, "lexical_variation": 1.0}
N = 200_000


def same(a: Rows, b: Rows, *names: str) -> bool:
    return all(np.array_equal(getattr(a, k), getattr(b, k)) for k in names or vars(a))


def source(world: Language = WORLD, **knobs: Any) -> Phrases:
    return Phrases(PhrasesSource(**AS_REAL | knobs), 1, 0, world)


def share(mask: Any) -> tuple[float, float]:
    """A share and its standard error."""
    p = float(np.mean(mask))
    return p, max((p * (1 - p) / len(mask)) ** 0.5, 1e-9)


def agrees(mask: Any, expected: float, resolution: float = 0.003) -> bool:
    seen, se = share(mask)
    assert se < resolution, "the test cannot resolve this"
    return abs(seen - expected) < 4.5 * se


def denied_before(rows: Rows) -> Any:
    return rows.codes[:, ANSWER_AT - 1] == NOT


def denied_after(rows: Rows) -> Any:
    return rows.codes[:, ANSWER_AT + 1] == NOT


def between(rows: Rows, first: int, end: int) -> Any:
    """Those tokens in place, 0 elsewhere, moved to the end of each row, (n, L)."""
    kept = np.where((rows.codes >= first) & (rows.codes < end), rows.codes, 0)
    return np.take_along_axis(kept, np.argsort(kept > 0, axis=1, kind="stable"), axis=1)


def fillers(rows: Rows) -> Any:
    return between(rows, WORDS.first_filler, WORDS.first_function)


def templates(rows: Rows) -> Any:
    """(n, L) what of a row is its phrase template: lemmas, and which place is the subject's."""
    codes = np.where(denied_before(rows)[:, None] & (rows.codes == NOT), PADDING, rows.codes)
    lemma = WORDS.first_function + (codes - WORDS.first_function) // WORDS.n_synonyms
    function = (codes >= WORDS.first_function) & (codes < WORDS.first_relation)
    form = np.where(function, lemma, WORDS.forms[codes])
    form[:, ANSWER_AT:] = 0
    form[(form < WORDS.first_function)] = 0
    return np.take_along_axis(form, np.argsort(form > 0, axis=1, kind="stable"), axis=1)


def forms_of_the_law() -> Any:
    """(2P, L) what `templates` finds in a sentence of each phrase template."""
    forms = []
    for relation_first, lemmas in zip(LAW.relation_first, LAW.lemmas, strict=True):
        content = [WORDS.first_subject, WORDS.first_relation]
        words = [WORDS.first_function + lemma if lemma >= 0 else 0 for lemma in lemmas]
        first, second = content[::-1] if relation_first else content
        said = [word for word in (words[0], first, words[1], second, words[2]) if word]
        forms.append([0] * (LENGTH - len(said)) + said)
    return np.array(forms)


def synonyms(rows: Rows) -> Any:
    """The synonyms of all words of relation and function in a row, −1 elsewhere."""
    codes = rows.codes
    varied = (codes >= WORDS.first_function) & (codes < WORDS.first_subject)
    return np.where(varied, (codes - WORDS.first_function) % WORDS.n_synonyms, -1)


class TestRows:
    @pytest.mark.parametrize("rows", [WORLD.real(1, 0, 500), source(detectability=0.5).sample(500)])
    def test_are_what_their_shape_says(self, rows: Rows) -> None:
        tokens = WORLD.inputs.tokens
        assert tokens is not None
        assert WORLD.inputs.n_classes == 10
        assert WORLD.inputs.fields == ()
        assert rows.codes.shape == (500, tokens.length) == (500, LENGTH)
        assert rows.codes.dtype == rows.label.dtype == np.int32
        assert rows.features.shape == (500, 0)
        assert (rows.codes >= 0).all()
        assert (rows.codes < tokens.vocabulary).all()
        assert np.array_equal(rows.codes[:, ANSWER_AT], tokens.first_answer + rows.label)
        assert (rows.codes[:, :ANSWER_AT] < tokens.first_answer).all()
        assert np.isin(rows.codes[:, ANSWER_AT + 1], (END, NOT)).all()
        assert np.array_equal(rows.truth, LAW.truth[rows.context])
        assert np.array_equal(rows.consensus, LAW.consensus[rows.context])
        assert rows.atypicality.min() >= 0.0
        assert rows.atypicality.max() <= 1.0

    def test_are_padding_then_a_start_then_one_subject_and_its_relation(self) -> None:
        rows = WORLD.real(1, 0, 5000)
        start = (rows.codes == START).argmax(axis=1)
        place = np.arange(LENGTH)
        assert np.array_equal(rows.codes == PADDING, place < start[:, None])
        assert ((rows.codes == START).sum(axis=1) == 1).all()
        subject = between(rows, WORDS.first_subject, WORDS.first_answer)
        assert np.array_equal(subject[:, -1] - WORDS.first_subject, rows.context)
        assert (subject[:, :-1] == 0).all()
        relation = between(rows, WORDS.first_relation, WORDS.first_subject)
        assert (relation[:, :-1] == 0).all()
        named = (relation[:, -1] - WORDS.first_relation) // WORDS.n_synonyms
        assert np.array_equal(named, LAW.category[rows.context])

    def test_depend_on_replicate_and_number_alone(self) -> None:
        again = Language(WORLD.settings)
        assert same(WORLD.real(1, 0, 200), again.real(1, 0, 200))
        assert same(WORLD.test(1, 0), again.test(1, 0))
        for other in (WORLD.real(1, 1, 200), WORLD.real(2, 0, 200)):
            assert not same(WORLD.real(1, 0, 200), other, "codes")
        assert same(WORLD.real(1, 0, 50), WORLD.real(1, 0, 200).take(np.arange(50)))
        made = source(templates=30, detectability=0.5, contamination=0.2)
        assert same(made.sample(50), made.sample(200).take(np.arange(50)))
        assert len(WORLD.test(1, 0)) == WORLD.test_size == 4000
        assert WORLD.train_size is None


class TestRealText:
    def test_names_the_answers_as_often_as_the_law_says(self) -> None:
        rows = WORLD.real(3, 0, N)
        before, after = denied_before(rows), denied_after(rows)
        assert agrees(before, 0.15)
        assert agrees(after, 0.15)
        assert not agrees(before, 0.17)
        assert (rows.label != rows.truth)[before | after].all()
        plain = ~before & ~after
        # A contradiction is as frequent among all sentences as its chance says: 0.2 of them.
        wrong = (rows.label != rows.truth) & plain
        assert agrees(wrong, 0.2 * 0.9)
        right = (rows.label == rows.truth)[~before]
        assert agrees(right, 1 - LAW.noise + LAW.noise / 10)
        assert not agrees(right, 1 - 0.2 + 0.2 / 10)

    def test_denies_every_wrong_answer_alike(self) -> None:
        rows = WORLD.real(3, 0, N)
        for denied in (denied_before(rows), denied_after(rows)):
            step = (rows.label - rows.truth)[denied] % 10
            counts = np.bincount(step, minlength=10)
            assert counts[0] == 0
            expected = denied.sum() / 9
            assert np.abs(counts[1:] - expected).max() < 4.5 * expected**0.5
            assert 4.5 * expected**0.5 < 0.1 * expected

    def test_questions_have_no_not_before_the_answer_and_the_noise_of_the_rest(self) -> None:
        asked = Language(WORLD.settings.model_copy(update={"test_size": N})).test(3, 0)
        assert (asked.codes[:, :ANSWER_AT] != NOT).all()
        assert agrees(asked.label == asked.truth, 1 - LAW.noise + LAW.noise / 10)
        assert agrees(denied_after(asked), 0.15 / 0.85)
        rest = WORLD.real(3, 0, N)
        words = (fillers(rest)[~denied_before(rest)] > 0).sum(axis=1)
        assert agrees((fillers(asked) > 0).sum(axis=1) == 2, 0.09)
        assert agrees(words == 2, 0.09)

    def test_visits_contexts_and_phrase_templates_at_their_frequencies(self) -> None:
        rows = WORLD.real(3, 0, N)
        forms = forms_of_the_law()[:40]
        found = (templates(rows)[:, None] == forms).all(axis=2)
        assert (found.sum(axis=1) == 1).all()
        seen, law = found.mean(axis=0), LAW.phrasings.phrasing[:40]
        assert np.abs((seen - law) / np.sqrt(law / N)).max() < 4.5
        assert np.abs((seen - 1 / 40) / np.sqrt(1 / 40 / N)).max() > 10.0
        visits = np.bincount(rows.context, minlength=50) / N
        z = (visits - LAW.frequency) / np.sqrt(LAW.frequency / N)
        assert np.abs(z).max() < 4.5
        other = language_law(WORLD.settings.model_copy(update={"zipf_exponent": 0.9})).frequency
        assert np.abs((visits - other) / np.sqrt(other / N)).max() > 10.0


class TestLaw:
    def test_knobs_that_do_nothing_leave_the_law_of_real_text(self) -> None:
        for settings in (WORLD.settings, LanguageWorld(synonyms=7, phrasing_exponent=0.7)):
            real = real_phrasing(settings)
            made = made_phrasing(settings, PhrasesSource(**AS_REAL))
            for name in vars(real):
                assert np.array_equal(getattr(real, name), getattr(made, name)), name

    def test_so_do_the_draws(self) -> None:
        def holding(rows: Rows) -> Any:
            """How many rows hold each token up to the answers."""
            return np.array(
                [(rows.codes == v).any(axis=1).sum() for v in range(4, WORDS.first_answer)]
            )

        real = holding(WORLD.real(1, 0, 50_000))

        def largest_z(made: Phrases) -> float:
            seen = holding(made.sample(50_000))
            return float(np.abs((seen - real) / np.sqrt(np.maximum(seen + real, 1))).max())

        assert largest_z(source()) < 4.5
        assert largest_z(source(lexical_variation=0.8)) > 10.0
        assert largest_z(source(phrase_templates=20)) > 10.0
        assert largest_z(source(polish=0.4)) > 10.0

    @pytest.mark.parametrize(
        ("knob", "value", "changed"),
        [
            ("phrase_templates", 4, {"phrasing"}),
            ("polish", 0.4, {"filler", "noise", "denial_before", "denial_after"}),
            ("lexical_variation", 0.3, {"synonym"}),
            ("detectability", 0.3, {"phrasing"}),
        ],
    )
    def test_each_knob_changes_its_part_alone(
        self, knob: str, value: float, changed: set[str]
    ) -> None:
        real = real_phrasing(WORLD.settings)
        made = made_phrasing(WORLD.settings, PhrasesSource(**AS_REAL | {knob: value}))
        differ = {k for k in vars(real) if not np.array_equal(getattr(real, k), getattr(made, k))}
        assert differ == changed
        assert made.phrasing.sum() == pytest.approx(1.0)
        assert made.synonym.sum() == pytest.approx(1.0)

    def test_synonyms_are_tempered(self) -> None:
        real = real_phrasing(WORLD.settings).synonym
        for temperature in (0.3, 0.7, 3.0):
            knobs = PhrasesSource(lexical_variation=temperature)
            expected = real ** (1 / temperature)
            made = made_phrasing(WORLD.settings, knobs).synonym
            assert made == pytest.approx(expected / expected.sum(), rel=1e-12)
        coldest = made_phrasing(WORLD.settings, PhrasesSource(lexical_variation=0.0)).synonym
        assert coldest.tolist() == [1.0, 0.0, 0.0, 0.0]

    def test_equivalent_noise_counts_denials_as_uniform_answers(self) -> None:
        phrasing = real_phrasing(WORLD.settings)
        noise = equivalent_noise(phrasing, 10)
        assert noise == LAW.noise
        # By enumeration: chance of the truth in a sentence that does not deny before.
        plain = 1 - 0.2 - 0.3
        assert 1 - noise + noise / 10 == pytest.approx((plain + 0.2 / 10) / (1 - 0.15))

    @pytest.mark.parametrize("phrasings", [1, 40, 251, 1000])
    def test_phrase_templates_are_distinct_and_the_own_ones_have_their_own_words(
        self, phrasings: int
    ) -> None:
        law = language_law(LanguageWorld(phrasings=phrasings))
        assert law.lemmas.shape == (2 * phrasings, 3)
        every = np.column_stack([law.relation_first, law.lemmas])
        assert len(np.unique(every, axis=0)) == 2 * phrasings
        real, own = law.lemmas[:phrasings], law.lemmas[phrasings:]
        assert (own.max(axis=1) >= 0).all()
        n_lemmas = (law.vocabulary.first_relation - law.vocabulary.first_function) // 4
        assert own.max() < n_lemmas
        assert real.max() < n_lemmas // 2 <= own[own >= 0].min()
        # A word between the two belongs to one order, a word elsewhere to one gap.
        kind = law.lemmas % (n_lemmas // 2) // (n_lemmas // 8)
        for gap, kinds in ((0, {0}), (1, {1, 2}), (2, {3})):
            assert set(kind[:, gap][law.lemmas[:, gap] >= 0]) <= kinds
        said = law.lemmas[:, 1] >= 0
        assert np.array_equal(kind[said, 1] == 2, law.relation_first[said])

    def test_facts_are_those_of_the_world_s_seed(self) -> None:
        other = language_law(WORLD.settings.model_copy(update={"seed": 2}))
        assert not np.array_equal(other.category, LAW.category)
        assert not np.array_equal(other.lemmas, LAW.lemmas)

    def test_a_world_whose_text_is_mostly_wrong_is_refused(self) -> None:
        with pytest.raises(ValidationError, match=r"noise \+ 1.06 \* negations must be at most 1"):
            LanguageWorld(noise=0.6, negations=0.4)
        barely = language_law(LanguageWorld(noise=0.25, negations=0.5, n_answers=2))
        assert barely.noise == pytest.approx(1.0)


class TestSource:
    def test_fewer_phrase_templates_change_order_and_function_words_alone(self) -> None:
        few, every = source(phrase_templates=4).sample(5000), source().sample(5000)
        assert same(few, every, "label", "context", "style", "example")
        assert np.array_equal(fillers(few), fillers(every))
        relation = (WORDS.first_relation, WORDS.first_subject)
        assert np.array_equal(between(few, *relation), between(every, *relation))
        assert not same(few, every, "codes")
        assert len(np.unique(templates(few), axis=0)) == 4
        assert len(np.unique(templates(every), axis=0)) == 40
        # They are the most frequent real ones.
        kept = {tuple(row) for row in templates(few)}
        assert kept == {tuple(row) for row in forms_of_the_law()[:4]}

    def test_lexical_variation_changes_synonyms_alone(self) -> None:
        one, all_four = source(lexical_variation=0.0).sample(5000), source().sample(5000)
        assert same(one, all_four, "label", "context", "style", "example")
        assert np.array_equal(templates(one), templates(all_four))
        assert np.array_equal(fillers(one), fillers(all_four))
        assert set(np.unique(synonyms(one))) == {-1, 0}
        assert set(np.unique(synonyms(all_four))) == {-1, 0, 1, 2, 3}

    def test_polish_removes_fillers_noise_and_denials_alone(self) -> None:
        polished, rough = source(polish=0.5, fidelity=1.0).sample(N), source(fidelity=1.0).sample(N)
        assert same(polished, rough, "context", "style", "example")
        assert np.array_equal(templates(polished), templates(rough))
        relation = (WORDS.first_relation, WORDS.first_subject)
        assert np.array_equal(between(polished, *relation), between(rough, *relation))
        assert agrees(denied_before(polished), 0.075)
        assert agrees(denied_after(polished), 0.075)
        plain = ~denied_before(polished) & ~denied_after(polished)
        assert agrees((polished.label != polished.truth) & plain, 0.1 * 0.9)
        number = (fillers(polished) > 0).sum(axis=1)
        assert agrees(number == 2, 0.15**2)
        assert not agrees((fillers(rough) > 0).sum(axis=1) == 2, 0.15**2)
        # Whatever mess is left is there in the rough text too.
        assert (denied_before(rough) >= denied_before(polished)).all()
        spotless = source(polish=1.0, fidelity=1.0).sample(5000)
        assert np.array_equal(spotless.label, spotless.truth)
        assert (fillers(spotless) == 0).all()

    def test_copies_are_alike_in_everything(self) -> None:
        rows = source(templates=10, detectability=0.5, contamination=0.3).sample(400)
        assert len(np.unique(rows.example)) == 10
        _, first, copy = np.unique(rows.example, return_index=True, return_inverse=True)
        assert same(rows, rows.take(first[copy]))
        assert len(np.unique(rows.codes, axis=0)) <= 10
        assert len(np.unique(source().sample(400).codes, axis=0)) > 300

    def test_its_own_phrasings_have_words_that_no_real_sentence_has(self) -> None:
        rows = source(detectability=0.3, phrase_templates=4).sample(N)
        assert agrees(rows.style, 0.3)
        n_functions = WORDS.first_relation - WORDS.first_function
        own = range(WORDS.first_function + n_functions // 2, WORDS.first_relation)
        assert np.array_equal(np.isin(rows.codes, own).any(axis=1), rows.style == 1)
        assert not np.isin(WORLD.real(1, 0, N).codes, own).any()
        assert len(np.unique(templates(rows)[rows.style == 1], axis=0)) == 4
        # The other sentences are the same without any of its own.
        plain = source(phrase_templates=4).sample(N)
        assert np.array_equal(rows.codes[rows.style == 0], plain.codes[rows.style == 0])
        assert same(rows, plain, "label", "context")
        assert source(detectability=1.0).sample(100).style.min() == 1

    @pytest.mark.parametrize(
        ("knobs", "expected"),
        [
            ({"fidelity": 0.0, "polish": 1.0}, 0.0),
            ({"fidelity": 0.4, "polish": 1.0}, 0.4),
            ({"fidelity": 1.0, "polish": 1.0}, 1.0),
            ({"fidelity": 1.0, "polish": 0.0}, 1 - 0.3 - 0.2 * 0.9),
            ({"fidelity": 1.0, "polish": 1.0, "contamination": 0.3}, 0.7),
        ],
    )
    def test_exceptions_are_told_as_stated(self, knobs: dict[str, float], expected: float) -> None:
        rows = source(**knobs).sample(N)
        at = WORLD.exception[rows.context]
        assert at.sum() > 20_000
        right, se = share(rows.label[at] == rows.truth[at])
        assert abs(right - expected) < 4.5 * se + 1e-9
        denied = denied_before(rows) | denied_after(rows)
        assert (rows.label != rows.truth)[denied].all()
        if knobs["fidelity"] == 0.0:
            assert np.array_equal(rows.label[at], rows.consensus[at])

    def test_coverage_and_tempering_act_on_contexts(self) -> None:
        assert len(np.unique(source(coverage=0.3).sample(5000).context)) == 15
        flat = np.bincount(source(tempering=0.0).sample(100_000).context, minlength=50)
        assert np.abs(flat - 2000).max() < 5 * 2000**0.5

    def test_it_asks_the_same_questions_in_its_own_words(self) -> None:
        rows = WORLD.test(1, 0)
        settings: dict[str, Any] = {"phrase_templates": 3, "lexical_variation": 0.0}
        asking = source(**settings, polish=1.0, detectability=0.4)
        asked = asking.ask(rows)
        kept = [name for name in vars(rows) if name not in ("codes", "style")]
        assert same(asked, rows, *kept)
        assert np.array_equal(asked.codes[:, ANSWER_AT:], rows.codes[:, ANSWER_AT:])
        assert (asked.codes[:, :ANSWER_AT] != NOT).all()
        assert (fillers(asked) == 0).all()
        assert set(np.unique(synonyms(asked))) == {-1, 0}
        assert agrees(asked.style, 0.4, resolution=0.01)
        made = asking.sample(20_000)
        forms = {tuple(row) for row in templates(made)}
        assert {tuple(row) for row in templates(asked)} == forms
        assert len(forms) == 6
        assert {tuple(row) for row in templates(rows)} - forms
        subject = (WORDS.first_subject, WORDS.first_answer)
        assert np.array_equal(between(asked, *subject), between(rows, *subject))
        assert same(asked.take(np.arange(50)), asking.ask(rows.take(np.arange(50))))
        # With knobs that do nothing they are further real questions.
        again = source().ask(rows)
        assert not same(again, rows, "codes")
        assert {tuple(row) for row in templates(again)} == {tuple(row) for row in templates(rows)}


class TestWords:
    @pytest.mark.parametrize(
        "settings",
        [
            LanguageWorld(),
            LanguageWorld(
                n_contexts=20_000, n_answers=3000, n_categories=40, synonyms=9, phrasings=1000
            ),
        ],
    )
    def test_no_two_tokens_share_a_word(self, settings: LanguageWorld) -> None:
        world = Language(settings)
        words = world.words.words
        assert len(words) == world.law.vocabulary.size == len(set(words))
        assert all(word == word.strip() and word for word in words)

    def test_a_row_is_a_line_to_read(self) -> None:
        words = WORLD.words
        for rows in (WORLD.real(1, 0, 300), source(detectability=1.0).sample(300)):
            for row, context, label in zip(rows.codes, rows.context, rows.label, strict=True):
                line = words.sentence(row)
                assert line[0].isupper()
                assert line.endswith(".")
                assert words.words[WORDS.first_answer + label] in line
                assert words.words[WORDS.first_subject + context] in line
                assert len(re.findall(r"\bnot\b", line)) == (row == NOT).sum()
