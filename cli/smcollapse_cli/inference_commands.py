"""The commands `onset` and `effects`: estimates for a run or for anybody's table of results."""

from __future__ import annotations

from typing import Annotated

import typer

from smcollapse_cli.options import (
    After,
    Before,
    By,
    CorpusColumn,
    Direction,
    Harm,
    Json,
    Level,
    Loss,
    Out,
    Points,
    ReplicateColumn,
    Seed,
    ShareColumn,
    Source,
    folder_for,
    low_high,
)


def onset(
    source: Source,
    response: Annotated[
        str, typer.Option(metavar="COL", help="Column of the measure.")
    ] = "rare_recall",
    share: ShareColumn = "share",
    replicate: ReplicateColumn = None,
    corpus: CorpusColumn = None,
    by: By = None,
    direction: Harm = Direction.auto,
    loss: Loss = 0.10,
    points: Points = False,
    level: Level = 0.95,
    draws: Annotated[int, typer.Option(min=99, help="Draws of every resampling.")] = 999,
    seed: Seed = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """Where does it set in, is it a break, and how sure are we? With a verdict in words."""
    from smcollapse.questions.onset_results import onset_report
    from smcollapse.questions.results import Columns
    from smcollapse.report.onset_results import write_onset
    from smcollapse_cli import inference_printing, printing

    folder = folder_for(source, out, "onset")
    report = onset_report(
        source,
        Columns(response, share, replicate, corpus, tuple(by or ())),
        direction=direction.value,
        loss=loss,
        relative=not points,
        level=level,
        draws=draws,
        seed=seed,
    )
    written = write_onset(report, folder)
    if json:
        printing.as_json({"files": [str(path) for path in written], **report.to_dict()})
    else:
        inference_printing.onset(report, written)


def effects(
    source: Source,
    response: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COL",
            help="Column of a measure; repeatable.",
            show_default="those of the claim",
        ),
    ] = None,
    before: Before = None,
    after: After = None,
    share: ShareColumn = "share",
    replicate: ReplicateColumn = None,
    corpus: CorpusColumn = None,
    by: By = None,
    level: Level = 0.95,
    out: Out = None,
    json: Json = False,
) -> None:
    """How much does each measure change between two windows of shares? Beside the claim."""
    from smcollapse.questions.answer import EFFECT_MEASURES
    from smcollapse.questions.onset_results import effect_report
    from smcollapse.questions.results import Columns
    from smcollapse.report.onset_results import write_effects
    from smcollapse_cli import inference_printing, printing

    folder = folder_for(source, out, "effects")
    chosen = tuple(response or EFFECT_MEASURES)
    report = effect_report(
        source,
        Columns(chosen[0], share, replicate, corpus, tuple(by or ())),
        chosen,
        before=low_high("--before", before),
        after=low_high("--after", after),
        level=level,
    )
    written = write_effects(report, folder)
    if json:
        printing.as_json({"files": [str(path) for path in written], **report.to_dict()})
    else:
        inference_printing.effects(report, written)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(onset)
    app.command()(effects)
