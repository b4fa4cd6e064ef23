"""Count theory against trained networks: where it predicts them, and where it stops.

The domain of validity (`smcollapse.theories.memorising`) was fixed on the set `development` and is
judged on the set `test`: scenarios of the same design with other seeds, drawn until `N_TEST` of
them are inside.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from smcollapse.inference import Curves, benchmark_share_of, smooth_transition
from smcollapse.scenario import Scenario
from smcollapse.theories.counts import Counts
from smcollapse.theories.memorising import (
    SMALLEST_REACH,
    SMALLEST_REACH_WITH_STYLE,
    memorising_doubts,
    reach,
    smallest_reach,
)
from tests.verification.controls import FEWER, FIDELITY, FILTER, FREQUENCY, STYLE
from tests.verification.design import SHARES, network_scenario, study_of
from tests.verification.sections import Required, Section, at_least, at_most, markdown
from tests.verification.trainings import each, trained

N_DEVELOPMENT, N_TEST = 96, 60
REPLICATES = {"development": 3, "test": 2}
COMPARED = ("rare_recall", "mean_confidence", "ece", "accuracy", "brier")
VARIES = 0.1
"""Range over shares from which on the trained rare recall of a scenario counts as varying."""

BINS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0, math.inf)
"""Edges of the ratio of a scenario's reach to the one that it needs."""

CONTROLS = (FEWER, STYLE, FILTER, FREQUENCY, FIDELITY)


def ratio(scenario: Scenario) -> float:
    """Smallest ratio over the shares of the reach to the one needed: inside from 1 on."""
    found = reach(scenario, np.array(SHARES))
    return float(np.nanmin(found)) / smallest_reach(scenario)


def inside(name: str) -> Iterator[int]:
    """Numbers of the scenarios of a set that the theory has no doubts about."""
    for index in itertools.count():
        if not memorising_doubts(network_scenario(name, index), np.array(SHARES)):
            yield index


def compared(name: str, index: int) -> pd.DataFrame:
    """Theory beside training for one scenario: one row per share and measure."""
    scenario = network_scenario(name, index)
    table = trained(study_of(name, index, REPLICATES[name]))
    groups = table.groupby("share")[list(COMPARED)]
    mean, se = groups.mean(), groups.sem()
    curve = Counts().curve(scenario, mean.index.to_numpy())
    frames = [
        pd.DataFrame(
            {
                "measure": measure,
                "share": mean.index,
                "predicted": curve.measures[measure],
                "trained": mean[measure].to_numpy(),
                "se": se[measure].to_numpy(),
            }
        )
        for measure in COMPARED
    ]
    found = pd.concat(frames, ignore_index=True).assign(set=name, scenario=index)
    found["error"] = found.trained - found.predicted
    at = ratio(scenario)
    return found.assign(ratio=at, inside=at >= 1.0)


def compared_all(name: str, indices: list[int], workers: int) -> pd.DataFrame:
    """Theory beside training for those scenarios of a set."""
    found = each(f"networks, {name} set", partial(compared, name), indices, workers)
    return pd.concat(found, ignore_index=True)


def curves_of(found: pd.DataFrame) -> pd.DataFrame:
    """Per scenario: range and R² of rare recall, errors of benchmark share and transition."""
    rows = []
    for index, frame in found[found.measure == "rare_recall"].groupby("scenario"):
        shares, seen, said = (
            frame[column].to_numpy() for column in ("share", "trained", "predicted")
        )
        spread = ((seen - seen.mean()) ** 2).sum()
        row = {"scenario": index, "range": float(np.ptp(seen))}
        row["r2"] = 1.0 - ((seen - said) ** 2).sum() / spread if spread > 0 else math.nan
        onset = [benchmark_share_of(shares, values) for values in (seen, said)]
        row["reached"] = sum(value is not None for value in onset)
        row["benchmark"] = math.nan if None in onset else abs(onset[0] - onset[1])
        change = [smooth_transition(Curves(shares, v[None, :], (0,))) for v in (seen, said)]
        shown = all(fit.shown for fit in change) and row["range"] >= VARIES
        row["centre"] = abs(change[0].centre - change[1].centre) if shown else math.nan
        rows.append(row)
    return pd.DataFrame(rows)


def errors(found: pd.DataFrame, measure: str) -> pd.Series:
    """Absolute errors of one measure, per scenario and share."""
    return found.loc[found.measure == measure, "error"].abs()


def missed(found: pd.DataFrame) -> pd.DataFrame:
    """Each wrong theory: largest errors of rare recall over shares, beside the right one's."""
    rows = []
    recall = found[found.measure == "rare_recall"]
    for control in CONTROLS:
        right, wrong = [], []
        for index, frame in recall.groupby("scenario"):
            scenario = network_scenario("test", int(str(index)))
            if control.concerns(scenario):
                said = Counts().curve(control.wrong(scenario), frame.share.to_numpy())
                wrong.append(float(np.abs(frame.trained - said.measures["rare_recall"]).max()))
                right.append(float(frame.error.abs().max()))
        rows.append(
            {
                "wrong theory": control.name,
                "scenarios": len(wrong),
                "median": float(np.median(wrong)),
                "right theory": float(np.median(right)),
                "95th percentile": float(np.quantile(wrong, 0.95)),
                "right theory ": float(np.quantile(right, 0.95)),
            }
        )
    return pd.DataFrame(rows)


