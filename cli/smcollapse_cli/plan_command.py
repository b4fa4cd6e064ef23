"""The command `plan`: shares, replicates and corpora that show a break of a given size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from smcollapse_cli.options import TABLE, ReadColumns, reads_table


@reads_table("by", "se", "sd", "n", "trials")
def plan(
    slope_change: Annotated[
        float | None,
        typer.Option(help="Change of slope, per unit share: -1 loses .1 in .1 of share."),
    ] = None,
    drop: Annotated[
        float | None, typer.Option(help="Instead: what the measure loses from the knot to --last.")
    ] = None,
    slope_before: Annotated[
        float, typer.Option(help="Slope before the break, per unit share.")
    ] = 0.0,
    knot: Annotated[float, typer.Option(help="Where the break is supposed.")] = 0.4,
    last: Annotated[float, typer.Option(help="Largest share of the sweep.")] = 0.6,
    sd: Annotated[
        float | None, typer.Option(help="Standard deviation of a run at one share.")
    ] = None,
    correlation: Annotated[float, typer.Option(help="Of neighbouring shares (.05 apart).")] = 0.0,
    corpus_sd: Annotated[
        float, typer.Option(help="Standard deviation of a synthetic corpus.")
    ] = 0.0,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE|DIR", help="Take the noise from these results instead."
        ),
    ] = None,
    response: Annotated[
        str, typer.Option(metavar="COL", help="Measure in --from.")
    ] = "rare_recall",
    columns: ReadColumns = TABLE,
    shares: Annotated[
        str, typer.Option(metavar="N,N,...", help="Numbers of shares.")
    ] = "9,13,17,25",
    replicates: Annotated[
        str, typer.Option(metavar="N,N,...", help="Numbers of replicates.")
    ] = "5,10,20,40",
    corpora: Annotated[
        str, typer.Option(metavar="N,N,...", help="Corpora a share; 'own' is one for every run.")
    ] = "own",
    power: Annotated[float, typer.Option(min=0.05, max=0.99, help="Power wanted.")] = 0.8,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """How many shares, replicates and corpora show a break of this size?"""
    from smcollapse.errors import DataError
    from smcollapse.inference import InferenceError
    from smcollapse.inference.onsets.planning import SupposedNoise
    from smcollapse.questions.plan import noise_from, planned
    from smcollapse.report.summaries import plan_summary
    from smcollapse_cli import printing

    if (sd is None) == (from_ is None):
        raise DataError(
            "say what the noise is: --sd 0.02, or --from FILE with results, one of them"
        )
    if from_ is not None:
        noise = noise_from(from_, columns(response))
    else:
        try:
            noise = SupposedNoise(sd or 0.0, correlation, corpus_sd=corpus_sd)
        except InferenceError as error:
            raise DataError(str(error)) from None
    found = planned(
        noise,
        knot=knot,
        slope_change=slope_change,
        slope_before=slope_before,
        drop=drop,
        last=last,
        shares=tuple(count for count in _counts("--shares", shares) if count is not None),
        replicates=tuple(
            count for count in _counts("--replicates", replicates) if count is not None
        ),
        corpora=_counts("--corpora", corpora),
        power=power,
        seed=seed,
    )
    if json:
        printing.as_json(found.to_dict())
    else:
        printing.parts(plan_summary(found))


def _counts(option: str, text: str) -> tuple[int | None, ...]:
    """Whole numbers divided by commas; 'own' is None. Raises DataError."""
    from smcollapse.errors import DataError

    try:
        return tuple(None if part.strip() == "own" else int(part) for part in text.split(","))
    except ValueError:
        raise DataError(f"{option} {text}: write whole numbers with commas, such as 9,13") from None


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(plan)
