"""Options that several commands share, and how their texts are read."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_type_hints

import typer

if TYPE_CHECKING:
    from smcollapse.questions.columns import Columns

Source = Annotated[
    Path,
    typer.Argument(
        help="A table (CSV, TSV, JSON, JSONL, Parquet, Feather, Excel), or a run's folder.",
        metavar="FILE|DIR",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
ShareColumn = Annotated[str, typer.Option(metavar="COL", help="Column of the synthetic share.")]


class ShareUnits(StrEnum):
    """What the numbers of the share's column are."""

    auto = "auto"
    fraction = "fraction"
    percent = "percent"
    ratio = "ratio"
    real = "real"


class FailedRuns(StrEnum):
    """What becomes of runs without a value."""

    refuse = "refuse"
    drop = "drop"
    worst = "worst"


ShareUnit = Annotated[
    ShareUnits,
    typer.Option(
        help="Are shares fractions, per cent, synthetic rows for one real row, or real shares?",
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


PANEL = "Layout of the table"


def _column(help_: str) -> Any:
    return Annotated[str | None, typer.Option(metavar="COL", help=help_, rich_help_panel=PANEL)]


def _laid_out(kind: Any, help_: str, metavar: str | None = None) -> Any:
    return Annotated[kind, typer.Option(metavar=metavar, help=help_, rich_help_panel=PANEL)]


TABLE_OPTIONS: dict[str, tuple[Any, Any]] = {
    "share": (ShareColumn, "share"),
    "share_unit": (ShareUnit, ShareUnits.auto),
    "replicate": (ReplicateColumn, None),
    "corpus": (CorpusColumn, None),
    "by": (By, None),
    "wide": (
        Annotated[
            bool,
            typer.Option(
                "--wide",
                help="A column per share, such as 0.3, 30% or recall@30%, a row per run.",
                rich_help_panel=PANEL,
            ),
        ],
        False,
    ),
    "se": (_column("Column of the standard error: a row is a mean of runs."), None),
    "sd": (_column("Column of the standard deviation of the runs of a mean, with --n."), None),
    "n": (_column("Column of the number of runs of a mean."), None),
    "trials": (_column("Column of the trials of which the measure counts successes."), None),
    "synthetic_rows": (_column("Column of the number of synthetic rows, with --real-rows."), None),
    "real_rows": (_column("Column of the number of real rows."), None),
    "failed": (
        _laid_out(FailedRuns, "Runs without a value: refuse, drop, or take the worst value."),
        FailedRuns.refuse,
    ),
    "join": (_laid_out(Path | None, "A further table to be joined, with --on.", "FILE"), None),
    "on": (_column("Column by which it is joined, such as the run's name."), None),
    "share_of": (_laid_out(str | None, "Columns whose sum is the share.", "COL,COL"), None),
}
"""Options of every command that reads a table: how they are annotated, and what is usual."""


ReadColumns = Callable[[str], "Columns"]
"""From a measure's name to the columns that the options of a table describe."""

TABLE = cast("ReadColumns", None)
"""Stands for the options of a table in the signature of a command, until reads_table sets them."""


def reads_table(*without: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of a table, but those named, in place of its ``columns``."""
    options = {name: one for name, one in TABLE_OPTIONS.items() if name not in without}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(command, localns={"Columns": Any}, include_extras=True)
        parameters = []
        for name, own in inspect.signature(command).parameters.items():
            added = options.items() if name == "columns" else [(name, (hints[name], own.default))]
            parameters += [
                inspect.Parameter(
                    option, inspect.Parameter.KEYWORD_ONLY, default=usual, annotation=kind
                )
                for option, (kind, usual) in added
            ]

        @wraps(command)
        def with_options(**given: Any) -> None:
            said = {name: given.pop(name) for name in options}
            command(**given, columns=lambda response: _columns(response, said))

        with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        with_options.__annotations__ = {one.name: one.annotation for one in parameters}
        return with_options

    return decorate


def _columns(response: str, said: dict[str, Any]) -> Columns:
    from smcollapse.questions.columns import Columns
    from smcollapse.questions.layouts import Layout

    kept = {
        name: said[name]
        for name in ("wide", "se", "sd", "n", "trials", "synthetic_rows", "real_rows", "join", "on")
        if name in said
    }
    layout = Layout(
        **kept,
        failed=said["failed"].value,
        share_of=tuple(filter(None, (said["share_of"] or "").split(","))),
    )
    return Columns(
        response,
        said["share"],
        said["replicate"],
        said.get("corpus"),
        tuple(said.get("by") or ()),
        said["share_unit"].value,
        layout,
    )


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
