"""Write predictions into a folder: figures as PNG and SVG, tables as CSV."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from smcollapse.errors import StoreError
from smcollapse.questions.phases.phase import PhaseDiagram
from smcollapse.questions.predict import Predictions
from smcollapse.report.phase import phase_figure
from smcollapse.report.predicted_conditions import knobs_figure, onsets_figure
from smcollapse.report.predictions import predictions_figure
from smcollapse.report.style import image_files, style
from smcollapse.store.files import put

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Drawing = Callable[[], "Figure | None"]


def check_folder(folder: Path) -> None:
    """Raise StoreError if a folder cannot be made or written, before anything is worked out."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise StoreError(f"{place}: is a file: write another folder with --out")
    if not os.access(place, os.W_OK | os.X_OK):
        raise StoreError(f"{place}: cannot be written: write another folder with --out")


def write_predictions(predictions: Predictions, folder: Path) -> tuple[Path, ...]:
    """Write `predictions.csv`, `onsets.csv` and the figures that this study has.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    return write_files(
        folder,
        {"predictions": predictions.table, "onsets": predictions.onset_table},
        {
            "predictions": lambda: predictions_figure(predictions),
            "onsets": lambda: onsets_figure(predictions),
            "knobs": lambda: knobs_figure(predictions),
        },
    )


def write_phase(diagram: PhaseDiagram, folder: Path) -> tuple[Path, ...]:
    """Write `phase.csv` and the figure. Raises StoreError if the folder cannot be written."""
    return write_files(folder, {"phase": diagram.table}, {"phase": lambda: phase_figure(diagram)})


def write_files(
    folder: Path, tables: dict[str, pd.DataFrame], drawings: dict[str, Drawing]
) -> tuple[Path, ...]:
    """Write tables as CSV and figures as PNG and SVG; each file is replaced whole.

    Nothing else in the folder is touched. Raises StoreError if it cannot be written.
    """
    written: list[Path] = []

    def save(name: str, content: bytes) -> None:
        written.append(folder / name)
        put(written[-1], content)

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            save(f"{name}.csv", table.to_csv(index=False).encode())
        with style():
            for name, drawing in drawings.items():
                if (figure := drawing()) is None:
                    continue
                for suffix, content in image_files(figure).items():
                    save(f"{name}.{suffix}", content)
    except OSError as error:
        raise StoreError(
            f"{folder}: cannot be written ({error.strerror or error}): write another folder "
            "with --out"
        ) from None
    return tuple(written)
