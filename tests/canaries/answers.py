"""Canaries of layer `inference`, of what questions compute: answers, contrasts, searches, grids."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from smcollapse.inference import Curves, SupposedNoise
from smcollapse.questions.answer import answer_of, learned, onset_of
from smcollapse.questions.attribute import attribution_report
from smcollapse.questions.calibration.calibrate import calibrate
from smcollapse.questions.calibration.found import correlations, extents
from smcollapse.questions.calibration.search import spread_places
from smcollapse.questions.calibration.space import SHARES, clusters_box, facts_box
from smcollapse.questions.calibration.targets import (
    ESTIMANDS,
    claim_targets,
    misses,
    outcome,
    own_targets,
)
from smcollapse.questions.claim import effect_verdict, onset_verdict, published_claim
from smcollapse.questions.columns import Columns
from smcollapse.questions.conditions import conditions_of, replication_of
from smcollapse.questions.contrasts import contrasts_of
from smcollapse.questions.effect_results import effect_report
from smcollapse.questions.factorial import factorial_of
from smcollapse.questions.ledgers.findings import Finding
from smcollapse.questions.limitations import estimates, readings, studies, theory, worlds
from smcollapse.questions.limitations.calibration_errors import calibration_errors
from smcollapse.questions.limitations.domains import held_against, largest_error
from smcollapse.questions.limitations.limits import reduced
from smcollapse.questions.measures import direction_of, unit_of
from smcollapse.questions.mitigating.mitigate import late_shares, mitigation_report, three_shares
from smcollapse.questions.mitigating.study import fewest_real_rows, mitigation_study
from smcollapse.questions.mitigating.words import mitigation_table
from smcollapse.questions.onset_results import onset_report
from smcollapse.questions.onsets import onset_share, onsets_of
from smcollapse.questions.phases.phase import phase_diagram
from smcollapse.questions.plan import noise_from, planned
from smcollapse.questions.probe import judged, probe
from smcollapse.questions.run_findings import (
    claim_finding,
    grade_of,
    is_above,
    is_below,
    mean_curves,
)
from smcollapse.questions.specify import specify_report
from smcollapse.questions.tradeoffs.optimum import optimum_of
from smcollapse.questions.tradeoffs.tradeoff import filter_tradeoff
from smcollapse.questions.tradeoffs.words import tradeoff_table
from smcollapse.questions.validation.validate import validate_store
from smcollapse.scenario import Scenario
from smcollapse.store import Store
from smcollapse.study import Study
from smcollapse.study_file import load_study, presets
from smcollapse.theories import CATALOG, MEASURES
from tests.canaries import sweeps as made
from tests.canaries.files import folder
from tests.canaries.stores import store
from tests.canaries.tables import EXACT, FITTED, TRAINED, Canaries, Canary
from tests.canaries.theory import FACTS, LANGUAGE, _changed
from tests.canaries.training import CLUSTERS

DRAWS = 99


@cache
def file(name: str) -> Path:
    """A table of results as CSV."""
    place = folder() / f"{name}.csv"
    tables = {
        "one": made.tidy,
        "gain": lambda: made.tidy(made.flat, 4, seed=6).drop(columns="corpus"),
        "knobs": made.swept,
    }
    tables[name]().to_csv(place, index=False)
    return place


def answers(name: str) -> Any:
    """The answer of a run; of the onsets, which have canaries of their own, the first numbers."""
    answer = _cached_answer(name)
    return {
        "claim": answer.claim,
        "models": [answer.n_models, answer.n_planned, len(answer.notes)],
        "conditions": [
            [one.effects, one.net_effects, _first(one.onset)] for one in answer.conditions
        ],
    }


def _first(found: Any) -> Any:
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
    }


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
        "studies": [_design(study), _design(whole)],
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


def _curves(name: str = "kink") -> Curves:
    return made.sweeps()[name]


def limitations() -> dict[str, Any]:
    """Numbers of the analyses of limitations: paired functionals, onsets, grades."""
    one, other = _curves("kink"), made.sweep(made.smooth, 6, seed=0)
    flat, mean = _curves("flat"), _curves("smooth").mean
    window = estimates.window_change(one.shares, (0.0, 0.2), (0.4, 0.6))
    quantity = estimates.onset_quantity(one)
    values = np.array([0.1, -0.2, 0.15, 0.3])
    claim = published_claim()
    grades = [
        {"grade": grade}
        for value in (0.1, 0.35, 0.5)
        for grade in (
            estimates.grade_above(quantity, value),
            estimates.grade_below(quantity, value),
            estimates.grade_inside(quantity, value, value + 0.2),
            estimates.not_of(estimates.grade_below(quantity, value)),
        )
    ]
    every = ("supported", "contradicted", "not shown")
    pairs: list[Any] = [(a, b) for a in every for b in every]
    return {
        "paired": [
            estimates.paired("x", [one], window, "points", draws=DRAWS),
            estimates.paired(
                "x", [one, other], lambda a, b: window(a) - window(b), "points", draws=DRAWS
            ),
        ],
        "onset": [quantity, estimates.onset_quantity(one, loss=0.2)],
        "shifts": [estimates.onset_shift("x", one, two, level=0.8) for two in (other, flat)],
        "mean": estimates.mean_of("x", values, "points", level=0.9),
        "exact": estimates.exact("x", 3.0),
        "grades": grades,
        "all": [{"grade": estimates.all_of(pair)} for pair in pairs],
        "any": [{"grade": estimates.any_of(pair)} for pair in pairs],
        "first": estimates.deciding_first(
            [estimates.exact(str(i), i) for i in range(3)],
            ["supported", "contradicted", "supported"],
        )[0],
        "apart": [
            estimates.apart(estimates.exact("a", a), estimates.exact("b", b))
            for a, b in ((0.0, 1.0), (1.0, 1.0), (2.0, 1.0))
        ],
        "readings": [
            readings.reading_of("x", one, effect, 0.05, 0.9).numbers for effect in claim.effects[:1]
        ],
        "gap": readings.reading_of("x", one, claim.effects[0], 0.05, 0.9).gap,
        "level": readings.reading_of("x", one, claim.effects[0], 0.05, 0.9).level,
        "benchmark": [worlds.benchmark_on(one.shares, curve) for curve in (mean, flat.mean)],
        "transition": worlds.transition_on(one.shares, mean),
        "change": worlds.last_change(mean),
        "nominal": [worlds.nominal_shares(one.shares, unseen) for unseen in (0.0, 0.2, 0.3)],
        "unseen": [worlds.unseen_part(0.42, 0.38), worlds.unseen_part(0.3, 0.4)],
        "band": worlds.band_spread(),
        "spread": worlds.spread_of("x", values.tolist(), "share", level=0.9),
        "rates": [
            worlds.rate_of("x", happened)
            for happened in ([True] * 5, [False] * 4, [True, False, False])
        ],
        "packed": [
            worlds.packed(np.random.default_rng(5).uniform(size=(30, 3)), gap) for gap in (0.2, 0.6)
        ],
        "visited": [worlds.visited(n) for n in (1, 200, 2000)],
        "corpora": [
            worlds.SharedCorpora(corpora).draw(2, declared=declared)
            for corpora in (0, 3)
            for declared in (True, False)
        ],
        "truth": worlds.SharedCorpora(1).truth(one.shares),
    }


def limitation_theory() -> dict[str, Any]:
    """What theory says on the functionals of the analyses, and where it is held against runs."""
    scenario = _changed(FACTS, world={"n_contexts": 25}, model={"kind": "count_table"})
    held = held_against(store("conditions"), CATALOG["counts"])
    shares = np.linspace(0.0, 0.6, 7)
    return {
        "widths": theory.transition_widths(scenario, (400, 1600)),
        "scatter": theory.scatter_over_worlds(scenario, shares, 3),
        "held": [[one.predicted, one.inside, one.errors] for one in held],
        "largest": [largest_error("x", held, inside=inside) for inside in (True, False)],
    }


def trained() -> dict[str, Any]:
    """What a few questions train themselves: calibration errors by bins, a probe of styles."""
    clusters = Scenario.model_validate({**CLUSTERS, "model": {"kind": "logistic"}})
    language = _changed(LANGUAGE, source={"phrase_templates": 2, "polish": 0.3})
    return {
        "errors": calibration_errors(_lab(), clusters, (0.0, 0.5), (60, 150), (5, 15), 2),
        "probe": probe(language, 200),
    }


class _Lab:
    """Keeps the studies that analyses ask for instead of training them."""

    def __init__(self) -> None:
        self.asked: list[Study] = []
        self.used: dict[str, int] = {}

    def run(self, study: Study, *args: Any, **settings: Any) -> Store:
        self.asked += [
            study,
            reduced(study, settings.get("quick_replicates", 5), settings.get("quick_shares")),
        ]
        return None  # type: ignore[return-value]

    def say(self, text: str) -> None:
        """Nothing is told."""


def _lab() -> Any:
    return _Lab()


def _design(study: Study) -> dict[str, Any]:
    """What a study is: its size, and one number for each setting over all of its conditions.

    Settings stand one by one: one that is added to the package moves none of the others.
    """
    settings: dict[str, list[float]] = {}
    known = study.conditions()
    for place, one in enumerate(known):
        for part, values in one.scenario.describe().items():
            for name, value in values.items():
                column = settings.setdefault(f"{part}.{name}", [0.0] * len(known))
                column[place] = _number(value)
    sums = {
        name: sum(value * (1.0 + 0.37 * place) for place, value in enumerate(column))
        for name, column in settings.items()
    }
    size = [study.seed, study.replicates, len(known)]
    return {"size": size, "settings": sums}


def _settings(scenario: Scenario) -> dict[str, float]:
    described = scenario.describe().items()
    return {f"{p}.{name}": _number(v) for p, values in described for name, v in values.items()}


def _number(value: Any) -> float:
    """A setting as a number: words by their letters."""
    if isinstance(value, str | list):
        return float(sum((place + 1) * ord(letter) for place, letter in enumerate(str(value))))
    return float(value)


def designs() -> dict[str, Any]:
    """Studies that the package carries, those of the limitations, and the published claim."""
    lab = _lab()
    for module in (studies, worlds):
        for name in (
            "reference",
            "budgets",
            "noises",
            "clusters",
            "logistic",
            "templates",
            "coverages",
            "small_budget",
            "temperings",
            "detectabilities",
        ):
            if hasattr(module, name):
                getattr(module, name)(lab)
    worlds.detectabilities(lab, worlds.SHORT)
    return {
        "presets": {
            name: _design(load_study(name)) for name in presets() if not name.startswith("my-")
        },
        "limitations": [_design(study) for study in lab.asked],
        "claim": published_claim(),
        "shares": worlds.reference_shares(),
    }


def onsets() -> dict[str, Any]:
    """Onsets of noise-free curves."""
    x = made.SHARES
    holes = np.where(np.arange(x.size) % 4 == 1, np.nan, made.smooth(x))
    return {
        "curves": {
            truth.__name__: onsets_of(x, truth(x), 0.33)
            for truth in (made.kink, made.smooth, made.two_breaks, made.rise)
        },
        "holes": onsets_of(x, holes),
        "few": [onsets_of(x[:n], made.kink(x[:n])) for n in (2, 4)],
        "line": onsets_of(x, 1.0 - x),
        "shares": [onset_share(x, made.kink(x), loss) for loss in (0.05, 0.1, 0.9)],
        "none": onset_share(x, holes),
    }


def reports() -> dict[str, Any]:
    """Reports on users' tables."""
    both = ("rare_recall", "ece")
    attribution = attribution_report(file("knobs"), "y", ("a", "b"), direction="loss", draws=DRAWS)
    one, gain, by = file("one"), file("gain"), Columns("y", by=("a", "b"))
    return {
        "onsets": [
            _first(one.onset)
            for report in (
                onset_report(one, "rare_recall", draws=DRAWS),
                onset_report(gain, "ece", draws=DRAWS, relative=False, loss=0.05),
                onset_report(file("knobs"), by, direction="loss", draws=DRAWS),
            )
            for one in report.found
        ],
        "effects": effect_report(one, Columns("rare_recall"), both).found,
        "windows": effect_report(
            one, Columns("ece"), ("ece",), before=(0.0, 0.1), after=(0.5, 0.6), level=0.8
        ).found,
        "specify": specify_report(one, "rare_recall", both, draws=DRAWS).found,
        "attribution": [attribution.onset, attribution.effect and attribution.effect.terms],
        "directions": [
            {"direction": direction_of(name)}
            for name in ("rare_recall", "ece", "brier", "nll", "loss", "perplexity", "accuracy")
        ],
        "units": [
            {"unit": unit_of(name, values)}
            for name in ("accuracy", "fid", "score")
            for values in ([0.1, 0.9], [20.0, 80.0])
        ],
    }


