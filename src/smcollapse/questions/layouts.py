"""Layouts in which people keep results, turned into one row per run: a share and a measure.

Wide tables (a column per share), means with their errors, successes of trials, the share as two
columns of counts or as a sum of columns of a file that is joined, runs that failed. What is assumed
is said in notes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from smcollapse.errors import DataError, nearest
from smcollapse.questions.measures import direction_of

Failed = Literal["refuse", "drop", "worst"]

RUNS_OF_AN_ERROR = 30
"""Runs for which a mean stands whose standard error is given without a number of runs."""

MOST_TRIALS = 100
"""Runs for which a proportion stands: its t law is the normal one, nearly."""

SHARE_IN_NAME = re.compile(
    r"^(?P<name>.*?)[\s@_=:/-]*(?P<share>\d+(?:\.\d+)?|\.\d+)\s*(?P<unit>%?)$"
)
PLUS_MINUS = re.compile(r"^\s*([^\s±]+)\s*(?:±|\+/-|\+-)\s*([^\s±]+?)\s*%?\s*$")


@dataclass(frozen=True)
class Layout:
    """How a table holds its results, where it is not a row per run; names of columns.

    wide : a column per share, named by it, alone or behind the measure's name
    se, sd, n : standard error of the measure's column, or standard deviation and number of runs
    trials : the measure's column counts successes of so many trials
    synthetic_rows, real_rows : counts that make the share
    failed : what becomes of runs without a value; harm : what the worst value is, by the measure's
        name unless it is "loss" (the lowest) or "gain"
    join, on, share_of : a further table, the column that both have, and columns whose sum is the
        share
    """

    wide: bool = False
    se: str | None = None
    sd: str | None = None
    n: str | None = None
    trials: str | None = None
    synthetic_rows: str | None = None
    real_rows: str | None = None
    failed: Failed = "refuse"
    harm: Literal["auto", "loss", "gain"] = "auto"
    join: Path | None = None
    on: str | None = None
    share_of: tuple[str, ...] = ()


LONG = Layout()
"""A row per run."""


def arranged(
    table: pd.DataFrame,
    layout: Layout,
    share: str,
    by: Sequence[str],
    responses: Sequence[str],
    read: Callable[[Path], tuple[pd.DataFrame, list[str]]],
) -> tuple[pd.DataFrame, list[str]]:
    """The table with a row per run, and what was done and assumed, in words.

    share : the name that a share made here gets; by : columns that tell conditions apart; read :
        reads the table that is joined

    Raises DataError for columns that are not there and options that do not go together.
    """
    _check(layout, responses)
    notes: list[str] = []
    if layout.join is not None:
        other, said = read(layout.join)
        table, notes = _joined(table, other, layout), [*notes, *said]
    if layout.share_of:
        table, said = _summed(table, layout.share_of, share)
        notes += said
    if layout.synthetic_rows is not None and layout.real_rows is not None:
        table, said = _counted(table, layout.synthetic_rows, layout.real_rows, share)
        notes += said
    if layout.wide:
        table, said = _long(table, share, responses[0])
        notes += said
    if layout.failed != "refuse":
        table, said = _without_failed(table, layout, responses)
        notes += said
    if responses:
        table, said = _runs(table, layout, responses[0], [share, *by])
        notes += said
    return table, notes


def _check(layout: Layout, responses: Sequence[str]) -> None:
    """Raise DataError for options that do not go together."""
    for names, text in (
        ((layout.synthetic_rows, layout.real_rows), "--synthetic-rows and --real-rows"),
        ((layout.join, layout.on), "--join and --on"),
    ):
        if (names[0] is None) != (names[1] is None):
            raise DataError(f"{text} go together: give both")
    if layout.sd is not None and layout.n is None:
        raise DataError("--sd needs --n: of how many runs is it the standard deviation?")
    given = [name for name in ("se", "sd", "trials") if getattr(layout, name) is not None]
    if len(given) > 1:
        raise DataError(f"--{given[0]} and --{given[1]} are two ways to give one error: choose one")
    if layout.n is not None and not given:
        raise DataError("--n needs --sd or --se: the error that belongs to so many runs")
    if len(responses) != 1 and (given or layout.wide):
        what = f"--{given[0]}" if given else "--wide"
        raise DataError(f"{what} belongs to one measure: name it with --response")


def _column(table: pd.DataFrame, name: str, option: str) -> pd.Series:
    """A column of numbers, nan where there is none. Raises DataError."""
    if name not in table.columns:
        raise DataError(f"{option} {name}: no such column{nearest(name, map(str, table.columns))}")
    return pd.to_numeric(table[name], errors="coerce")


def _joined(table: pd.DataFrame, other: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """The rows of both tables with the same value in the column ``on``."""
    on, join = layout.on, layout.join
    assert on is not None
    assert join is not None
    for name, held in (("the first table", table), (join.name, other)):
        if on not in held.columns:
            raise DataError(f"--on {on}: {name} has no such column{nearest(on, held.columns)}")
    if other[on].duplicated().any() and table[on].duplicated().any():
        raise DataError(f"--on {on}: its values occur several times in both tables")
    both = table.assign(**{on: table[on].astype(str)}).merge(
        other.assign(**{on: other[on].astype(str)}), on=on, suffixes=("", " (joined)")
    )
    if both.empty:
        raise DataError(f"--on {on}: no value of it is in both tables")
    return both


def _summed(
    table: pd.DataFrame, names: Sequence[str], share: str
) -> tuple[pd.DataFrame, list[str]]:
    parts = [_column(table, name, "--share-of") for name in names]
    total = sum(parts[1:], start=parts[0])
    return table.assign(**{share: total}), [f"the share is the sum of {', '.join(names)}"]


def _counted(
    table: pd.DataFrame, synthetic: str, real: str, share: str
) -> tuple[pd.DataFrame, list[str]]:
    made = _column(table, synthetic, "--synthetic-rows")
    true = _column(table, real, "--real-rows")
    if (made < 0).any() or (true < 0).any() or ((made + true) <= 0).any():
        raise DataError("--synthetic-rows and --real-rows count rows: 0 or more, not both 0")
    note = f"the share is {synthetic} of {synthetic} + {real}"
    return table.assign(**{share: made / (made + true)}), [note]


def _long(table: pd.DataFrame, share: str, response: str) -> tuple[pd.DataFrame, list[str]]:
    """A row for every cell of the columns that are named by a share."""
    found: dict[str, tuple[float, bool]] = {}
    for column in map(str, table.columns):
        match = SHARE_IN_NAME.match(column.strip())
        if match and _same(match["name"], response):
            found[column] = (float(match["share"]), bool(match["unit"]))
    if len(found) < 2:
        raise DataError(
            f"--wide: fewer than two columns are named by a share, such as 0.3, 30% or "
            f"{response}@30%"
        )
    signed = [sign for _, sign in found.values()]
    if any(signed) != all(signed):
        raise DataError("--wide: some shares in the names of columns have a sign of per cent")
    others = [column for column in map(str, table.columns) if column not in found]
    clash = [name for name in (share, response) if name in others]
    if clash:
        raise DataError(f"--wide: the table has a column {clash[0]!r} already: is it long?")
    long = table.melt(id_vars=others, value_vars=list(found), var_name=share, value_name=response)
    # sorted as a person writes it: by row of the wide table, then by share
    order = np.arange(len(long)).reshape(len(found), len(table)).T.ravel()
    unit = "%" if all(signed) else ""
    held = long.iloc[order].reset_index(drop=True)
    shares = held[share].map(lambda name: f"{found[name][0]:g}{unit}" if unit else found[name][0])
    note = f"a column per share: {len(found)} shares, {len(table)} rows"
    return held.assign(**{share: shares}), [note]


def _same(prefix: str, response: str) -> bool:
    """Whether what stands before a share names the measure, the share, or nothing."""
    plain = re.sub(r"[^0-9a-z]", "", prefix.lower())
    return plain in ("", "share", "p", "synthetic", re.sub(r"[^0-9a-z]", "", response.lower()))


def _without_failed(
    table: pd.DataFrame, layout: Layout, responses: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Runs without a value left out, or set to the worst value that is there."""
    notes = []
    for response in responses:
        if response not in table.columns:
            continue
        values = pd.to_numeric(table[response], errors="coerce")
        values = values.where(np.isfinite(values))
        lost = values.isna()
        if not lost.any():
            continue
        if lost.all():
            raise DataError(f"--failed: no run has a value of {response!r}")
        count = f"{int(lost.sum())} of {len(table)} runs have no value of {response!r}"
        if layout.failed == "drop":
            table = table[~lost].reset_index(drop=True)
            notes.append(
                f"{count} and are left out: if runs fail because they are bad, what is left is too "
                "good"
            )
        else:
            harm = direction_of(response) if layout.harm == "auto" else layout.harm
            bad = values.min() if harm == "loss" else values.max()
            table = table.assign(**{response: values.fillna(bad)})
            notes.append(f"{count} and count with the worst value that is there, {bad:g}")
    return table, notes


