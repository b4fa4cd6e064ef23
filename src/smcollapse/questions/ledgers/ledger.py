"""The ledger of claims as values: each claim with the tests that decide it.

    [[results]]
    names = ["atlas"]
    file = "paper/data/findings/{name}.json"
    code = ["analyses/headline.py"]

    [[claims]]
    id = "onset-band"
    statement = "The onset lies at a synthetic share of 38 to 42 %."
    reading = "share"
    origin = "published"
    falsifier = "An interval of the onset that lies outside of the band."

    [[claims.tests]]
    rule = "inside"
    finding = "atlas"
    quantity = "benchmark share"
    lower = 0.38
    upper = 0.42

A grade is never written. A test looks at the interval of a number, not at the number: it supports
or contradicts only what the whole interval supports or contradicts.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from smcollapse.questions.ledgers.findings import Grade, Quantity
from smcollapse.settings.base import Positive, Value

Text = Annotated[str, StringConstraints(min_length=1)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]


def limits_of(quantity: Quantity) -> tuple[float, float]:
    """Limits of a quantity's interval; a side that is open, or not given, is infinite."""
    lower, upper = quantity.lower, quantity.upper
    return -math.inf if lower is None else lower, math.inf if upper is None else upper


class _Asked(Value):
    finding: Text
    quantity: Text | None = None

    def findings(self) -> tuple[str, ...]:
        """Names of the findings that the test looks at."""
        return (self.finding,)


class _Number(_Asked):
    """A test of one quantity's interval."""

    quantity: Text


class Inside(_Number):
    """The number lies in a range."""

    rule: Literal["inside"]
    lower: float
    upper: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.lower < self.upper:
            raise ValueError(f"lower must be below upper (got {self.lower}, {self.upper})")
        return self

    def grade_of(self, quantity: Quantity) -> Grade:
        """Supported if the interval lies inside, contradicted if it lies outside."""
        lower, upper = limits_of(quantity)
        if self.lower <= lower and upper <= self.upper:
            return "supported"
        return "contradicted" if upper < self.lower or lower > self.upper else "not shown"

    def asks(self) -> str:
        """The test in words."""
        return f"inside {self.lower:g} to {self.upper:g}"


class Equals(_Number):
    """The number is the claimed one, which is given to ± `rounding`.

    An interval that leaves more open than claimed ± `resolution` supports nothing.
    """

    rule: Literal["equals"]
    value: float
    rounding: Positive
    resolution: Positive

    def grade_of(self, quantity: Quantity) -> Grade:
        """Contradicted if the interval holds nothing that rounds to the claimed value."""
        lower, upper = limits_of(quantity)
        if upper < self.value - self.rounding or lower > self.value + self.rounding:
            return "contradicted"
        resolved = self.value - self.resolution <= lower and upper <= self.value + self.resolution
        return "supported" if resolved else "not shown"

    def asks(self) -> str:
        """The test in words."""
        return f"equals {self.value:g} ± {self.rounding:g}, resolved to ± {self.resolution:g}"


class Above(_Number):
    """The number is larger than a fixed one."""

    rule: Literal["above"]
    value: float

    def grade_of(self, quantity: Quantity) -> Grade:
        """By the side of the value on which the interval lies."""
        lower, upper = limits_of(quantity)
        if lower > self.value:
            return "supported"
        return "contradicted" if upper <= self.value else "not shown"

    def asks(self) -> str:
        """The test in words."""
        return f"above {self.value:g}"


class Below(_Number):
    """The number is smaller than a fixed one."""

    rule: Literal["below"]
    value: float

    def grade_of(self, quantity: Quantity) -> Grade:
        """By the side of the value on which the interval lies."""
        lower, upper = limits_of(quantity)
        if upper < self.value:
            return "supported"
        return "contradicted" if lower >= self.value else "not shown"

    def asks(self) -> str:
        """The test in words."""
        return f"below {self.value:g}"


class Other(Value):
    """The second number of a comparison."""

    finding: Text
    quantity: Text


class Compared(_Number):
    """The number is larger than another one: intervals apart, so a paired contrast says more."""

    rule: Literal["larger"]
    other: Other

    def findings(self) -> tuple[str, ...]:
        """Names of the findings that the test looks at."""
        return self.finding, self.other.finding

    def grade_of(self, quantity: Quantity, other: Quantity) -> Grade:
        """By the order of two intervals that do not overlap."""
        lower, upper = limits_of(quantity)
        least, most = limits_of(other)
        if lower > most:
            return "supported"
        return "contradicted" if upper < least else "not shown"

    def asks(self) -> str:
        """The test in words."""
        return f"larger than {self.other.quantity} of {self.other.finding}"


class Verdict(_Asked):
    """The finding's own grade; `turned` where the finding tests the opposite sentence.

    A number that is named is shown beside it, otherwise the one that decides the finding.
    """

    rule: Literal["verdict"]
    turned: bool = False

    def grade_of(self, grade: Grade) -> Grade:
        """The finding's grade, or its opposite."""
        opposite: dict[Grade, Grade] = {
            "supported": "contradicted",
            "contradicted": "supported",
            "not shown": "not shown",
        }
        return opposite[grade] if self.turned else grade

    def asks(self) -> str:
        """The test in words."""
        return "the finding contradicts the opposite" if self.turned else "the finding supports it"


Rule = Annotated[Inside | Equals | Above | Below | Compared | Verdict, Field(discriminator="rule")]

RULES: dict[str, type[Value]] = {
    "inside": Inside,
    "equals": Equals,
    "above": Above,
    "below": Below,
    "larger": Compared,
    "verdict": Verdict,
}
"""Values by the word that a ledger writes."""


class Results(Value):
    """Where findings lie and which scripts make them; `{name}` stands for a finding's name.

    run : what makes them again, where that is not the first of the scripts
    """

    names: Annotated[tuple[Text, ...], Field(min_length=1)]
    file: Text
    code: Annotated[tuple[Text, ...], Field(min_length=1)]
    run: Text | None = None


class LedgerClaim(Value):
    """A claim: what is said, how its numbers are read, who says it, what would refute it."""

    id: Identifier
    statement: Text
    reading: Literal["points", "relative", "share", "none"]
    origin: Literal["published", "ours"]
    falsifier: Text
    needs: Literal["all", "any"] = "all"
    tests: tuple[Rule, ...] = ()


class Ledger(Value):
    """Claims, and the findings they may cite; files stand below `root`, seen from the ledger."""

    root: str = "."
    results: tuple[Results, ...] = ()
    claims: Annotated[tuple[LedgerClaim, ...], Field(min_length=1)]

    def cited(self) -> tuple[str, ...]:
        """Names of all findings that are cited, each once."""
        names = (n for claim in self.claims for test in claim.tests for n in test.findings())
        return tuple(dict.fromkeys(names))

    def results_of(self, name: str) -> Results:
        """Where that finding lies. Raises KeyError."""
        return {known: results for results in self.results for known in results.names}[name]
