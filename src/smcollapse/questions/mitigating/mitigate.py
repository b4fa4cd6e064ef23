"""What helps, what it costs, and whether theory knew: mitigations against doing nothing.

All are compared with the reference on the same replicates (common random numbers), so that
differences are paired. Changes of all measures under all mitigations are one family for Romano and
Wolf's step-down; shifts of the benchmark share are another.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from smcollapse.errors import StudyError
from smcollapse.inference import Curves, InferenceError, curves, romano_wolf
from smcollapse.inference.multiplicity.hypotheses import Hypothesis
from smcollapse.mitigations import hooks_of
from smcollapse.questions.claim import published_claim
from smcollapse.questions.conditions import CONTROL, REFERENCE, replication_of
from smcollapse.questions.contrasts import OnsetShift, shifts_of
from smcollapse.questions.mitigating.results import (
    RESPONSE,
    MitigationReport,
    MitigationRow,
    Prophecy,
)
from smcollapse.questions.mitigating.words import errors_of, verdict_of, words_of
from smcollapse.questions.predict import PREFERRED
from smcollapse.scenario import Scenario
from smcollapse.store import Store
from smcollapse.theories import CATALOG

LATE_MEASURES = ("ece", "mean_confidence", "head_recall")
"""Compared as means over the late shares; the response is compared share by share too."""

NEAREST_TO = (0.3, 0.45, 0.6)
"""The three shares at which rare recall is shown: those of the study nearest to these."""


def mitigation_report(
    store: Store, *, level: float = 0.95, seed: int = 0, notes: tuple[str, ...] = ()
) -> MitigationReport:
    """Every variant of a run against its reference.

    Raises
    ------
    StudyError
        If the run has no variant to compare, or its conditions do not share shares and replicates.
    """
    found = _measured(store)
    base = found.pop(REFERENCE, None)
    if base is None or not found:
        raise StudyError(f"run '{store.study.name}' holds no reference with mitigations beside it")
    reference = base[RESPONSE]
    if reference.n_replicates < 2:
        raise StudyError("mitigations are compared over replicates: at least 2 are needed")
    shares = three_shares(reference.shares)
    late = late_shares(reference.shares)
    columns, names = _columns(base, found, shares, late)
    tests = romano_wolf(columns, names, replication=reference.replication, level=level, seed=seed)
    by_name = {test.name: test for test in tests.hypotheses}
    shifts = shifts_of(
        reference, [(name, measured[RESPONSE]) for name, measured in found.items()], level, seed
    )
    scenarios = _scenarios(store)
    budget = _budget(store)
    prophets = {
        name: _prophecy(scenarios[REFERENCE], scenarios[name], measured[RESPONSE], shares)
        for name, measured in found.items()
    }
    levels = {name: _levels(measured, late) for name, measured in found.items()}
    rows = tuple(
        _row(
            name,
            scenarios,
            by_name,
            shifts.get(name),
            prophets[name],
            levels,
            shares,
            budget,
            level,
        )
        for name in found
    )
    return MitigationReport(
        study=store.study.name,
        shares=shares,
        late=late,
        reference=_levels(base, late),
        at_shares=tuple(float(v) for v in reference.mean[_at(reference.shares, shares)]),
        rows=rows,
        theory_error=max(errors_of(rows).values(), default=math.nan),
        level=level,
        replicates=reference.n_replicates,
        method=tests.method,
        verdict=verdict_of(rows),
        notes=notes,
    )


def three_shares(shares: npt.NDArray[Any]) -> tuple[float, ...]:
    """The shares nearest to .3, .45 and .6; fewer where one serves twice."""
    chosen = [float(shares[np.argmin(np.abs(shares - wanted))]) for wanted in NEAREST_TO]
    return tuple(dict.fromkeys(chosen))


def late_shares(shares: npt.NDArray[Any]) -> tuple[float, ...]:
    """The shares in the claim's window after the onset; the largest where it holds none."""
    low, high = published_claim().after
    inside = shares[(shares >= low - 1e-9) & (shares <= high + 1e-9)]
    return tuple(float(share) for share in (inside if inside.size else shares[-1:]))


def _at(shares: npt.NDArray[Any], wanted: tuple[float, ...]) -> npt.NDArray[Any]:
    return np.array([int(np.argmin(np.abs(shares - share))) for share in wanted])


def _measured(store: Store) -> dict[str, dict[str, Curves]]:
    """Curves of every measure by variant, controls left out."""
    table = store.table(complete=True)
    out = {}
    for variant, rows in table[table["design"] != CONTROL].groupby("variant", sort=False):
        replication = replication_of(rows)
        try:
            out[str(variant)] = {
                name: curves(rows, name, replication=replication)
                for name in (RESPONSE, *LATE_MEASURES)
            }
        except InferenceError as error:
            raise StudyError(f"{variant}: {error}") from None
    return out


