"""Texts that cannot be used: one message each, with what was found and what to write instead."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from smcollapse.errors import DataError
from smcollapse.settings import CorpusWorld
from smcollapse.worlds.corpus import Corpus
from smcollapse.worlds.corpus_reading import corpus_fingerprint

WORDS = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "jetty"]


def words(n: int, seed: int = 0) -> str:
    """Paragraphs of random words, ten words a line."""
    rng = np.random.default_rng(seed)
    lines = [" ".join(rng.choice(WORDS, 10)) for _ in range(n // 10)]
    return "\n\n".join("\n".join(lines[i : i + 4]) for i in range(0, len(lines), 4))


def refused(data: Path | str, **changes: object) -> str:
    """What is said of a text of which a study would need the sizes and the cases."""
    values = {"data": str(data), "vocabulary": 64, "length": 16, "test_size": 100, **changes}
    world = Corpus(CorpusWorld.model_validate(values))
    with pytest.raises(DataError) as error:
        assert (world.train_size, world.rare_share) == ()
    said = str(error.value)
    assert "\n" not in said
    return said


def record(**fields: object) -> str:
    return json.dumps(fields)


GOOD = record(text="a good line") + "\n"

WRONG_FILES: dict[str, tuple[str, bytes, str]] = {
    "empty": ("tales.txt", b"", "tales.txt: holds no text"),
    "blank": ("tales.txt", b" \n\n\t\n", "tales.txt: holds no text"),
    "only a byte order mark": ("tales.txt", b"\xef\xbb\xbf", "tales.txt: holds no text"),
    "binary with NUL": ("tales.txt", bytes(range(256)) * 9, "tales.txt: is a binary file"),
    "binary without NUL": ("tales.txt", bytes(range(1, 256)) * 9, "tales.txt: is a binary file"),
    "Latin 1": (
        "tales.txt",
        "Der Fluß\nist weit".encode("latin1"),
        "tales.txt: is not UTF-8 at byte 8 (0xDF): save it as UTF-8",
    ),
    "half of UTF-16": (
        "tales.txt",
        "\ufeffnot whole".encode("utf-16-le")[:-1],
        "tales.txt: is not UTF-16, as it begins, at byte 19 (0x65): save it as UTF-8",
    ),
    "a table": ("tales.csv", b"a,b\n", "tales.csv: '.csv' is not read as text: write .jsonl"),
    "one JSON list": ("t.json", b"[]", "t.json: '.json' is not read as text: write .jsonl, one"),
    "a broken line": (
        "tales.jsonl",
        (GOOD * 2 + '{"text": "half\n').encode(),
        "tales.jsonl: line 3 is no JSON (",
    ),
    "blank lines count": (
        "tales.jsonl",
        (GOOD + "\n\n" + "half").encode(),
        "tales.jsonl: line 4 is no JSON (Expecting value): write one object a line",
    ),
    "nested beyond measure": (
        "tales.jsonl",
        b"[" * 200_000,
        "tales.jsonl: line 1 is no JSON (nested too deeply)",
    ),
    "a line that is a list": (
        "tales.jsonl",
        (GOOD + "[1]").encode(),
        "tales.jsonl: line 2 is a list, not an object with fields",
    ),
    "a line without the field": (
        "tales.jsonl",
        (GOOD + record(texts="b", id=3)).encode(),
        "tales.jsonl: line 2 has no field 'text' — did you mean 'texts'? (fields: texts, id): "
        "name the one that holds text as world.text_field",
    ),
    "a field that is no text": (
        "tales.jsonl",
        (GOOD + record(text=["b"])).encode(),
        "tales.jsonl: line 2: field 'text' holds a list, not text",
    ),
    "a field that is empty": (
        "tales.jsonl",
        (record(text=" ") + "\n").encode(),
        "tales.jsonl: holds no text",
    ),
}


@pytest.mark.parametrize("case", WRONG_FILES)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, case: str) -> None:
    name, content, reason = WRONG_FILES[case]
    (tmp_path / name).write_bytes(content)
    assert refused(tmp_path / name).startswith(reason)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    said = (
        f"no text '{tmp_path / 'tales.txt'}': write a text or JSONL file, a folder of them, or "
        "'python-docs'"
    )
    assert refused(tmp_path / "tales.txt") == said
    with pytest.raises(DataError, match="no text"):
        corpus_fingerprint(str(tmp_path / "tales.txt"))


def test_a_folder_without_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "tales"
    folder.mkdir()
    (folder / "picture.png").write_bytes(b"\x89PNG")
    said = "tales: the folder holds no text: put .txt, .text, .md, .rst or .jsonl or .ndjson files"
    assert refused(folder).startswith(said)
    with pytest.raises(DataError, match="holds no text"):
        corpus_fingerprint(str(folder))
    monkeypatch.chdir(folder)
    assert refused(".").startswith(said)


def test_a_wrong_file_in_a_folder_is_named_by_its_path(tmp_path: Path) -> None:
    folder = tmp_path / "tales" / "old"
    folder.mkdir(parents=True)
    (folder.parent / "a.txt").write_text("good")
    (folder / "b.txt").write_bytes(b"\xff\xfa")
    assert refused(folder.parent).startswith(f"old{os.sep}b.txt: is not UTF-8 at byte 1 (0xFF)")


def test_a_file_that_may_not_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tales.txt").write_text("good")

    def deny(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", deny)
    assert refused(tmp_path / "tales.txt") == "tales.txt: cannot be read: Permission denied"


def test_more_text_than_fits_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "tales.txt").open("wb") as file:
        file.truncate(300_000_000)  # a hole: takes no space
    assert refused(tmp_path / "tales.txt").startswith(
        "tales.txt: 300 MB of text are more than the 200 MB that can be used"
    )


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some 60 documents of random words."""
    path = tmp_path_factory.mktemp("plain") / "tales.txt"
    path.write_text(words(10_000))
    return path


