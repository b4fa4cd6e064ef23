"""The posterior of the mixture at each context of a `facts` world, in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from smcollapse.laws import FactsLaw
from smcollapse.laws.labels import OTHER, RIVAL, TRUTH
from smcollapse.scenario import Scenario
from smcollapse.settings import CountTable
from smcollapse.theories.base import Floats
from smcollapse.theories.mixing import Laws, laws_of, n_other, row_numbers
from smcollapse.theories.population_cells import Cells

LEFT_TO_CHANCE = 0.01
"""Share of the rare mass up to which rare recall was found within .014 of count theory."""

SAME = 1.0 - 1e-12
"""Answers whose masses differ by less than this factor are tied: all of them win as often."""


def facts_cells(
    laws: Laws, real_rows: float, synthetic_rows: float, *, truth_shown: bool = True
) -> Cells:
    """What is answered at each context after those numbers of rows, before the filter.

    P(y | k) ∝ n_r · w_k r_k(y) + n_s (1 − δ) · s_k g_k(y), with r and g the chances of labels that
    pass the filter (theory notes, section 1): real rows never show the synthetic style, so that
    only undetected synthetic rows share their cell. A context that no row visits follows the label
    frequencies of its category. Without `truth_shown`, no row in the cell has the true label.
    """
    world = laws.world
    assert isinstance(world, FactsLaw)
    copies, tested = _copies(laws), laws.real.chance
    mass = cell_masses(laws, real_rows, synthetic_rows)
    if not truth_shown:
        mass[:, TRUTH] = 0.0
    total = mass @ copies
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = mass / total[:, None]
    best = chance[:, copies > 0].max(axis=1)
    wins = (chance >= SAME * best[:, None]) * copies
    wins /= np.maximum(wins.sum(axis=1, keepdims=True), 1.0)
    cells = Cells(
        weight=world.frequency,
        context=np.arange(world.n_contexts),
        recall=wins[:, TRUTH],
        accuracy=(wins * tested).sum(axis=1),
        confidence=best,
        brier=(chance * (chance - 2.0 * tested)) @ copies + 1.0,
    )
    empty = np.flatnonzero(total <= 0.0)
    if len(empty):
        every = real_rows * laws.real.passed + synthetic_rows * laws.synthetic.passed
        _follow_category(cells, empty, world, every, tested)
    return cells


def category_cells(laws: Laws, real_rows: float, synthetic_rows: float) -> Cells:
    """What would be answered at each context if no row had visited its cell."""
    world = laws.world
    assert isinstance(world, FactsLaw)
    every = real_rows * laws.real.passed + synthetic_rows * laws.synthetic.passed
    at = np.arange(world.n_contexts)
    cells = Cells(world.frequency, at, *(np.empty(len(at)) for _ in range(4)))
    _follow_category(cells, at, world, every, laws.real.chance)
    return cells


def cell_masses(laws: Laws, real_rows: float, synthetic_rows: float) -> Floats:
    """(K, 3) expected rows that pass and share the cell of real test rows, as in `LabelLaw`."""
    shown = synthetic_rows * (1.0 - laws.source.detectability)
    return np.asarray(real_rows * laws.real.passed + shown * laws.synthetic.passed)


def survivors(laws: Laws, real_rows: float, synthetic_rows: float) -> float:
    """Expected number of rows that pass the filter; NaN where a number of rows is."""
    real, made = ((law.passed @ _copies(laws)).sum() for law in (laws.real, laws.synthetic))
    return float(real_rows * real + synthetic_rows * made)


def chance_of_another_winner(
    laws: Laws, real_rows: float, synthetic_rows: float, pseudo_count: float
) -> Floats:
    """(K,) chance, at most ½, that finite numbers of rows have another majority than expected.

    Φ(−|m|/s) for each other answer, m the expected lead of the truth less the pseudo-count and s²
    the variance of Poisson counts; M templates multiply the variance of synthetic ones by 1 + n/M.
    """
    real = cell_masses(laws, real_rows, 0.0)
    synthetic = cell_masses(laws, 0.0, synthetic_rows)
    copies = synthetic_rows / laws.source.templates if laws.source.templates else 0.0
    expected, variance = real + synthetic, real + (1.0 + copies) * synthetic
    return chance_of_upset(expected, variance, n_other(laws), pseudo_count)


def chance_of_upset(
    expected: Floats, variance: Floats, others: int, pseudo_count: float = 0.0
) -> Floats:
    """(n,) the same from means and variances (n, 3) of counts, as in `LabelLaw`."""
    chance = np.zeros(len(expected))
    for column, number in ((RIVAL, 1), (OTHER, others)):
        lead = np.abs(expected[:, TRUTH] - expected[:, column]) - pseudo_count
        spread = np.sqrt(variance[:, TRUTH] + variance[:, column])
        chance += number * ndtr(-np.maximum(lead, 0.0) / np.maximum(spread, 1e-300))
    return np.minimum(chance, 0.5)


def _copies(laws: Laws) -> Floats:
    """(3,) number of answers behind each column of a `LabelLaw`."""
    return np.array([1.0, 1.0, n_other(laws)])


def _follow_category(
    cells: Cells, empty: npt.NDArray[np.integer], world: FactsLaw, mass: Floats, tested: Floats
) -> None:
    """Put what the category's label frequencies answer into the empty contexts.

    mass : (K, 3) of all rows that pass, of either style; tested : (K, 3) chances of test labels
    """
    prior = _Priors.of(world, mass)
    own, at = world.category[empty], prior.truth[empty]
    other = tested[empty, OTHER]
    extra = tested[empty, TRUTH] - other
    recall = prior.wins[at] / prior.winners[own]
    cells.recall[empty] = recall
    cells.accuracy[empty] = other + extra * recall
    cells.confidence[empty] = prior.best[own]
    cells.brier[empty] = prior.square[own] - 2.0 * (other + extra * prior.chance[at]) + 1.0


@dataclass(frozen=True)
class _Priors:
    """Label frequencies of the categories: G of them, with J answers that some context names.

    chance  : (J,) frequency of an answer that is the truth or the consensus of a context
    wins    : (J,) 1 where it is a most frequent one of its category, else 0
    truth   : (K,) which of them is the truth of each context
    best    : (G,) largest frequency in a category
    winners : (G,) number of answers that have it
    square  : (G,) sum of squared frequencies over all C answers
    """

    chance: Floats
    wins: Floats
    truth: npt.NDArray[np.integer]
    best: Floats
    winners: Floats
    square: Floats

    @classmethod
    def of(cls, world: FactsLaw, mass: Floats) -> _Priors:
        """Frequencies of masses (K, 3); uniform in a category without any."""
        size, answers = world.n_categories, world.n_answers
        place = world.category.astype(np.int64) * answers
        named, index = np.unique(
            np.concatenate([place + world.truth, place + world.consensus]), return_inverse=True
        )
        # Only exceptions have a rival that stands out from the other wrong answers.
        rival = np.where(world.exception, mass[:, RIVAL] - mass[:, OTHER], 0.0)
        extra = np.bincount(index, np.concatenate([mass[:, TRUTH] - mass[:, OTHER], rival]))
        owner = named // answers
        unnamed = answers - np.bincount(owner, minlength=size)
        rest = np.bincount(world.category, mass[:, OTHER], size)
        total = rest * answers + np.bincount(owner, extra, size)
        scale = np.where(total > 0.0, total, 1.0)
        rest = np.where(total > 0.0, rest / scale, 1.0 / answers)
        chance = rest[owner] + extra / scale[owner]
        best = np.where(unnamed > 0, rest, 0.0)
        np.maximum.at(best, owner, chance)
        wins = (chance >= SAME * best[owner]).astype(np.float64)
        winners: Floats = np.where(rest >= SAME * best, unnamed, 0).astype(np.float64)
        winners += np.bincount(owner, wins, size)
        square = np.bincount(owner, chance**2, size) + unnamed * rest**2
        return cls(chance, wins, index[: world.n_contexts], best, winners, square)


def chance_doubts(scenario: Scenario, shares: Floats) -> tuple[str, ...]:
    """Doubt about expected majorities at those shares (S,), where chance settles too many."""
    loose = [_left_to_chance(scenario, share) for share in shares]
    worst = int(np.argmax(loose))
    if not loose[worst] > LEFT_TO_CHANCE:
        return ()
    return (
        f"chance settles the majority in {loose[worst]:.0%} of the rare mass at share "
        f"{shares[worst]:g} (at most {LEFT_TO_CHANCE:.0%} in the domain): more rows or "
        "templates are needed, or a share farther from a flip",
    )


def _left_to_chance(scenario: Scenario, share: float) -> float:
    """Mean chance of another majority than expected over rare contexts, weighted by frequency."""
    laws, model = laws_of(scenario), scenario.model
    (real,), (made,) = row_numbers(scenario.mixture, np.array([share]))
    pseudo_count = model.pseudo_count if isinstance(model, CountTable) else 0.0
    chance = chance_of_another_winner(laws, real, made, pseudo_count)
    rare = laws.world.rare
    return float(np.average(chance[rare], weights=laws.world.frequency[rare]))
