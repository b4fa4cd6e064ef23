"""Count theory of a `language` world: cells of (context, style)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.label_counts import GAP, RECALL, SPREAD, SQUARE
from smcollapse.laws import FactsLaw
from smcollapse.theories.base import Floats
from smcollapse.theories.count_cells import EXCEPTION, HEAD, RARE, Cells
from smcollapse.theories.count_nodes import Nodes
from smcollapse.theories.count_priors import Masses, Priors, priors_of
from smcollapse.theories.mixing import n_other
from smcollapse.theories.styles import Evidence, StyledLaws, evidence, label_rows

TEMPLATE_RECALL = "template_recall"
"""Recall of the truth on rare contexts that are asked in the phrasing of the source."""


def styled_cells(styled: StyledLaws, found: Evidence, n_real: float, n_made: float) -> Cells:
    """Test cells of (context, style), context after context, at those numbers of rows.

    Their rates per row are such that these numbers of rows give the evidence that was found.
    """
    plain, styles, law = styled.plain, styled.styles, styled.world
    many = len(styles.real)
    others = n_other(plain)
    real = label_rows(found.real, plain.real.passed, others) / max(n_real, 1.0)
    made = label_rows(found.made, plain.synthetic.passed, others) / max(n_made, 1.0)
    templates, survival = plain.source.templates, np.repeat(plain.synthetic.survival, many, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        distinct = np.where(survival > 0.0, made * templates / survival, 0.0)
    kind = np.where(law.exception, EXCEPTION, np.where(law.rare, RARE, HEAD))
    return Cells(
        real=real,
        made=made,
        distinct=distinct,
        hidden=np.zeros_like(made),
        survival=survival,
        templates=templates,
        frequency=(law.frequency[:, None] * styles.real).ravel(),
        kind=np.repeat(kind, many),
        truth=np.repeat(law.truth.astype(np.int64), many),
        rival=np.repeat(law.consensus.astype(np.int64), many),
        answers=law.n_answers,
        right=float(plain.real.chance[0, 0]),
        wrong=float(plain.real.chance[0, 1]),
        priors=_priors(styled, real, made),
    )


def styled_nodes(styled: StyledLaws, nodes: Nodes, found: Evidence) -> Nodes:
    """The cells of those contexts in all styles, by context.

    As their answers hang together, they count as fewer than A cells where it matters how many.
    """
    real, many = styled.styles.real, len(styled.styles.real)
    alone = np.einsum("a,kab,b->k", real, found.correlation(nodes.index), real)
    number = nodes.number / np.maximum(alone, 1e-12)
    return Nodes(
        index=(nodes.index[:, None] * many + np.arange(many)).ravel(),
        number=(number[:, None] * real).ravel(),
        weight=(nodes.weight[:, None] * real).ravel(),
        square=(nodes.square[:, None] * real**2).ravel(),
    )


def shared_variance(styled: StyledLaws, nodes: Nodes, found: Evidence, sums: Floats) -> Floats:
    """(1, N_BINS) variance of each bin's gap from what the styles of one context have in common.

    nodes : contexts; sums : (1, J · A, N_COLUMNS) of their cells in all styles
    """
    real = styled.styles.real
    single, spread = sums[0, :, GAP:SQUARE], sums[0, :, SQUARE:SPREAD]
    sd = np.sqrt(np.maximum(spread - single**2, 0.0)).reshape(len(nodes.index), len(real), -1)
    together = found.correlation(nodes.index) * real[:, None] * real
    together[:, np.arange(len(real)), np.arange(len(real))] = 0.0
    return np.asarray(np.einsum("j,jab,jan,jbn->n", nodes.square, together, sd, sd, optimize=True))[
        None
    ]


def template_recall(styled: StyledLaws, cells: Cells, nodes: Nodes, sums: Floats) -> float:
    """Recall of the truth on rare contexts asked in the phrasing of the source."""
    made = styled.styles.made
    many = len(made)
    recall = sums[0, :, RECALL].reshape(-1, many) @ made
    rare: npt.NDArray[np.bool_] = cells.kind[nodes.index * many] != HEAD
    return float(np.clip(recall[rare] @ nodes.weight[rare] / nodes.weight[rare].sum(), 0.0, 1.0))


def evidence_at(styled: StyledLaws, n_real: float, n_made: float) -> tuple[Evidence, Cells]:
    """The evidence after those numbers of rows, and the cells that have it."""
    found = evidence(styled, n_real, n_made)
    return found, styled_cells(styled, found, n_real, n_made)


def _priors(styled: StyledLaws, real: Floats, made: Floats) -> Priors:
    """The priors of plain sentences; own masses are those of cells of (context, style)."""
    assert isinstance(styled.plain.world, FactsLaw)
    base, many = priors_of(styled.plain), len(styled.styles.real)

    def own(masses: Masses, rates: Floats) -> Masses:
        return replace(masses, own=rates)

    return replace(
        base,
        real=own(base.real, real),
        made=own(base.made, made),
        category=np.repeat(base.category, many),
        truth=np.repeat(base.truth, many),
        rival=np.repeat(base.rival, many),
    )
