"""Compile the kernels, with a file cache that cannot return outdated numbers.

Numba's own file cache looks at one source file only: change a kernel that another module
calls and the caller keeps its old numbers (numba #1833).  It also stops the import where no
folder is writable (#4908).  Here the cache folder is named by a hash of all kernel sources,
so any change starts a fresh folder, and where no folder is writable kernels are compiled in
memory.

Numba reads the folder from the global ``numba.config.CACHE_DIR`` when a function is
decorated, and has no public way to give it per function.  The decorators below set it for
that moment, under a lock, and restore it: other packages keep their own cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])

FOLDER_PREFIX = "smcollapse-kernels-"
DAYS_KEPT = 30.0

_decorating = threading.Lock()


def source_hash(folder: Path = Path(__file__).parent) -> str:
    """Hash of every kernel source in ``folder``, of Python and of Numba (16 hex digits)."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{sys.version_info[:2]} {numba.__version__}".encode())
    for path in sorted(folder.glob("*.py")):
        text = path.read_bytes()
        digest.update(f"\n{path.name} {len(text)}\n".encode() + text)
    return digest.hexdigest()


def cache_root() -> Path:
    """``NUMBA_CACHE_DIR`` if set, else ``$XDG_CACHE_HOME`` or ``~/.cache``, ``/smcollapse``."""
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(chosen)
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(home) / "smcollapse"


def open_cache_folder(root: Path, name: str) -> Path | None:
    """Create ``root/name``, mark it as used now, and return it; None where that fails."""
    folder = root / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            os.utime(folder)
    except (OSError, RuntimeError):
        return None
    return folder


def remove_old_folders(root: Path, keep: str, days: float = DAYS_KEPT) -> None:
    """Remove cache folders of other source hashes not used for ``days``; ignore errors."""
    oldest = time.time() - 86400.0 * days
    with contextlib.suppress(OSError):
        for folder in root.glob(FOLDER_PREFIX + "*"):
            if folder.name != keep and folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)


def _open_own_cache() -> Path | None:
    name = FOLDER_PREFIX + source_hash()
    try:
        root = cache_root()
    except RuntimeError:  # no home folder
        return None
    folder = open_cache_folder(root, name)
    if folder is not None:
        remove_old_folders(root, keep=name)
    return folder


CACHE_FOLDER = _open_own_cache()


@contextlib.contextmanager
def _numba_cache_in(folder: Path) -> Iterator[None]:
    config: Any = numba.config
    with _decorating:
        before = config.CACHE_DIR
        config.CACHE_DIR = str(folder)
        try:
            yield
        finally:
            config.CACHE_DIR = before


def _compile(function: F, **options: Any) -> F:
    options |= {"nogil": True, "error_model": "numpy", "fastmath": False}
    if CACHE_FOLDER is not None:
        # RuntimeError: no source file to stamp the cache with (zipped or frozen package).
        with contextlib.suppress(RuntimeError), _numba_cache_in(CACHE_FOLDER):
            return cast(F, numba.njit(cache=True, **options)(function))
    return cast(F, numba.njit(**options)(function))


def jit(function: F) -> F:
    """Compile a kernel: no GIL, IEEE arithmetic as written, cached safely on disk."""
    return _compile(function)


def inline(function: F) -> F:
    """Compile a helper whose code is placed into each kernel that calls it."""
    return _compile(function, forceinline=True)
