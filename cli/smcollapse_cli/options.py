"""Options that several commands share, and how their texts are read."""

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


class Device(StrEnum):
    """Where to train."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


TrainOn = Annotated[Device, typer.Option(help="Where to train.")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Worker processes.", show_default="one a core")
]
Replicates = Annotated[int | None, typer.Option(help="Number of replicates.")]


class Direction(StrEnum):
    """What harm is."""

    auto = "auto"
    loss = "loss"
    gain = "gain"


Before = Annotated[
    str | None,
    typer.Option(metavar="LOW:HIGH", help="Shares before.", show_default="the claim's"),
]
After = Annotated[
    str | None,
    typer.Option(metavar="LOW:HIGH", help="Shares after.", show_default="the claim's"),
]
Harm = Annotated[
    Direction, typer.Option(help="Is a loss or a gain the harm?", show_default="by the measure")
]
Loss = Annotated[float, typer.Option(help="What counts as lost: a fraction, or points.")]
Points = Annotated[bool, typer.Option("--points", help="Read --loss as points.")]


def folder_for(source: Path, out: Path | None, command: str) -> Path:
    """Where files go, checked before anything is worked out. Raises StoreError."""
    from smcollapse.report.write_predictions import check_folder

    folder = out or (
        source / command if source.is_dir() else Path("results") / f"{source.stem}-{command}"
    )
    check_folder(folder)
    return folder


def low_high(option: str, text: str | None, example: str = "0:0.2") -> tuple[float, float] | None:
    """Two numbers written LOW:HIGH. Raises DataError."""
    from smcollapse.errors import DataError

    if text is None:
        return None
    low, _, high = text.partition(":")
    try:
        return float(low), float(high)
    except ValueError:
        raise DataError(f"{option} {text}: write LOW:HIGH, such as {example}") from None