def test_a_text_of_few_documents_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tales.txt").write_text(words(1000))
    assert refused(tmp_path / "tales.txt").startswith(
        "tales.txt: 6015 characters make 5 documents, too few to train and test on (at least 20 "
        "of some 1000 characters, copies are read once): give more text, or write a smaller "
        "world.length"
    )


def test_documents_of_long_windows_are_long(plain: Path) -> None:
    assert "of some 16384 characters" in refused(plain, length=512)


def test_a_text_with_few_windows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tales.txt").write_text(words(5200))
    said = refused(tmp_path / "tales.txt", length=40, vocabulary=80)
    found = re.fullmatch(
        r"tales\.txt: (\d+) tokens hold (\d+) windows of 40, which leave (\d+) to train on \(at "
        r"least 100\): give more text, or write a smaller world\.length",
        said,
    )
    assert found
    tokens, windows, left = map(int, found.groups())
    assert tokens > 39 * windows
    assert 0 < left < min(100, 0.8 * windows)


def test_a_test_part_that_is_too_small_is_refused(plain: Path) -> None:
    said = refused(plain, test_size=9000)
    assert "places with 14 tokens before them, and world.test_size = 9000: write a smaller" in said
    assert Corpus(CorpusWorld(data=str(plain), vocabulary=64, length=16, test_size=1000)).train_size


def test_a_vocabulary_that_the_text_does_not_support_is_refused(plain: Path) -> None:
    said = refused(plain, vocabulary=4000)
    start = "tales.txt: the text has pairs for "
    assert said.startswith(start)
    assert said.endswith(
        " tokens only, and world.vocabulary = 4000: write a smaller vocabulary, or give more text"
    )
    most = int(said.removeprefix(start).split()[0])
    Corpus(CorpusWorld(data=str(plain), vocabulary=most)).pairs  # noqa: B018


def test_a_vocabulary_smaller_than_the_characters_is_refused(tmp_path: Path) -> None:
    letters = [chr(0x4E00 + i) for i in np.random.default_rng(0).integers(0, 300, 30_000)]
    (tmp_path / "tales.txt").write_text("\n\n".join("".join(letters[i::30]) for i in range(30)))
    said = refused(tmp_path / "tales.txt", vocabulary=128)
    assert said == (
        "tales.txt: the characters of the text alone need 304 tokens, and world.vocabulary = 128: "
        "write 368 or more"
    )


def letters(tmp_path: Path, followed: float) -> Path:
    """Random letters, each followed by its usual successor with that probability."""
    rng = np.random.default_rng(0)
    alphabet = "abcdefghijklmnopqrstuvwxyzäöüß"
    found = [0]
    for usual, other in zip(
        rng.random(50_000) < followed, rng.integers(0, 30, 50_000), strict=True
    ):
        found.append((found[-1] + 1) % 30 if usual else int(other))
    text = "".join(alphabet[letter] for letter in found)
    path = tmp_path / "tales.txt"
    path.write_text("\n\n".join(text[i : i + 900] for i in range(0, 50_000, 900)))
    return path


def test_a_text_without_structure_is_refused(tmp_path: Path) -> None:
    said = refused(letters(tmp_path, 0.0), case_length=1)
    assert re.fullmatch(
        r"tales\.txt: an n-gram model answers \d\.\d% of the tokens rightly, and the commonest "
        r"token alone is \d\.\d% of them: nothing can be learned: .*",
        said,
    )


def test_a_text_without_learnable_cases_is_refused(tmp_path: Path) -> None:
    path = letters(tmp_path, 0.4)
    said = refused(path, learnable=0.95, case_length=1)
    assert said.startswith("tales.txt: an n-gram model answers none of ")
    assert said.endswith(
        " cases rightly at least world.learnable = 0.95 of the time: write a smaller learnable, a "
        "smaller vocabulary, or give more text"
    )
    values = {"data": str(path), "vocabulary": 64, "length": 16, "test_size": 100}
    assert Corpus(CorpusWorld.model_validate({**values, "case_length": 1})).rare.any()
