"""Section: count theory against trained transformers (`counts_transformer.py`, `wordings.py`)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from smcollapse.theories.counts import Counts
from smcollapse.theories.memorising import (
    LARGEST_RATE_OF_TRANSFORMER,
    MOST_NOISE_OF_TRANSFORMER,
    SMALLEST_REACH_OF_TRANSFORMER,
)
from tests.verification import wordings_section
from tests.verification.controls import FEWER, FIDELITY, FREQUENCY, STYLE
from tests.verification.counts_mlp import by_ratio, errors
from tests.verification.counts_transformer import (
    LEVELS,
    N_TEST,
    N_TEST_OUTSIDE,
    compared_all,
    development,
    first,
    language_scenario,
)
from tests.verification.sections import Required, Section, at_least, at_most, markdown

CONTROLS = (FEWER, STYLE, FREQUENCY, FIDELITY)


def told_by(found: pd.DataFrame, learner: str) -> pd.DataFrame:
    """The rows of one learner."""
    return found[found.told == learner]


def by_share(found: pd.DataFrame) -> pd.DataFrame:
    """Errors of rare recall by family, learner and share; without style all learners are one."""
    rows = []
    recall = found[(found.measure == "rare_recall") & (found.share > 0.0)]
    for family, of_family in recall.groupby("family"):
        for learner in LEVELS if family == "styled" else LEVELS[:1]:
            for share, part in told_by(of_family, learner).groupby("share"):
                rows.append(
                    {
                        "family": family,
                        "learner goes by": learner if family == "styled" else "any",
                        "share": f"{share:g}",
                        **_sizes(part),
                    }
                )
    return pd.DataFrame(rows)


def _sizes(part: pd.DataFrame) -> dict[str, float]:
    size = part.error.abs()
    return {
        "scenarios": len(part),
        "mean error": float(part.error.mean()),
        "median abs.": float(size.median()),
        "95 %": float(size.quantile(0.95)),
        "largest": float(size.max()),
        "r.m.s.": float(np.sqrt((part.error**2).mean())),
        "r.m.s. of chance": float(np.sqrt((part.chance**2).mean())),
    }


def by_measure(found: pd.DataFrame) -> pd.DataFrame:
    """Errors of every measure by learner, all shares together."""
    by = found.groupby(["measure", "told"], sort=False).error
    return pd.DataFrame(
        {
            "numbers": by.size(),
            "mean error": by.mean(),
            "median abs. error": by.agg(lambda e: e.abs().median()),
            "95th percentile": by.agg(lambda e: e.abs().quantile(0.95)),
            "largest": by.agg(lambda e: e.abs().max()),
        }
    ).reset_index()


def missed(found: pd.DataFrame) -> pd.DataFrame:
    """Each wrong theory: largest errors of rare recall over shares, beside the right one's."""
    rows = []
    recall = found[found.measure == "rare_recall"]
    for control in CONTROLS:
        right, wrong = [], []
        for index, frame in recall.groupby("scenario"):
            scenario = language_scenario("test", int(str(index)))
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


def closer(wrong: pd.DataFrame) -> str:
    """Which wrong theories come closer to the trained networks than the right one, in words."""
    found = wrong[wrong["median"] < wrong["right theory"]]["wrong theory"].tolist()
    if not found:
        return "None of them comes closer than the right theory, by the median."
    return (
        f"By the median {len(found)} of {len(wrong)} come closer to the trained networks than the "
        f"right theory: {'; '.join(found)}."
    )


def required_of(inside: pd.DataFrame, wrong: pd.DataFrame) -> tuple[Required, ...]:
    """What is required of the theory inside of its domain: as of networks on facts."""
    recall = errors(inside, "rare_recall")
    return (
        at_most("rare recall, median abs. error", recall.median(), 0.015),
        at_most("rare recall, 95th percentile of the abs. error", recall.quantile(0.95), 0.05),
        at_most(
            "mean confidence, median abs. error", errors(inside, "mean_confidence").median(), 0.015
        ),
        at_most("ECE, median abs. error", errors(inside, "ece").median(), 0.015),
        at_least(
            "each wrong theory misses rare recall, 95th percentile",
            wrong["95th percentile"].min(),
            0.05,
        ),
        at_least(
            "each wrong theory misses more than the right one, median, ratio",
            (wrong["median"] / wrong["right theory"]).min(),
            1.5,
            2,
        ),
    )


def section(workers: int) -> Section:
    """Train, compare, diagnose, judge."""
    known = compared_all("development", development(), workers)
    chosen = [first("test", N_TEST, inside=True), first("test", N_TEST_OUTSIDE, inside=False)]
    test = compared_all("test", chosen[0] + chosen[1], workers)
    inside, outside = test[test.inside], test[~test.inside]
    found = wordings_section.premises(workers)
    wrong = missed(told_by(inside, LEVELS[0]))
    within = int(known.groupby("scenario").inside.first().sum())
    said = told_by(known, LEVELS[0])
    slow = said[said.learning_rate <= LARGEST_RATE_OF_TRANSFORMER]
    over = said[(said.learning_rate > LARGEST_RATE_OF_TRANSFORMER) & (said.ratio >= 1.0)]
    fast, n_fast = errors(over, "rare_recall"), over.scenario.nunique()
    blocks = (
        "Sentences instead of facts, nano transformers instead of networks; nothing is fitted. "
        "Domain: size nano, weight decay 0, a reach of training of "
        f"{SMALLEST_REACH_OF_TRANSFORMER:g} or more at every share, a learning rate of at most "
        f"{LARGEST_RATE_OF_TRANSFORMER:g}, label noise of at most {MOST_NOISE_OF_TRANSFORMER:g}. "
        f"It was fixed on {known.scenario.nunique()} random scenarios ({within} inside, one "
        f"replicate) and is judged on fresh ones, drawn until {N_TEST} were inside "
        f"({max(chosen[0]) + 1} draws), two replicates. Of *style-free* ones, a third and more, "
        "the source words sentences as real text does: the memorising regime is seen alone. "
        "The prediction is the learner that goes by everything; two lesser ones stand beside it. "
        "*Chance* is the standard deviation that the theory itself expects of these replicates, "
        "at most.",
        "**Rare recall inside of the domain**, fresh scenarios:",
        markdown(by_share(inside)),
        "All measures there, all shares together:",
        markdown(by_measure(inside)),
        "**Rare recall outside of the domain**, fresh scenarios:",
        markdown(by_share(outside)),
        "Negative controls: largest error of rare recall over the shares of a scenario, median "
        "and 95th percentile over the scenarios that a wrong theory concerns.",
        markdown(wrong),
        closer(wrong),
        "Where it stops: abs. errors by the ratio of the reach to the one that is needed, in the "
        "development set, learning rates up to the limit.",
        markdown(by_ratio(slow)),
        f"At larger learning rates rare recall was missed there by {fast.median():.3f} (median), "
        f"{fast.quantile(0.95):.3f} (95 %) and at most {fast.max():.3f}, in the {n_fast} scenarios "
        "that reach far enough.",
        *wordings_section.blocks(found),
    )
    required = required_of(told_by(inside, LEVELS[0]), wrong) + wordings_section.required(found)
    points = told_by(pd.concat([test, known], ignore_index=True), LEVELS[0])
    return Section(
        "counts_transformer", "Counts against trained transformers", blocks, required, points
    )