def plans() -> dict[str, Any]:
    """A plan from the noise of a table."""
    noise = noise_from(file("gain"), Columns("rare_recall"))
    sizes: dict[str, Any] = {
        "knot": 0.35,
        "last": 0.6,
        "slope_before": -0.05,
        "shares": (9,),
        "replicates": (3,),
        "corpora": (None,),
        "power": 0.5,
        "seed": 1,
    }
    return {
        "noise": [noise, noise_from(file("one"), Columns("ece"))],
        "by slope": planned(SupposedNoise(0.02), slope_change=-1.0, drop=None, **sizes),
        "by drop": planned(noise, slope_change=None, drop=0.2, **sizes),
    }


def probes() -> dict[str, Any]:
    """How well scores tell two sources apart, with ties and without an overlap."""
    draws = np.random.default_rng(3)
    real, synthetic = draws.normal(size=40), draws.normal(0.8, 1.2, 30).round(1)
    return {"judged": [judged(real.round(1), synthetic), judged(real, real + 10.0)]}


def phases() -> dict[str, Any]:
    """A grid of predicted onsets."""
    study = store("conditions").study
    diagram = phase_diagram(
        study, "source.polish", "mixture.budget", size=3, workers=1, y_values=[400, 1500]
    )
    other = phase_diagram(
        study,
        "filter.strictness",
        "source.templates",
        size=2,
        workers=1,
        x_range=(0.1, 0.9),
        y_values=[0, 50],
        theory="population",
    )
    return {
        name: [one.x, one.y, one.onset, one.loss, one.doubtful, one.own, len(one.notes)]
        for name, one in (("counts", diagram), ("population", other))
    }


