"""The command `mitigate`: what helps against collapse, what it costs, what does nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smcollapse_cli.options import Device, Json, Level, Replicates, Seed, TrainOn, Workers

if TYPE_CHECKING:
    from smcollapse.questions.mitigating.results import MitigationReport


def mitigate(
    study: Annotated[str, typer.Argument(help="Name of a shipped study, or a TOML file.")],
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Compare this one, by name or kind; repeatable."),
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="List what would be compared, train nothing.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the results.", show_default="results/NAME-mitigations"),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change a setting of the study."),
    ] = None,
    replicates: Replicates = None,
    device: TrainOn = Device.auto,
    workers: Workers = None,
    level: Level = 0.95,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Train every mitigation at the same compute, and compare it with doing nothing."""
    import smcollapse
    from smcollapse.questions.mitigating.study import fewest_real_rows, mitigation_study
    from smcollapse.report.mitigations import write_mitigations
    from smcollapse_cli import printing

    base = smcollapse.load_study(study, overrides=tuple(set_ or ()), replicates=replicates)
    compared, left_out = mitigation_study(base, tuple(only or ()), fewest_real_rows(base))
    if list_:
        _list(compared, left_out, json)
        return
    folder = out or Path("results") / compared.name
    result = printing.trained(compared, folder, device, workers)
    report = smcollapse.mitigation_report(result.store, level=level, seed=seed, notes=left_out)
    written = write_mitigations(report, folder / "mitigations")
    if json:
        printing.as_json({"files": [str(path) for path in written], **report.to_dict()})
    else:
        printing.run_summary(result)
        _print(report, written)


def _list(compared: object, left_out: tuple[str, ...], json: bool) -> None:
    from smcollapse.questions.mitigating.study import settings_by_name
    from smcollapse.study import Study
    from smcollapse_cli import printing

    assert isinstance(compared, Study)
    found = settings_by_name(compared)
    if json:
        printing.as_json({"mitigations": found, "left_out": list(left_out)})
        return
    out = printing.console()
    rows = [
        (name, ", ".join(f"{k} = {v}" for k, v in said.items())) for name, said in found.items()
    ]
    out.print(printing.grid(f"{compared.name}: variants", ("mitigation", "settings"), rows))
    for note in left_out:
        out.print(f"left out: {note}", markup=False)


def _print(report: MitigationReport, written: tuple[Path, ...]) -> None:
    from smcollapse.questions.mitigating.words import theory_notes
    from smcollapse.report.mitigations import mitigations_table
    from smcollapse_cli.printing import console, files, grid

    out = console()
    table = mitigations_table(report)
    out.print(grid(table.title, table.columns, table.rows, table.note))
    out.print(f"Verdict: {report.verdict}.", markup=False, style="bold")
    for note in theory_notes(report):
        out.print(note, markup=False)
    for note in report.notes:
        out.print(f"left out: {note}", markup=False)
    files(written)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(mitigate)
