"""The command `specify`: onset and effect under every defensible way to analyse the runs."""

from __future__ import annotations

from collections.abc import Iterable
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

if TYPE_CHECKING:
    from smcollapse.inference.specifications.results import Specification
    from smcollapse.questions.measures import Unit
    from smcollapse.questions.specify import SpecificationReport


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
        _print(report, written)


def _print(report: SpecificationReport, written: Iterable[Path]) -> None:
    """Per condition: medians by estimand, a sentence on each curve, and what each choice does."""
    from smcollapse.report.wording import measure_name
    from smcollapse_cli.inference_printing import files, notes
    from smcollapse_cli.printing import console

    out = console()
    measures = ", ".join(measure_name(name) for name in report.responses)
    out.print(f"{report.name}: {measures}", markup=False)
    said = []
    for one in report.found:
        if len(report.found) > 1:
            out.print(f"\n{one.label}", markup=False, style="bold")
        if one.specification is None:
            out.print(f"\nNo answer: {one.reason}.", markup=False, style="bold")
            continue
        _print_condition(one.specification, report.unit)
        said += [(one.label, note) for note in one.specification.notes]
    notes(said)
    files(written)


def _print_condition(found: Specification, unit: Unit) -> None:
    from smcollapse.report.specification_words import (
        curve_words,
        difference_words,
        joint_words,
        largest_words,
        median_words,
    )
    from smcollapse.report.wording import measure_name
    from smcollapse_cli.printing import console, grid

    out = console()
    for name, curve in (("Onset", found.onset), ("Change", found.effect)):
        if curve is None:
            continue
        parts = (curve_words(curve, unit), largest_words(curve, unit))
        text = f"{name}: {'; '.join(part for part in parts if part)}."
        if curve.turned:
            turned = ", ".join(measure_name(measure) for measure in curve.turned)
            text += f" The sign of {turned} is turned, so that harm is negative."
        out.print(f"\n{text}", markup=False, style="bold")
        if curve.joint is not None:
            words = joint_words(curve.joint)
            out.print(f"{words[0].upper()}{words[1:]}.", markup=False)
        medians = [median_words(curve, one, unit) for one in curve.medians]
        out.print(grid("", ("measure", "estimand", "median", "specifications"), medians))
        rows = [difference_words(curve, difference, unit) for difference in curve.differences]
        if rows:
            moved = ("choice", "what is changed", "median change of the estimate")
            out.print(grid("", moved, rows))


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(specify)
