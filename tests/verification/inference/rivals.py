"""Smooth curves of further kinds: is a break, a jump or a pair of breaks declared under them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from smcollapse.inference import Curves, onset
from smcollapse.inference.dictionaries import dictionary
from smcollapse.inference.families import (
    JUMP,
    JUMP_RIVALS,
    LOGISTIC,
    RIVALS,
    TWO_BREAKS,
    Family,
    width_of_softplus,
)
from smcollapse.inference.onsets.bracket import bracket
from smcollapse.inference.onsets.existence import existence
from smcollapse.inference.onsets.shape import SMALLEST, shape_of
from tests.verification.inference.designs import BASE, SD, Case
from tests.verification.inference.existence import DRAWS
from tests.verification.inference.kinds import (
    Kind,
    Row,
    Summaries,
    errors_at_most,
    furthest,
    monte_carlo,
)
from tests.verification.inference.outcomes import LOSS
from tests.verification.inference.truths import FURTHER, SMOOTH, Truth, kink, log_linear
from tests.verification.sections import Required, Section, markdown

ALPHA = 0.05
LOG_RATES, LOG_SDS = (20.0, 50.0, 100.0, 150.0), (0.01, 0.02, 0.03)
CORRELATED = ("Cauchy .1, late", "Cauchy .05, late", "Richards 3", "two logistics")
"""The worst of the further curves, under correlated noise too."""

SLACK = 1.5
"""A logistic that is not narrower than so many gaps is none that onset could call a jump."""


def _stepped(fall: float) -> Truth:
    return lambda x: 0.9 - 0.05 * x - fall * SD * (x > 0.325)


def _saturating(x: np.ndarray) -> np.ndarray:
    return np.interp(x, [0.0, 0.2, 0.4, 0.6], [0.9, 0.9, 0.5, 0.5])


def _case(group: str, truth: str, function: Truth, noise: str, sd: float = SD) -> Case:
    name = f"{group} | {truth} | {noise} | {sd:g}"
    return replace(BASE, name=name, truth=function, noise=noise, knot=None, sd=sd)


@cache
def cases() -> tuple[Case, ...]:
    """Smooth curves, kinks, jumps and pairs of breaks; the first word of a name is the group."""
    found = [
        _case("smooth", f"logarithm, k = {rate:g}", log_linear(rate), "independent", sd)
        for rate in LOG_RATES
        for sd in LOG_SDS
    ]
    found.append(_case("smooth", "logarithm, k = 150", log_linear(150.0), "AR .5"))
    for name, truth in FURTHER.items():
        found += [
            _case("smooth", name, truth, noise)
            for noise in ("independent", *(("AR .5",) if name in CORRELATED else ()))
        ]
    found += [_case("listed", name, truth, "independent") for name, truth in SMOOTH.items()]
    for noise in ("independent", "AR .5"):
        found.append(_case("kink", "slope change -1", kink(), noise))
        found.append(_case("kink", "slope change -.4", kink(change=-0.4), noise))
        found += [_case("jump", f"{fall} s.d.", _stepped(fall), noise) for fall in (2, 4, 8)]
        found.append(_case("pair", "saturating", _saturating, noise))
    return tuple(found)


def row(case: Case, number: int) -> Row:
    """Whether a break, a jump or a pair of breaks is declared in one data set."""
    kind = _kind(case.draw(number), number)
    return {name: float(kind == name) for name in ("break", "jump", "two breaks")}


def _kind(curves: Curves, seed: int) -> str:
    """The kind of onset's verdict, as far as it is one of these, by the parts that decide it."""

    def exists(shape: Family, against: Sequence[Family]) -> bool:
        return existence(curves, against, shape=shape, draws=DRAWS, seed=seed).exists

    found = existence(curves, draws=DRAWS, seed=seed)
    fit = dictionary(LOGISTIC, curves.shares, curves.weights).fit(curves.mean)
    width = width_of_softplus(float(fit.parameters[0, 1]) * float(np.ptp(curves.shares)))
    if found.exists:
        kind = "break"
    elif exists(JUMP, JUMP_RIVALS):
        kind = "jump"
    elif (found.p_second_break or 1.0) <= ALPHA and exists(TWO_BREAKS, RIVALS):
        kind = "two breaks"
    elif width < SLACK * float(np.diff(curves.shares).max()):  # may be called a jump
        kind = onset(curves, draws=DRAWS, seed=seed, thorough=False).verdict_kind
    else:
        kind = "none of these"
    return kind if kind == "none of these" or _changes(curves, seed) else "none of these"


