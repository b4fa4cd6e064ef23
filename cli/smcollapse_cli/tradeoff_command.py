"""The command `tradeoff`: what a filter gives, what it takes, and which strictness is best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smcollapse_cli.options import Device, Json, Level, Replicates, Seed, TrainOn, Workers

if TYPE_CHECKING:
    from smcollapse.questions.tradeoffs.results import TradeOff


def tradeoff(
    study: Annotated[
        str,
        typer.Argument(
            help="Name of a shipped study, a TOML file, or the folder of a run.",
            metavar="STUDY|DIR",
        ),
    ],
    objective: Annotated[
        str,
        typer.Option(
            metavar="MEASURE",
            help="What the best strictness is best for: balanced_recall (the mean of head and rare "
            "recall), or a measure of the table.",
        ),
    ] = "balanced_recall",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the results.", show_default="results/NAME, or DIR"),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PATH=VALUE",
            help="Change a setting, such as filter.strictness='[0, 0.5, 1]'. A list makes an axis.",
        ),
    ] = None,
    replicates: Replicates = None,
    device: TrainOn = Device.auto,
    workers: Workers = None,
    level: Level = 0.95,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Contamination against collapse over the strictness of a filter: the best one, by share.

    Of a study what is missing is trained first; the folder of a run is read as it is.
    """
    import smcollapse
    from smcollapse.errors import StudyError
    from smcollapse.questions.tradeoffs.groups import check_study
    from smcollapse.questions.tradeoffs.tradeoff import check_objective, filter_tradeoff
    from smcollapse.report.tradeoff import write_tradeoff
    from smcollapse_cli import printing

    check_objective(objective)
    place = Path(study)
    if place.is_dir():
        if set_ or replicates is not None:
            raise StudyError(f"{place} is a run: its settings are fixed; leave out --set and so on")
        store, computed = smcollapse.open_store(place), 0
        folder = out or place / "tradeoff"
    else:
        chosen = smcollapse.load_study(study, overrides=tuple(set_ or ()), replicates=replicates)
        check_study(chosen)
        results = out or Path("results") / chosen.name
        result = printing.trained(chosen, results, device, workers)
        store, computed, folder = result.store, result.computed, results / "tradeoff"
    answer = filter_tradeoff(store, objective, level=level, seed=seed)
    written = write_tradeoff(answer, folder)
    if json:
        printing.as_json(
            {"computed": computed, "files": [str(path) for path in written], **answer.to_dict()}
        )
    else:
        _print(answer, written)


def _print(answer: TradeOff, written: tuple[Path, ...]) -> None:
    from smcollapse.report.tradeoff import tradeoff_rows
    from smcollapse_cli.printing import console, files, grid

    out = console()
    table = tradeoff_rows(answer)
    out.print(grid(table.title, table.columns, table.rows, table.note))
    out.print(f"Verdict: {answer.verdict}.", markup=False, style="bold")
    if answer.theory is None:
        out.print(f"No theory beside it: {answer.silence}.", markup=False)
    for note in answer.notes:
        out.print(note, markup=False)
    files(written)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(tradeoff)
