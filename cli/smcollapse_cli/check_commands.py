"""The commands `validate` and `calibrate`: theory against training, and back from numbers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from smcollapse_cli.options import Workers

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


class Reading(StrEnum):
    """How the percentages of the claim are read."""

    points = "points"
    relative = "relative"
    both = "both"


class Onset(StrEnum):
    """What is meant by the onset."""

    benchmark = "benchmark"
    kink = "break"
    transition = "transition"


def validate(
    folder: Annotated[Path, typer.Argument(help="Folder of a run.", metavar="DIR")],
    theory: Annotated[
        str | None, typer.Option(help="Name of the theory.", show_default="all that apply")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write every compared point here.")] = None,
    json: Json = False,
) -> None:
    """Compare theory with the trained results of a run; figures go into DIR/validation."""
    import smcollapse
    from smcollapse.report.validation import write_validation
    from smcollapse_cli import check_printing, printing

    store = smcollapse.open_store(folder)
    found = smcollapse.validate_store(store, theory)
    written = list(write_validation(found, store.folder / "validation"))
    if csv is not None:
        printing.write_csv(found.points, csv)
        written.append(csv)
    if json:
        printing.as_json({"files": [str(path) for path in written], **found.to_dict()})
    else:
        check_printing.validation(found, written)


def calibrate(
    theory: Annotated[
        str, typer.Option(help="counts (facts) or proportional (clusters, logistic).")
    ] = "counts",
    reading: Annotated[Reading, typer.Option(help="How percentages are read.")] = Reading.both,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="A target such as onset=0.4 or ece=0.07.",
            show_default="the published claim",
        ),
    ] = None,
    tolerance: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Half-width within which a target is met.",
            show_default="the claim's",
        ),
    ] = None,
    onset: Annotated[Onset, typer.Option(help="Estimand of the onset.")] = Onset.benchmark,
    fix: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH=VALUE", help="Give a setting instead of searching it."),
    ] = None,
    points: Annotated[int, typer.Option(min=100, help="Worlds that cover the box.")] = 4000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the search.")] = 1,
    workers: Workers = None,
    out: Annotated[Path, typer.Option(help="Folder for the figures.")] = Path(
        "results/calibration"
    ),
    save: Annotated[
        Path | None, typer.Option(help="Write the best world here as a study file.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write every evaluated world here.")] = None,
    json: Json = False,
) -> None:
    """Find the worlds whose predictions meet given numbers: the claim's, or your own."""
    import pandas as pd

    import smcollapse
    from smcollapse.report.calibrated import write_calibrations
    from smcollapse_cli import check_printing, printing

    found = smcollapse.calibrate(
        theory,
        ("points", "relative") if reading is Reading.both else (reading.value,),
        values=_numbers("--target", target),
        tolerances=_numbers("--tolerance", tolerance),
        estimand=onset.value,
        fix=_settings(fix),
        points=points,
        seed=seed,
        workers=workers,
    )
    written = list(write_calibrations(found, out))
    if save is not None:
        best = min(found, key=lambda one: one.best.worst)
        check_printing.write_study(best.study, save)
        written.append(save)
    if csv is not None:
        tables = [one.table.assign(reading=one.reading) for one in found]
        printing.write_csv(pd.concat(tables, ignore_index=True), csv)
        written.append(csv)
    if json:
        printing.as_json(
            {
                "files": [str(path) for path in written],
                "calibrations": [one.to_dict() for one in found],
            }
        )
    else:
        check_printing.calibrations(found, written)


def _pairs(option: str, texts: list[str] | None) -> dict[str, str]:
    """NAME=VALUE, once each. Raises SmcollapseError."""
    from smcollapse.errors import SmcollapseError

    found: dict[str, str] = {}
    for text in texts or ():
        name, separator, value = (part.strip() for part in text.partition("="))
        if not (separator and name and value):
            raise SmcollapseError(f"{option} {text}: write NAME=VALUE, such as onset=0.4")
        if name in found:
            raise SmcollapseError(f"{option} {name}: is given twice")
        found[name] = value
    return found


def _numbers(option: str, texts: list[str] | None) -> dict[str, float]:
    """Named numbers. Raises SmcollapseError."""
    import math

    from smcollapse.errors import SmcollapseError

    found = {}
    for name, text in _pairs(option, texts).items():
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise SmcollapseError(f"{option} {name}={text}: is not a number")
        found[name] = value
    return found


def _settings(texts: list[str] | None) -> dict[str, Any]:
    """Settings by path, as TOML values where they are such, else as text."""
    import tomllib

    found: dict[str, Any] = {}
    for path, text in _pairs("--fix", texts).items():
        try:
            found[path] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            found[path] = text
    return found


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(validate)
    app.command()(calibrate)