def targets() -> dict[str, Any]:
    """Targets of calibrations, and how curves miss them."""
    shares = np.array(SHARES)
    measures = np.stack([made.kink(shares) * (1.0 - 0.03 * k) for k in range(len(MEASURES))])
    short = np.stack([0.8 - 0.08 * shares**3] * len(MEASURES))
    relative = claim_targets("relative")
    own = own_targets("points", {"onset": 0.3, "ece": 0.1}, {"onset": 0.01})
    return {
        "targets": [claim_targets("points"), relative, own],
        "outcomes": [
            [outcome(target, shares, world, estimand) for target in (*relative, *own)]
            for world in (measures, short, measures * np.nan)
            for estimand in ESTIMANDS
        ],
        "misses": misses(relative, np.array([[0.4, -0.2, math.nan, 0.05], [0.1, 0.2, 0.3, 0.4]])),
        "places": spread_places(3, 5, 2),
    }


def boxes() -> dict[str, Any]:
    """Boxes of settings that calibrations search."""
    found = {}
    for name, box in (("facts", facts_box()), ("clusters", clusters_box())):
        places = spread_places(len(box.knobs), 4, 1)
        walk = np.random.default_rng(1).uniform(size=(40, len(box.knobs)))
        walk[:, 1] = 1.0 - walk[:, 0]
        found[name] = [
            [box.settings(place) for place in places],
            [[knob.place(knob.value(at)) for at in (0.0, 0.31, 1.0)] for knob in box.knobs],
            extents(box.knobs, walk[:20], walk),
            correlations(box.knobs, walk),
            [_settings(box.scenario(place)) for place in places],
        ]
    return found


