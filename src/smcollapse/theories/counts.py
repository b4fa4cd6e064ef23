"""Count theory: in every cell the answer is the majority of label counts."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.label_cells import CREDIT, N_COLUMNS, SQUARES
from smcollapse.kernels.label_counts import (
    CONFIDENCE,
    GAP,
    INSIDE,
    N_BINS,
    N_SUMS,
    RECALL,
    SPREAD,
    SQUARE,
)
from smcollapse.laws.styles import Told
from smcollapse.scenario import Scenario
from smcollapse.settings import CountTable, FactsWorld, LanguageWorld
from smcollapse.theories.base import MEASURES, Curve, Floats, Theory, flip_of
from smcollapse.theories.calibration import skewness_of_ece, used_ece
from smcollapse.theories.count_cells import EXCEPTION, HEAD, SPARSE, Cells, cells_of
from smcollapse.theories.count_nodes import Nodes, all_contexts, nodes_of
from smcollapse.theories.memorising import memorising_doubts
from smcollapse.theories.mixing import laws_of, local_flips, row_numbers, unknown_densities
from smcollapse.theories.styled_counts import (
    TEMPLATE_RECALL,
    evidence_at,
    shared_variance,
    styled_nodes,
    template_recall,
)
from smcollapse.theories.styles import COARSE, StyledLaws, style_doubts, styled_flips, styled_laws

Bools = npt.NDArray[np.bool_]

LUMPY = 1_000
"""Templates up to which gaps of calibration bins are not taken for normal: a few templates with
many copies each decide them."""

FEWEST_SKEWED = 100
"""Drawn training sets from which they say more about the law of gaps than a normal law does."""


@dataclass(frozen=True)
class Shared:
    """What decides the calibration error besides the sums of single cells.

    variance : (S, N_BINS) of each bin's gap, from what cells have in common
    used     : (S, N_BINS) chance that there is anything in the bin; None if cells stray by
               themselves
    skew     : (S,) expected ECE less that of normal gaps
    """

    variance: Floats
    used: Floats | None = None
    skew: Floats | float = 0.0


class Counts(Theory):
    """Label counts of each (context, style) cell are independent Poisson numbers.

    With n_y examples of answer y in a cell the posterior is n_y/n, or with a pseudo-count κ and
    the label frequencies π of the category (n_y + κπ_y)/(n + κ); the largest entry wins. Templates
    make the synthetic counts compound: Poisson many templates, Poisson many copies of each.

    In a `language` world a cell is a context in a class of styles of one likelihood ratio, and what
    lies in it is the evidence that its question has in the rows of the context (`theories.styles`).
    Measures are those of all styles together, and `template_recall` that of questions in the
    source's phrasing.
    """

    name: ClassVar[str] = "counts"
    title: ClassVar[str] = "majority of label counts in every cell"
    source: ClassVar[str] = (
        "design notes, section 2; Skellam (1946); Neyman (1939) for templates; "
        "Efron & Thisted (1976) for Poissonisation"
    )
    assumptions: ClassVar[tuple[str, ...]] = (
        "the learner memorises: its answer in a cell depends on the training rows in it alone",
        "label counts are independent Poisson numbers; given N they are multinomial, which changes "
        "their variances by a relative O(w_k) and their ratios not at all",
        "gaps of calibration bins, sums over contexts, are normal; with a pseudo-count, fewer than "
        "1000 templates, or more than .003 of the test rows in empty cells, which follow the label "
        "frequencies of their category, tables are drawn and the gaps have their law",
        "of sentences: the learner knows how likely each style is to be real, and goes by nothing "
        "else in the wording; answers in several styles of a context err together; no tables are "
        "drawn",
    )
    domain: ClassVar[str] = (
        "count_table: exact, with a pseudo-count up to 5e-4 (1.5e-3 with templates) of numerical "
        "noise in the recall of exceptions, as wherever tables are drawn; mlp: reach "
        "of training at least 2, and 3 where synthetic rows can be told by their style "
        "(`theories/memorising.py`), label noise up to .3, weight decay 0 (VERIFICATION.md); "
        "nano transformer: reach at least 6, learning rate up to .012, contradictions up to .2, "
        "where it still misses rare recall of fresh scenarios by .015 (median) and .25 (95 %), and "
        "promises .04 too much on average, .10 at a share of .6 with style"
    )

    def __init__(self, sparse: float = SPARSE, told: Told = "everything") -> None:
        """sparse : mass of test rows in empty cells from which tables are drawn.

        told : what of the style of a sentence the learner goes by
        """
        self._sparse, self._told = sparse, told

    def _applies(self, scenario: Scenario) -> tuple[str, ...]:
        """Discrete contexts and a learner that can give each its own answer."""
        reasons = list(unknown_densities(scenario))
        if scenario.world.kind == "clusters":
            reasons.append(f"a world '{scenario.world.kind}' has no cells to count labels in")
        if scenario.model.kind == "logistic":
            reasons.append(
                "logistic regression adds up category and context, its ridge keeps it from "
                "memorising single contexts"
            )
        return tuple(reasons)

    def quick_curve(self, scenario: Scenario, shares: npt.ArrayLike) -> Curve:
        """`curve` with every empty cell as its category is expected to be: no tables are drawn.

        In 354 random scenarios it moved ECE by .0013 (95th percentile), and by up to .0053 but for
        one in which categories have some six rows: there ECE by .028, recall .027, accuracy .023.
        """
        return Counts(math.inf, self._told).curve(scenario, shares)

    def rare_recall_curve(self, scenario: Scenario, shares: npt.ArrayLike) -> Floats:
        """Rare recall alone at those shares (S,), as in `curve`, for maps of many scenarios.

        Without a pseudo-count it is a tenth of the work. Raises TheoryError.
        """
        smoothed = isinstance(scenario.model, CountTable) and scenario.model.pseudo_count > 0.0
        if smoothed or scenario.world.kind != "facts" or self.applies(scenario):
            return self.curve(scenario, shares).measures["rare_recall"]
        scenario, points = self._read(scenario, shares)
        cells = cells_of(laws_of(scenario))
        n_real, n_made = row_numbers(scenario.mixture, points)
        if not cells.recalls_exactly(n_real, n_made):
            return self.curve(scenario, shares).measures["rare_recall"]
        trained = np.isfinite(n_made) & (_kept_rows(cells, n_real, n_made) > 0.0)
        nodes = choose_nodes(cells, n_real[trained], n_made[trained], cells.kind != HEAD)
        found = cells.recalls(nodes.index, n_real[trained], n_made[trained])
        out = np.full(len(points), np.nan)
        out[trained] = found @ nodes.weight / nodes.weight.sum()
        return out

    def _doubts(self, scenario: Scenario, shares: Floats) -> tuple[str, ...]:
        """Why a network may not have memorised: of a count table the theory is exact."""
        doubts = memorising_doubts(scenario, shares)
        if scenario.world.kind == "language":
            return (*doubts, *style_doubts(scenario, shares, self._told))
        return doubts

    def _curve(self, scenario: Scenario, shares: Floats) -> Curve:
        if isinstance(scenario.world, LanguageWorld):
            return _styled_curve(scenario, shares, styled_laws(scenario, self._told, COARSE))
        assert isinstance(scenario.world, FactsWorld)
        laws = laws_of(scenario)
        n_real, n_made = row_numbers(scenario.mixture, shares)
        cells = cells_of(laws)
        flips = local_flips(laws, scenario.mixture.design)
        flip = flip_of(flips, laws.world.exception, laws.world.frequency)
        trained = np.isfinite(n_made) & (_kept_rows(cells, n_real, n_made) > 0.0)
        numbers = n_real[trained], n_made[trained]
        sums, shared, nodes = _sums(scenario, cells, *numbers, self._sparse)
        found = measures(cells, nodes, sums, shared, scenario.world.test_size)
        columns = {name: np.full(len(shares), np.nan) for name in found}
        for name, column in found.items():
            columns[name][trained] = column
        return Curve(shares, columns, flips, flip)


def _styled_curve(scenario: Scenario, shares: Floats, styled: StyledLaws) -> Curve:
    """The same of a `language` world: cells of (context, style), share by share.

    Empty cells are taken to be as their category is expected to be: no tables are drawn.
    """
    assert isinstance(scenario.world, LanguageWorld)
    n_real, n_made = row_numbers(scenario.mixture, shares)
    whole = cells_of(styled.plain)
    trained = np.isfinite(n_made) & (_kept_rows(whole, n_real, n_made) > 0.0)
    columns = {name: np.full(len(shares), np.nan) for name in (*MEASURES, TEMPLATE_RECALL)}
    contexts = choose_nodes(whole, n_real[trained], n_made[trained])
    for at in np.flatnonzero(trained):
        rows = n_real[at : at + 1], n_made[at : at + 1]
        found, cells = evidence_at(styled, float(rows[0][0]), float(rows[1][0]))
        nodes = styled_nodes(styled, contexts, found)
        sums = cells.sums(nodes.index, *rows)
        if cells.templates > 0 and cells.recalls_exactly(*rows):
            sums[:, :, RECALL] = cells.recalls(nodes.index, *rows)
        shared = Shared(shared_variance(styled, contexts, found, sums))
        said = measures(cells, nodes, sums, shared, scenario.world.test_size)
        for name, value in said.items():
            columns[name][at] = value[0]
        columns[TEMPLATE_RECALL][at] = template_recall(styled, cells, contexts, sums)
    flips = styled_flips(styled, scenario.mixture.design)
    return Curve(
        shares, columns, flips, flip_of(flips, styled.world.exception, styled.world.frequency)
    )


def _kept_rows(cells: Cells, n_real: Floats, n_made: Floats) -> Floats:
    """(S,) expected number of rows after the filter."""
    real, made = cells.priors.real.total.sum(), cells.priors.made.total.sum()
    return np.asarray(n_real * real + n_made * made)


def _sums(
    scenario: Scenario, cells: Cells, n_real: Floats, n_made: Floats, sparse: float
) -> tuple[Floats, Shared, Nodes]:
    """(S, J, N_COLUMNS) sums of the cells of nodes; what else decides the ECE; the nodes."""
    kappa = scenario.model.pseudo_count if isinstance(scenario.model, CountTable) else 0.0
    lumpy = 0 < cells.templates < LUMPY and bool((n_made > 0.0).any())
    drawn = kappa > 0.0 or lumpy or bool((cells.empty_mass(n_real, n_made) > sparse).any())
    if drawn:
        assert isinstance(scenario.world, FactsWorld)
        sums, shared, nodes = _drawn(cells, n_real, n_made, kappa, scenario.world.test_size)
    else:
        nodes = choose_nodes(cells, n_real, n_made)
        sums = cells.sums(nodes.index, n_real, n_made)
        shared = Shared(np.zeros((len(n_real), N_BINS)))
    if kappa == 0.0 and (drawn or cells.templates > 0) and cells.recalls_exactly(n_real, n_made):
        # Draws have noise; and in large cells of templates the normal law misses by up to .005.
        sums[:, :, RECALL] = cells.recalls(nodes.index, n_real, n_made)
    return sums, shared, nodes


def _drawn(
    cells: Cells, n_real: Floats, n_made: Floats, kappa: float, n_test: int
) -> tuple[Floats, Shared, Nodes]:
    """The same from drawn tables."""
    nodes, s = all_contexts(cells.frequency), len(n_real)
    sums = np.empty((s, len(nodes.index), N_COLUMNS))
    variance, used, skew = np.empty((s, N_BINS)), np.empty((s, N_BINS)), np.zeros(s)
    for i, (real, made) in enumerate(zip(n_real.tolist(), n_made.tolist(), strict=True)):
        drawn = cells.drawn_sums(nodes.index, real, made, kappa)
        sums[i], variance[i] = drawn.sums, drawn.common
        used[i] = (drawn.square > 0.0).mean(axis=0)
        if len(drawn.gap) >= FEWEST_SKEWED:
            skew[i] = skewness_of_ece(drawn.gap, drawn.square, n_test)
    return sums, Shared(variance, used, skew), nodes


def choose_nodes(
    cells: Cells, n_real: Floats, n_made: Floats, inside: Bools | None = None
) -> Nodes:
    """Contexts to stand for all, or for those `inside` (K,), at these numbers of rows."""
    covered = cells.made.sum(axis=1) + cells.distinct.sum(axis=1) > 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        levels = np.log(np.concatenate([cells.real, cells.made, cells.survival], axis=1))
        odds = np.log(cells.made[:, :2]) - np.log(cells.real[:, :2])
    labels = cells.labels(np.arange(len(covered)))[:, :3]
    rows = (labels * cells.real).sum(axis=1) * n_real.max(initial=0.0)
    rows += (labels * cells.made).sum(axis=1) * n_made.max(initial=0.0)
    at = np.arange(len(covered)) if inside is None else np.flatnonzero(inside)
    classes = 2 * cells.kind + covered
    nodes = nodes_of(cells.frequency[at], classes[at], levels[at], odds[at], rows[at])
    return replace(nodes, index=at[nodes.index])


def measures(
    cells: Cells, nodes: Nodes, sums: Floats, shared: Shared, n_test: int
) -> dict[str, Floats]:
    """Each of `MEASURES`, (S,), from the sums (S, J, N_COLUMNS) of the cells of nodes."""
    kind, w = cells.kind[nodes.index], nodes.weight

    def recall(inside: Bools) -> Floats:
        if not inside.any():
            return np.full(len(sums), np.nan)
        share = sums[:, inside, RECALL] @ w[inside] / w[inside].sum()
        return np.asarray(np.clip(share, 0.0, 1.0))

    mean = np.einsum("j,sjc->sc", w, sums)
    right, confidence, credit = mean[:, RECALL], mean[:, CONFIDENCE], mean[:, CREDIT]
    accuracy = cells.right * right + cells.wrong * (1.0 - right)
    return {
        "rare_recall": recall(kind != HEAD),
        "exception_recall": recall(kind == EXCEPTION),
        "head_recall": recall(kind == HEAD),
        "accuracy": accuracy,
        "mean_confidence": confidence,
        "confidence_gap": confidence - accuracy,
        "ece": calibration_error(nodes, sums, mean, shared, n_test),
        "brier": mean[:, SQUARES]
        - 2.0 * (cells.right * credit + cells.wrong * (1.0 - credit))
        + 1.0,
    }


def calibration_error(
    nodes: Nodes, sums: Floats, mean: Floats, shared: Shared, n_test: int
) -> Floats:
    """(S,) expected 15-bin ECE of one training on one test set; see `measures`.

    A bin's gap is a sum over the contexts inside, normal given that there are any: few contexts
    stray into some bins at all, and without that condition these would count too much.
    """
    gap, square = mean[:, GAP:SQUARE], mean[:, SQUARE:SPREAD]
    single, spread = sums[:, :, GAP:SQUARE], sums[:, :, SQUARE:SPREAD]
    training = shared.variance + np.einsum("j,sjb->sb", nodes.square, spread - single**2)
    testing = (square + mean[:, SPREAD:INSIDE] - gap**2) / n_test
    if shared.used is not None:
        return np.asarray(used_ece(gap, training, testing, shared.used) + shared.skew)
    absent = np.log1p(-np.clip(sums[:, :, INSIDE:N_SUMS], 0.0, 1.0 - 1e-12))
    used = -np.expm1(np.minimum(np.einsum("j,sjb->sb", nodes.number, absent), 0.0))
    return np.asarray(used_ece(gap, training, testing, used) + shared.skew)
