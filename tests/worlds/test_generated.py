"""The source whose text a network really generates."""

from __future__ import annotations

import numpy as np
import pytest

from smcollapse.settings import CorpusWorld, GeneratedSource
from smcollapse.sources import fit
from smcollapse.sources.generated import Generated
from smcollapse.worlds import Corpus, Rows, world_of
from smcollapse.worlds.byte_pairs import MADE, START

WORDS = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "jetty"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Words that are mostly followed by the next one."""
    path = tmp_path_factory.mktemp("corpus") / "tales.txt"
    rng = np.random.default_rng(0)
    number, said = 0, []
    for usual, other in zip(rng.random(9000) < 0.8, rng.integers(0, 10, 9000), strict=True):
        number = (number + 1) % 10 if usual else int(other)
        said.append(WORDS[number])
    lines = [" ".join(said[i : i + 50]) for i in range(0, 9000, 50)]
    path.write_text("\n\n".join(lines))
    settings = CorpusWorld(data=str(path), vocabulary=64, length=16, test_size=300)
    found = world_of(settings)
    assert isinstance(found, Corpus)
    return found


def made(world: Corpus, n: int = 300, **changes: object) -> Rows:
    settings = GeneratedSource.model_validate({"kind": "generated", "passes": 4.0, **changes})
    return fit(settings, world, 1, 0).sample(n)


def test_generated_rows_are_like_real_ones(world: Corpus) -> None:
    rows, real = made(world), world.real(1, 0, 300)
    assert rows.codes.shape == real.codes.shape
    assert (rows.codes[:, 0] == START).all()
    assert np.array_equal(rows.label, rows.codes[:, -1])
    letters = np.random.default_rng(0).permutation(real.codes[:, 1:].ravel()).reshape(300, -1)
    noise = np.column_stack([real.codes[:, 0], letters]).astype(np.int32)
    shuffled = world.made(1, 0, noise)
    model = world._part(1, 0).model
    surprise, of_noise = (
        model.surprise(world.runs.look_up(part.codes[:, 1:])).mean() for part in (rows, shuffled)
    )
    assert surprise < of_noise - 1.0
    assert rows.atypicality.mean() < shuffled.atypicality.mean()
    assert (rows.consensus == rows.label).mean() > (shuffled.consensus == shuffled.label).mean()
    assert sum(word in world.text(row) for row in rows.codes for word in WORDS) > 300


def test_the_first_rows_do_not_depend_on_how_many_are_asked_for(world: Corpus) -> None:
    few, many = made(world, 20, detectability=0.5), made(world, 300, detectability=0.5)
    for name in ("codes", "style", "context", "example", "atypicality"):
        assert np.array_equal(getattr(few, name), getattr(many, name)[:20])


def test_marked_rows_start_with_a_token_that_no_real_row_has(world: Corpus) -> None:
    rows, plain = made(world, detectability=0.4), made(world)
    assert abs(rows.style.mean() - 0.4) < 4 * (0.24 / 300) ** 0.5
    assert np.array_equal(rows.codes[:, 0], np.where(rows.style == 1, MADE, START))
    assert np.array_equal(rows.codes[:, 1:], plain.codes[:, 1:])
    assert np.array_equal(rows.example, plain.example)
    assert not plain.style.any()
    assert (world.test(1, 0).codes != MADE).all()
    assert world.text(rows.codes[0]) == world.text(plain.codes[0])


@pytest.mark.parametrize("change", [{"temperature": 0.3}, {"top_k": 2}, {"best_of": 8}])
def test_every_knob_makes_the_text_more_usual(world: Corpus, change: dict[str, object]) -> None:
    rows, plain = made(world, **change), made(world)
    gap = rows.atypicality - plain.atypicality
    assert gap.mean() < -3 * gap.std() / len(gap) ** 0.5


def test_one_generator_serves_all_ways_of_sampling_and_no_other_replicate(world: Corpus) -> None:
    def source(replicate: int, **changes: object) -> Generated:
        settings = GeneratedSource.model_validate({"kind": "generated", "passes": 0.5, **changes})
        return Generated(settings, 1, replicate, world)

    one = source(0).generator
    assert source(0, temperature=0.5, best_of=2).generator is one
    assert source(1).generator is not one
    assert not np.array_equal(source(0).sample(20).codes, source(1).sample(20).codes)


def test_the_generator_learns_from_the_training_part_alone(
    world: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smcollapse.sources import generated

    learned = []

    class Copies:
        def __init__(
            self, model: object, tokens: object, codes: np.ndarray, *_: object, **__: object
        ) -> None:
            learned.append(codes)

    monkeypatch.setattr(generated, "Generator", Copies)
    Generated(GeneratedSource(passes=7.0), 1, 3, world).generator  # noqa: B018
    (codes,) = learned
    assert np.array_equal(codes, world.real(1, 3, world.train_size).codes)
    generated._trained.cache_clear()
