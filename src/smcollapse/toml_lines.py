"""Where the keys of a TOML text stand: the line numbers that the standard library does not keep."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

Path = tuple[str | int, ...]
"""Keys, and numbers of array elements, from the top of the document down."""

_TOKEN = re.compile(
    r'''(?P<string>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?'{3,5}|"(?:\\.|[^"\\])*"|'[^']*')'''
    r"|(?P<skip>\#[^\n]*|[ \t\r]+)|(?P<end>\n)|(?P<mark>[\[\]{}=,.])|(?P<bare>[^\s\[\]{}=,.#]+)",
    re.DOTALL,
)


def key_lines(text: str) -> dict[Path, int]:
    """Line, counted from 1, of every key, table and array element of a valid TOML text.

    Line 1 is that of the empty path. A table that is only implied by a longer key stands where
    it is first implied.
    """
    return _Reader(text).lines


class _Reader:
    """One pass over the tokens of a text; `tomllib` has found it valid before."""

    def __init__(self, text: str) -> None:
        self.tokens = [*_tokens(text), ("end", "\n", text.count("\n") + 1)]
        self.at = 0
        self.lines: dict[Path, int] = {(): 1}
        self.arrays: dict[Path, int] = {}
        table: Path = ()
        while self._skip_ends():
            if self.text == "[":
                table = self._header()
            else:
                self._pair(table)

    @property
    def kind(self) -> str:
        return self.tokens[self.at][0]

    @property
    def text(self) -> str:
        return self.tokens[self.at][1]

    def _skip_ends(self) -> bool:
        """Pass over line ends; whether anything follows."""
        while self.at < len(self.tokens) and self.kind == "end":
            self.at += 1
        return self.at < len(self.tokens)

    def _header(self) -> Path:
        self.at += 1
        repeated = self.text == "["
        self.at += repeated
        line, keys = self._key()
        self.at += 1 + repeated
        table: Path = ()
        for key in keys[:-1]:
            table = self._inside((*table, key))
            self.lines.setdefault(table, line)
        table = (*table, keys[-1])
        self.lines.setdefault(table, line)
        if repeated:
            self.arrays[table] = self.arrays.get(table, -1) + 1
        table = self._inside(table)
        self.lines[table] = line
        return table

    def _inside(self, table: Path) -> Path:
        """The newest element where the table is an array of tables."""
        return (*table, self.arrays[table]) if table in self.arrays else table

    def _key(self) -> tuple[int, list[str]]:
        """Line and pieces of a dotted key."""
        line, keys = self.tokens[self.at][2], []
        while True:
            piece = self.text
            keys.append(tomllib.loads(f"k = {piece}")["k"] if self.kind == "string" else piece)
            self.at += 1
            if self.text != ".":
                return line, keys
            self.at += 1

    def _pair(self, table: Path) -> None:
        line, keys = self._key()
        for key in keys:
            table = (*table, key)
            self.lines.setdefault(table, line)
        self.at += 1
        self._value(table)

    def _value(self, path: Path) -> None:
        self.lines.setdefault(path, self.tokens[self.at][2])
        opening = self.text if self.kind == "mark" else ""
        if opening not in ("[", "{"):
            while not (self.kind == "end" or (self.kind == "mark" and self.text in ",]}")):
                self.at += 1
            return
        self.at += 1
        number = 0
        while self._skip_ends() and self.text not in ("]", "}"):
            if self.text == ",":
                self.at += 1
            elif opening == "{":
                self._pair(path)
            else:
                self._value((*path, number))
                number += 1
        self.at += 1


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """(kind, text, line) of every token but comments and blanks."""
    line = 1
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        if kind != "skip":
            yield kind, match.group(), line
        line += match.group().count("\n")


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Line of a place, or of the nearest thing around it that is written down."""
    return next(lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in lines)
