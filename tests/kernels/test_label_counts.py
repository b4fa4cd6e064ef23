"""Cells of count theory: every outcome enumerated, approximations against the exact way."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import skellam

from smcollapse.kernels.calibration import fill_calibration_sums
from smcollapse.kernels.label_cells import (
    CREDIT,
    EMPTY,
    MANY_FROM,
    N_COLUMNS,
    NORMAL_FROM,
    SQUARES,
    fill_cells,
)
from smcollapse.kernels.label_counts import (
    CONFIDENCE,
    GAP,
    INSIDE,
    N_SUMS,
    RECALL,
    SPREAD,
    SQUARE,
    bin_of,
    fill_exact,
)
from smcollapse.kernels.label_laws import fill_count_law
from smcollapse.kernels.label_recall import fill_recalls, lead_chance
from tests.kernels.agreement import needs_compiler
from tests.theories import counts_reference as reference

pytestmark = needs_compiler

RIGHT, WRONG = 0.905, 0.005

CELLS = {
    # rate, templates, copies of the truth, rival, others; labels of each kind
    "plain": ([2.0, 1.5, 0.3], [0, 0, 0], [0, 0, 0], [1, 1, 2]),
    "no rival": ([3.0, 0.2, 0.2], [0, 0, 0], [0, 0, 0], [1, 0, 3]),
    "all alike": ([1.0, 1.0, 1.0], [0, 0, 0], [0, 0, 0], [1, 1, 2]),
    "two answers": ([2.5, 3.0, 0.0], [0, 0, 0], [0, 0, 0], [1, 1, 0]),
    "one rate is 0": ([0.0, 1.0, 0.5], [0, 0, 0], [0, 0, 0], [1, 1, 1]),
    "templates": ([1.0, 0.5, 0.2], [0.4, 0.3, 0.1], [2.0, 1.5, 1.5], [1, 1, 1]),
    "nothing but templates": ([0.0, 0.0, 0.0], [0.4, 0.6, 0.1], [2.0, 2.0, 2.0], [1, 1, 1]),
}
OFFSETS = {
    "none": [0.0, 0.0, 0.0, 0.0],
    "smoothed": [0.3, 1.7, 0.1, 0.1],
    "whole": [1.0, 2.0, 0.0, 0.0],
}


def sums(rate, distinct, copies, members, offset=(0, 0, 0, 0), pseudo_count=0.0):
    """One row of `fill_cells`; all others are in one group."""
    groups = [0, 1, 2, 2]
    arrays = [np.array([[x[g] for g in groups]], dtype=float) for x in (rate, distinct, copies)]
    labels = np.array([[*members, 0]])
    shift = np.array([offset], dtype=float)
    squares = (labels * shift**2).sum(axis=1)
    out = np.empty((1, N_COLUMNS))
    fill_cells(*arrays, labels, shift, squares, np.array([pseudo_count]), RIGHT, WRONG, out)
    return out[0]


def exact(rate, members):
    """The same by the exact way, whatever the size, without templates."""
    size = int(max(rate) + 10 * max(rate) ** 0.5 + 20)
    total = float(np.dot(rate, members))
    laws = np.zeros((3, size))
    sizes = np.array([fill_count_law(r, 0.0, 0.0, law) for r, law in zip(rate, laws, strict=True)])
    out = np.zeros(N_SUMS)
    work = np.zeros((6, int(total + 10 * total**0.5 + 20)))
    fill_exact(laws, sizes, np.array(members), np.zeros(3), 0.0, RIGHT, WRONG, work, out)
    return out


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("cell", CELLS)
def test_small_cells_equal_the_sum_over_all_outcomes(cell, offset):
    rate, distinct, copies, members = CELLS[cell]
    shift = OFFSETS[offset]
    pseudo_count = float(np.dot([*members, 0], shift))
    kinds = np.repeat([0, 1, 2], members)
    laws = [reference.count_law(rate[k], distinct[k], copies[k], 60) for k in kinds]
    expected = reference.cell_sums(laws, [shift[k] for k in kinds], pseudo_count, RIGHT, WRONG)
    found = sums(rate, distinct, copies, members, shift, pseudo_count)
    for name, column in (
        ("recall", RECALL),
        ("confidence", CONFIDENCE),
        ("gap", slice(GAP, SQUARE)),
        ("square", slice(SQUARE, SPREAD)),
        ("spread", slice(SPREAD, INSIDE)),
        ("inside", slice(INSIDE, N_SUMS)),
        ("empty", EMPTY),
        ("credit", CREDIT),
        ("squares", SQUARES),
    ):
        np.testing.assert_allclose(found[column], expected[name], atol=3e-5, err_msg=name)


def test_ties_and_offsets_matter_at_that_resolution():
    """Negative control: ties given to the truth, or offsets left out, would be seen."""
    rate, distinct, copies, members = CELLS["all alike"]
    plain = sums(rate, distinct, copies, members)[RECALL]
    ahead = sums(rate, distinct, copies, members, (1e-3, 0, 0, 0), 1e-3)[RECALL]
    assert abs(plain - 0.25 * (1 - np.exp(-4))) < 1e-6
    assert ahead - plain > 0.1


@pytest.mark.parametrize(
    ("share", "members"),
    [
        ([0.905, 0.0, 0.005], [1, 0, 19]),
        ([0.6, 0.0, 0.02], [1, 0, 20]),
        ([0.5, 0.4, 0.005], [1, 1, 20]),
        ([0.45, 0.45, 0.005], [1, 1, 20]),
        ([0.3, 0.5, 0.01], [1, 1, 20]),
        ([1.0, 0.0, 0.0], [1, 0, 3]),
    ],
)
@pytest.mark.parametrize("total", [NORMAL_FROM * 1.01, 4 * NORMAL_FROM])
def test_normal_counts_are_close_to_exact_ones(share, members, total):
    rate = total * np.array(share)
    found, expected = sums(rate, np.zeros(3), np.zeros(3), members), exact(rate, members)
    assert abs(found[RECALL] - expected[RECALL]) < 2e-4
    assert abs(found[CONFIDENCE] - expected[CONFIDENCE]) < 2e-4
    sizes = [np.abs(x[GAP:SQUARE]).sum() for x in (found, expected)]
    assert abs(sizes[0] - sizes[1]) < 1e-3


@pytest.mark.parametrize(
    ("share", "members"), [([0.4, 0.35, 0.25], [1, 1, 1]), ([0.35, 0.0, 0.325], [1, 0, 2])]
)
def test_many_contenders_are_close_to_exact_ones(share, members):
    rate = 1.01 * MANY_FROM * np.array(share)
    found, expected = sums(rate, np.zeros(3), np.zeros(3), members), exact(rate, members)
    assert abs(found[RECALL] - expected[RECALL]) < 2e-3
    assert abs(found[CONFIDENCE] - expected[CONFIDENCE]) < 2e-4


def test_few_templates_with_many_copies_are_mixed_over_their_numbers():
    """Against a simulation, where the table of all counts would be too long."""
    rate, distinct, copies, members = (
        [60.0, 2.0, 0.5],
        [1.2, 0.6, 0.1],
        [150.0, 150.0, 150.0],
        [1, 1, 3],
    )
    found = sums(rate, distinct, copies, members)
    random, n = np.random.default_rng(1), 200_000
    kinds = np.repeat([0, 1, 2], members)
    drawn = [
        random.poisson(rate[k], n) + random.poisson(copies[k] * random.poisson(distinct[k], n))
        for k in kinds
    ]
    counts = np.stack(drawn, axis=1)
    # Ties are rare enough to give them to the first.
    hit = counts.argmax(axis=1) == 0
    confidence = counts.max(axis=1) / counts.sum(axis=1)
    for column, sample in ((RECALL, hit), (CONFIDENCE, confidence)):
        se = sample.std() / n**0.5
        assert se < 1.2e-3
        assert abs(found[column] - sample.mean()) < 4 * se + 1e-3
    plain = sums(np.array(rate) + np.multiply(distinct, copies), np.zeros(3), np.zeros(3), members)
    assert abs(plain[RECALL] - hit.mean()) > 0.1, "the number of templates would not be noticed"


def test_the_lead_of_one_of_two_counts():
    for total in (15.5, 40.0, 300.0):
        for part in np.linspace(0.02, 0.98, 25):
            first, second = total * part, total * (1 - part)
            law = skellam(first, second)
            assert lead_chance(first, second) == pytest.approx(
                law.sf(0) + 0.5 * law.pmf(0), abs=1e-4
            )


@pytest.mark.parametrize("scale", [0.3, 1.0, 6.0, 40.0])
@pytest.mark.parametrize("cell", [name for name in CELLS if "templates" not in name])
def test_recall_alone_equals_the_recall_among_all_sums(cell, scale):
    rate, distinct, copies, members = CELLS[cell]
    rate = scale * np.array(rate)
    out = np.empty(1)
    nothing = np.zeros((1, 3))
    fill_recalls(rate[None], nothing, nothing, np.array([members]), out)
    assert out[0] == pytest.approx(sums(rate, distinct, copies, members)[RECALL], abs=3e-4)


def test_bins_are_those_of_reports():
    """All fractions up to 60: edges b/15 are hit exactly and rounded in single precision."""
    fractions = {(a, b) for b in range(1, 61) for a in range(1, b + 1)}
    for a, b in fractions:
        out = np.zeros((3, 15))
        kept = np.array([np.float32(a / b)], dtype=np.float64)
        fill_calibration_sums(np.minimum(kept, 1.0), np.ones(1), out)
        assert bin_of(a / b) == int(out[0].argmax())
