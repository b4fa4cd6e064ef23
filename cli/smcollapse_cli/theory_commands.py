"""The commands `predict` and `phase`: theory instead of training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from smcollapse_cli.options import Workers, low_high

StudyName = Annotated[str, typer.Argument(help="Name of a shipped study, or a TOML file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Csv = Annotated[Path | None, typer.Option(help="Write the table to this file too.")]
TheoryName = Annotated[
    str | None,
    typer.Option(help="Name of the theory.", show_default="all that apply"),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change a setting, such as mixture.budget=20000. A list makes an axis.",
    ),
]


def predict(
    study: StudyName,
    set_: Settings = None,
    theory: TheoryName = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for figures and tables.", show_default="results/NAME-predicted"),
    ] = None,
    csv: Csv = None,
    json: Json = False,
) -> None:
    """Predict a study without training: onsets, changes and curves beside the claim."""
    import smcollapse
    from smcollapse.report.write_predictions import check_folder, write_predictions
    from smcollapse_cli import printing, theory_printing

    chosen = smcollapse.load_study(study, overrides=tuple(set_ or ()))
    folder = out or Path("results") / f"{chosen.name}-predicted"
    check_folder(folder)
    with theory_printing.Waiting(f"predicting {chosen.name}") as progress:
        found = smcollapse.predict_study(chosen, theory, progress=progress)
        written = write_predictions(found, folder)
    if csv is not None:
        printing.write_csv(found.table, csv)
        written = (*written, csv)
    if json:
        printing.as_json({"files": [str(path) for path in written], **found.to_dict()})
    else:
        theory_printing.predictions(found, written)


def phase(
    study: StudyName,
    x: Annotated[
        str,
        typer.Option("--x", metavar="PATH", help="Setting to the right, such as source.tempering."),
    ],
    y: Annotated[
        str, typer.Option("--y", metavar="PATH", help="Setting upwards, such as mixture.budget.")
    ],
    x_range: Annotated[
        str | None, typer.Option(metavar="LOW:HIGH", help="Its range.", show_default="by setting")
    ] = None,
    y_range: Annotated[
        str | None, typer.Option(metavar="LOW:HIGH", help="Its range.", show_default="by setting")
    ] = None,
    size: Annotated[int, typer.Option(min=2, max=1000, help="Points along each axis.")] = 41,
    theory: Annotated[
        str | None,
        typer.Option(help="Name of the theory.", show_default="the first that applies"),
    ] = None,
    set_: Settings = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for figure and table.", show_default="results/NAME-phase"),
    ] = None,
    csv: Csv = None,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Map predicted onset and loss of rare recall over two settings."""
    import smcollapse
    from smcollapse.report.write_predictions import check_folder, write_phase
    from smcollapse_cli import printing, theory_printing

    limits = [
        low_high(name, text, "0.2:1.5")
        for name, text in (("--x-range", x_range), ("--y-range", y_range))
    ]
    chosen = smcollapse.load_study(study, overrides=tuple(set_ or ()))
    folder = out or Path("results") / f"{chosen.name}-phase"
    check_folder(folder)
    with theory_printing.Waiting(f"{chosen.name}: {x} and {y}") as progress:
        found = smcollapse.phase_diagram(
            chosen,
            x,
            y,
            x_range=limits[0],
            y_range=limits[1],
            size=size,
            theory=theory,
            workers=workers,
            progress=progress,
        )
        written = write_phase(found, folder)
    if csv is not None:
        printing.write_csv(found.table, csv)
        written = (*written, csv)
    if json:
        printing.as_json({"files": [str(path) for path in written], **found.to_dict()})
    else:
        theory_printing.phase(found, written)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(predict)
    app.command()(phase)
