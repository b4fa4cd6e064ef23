"""The ledger of claims as a TOML file: reading it, and all that is wrong with one, by line."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from smcollapse.errors import SmcollapseError, nearest
from smcollapse.questions.ledgers.ledger import RULES, Ledger, LedgerClaim, Other, Results
from smcollapse.setting_checks import reason_of
from smcollapse.settings.base import Value
from smcollapse.toml_lines import Path as Place
from smcollapse.toml_lines import key_lines, line_of


class LedgerError(SmcollapseError):
    """A ledger that cannot be read, or that is no ledger: every problem with its line."""


def read_ledger(place: Path) -> Ledger:
    """The ledger in a TOML file. Raises LedgerError."""
    try:
        text = place.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LedgerError(f"no ledger of claims '{place}'") from None
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerError(f"{place}: cannot be read: {error}") from None
    return parse_ledger(text, str(place))


def parse_ledger(text: str, label: str) -> Ledger:
    """The ledger written in `text`; `label` names it in errors. Raises LedgerError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LedgerError(f"{label}: not valid TOML: {error}") from None
    lines = key_lines(text)
    try:
        # by way of JSON, in which lists are tuples but "0.3" is no number
        ledger = Ledger.model_validate_json(json.dumps(data, default=str), strict=True)
        wrong = list(_misfits(ledger))
    except ValidationError as error:
        wrong = [_explained(item) for item in error.errors(include_url=False)]
    if wrong:
        found = sorted((line_of(lines, place), what) for place, what in wrong)
        raise LedgerError("\n".join(f"{label}:{line}: {what}" for line, what in found))
    return ledger


def _explained(item: ErrorDetails) -> tuple[Place, str]:
    """Place and words of a problem that pydantic found; the rule of a test is not a key."""
    location = item["loc"]
    place = tuple(part for at, part in enumerate(location) if not _is_rule(location, at))
    if item["type"] == "union_tag_not_found":
        return place, f"{_named(place)}: rule must be given: one of {', '.join(RULES)}"
    if item["type"] == "union_tag_invalid":
        written = str(item["input"].get("rule"))
        what = f"unknown rule '{written}'{nearest(written, RULES)}"
        return (*place, "rule"), f"{_named(place)}: {what}"
    if item["type"] == "extra_forbidden":
        return place, f"unknown key '{place[-1]}'{nearest(str(place[-1]), _known(location))}"
    return place, f"{_named(place)}: {reason_of(item)}"


def _is_rule(location: Place, at: int) -> bool:
    """Whether a part of pydantic's place is the rule of a test, which is no key of the file."""
    return at == 4 and location[0] == "claims" and location[2] == "tests"


def _known(location: Place) -> list[str]:
    """The keys of the table that an unknown key stands in."""
    table: type[Value] = Ledger
    if location[0] == "results" and len(location) > 1:
        table = Results
    elif location[0] == "claims" and len(location) > 1:
        table = LedgerClaim
        if len(location) > 5:
            table = Other if location[5] == "other" else RULES[str(location[4])]
    return list(table.model_fields)


def _named(place: Place) -> str:
    """A place as the user calls it, tables counted from 1."""
    parts = (str(part + 1) if isinstance(part, int) else part for part in place)
    return ".".join(parts) or "ledger"


def _misfits(ledger: Ledger) -> Iterator[tuple[Place, str]]:
    """Names that stand twice, or for nothing."""
    counted = Counter(claim.id for claim in ledger.claims)
    known = [name for results in ledger.results for name in results.names]
    for name, count in Counter(known).items():
        if count > 1:
            yield ("results",), f"results: '{name}' stands {count} times"
    for number, claim in enumerate(ledger.claims):
        place = ("claims", number)
        if counted[claim.id] > 1:
            yield (*place, "id"), f"claim '{claim.id}' stands {counted[claim.id]} times"
        for at, test in enumerate(claim.tests):
            for name in test.findings():
                if name not in known:
                    yield (
                        (*place, "tests", at, "finding"),
                        f"claim '{claim.id}': no results name the finding '{name}'"
                        + nearest(name, known),
                    )
