"""The command `attribute`: which knob moves the onset and the effect, and how far."""

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
    Out,
    ReadColumns,
    Seed,
    Source,
    folder_for,
    reads_table,
    window,
)


@reads_table("by")
def attribute(
    source: Source,
    response: Annotated[
        str, typer.Option(metavar="COL", help="Column of the measure.")
    ] = "rare_recall",
    knob: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COL", help="Column of a knob; repeatable.", show_default="a run's axes"
        ),
    ] = None,
    columns: ReadColumns = TABLE,
    direction: Harm = Direction.auto,
    before: Before = None,
    after: After = None,
    interactions: Annotated[bool, typer.Option(help="Fit pairs of knobs too.")] = True,
    level: Level = 0.95,
    seed: Seed = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """Which knob moves the effect and the onset, and how far? Corrected for how many are asked."""
    from smcollapse.questions.attribute import attribution_report
    from smcollapse.report.attribution import write_attribution
    from smcollapse.report.summaries import attribution_summary
    from smcollapse_cli import printing

    folder = folder_for(source, out, "attribute")
    report = attribution_report(
        source,
        columns(response),
        tuple(knob or ()),
        direction=direction.value,
        before=window("--before", before),
        after=window("--after", after),
        interactions=interactions,
        level=level,
        seed=seed,
    )
    written = write_attribution(report, folder)
    if json:
        printing.as_json({"files": [str(path) for path in written], **report.to_dict()})
    else:
        printing.parts(attribution_summary(report), written)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(attribute)
