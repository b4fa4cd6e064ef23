"""What the commands about theory print: tables, notes, where files are."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console

from smcollapse_cli.printing import console, grid

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from smcollapse.questions.phases.phase import PhaseDiagram
    from smcollapse.questions.predict import Predictions
    from smcollapse.report.tables import Table as TextTable

LEFT_OUT = {
    112: ("knot", "transition centre"),
    90: ("majority flips", "exception recall", "Brier, × 100"),
}
"""Columns that a terminal narrower than so many characters goes without."""


def predictions(found: Predictions, written: tuple[Path, ...]) -> None:
    """Onsets and changes beside the claim, the curve of the first theory, notes."""
    from smcollapse.report.predicted_tables import curve_table, prediction_table

    _table(prediction_table(found))
    console().print()
    _table(curve_table(found.found[0]))
    _notes(found.notes)
    _files(written)


def phase(found: PhaseDiagram, written: tuple[Path, ...]) -> None:
    """Some onsets of the grid, what it shows, notes."""
    from smcollapse.report.predicted_tables import phase_sentences, phase_table

    _table(phase_table(found))
    for sentence in phase_sentences(found):
        console().print(sentence, markup=False)
    _notes(found.notes)
    _files(written)


def _table(table: TextTable) -> None:
    """The table; a narrow terminal gets fewer columns rather than broken words."""
    out, note = console(), table.note
    hidden = {name for width, names in LEFT_OUT.items() if out.width < width for name in names}
    kept = [number for number, name in enumerate(table.columns) if name not in hidden]
    if len(kept) < len(table.columns):
        missing = ", ".join(name for name in table.columns if name in hidden)
        note = f"{note} In a wider window or a pipe: {missing}.".lstrip()
    columns = [table.columns[number] for number in kept]
    out.print(grid(table.title, columns, [[row[n] for n in kept] for row in table.rows], note))


def _notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        console().print(f"note: {note}", markup=False)


def _files(written: tuple[Path, ...]) -> None:
    """The tables by name, figures by their PNG: the SVG lies beside it."""
    for path in written:
        if path.suffix != ".svg":
            kind = "figure" if path.suffix == ".png" else "table"
            console().print(f"{kind}: {path}", markup=False, soft_wrap=True)


class Waiting:
    """Progress on a terminal, silence in a pipe."""

    def __init__(self, text: str) -> None:
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        err = Console(stderr=True)
        self.bar: Progress = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
        self.task: TaskID = self.bar.add_task(text, total=None)

    def __call__(self, done: int, total: int) -> None:
        """So much of it is done."""
        self.bar.update(self.task, completed=done, total=total)

    def __enter__(self) -> Waiting:
        self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.stop()
