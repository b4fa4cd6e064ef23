"""Texts into documents: text files, JSONL, folders of them, and the documentation of Python itself.

A document is a stretch of successive paragraphs or records, some hundreds of tokens: what a split
keeps together. The built-in corpus `python-docs` is what every CPython carries: the topic texts of
`pydoc_data` and the docstrings of the standard library, read from its files without importing them
(copyright Python Software Foundation, PSF licence). It differs between versions of Python, which
its content hash says.
"""

from __future__ import annotations

import ast
import codecs
import hashlib
import importlib
import json
import re
import sysconfig
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from smcollapse.errors import DataError, nearest
from smcollapse.worlds.reading import fingerprint

BUILT_IN_TEXT = "python-docs"

TEXT_FILES = (".txt", ".text", ".md", ".rst")
JSONL_FILES = (".jsonl", ".ndjson")
UNREAD = {
    ".json": "write .jsonl, one object a line",
    ".csv": "write .jsonl or .txt",
    ".parquet": "write .jsonl or .txt",
}

LARGEST_TEXT = 200_000_000
"""Bytes of text beyond which counts of runs of tokens no longer fit an ordinary machine."""

REPEATED = 64
"""Characters from which a paragraph that was read before is left out; shorter ones may recur."""

WITHOUT_DOCUMENTATION = {
    *("test", "tests", "idle_test", "idlelib", "lib2to3", "turtledemo", "encodings"),
    *("site-packages", "dist-packages"),
}


def own_name(name: str) -> str:
    """What a text is called in messages: the name of its file or folder."""
    return Path(name).name or Path(name).resolve().name or name


def read_documents(name: str, text_field: str, characters: int) -> list[str]:
    """The documents of a corpus, each of about so many characters, none of them twice.

    Successive paragraphs or records are joined until they are that long, longer ones are cut. What
    is left at the end of a file is a document of its own, or the start of the next if it is short.

    Raises
    ------
    DataError
        If there is no such text, or it cannot be read.
    """
    documents: list[str] = []
    pending: list[str] = []
    size = 0

    def close() -> None:
        nonlocal size
        documents.append("\n\n".join(pending))
        pending.clear()
        size = 0

    for pieces in _without_copies(_files(name, text_field)):
        for piece in pieces:
            for part in _parts(piece, characters):
                pending.append(part)
                size += len(part)
                if size >= characters:
                    close()
        if size >= characters // 2:
            close()
    if pending:
        close()
    if not documents:
        raise DataError(f"{own_name(name)}: holds no text")
    return list(dict.fromkeys(documents))


def _without_copies(files: Iterable[tuple[bool, list[str]]]) -> Iterator[list[str]]:
    """The pieces of each file, those that were read before left out; records of any length."""
    seen: set[str] = set()
    read: set[tuple[str, ...]] = set()
    for records, pieces in files:
        if tuple(pieces) in read:
            continue
        read.add(tuple(pieces))
        kept = []
        for piece in pieces:
            if records or len(piece) >= REPEATED:
                if piece in seen:
                    continue
                seen.add(piece)
            kept.append(piece)
        yield kept


def _parts(piece: str, characters: int) -> Iterator[str]:
    """A piece, cut at line ends or else at spaces where it is longer than twice that."""
    while len(piece) > 2 * characters:
        half = characters // 2
        at = piece.rfind("\n", half, characters)
        at = at if at >= 0 else piece.rfind(" ", half, characters)
        at = at if at >= 0 else characters
        yield piece[:at]
        piece = piece[at:].lstrip("\n")
    yield piece


def _files(name: str, text_field: str) -> Iterator[tuple[bool, list[str]]]:
    """Of each file whether its pieces are records, and the pieces."""
    if name == BUILT_IN_TEXT:
        yield from ((False, _paragraphs(text)) for text in _python_docs())
        return
    files = _found(name)
    total = sum(path.stat().st_size for path in files)
    if total > LARGEST_TEXT:
        raise DataError(
            f"{own_name(name)}: {total / 1e6:.0f} MB of text are more than the "
            f"{LARGEST_TEXT / 1e6:.0f} MB that can be used: take a part of it"
        )
    for path in files:
        file = path.name if len(files) == 1 else str(path.relative_to(name))
        text = _decoded(path, file)
        if path.suffix.lower() in JSONL_FILES:
            yield True, list(_records(text, text_field, file))
        else:
            yield False, _paragraphs(text)


