"""The test cells of a scenario: what falls into them, and who wins there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smcollapse.kernels import label_cells, label_priors
from smcollapse.kernels.label_cells import N_COLUMNS, fill_cells
from smcollapse.kernels.label_counts import N_BINS, N_SUMS, RECALL
from smcollapse.kernels.label_recall import fill_recalls
from smcollapse.kernels.label_tables import fill_drawn
from smcollapse.laws import FactsLaw
from smcollapse.theories.base import Floats
from smcollapse.theories.count_priors import Priors, priors_of
from smcollapse.theories.mixing import Laws

Ints = npt.NDArray[np.int64]

HEAD, RARE, EXCEPTION = 0, 1, 2
KINDS = 3
GROUPS = np.array([0, 1, 2, 2])
"""Column of a label law for each group of labels: truth, rival, lesser and greater others."""

DRAWN_CELLS = (150_000, 200_000)
"""Cells of tables that are drawn per share, without and with templates (standard errors
of recall about 5e−4 and 1e−3, of means over all contexts 2e−4 and 5e−4)."""

DRAWS = (4, 4_000)
"""Fewest and most tables that are drawn."""

SEED = 1

MOST_COPIES = 100.0
"""Copies of a template up to which recall alone is found from tables of counts."""

SPARSE = 3e-3
"""Mass of test rows in empty cells up to which it does not matter what they have in common."""

SETTLED = 20.0
"""Rows of a category from which its most frequent label is the one that is expected to be."""

SEEN = 1e-8
"""Weight of empty cells below which they are left out."""


@dataclass(frozen=True)
class DrawnSums:
    """What D drawn training sets show.

    sums   : (J, N_COLUMNS) means of the sums of cells
    common : (N_BINS,) variance of the gap of each bin from the label frequencies of categories,
             which all their cells share
    gap    : (D, N_BINS) gap of each bin in each training set
    square : (D, N_BINS) mean over test rows of the square of one row's gap there
    """

    sums: Floats
    common: Floats
    gap: Floats
    square: Floats


@dataclass(frozen=True)
class Cells:
    """The test cells of a scenario, whatever the share.

    real, made : (K, 3) chance that a real, a synthetic row joins the cell of a context with a label
    distinct   : (K, 3) expected number of distinct templates of each label there
    hidden     : (K, 3) chance that a synthetic row joins another cell of that context, or with
                 templates the expected number of distinct ones there
    survival   : (K, 3) chance that a copy of such a template passes the filter
    templates  : M, 0 for every synthetic row its own
    frequency  : (K,) real frequency of each context
    kind       : (K,) HEAD, RARE (no exception) or EXCEPTION
    truth, rival : (K,) answers; the rival is the consensus, elsewhere than on exceptions the truth
    answers    : C
    right, wrong : chance that a test row's label is the truth, is a given wrong answer
    """

    real: Floats
    made: Floats
    distinct: Floats
    hidden: Floats
    survival: Floats
    templates: int
    frequency: Floats
    kind: Ints
    truth: Ints
    rival: Ints
    answers: int
    right: float
    wrong: float
    priors: Priors

    def rates(self, at: Ints, n_real: Floats, n_made: Floats) -> tuple[Floats, Floats, Floats]:
        """Poisson rates, numbers of templates, copies of each, (S, J, 3), at contexts (J,)."""
        rate = n_real[:, None, None] * self.real[at]
        made = n_made[:, None, None]
        if self.templates == 0:
            rate += made * self.made[at]
            return rate, np.zeros_like(rate), np.zeros_like(rate)
        distinct = np.where(made > 0.0, self.distinct[at], 0.0)
        return rate, distinct, made / self.templates * self.survival[at]

    def labels(self, at: Ints) -> Ints:
        """(J, 4) numbers of labels in each group: without smoothing all others are of one group."""
        members = np.zeros((len(at), 4), dtype=np.int64)
        members[:, 0] = 1
        members[:, 1] = self.kind[at] == EXCEPTION
        members[:, 2] = self.answers - 1 - members[:, 1]
        return members

    def sums(self, at: Ints, n_real: Floats, n_made: Floats) -> Floats:
        """(S, J, N_COLUMNS) sums of the cells of contexts (J,), for a table without pseudo-count.

        Empty cells answer as those of their kind do on average, at each share.
        """
        rate, distinct, copies = self.rates(at, n_real, n_made)
        out = self._filled(rate, distinct, copies, self.labels(at))
        for s, found in enumerate(self._empty(n_real, n_made)):
            if found is not None:
                self._add_empty(out[s], found[self.kind[at]], out[s, :, label_cells.EMPTY])
        return out

    def recalls_exactly(self, n_real: Floats, n_made: Floats) -> bool:
        """Whether `recalls` is exact.

        Counts of often copied templates are not tabulated, and what many empty cells answer is not
        settled where categories have few rows.
        """
        if self.templates > 0 and n_made.max(initial=0.0) > MOST_COPIES * self.templates:
            return False
        sparse = self.empty_mass(n_real, n_made) > SPARSE
        pairs = zip(n_real[sparse].tolist(), n_made[sparse].tolist(), strict=True)
        return all(self.priors.masses(*pair).total.min() >= SETTLED for pair in pairs)

    def empty_mass(self, n_real: Floats, n_made: Floats) -> Floats:
        """(S,) expected mass of test rows in empty cells."""
        at = np.arange(len(self.frequency))
        rate, distinct, copies = self.rates(at, n_real, n_made)
        rows = (self.labels(at)[:, :3] * (rate - distinct * np.expm1(-copies))).sum(axis=2)
        return np.asarray(np.exp(-rows) @ self.frequency)

    def recalls(self, at: Ints, n_real: Floats, n_made: Floats) -> Floats:
        """(S, J) the first of these sums alone, recall."""
        rate, distinct, copies = self.rates(at, n_real, n_made)
        out = np.empty(rate.shape[:2])
        members = self.labels(at)[:, :3]
        shape = np.broadcast_to(copies, rate.shape).reshape(-1, 3)
        fill_recalls(
            rate.reshape(-1, 3),
            distinct.reshape(-1, 3),
            np.ascontiguousarray(shape),
            np.tile(members, (len(rate), 1)),
            out.reshape(-1),
        )
        empty = np.exp(((distinct * np.expm1(-copies) - rate) * members).sum(axis=2))
        for s, found in enumerate(self._empty(n_real, n_made)):
            if found is not None:
                out[s] += empty[s] * found[self.kind[at], RECALL]
        return out

    def drawn_sums(self, at: Ints, n_real: float, n_made: float, pseudo_count: float) -> DrawnSums:
        """Sums of the cells of contexts (J,), for a table with pseudo-count κ ≥ 0.

        Label frequencies of small categories, with which a cell's own counts are correlated, are
        neither normal nor near their means: tables are drawn, from the same random numbers at all
        shares (`kernels.label_tables`).
        """
        k = len(self.kind)
        numbers = np.array([n_real]), np.array([n_made])
        rate, distinct, copies = (x[0] for x in self.rates(np.arange(k), *numbers))
        hidden = np.zeros_like(rate) if self.templates > 0 else n_made * self.hidden
        hosts = self.hidden if self.templates > 0 and n_made > 0.0 else np.zeros_like(rate)
        draws = int(np.clip(DRAWN_CELLS[self.templates > 0] // k, *DRAWS))
        gap, square = np.empty((2, draws, N_BINS))
        out, common = np.empty((k, N_COLUMNS)), np.empty(N_BINS)
        fill_drawn(
            rate,
            distinct,
            copies,
            hidden,
            hosts,
            self.priors.category,
            len(self.priors.real.total),
            self.truth,
            self.rival,
            self.answers,
            self.frequency,
            pseudo_count,
            self.right,
            self.wrong,
            draws,
            SEED,
            out,
            common,
            gap,
            square,
        )
        return DrawnSums(out[at], common, gap, square)

    def _filled(self, rate: Floats, distinct: Floats, copies: Floats, members: Ints) -> Floats:
        shares, j = rate.shape[:2]
        n = shares * j
        out = np.empty((n, N_COLUMNS))
        rate, distinct, copies = (
            np.take(x, GROUPS, axis=2).reshape(n, 4) for x in (rate, distinct, copies)
        )
        fill_cells(
            rate,
            distinct,
            copies,
            np.tile(members, (shares, 1)),
            np.zeros((n, 4)),
            np.zeros(n),
            np.zeros(n),
            self.right,
            self.wrong,
            out,
        )
        return out.reshape(shares, j, N_COLUMNS)

    def _empty(self, n_real: Floats, n_made: Floats) -> list[Floats | None]:
        """What empty cells answer at each share, (KINDS, N_EMPTY) per cell; None without any."""
        everywhere = np.arange(len(self.kind))
        per_row = self.labels(everywhere)[:, :3]
        if self.templates == 0:
            real, made = ((per_row * x).sum(axis=1) for x in (self.real, self.made))
            expected = np.outer(n_real, real) + np.outer(n_made, made)
        else:
            rate, distinct, copies = self.rates(everywhere, n_real, n_made)
            expected = (per_row * (rate - distinct * np.expm1(-copies))).sum(axis=2)
        weight = self.frequency * np.exp(-expected)
        found: list[Floats | None] = []
        for s, row in enumerate(weight):
            if not row.sum() > SEEN:
                found.append(None)
                continue
            masses = self.priors.masses(float(n_real[s]), float(n_made[s]))
            sums = self.priors.empty(masses, row, self.kind, KINDS, self.right, self.wrong)
            found.append(sums / np.maximum(sums[:, [label_priors.WEIGHT]], 1e-300))
        return found

    def _add_empty(self, out: Floats, answer: Floats, weight: Floats) -> None:
        for target, origin in (
            (slice(N_SUMS), slice(N_SUMS)),
            (label_cells.CREDIT, label_priors.CREDIT),
            (label_cells.SQUARES, label_priors.SQUARES),
        ):
            out[:, target] += (weight * answer[:, origin].T).T


def cells_of(laws: Laws) -> Cells:
    """The test cells of a `facts` scenario; test rows never show the synthetic style."""
    law, source = laws.world, laws.synthetic
    assert isinstance(law, FactsLaw)
    undetected = 1.0 - laws.source.detectability
    templates = laws.source.templates
    distinct = templates * source.frequency[:, None] * source.chance
    detected = laws.source.detectability
    return Cells(
        real=laws.real.passed,
        made=source.passed * undetected,
        distinct=undetected * distinct,
        hidden=detected * (distinct if templates > 0 else source.passed),
        survival=source.survival,
        templates=templates,
        frequency=law.frequency,
        kind=np.where(law.exception, EXCEPTION, np.where(law.rare, RARE, HEAD)),
        truth=law.truth.astype(np.int64),
        rival=law.consensus.astype(np.int64),
        answers=law.n_answers,
        right=float(laws.real.chance[0, 0]),
        wrong=float(laws.real.chance[0, 1]),
        priors=priors_of(laws),
    )
