"""Limitations: what could be wrong with an answer, each tested by an analysis of its own.

An analysis is one file in `analyses/limitations`. Its docstring has a title line and then the
paragraphs Claim, Design and Falsifier; its function `analyse` does the work:

    ORDER = 10

    def analyse(lab: Lab) -> tuple[Finding, Figure]:
        store = lab.run(parse_study(STUDY, "my study"))
        measured = curves_of(store, "reference", "rare_recall")
        number = paired("what decides", [measured], lambda mean: mean[-1] - mean[0], "points")
        return lab.finding([number], "in words", grade_below(number, 0.0)), figure

The files of the folder are the catalog. What is done is kept: a finding that the same file made, in
the same size and with the same versions of the library's layers, is not made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smcollapse.errors import SmcollapseError, StoreError
from smcollapse.inference import Curves, InferenceError, Record, curves
from smcollapse.questions.ledgers.findings import (
    Finding,
    FindingError,
    Grade,
    Kind,
    Quantity,
    read_finding,
    write_finding,
)
from smcollapse.questions.ledgers.scripts import require_current, stamped
from smcollapse.questions.limitations.catalog import Analysis, LimitsError, catalog, chosen
from smcollapse.store.files import put

__all__ = [
    "Analysis",
    "Lab",
    "Limits",
    "LimitsError",
    "catalog",
    "chosen",
    "conditions_by_label",
    "curves_in",
    "curves_of",
    "kept",
    "reduced",
    "run_limits",
]

if TYPE_CHECKING:
    from smcollapse.engines import Finished
    from smcollapse.questions.conditions import ConditionRows
    from smcollapse.run import Device
    from smcollapse.store import Store
    from smcollapse.study import Study

IMAGES = ("png", "svg")
Progress = Callable[[str], None]
"""Told, in words, what goes on."""


@dataclass(frozen=True)
class Lab:
    """Where analyses run: folder and size, and how to train.

    quick    : whether studies are reduced, see `run`
    workers  : processes; None is one a core
    analysis : the one that is at work, which `finding` speaks for
    used     : number of models by study that it used
    """

    folder: Path
    quick: bool = False
    workers: int | None = None
    device: Device = "auto"
    progress: Progress | None = None
    analysis: Analysis | None = None
    used: dict[str, int] = field(default_factory=dict, compare=False)

    @property
    def models(self) -> int:
        """Number of trained models that were used."""
        return sum(self.used.values())

    def say(self, text: str) -> None:
        """Tell what goes on."""
        if self.progress is not None:
            self.progress(text if self.analysis is None else f"{self.analysis.name}: {text}")

    def run(
        self, study: Study, quick_replicates: int = 5, quick_shares: Sequence[float] | None = None
    ) -> Store:
        """What is missing of a study, trained into `folder/studies`; resumable.

        Folders are named after the study and what is in it: a changed study has a new one.

        Analyses that run the same study train it once. In a quick lab the study has at most
        `quick_replicates` replicates, and the shares `quick_shares` if given.

        Raises
        ------
        StoreError, DeviceError, StudyError, DataError
            As `run_study`.
        """
        from smcollapse.run import run_study

        chosen, suffix = study, ""
        if self.quick:
            chosen, suffix = reduced(study, quick_replicates, quick_shares), "-quick"

        def progress(done: int, total: int, finished: Finished | None) -> None:
            self.say(f"study {study.name}, {done} of {total} models")

        store = run_study(
            chosen,
            self.folder / "studies" / f"{study.name}{suffix}-{chosen.identity()[:6]}",
            device=self.device,
            workers=self.workers,
            progress=progress,
        ).store
        self.used[study.name] = store.count()[0]
        return store

    def finding(
        self,
        quantities: Iterable[Quantity],
        verdict: str,
        grade: Grade,
        kind: Kind = "toy training",
        *,
        notes: Iterable[str] = (),
        details: dict[str, Any] | None = None,
    ) -> Finding:
        """The finding of the analysis at work: title, claim, design, falsifier by its docstring."""
        if self.analysis is None:
            raise ValueError("a lab without an analysis has no finding")
        return Finding(
            name=self.analysis.name,
            title=self.analysis.title,
            statement=self.analysis.claim,
            design=self.analysis.design,
            falsifier=self.analysis.falsifier,
            quantities=tuple(quantities),
            verdict=verdict,
            grade=grade,
            kind=kind,
            models=self.models,
            quick=self.quick,
            notes=tuple(notes),
            details=details or {},
        )


@dataclass(frozen=True)
class Limits(Record):
    """What a run of analyses did.

    findings : in the order of the catalog; made : names of those that were not there already
    failures : what went wrong, by name
    """

    folder: Path
    findings: tuple[Finding, ...]
    made: tuple[str, ...]
    failures: dict[str, str]

    def require_all(self) -> None:
        """Raise LimitsError if an analysis failed, naming each."""
        if self.failures:
            lines = (f"analysis '{name}' failed: {text}" for name, text in self.failures.items())
            raise LimitsError("\n".join(lines))


Draw = Callable[[Analysis, Lab], tuple[Finding, Mapping[str, bytes]]]
"""Runs an analysis: its finding, and its figure as bytes by suffix (report/limitations.py)."""


def reduced(study: Study, replicates: int, shares: Sequence[float] | None = None) -> Study:
    """The study with at most so many replicates, and those shares."""
    axes = study.axes
    if shares is not None:
        axes = tuple(
            axis.model_copy(update={"values": tuple(shares)})
            if axis.path == "mixture.share"
            else axis
            for axis in axes
        )
    fewer = min(study.replicates, replicates)
    return study.model_copy(update={"replicates": fewer, "axes": axes})


def conditions_by_label(store: Store) -> dict[str, ConditionRows]:
    """The conditions of a store by label, the reference first; controls stand beside them."""
    from smcollapse.questions.conditions import conditions_of

    return {one.label: one for one in conditions_of(store, store.table(complete=True))}


def curves_of(store: Store, label: str, response: str, *, control: bool = False) -> Curves:
    """Curves of a measure in one condition, or in its `real_only` control.

    Raises LimitsError for an unknown label, or where there is no control.
    """
    known = conditions_by_label(store)
    if label not in known:
        raise LimitsError(f"study '{store.study.name}' has no condition '{label}'")
    return curves_in(known[label], response, control=control)


def curves_in(condition: ConditionRows, response: str, *, control: bool = False) -> Curves:
    """The same of a condition that is at hand."""
    rows = condition.control if control else condition.rows
    if rows is None:
        raise LimitsError(f"condition '{condition.label}' has no real_only control")
    return curves(rows, response, replication=condition.replication)


def run_limits(
    names: Iterable[str],
    lab: Lab,
    draw: Draw,
    progress: Progress | None = None,
    known: Mapping[str, Analysis] | None = None,
) -> Limits:
    """Run analyses; each is written as soon as it is done, and what is done is kept.

    Writes `NAME.json`, `NAME.png` and `NAME.svg` into the lab's folder. An analysis that fails
    leaves the others alone, and is named in `failures`.

    Raises
    ------
    LimitsError
        For an unknown name, before anything is run.
    StoreError
        If the folder cannot be written.
    """
    todo = chosen(names, catalog() if known is None else known)
    lab = replace(lab, progress=progress or lab.progress)
    findings, made, failures = [], [], {}
    for number, analysis in enumerate(todo):
        own = replace(lab, analysis=analysis, used={})
        finding = kept(analysis, lab)
        if finding is None:
            own.say(f"{number + 1} of {len(todo)}")
            try:
                finding, images = draw(analysis, own)
            except (SmcollapseError, InferenceError) as error:
                failures[analysis.name] = str(error)
                continue
            finding = _written(finding, images, analysis, own)
            made.append(analysis.name)
        findings.append(finding)
    return Limits(lab.folder, tuple(findings), tuple(made), failures)


def kept(analysis: Analysis, lab: Lab) -> Finding | None:
    """The finding in the lab's folder, if it is current and of this size; else None."""
    try:
        finding = read_finding(lab.folder / f"{analysis.name}.json")
        require_current(finding, [analysis.path], analysis.path.name)
    except FindingError:
        return None
    whole = all((lab.folder / f"{analysis.name}.{suffix}").is_file() for suffix in IMAGES)
    same = (finding.statement, finding.design, finding.falsifier) == (
        analysis.claim,
        analysis.design,
        analysis.falsifier,
    )
    return finding if whole and same and finding.quick == lab.quick else None


def _written(
    finding: Finding, images: Mapping[str, bytes], analysis: Analysis, lab: Lab
) -> Finding:
    """Write figure and finding, the finding last: where it is, everything is."""
    finding = replace(finding, name=analysis.name, quick=lab.quick, models=lab.models)
    finding = stamped(finding, analysis.path)
    try:
        lab.folder.mkdir(parents=True, exist_ok=True)
        for suffix in IMAGES:
            put(lab.folder / f"{analysis.name}.{suffix}", images[suffix])
        write_finding(finding, lab.folder)
    except OSError as error:
        raise StoreError(
            f"{lab.folder}: cannot be written ({error.strerror or error}): write another folder "
            "with --out"
        ) from None
    return finding