def _found(name: str) -> list[Path]:
    """The files of a corpus, sorted by name. Raises DataError."""
    path = Path(name)
    if path.is_file():
        if path.suffix.lower() in UNREAD:
            raise DataError(
                f"{path.name}: '{path.suffix}' is not read as text: {UNREAD[path.suffix.lower()]}"
            )
        return [path]
    if not path.is_dir():
        raise DataError(
            f"no text '{name}': write a text or JSONL file, a folder of them, or '{BUILT_IN_TEXT}'"
        )
    files = [
        file
        for file in sorted(path.rglob("*"))
        if file.suffix.lower() in TEXT_FILES + JSONL_FILES
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    ]
    if not files:
        raise DataError(
            f"{own_name(name)}: the folder holds no text: put "
            f"{', '.join(TEXT_FILES)} or {' or '.join(JSONL_FILES)} files into it"
        )
    return files


def _decoded(path: Path, file: str) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}") from None
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not wide and b"\x00" in content:
        raise DataError(f"{file}: is a binary file, not text")
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        byte = content[error.start]
        controls = len(re.findall(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]", content[:4096]))
        if not wide and controls > len(content[:4096]) / 50:
            raise DataError(f"{file}: is a binary file, not text") from None
        raise DataError(
            f"{file}: is not {'UTF-16, as it begins,' if wide else 'UTF-8'} at byte "
            f"{error.start + 1} (0x{byte:02X}): save it as UTF-8"
        ) from None
    return _plain(text)


def _plain(text: str) -> str:
    """Text with line ends of one kind, without what no file of text can hold."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return text.encode("utf-8", "replace").decode()


def _paragraphs(text: str) -> list[str]:
    """The stretches between blank lines."""
    pieces = re.split(r"\n(?:[ \t]*\n)+", text.strip("\n"))
    return [piece.rstrip() for piece in pieces if piece.strip()]


def _records(text: str, text_field: str, file: str) -> Iterator[str]:
    """The texts of a JSONL file. Raises DataError with the line."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{file}: line {number}"
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
            raise DataError(f"{where} is no JSON ({reason}): write one object a line") from None
        if not isinstance(record, dict):
            raise DataError(f"{where} is a {type(record).__name__}, not an object with fields")
        if text_field not in record:
            raise DataError(
                f"{where} has no field '{text_field}'{nearest(text_field, record)} (fields: "
                f"{', '.join(list(record)[:8])}): name the one that holds text as world.text_field"
            )
        found = record[text_field]
        if not isinstance(found, str):
            raise DataError(
                f"{where}: field '{text_field}' holds a {type(found).__name__}, not text"
            )
        if found.strip():
            yield _plain(found).strip("\n")


def _library() -> list[tuple[str, bytes]]:
    """Name and source of each file of the standard library that may hold docstrings."""
    root = Path(sysconfig.get_path("stdlib"))
    sources = []
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root)
        if WITHOUT_DOCUMENTATION.isdisjoint(inside.parts) and not path.name.startswith(
            "_sysconfigdata"
        ):
            sources.append((inside.as_posix(), path.read_bytes()))
    if not sources:
        raise DataError(
            f"{BUILT_IN_TEXT}: this Python carries no sources of its library: name a text instead"
        )
    return sources


def _python_docs() -> Iterator[str]:
    """The topic texts, then the docstrings of each module of the standard library."""
    try:
        topics: dict[str, str] = importlib.import_module("pydoc_data.topics").topics
    except ImportError:
        topics = {}
    for _, text in sorted(topics.items()):
        yield _plain(text)
    for name, source in _library():
        if name != "pydoc_data/topics.py" and (b'"""' in source or b"'''" in source):
            try:
                tree = ast.parse(source)
            except (SyntaxError, ValueError):  # templates and deliberate mistakes
                continue
            yield _plain("\n\n".join(_docstrings(tree)))


def _docstrings(node: ast.AST) -> Iterator[str]:
    """Docstrings of a module, its classes and functions, in their order."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        found = ast.get_docstring(node)
        if found:
            yield found
    for inner in getattr(node, "body", ()):
        if isinstance(
            inner, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.If | ast.Try
        ):
            yield from _docstrings(inner)


def corpus_fingerprint(name: str) -> str:
    """Hash of the content of a text, a folder of texts or `python-docs`. Raises DataError.

    Each file is read once for as long as it does not change.
    """
    if name == BUILT_IN_TEXT:
        return _library_digest()
    files = _found(name)
    if Path(name).is_file():
        return fingerprint(name)
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(name).as_posix()}\n{fingerprint(str(path))}\n".encode())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def _library_digest() -> str:
    digest = hashlib.sha256()
    for name, source in _library():
        digest.update(f"{name}\n{len(source)}\n".encode() + source)
    return digest.hexdigest()