def _runs(
    table: pd.DataFrame, layout: Layout, response: str, cells: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Rows for runs in place of means with errors; the table itself where it holds runs."""
    if layout.trials is not None:
        return _of_trials(table, response, layout.trials, cells)
    se = layout.se
    notes: list[str] = []
    if layout.se is None and layout.sd is None and response in table.columns:
        held = table[response]
        parts = held.map(lambda cell: PLUS_MINUS.match(cell) if isinstance(cell, str) else None)
        if not parts.notna().all() or not len(parts):
            return table, []
        se = f"{response} ±"
        table = table.assign(
            **{
                response: parts.map(lambda found: found[1]),
                se: parts.map(lambda found: found[2]),
            }
        )
        notes.append(
            f"what follows ± in {response!r} is read as the standard error of the mean: if it is a "
            "standard deviation of runs, give it a column of its own, --sd and --n"
        )
    error_column = layout.sd if layout.sd is not None else se
    if error_column is None:
        return table, []
    means = _column(table, response, "--response")
    errors = _column(table, error_column, "--sd" if layout.sd is not None else "--se")
    if layout.n is not None:
        counts = _column(table, layout.n, "--n")
        if not (counts >= 2).all() or (counts != counts.round()).any():
            raise DataError(f"--n {layout.n}: numbers of runs are whole, 2 or more")
    else:
        counts = pd.Series(RUNS_OF_AN_ERROR, index=table.index)
        notes.append(
            "standard errors are taken as well known, since no column says how many runs they are "
            "of (--n): with few runs intervals are too short"
        )
    if errors.isna().any() or (errors < 0).any():
        raise DataError(f"column {error_column!r} must hold errors of 0 or more in every row")
    spread = errors if layout.sd is not None else errors * np.sqrt(counts)
    notes.append(
        "means with errors are compared as runs of their own at every share: if shares have seeds "
        "in common, results by run would tell more"
    )
    return _spread_out(table, response, means, spread, counts), notes


def _of_trials(
    table: pd.DataFrame, response: str, trials: str, cells: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Proportions with the noise of their trials, or of the runs where there are several."""
    successes = _column(table, response, "--response")
    counts = _column(table, trials, "--trials")
    if not (counts >= 1).all() or not ((successes >= 0) & (successes <= counts)).all():
        raise DataError(f"--trials {trials}: successes lie from 0 to the number of trials")
    part = successes / counts
    if table.duplicated([name for name in cells if name in table.columns]).any():
        # several runs a share: their scatter holds the noise of trials and of training
        return table.assign(**{response: part}), [f"{response!r} is read as successes of {trials}"]
    runs = pd.Series(np.clip(counts.round(), 2, MOST_TRIALS), index=table.index)
    # Agresti & Coull (1998): a proportion of 0 or 1 has noise too
    moderate = (successes + 2.0) / (counts + 4.0)
    spread = np.sqrt(moderate * (1.0 - moderate) / counts * runs)
    note = (
        f"{response!r} is read as successes of {trials}, independent of one another: one run a "
        "share shows the noise of its test rows alone, not that of training anew"
    )
    return _spread_out(table, response, part, spread, runs), [note]


def _spread_out(
    table: pd.DataFrame, response: str, means: pd.Series, spread: pd.Series, counts: pd.Series
) -> pd.DataFrame:
    """Runs whose means and standard deviations (ddof 1) are those that are given."""
    whole = counts.astype(int)
    rows = table.loc[table.index.repeat(whole)].reset_index(drop=True)
    scores = []
    for mean, deviation, count in zip(means, spread, whole, strict=True):
        pattern = np.linspace(-1.0, 1.0, count)
        pattern /= math.sqrt(float((pattern**2).sum()) / (count - 1))
        scores.append(mean + deviation * pattern)
    return rows.assign(**{response: np.concatenate(scores)})
