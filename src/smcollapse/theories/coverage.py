"""Coverage theory: rare contexts lost because they are overridden, or because they are displaced.

A synthetic source that covers an exception answers it with the consensus, and overrides the truth
once its rows are the local majority. A source that does not cover it only takes the place of real
rows: P(the truth is never shown) = e^(−λ), λ the expected number of rows that show it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smcollapse.errors import TheoryError
from smcollapse.laws import ContextLaw
from smcollapse.laws.labels import OTHER, RIVAL, TRUTH
from smcollapse.scenario import Scenario
from smcollapse.settings import FactsWorld
from smcollapse.theories.base import MEASURES, Curve, Floats, Theory, flip_of
from smcollapse.theories.calibration import N_BINS
from smcollapse.theories.memorising import memorising_doubts
from smcollapse.theories.mixing import (
    Laws,
    laws_of,
    local_flips,
    n_other,
    row_numbers,
    unknown_densities,
)
from smcollapse.theories.population_cells import Cells, bins_of
from smcollapse.theories.population_facts import (
    category_cells,
    cell_masses,
    chance_doubts,
    facts_cells,
    survivors,
)


class Coverage(Theory):
    """One row that shows the truth is enough to learn it, unless the local majority is against it.

    The idealisation of memorisation without noise (Hutter 2021; Dohmatob et al. 2024). A context
    whose truth was shown has the posterior of the mixture; one that was shown without its truth
    has what is left of it; one never shown follows its category. Chance enters through Poisson
    numbers of rows, of the truth and of other labels, and nowhere else.
    """

    name = "coverage"
    title = "coverage: what is never shown, what is overridden"
    source = "Hutter 2021, arXiv:2102.04074; Dohmatob et al. 2024, arXiv:2402.07043; section 4"
    assumptions = (
        "one row that shows the truth is enough, whatever other labels chance brings",
        "the majority in a context is the expected one",
        "a context that no row visits follows its category",
        "unlimited capacity",
        "as many templates as rows",
    )
    domain = (
        "an idealisation: without noise exact where the source does not cover the exceptions; rare "
        "recall within .01 and ECE within .07 of count theory where chance settles at most 1 % of "
        "the rare mass (VERIFICATION.md)"
    )

    def _applies(self, scenario: Scenario) -> tuple[str, ...]:
        """Facts, and a model that memorises them."""
        reasons = list(unknown_densities(scenario))
        if scenario.world.kind == "clusters":
            reasons.append("world 'clusters' has no facts that are shown or not")
        if scenario.world.kind == "language":
            reasons.append("world 'language' words its facts, and wordings are not covered or not")
        if scenario.model.kind == "logistic":
            reasons.append("model 'logistic' is linear: it does not memorise")
        return tuple(reasons)

    def _doubts(self, scenario: Scenario, shares: Floats) -> tuple[str, ...]:
        """Short training, and where chance, not the expected majority, settles contexts."""
        return (*memorising_doubts(scenario, shares), *chance_doubts(scenario, shares))

    def _curve(self, scenario: Scenario, shares: Floats) -> Curve:
        laws, world = laws_of(scenario), scenario.world
        assert isinstance(world, FactsWorld)
        found = {name: np.full(len(shares), np.nan) for name in MEASURES}
        rows = row_numbers(scenario.mixture, shares)
        for i, (real, made) in enumerate(zip(*rows, strict=True)):
            if survivors(laws, real, made) > 0.0:
                outcomes = _outcomes(laws, real, made)
                for name, value in outcomes.measures(laws.world, world.test_size).items():
                    found[name][i] = value
        flips = local_flips(laws, scenario.mixture.design)
        flip = flip_of(flips, laws.world.exception, laws.world.frequency)
        return Curve(shares, found, flips, flip)


@dataclass(frozen=True)
class Losses:
    """Rare recall that is lost, and by what; each (S,).

    shares         : nominal shares, before the filter
    undersampling  : loss at share 0 of the same budget
    override       : what is lost beyond it in contexts that the source covers
    dilution       : what is lost beyond it in contexts that it does not cover
    lost_contexts  : expected number of rare contexts that are not answered with the truth
    lost_mass      : their expected real mass

    The first three add up to 1 − rare recall. A gain is a negative loss.
    """

    shares: Floats
    undersampling: Floats
    override: Floats
    dilution: Floats
    lost_contexts: Floats
    lost_mass: Floats


def losses(scenario: Scenario, shares: npt.ArrayLike) -> Losses:
    """What coverage theory says is lost in rare contexts at those shares (S,).

    Covered is a context that undetected synthetic rows visit and pass the filter in.

    Raises
    ------
    TheoryError
        If the theory does not apply, a share lies outside [0, 1], or no row is left at one.
    """
    theory = Coverage()
    points = theory.curve(scenario, shares).shares
    laws = laws_of(scenario)
    covered = cell_masses(laws, 0.0, 1.0).sum(axis=1) > 0.0
    rare, weight = laws.world.rare, laws.world.frequency
    lost = np.empty((len(points) + 1, laws.world.n_contexts))
    rows = row_numbers(scenario.mixture, np.concatenate([[0.0], points]))
    for i, (real, made) in enumerate(zip(*rows, strict=True)):
        if not survivors(laws, real, made) > 0.0:
            raise TheoryError(f"no row is left at share {points[i - 1]:g}: write a smaller share")
        lost[i] = 1.0 - _outcomes(laws, real, made).recall
    mass = lost * np.where(rare, weight, 0.0)
    by, whole = (mass[1:] - mass[0]) / weight[rare].sum(), mass.sum(axis=1)
    return Losses(
        shares=points,
        undersampling=np.full(len(points), whole[0] / weight[rare].sum()),
        override=by[:, covered].sum(axis=1),
        dilution=by[:, ~covered].sum(axis=1),
        lost_contexts=lost[1:, rare].sum(axis=1),
        lost_mass=whole[1:],
    )


@dataclass(frozen=True)
class _Outcomes:
    """What may have been shown of each context: chances (3, K), and the cells that follow."""

    chance: Floats
    cells: tuple[Cells, Cells, Cells]

    @property
    def recall(self) -> Floats:
        """(K,) chance that a context is answered with the truth."""
        recalls = np.stack([cells.recall for cells in self.cells])
        return np.asarray((self.chance * recalls).sum(axis=0))

    def measures(self, law: ContextLaw, test_size: int) -> dict[str, float]:
        """Each of `MEASURES`."""
        columns = [[getattr(c, name) for c in self.cells] for name in _COLUMNS]
        weight = np.concatenate(list(self.chance * law.frequency))
        context = np.tile(np.arange(law.n_contexts), len(self.cells))
        cells = Cells(weight, context, *(np.concatenate(column) for column in columns))
        return cells.measures(law, test_size, self._variance(law.frequency))

    def _variance(self, weight: Floats) -> Floats:
        """(15,) variance of each calibration bin's gap over trainings; contexts are independent."""
        bins = [bins_of(cells.confidence) for cells in self.cells]
        gaps = [weight * (cells.accuracy - cells.confidence) for cells in self.cells]
        total = np.zeros(N_BINS)
        for i, (chance, gap) in enumerate(zip(self.chance, gaps, strict=True)):
            total += np.bincount(bins[i], chance * gap**2, N_BINS)
            for j, (other, second) in enumerate(zip(self.chance, gaps, strict=True)):
                together = np.where(bins[i] == bins[j], chance * gap * other * second, 0.0)
                total -= np.bincount(bins[i], together, N_BINS)
        return np.maximum(total, 0.0)


_COLUMNS = ("recall", "accuracy", "confidence", "brier")


def _outcomes(laws: Laws, real_rows: float, synthetic_rows: float) -> _Outcomes:
    """The truth was shown, only other labels were, or nothing."""
    expected = cell_masses(laws, real_rows, synthetic_rows)
    truth = np.exp(-expected[:, TRUTH])
    other = np.exp(-(expected[:, RIVAL] + n_other(laws) * expected[:, OTHER]))
    return _Outcomes(
        np.stack([1.0 - truth, truth * (1.0 - other), truth * other]),
        (
            facts_cells(laws, real_rows, synthetic_rows),
            facts_cells(laws, real_rows, synthetic_rows, truth_shown=False),
            category_cells(laws, real_rows, synthetic_rows),
        ),
    )
