"""Label frequencies of categories: what an empty cell falls back on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.label_priors import N_EMPTY, add_empty_cells
from smcollapse.laws import FactsLaw
from smcollapse.theories.base import Floats
from smcollapse.theories.mixing import Laws

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Masses:
    """Expected numbers of training rows at one share, by category, label and cell.

    base, total : (categories,) rows with any one label that is nobody's truth or consensus; all
    special     : (P,) rows with each label that is one
    own         : (K, 3) rows in the test cell of each context, per label
    """

    base: Floats
    special: Floats
    total: Floats
    own: Floats


@dataclass(frozen=True)
class Priors:
    """What categories have in common at all shares.

    real, made : masses per real, per synthetic row
    first      : (categories + 1,) where the special labels of each category start
    category, truth, rival : (K,) of each context; truth and consensus as special labels
    answers    : C
    """

    real: Masses
    made: Masses
    first: Ints
    category: Ints
    truth: Ints
    rival: Ints
    answers: int

    def masses(self, n_real: float, n_made: float) -> Masses:
        """Masses of that many rows before the filter."""
        pairs = zip(vars(self.real).values(), vars(self.made).values(), strict=True)
        return Masses(*(n_real * real + n_made * made for real, made in pairs))

    def empty(
        self, masses: Masses, weight: Floats, kind: Ints, kinds: int, right: float, wrong: float
    ) -> Floats:
        """(kinds, N_EMPTY) sums of `add_empty_cells`."""
        out = np.zeros((kinds, N_EMPTY))
        add_empty_cells(*self._of(masses), weight, kind, right, wrong, out)
        return out

    def _of(
        self, masses: Masses
    ) -> tuple[Floats, Floats, Floats, Ints, Ints, Ints, Ints, Floats, int]:
        return (
            masses.base,
            masses.special,
            masses.total,
            self.first,
            self.category,
            self.truth,
            self.rival,
            masses.own,
            self.answers,
        )


def priors_of(laws: Laws) -> Priors:
    """The priors of a `facts` scenario."""
    law = laws.world
    assert isinstance(law, FactsLaw)
    category, answers = law.category.astype(np.int64), law.n_answers
    keys, place = np.unique(
        np.concatenate([category * answers + law.truth, category * answers + law.consensus]),
        return_inverse=True,
    )
    home, n_categories = keys // answers, law.n_categories
    truth, rival = place[: law.n_contexts], place[law.n_contexts :]

    def masses(passed: Floats, inside: float) -> Masses:
        base: Floats = np.bincount(category, passed[:, 2], n_categories).astype(np.float64)
        extra = np.where(law.exception, passed[:, 1] - passed[:, 2], 0.0)
        special = base[home]
        special += np.bincount(truth, passed[:, 0] - passed[:, 2], len(keys))
        special += np.bincount(rival, extra, len(keys))
        rows = passed[:, 0] + passed[:, 1] + (answers - 2) * passed[:, 2]
        total: Floats = np.bincount(category, rows, n_categories).astype(np.float64)
        return Masses(base, special, total, inside * passed)

    return Priors(
        real=masses(laws.real.passed, 1.0),
        made=masses(laws.synthetic.passed, 1.0 - laws.source.detectability),
        first=np.concatenate([[0], np.cumsum(np.bincount(home, minlength=n_categories))]),
        category=category,
        truth=truth,
        rival=rival,
        answers=answers,
    )
