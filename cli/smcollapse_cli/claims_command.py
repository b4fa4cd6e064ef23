"""The command `claims`: every claim with its grade, computed from the committed findings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from smcollapse_cli.options import Json

INCOMPLETE = 1
"""Exit code where the ledger is sound, but a result that it cites is missing, damaged or stale."""

Ledger = Annotated[
    Path | None,
    typer.Argument(
        help="A ledger of claims in TOML.",
        metavar="[FILE]",
        show_default="analyses/claims.toml of the repository",
    ),
]


def claims(file: Ledger = None, json: Json = False) -> None:
    """What is claimed, and what the committed results say of it.

    Exit code 1 where a result that is cited is missing, damaged or older than its code.
    """
    from smcollapse.questions.ledgers.claims import claims_report
    from smcollapse.report.claims import COLUMNS, claim_rows
    from smcollapse_cli import printing

    report = claims_report(file)
    if json:
        printing.as_json(report.to_dict())
    else:
        printing.console().print(printing.grid("", COLUMNS, claim_rows(report)))
    for problem in report.problems:
        sys.stderr.write(f"error: {problem}\n")
    if report.problems:
        raise typer.Exit(INCOMPLETE)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(claims)
