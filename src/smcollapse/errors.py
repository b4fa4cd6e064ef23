"""The errors a user can cause, each with one message: what, where, what to write instead."""

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """Text that names the nearest known word, or nothing; dotted paths also match by their end."""
    known = list(known)
    leaves = [path for path in known if path.rsplit(".", 1)[-1] == word.rsplit(".", 1)[-1]]
    close = leaves or difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f" — did you mean '{close[0]}'?" if close else ""


class SmcollapseError(Exception):
    """Base of every error that is the input's fault; the command line exits with code 2."""


class StudyError(SmcollapseError):
    """A study file, an axis or an override that does not describe a study."""


class DataError(SmcollapseError):
    """A user's table that cannot be read or used."""


class StoreError(SmcollapseError):
    """A result folder that cannot be used as it is."""


class DeviceError(SmcollapseError):
    """A device that this machine does not have."""


class TheoryError(SmcollapseError):
    """A theory asked for a scenario that it does not cover."""
