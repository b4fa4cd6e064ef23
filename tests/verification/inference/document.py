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


def document(sections: list[Section], sets: int) -> str:
    """The whole document."""
    missed = sum(not item.met for section in sections for item in section.required)
    total = sum(len(section.required) for section in sections)
    error = math.sqrt(0.95 * 0.05 / sets)
    parts = [
        "# Verification of inference",
        "Bands and tests against simulated sweeps of known truth. Re-made by `make "
        f"verify-inference`; {sets} data sets a case unless a section says otherwise, so that a "
        f"rate of .95 or .05 has a Monte-Carlo standard error of {error:.4f} ({error * 2:.4f} from "
        "a quarter of them). The base design is 13 shares from 0 to .6, 10 replicates, noise s.d. "
        ".02 and a break at .40 whose slope changes by -1.0; every case names what differs. "
        "Numbers stand as they were measured, those that miss what was required too.",
        f"{total - missed} of {total} requirements are met (a requirement on a rate is met if the "
        'measured rate, as printed, meets it; "but for two standard errors" is .05 and twice '
        "the Monte-Carlo standard error of .05).",
        summary(sections),
        *(section.text() for section in sections),
    ]
    return "\n\n".join(parts) + "\n"
