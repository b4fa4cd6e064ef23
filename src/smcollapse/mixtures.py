"""Mixtures: which rows fill the slots of a training set, at which share, after which filter."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from smcollapse.errors import StudyError
from smcollapse.filters import survivors
from smcollapse.metrics import duplication_rate, mode_coverage
from smcollapse.mitigations import Hooks, TrainingRows, hooks_of
from smcollapse.scenario import Scenario
from smcollapse.sources import fit
from smcollapse.streams import stream
from smcollapse.study import DeviceClass
from smcollapse.worlds import Rows, World


@dataclass(frozen=True)
class Mixture:
    """The training set of one cell.

    slots : (n_slots,) pool row of each slot, −1 where it is empty or was filtered out
    synthetic : (n_slots,) whether a slot holds a synthetic row
    weights : (n_slots,) weight of each slot's row, mean 1 over full slots; None if all are equal
    holdout : pool rows of real slots that were held out of training
    """

    slots: NDArray[np.int64]
    synthetic: NDArray[np.bool_]
    weights: NDArray[np.float64] | None = None
    holdout: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def measures(self, pool: Rows, n_contexts: int) -> dict[str, float]:
        """Measures of the synthetic rows that survived, and their share of all survivors."""
        kept = self.slots[self.synthetic & (self.slots >= 0)]
        return {
            "mode_coverage": mode_coverage(pool.context[kept], n_contexts),
            "duplication_rate": duplication_rate(pool.example[kept]),
            "realised_share": len(kept) / max(1, int((self.slots >= 0).sum())),
        }


def budget_of(scenario: Scenario, world: World) -> int:
    """N: the scenario's budget, or all training rows of a table or text.

    Raises
    ------
    StudyError
        If there are fewer training rows than the budget.
    """
    budget, size = scenario.mixture.budget, world.train_size
    if size is not None and budget > size:
        raise StudyError(
            f"mixture.budget = {budget} is larger than the training part of the data "
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
    scenarios: list[Scenario],
    world: World,
    seed: int,
    replicate: int,
    device: DeviceClass = "cpu",
) -> tuple[Rows, list[Mixture]]:
    """One pool of rows for all scenarios of a world, and the mixture of each, mitigated.

    Slot i holds real row i or synthetic row i: two shares differ only in the slots in between,
    and all conditions of a replicate meet the same real rows in the same order.
    """
    hooks = [hooks_of(scenario) for scenario in scenarios]
    scenarios = [found.scenario for found in hooks]
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
            pool.append(fit(source, world, seed, replicate, device).sample(needed))
            starts[source] = start
            start += needed
    rows = Rows.concatenate(pool)
    mixtures = [
        _fill(found, budget, starts.get(found.scenario.source, 0), rows, seed, replicate)
        for found, budget in zip(hooks, budgets, strict=True)
    ]
    return rows, [
        _mitigated(mixture, found, rows, world)
        for mixture, found in zip(mixtures, hooks, strict=True)
    ]


def _mitigated(mixture: Mixture, hooks: Hooks, pool: Rows, world: World) -> Mixture:
    """The mixture with rows dropped and weighed as its mitigation says."""
    slots = mixture.slots.copy()
    full = np.flatnonzero(slots >= 0)
    at = slots[full]
    rows = TrainingRows(mixture.synthetic[full], world.rare[pool.context[at]], pool.example[at])
    if hooks.keep is not None:
        slots[full[~hooks.keep(rows)]] = -1
    share = hooks.scenario.mixture.share
    if hooks.real_last and not (~mixture.synthetic & (slots >= 0)).any():
        raise StudyError(
            f"mitigation 'real_data_last' finds no real row at share {share:g}: write a smaller "
            "share, a weaker filter or a larger mixture.budget"
        )
    weights = None
    if hooks.weights is not None:
        weights = np.zeros(len(slots))
        weights[full] = hooks.weights(rows)
        if not weights.any():
            raise StudyError(
                f"every row at share {share:g} has weight 0: write a larger "
                "mitigation.synthetic_weight or a smaller share"
            )
        weights /= weights[full].mean()
    return replace(mixture, slots=slots, weights=weights)


def _held_out(
    hooks: Hooks, slots: NDArray[np.int64], synthetic: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """The last full real slots, which every share of a sweep has."""
    real = np.flatnonzero(~synthetic & (slots >= 0))
    if len(real) < 2 * hooks.holdout:
        raise StudyError(
            f"mitigation.holdout = {hooks.holdout} is more than half of the {len(real)} real "
            f"rows at share {hooks.scenario.mixture.share:g}: write a smaller hold-out, a "
            "smaller share or a larger mixture.budget"
        )
    return real[len(real) - hooks.holdout :]


def _fill(hooks: Hooks, budget: int, start: int, pool: Rows, seed: int, replicate: int) -> Mixture:
    scenario = hooks.scenario
    n_real, n_synthetic = counts(scenario, budget)
    if scenario.mixture.design == "accumulate":
        slots = np.concatenate([np.arange(budget), start + np.arange(n_synthetic)])
        synthetic = np.arange(budget + n_synthetic) >= budget
    else:
        slots = np.arange(budget)
        removed = budget - n_real
        synthetic = slots < n_synthetic
        slots[:removed] = start + np.arange(removed) if n_synthetic else -1
    held = _held_out(hooks, slots, synthetic)
    holdout = slots[held]
    slots[held] = -1
    if scenario.filter.strictness > 0.0:
        slots = _filtered(scenario, start, slots, synthetic, pool, seed, replicate)
    if not (slots >= 0).any():
        strictness = scenario.filter.strictness
        raise StudyError(
            f"share {scenario.mixture.share:g} in design '{scenario.mixture.design}'"
            f"{f' after filter.strictness {strictness:g}' if strictness else ''} leaves no row of "
            f"{budget} to train on: write a smaller share or a larger mixture.budget"
        )
    return Mixture(slots, synthetic, holdout=holdout)


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
