"""Mixtures: which rows fill the slots of a training set, at which share, after which filter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smcollapse.errors import StudyError
from smcollapse.filters import survivors
from smcollapse.metrics import duplication_rate, mode_coverage
from smcollapse.scenario import Scenario
from smcollapse.sources import fit
from smcollapse.streams import stream
from smcollapse.worlds import Rows, World


@dataclass(frozen=True)
class Mixture:
    """The training set of one cell.

    slots : (n_slots,) pool row of each slot, −1 where it is empty or was filtered out
    synthetic : (n_slots,) whether a slot holds a synthetic row
    """

    slots: NDArray[np.int64]
    synthetic: NDArray[np.bool_]

    def measures(self, pool: Rows, n_contexts: int) -> dict[str, float]:
        """Measures of the synthetic rows that survived, and their share of all survivors."""
        kept = self.slots[self.synthetic & (self.slots >= 0)]
        return {
            "mode_coverage": mode_coverage(pool.context[kept], n_contexts),
            "duplication_rate": duplication_rate(pool.example[kept]),
            "realised_share": len(kept) / max(1, int((self.slots >= 0).sum())),
        }


def budget_of(scenario: Scenario, world: World) -> int:
    """N: the scenario's budget, or all training rows of a table.

    Raises
    ------
    StudyError
        If a table has fewer training rows than the budget.
    """
    budget, size = scenario.mixture.budget, world.train_size
    if size is not None and budget > size:
        raise StudyError(
            f"mixture.budget = {budget} is larger than the training part of the table "
            f"({size} rows): write at most {size}, or 0 for all of them"
        )
    return budget or size or 0


def counts(scenario: Scenario, budget: int) -> tuple[int, int]:
    """Numbers of real and synthetic rows before the filter."""
    share = scenario.mixture.share
    if scenario.mixture.design == "accumulate":
        return budget, round(share * budget / (1.0 - share))
    n_synthetic = round(share * budget)
    if scenario.mixture.design == "real_only":
        return budget - n_synthetic, 0
    return budget - n_synthetic, n_synthetic


def mix(
    scenarios: list[Scenario], world: World, seed: int, replicate: int
) -> tuple[Rows, list[Mixture]]:
    """One pool of rows for all scenarios of a world, and the mixture of each.

    Slot i holds real row i or synthetic row i: two shares differ only in the slots in between,
    and all conditions of a replicate meet the same real rows in the same order.
    """
    budgets = [budget_of(scenario, world) for scenario in scenarios]
    pool = [world.real(seed, replicate, max(budgets))]
    starts, start = {}, len(pool[0])
    for source in dict.fromkeys(scenario.source for scenario in scenarios):
        needed = max(
            counts(scenario, budget)[1]
            for scenario, budget in zip(scenarios, budgets, strict=True)
            if scenario.source == source
        )
        if needed:
            pool.append(fit(source, world, seed, replicate).sample(needed))
            starts[source] = start
            start += needed
    rows = Rows.concatenate(pool)
    mixtures = [
        _fill(scenario, budget, starts.get(scenario.source, 0), rows, seed, replicate)
        for scenario, budget in zip(scenarios, budgets, strict=True)
    ]
    return rows, mixtures


def _fill(
    scenario: Scenario, budget: int, start: int, pool: Rows, seed: int, replicate: int
) -> Mixture:
    n_real, n_synthetic = counts(scenario, budget)
    if scenario.mixture.design == "accumulate":
        slots = np.concatenate([np.arange(budget), start + np.arange(n_synthetic)])
        synthetic = np.arange(budget + n_synthetic) >= budget
    else:
        slots = np.arange(budget)
        removed = budget - n_real
        synthetic = slots < n_synthetic
        slots[:removed] = start + np.arange(removed) if n_synthetic else -1
    if scenario.filter.strictness > 0.0:
        slots = _filtered(scenario, start, slots, synthetic, pool, seed, replicate)
    if not (slots >= 0).any():
        strictness = scenario.filter.strictness
        raise StudyError(
            f"share {scenario.mixture.share:g} in design '{scenario.mixture.design}'"
            f"{f' after filter.strictness {strictness:g}' if strictness else ''} leaves no row of "
            f"{budget} to train on: write a smaller share or a larger mixture.budget"
        )
    return Mixture(slots, synthetic)


def _filtered(
    scenario: Scenario,
    start: int,
    slots: NDArray[np.int64],
    synthetic: NDArray[np.bool_],
    pool: Rows,
    seed: int,
    replicate: int,
) -> NDArray[np.int64]:
    slots = slots.copy()
    for role, members in (("synthetic", synthetic), ("real", ~synthetic)):
        at = np.flatnonzero(members & (slots >= 0))
        if role == "synthetic" or scenario.filter.scope == "both":
            # Draws are numbered by the row within its own part, so shares stay paired.
            first = start if role == "synthetic" else 0
            draws = stream(seed, replicate, f"filter {role}").uniforms(slots[at] - first)
            slots[at[~survivors(scenario.filter, pool.take(slots[at]), draws)]] = -1
    return slots
