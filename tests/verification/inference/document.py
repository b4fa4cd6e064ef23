"""VERIFICATION_INFERENCE.md: its sections in their order, and what stands before them."""

from __future__ import annotations

import math

from tests.verification.inference import (
    continuous,
    coverage,
    existence,
    few,
    realised,
    rivals,
    safe_share,
    shapes,
    skewed,
    statistics,
)
from tests.verification.inference.kinds import Kind
from tests.verification.sections import Section, summary

KINDS: dict[str, Kind] = {
    "coverage": coverage.KIND,
    "safe share": safe_share.KIND,
    "shapes": shapes.KIND,
    "realised shares": realised.KIND,
    "continuous shares": continuous.KIND,
    "existence": existence.KIND,
    "rivals": rivals.KIND,
    "statistics": statistics.KIND,
    "skewed replicates": skewed.KIND,
    "few replicates": few.KIND,
}


def document(sections: list[Section]) -> str:
    """The whole document."""
    missed = sum(not item.met for section in sections for item in section.required)
    total = sum(len(section.required) for section in sections)
    errors = ", ".join(f"{math.sqrt(0.0475 / sets):.4f} of {sets}" for sets in (200, 600, 2000))
    parts = [
        "# Verification of inference",
        "Bands and tests against simulated sweeps of known truth. Re-made by `make "
        "verify-inference`, 2000 data sets a case, or by a run of fewer: every section says of how "
        f"many. The Monte-Carlo standard error of a rate of .95 or .05 is {errors} data sets, "
        "twice that from a quarter of them. The base design is 13 shares from 0 to .6, 10 "
        "replicates, noise s.d. .02 and a break at .40 whose slope changes by -1.0; every case "
        "names what differs. Numbers stand as they were measured, those that miss what was "
        "required too.",
        f"{total - missed} of {total} requirements are met (a requirement on a rate is met if the "
        'measured rate, as printed, meets it; "but for two standard errors" is .05 and twice '
        "the Monte-Carlo standard error of .05).",
        summary(sections),
        *(section.text() for section in sections),
    ]
    return "\n\n".join(parts) + "\n"
