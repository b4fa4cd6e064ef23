"""The commands `onset` and `effects`: estimates for a run or for anybody's table of results."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Source = Annotated[
    Path, typer.Argument(help="Folder of a run, or a CSV or Parquet file.", metavar="FILE|DIR")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
ShareColumn = Annotated[str, typer.Option(metavar="COL", help="Column of the synthetic share.")]
ReplicateColumn = Annotated[
    str | None,
    typer.Option(
        metavar="COL", help="Column of the replicate.", show_default="replicate, if there"
    ),
]
CorpusColumn = Annotated[
    str | None,
    typer.Option(
        metavar="COL", help="Column of the synthetic corpus.", show_default="corpus, if there"
    ),
]
By = Annotated[
    list[str] | None,
    typer.Option(metavar="COL", help="Column that tells conditions apart; repeatable."),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Folder for table and figure.", show_default="results/NAME-COMMAND, or DIR/COMMAND"
    ),
]
Level = Annotated[float, typer.Option(min=0.5, max=0.999, help="Level of bands and intervals.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the resampling.")]


class Direction(StrEnum):
    """What harm is."""

    auto = "auto"
    loss = "loss"
    gain = "gain"


def onset(
    source: Source,
    response: Annotated[
        str, typer.Option(metavar="COL", help="Column of the measure.")
    ] = "rare_recall",
    share: ShareColumn = "share",
    replicate: ReplicateColumn = None,
    corpus: CorpusColumn = None,
    by: By = None,
    direction: Annotated[
        Direction, typer.Option(help="Is a loss or a gain the harm?", show_default="by the measure")
    ] = Direction.auto,
    loss: Annotated[float, typer.Option(help="What counts as lost: a fraction, or points.")] = 0.10,
    points: Annotated[bool, typer.Option("--points", help="Read --loss as points.")] = False,
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
    before: Annotated[
        str | None,
        typer.Option(metavar="LOW:HIGH", help="Shares before.", show_default="the claim's"),
    ] = None,
    after: Annotated[
        str | None,
        typer.Option(metavar="LOW:HIGH", help="Shares after.", show_default="the claim's"),
    ] = None,
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
        before=window("--before", before),
        after=window("--after", after),
        level=level,
    )
    written = write_effects(report, folder)
    if json:
        printing.as_json({"files": [str(path) for path in written], **report.to_dict()})
    else:
        inference_printing.effects(report, written)


def folder_for(source: Path, out: Path | None, command: str) -> Path:
    """Where files go, checked before anything is worked out. Raises StoreError."""
    from smcollapse.report.write_predictions import check_folder

    folder = out or (
        source / command if source.is_dir() else Path("results") / f"{source.stem}-{command}"
    )
    check_folder(folder)
    return folder


def window(option: str, text: str | None) -> tuple[float, float] | None:
    """Two numbers written LOW:HIGH. Raises DataError."""
    from smcollapse.errors import DataError

    if text is None:
        return None
    low, _, high = text.partition(":")
    try:
        return float(low), float(high)
    except ValueError:
        raise DataError(f"{option} {text}: write LOW:HIGH, such as 0:0.2") from None


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(onset)
    app.command()(effects)
