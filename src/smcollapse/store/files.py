"""Files that are there whole or not at all, and that say when a byte of them has changed."""

from __future__ import annotations

import hashlib
import os
import re
import socket
from pathlib import Path

UNSEALED = b"blake2b:" + 32 * b"0"
"""Stands in a file where the checksum of all its other bytes is put afterwards."""

TEMPORARY = re.compile(
    r"\.(study\.toml|store\.json|\w{24}\.parquet)\.(?P<host>.+)-(?P<pid>\d+)\.tmp"
)
"""Names of files that are still being written: what they will be, and by which process."""


def sealed(content: bytes) -> bytes:
    """The bytes of a part with the checksum of all the rest in its place.

    Raises
    ------
    ValueError
        If there is no such place.
    """
    label = UNSEALED[: -2 * 16]
    start = content.rfind(label)
    if start < 0:
        raise ValueError("it has no checksum")
    before, after = content[: start + len(label)], content[start + len(UNSEALED) :]
    digest = hashlib.blake2b(before + after, digest_size=16).hexdigest()
    return before + digest.encode() + after


def put(path: Path, content: bytes) -> None:
    """Write a file all or not at all."""
    temporary = path.with_name(f".{path.name}.{socket.gethostname()}-{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_stale(folder: Path) -> None:
    """Remove the temporary files of processes of this machine that have ended."""
    for path in (*folder.glob(".*.tmp"), *(folder / "parts").glob(".*.tmp")):
        owner = TEMPORARY.fullmatch(path.name)
        if owner and owner["host"] == socket.gethostname() and not _lives(int(owner["pid"])):
            path.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
