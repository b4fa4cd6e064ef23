"""Canaries of layer `inference`: limitations, reports on tables, plans, probes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from smcollapse.inference import Curves, SupposedNoise
from smcollapse.questions.attribute import attribution_report
from smcollapse.questions.claim import published_claim
from smcollapse.questions.columns import Columns
from smcollapse.questions.effect_results import effect_report
from smcollapse.questions.layouts import Layout
from smcollapse.questions.limitations import estimates, readings, theory, worlds
from smcollapse.questions.limitations.calibration_errors import calibration_errors
from smcollapse.questions.limitations.domains import held_against, largest_error
from smcollapse.questions.measures import direction_of, unit_of
from smcollapse.questions.onset_results import onset_report
from smcollapse.questions.onsets import onset_share, onsets_of
from smcollapse.questions.plan import noise_from, planned
from smcollapse.questions.probe import judged, probe
from smcollapse.questions.results import read_results
from smcollapse.questions.specify import specify_report
from smcollapse.scenario import Scenario
from smcollapse.theories import CATALOG
from tests.canaries import sweeps as made
from tests.canaries.answers import first
from tests.canaries.designs import lab
from tests.canaries.files import folder
from tests.canaries.scenarios import FACTS, LANGUAGE, changed
from tests.canaries.stores import store
from tests.canaries.sweeps import DRAWS
from tests.canaries.tables import FITTED, TRAINED, Canaries, Canary
from tests.canaries.tasks import CLUSTERS


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


def swept(name: str = "kink") -> Curves:
    return made.sweeps()[name]


def limitations() -> dict[str, Any]:
    """Numbers of the analyses of limitations: paired functionals, onsets, grades."""
    one, other = swept("kink"), made.sweep(made.smooth, 6, seed=0)
    flat, mean = swept("flat"), swept("smooth").mean
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
    scenario = changed(FACTS, world={"n_contexts": 25}, model={"kind": "count_table"})
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
    language = changed(LANGUAGE, source={"phrase_templates": 2, "polish": 0.3})
    return {
        "errors": calibration_errors(lab(), clusters, (0.0, 0.5), (60, 150), (5, 15), 2),
        "probe": probe(language, 200),
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
    attribution = attribution_report(file("knobs"), "y", ("a", "b"), direction="loss")
    one, gain, by = file("one"), file("gain"), Columns("y", by=("a", "b"))
    return {
        "onsets": [
            first(one.onset)
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


def layouts() -> dict[str, Any]:
    """Runs in place of means with errors and of successes, shares from counts and names."""
    frame = pd.DataFrame(
        {"share": [0.0, 0.3], "y": [0.9, 0.7], "e": [0.01, 0.02], "n": [4, 5], "right": [18, 11]}
    ).assign(asked=20, made=[0, 30], real=[70, 70])
    wide = pd.DataFrame({"seed": [1, 2], "y@0%": [0.9, 0.8], "y@30%": [0.7, 0.65]})
    asked = {
        "se": (frame, Columns("y", layout=Layout(se="e"))),
        "sd": (frame, Columns("y", layout=Layout(sd="e", n="n"))),
        "trials": (frame, Columns("right", layout=Layout(trials="asked"))),
        "counts": (frame, Columns("y", layout=Layout(synthetic_rows="made", real_rows="real"))),
        "sum": (
            frame,
            Columns("y", layout=Layout(share_of=("made", "n")), share_unit="percent"),
        ),
        "wide": (wide, Columns("y", layout=Layout(wide=True))),
    }
    return {
        name: read_results(table, columns).table[["share", columns.response]]
        for name, (table, columns) in asked.items()
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


def canaries() -> Canaries:
    """Canaries of limitations, reports, plans and probes."""
    functions: dict[str, Callable[[], Any]] = {
        "limitations": limitations,
        "limitations, theory": limitation_theory,
        "onsets of curves": onsets,
        "reports": reports,
        "layouts of tables": layouts,
        "plans from tables": plans,
        "probes": probes,
    }
    found = {name: Canary(function, FITTED) for name, function in functions.items()}
    return found | {"trained by questions": Canary(trained, TRAINED)}
