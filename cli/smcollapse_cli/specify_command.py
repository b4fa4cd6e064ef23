"""The command `specify`: onset and effect under every defensible way to analyse the runs."""

from __future__ import annotations

from typing import Annotated

import typer

from smcollapse_cli.options import (
    TABLE,
    After,
    Before,
    Direction,
    Harm,
    Json,
    Level,
    Loss,
    Out,
    Points,
    ReadColumns,
    Seed,
    Source,
    folder_for,
    reads_table,
    window,
)


@reads_table()
def specify(
    source: Source,
    response: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COL",
            help="Column of a measure; repeatable, each is one more choice.",
            show_default="rare_recall",
        ),
    ] = None,
    before: Before = None,
    after: After = None,
    columns: ReadColumns = TABLE,
    direction: Harm = Direction.auto,
    loss: Loss = 0.10,
    points: Points = False,
    level: Level = 0.95,
    draws: Annotated[int, typer.Option(min=99, help="Draws of the resampling.")] = 499,
    seed: Seed = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """How much do onset and effect depend on the way of analysis? All of them, tested jointly."""
    from smcollapse.questions.specify import specify_report
    from smcollapse.report.specification import write_specification
    from smcollapse.report.summaries import specification_summary
    from smcollapse_cli import printing

    folder = folder_for(source, out, "specify")
    chosen = tuple(response or ("rare_recall",))
    report = specify_report(
        source,
        columns(chosen[0]),
        chosen,
        before=window("--before", before),
        after=window("--after", after),
        direction=direction.value,
        loss=loss,
        relative=not points,
        level=level,
        draws=draws,
        seed=seed,
    )
    written = write_specification(report, folder)
    if json:
        printing.as_json({"files": [str(path) for path in written], **report.to_dict()})
    else:
        printing.parts(specification_summary(report), written)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(specify)
