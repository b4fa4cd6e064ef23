"""How much synthetic data can this mixture take? The answer of a run, beside the claim."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from smcollapse.inference import (
    INDEPENDENT,
    BenchmarkShare,
    Break,
    Effect,
    Estimate,
    InferenceError,
    Record,
    Replication,
    StepDown,
    Transition,
    benchmark_share,
    break_point,
    curves,
    effect,
    net_effect,
    smooth_transition,
    step_down_safe_share,
)
from smcollapse.questions.claim import Claim, published_claim, verdict
from smcollapse.store import Store

RESPONSE = "rare_recall"
EFFECT_MEASURES = ("rare_recall", "head_recall", "accuracy", "mean_confidence", "ece")


@dataclass(frozen=True)
class Onset(Record):
    """The three onset estimands of one measure side by side; None where one cannot be had."""

    response: str
    benchmark: BenchmarkShare | None
    step_down: StepDown | None
    break_point: Break | None
    transition: Transition | None
    notes: tuple[str, ...]


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
    n_models: int
    n_planned: int
    notes: tuple[str, ...]


def answer_of(store: Store) -> Answer:
    """The answer that the finished units of a store give. Raises StoreError if there are none."""
    done, planned = store.count()
    table = store.table()
    replication = _replication(store)
    conditions = tuple(
        _condition(label, settings, rows, control, replication)
        for label, settings, rows, control in _conditions(store, table)
    )
    notes = _notes(done, planned, replication)
    reference = conditions[0]
    return Answer(
        study=store.study.name,
        text=_text(reference),
        claim=tuple(_claim_rows(reference, published_claim())),
        conditions=conditions,
        n_models=done,
        n_planned=planned,
        notes=notes,
    )


def knob_columns(store: Store, table: pd.DataFrame) -> list[str]:
    """Columns of varied settings other than the share."""
    columns = [column for path, column in store.study.varied().items() if path != "mixture.share"]
    return [column for column in columns if column in table.columns]


def _replication(store: Store) -> Replication:
    for made in store.provenance():
        if made["resplits"] is not None:
            return Replication("re-splits", **made["resplits"])
    return INDEPENDENT


def _conditions(
    store: Store, table: pd.DataFrame
) -> Iterator[tuple[str, dict[str, Any], pd.DataFrame, pd.DataFrame | None]]:
    """Label, settings, rows and `real_only` control of each condition, controls left out.

    A control has no synthetic rows, so it serves every setting of the source.
    """
    columns = store.study.varied()
    knobs = [column for column in knob_columns(store, table) if column != "design"]
    shared = [k for path, k in columns.items() if k in knobs and not path.startswith("source.")]
    keys = ["variant", *knobs, "design"]
    several = {knob for knob in knobs if len(table[knob].unique()) > 1}
    one_variant = len(table["variant"].unique()) == 1
    groups = [
        (dict(zip(keys, key, strict=True)), rows)
        for key, rows in table.groupby(keys, sort=False, dropna=False)
    ]
    controls = {
        tuple(settings[knob] for knob in shared): rows
        for settings, rows in groups
        if settings["design"] == "real_only"
    }
    only_controls = all(settings["design"] == "real_only" for settings, _ in groups)
    for settings, rows in groups:
        if settings["design"] == "real_only" and not only_controls:
            continue
        shown = [f"{knob} {settings[knob]}" for knob in knobs if knob in several]
        label = ", ".join(shown) if shown and one_variant else str(settings["variant"])
        yield label, settings, rows, controls.get(tuple(settings[knob] for knob in shared))


def _condition(
    label: str,
    settings: dict[str, Any],
    rows: pd.DataFrame,
    control: pd.DataFrame | None,
    replication: Replication,
) -> ConditionAnswer:
    claim = published_claim()
    effects, net_effects = {}, {}
    for measure in EFFECT_MEASURES:
        try:
            measured = curves(rows, measure, replication=replication)
            effects[measure] = effect(measured, claim.before, claim.after)
            if control is not None:
                alone = curves(control, measure, replication=replication)
                net_effects[measure] = net_effect(measured, alone, claim.before, claim.after)
        except InferenceError:
            continue
    return ConditionAnswer(label, settings, onset_of(rows, replication), effects, net_effects)


def onset_of(
    rows: pd.DataFrame, replication: Replication = INDEPENDENT, response: str = RESPONSE
) -> Onset:
    """The three estimands on the rows of one condition; what fails is said in `notes`."""
    notes: list[str] = []
    try:
        measured = curves(rows, response, replication=replication)
    except InferenceError as error:
        return Onset(response, None, None, None, None, (str(error),))

    def attempt(name: str, function: Any) -> Any:
        try:
            return function(measured)
        except InferenceError as error:
            notes.append(f"{name}: {error}")
            return None

    return Onset(
        response,
        attempt("benchmark share", benchmark_share),
        attempt("step-down test", step_down_safe_share),
        attempt("break", break_point),
        attempt("transition", smooth_transition),
        tuple(notes),
    )


def _claim_rows(reference: ConditionAnswer, claim: Claim) -> Iterator[ClaimRow]:
    onset = reference.onset
    for estimand in (onset.benchmark, onset.break_point, onset.transition):
        if estimand is not None:
            measured = estimand.estimates()[0]
            word = verdict(claim.onset, measured)
            yield ClaimRow(measured.term, "share", claim.onset, measured, None, word)
    for claimed in claim.effects:
        found = reference.effects.get(claimed.measure)
        net = reference.net_effects.get(claimed.measure)
        if found is None:
            continue
        for reading in claimed.readings:
            measured = getattr(found, reading)
            point = (claimed.change, claimed.change)
            yield ClaimRow(
                term=claimed.measure,
                reading=reading,
                claimed=point,
                measured=measured,
                net=None if net is None else getattr(net, reading),
                verdict=verdict(point, measured),
            )


def _text(reference: ConditionAnswer) -> str:
    """How much synthetic data this mixture can take, in one or two sentences."""
    benchmark = reference.onset.benchmark
    if benchmark is None:
        return "No answer yet: " + ("; ".join(reference.onset.notes) or "no benchmark share")
    loss = f"{benchmark.loss:.0%} of its rare-case recall"
    parts = []
    if benchmark.safe_share is not None:
        parts.append(
            f"This mixture can take a synthetic share of up to {benchmark.safe_share:.2f} before "
            f"it loses {loss} (one-sided {benchmark.level:.0%} limit)."
        )
    if benchmark.share is None:
        parts.append(f"The loss of {loss} is {benchmark.note or 'not reached'}.")
    else:
        band = benchmark.band
        shown = "" if band is None else f" [{band.lower:.2f}, {band.upper:.2f}]"
        parts.append(f"The best estimate of that share is {benchmark.share:.2f}{shown}.")
    return " ".join(parts)


def _notes(done: int, planned: int, replication: Replication) -> tuple[str, ...]:
    notes = ["whether the curve has a break at all is not tested here: a smooth decline has a knot"]
    if done < planned:
        notes.append(f"{done} of {planned} models are trained: the answer is provisional")
    if replication.design == "re-splits":
        notes.append(
            "replicates are re-splits of one table, not new data: intervals carry the "
            "Nadeau-Bengio correction and are conditional on this table"
        )
    return tuple(notes)
