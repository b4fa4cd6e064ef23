"""Limitations on one page and in one Markdown file: verdict, deciding number and figure of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from smcollapse.errors import StoreError
from smcollapse.questions.ledgers.findings import Finding, FindingError, Quantity, read_finding
from smcollapse.questions.ledgers.ledger import limits_of
from smcollapse.questions.ledgers.scripts import require_current
from smcollapse.questions.limitations.limits import (
    Analysis,
    Lab,
    Limits,
    Progress,
    catalog,
    run_limits,
)
from smcollapse.report.claims import quantity_text
from smcollapse.report.page import Picture, inline_svg
from smcollapse.report.style import image_files, style
from smcollapse.store.files import put

COLUMNS = ("limitation", "grade", "what decides it", "kind", "models", "verdict")
PAGE, MARKDOWN = "limitations.html", "LIMITATIONS.md"


@dataclass(frozen=True)
class Collected:
    """The findings of a folder in the order of the catalog.

    found : analysis, finding, and the SVG of its figure (None where that is missing)
    missing : analyses without a finding that can be used
    """

    found: tuple[tuple[Analysis, Finding, bytes | None], ...]
    missing: tuple[Analysis, ...]

    @property
    def quick(self) -> bool:
        """Whether any finding comes from the reduced design."""
        return any(finding.quick for _, finding, _ in self.found)

    @property
    def headline(self) -> str:
        """How many there are of each grade."""
        grades = [finding.grade for _, finding, _ in self.found]
        counted = (f"{grades.count(grade)} {grade}" for grade in dict.fromkeys(sorted(grades)))
        text = f"{len(grades)} limitations tested: {', '.join(counted)}." if grades else ""
        if self.missing:
            text += f" {len(self.missing)} not tested yet."
        return text.strip()


def drawn(analysis: Analysis, lab: Lab) -> tuple[Finding, Mapping[str, bytes]]:
    """Run an analysis: its finding, and its figure as PNG and SVG."""
    with style():
        finding, figure = analysis.analyse(lab)
        return finding, image_files(figure)


def run_and_write(
    names: Iterable[str], lab: Lab, progress: Progress | None = None
) -> tuple[Limits, Path]:
    """Run analyses and write page and Markdown of all that the folder holds; the page's path.

    Raises LimitsError for an unknown name, StoreError if the folder cannot be written.
    """
    known = catalog()
    result = run_limits(names, lab, drawn, progress, known)
    return result, write_limitations(lab.folder, known)


def collect(folder: Path, known: Mapping[str, Analysis]) -> Collected:
    """What a folder holds of the catalog; a finding that is outdated is not among it."""
    found, missing = [], []
    for name, analysis in known.items():
        try:
            finding = read_finding(folder / f"{name}.json")
            require_current(finding, [analysis.path], analysis.path.name)
        except FindingError:
            missing.append(analysis)
            continue
        svg = folder / f"{name}.svg"
        found.append((analysis, finding, svg.read_bytes() if svg.is_file() else None))
    return Collected(tuple(found), tuple(missing))


def write_limitations(folder: Path, known: Mapping[str, Analysis] | None = None) -> Path:
    """Write `limitations.html` and `LIMITATIONS.md` of a folder's findings; the page's path.

    Raises StoreError if the folder cannot be written.
    """
    collected = collect(folder, catalog() if known is None else known)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        put(folder / PAGE, page_of_limitations(collected).encode("utf-8"))
        put(folder / MARKDOWN, markdown_of(collected).encode("utf-8"))
    except OSError as error:
        raise StoreError(
            f"{folder}: cannot be written ({error.strerror or error}): write another folder"
        ) from None
    return folder / PAGE


def finding_row(finding: Finding) -> tuple[str, ...]:
    """A row of the table, in the columns of `COLUMNS`."""
    return (
        finding.title,
        finding.grade,
        decisive(finding),
        finding.kind,
        str(finding.models),
        finding.verdict,
    )


def decisive(finding: Finding) -> str:
    """The deciding number with its interval, named."""
    quantity = finding.quantities[0]
    return f"{quantity.term}: {quantity_text(quantity)}"


def page_of_limitations(collected: Collected) -> str:
    """The HTML: no script, no outside request, all texts escaped."""
    import jinja2

    folder = resources.files("smcollapse.report")
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["tone"] = tone
    style_sheet = (folder / "page.html").read_text(encoding="utf-8")
    style_sheet = style_sheet.partition("<style>")[2].partition("</style>")[0]
    template = (folder / "limitations.html").read_text(encoding="utf-8")
    return environment.from_string(template).render(
        collected=collected,
        style_sheet=style_sheet,
        columns=COLUMNS,
        rows=[
            (finding.name, finding.grade, finding_row(finding)) for _, finding, _ in collected.found
        ],
        sections=[_section(*one) for one in collected.found],
    )


def _section(
    analysis: Analysis, finding: Finding, svg: bytes | None
) -> tuple[Finding, str | None, list[tuple[str, str, str]]]:
    """Finding, its figure as an element of the page, its numbers as text."""
    picture = None
    if svg is not None:
        picture = inline_svg(Picture(analysis.name, finding.title, "", svg))
    return finding, picture, [_quantity_row(quantity) for quantity in finding.quantities]


def _quantity_row(quantity: Quantity) -> tuple[str, str, str]:
    note = quantity.note
    lower, upper = limits_of(quantity)
    if lower < upper and quantity.level != 0.95:
        note = "; ".join(part for part in (f"{100 * quantity.level:g} % interval", note) if part)
    return quantity.term, quantity_text(quantity), note


def tone(grade: str) -> str:
    """Style class of a grade."""
    return {"supported": "agrees", "contradicted": "contradicted"}.get(grade, "open")


def markdown_of(collected: Collected, figures: str = "") -> str:
    """The same as Markdown; figures are linked beside it, or below `figures` (ends in a slash)."""
    lines = ["# Limitations", "", collected.headline, ""]
    if collected.quick:
        lines += ["Some findings come from the reduced design of `--quick`.", ""]
    lines += [
        "A grade is of the statement that was tested: *supported*, *contradicted* or *not shown*, "
        "computed from the numbers. Intervals are 95 % unless said otherwise.",
        "",
        _row(("limitation", "verdict", "deciding estimate", "grade", "kind", "models")),
        _row(["---"] * 6),
    ]
    for _, one, _ in collected.found:
        cells = (one.verdict, decisive(one), one.grade, one.kind, str(one.models))
        lines.append(_row((f"[{_plain(one.title)}](#{one.name})", *map(_plain, cells))))
    lines += [
        _row((_plain(analysis.title), "missing: not tested yet", "", "", "", ""))
        for analysis in collected.missing
    ]
    for _, one, svg in collected.found:
        lines += ["", f'<a id="{one.name}"></a>', "", f"## {_plain(one.title)}", ""]
        lines += [f"**Statement.** {_plain(one.statement)}", ""]
        lines += [f"**Design.** {_plain(one.design)} ({one.models} models)", ""]
        lines += [f"**Falsifier.** {_plain(one.falsifier)}", ""]
        lines += [f"**Verdict: {one.grade}.** {_plain(one.verdict)}", ""]
        lines += [_row(("quantity", "value [interval]", "note")), _row(["---"] * 3)]
        lines += [_row(map(_plain, _quantity_row(quantity))) for quantity in one.quantities]
        lines += ["", *(f"- {_plain(note)}" for note in one.notes)]
        if svg is not None:
            lines += ["", f"![{_plain(one.title)}]({figures}{one.name}.png)"]
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Text that is no Markdown table or HTML."""
    for sign, meant in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("\n", " ")):
        text = text.replace(sign, meant)
    return text
