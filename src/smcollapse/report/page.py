"""The page: one HTML file with everything inside, no script and no outside request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from importlib import resources

from smcollapse.inference import Onset
from smcollapse.questions.answer import Answer
from smcollapse.report.making import command_of, making_of
from smcollapse.report.practice import practice_of
from smcollapse.report.tables import claim_table, condition_table, contrast_table
from smcollapse.report.texts import example_table, factorial_table, probe_table
from smcollapse.store import Store
from smcollapse.study_file import study_toml


@dataclass(frozen=True)
class Picture:
    """A figure on the page: its file name without suffix, heading, caption and SVG."""

    name: str
    heading: str
    caption: str
    svg: bytes


def page_of(store: Store, answer: Answer, pictures: tuple[Picture, ...]) -> str:
    """The HTML of a report. Whatever comes from the user is escaped."""
    import jinja2

    template = (resources.files("smcollapse.report") / "page.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["tone"] = tone
    study = store.study
    return environment.from_string(template).render(
        answer=answer,
        title=study.title or study.name,
        name=study.name,
        description=study.description.strip(),
        claim=claim_table(answer),
        conditions=condition_table(answer),
        contrasts=contrast_table(answer),
        examples=example_table(store),
        factorial=factorial_table(store),
        probed=probe_table(store),
        pictures=[(picture, inline_svg(picture)) for picture in pictures],
        practice=practice_of(store, answer),
        notes=notes_of(answer),
        making=making_of(store, answer),
        command=command_of(store),
        study=study_toml(study),
    )


def notes_of(answer: Answer) -> tuple[str, ...]:
    """The notes of the answer, then what is to be said of each condition."""
    said = ((condition.label, _said_of(condition.onset)) for condition in answer.conditions)
    return (*answer.notes, *(f"{label}: {notes}" for label, notes in said if notes))


def _said_of(onset: Onset) -> str:
    """What could not be estimated, and what is to be said of what could."""
    found = (onset.benchmark, onset.break_point, onset.transition)
    notes = [
        note
        for estimand in found
        if estimand is not None
        for note in estimand.note.split("; ")
        if note
    ]
    return "; ".join(dict.fromkeys([*onset.warnings, *notes]))


def tone(verdict: str) -> str:
    """Style class of a verdict: agrees, contradicted, or open where nothing is decided."""
    word = verdict.partition(":")[0]
    tones = {"agrees": "agrees", "compatible": "agrees", "contradicted": "contradicted"}
    return tones.get(word, "open")


def inline_svg(picture: Picture) -> str:
    """The figure's `<svg>` element: no prologue, and identifiers that no other figure has."""
    text = picture.svg.decode("utf-8")
    text = text[text.index("<svg") :]
    own = f"{picture.name}-"
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\1{own}", text)
    label = f'<svg role="img" aria-label="{escape(picture.heading)}" '
    return text.replace("<svg ", label, 1)