def _changes(curves: Curves, seed: int) -> bool:
    """Whether a decline or a rise is shown, without which onset looks no further."""
    brackets = [bracket(curves, LOSS, True, way, 1.0 - ALPHA) for way in ("loss", "gain")]
    shape = shape_of(
        curves,
        *brackets,
        smallest=SMALLEST * LOSS,
        relative=True,
        direction="loss",
        level=1.0 - ALPHA,
        seed=seed,
    )
    return shape.kind in ("decline", "rise")


def required(case: Case, found: dict[str, float]) -> tuple[Required, ...]:
    """No false break under curves of further kinds; no false jump or pair under any."""
    group, truth, noise, sd = case.name.split(" | ")
    words = f"{truth}, {noise}" + ("" if float(sd) == SD else f", s.d. {sd}")
    false = {
        "smooth": ("break", "jump", "two breaks"),
        "listed": ("jump", "two breaks"),
        "kink": ("jump", "two breaks"),
        "jump": ("two breaks",),
        "pair": ("jump",),
    }[group]
    return tuple(
        errors_at_most(f"{name} under {words}", found[name], found["sets"]) for name in false
    )


def settled(case: Case, found: dict[str, float]) -> bool:
    """Whether no rate is within two standard errors of .05."""
    rates = [float(item.measured) for item in required(case, found)]
    error = monte_carlo(ALPHA, found["sets"])
    return all(abs(rate - ALPHA) >= 2.0 * error for rate in rates)


def section(results: Summaries) -> Section:
    """What is declared, by curve."""
    known = [(case, results[case.name]) for case in cases() if case.name in results]
    tables: dict[str, list[dict[str, str | float]]] = {"smooth": [], "listed": [], "other": []}
    for case, found in known:
        group, truth, noise, sd = case.name.split(" | ")
        tables[group if group in tables else "other"].append(
            {
                "truth": truth if group in tables else f"{group}, {truth}",
                "noise": noise,
                "s.d.": sd,
                "break": found["break"],
                "jump": found["jump"],
                "two breaks": found["two breaks"],
            }
        )
    return Section(
        "rivals",
        "Further smooth curves, jumps and two breaks",
        (
            "How often a break is declared, or else a jump or two breaks, in that order. Further "
            "smooth curves: logarithms .9 - .25 log(1 + kp)/log(1 + .6k) and power laws, for "
            "which one rival was added; Weibull, Richards and Cauchy curves and sums of two "
            "logistics, for which none was. Three twentieths of the data sets, and all where a "
            "rate is within two standard errors of .05.",
            markdown(pd.DataFrame(tables["smooth"]), 3),
            "The smooth curves of the section before: jumps and two breaks under them.",
            markdown(pd.DataFrame(tables["listed"]), 3),
            "Kinks, jumps of 2, 4 and 8 s.d. of a run within a gap, and a curve that saturates "
            "(two breaks): what each is called.",
            markdown(pd.DataFrame(tables["other"]), 3),
        ),
        furthest(
            ((group, item.what.split(" under ")[0], truth), item)
            for case, found in known
            for group, truth in [_key(case)]
            for item in required(case, found)
        ),
    )


def _key(case: Case) -> tuple[str, str]:
    """Further smooth curves stand for themselves, the others for their group."""
    group, truth, *_ = case.name.split(" | ")
    return group, truth if group == "smooth" else ""


KIND = Kind(cases, row, section, stages=lambda _: (0.15, 1.0), settled=settled)
