"""What the program prints: tables with rich on a terminal, plain text in a pipe, or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import rich.box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from smcollapse.errors import StoreError

if TYPE_CHECKING:
    import pandas as pd
    from rich.progress import TaskID

    from smcollapse.engines import Finished
    from smcollapse.questions.answer import Answer
    from smcollapse.report import Report
    from smcollapse.report.summaries import Part
    from smcollapse.report.tables import Table as TextTable
    from smcollapse.run import Run
    from smcollapse.store import Store
    from smcollapse.study import Study
    from smcollapse_cli.options import Device

PIPE_WIDTH = 160
WIDE = 8
LEFT_OUT = ("step-down", "knot", "transition centre", "rare recall, net")
"""Columns that a table of `WIDE` columns or more goes without in a narrow terminal."""


def console() -> Console:
    """Standard output; wide where it is not a terminal, so that lines are not cut."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def as_json(value: Any) -> None:
    """Print plain data as JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def grid(
    title: str, columns: Iterable[str], rows: Iterable[Iterable[str]], note: str = ""
) -> Table:
    """A table for the terminal; brackets in its texts are not rich's markup."""
    table = Table(
        title=Text(title),
        title_justify="left",
        box=rich.box.SIMPLE_HEAD,
        caption=Text(note) if note else None,
        caption_justify="left",
    )
    for number, column in enumerate(columns):
        table.add_column(Text(column), overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def text_table(table: TextTable, width: int = PIPE_WIDTH) -> Table:
    """A table of the report for a terminal of that width; a narrow one gets fewer columns."""
    if len(table.columns) < WIDE or width >= PIPE_WIDTH:
        return grid(table.title, table.columns, table.rows, table.note)
    kept = [number for number, name in enumerate(table.columns) if name not in LEFT_OUT]
    columns = [table.columns[number] for number in kept]
    rows = [[row[number] for number in kept] for row in table.rows]
    note = f"{table.note} In a wider window or a pipe, and in the report: {', '.join(LEFT_OUT)}."
    return grid(table.title, columns, rows, note)


def parts(said: Iterable[Part], written: Iterable[Path] = ()) -> None:
    """Lines and tables of an answer, and where its files are."""
    from smcollapse.report.summaries import Line

    out = console()
    for part in said:
        if isinstance(part, Line):
            out.print(part.text, markup=False, style="bold" if part.strong else None)
        else:
            out.print(grid(part.title, part.columns, part.rows))
    files(written)


def files(written: Iterable[Path]) -> None:
    """Where the files are."""
    for path in written:
        console().print(f"file: {path}", markup=False)


def studies(found: list[Study]) -> None:
    """The shipped studies."""
    rows = [
        (study.name, str(len(study.cells())), str(study.replicates), study.title) for study in found
    ]
    console().print(grid("", ("study", "models", "replicates", "what it is"), rows))
    console().print("Run one with: smcollapse run NAME", markup=False)


def run_summary(result: Run) -> None:
    """What a run did."""
    done, planned = result.store.count()
    text = f"{result.computed} models trained in {result.seconds:.0f} s"
    if result.computed:
        text += f", {result.peak_mib / 1024:.1f} GiB at most in a worker"
    if done > result.computed:
        text += f"; {done - result.computed} were there already"
    console().print(f"{text} ({done} of {planned}).", markup=False)


def answer(found: Answer, folder: Path) -> None:
    """The answer: a sentence, the claim beside the measurement, the conditions."""
    from smcollapse.report.tables import claim_table, condition_table, contrast_table

    out = console()
    out.print()
    out.print(found.text, markup=False, style="bold")
    out.print(text_table(claim_table(found)))
    if len(found.conditions) > 1:
        out.print(text_table(condition_table(found), out.width))
    if (against := contrast_table(found)) is not None:
        out.print(text_table(against, out.width))
    if found.contrasts is not None:
        out.print(f"Verdict: {found.contrasts.verdict}.", markup=False, style="bold")
    for note in found.notes:
        out.print(f"note: {note}", markup=False)
    out.print(f"Figures and page: smcollapse report {folder}", markup=False)


def status(store: Store, done: int, planned: int) -> None:
    """How much of a run is done."""
    state = "complete" if done == planned else "run the same command again to finish it"
    console().print(
        f"{store.study.name}: {done} of {planned} models on {store.device}, "
        f"{store.study.replicates} replicates: {state}",
        markup=False,
    )


def write_csv(rows: pd.DataFrame, path: Path) -> None:
    """Write the tidy table. Raises StoreError where the file cannot be written."""
    try:
        rows.to_csv(path, index=False)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from None


def csv_written(rows: pd.DataFrame, path: Path) -> None:
    """Where the tidy table is."""
    console().print(f"{len(rows)} rows, {rows.shape[1]} columns: {path}", markup=False)


def table_json(rows: pd.DataFrame) -> None:
    """The tidy table as a JSON list of rows, all digits; missing values are null."""
    plain = rows.astype(object).where(rows.notna(), None)
    as_json(plain.to_dict(orient="records"))


def table(rows: pd.DataFrame, store: Store) -> None:
    """Means over replicates on a terminal; every row is in the CSV."""
    keys = ["variant", "design", "share"]
    shown = [c for c in ("rare_recall", "head_recall", "accuracy") if c in rows]
    shown += ["mean_confidence", "ece", "brier", "realised_share"]
    keys += [c for c in store.study.varied().values() if c not in keys and c in rows]
    means = rows.groupby(keys, sort=False, dropna=False)[shown].mean()
    lines = [
        [*(str(key) for key in index), *(f"{value:.3f}" for value in values)]
        for index, values in zip(means.index, means.to_numpy(), strict=True)
    ]
    title = f"{store.study.name}: means over replicates"
    console().print(
        grid(title, [*keys, *shown], lines, f"{len(rows)} rows; write them with --csv FILE")
    )


def report(written: Report) -> None:
    """Where the page and the figures are."""
    console().print(f"page: {written.page}", markup=False)
    for path in written.figures:
        console().print(f"figure: {path}", markup=False)


def trained(study: Study, folder: Path, device: Device, workers: int | None) -> Run:
    """What is missing of a study, trained with its progress shown."""
    from smcollapse.run import run_study

    with Progress(study.name, folder) as progress:
        return run_study(study, folder, device=device.value, workers=workers, progress=progress)


class Progress:
    """Progress on a terminal, silence in a pipe; an interrupt says how to resume."""

    def __init__(self, name: str, folder: Path) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Bar

        self.folder = folder
        self.done, self.total = 0, 0
        err = Console(stderr=True)
        self.bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("models"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
        self.task: TaskID = self.bar.add_task(name, total=None)

    def __call__(self, done: int, total: int, finished: Finished | None) -> None:
        """A unit finished, or the run starts."""
        self.done, self.total = done, total
        self.bar.update(self.task, completed=done, total=total)

    def __enter__(self) -> Progress:
        self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.stop()
        if isinstance(error, KeyboardInterrupt):
            sys.stderr.write(
                f"stopped: {self.done} of {self.total} models are finished and kept in "
                f"{self.folder}; run the same command again to go on\n"
            )
            sys.exit(130)
