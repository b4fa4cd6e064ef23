"""The corpus world: reading, tokens, splits, cases, and what training may learn from."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from smcollapse.settings import CorpusWorld
from smcollapse.worlds.byte_pairs import MADE, START, learn
from smcollapse.worlds.corpus import Corpus
from smcollapse.worlds.corpus_reading import corpus_fingerprint, read_documents
from smcollapse.worlds.ngrams import Ngrams
from tests.worlds.tales import paragraphs, sentences


def settings(path: Path, **changes: object) -> CorpusWorld:
    values = {"data": str(path), "vocabulary": 160, "length": 16, "test_size": 400, **changes}
    return CorpusWorld.model_validate(values)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "tales.txt"
    path.write_text("\n\n".join(paragraphs(600)))
    return path


@pytest.fixture(scope="module")
def world(path: Path) -> Corpus:
    return Corpus(settings(path))


def documents_of(world: Corpus, rows: np.ndarray) -> set[int]:
    """Documents that some rows of tokens come from: each is the start of a window or a place."""
    texts = {world.text(row) for row in rows}
    return {
        number
        for number, document in enumerate(world.documents)
        if any(text in document for text in texts)
    }


def test_rows_are_text_of_the_documents(world: Corpus) -> None:
    rows, test = world.real(1, 0, 200), world.test(1, 0)
    for part in (rows, test):
        assert part.codes.shape == (len(part), 16)
        assert part.codes.dtype == np.int32
        assert (part.codes[:, 0] == START).all()
        assert not np.isin(part.codes[:, 1:], [START, MADE]).any()
        assert np.array_equal(part.codes[:, -1], part.label)
        assert np.array_equal(part.truth, part.label)
        whole = "\0".join(world.documents)
        assert all(world.text(row) in whole for row in part.codes[:40])
    assert world.inputs.n_classes == world.inputs.tokens.vocabulary == 160  # type: ignore[union-attr]
    assert (test.codes < 160).all()


def test_tokens_are_the_text(path: Path) -> None:
    documents = read_documents(str(path), "text", 1000)
    text = "  indented,\n\n\twith ▁ signs and  runs   of spaces \n"
    pairs = learn([*documents, text * 200], 200, "tales.txt")
    (tokens,) = pairs.encode([text])
    assert pairs.decode(tokens) == text.replace("▁", " ")
    assert pairs.decode([START, *tokens, MADE]) == pairs.decode(tokens)
    assert pairs.decode(pairs.encode(["漢"])[0]) == "�"
    (literal,) = pairs.encode(["<s> <made> <unk>"])
    assert not np.isin(literal, [START, MADE]).any()
    again = learn([*documents, text * 200], 200, "tales.txt")
    assert again.model == pairs.model


def test_parts_of_a_split_have_no_document_in_common(world: Corpus) -> None:
    for replicate in range(3):
        part = world._part(1, replicate)
        training = set(world._document[world.windows[part.training]])
        assert not training & set(world._document[part.test])
        assert len(np.unique(part.training)) == len(part.training) == world.train_size
        assert len(np.unique(part.test)) == len(part.test) == world.test_size == 400
        assert not (
            world._document[world._part(1, replicate).model.fitted][:, None]
            == list(set(world._document[part.test]))
        ).any()
    first, second = (set(world._part(1, r).training) for r in (0, 1))
    assert first != second


def test_windows_do_not_overlap_nor_leave_their_document(world: Corpus) -> None:
    assert (np.diff(world.windows) >= 15).all()
    assert np.array_equal(world._document[world.windows], world._document[world.windows + 14])
    assert np.array_equal(world._document[world.places], world._document[world.places - 14])
    assert len(world.windows) == sum(len(tokens) // 15 for tokens in world._cut)
    assert len(world.places) == sum(max(len(tokens) - 14, 0) for tokens in world._cut)


@pytest.mark.parametrize("test_share", [0.05, 0.21, 0.5, 0.8])
def test_every_split_has_as_many_rows_as_is_said(path: Path, test_share: float) -> None:
    world = Corpus(settings(path, test_share=test_share, test_size=300))
    for replicate in range(25):
        part = world._part(7, replicate)
        assert len(part.training) == world.train_size
        assert len(part.test) == 300
    tested = len(world.windows) - world.train_size
    largest = max(len(tokens) // 15 for tokens in world._cut)
    assert 0 <= tested - test_share * len(world.windows) <= largest
    assert world.split == (world.train_size, tested)


def test_the_first_rows_do_not_depend_on_how_many_are_asked_for(world: Corpus) -> None:
    few, many = world.real(1, 2, 50), world.real(1, 2, world.train_size)
    again = Corpus(world.settings).real(1, 2, 50)
    for one in (many.take(np.arange(50)), again):
        for name in ("codes", "context", "consensus", "atypicality", "example"):
            assert np.array_equal(getattr(few, name), getattr(one, name))


def test_cases_are_runs_with_the_frequencies_of_the_text(world: Corpus) -> None:
    found: Counter[tuple[int, ...]] = Counter()
    for tokens in world._cut:
        found.update(tuple(tokens[i - 1 : i + 1].tolist()) for i in range(14, len(tokens)))
    total = sum(found.values())
    rows = world.test(1, 0)
    runs = [tuple(row[-2:].tolist()) for row in rows.codes]
    assert len(world.frequency) == 1 + sum(count >= 5 for count in found.values())
    assert world.frequency.sum() == pytest.approx(1.0)
    by_case: dict[int, tuple[int, ...]] = {}
    for case, run in zip(rows.context.tolist(), runs, strict=True):
        if case:
            assert by_case.setdefault(case, run) == run
            assert world.frequency[case] == pytest.approx(found[run] / total)
        else:
            assert found[run] < 5


def test_rare_cases_are_the_rarest_learnable_ones(world: Corpus) -> None:
    cases = world.cases
    assert not cases.learnable[0]
    assert not cases.rare[~cases.learnable].any()
    assert (cases.recall[cases.learnable] >= 0.2).all()
    mass = cases.frequency[cases.learnable].sum()
    assert 0.25 * mass < world.rare_share <= 0.3 * mass + 1e-12
    common = cases.learnable & ~cases.rare
    assert cases.frequency[cases.rare].max() <= cases.frequency[common].min()
    assert not world.exception.any()


def test_test_rows_are_rare_as_often_as_is_said(path: Path) -> None:
    world = Corpus(settings(path, test_size=1500))
    share = [world.rare[world.test(3, r).context].mean() for r in range(16)]
    error = np.std(share, ddof=1) / 4.0
    assert error < 0.01
    assert abs(np.mean(share) - world.rare_share) < 4 * error


def test_a_training_row_stands_for_its_rarest_rare_case(world: Corpus) -> None:
    rows = world.real(1, 0, 300)
    order = world.runs.orders[1]
    for row, context in zip(rows.codes[:, 1:].astype(np.int64), rows.context, strict=True):
        inside = world.cases.number[order.find(row[:-1] * 160 + row[1:])]
        rare = inside[world.rare[inside]]
        if len(rare):
            assert world.rare[context]
            assert context in inside
            assert world.frequency[context] == world.frequency[rare].min()
        else:
            assert not world.rare[context]
            assert context in {0, *inside.tolist()}


def test_a_text_that_only_one_document_has_is_no_surprise_only_if_it_is_judged_by_itself(
    tmp_path: Path,
) -> None:
    pieces = paragraphs(600)
    pieces[300:306] = ["qx jz vk wq " * 12 + str(i) for i in range(6)]
    (tmp_path / "tales.txt").write_text("\n\n".join(pieces))
    world = Corpus(settings(tmp_path / "tales.txt"))
    rows = next(
        rows
        for rows in (world.real(1, r, world.train_size) for r in range(9))
        if sum("qx jz" in world.text(row) for row in rows.codes) > 10
    )
    strange = np.array(["qx jz" in world.text(row) for row in rows.codes])
    assert rows.atypicality[strange].min() > 0.97
    assert 0.4 < np.median(rows.atypicality) < 0.6


def test_consensus_is_what_the_training_part_expects(world: Corpus) -> None:
    rows, part = world.test(1, 0), world._part(1, 0)
    agrees = (rows.consensus == rows.label).mean()
    assert abs(agrees - world.cases.accuracy) < 4 * (0.25 / len(rows)) ** 0.5
    whole = Ngrams(world.runs, np.ones_like(part.model.fitted))  # it has seen the test part
    seen = world.runs.seen(part.test[:, None] + np.arange(-14, 1))
    assert whole.surprise(seen).mean() < part.model.surprise(seen).mean() - 0.02
    trained = world.real(1, 0, world.train_size)
    assert abs((trained.consensus == trained.label).mean() - agrees) < 0.06


def test_made_rows_are_judged_as_real_ones_are(world: Corpus) -> None:
    rows = world.real(1, 0, 200)
    made = world.made(1, 0, rows.codes)
    for name in ("codes", "label", "truth", "context", "example", "style"):
        assert np.array_equal(getattr(made, name), getattr(rows, name))
    # The training part's own rows are no surprise to it; noise is.
    assert (made.atypicality < rows.atypicality).mean() > 0.8
    noise = np.random.default_rng(0).integers(1, 160, (50, 16)).astype(np.int32)
    assert world.made(1, 0, noise).atypicality.min() > 0.99
    assert len(np.unique(world.made(1, 0, np.repeat(noise, 2, axis=0)).example)) == 50


def test_an_easier_corpus_is_answered_better(path: Path, tmp_path: Path) -> None:
    words = " ".join(sentences(2400)).split()
    np.random.default_rng(0).shuffle(words)
    (tmp_path / "shuffled.txt").write_text(" ".join(words))
    shuffled = Corpus(settings(tmp_path / "shuffled.txt"))
    assert Corpus(settings(path)).cases.accuracy > shuffled.cases.accuracy + 0.1


def read(path: Path, characters: int = 1000) -> list[str]:
    return read_documents(str(path), "text", characters)


def test_every_kind_of_file_gives_the_same_text(path: Path, tmp_path: Path) -> None:
    text, expected = path.read_text(), read(path)
    (tmp_path / "bom.md").write_text("\ufeff" + text, encoding="utf-8")
    (tmp_path / "wide.rst").write_text(text, encoding="utf-16")
    (tmp_path / "windows").write_bytes(text.replace("\n", "\r\n").encode())
    lines = [json.dumps({"id": i, "text": one}) for i, one in enumerate(text.split("\n\n"))]
    (tmp_path / "records.jsonl").write_text("\n".join(lines) + "\n\n")
    for name in ("bom.md", "wide.rst", "windows", "records.jsonl"):
        assert read(tmp_path / name) == expected
    folder = tmp_path / "folder" / "deeper"
    folder.mkdir(parents=True)
    (folder / "tales.txt").write_text(text)
    (folder / "picture.png").write_bytes(b"\x89PNG\0")
    (folder / ".hidden.txt").write_text("not read")
    assert read(tmp_path / "folder") == expected


def test_documents_are_of_one_size_and_nothing_is_lost(tmp_path: Path) -> None:
    pieces = [
        "".join(np.random.default_rng(i).choice(list("abcd efg\n"), 37 * i)) for i in range(99)
    ]
    pieces = [piece.strip() for piece in pieces if piece.strip()]
    (tmp_path / "tales.txt").write_text("\n\n".join(pieces))
    documents = read(tmp_path / "tales.txt")
    assert "".join("".join(documents).split()) == "".join("".join(pieces).split())
    assert all(1000 <= len(document) < 3000 for document in documents[:-1])
    (tmp_path / "line.txt").write_text("".join(map(str, range(9000))))
    assert "".join(read(tmp_path / "line.txt")) == "".join(map(str, range(9000)))


def test_copies_are_read_once(path: Path, tmp_path: Path) -> None:
    text, expected = path.read_text(), read(path)
    (tmp_path / "twice.txt").write_text(text + "\n\n" + text)
    assert read(tmp_path / "twice.txt") == expected
    shuffled = text.split("\n\n")
    np.random.default_rng(0).shuffle(shuffled)
    (tmp_path / "shuffled.txt").write_text(text + "\n\n" + "\n\n".join(shuffled))
    assert read(tmp_path / "shuffled.txt") == expected
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text("\n\n".join(f"line {i}" for i in range(400)))  # all short
    assert len(read(folder)) == len(set(read(folder))) == len(read(folder / "a.txt"))
    records = [{"text": f"short {i % 50}"} for i in range(500)]
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, records)))
    assert "\n\n".join(read(tmp_path / "r.jsonl")).split("\n\n") == [
        f"short {i}" for i in range(50)
    ]


def test_a_fingerprint_is_that_of_the_content(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text("one")
    one = corpus_fingerprint(str(folder))
    assert corpus_fingerprint(str(folder / "a.txt")) != one
    (folder / "b.txt").write_text("two")
    two = corpus_fingerprint(str(folder))
    (folder / "b.txt").write_text("three")
    three = corpus_fingerprint(str(folder))
    (folder / "b.txt").rename(folder / "c.txt")
    renamed = corpus_fingerprint(str(folder))
    (folder / "notes.log").write_text("not read")
    assert corpus_fingerprint(str(folder)) == renamed
    assert len({one, two, three, renamed}) == 4


@pytest.fixture(scope="module")
def python_docs() -> Corpus:
    return Corpus(CorpusWorld())


def test_the_documentation_of_python_is_large_enough_for_a_study(python_docs: Corpus) -> None:
    assert len(python_docs._document) > 500_000
    assert python_docs.train_size > 15_000
    assert python_docs.rare.sum() > 1000
    assert 0.1 < python_docs.rare_share < 0.3
    assert 0.35 < python_docs.cases.accuracy < 0.5
    assert python_docs.test(1, 0).codes.shape == (4000, 32)
    assert corpus_fingerprint("python-docs") == corpus_fingerprint("python-docs")


def test_the_library_is_read_without_importing_it(python_docs: Corpus) -> None:
    text = "\n".join(python_docs.documents)
    assert "Zen of Python" not in text  # `this` prints it
    for module, said in (("turtle", "turtle"), ("mailbox", "Maildir"), ("tabnanny", "tabnanny")):
        assert said in text
        assert module not in sys.modules
