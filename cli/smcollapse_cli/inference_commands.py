"""The commands `onset` and `effects`: estimates for a run or for anybody's table of results."""

from __future__ import annotations

from typing import Annotated

import typer

from smcollapse_cli.options import (
    TABLE,
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
def onset(
    source: Source,
    response: Annotated[
        str, typer.Option(metavar="COL", help="Column of the measure.")
    ] = "rare_recall",
    columns: ReadColumns = TABLE,
    direction: Harm = Direction.auto,
    loss: Loss = 0.10,
    points: Points = False,
    smallest: Annotated[
        float | None,
        typer.Option(
            help="Smallest change that matters, in the units of --loss; what is not shown to be "
            "larger is no headline.",
            show_default="a tenth of --loss",
        ),
    ] = None,
    level: Level = 0.95,
    draws: Annotated[int, typer.Option(min=99, help="Draws of every resampling.")] = 999,
    seed: Seed = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """Where does it set in, is it a break, and how sure are we? With a verdict in words."""
    from smcollapse.questions.onset_results import onset_report
    from smcollapse.report.onset_results import write_onset
    from smcollapse.report.summaries import onset_summary
    from smcollapse_cli import printing

    folder = folder_for(source, out, "onset")
    report = onset_report(
        source,
        columns(response),
        direction=direction.value,
        loss=loss,
        relative=not points,
        smallest=smallest,
        level=level,
        draws=draws,
        seed=seed,
    )
    written = write_onset(report, folder)
    if json:
        printing.as_json({"files": [str(path) for path in written], **report.to_dict()})
    else:
        printing.parts(onset_summary(report), written)


@reads_table()
def effects(
    source: Source,
    response: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COL",
            help="Column of a measure; repeatable.",
            show_default="the usual ones that are there, else all that vary",
        ),
    ] = None,
    before: Annotated[
        str | None,
        typer.Option(
            metavar="LOW:HIGH",
            help="Shares before, such as 0:0.2 or 0%:20%.",
            show_default="the first third; of a run, the claim's",
        ),
    ] = None,
    after: Annotated[
        str | None,
        typer.Option(
            metavar="LOW:HIGH",
            help="Shares after, such as 0.4:0.6 or 40%:60%.",
            show_default="the last third; of a run, the claim's",
        ),
    ] = None,
    claim: Annotated[
        bool,
        typer.Option(
            "--claim", help="Compare a table with the published claim, between its windows."
        ),
    ] = False,
    columns: ReadColumns = TABLE,
    level: Level = 0.95,
    out: Out = None,
    json: Json = False,
) -> None:
    """How much does each measure change between two windows of shares? A run: beside the claim."""
    from smcollapse.questions.effect_results import effect_report
    from smcollapse.report.effect_results import write_effects
    from smcollapse.report.summaries import effect_summary
    from smcollapse_cli import printing

    folder = folder_for(source, out, "effects")
    chosen = tuple(response or ())
    report = effect_report(
        source,
        columns(chosen[0] if chosen else "rare_recall"),
        chosen,
        before=window("--before", before),
        after=window("--after", after),
        claim=claim,
        level=level,
    )
    written = write_effects(report, folder)
    if json:
        printing.as_json({"files": [str(path) for path in written], **report.to_dict()})
    else:
        printing.parts(effect_summary(report), written)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(onset)
    app.command()(effects)
