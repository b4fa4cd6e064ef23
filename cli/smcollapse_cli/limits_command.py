"""The command `limits`: run the analyses of limitations, or list them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated

import typer

from smcollapse_cli.options import Device, Json, TrainOn, Workers

if TYPE_CHECKING:
    from smcollapse.questions.limitations.limits import Analysis, Limits

FULL, QUICK = Path("results/limitations"), Path("results/limitations-quick")


def limits(
    names: Annotated[
        list[str] | None, typer.Argument(help="Analyses to run.", metavar="[NAME]…")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Run every analysis.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller studies, minutes.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for results.", show_default=f"{FULL}, or {QUICK}"),
    ] = None,
    workers: Workers = None,
    device: TrainOn = Device.auto,
    list_: Annotated[bool, typer.Option("--list", help="List the analyses.")] = False,
    json: Json = False,
) -> None:
    """What could be wrong with the answer: each limitation tested by an analysis of its own.

    Without a name and --all they are listed. What is done is kept: the same command goes on.
    """
    from smcollapse.questions.limitations.limits import Lab, catalog

    known = catalog()
    if list_ or not (names or all_):
        _list(known.values(), json)
        return
    from smcollapse.report.limitations import run_and_write
    from smcollapse.report.write_predictions import check_folder

    folder = out or (QUICK if quick else FULL)
    check_folder(folder)
    lab = Lab(folder, quick, workers, device.value)
    with _Said(folder) as said:
        result, page = run_and_write(list(known) if all_ else names or [], lab, said)
    _print(result, page, json)
    result.require_all()


def _list(known: Iterable[Analysis], json: bool) -> None:
    from smcollapse_cli import printing

    if json:
        keys = ("name", "title", "claim", "design", "falsifier")
        printing.as_json([{key: getattr(one, key) for key in keys} for one in known])
        return
    rows = [(one.name, one.title) for one in known]
    printing.console().print(printing.grid("", ("analysis", "what it tests"), rows))
    printing.console().print("Run some with: smcollapse limits NAME …, or --all", markup=False)


def _print(result: Limits, page: Path, json: bool) -> None:
    from smcollapse.report.limitations import COLUMNS, finding_row
    from smcollapse_cli import printing

    if json:
        findings = [one.to_dict() for one in result.findings]
        said = {"folder": str(result.folder), "page": str(page), "made": list(result.made)}
        printing.as_json({**said, "failures": result.failures, "findings": findings})
        return
    rows = [finding_row(one) for one in result.findings]
    printing.console().print(printing.grid("", COLUMNS, rows))
    printing.console().print(f"page: {page}", markup=False)


class _Said:
    """What goes on, on a terminal; silence in a pipe. An interrupt says how to resume."""

    def __init__(self, folder: Path) -> None:
        from rich.console import Console

        self.folder = folder
        err = Console(stderr=True)
        self.status = err.status("") if err.is_terminal else None

    def __call__(self, text: str) -> None:
        if self.status is not None:
            self.status.update(text.replace("[", r"\["))

    def __enter__(self) -> _Said:
        if self.status is not None:
            self.status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.status is not None:
            self.status.stop()
        if isinstance(error, KeyboardInterrupt):
            sys.stderr.write(
                f"stopped: what is finished is kept in {self.folder}; run the same command again "
                "to go on\n"
            )
            sys.exit(130)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(limits)