def _columns(
    base: dict[str, Curves],
    found: dict[str, dict[str, Curves]],
    shares: tuple[float, ...],
    late: tuple[float, ...],
) -> tuple[npt.NDArray[Any], list[str]]:
    """Paired differences (R, H) of all mitigations, and their names."""
    columns, names = [], []
    grid = base[RESPONSE].shares
    for label, measured in found.items():
        for name, own in measured.items():
            other = base[name]
            if own.replicates != other.replicates or not np.array_equal(own.shares, grid):
                raise StudyError(
                    f"{label}: not the reference's shares and replicates: finish the run first"
                )
            net = np.asarray(own.values) - np.asarray(other.values)
            columns.append(net[:, _at(grid, late)].mean(axis=1))
            names.append(f"{label}: {name}")
            if name == RESPONSE:
                for share in shares:
                    columns.append(net[:, _at(grid, (share,))[0]])
                    names.append(f"{label}: {name} at {share:g}")
    return np.column_stack(columns), names


def _levels(measured: dict[str, Curves], late: tuple[float, ...]) -> dict[str, float]:
    return {name: float(own.mean[_at(own.shares, late)].mean()) for name, own in measured.items()}


def _scenarios(store: Store) -> dict[str, Scenario]:
    """The scenario of each variant at the largest share."""
    found: dict[str, Scenario] = {}
    for condition in store.study.conditions():
        known = found.get(condition.variant)
        share = condition.scenario.mixture.share
        if condition.scenario.mixture.design != CONTROL and (
            known is None or share > known.mixture.share
        ):
            found[condition.variant] = condition.scenario
    return found


def _budget(store: Store) -> int:
    """N: the study's, or the training rows of its table."""
    split = store.table(complete=True)["split_train"].iloc[0]
    return store.study.scenario.mixture.budget or int(split)


def _prophecy(
    reference: Scenario, mitigated: Scenario, trained: Curves, shares: tuple[float, ...]
) -> Prophecy | str:
    """What the first theory that applies to both says; the reasons where none does."""
    if all(theory.applies(reference) for theory in CATALOG.values()):
        return "none applies to the reference either"
    reasons: list[str] = []
    for name in PREFERRED:
        theory = CATALOG[name]
        if not theory.meant_for(mitigated):
            continue
        if said := theory.applies(mitigated):
            reasons += [reason for reason in said if reason not in reasons]
            continue
        plain = theory if not theory.applies(reference) else CATALOG["counts"]
        values = theory.curve(mitigated, shares).measures[RESPONSE]
        before = plain.curve(reference, shares).measures[RESPONSE]
        at = trained.mean[_at(trained.shares, shares)]
        return Prophecy(
            name,
            tuple(float(v) for v in values - before),
            tuple(float(v) for v in values - at),
            theory.doubts(mitigated, shares),
        )
    return "; ".join(reasons) or "no theory applies"


def _row(
    name: str,
    scenarios: dict[str, Scenario],
    tests: dict[str, Hypothesis],
    shift: OnsetShift | None,
    prophecy: Prophecy | str,
    levels: dict[str, dict[str, float]],
    shares: tuple[float, ...],
    budget: int,
    level: float,
) -> MitigationRow:
    late = {measure: tests[f"{name}: {measure}"] for measure in (RESPONSE, *LATE_MEASURES)}
    scenario = scenarios[name]
    kind = scenario.mitigation.kind
    return MitigationRow(
        label=name,
        kind="filter" if kind == "none" else kind,
        shift=shift,
        at_shares=tuple(tests[f"{name}: {RESPONSE} at {share:g}"] for share in shares),
        late=late,
        levels=levels[name],
        real_rows=_real_rows(scenario, budget) - _real_rows(scenarios[REFERENCE], budget),
        models=hooks_of(scenario).members,
        prophecy=prophecy if isinstance(prophecy, Prophecy) else None,
        silence=prophecy if isinstance(prophecy, str) else "",
        verdict=words_of(late, 1.0 - level),
        dominated=any(_dominates(other, levels[name]) for other in levels.values()),
    )


def _real_rows(scenario: Scenario, budget: int) -> int:
    """Real rows in a budget at that scenario's share, those held out among them."""
    mixture = hooks_of(scenario).scenario.mixture
    kept = budget if mixture.design == "accumulate" else budget - round(mixture.share * budget)
    return int(kept)


def _dominates(one: dict[str, float], other: dict[str, float]) -> bool:
    """Whether one is at least as good in recall, head recall and ECE, and better in one."""
    signs = {RESPONSE: 1.0, "head_recall": 1.0, "ece": -1.0}
    gains = [sign * (one[name] - other[name]) for name, sign in signs.items()]
    return min(gains) >= 0.0 and max(gains) > 0.0
