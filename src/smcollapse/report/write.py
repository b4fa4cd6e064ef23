"""Write the report of a store: figures as PNG and SVG, and the page that holds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from smcollapse.errors import StoreError
from smcollapse.questions.answer import answer_of
from smcollapse.report import captions
from smcollapse.report.knobs import knobs_figure
from smcollapse.report.measures import measures_figure
from smcollapse.report.onsets import onsets_figure
from smcollapse.report.page import Picture, page_of
from smcollapse.report.reliability import reliability_figure
from smcollapse.report.selection import Material, material_of
from smcollapse.report.style import image_files, style
from smcollapse.report.text_figure import text_caption, text_figure
from smcollapse.store import Store
from smcollapse.store.files import put

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Report:
    """The files of a report: the page, and each figure as PNG and SVG."""

    page: Path
    figures: tuple[Path, ...]


@dataclass(frozen=True)
class _Drawing:
    """How one figure is drawn (None: this study has nothing to show in it) and described."""

    name: str
    heading: str
    figure: Callable[[Material], Figure | None]
    caption: Callable[[Material], str]


DRAWINGS = (
    _Drawing(
        "measures", "Every measure against the share", measures_figure, captions.measures_caption
    ),
    _Drawing("text", "How well the text is known, and how varied it is", text_figure, text_caption),
    _Drawing("onsets", "Onset by condition", onsets_figure, captions.onsets_caption),
    _Drawing("knobs", "What moves the onset", knobs_figure, captions.knobs_caption),
    _Drawing(
        "reliability", "Is its confidence earned?", reliability_figure, captions.reliability_caption
    ),
)


def write_report(store: Store, folder: Path | None = None) -> Report:
    """Write `report.html` and its figures into a folder, by default `report` in the store's.

    Files of an earlier report are replaced one by one, each whole; nothing else is touched.

    Raises
    ------
    StoreError
        If the folder cannot be written, a part is damaged, or no unit is finished.
    """
    folder = store.folder / "report" if folder is None else folder
    answer = answer_of(store)
    material = material_of(store, answer)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        figures: list[Path] = []
        pictures: list[Picture] = []
        with style():
            for drawing in DRAWINGS:
                figure = drawing.figure(material)
                if figure is None:
                    continue
                images = image_files(figure)
                for suffix, content in images.items():
                    figures.append(folder / f"{drawing.name}.{suffix}")
                    put(figures[-1], content)
                caption = drawing.caption(material)
                pictures.append(Picture(drawing.name, drawing.heading, caption, images["svg"]))
        html = page_of(store, answer, tuple(pictures))
        page = folder / "report.html"
        put(page, html.encode("utf-8"))
    except OSError as error:
        raise StoreError(
            f"{folder}: the report cannot be written ({error.strerror or error}): write another "
            "folder"
        ) from None
    return Report(page, tuple(figures))
