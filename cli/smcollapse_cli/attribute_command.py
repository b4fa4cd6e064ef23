"""The command `attribute`: which knob moves the onset and the effect, and how far."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from smcollapse.questions.attribute import AttributionReport


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
        _print(report, written)


def _print(report: AttributionReport, written: tuple[Path, ...]) -> None:
    from smcollapse.report.attribution import effect_lines, onset_lines
    from smcollapse.report.wording import measure_name, percent_range
    from smcollapse_cli.inference_printing import files
    from smcollapse_cli.printing import console, grid

    out = console()
    effects = ("knob", "from, to", "moves it by", "p", "p, corrected")
    onsets = ("knob", "from, to", "moves it by", "limits for any curves", "for straight ones")
    name = measure_name(report.response)
    if report.effect is not None:
        windows = f"from {percent_range(*report.before)} to {percent_range(*report.after)}"
        title = f"{report.name}: change of {name} {windows}"
        out.print(grid(title, effects, effect_lines(report.effect, report.unit)))
        out.print(f"Verdict: {report.effect.verdict}.", markup=False, style="bold")
    if report.onset is not None:
        out.print(
            grid(f"{report.name}: benchmark share of {name}", onsets, onset_lines(report.onset))
        )
        out.print(f"Verdict: {report.onset.verdict}.", markup=False, style="bold")
    notes = [*report.notes]
    for part in (report.effect, report.onset):
        notes += [] if part is None else list(part.warnings)
    for note in dict.fromkeys(notes):
        out.print(f"note: {note}", markup=False)
    files(written)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(attribute)
