"""How much synthetic data can this mixture take? The answer of a run, beside the claim."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from smcollapse.inference import (
    INDEPENDENT,
    Break,
    Effect,
    Estimate,
    InferenceError,
    Onset,
    Record,
    Replication,
    Transition,
    curves,
    effect,
    net_effect,
    onset,
)
from smcollapse.inference.words import per_cent, short_per_cent
from smcollapse.questions.claim import (
    Claim,
    effect_verdict,
    onset_verdict,
    published_claim,
)
from smcollapse.questions.conditions import ConditionRows, conditions_of
from smcollapse.questions.contrasts import Contrasts, contrasts_of
from smcollapse.questions.measures import EFFECT_MEASURES
from smcollapse.store import Store

RESPONSE = "rare_recall"
LEARNED = 0.20
"""Recall of the rare cases of a text, without synthetic data, from which they count as learned."""


@dataclass(frozen=True)
class ConditionAnswer(Record):
    """One condition of the study: its settings, onset and effects.

    effects : change between the claim's windows, by measure
    net_effects : the same less the change of the `real_only` control: synthetic added alone
    """

    label: str
    settings: dict[str, Any]
    onset: Onset
    effects: dict[str, Effect]
    net_effects: dict[str, Effect]


@dataclass(frozen=True)
class ClaimRow(Record):
    """One line of the comparison of the claim with the reference condition."""

    term: str
    reading: str
    claimed: tuple[float, float]
    measured: Estimate
    net: Estimate | None
    verdict: str


@dataclass(frozen=True)
class Answer(Record):
    """The answer of a run."""

    study: str
    text: str
    claim: tuple[ClaimRow, ...]
    conditions: tuple[ConditionAnswer, ...]
    contrasts: Contrasts | None
    n_models: int
    n_planned: int
    notes: tuple[str, ...]


def answer_of(store: Store) -> Answer:
    """The answer that the finished units of a store give. Raises StoreError if there are none."""
    done, planned = store.count()
    conditions = list(conditions_of(store, store.table(complete=True)))
    least = LEARNED if store.study.scenario.world.kind == "corpus" else 0.0
    answers = tuple(_condition(condition, least) for condition in conditions)
    reference = answers[0] if conditions[0].is_reference else None
    notes = _notes(done, planned, conditions[0].replication, store) + _floor(reference)
    return Answer(
        study=store.study.name,
        text=_text(reference),
        claim=() if reference is None else tuple(_claim_rows(reference, published_claim())),
        conditions=answers,
        contrasts=contrasts_of(conditions) if conditions[0].is_reference else None,
        n_models=done,
        n_planned=planned,
        notes=notes,
    )


def _condition(condition: ConditionRows, least: float) -> ConditionAnswer:
    claim, replication = published_claim(), condition.replication
    effects, net_effects = {}, {}
    for measure in EFFECT_MEASURES:
        try:
            measured = curves(condition.rows, measure, replication=replication)
            effects[measure] = effect(measured, claim.before, claim.after)
            if condition.control is not None:
                alone = curves(condition.control, measure, replication=replication)
                net_effects[measure] = net_effect(measured, alone, claim.before, claim.after)
        except InferenceError:
            continue
    onset = onset_of(condition.rows, replication)
    found = learned(onset, condition.rows, least)
    if found is not onset:  # what is hardly learned cannot be lost
        effects.pop(RESPONSE, None)
        net_effects.pop(RESPONSE, None)
    return ConditionAnswer(condition.label, condition.settings, found, effects, net_effects)


def onset_of(
    rows: pd.DataFrame, replication: Replication = INDEPENDENT, response: str = RESPONSE
) -> Onset:
    """The onset on the rows of one condition; what fails is said in `warnings`."""
    try:
        return onset(curves(rows, response, replication=replication))
    except InferenceError as error:
        return Onset(response, verdict=f"no verdict: {error}", warnings=(str(error),))


def learned(found: Onset, rows: pd.DataFrame, least: float) -> Onset:
    """The onset, or that there is none to lose where rare cases are hardly learned at all.

    least : recall at the smallest share from which there is something to lose
    """
    first = rows[rows["share"] == rows["share"].min()][RESPONSE].mean()
    if not first < least:
        return found
    said = (
        f"not learned: rare recall at the smallest share is {100 * first:.0f} %, and "
        f"{100 * least:.0f} % are needed; more passes, a larger budget or model would raise it"
    )
    return Onset(found.response, verdict=said, verdict_kind="not learned", warnings=(said,))


def _claim_rows(reference: ConditionAnswer, claim: Claim) -> Iterator[ClaimRow]:
    found = reference.onset
    for estimand in (found.benchmark, found.break_point, found.transition):
        if estimand is not None:
            measured = estimand.estimates()[0]
            word = onset_verdict(claim.onset, measured)
            if isinstance(estimand, Transition) and not estimand.shown:
                word = "no transition shown"
            if isinstance(estimand, Break) and found.verdict_kind != "break":
                word = "no break shown"
            yield ClaimRow(measured.term, "share", claim.onset, measured, None, word)
    for claimed in claim.effects:
        change = reference.effects.get(claimed.measure)
        net = reference.net_effects.get(claimed.measure)
        if change is None:
            continue
        for reading in claimed.readings:
            measured = getattr(change, reading)
            yield ClaimRow(
                term=claimed.measure,
                reading=reading,
                claimed=(claimed.change, claimed.change),
                measured=measured,
                net=None if net is None else getattr(net, reading),
                verdict=effect_verdict(claimed.change, claim.rounding, measured),
            )


def _text(reference: ConditionAnswer | None) -> str:
    """How much synthetic data this mixture can take, in one or two sentences."""
    if reference is None:
        return "No answer yet: no model of the reference scenario is trained"
    benchmark = reference.onset.benchmark
    if benchmark is None:
        return "No answer: " + ("; ".join(reference.onset.warnings) or "no benchmark share")
    loss = f"{100 * benchmark.loss:.0f} % of its rare-case recall"
    mixture = "This mixture"
    if reference.label != "reference":
        mixture += f" ({reference.label})"
    parts = []
    if (bracket := benchmark.bracket) is not None:
        level = f"{100 * benchmark.level:.0f} %"
        if bracket.safe_share <= benchmark.baseline_share:
            parts.append(
                f"{mixture}: at no tried share above {short_per_cent(bracket.safe_share)} is a "
                f"loss of {loss} excluded (one-sided {level})."
            )
        else:
            parts.append(
                f"{mixture} can take a synthetic share of {benchmark.safe_words}: a loss of {loss} "
                f"is excluded there and at every smaller share that was tried (one-sided {level})."
            )
        low, high = (short_per_cent(end) for end in (bracket.band.lower, bracket.band.upper))
        if math.isfinite(bracket.band.upper):
            parts.append(f"It sets in between {low} and {high} ({level}).")
    if benchmark.share is None:
        parts.append("The means reach that loss at no share that was tried.")
    else:
        parts.append(f"Lines between the means reach that loss at {per_cent(benchmark.share)}.")
    parts.append(f"Verdict on rare-case recall: {reference.onset.verdict}.")
    return " ".join(parts)


def _floor(reference: ConditionAnswer | None) -> tuple[str, ...]:
    """A note where rare recall is too low from the start for the claimed points to be lost."""
    benchmark = None if reference is None else reference.onset.benchmark
    claimed = next(one for one in published_claim().effects if one.measure == RESPONSE).change
    if benchmark is None or benchmark.baseline >= 2.0 * abs(claimed):
        return ()
    return (
        f"rare recall starts at {100 * benchmark.baseline:.0f} %: a fall by the claimed "
        f"{100 * abs(claimed):.0f} points could hardly show, read it relative to that level",
    )


def _notes(done: int, planned: int, replication: Replication, store: Store) -> tuple[str, ...]:
    notes = []
    if done < planned:
        notes.append(f"{done} of {planned} models are trained: the answer is provisional")
    if replication.design == "re-splits":
        what = "text" if store.study.scenario.world.kind == "corpus" else "table"
        notes.append(
            f"replicates are re-splits of one {what}, not new data: intervals carry the "
            f"Nadeau-Bengio correction and are conditional on this {what}"
        )
    if any(condition.scenario.source.kind == "file" for condition in store.study.conditions()):
        notes.append(
            "all replicates draw from the one file of synthetic rows: intervals are conditional on "
            "this file"
        )
    return tuple(notes)
