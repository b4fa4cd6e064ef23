"""The program `smcollapse`. Heavy imports stand inside commands, so that `--help` is quick."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from smcollapse_cli import (
    attribute_command,
    check_commands,
    claims_command,
    inference_commands,
    limits_command,
    mitigate_command,
    plan_command,
    specify_command,
    theory_commands,
    tradeoff_command,
)
from smcollapse_cli.options import Device, Json, Replicates, TrainOn, Workers

app = typer.Typer(
    help="How much synthetic data can this training mixture take, why, and how sure are we?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


StudyName = Annotated[str, typer.Argument(help="Name of a shipped study, or a TOML file.")]
Folder = Annotated[Path, typer.Argument(help="Folder of a run.", metavar="DIR")]


@app.command()
def studies(json: Json = False) -> None:
    """List the studies that are shipped with the package."""
    import smcollapse
    from smcollapse_cli import printing

    shipped = [smcollapse.load_study(name) for name in smcollapse.presets()]
    if json:
        printing.as_json(
            [
                {
                    "name": study.name,
                    "title": study.title,
                    "models": len(study.cells()),
                    "replicates": study.replicates,
                }
                for study in shipped
            ]
        )
    else:
        printing.studies(shipped)


@app.command()
def run(
    study: StudyName,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the results.", show_default="results/NAME"),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PATH=VALUE",
            help="Change a setting, such as mixture.budget=20000. A list makes an axis.",
        ),
    ] = None,
    replicates: Replicates = None,
    device: TrainOn = Device.auto,
    seed: Annotated[int | None, typer.Option(help="Seed of the study.")] = None,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Run a study, or what is missing of it, and print the claim beside the measurement."""
    import smcollapse
    from smcollapse_cli import printing

    chosen = smcollapse.load_study(
        study, overrides=tuple(set_ or ()), replicates=replicates, seed=seed
    )
    folder = out or Path("results") / chosen.name
    result = printing.trained(chosen, folder, device, workers)
    answer = smcollapse.answer_of(result.store)
    if json:
        printing.as_json({"folder": str(folder), "computed": result.computed, **answer.to_dict()})
    else:
        printing.run_summary(result)
        printing.answer(answer, folder)


@app.command()
def status(folder: Folder, json: Json = False) -> None:
    """Say how much of a run is done."""
    import smcollapse
    from smcollapse_cli import printing

    store = smcollapse.open_store(folder)
    done, planned = store.count()
    if json:
        printing.as_json(
            {
                "study": store.study.name,
                "device": store.device,
                "replicates": store.study.replicates,
                "done": done,
                "planned": planned,
            }
        )
    else:
        printing.status(store, done, planned)


@app.command()
def table(
    folder: Folder,
    csv: Annotated[Path | None, typer.Option(help="Write the table to this file.")] = None,
    json: Json = False,
) -> None:
    """Print the tidy table: one row per trained model."""
    import smcollapse
    from smcollapse_cli import printing

    store = smcollapse.open_store(folder)
    rows = store.table()
    if csv is not None:
        printing.write_csv(rows, csv)
    if csv is not None and json:
        printing.as_json({"file": str(csv), "rows": len(rows), "columns": list(rows.columns)})
    elif csv is not None:
        printing.csv_written(rows, csv)
    elif json:
        printing.table_json(rows)
    else:
        printing.table(rows, store)


@app.command()
def report(folder: Folder, json: Json = False) -> None:
    """Write the page and the figures of a run into DIR/report."""
    import smcollapse
    from smcollapse_cli import printing

    written = smcollapse.write_report(smcollapse.open_store(folder))
    if json:
        printing.as_json(
            {"page": str(written.page), "figures": [str(path) for path in written.figures]}
        )
    else:
        printing.report(written)


theory_commands.register(app)
check_commands.register(app)
inference_commands.register(app)
attribute_command.register(app)
plan_command.register(app)
mitigate_command.register(app)
specify_command.register(app)
claims_command.register(app)
limits_command.register(app)
tradeoff_command.register(app)


def main() -> None:
    """Run the program: what the user can mend is one message and exit code 2."""
    from smcollapse.errors import SmcollapseError

    try:
        app(standalone_mode=True)
    except SmcollapseError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        sys.stderr.write(f"error: {error.filename}: {error.strerror}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