def calibrations(easy: bool) -> dict[str, Any]:
    """Worlds that meet some numbers, or that cannot."""
    fixed = {
        "world.n_contexts": 30,
        "mixture.budget": 2000,
        "world.n_answers": 5,
        "world.zipf_exponent": 0.8,
        "world.rare_mass": 0.3,
        "world.exception_share": 0.4,
        "source.tempering": 1.0,
        "source.coverage": 1.0,
        "source.contamination": 0.05,
        "source.detectability": 0.0,
        "filter.strictness": 0.0,
    }
    wanted = {"rare_recall": -0.3, "ece": 0.05} if easy else {"rare_recall": 0.9, "ece": 0.9}
    (found,) = calibrate(
        readings=("points",),
        values=wanted,
        tolerances=dict.fromkeys(wanted, 0.15 if easy else 1e-3),
        fix=fixed,
        points=12 if easy else 3,
        workers=1,
    )
    return {
        "numbers": [found.n_points, found.n_inside, found.undoubted, found.acceptance],
        "combinations": found.combinations,
        "best": found.best,
        "extents": found.extents,
        "correlations": found.correlations,
        "inside": found.inside.places[:5],
        "study": _design(found.study),
        "table": found.table.select_dtypes("number"),
    }


def canaries() -> Canaries:
    """Every canary of the questions."""
    functions: dict[str, Callable[[], Any]] = {
        "conditions": conditions,
        "run findings": run_findings,
        "contrasts": partial(contrasts, "conditions"),
        "contrasts, another level": partial(contrasts, "factorial", level=0.7, seed=3),
        "factorial": factorials,
        "mitigations": mitigations,
        "trade-offs": tradeoffs,
        "validation": validations,
        "limitations": limitations,
        "limitations, theory": limitation_theory,
        "designs": designs,
        "onsets of curves": onsets,
        "reports": reports,
        "plans from tables": plans,
        "probes": probes,
        "phases": phases,
        "calibration: targets": targets,
        "calibration: boxes": boxes,
        "calibration: met": partial(calibrations, True),
        "calibration: unmet": partial(calibrations, False),
    }
    for name in ("conditions", "tables"):
        functions[f"answer: {name}"] = partial(answers, name)
    exact = ("conditions", "contrasts", "factorial", "trade-offs", "designs", "calibration: boxes")
    found = {
        name: Canary(function, EXACT if name.startswith(exact) else FITTED)
        for name, function in functions.items()
    }
    return found | {"trained by questions": Canary(trained, TRAINED)}
