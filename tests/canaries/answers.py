"""Canaries of layer `inference`: what is said of runs that were never run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np

from smcollapse.questions.answer import answer_of, learned, onset_of
from smcollapse.questions.claim import effect_verdict, onset_verdict, published_claim
from smcollapse.questions.conditions import ConditionRows, conditions_of, replication_of
from smcollapse.questions.contrasts import contrasts_of
from smcollapse.questions.factorial import factorial_of
from smcollapse.questions.ledgers.findings import Finding
from smcollapse.questions.mitigating.mitigate import late_shares, mitigation_report, three_shares
from smcollapse.questions.mitigating.study import fewest_real_rows, mitigation_study
from smcollapse.questions.mitigating.words import mitigation_table
from smcollapse.questions.run_findings import (
    claim_finding,
    grade_of,
    is_above,
    is_below,
    mean_curves,
)
from smcollapse.questions.tradeoffs.optimum import optimum_of
from smcollapse.questions.tradeoffs.tradeoff import filter_tradeoff
from smcollapse.questions.tradeoffs.words import tradeoff_table
from smcollapse.questions.validation.validate import validate_store
from smcollapse.study_file import load_study
from tests.canaries import sweeps as made
from tests.canaries.designs import design
from tests.canaries.stores import store
from tests.canaries.sweeps import DRAWS
from tests.canaries.tables import FITTED, Canaries, Canary


def answers(name: str) -> Any:
    """The answer of a run; of the onsets, which have canaries of their own, the first numbers."""
    answer = _cached_answer(name)
    return {
        "claim": answer.claim,
        "models": [answer.n_models, answer.n_planned, len(answer.notes)],
        "conditions": [
            [one.effects, one.net_effects, first(one.onset)] for one in answer.conditions
        ],
    }


def first(found: Any) -> Any:
    """The first numbers of an onset."""
    benchmark, knot = found.benchmark, found.break_point
    return {
        "verdict_kind": found.verdict_kind,
        "benchmark": None if benchmark is None else benchmark.estimates(),
        "knot": None if knot is None else knot.estimates(),
    }


def conditions() -> dict[str, Any]:
    """Conditions of runs, and the verdicts on claimed numbers."""
    found: dict[str, Any] = {}
    for name in ("conditions", "factorial", "tables"):
        table = store(name).table(complete=True)
        found[name] = [
            [
                len(one.label),
                len(one.rows),
                0 if one.control is None else len(one.control),
                one.is_reference,
                one.replication,
            ]
            for one in conditions_of(store(name), table)
        ]
        found[f"{name}, splits"] = replication_of(table)
    rows = store("tables").table(complete=True)
    hardly = learned(onset_of(rows), rows.assign(rare_recall=rows["rare_recall"] / 9.0), 0.2)
    found["hardly learned"] = hardly.verdict_kind == "not learned"
    found["learned"] = learned(onset_of(rows), rows, 0.2).verdict_kind
    claim = published_claim()
    estimate = next(iter(_answer("conditions").effects.values())).points
    moved = [replace(estimate, value=v, interval=None) for v in (-0.1, 0.3)]
    band = estimate.interval
    assert band is not None
    moved += [
        replace(estimate, value=at, interval=replace(band, lower=at - half, upper=at + half))
        for at in (-0.4, -0.21, 0.0, 0.1, 0.38, 0.4, 0.45)
        for half in (0.001, 0.019, 0.3)
    ]
    words = [
        (onset_verdict(claim.onset, one), effect_verdict(-0.21, claim.rounding, one))
        for one in moved
    ]
    found["verdicts"] = [sum(map(ord, first + second)) for first, second in words]
    return found


def _answer(name: str) -> Any:
    return _cached_answer(name).conditions[0]


@cache
def _cached_answer(name: str) -> Any:
    return answer_of(store(name))


def run_findings() -> dict[str, Any]:
    """The published claim against a run as a finding, with grades."""
    answer = _cached_answer("conditions")
    finding: Finding = claim_finding("x", answer, store("conditions"), "toy training")
    numbers = [one for one in finding.quantities if one.value is not None]
    return {
        "finding": replace(finding, versions={}),
        "curves": mean_curves(store("conditions")),
        "sides": [[is_above(one), is_below(one)] for one in numbers],
        "grades": {
            f"{supported} {contradicted}": {"grade": grade_of(supported, contradicted)}
            for supported in (True, False)
            for contradicted in (True, False)
        },
    }


def contrasts(name: str, **changed: Any) -> Any:
    """Conditions of a run against its reference."""
    table = store(name).table(complete=True)
    return contrasts_of(list(conditions_of(store(name), table)), **changed)


def factorials() -> dict[str, Any]:
    """Effects of crossed knobs."""
    run = store("factorial")
    known = list(conditions_of(run, run.table(complete=True)))
    plain = [replace(one, rows=one.rows.drop(columns="template_recall")) for one in known]
    return {
        "all": factorial_of(run.study, known),
        "one recall": factorial_of(run.study, plain, level=0.8, seed=4),
        "missing": factorial_of(run.study, known[:-1]) is None,
        "replicates": [factorial_of(run.study, _first_replicates(known, n)) for n in (2, 3)],
    }


def _first_replicates(known: list[ConditionRows], n: int) -> list[ConditionRows]:
    return [replace(one, rows=one.rows[one.rows["replicate"] < n]) for one in known]


def mitigations() -> dict[str, Any]:
    """Mitigations against doing nothing, and the study that compares them."""
    report = mitigation_report(store("mitigations"))
    base = load_study("atlas-small")
    some = ("real_floor", "weighting", "provenance", "protective_filter")
    study, left_out = mitigation_study(base, some)
    whole, more = mitigation_study(base)
    shares = np.array([0.1, 0.28, 0.46, 0.5, 0.9])
    return {
        "report": report,
        "table": mitigation_table(report).select_dtypes("number"),
        "studies": [design(study), design(whole)],
        "left out": [len(left_out), len(more), fewest_real_rows(base)],
        "shares": [three_shares(shares), late_shares(shares), late_shares(shares[:2])],
    }


def tradeoffs() -> dict[str, Any]:
    """Filters over their strictness, trained and foretold."""
    answer = filter_tradeoff(store("filters"))
    draws = np.random.default_rng(12)
    strictness = (0.0, 0.3, 0.6, 1.0)
    falling = draws.normal([0.5, 0.45, 0.3, 0.2], 0.05, (6, 4))
    inner = draws.normal([0.3, 0.5, 0.49, 0.2], 0.02, (6, 4))
    optima = {
        "inner": optimum_of(inner, strictness, made.OWN, draws=DRAWS),
        "none": optimum_of(falling, strictness, made.OWN, draws=DRAWS, level=0.8),
        "strictest": optimum_of(falling[:, ::-1], strictness, made.SPLITS, draws=DRAWS),
        "one": optimum_of(inner[:1], strictness, made.OWN, draws=DRAWS),
        "tie": optimum_of(np.ones((3, 4)), strictness, made.OWN, draws=DRAWS),
    }
    return {
        "answer": answer,
        "table": tradeoff_table(answer).select_dtypes("number"),
        "by ece": filter_tradeoff(store("filters"), "ece", level=0.8).curves,
        "theory": filter_tradeoff(store("filters").study).curves,
        "optima": optima,
    }


def validations() -> dict[str, Any]:
    """Theory against made-up training."""
    found = validate_store(store("conditions"))
    return {
        "points": found.points.select_dtypes("number"),
        "onsets": found.onsets,
        "summaries": found.summaries,
        "verdicts": found.verdicts,
        "quiet": len(found.unpredicted),
        "lines": [one.line["ece"] for one in found.compared],
    }


def canaries() -> Canaries:
    """Canaries of what is said of a run."""
    exact: dict[str, Callable[[], Any]] = {
        "conditions": conditions,
        "contrasts": partial(contrasts, "conditions"),
        "contrasts, another level": partial(contrasts, "factorial", level=0.7, seed=3),
        "factorial": factorials,
        "trade-offs": tradeoffs,
    }
    fitted: dict[str, Callable[[], Any]] = {
        "run findings": run_findings,
        "mitigations": mitigations,
        "validation": validations,
        "answer: conditions": partial(answers, "conditions"),
        "answer: tables": partial(answers, "tables"),
    }
    found = {name: Canary(function) for name, function in exact.items()}
    return found | {name: Canary(function, FITTED) for name, function in fitted.items()}
