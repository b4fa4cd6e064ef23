"""Every world and source: one conformance suite, then the draws against their laws."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smcollapse.settings import (
    ClustersWorld,
    ConsensusSource,
    CorpusWorld,
    FactsWorld,
    GeneratedSource,
    LanguageWorld,
    PhrasesSource,
    ShrunkenSource,
    SourceSettings,
    TableWorld,
    WorldSettings,
)
from smcollapse.sources import fit
from smcollapse.worlds import CATALOG, Rows, world_of
from tests.worlds.tales import paragraphs

FOLDER = tempfile.TemporaryDirectory()
TALES = Path(FOLDER.name) / "tales.txt"
TALES.write_text("\n\n".join(paragraphs(600)), encoding="utf-8")

WORLDS: dict[str, WorldSettings] = {
    "facts": FactsWorld(n_contexts=50, test_size=500),
    "clusters": ClustersWorld(n_contexts=8, dimension=12, test_size=500, tail_heaviness=0.3),
    "table": TableWorld(),
    "language": LanguageWorld(n_contexts=50, test_size=500),
    "corpus": CorpusWorld(
        data=str(TALES), vocabulary=160, length=16, test_size=1500, rare_mass=0.3
    ),
}
SOURCES: dict[str, SourceSettings] = {
    "facts": ConsensusSource(),
    "clusters": ConsensusSource(),
    "table": ShrunkenSource(),
    "language": PhrasesSource(),
    "corpus": GeneratedSource(passes=0.05),
}


def same(a: Rows, b: Rows) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in vars(a))


def test_the_suite_covers_the_catalog() -> None:
    assert set(WORLDS) == set(CATALOG)


@pytest.mark.parametrize("kind", WORLDS)
class TestConformance:
    def test_settings_are_frozen_hashable_and_documented(self, kind: str) -> None:
        settings = WORLDS[kind]
        assert hash(settings) == hash(settings.model_copy())
        with pytest.raises(ValueError, match="frozen"):
            settings.seed = 3
        assert type(settings).__doc__
        assert CATALOG[kind].__doc__

    def test_rows_have_the_stated_shapes_and_ranges(self, kind: str) -> None:
        world = world_of(WORLDS[kind])
        for rows in (
            world.real(1, 0, 300),
            world.test(1, 0),
            fit(SOURCES[kind], world, 1, 0).sample(300),
        ):
            n = len(rows)
            assert rows.features.shape == (n, world.inputs.n_features)
            assert rows.features.dtype == np.float32
            sizes = world.inputs.fields
            if (tokens := world.inputs.tokens) is not None:
                sizes = (tokens.vocabulary,) * tokens.length
                answer = rows.codes[:, tokens.answer_at]
                assert np.array_equal(answer, tokens.first_answer + rows.label)
            assert rows.codes.shape == (n, len(sizes))
            for column, size in zip(rows.codes.T, sizes, strict=True):
                assert column.min() >= 0
                assert column.max() < size
            for answers in (rows.label, rows.truth, rows.consensus):
                assert answers.min() >= 0
                assert answers.max() < world.inputs.n_classes
            assert rows.context.max() < len(world.rare)
            assert rows.atypicality.min() >= 0.0
            assert rows.atypicality.max() <= 1.0
            assert np.isfinite(rows.features).all()

    def test_the_same_replicate_gives_the_same_rows_another_gives_others(self, kind: str) -> None:
        world = world_of(WORLDS[kind])
        again = CATALOG[kind](WORLDS[kind])
        assert same(world.real(1, 0, 200), again.real(1, 0, 200))
        assert not same(world.real(1, 0, 200), world.real(1, 1, 200))
        assert not same(world.real(1, 0, 200), world.real(2, 0, 200))

    def test_the_first_rows_do_not_depend_on_how_many_are_asked_for(self, kind: str) -> None:
        world = world_of(WORLDS[kind])
        assert same(world.real(1, 0, 50), world.real(1, 0, 200).take(np.arange(50)))
        source = fit(SOURCES[kind], world, 1, 0)
        assert same(source.sample(50), source.sample(200).take(np.arange(50)))

    def test_rare_contexts_hold_at_most_the_rare_mass_of_the_drawn_rows(self, kind: str) -> None:
        world, mass = world_of(WORLDS[kind]), WORLDS[kind].rare_mass
        # a training window of text stands for its rarest case, a test row for its answer's
        rows = world.test(1, 0) if kind == "corpus" else world.real(1, 0, 20_000)
        seen, se = share(world.rare[rows.context])
        assert se < 0.012
        assert 0.4 * mass < seen < mass + 4 * se
        frequency = getattr(world, "law", world).frequency
        for contexts in (world.rare, world.exception):
            seen, se = share(contexts[rows.context])
            assert abs(seen - frequency[contexts].sum()) < 4 * se
        assert len(world.test(1, 0)) == world.test_size

    def test_templates_are_the_number_of_distinct_examples(self, kind: str) -> None:
        if "templates" not in type(SOURCES[kind]).model_fields:
            pytest.skip("a source without that knob")
        world = world_of(WORLDS[kind])
        source = SOURCES[kind].model_copy(update={"templates": 10})
        rows = fit(source, world, 1, 0).sample(400)
        assert len(np.unique(rows.example)) == 10
        _, first, copy = np.unique(rows.example, return_index=True, return_inverse=True)
        assert same(rows, rows.take(first[copy]))

    def test_style_shows_with_its_probability_and_never_on_real_rows(self, kind: str) -> None:
        world = world_of(WORLDS[kind])
        assert world.real(1, 0, 500).style.max() == 0
        assert world.test(1, 0).style.max() == 0
        source = SOURCES[kind].model_copy(update={"detectability": 0.3})
        seen = fit(source, world, 1, 0).sample(4000).style.mean()
        assert abs(seen - 0.3) < 4 * (0.3 * 0.7 / 4000) ** 0.5

    def test_coverage_leaves_contexts_out(self, kind: str) -> None:
        if "coverage" not in type(SOURCES[kind]).model_fields:
            pytest.skip("a source without that knob")
        world = world_of(WORLDS[kind])
        few = SOURCES[kind].model_copy(update={"coverage": 0.3})
        visited = {
            name: len(np.unique(fit(source, world, 1, 0).sample(2000).context))
            for name, source in (("all", SOURCES[kind]), ("few", few))
        }
        assert visited["few"] < visited["all"]


def share(mask: Any) -> tuple[float, float]:
    """A share and its standard error."""
    p = float(np.mean(mask))
    return p, max((p * (1 - p) / len(mask)) ** 0.5, 1e-9)


def test_fact_draws_follow_their_law() -> None:
    world = world_of(FactsWorld(n_contexts=100, noise=0.2, n_answers=5, n_categories=5))
    rows = world.real(3, 0, 200_000)
    right, se = share(rows.label == rows.truth)
    assert se < 0.002
    assert abs(right - (1 - 0.2 + 0.2 / 5)) < 4 * se
    law = world.law  # type: ignore[attr-defined]
    seen = np.bincount(rows.context, minlength=100) / len(rows)
    z = (seen - law.frequency) / np.sqrt(law.frequency / len(rows))
    assert np.abs(z).max() < 5.0
    # Negative control: against another exponent the same statistic is large.
    wrong = world_of(FactsWorld(n_contexts=100, zipf_exponent=0.9)).law  # type: ignore[attr-defined]
    assert np.abs((seen - wrong.frequency) / np.sqrt(wrong.frequency / len(rows))).max() > 10.0


@pytest.mark.parametrize(
    ("knobs", "expected"),
    [
        ({"fidelity": 0.0, "polish": 1.0}, 0.0),
        ({"fidelity": 0.4, "polish": 1.0}, 0.4),
        ({"fidelity": 1.0, "polish": 1.0}, 1.0),
        # polish 0 leaves all the mess: noise 0.2 replaced by uniform answers out of 5
        ({"fidelity": 1.0, "polish": 0.0}, 1 - 0.2 * 4 / 5),
        ({"fidelity": 1.0, "polish": 1.0, "contamination": 0.3}, 0.7),
    ],
)
def test_source_knobs_act_on_exceptions_as_stated(knobs: dict[str, float], expected: float) -> None:
    world = world_of(
        FactsWorld(n_contexts=50, noise=0.2, n_answers=5, n_categories=5, rare_mass=0.6)
    )
    rows = fit(ConsensusSource(**knobs), world, 1, 0).sample(100_000)  # type: ignore[arg-type]
    at = world.exception[rows.context]
    assert at.sum() > 5_000
    right, se = share(rows.label[at] == rows.truth[at])
    assert abs(right - expected) < 4 * se + 1e-9


def test_tempering_flattens_the_synthetic_frequencies() -> None:
    world = world_of(FactsWorld(n_contexts=50))
    flat = fit(ConsensusSource(tempering=0.0), world, 1, 0).sample(100_000)
    counts = np.bincount(flat.context, minlength=50)
    assert np.abs(counts - 2000).max() < 5 * 2000**0.5


@pytest.mark.parametrize("convention", ["signed_context", "unsigned_cue"])
def test_cluster_draws_have_the_law_s_means_and_variance(convention: Any) -> None:
    settings = ClustersWorld(
        n_contexts=5, dimension=7, convention=convention, scale=1.5, tail_heaviness=0.2, noise=0.15
    )
    world = world_of(settings)
    rows = world.real(1, 0, 60_000)
    law = world.law  # type: ignore[attr-defined]
    residual = rows.features - law.means[rows.truth, rows.context]
    se = 1.5 / 60_000**0.5
    assert np.abs(residual.mean(axis=0)).max() < 5 * se
    # ν = 5: unit variance by normalisation, kurtosis 9 widens its standard error.
    assert residual.var(axis=0) == pytest.approx(np.full(7, 1.5**2), rel=0.06)
    flipped, se = share(rows.label != rows.truth)
    assert abs(flipped - 0.15) < 4 * se


def test_polish_narrows_synthetic_features_and_removes_tails() -> None:
    settings = ClustersWorld(n_contexts=5, dimension=7, tail_heaviness=0.3)
    world = world_of(settings)
    law = world.law  # type: ignore[attr-defined]

    def residual(polish: float) -> Any:
        rows = fit(ConsensusSource(polish=polish), world, 1, 0).sample(40_000)
        return rows.features - law.means[rows.truth, rows.context]

    assert residual(0.9).var() == pytest.approx(0.1, rel=0.03)
    assert np.abs(residual(0.0)).max() > 10 * np.abs(residual(0.9)).max()


def test_consensus_labels_of_synthetic_clusters_are_those_of_the_cue() -> None:
    world = world_of(ClustersWorld(n_contexts=6, dimension=8))
    rows = fit(ConsensusSource(fidelity=0.0, polish=1.0), world, 1, 0).sample(5_000)
    at = world.exception[rows.context]
    assert at.any()
    assert (rows.label[at] == 1 - rows.truth[at]).all()
    assert (rows.label[~at] == rows.truth[~at]).all()
