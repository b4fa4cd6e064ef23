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


class ShareUnits(StrEnum):
    """What the numbers of the share's column are."""

    auto = "auto"
    fraction = "fraction"
    percent = "percent"
    ratio = "ratio"


ShareUnit = Annotated[
    ShareUnits,
    typer.Option(
        help="Are shares fractions, per cent, or synthetic rows for one real row?",
        show_default="recognised",
    ),
]
ReplicateColumn = Annotated[
    str | None,
    typer.Option(
        metavar="COL",
        help="Column of the replicate.",
        show_default="replicate, seed, run, fold …, if there",
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
    typer.Option(
        metavar="LOW:HIGH",
        help="Shares before, such as 0:0.2 or 0%:20%.",
        show_default="the claim's",
    ),
]
After = Annotated[
    str | None,
    typer.Option(
        metavar="LOW:HIGH",
        help="Shares after, such as 0.4:0.6 or 40%:60%.",
        show_default="the claim's",
    ),
]
Harm = Annotated[
    Direction,
    typer.Option(
        help="Is a loss or a gain of the measure the harm?", show_default="by the measure's name"
    ),
]
Loss = Annotated[
    float, typer.Option(help="What counts as lost: a part of the value at the smallest share.")
]
Points = Annotated[
    bool, typer.Option("--points", help="Read --loss in the measure's own units instead.")
]


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


def window(option: str, text: str | None) -> tuple[float, float] | None:
    """Two shares written LOW:HIGH, as fractions or with a sign of per cent. Raises DataError."""
    from smcollapse.errors import DataError

    if text is None:
        return None
    parts = [part.strip() for part in text.split(":")]
    signed = [part.endswith("%") for part in parts]
    ends = low_high(option, ":".join(part.rstrip("%") for part in parts))
    assert ends is not None
    low, high = (end / 100.0 if sign else end for end, sign in zip(ends, signed, strict=False))
    if not 0.0 <= low <= high <= 1.0:
        raise DataError(
            f"{option} {text}: shares lie from 0 to 1, the lower first: write 0:0.2, or per cent "
            "with their sign, 0%:20%"
        )
    return low, high
