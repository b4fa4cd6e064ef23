"""What the text of a study looks like, and what its knobs of style do: tables of the page."""

from __future__ import annotations

import pandas as pd

from smcollapse.inference import Interval
from smcollapse.questions.conditions import CONTROL, conditions_of, knobs_of
from smcollapse.questions.factorial import WORDS, FactorEffect, Factorial, factorial_of
from smcollapse.questions.probe import probe
from smcollapse.report.knobs import same_value
from smcollapse.report.tables import Table
from smcollapse.report.wording import (
    limits,
    measure_name,
    number,
    percent,
    shift_words,
    short_percent,
)
from smcollapse.store import Store
from smcollapse.study import Condition, value_at
from smcollapse.texts import REAL_TEXT, SYNTHETIC_TEXT

EXAMPLES = 3


def example_table(store: Store) -> Table | None:
    """Real and synthetic sentences side by side, a row per setting; None where rows are no text."""
    table = store.table(complete=True)
    if REAL_TEXT not in table:
        return None
    table = table[table["replicate"] == table["replicate"].min()]
    found = [
        (one.label, _texts(one.rows, SYNTHETIC_TEXT))
        for one in conditions_of(store, table[table["design"] != CONTROL])
    ]
    rows = [("real text", _texts(table, REAL_TEXT)), *found]
    return Table(
        "What the text looks like",
        ("", *(f"example {number}" for number in range(1, EXAMPLES + 1))),
        tuple((label, *texts) for label, texts in rows if texts),
        _same_facts(store),
    )


def _texts(rows: pd.DataFrame, column: str) -> tuple[str, ...]:
    """The examples at the largest share that has any."""
    for texts in rows.sort_values("share", ascending=False)[column]:
        if texts is not None and len(texts):
            shown = [str(text) for text in texts[:EXAMPLES]]
            return tuple(shown + [""] * (EXAMPLES - len(shown)))
    return ()


def _same_facts(store: Store) -> str:
    if store.study.scenario.world.kind == "language":
        return (
            "Each column is one question about a rare fact, as real text puts it and as each "
            "setting of the source does, with the observed answer at its end."
        )
    return "Windows of held-out real text, and what the generator made at each of its settings."


def probe_table(store: Store) -> Table | None:
    """How well each source of a `language` study is told by its style; None in other worlds."""
    if store.study.scenario.world.kind != "language":
        return None
    labels = {one.label: one.settings for one in conditions_of(store, store.table(complete=True))}
    paths = knobs_of(store, store.table())
    scenarios = {condition.scenario.source: condition.scenario for condition in _trained(store)}
    rows = []
    for source, scenario in scenarios.items():
        names = [
            label
            for label, settings in labels.items()
            if all(
                same_value(settings[column], value_at(scenario, path))
                for column, path in paths.items()
                if path.startswith("source.")
            )
        ]
        found = probe(scenario)
        ends = (found.auc_interval.lower, found.auc_interval.upper)
        rows.append(
            (
                " = ".join(names) or str(source.kind),
                f"{found.measured.auc:.3f} [{ends[0]:.3f}, {ends[1]:.3f}]",
                f"{found.law.auc:.3f}",
                percent(found.measured.synthetic_told),
                percent(found.law.synthetic_told),
                percent(found.never_synthetic),
            )
        )
    return Table(
        "Can the source be told by its style?",
        (
            "setting",
            "AUC of a probe",
            "AUC, best possible",
            "synthetic sentences told",
            "told, best possible",
            "real questions it never asks so",
        ),
        tuple(rows),
        "The probe is a logistic regression on the words before the answer, cross-validated, with "
        "names masked; told: at 1 % false alarms. Best possible: the likelihood ratio of the laws. "
        "Theory lets a source collapse only those real questions that could be its own.",
    )


def _trained(store: Store) -> list[Condition]:
    return [
        condition
        for condition in store.study.conditions()
        if condition.scenario.mixture.design != CONTROL
    ]


def factorial_table(store: Store) -> tuple[Table, str] | None:
    """Effects of crossed knobs with simultaneous intervals, and the verdict in words."""
    table = store.table(complete=True)
    found = factorial_of(store.study, list(conditions_of(store, table)))
    if found is None:
        return None
    columns = (
        "knob",
        *(measure_name(name) for name in found.measures),
        *(f"shift of the onset, {WORDS[name]}" for name in found.recalls),
    )
    rows = tuple(_row(row, found) for row in found.rows)
    note = (
        "Change between the windows of shares of the claim, or over the whole sweep, where a knob "
        "has the reference's value, less that where it has not, in points, mean over all settings "
        f"of the other knobs; {found.n_replicates} replicates, simultaneous "
        f"{short_percent(found.level)} intervals over all knobs, interactions and measures "
        "(Romano-Wolf), * where shown. Shift of the onset: benchmark share of the mean curves, "
        "points of share, simultaneous over knobs and kinds of question; ≥ or ≤ where one half "
        "does not reach the loss, — where neither does."
    )
    return Table("Which knob matters", columns, rows, note), found.verdict


def _row(row: FactorEffect, found: Factorial) -> tuple[str, ...]:
    cells = []
    for name in found.measures:
        one = row.changes[name]
        mark = "*" if one.rejected else ""
        cells.append(
            f"{number(100.0 * one.estimate, signed=True)}{mark} "
            f"[{number(100.0 * one.interval.lower, signed=True)}, "
            f"{number(100.0 * one.interval.upper, signed=True)}]"
        )
    for name in found.recalls:
        shift = row.shifts.get(name)
        if shift is None:
            cells.append("—")
            continue
        mark = "*" if shift.p_adjusted <= 1.0 - found.level else ""
        value = shift_words(shift.shift, shift.bound, mark)
        ends = Interval(shift.lower, shift.upper, found.level)
        cells.append(f"{value} {limits(ends, signed=True, beyond='open')}")
    label = (
        f"{row.term.replace('_', ' ')} ({row.versus})" if row.versus else row.term.replace("_", " ")
    )
    return (label, *cells)
