"""Curves of every kind, drawn afresh by seed: the answer is right in nearly all of them.

Every kind has a table of known truth and what the answer must say of it. Chance decides some of the
answers (a limit at .95 is wrong in one of twenty), so that one of five may be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from smcollapse.inference import curves, onset
from smcollapse.questions.measures import direction_of, worse_for
from smcollapse.questions.onset_results import plain_onset

EVEN = np.round(np.arange(0.0, 0.601, 0.05), 2)
TENTHS = np.round(np.arange(0.0, 1.001, 0.1), 2)
UNEVEN = np.array([0.0, 0.05, 0.1, 0.25, 0.5, 0.6])
SETS = 5

Truth = Callable[[float], float]
Answer = dict[str, Any]


def drawn(
    truth: Truth,
    shares: np.ndarray,
    replicates: int,
    sd: float,
    *,
    name: str = "recall",
    jitter: float = 0.0,
    level: float = 0.0,
) -> Callable[[int], pd.DataFrame]:
    """A table by seed; shares are realised with a jitter, replicates have levels of their own."""

    def made(seed: int) -> pd.DataFrame:
        generator = np.random.default_rng([seed, 11])
        rows = []
        for replicate in range(replicates):
            own = generator.normal(0.0, level)
            for share in shares:
                moved = float(share)
                if jitter and share > 0.0:
                    moved = float(np.clip(share + generator.normal(0.0, jitter), 0.0, 1.0))
                rows.append((moved, replicate, truth(moved) + own + generator.normal(0.0, sd)))
        return pd.DataFrame(rows, columns=["share", "replicate", name])

    return made


def of_their_own(seed: int) -> pd.DataFrame:
    """Runs with a share each, and eight at 0."""
    generator = np.random.default_rng([seed, 12])
    shares = np.r_[np.zeros(8), generator.uniform(0.0, 0.7, 120)]
    values = 0.9 - 0.05 * shares - np.maximum(shares - 0.35, 0.0)
    return pd.DataFrame({"share": shares, "recall": values + generator.normal(0.0, 0.02, 128)})


def kink(knot: float, before: float = -0.05) -> Truth:
    return lambda p: 0.9 + before * p - max(p - knot, 0.0)


def holds(answer: Answer, truth: float) -> bool:
    """Whether the bracket holds the true benchmark share."""
    low, high = answer["benchmark_bracket"]
    return low <= truth <= (1.0 if high is None else high)


def no_break(answer: Answer) -> bool:
    return answer["verdict_kind"] not in ("break", "two breaks")


def rising(scale: float) -> Truth:
    return lambda p: scale * (0.1 + 0.5 * max(p - 0.3, 0.0))


KINDS: dict[str, tuple[Callable[[int], pd.DataFrame], Callable[[Answer], bool]]] = {
    "step between shares": (
        drawn(lambda p: 0.9 - 0.25 * (p >= 0.36), EVEN, 6, 0.015),
        lambda a: a["safe_share"] == 0.35 and a["benchmark_bracket"] == [0.35, 0.4],
    ),
    "step, ten times as fine as the grid": (
        drawn(lambda p: 0.8 - 0.4 * (p >= 0.401), TENTHS, 6, 0.02),
        lambda a: a["benchmark_bracket"] == [0.4, 0.5] and a["verdict_kind"] == "jump",
    ),
    "step, uneven shares": (
        drawn(lambda p: 0.9 - 0.25 * (p >= 0.3), UNEVEN, 8, 0.015),
        lambda a: a["benchmark_bracket"] == [0.25, 0.5] and no_break(a),
    ),
    "fast exponential": (
        drawn(lambda p: 0.3 + 0.6 * np.exp(-p / 0.12), EVEN, 6, 0.015),
        lambda a: a["safe_share"] == 0.0 and holds(a, 0.0195) and no_break(a),
    ),
    "exponential at four shares": (
        drawn(lambda p: 0.3 + 0.6 * np.exp(-p / 0.12), EVEN[::4], 8, 0.015),
        lambda a: a["safe_share"] == 0.0 and a["benchmark_bracket"] == [0.0, 0.2],
    ),
    "kink": (
        drawn(kink(0.35), EVEN, 8, 0.02),
        lambda a: a["harm"] == "shown" and a["safe_share"] <= 0.419 and holds(a, 0.419),
    ),
    "realised shares": (
        drawn(kink(0.35), EVEN, 5, 0.015, jitter=0.004),
        lambda a: a["harm"] == "shown" and 0.25 <= a["onset"] <= 0.45 and holds(a, 0.419),
    ),
    "continuous shares": (
        of_their_own,
        lambda a: a["harm"] == "shown" and a["safe_share"] <= 0.419 and holds(a, 0.419),
    ),
    "straight line": (
        drawn(lambda p: 0.8 - 0.4 * p, TENTHS, 6, 0.03),
        lambda a: a["harm"] == "shown" and a["verdict_kind"] == "no break" and holds(a, 0.2),
    ),
    "logarithm": (
        drawn(lambda p: 0.9 - 0.25 * np.log1p(50 * p) / np.log1p(30), EVEN, 10, 0.02),
        no_break,
    ),
    "late arctangent": (
        drawn(lambda p: 0.9 - 0.4 * (0.5 + np.arctan((p - 0.55) / 0.05) / np.pi), EVEN, 10, 0.02),
        no_break,
    ),
    "quadratic": (
        drawn(lambda p: 0.8 - 0.6 * p**2, EVEN, 6, 0.03),
        lambda a: a["harm"] == "shown" and no_break(a) and (a["transition_centre"] or 0) <= 0.6,
    ),
    "flat": (
        drawn(lambda p: 0.8, EVEN, 6, 0.01),
        lambda a: a["harm"] == "excluded" and a["gain"] != "shown" and a["safe_share"] == 0.6,
    ),
    "flat, noisy": (
        drawn(lambda p: 0.5, EVEN, 4, 0.1),
        lambda a: (a["harm"], a["gain"]) == ("not shown", "not shown"),
    ),
    "rises": (
        drawn(lambda p: 0.6 + 0.25 * p, EVEN, 6, 0.015),
        lambda a: a["gain"] == "shown" and a["harm"] == "excluded" and a["best_set"][1] == 0.6,
    ),
    "gain then loss": (
        drawn(lambda p: 0.6 + 0.4 * min(p, 0.3) - 0.9 * max(p - 0.5, 0.0), TENTHS, 10, 0.015),
        lambda a: a["verdict_kind"] == "gain then loss" and 0.3 <= a["best_share"] <= 0.5,
    ),
    "dip": (
        drawn(lambda p: 0.9 - 0.15 * np.exp(-(((p - 0.3) / 0.08) ** 2)), EVEN, 10, 0.02),
        lambda a: (
            a["harm"] == "shown"
            and a["safe_share"] <= 0.2
            and not any("corp" in warning for warning in a["warnings"])
        ),
    ),
    "seeds with levels": (
        drawn(kink(0.35, 0.0), EVEN, 8, 0.01, level=0.03),
        lambda a: a["harm"] == "shown" and 0.3 <= a["onset"] <= 0.4,
    ),
    "two replicates": (
        drawn(kink(0.35), EVEN, 2, 0.02),
        lambda a: a["harm"] == "shown" and any("pooled" in warning for warning in a["warnings"]),
    ),
    "small values": (
        drawn(lambda p: 0.005 * (1.0 - 0.5 * p), TENTHS, 6, 0.0002),
        lambda a: a["harm"] == "shown" and holds(a, 0.2),
    ),
    **{
        f"harm rises: {name}": (
            drawn(rising(scale), EVEN, 6, 0.004 * scale, name=name),
            lambda a: a["worse"] == "higher" and a["harm"] == "shown" and holds(a, 0.32),
        )
        for name, scale in (
            ("wer", 1.0),
            ("fid", 200.0),
            ("w2", 0.02),
            ("rmse", 5.0),
            ("ppl", 150.0),
            ("kl", 0.3),
            ("hallucination_rate", 1.0),
        )
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_curve_of_this_kind_is_answered_rightly(kind: str) -> None:
    draw, right = KINDS[kind]
    wrong = []
    for seed in range(SETS):
        table = draw(seed)
        name = str(table.columns[-1])
        direction = direction_of(name)
        replicate = "replicate" if "replicate" in table else None
        made = curves(table, name, replicate=replicate, allow_missing=True)
        found = onset(made, direction=direction, draws=199, thorough=False)
        answer = {**plain_onset(found), "worse": worse_for(direction)}
        if not right(answer):
            wrong.append((seed, answer["verdict"], answer["safe_share"]))
    assert len(wrong) <= 1, wrong