def by_ratio(found: pd.DataFrame) -> pd.DataFrame:
    """Errors in bins of the ratio of the reach to the one that is needed."""
    rows = []
    for low, high in itertools.pairwise(BINS):
        part = found[(found.ratio >= low) & (found.ratio < high)]
        if part.empty:
            continue
        row: dict[str, object] = {
            "reach / needed": f"{low:g} to {high:g}" if high < math.inf else f"{low:g} and more",
            "scenarios": part.groupby("set").scenario.nunique().sum(),
        }
        for measure, label in (("rare_recall", "rare recall"), ("mean_confidence", "confidence")):
            error = errors(part, measure)
            row[f"{label}, median"] = float(error.median())
            row[f"{label}, 95 %"] = float(error.quantile(0.95))
        row["ECE, median"] = float(errors(part, "ece").median())
        row["ECE, 95 %"] = float(errors(part, "ece").quantile(0.95))
        rows.append(row)
    return pd.DataFrame(rows)


def required_of(found: pd.DataFrame, curves: pd.DataFrame, wrong: pd.DataFrame) -> list[Required]:
    """What is required of the theory inside its domain."""
    recall, varying = errors(found, "rare_recall"), curves[curves.range >= VARIES]
    caught = wrong["95th percentile"].min()
    return [
        at_most("rare recall, median abs. error", recall.median(), 0.015),
        at_most("rare recall, 95th percentile of the abs. error", recall.quantile(0.95), 0.05),
        at_most(
            "mean confidence, median abs. error", errors(found, "mean_confidence").median(), 0.015
        ),
        at_most("ECE, median abs. error", errors(found, "ece").median(), 0.015),
        at_least("R² of rare recall within scenarios, median", varying.r2.median(), 0.95),
        at_most("benchmark share, median abs. error", curves.benchmark.median(), 0.02),
        at_most("transition centre, median abs. error", curves.centre.median(), 0.02),
        at_least("each wrong theory misses rare recall, 95th percentile", caught, 0.05),
    ]


def section(workers: int) -> Section:
    """Train, compare, judge."""
    test = compared_all("test", list(itertools.islice(inside("test"), N_TEST)), workers)
    development = compared_all("development", list(range(N_DEVELOPMENT)), workers)
    curves, wrong = curves_of(test), missed(test)
    by = test.groupby("measure", sort=False).error
    sizes = pd.DataFrame(
        {
            "numbers": by.size(),
            "mean error": by.mean(),
            "median abs. error": by.agg(lambda e: e.abs().median()),
            "95th percentile": by.agg(lambda e: e.abs().quantile(0.95)),
            "largest": by.agg(lambda e: e.abs().max()),
        }
    ).reset_index()
    varying, recall = curves[curves.range >= VARIES], test[test.measure == "rare_recall"]
    moving = recall[recall.scenario.isin(varying.scenario)]
    within = int((development.groupby("scenario").ratio.first() >= 1.0).sum())
    drawn, worst = int(test.scenario.max()) + 1, recall.loc[recall.error.abs().idxmax()]
    blocks = (
        "What the theory says of a network that has memorised its training set, beside networks "
        "trained for a while; nothing is fitted. Domain: weight decay 0, and a reach of training "
        f"ρ = η T √v of at least {SMALLEST_REACH:g} at every share, {SMALLEST_REACH_WITH_STYLE:g} "
        "where synthetic rows can be told by their style (η learning rate, T steps, v share of the "
        "steps that meet a real row of the rarest context; `smcollapse.theories.memorising` has it "
        f"from the settings alone). It was fixed on {N_DEVELOPMENT} random scenarios ({within} "
        f"inside, {REPLICATES['development']} replicates) and is judged on fresh ones, drawn until "
        f"{N_TEST} were inside ({drawn} draws), 13 shares from 0 to .6, {REPLICATES['test']} "
        "replicates:",
        markdown(sizes),
        f"In {len(varying)} of these scenarios trained rare recall varies by {VARIES:g} or more "
        f"over the shares; there its median abs. error is {moving.error.abs().median():.4f}, its "
        f"95th percentile {moving.error.abs().quantile(0.95):.4f}, and R² is at worst "
        f"{varying.r2.min():.2f}. The benchmark share is reached by both in "
        f"{int(curves.benchmark.notna().sum())} scenarios and by one alone in "
        f"{int((curves.reached == 1).sum())}; a transition is shown by both in "
        f"{int(curves.centre.notna().sum())}. The largest error is that of scenario "
        f"{int(worst.scenario)} at share {worst.share:g}, whose reach is {worst.ratio:.2f} times "
        "what is needed.",
        "Negative controls: largest error of rare recall over the shares of a scenario, median "
        "and 95th percentile over the scenarios that a wrong theory concerns.",
        markdown(wrong),
        "Where it stops: abs. errors by the ratio of the reach to the one that is needed, in the "
        "development set, drawn from the whole space of settings.",
        markdown(by_ratio(development)),
    )
    points = pd.concat([test, development], ignore_index=True)
    return Section(
        "counts_mlp",
        "Counts against trained networks",
        blocks,
        tuple(required_of(test, curves, wrong)),
        points,
    )
