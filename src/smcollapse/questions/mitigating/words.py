"""A comparison of mitigations in words, and as a table."""

from __future__ import annotations

import math

import pandas as pd

from smcollapse.inference.multiplicity.hypotheses import Hypothesis
from smcollapse.questions.mitigating.results import RESPONSE, MitigationReport, MitigationRow

_GOOD = {RESPONSE: 1.0, "head_recall": 1.0, "ece": -1.0}
_NOUNS = {RESPONSE: "rare recall", "head_recall": "head recall", "ece": "calibration"}


def words_of(late: dict[str, Hypothesis], alpha: float) -> str:
    """Helps, harms, trades, or nothing shown: what is significant over the late shares."""
    better: list[str] = []
    worse: list[str] = []
    for name, sign in _GOOD.items():
        if late[name].p_adjusted <= alpha:
            (better if sign * late[name].estimate > 0.0 else worse).append(_NOUNS[name])
    if all(test.estimate == test.interval.lower == test.interval.upper for test in late.values()):
        return "changes nothing here"
    if better and worse:
        return f"trades: helps {', '.join(better)}; harms {', '.join(worse)}"
    if better:
        return f"helps {', '.join(better)}"
    return f"harms {', '.join(worse)}" if worse else "no effect shown"


def verdict_of(rows: tuple[MitigationRow, ...]) -> str:
    """Which help rare recall, which harm anything, which do nothing, in words."""
    shown = [row for row in rows if row.late[RESPONSE].rejected]
    helping = sorted(
        (row for row in shown if row.late[RESPONSE].estimate > 0.0),
        key=lambda row: -row.late[RESPONSE].estimate,
    )
    said = ", ".join(f"{row.label} ({100 * row.late[RESPONSE].estimate:+.1f})" for row in helping)
    harming = [row.label for row in rows if row.verdict.startswith(("harms", "trades"))]
    nothing = [row.label for row in rows if row.verdict == "no effect shown"]
    void = [row.label for row in rows if row.verdict == "changes nothing here"]
    parts = [
        f"rare recall beyond the claimed onset is helped by {said} (points)"
        if said
        else "nothing is shown to help rare recall beyond the claimed onset"
    ]
    if harming:
        parts.append(f"something is harmed by {', '.join(harming)}")
    if nothing:
        parts.append(f"no effect is shown of {', '.join(nothing)}")
    if void:
        parts.append(
            f"there is nothing to do for {', '.join(void)}: every model is the reference's"
        )
    if errors := errors_of(rows):
        worst = max(errors, key=lambda label: errors[label])
        others = [error for label, error in errors.items() if label != worst]
        parts.append(
            f"theory missed rare recall by {100 * errors[worst]:.1f} points at worst ({worst})"
            + (f", by {100 * max(others):.1f} under every other mitigation" if others else "")
        )
    return "; ".join(parts)


def errors_of(rows: tuple[MitigationRow, ...]) -> dict[str, float]:
    """Largest error of theory in rare recall over the three shares, by mitigation."""
    return {
        row.label: max(abs(error) for error in row.prophecy.errors)
        for row in rows
        if row.prophecy is not None
    }


def mitigation_table(report: MitigationReport) -> pd.DataFrame:
    """One row per mitigation, numbers in units of the measure; columns named after them."""
    rows = []
    for row in report.rows:
        said = {
            "mitigation": row.label,
            "kind": row.kind,
            "verdict": row.verdict,
            "onset_shift": math.nan if row.shift is None else row.shift.shift,
            "onset_shift_lower": math.nan if row.shift is None else row.shift.lower,
            "onset_shift_upper": math.nan if row.shift is None else row.shift.upper,
            "onset_shift_p_adjusted": math.nan if row.shift is None else row.shift.p_adjusted,
            "onset_bound": None if row.shift is None else row.shift.bound,
        }
        for place, (share, test) in enumerate(zip(report.shares, row.at_shares, strict=True)):
            said |= _spelled(f"rare_recall_{share:g}", test)
            predicted = math.nan if row.prophecy is None else row.prophecy.changes[place]
            said[f"rare_recall_{share:g}_predicted"] = predicted
        for name, test in row.late.items():
            said |= _spelled(f"late_{name}", test)
            said[f"late_{name}_level"] = row.levels[name]
        said |= {
            "real_rows": row.real_rows,
            "networks": row.models,
            "theory": "" if row.prophecy is None else row.prophecy.theory,
            "dominated": row.dominated,
        }
        rows.append(said)
    return pd.DataFrame(rows)


def _spelled(name: str, test: Hypothesis) -> dict[str, float]:
    return {
        name: test.estimate,
        f"{name}_lower": test.interval.lower,
        f"{name}_upper": test.interval.upper,
        f"{name}_p_adjusted": test.p_adjusted,
    }


def theory_notes(report: MitigationReport) -> tuple[str, ...]:
    """Which theory spoke of which mitigations, what it doubts, and of which none does."""
    said: dict[str, list[str]] = {}
    for row in report.rows:
        if row.prophecy is None:
            said.setdefault(f"no theory: {row.silence}", []).append(row.label)
            continue
        said.setdefault(f"theory {row.prophecy.theory}", []).append(row.label)
        for doubt in row.prophecy.doubts:
            said.setdefault(f"theory {row.prophecy.theory} doubts: {doubt}", []).append(row.label)
    return tuple(f"{text} ({', '.join(labels)})" for text, labels in said.items())
